"""Law 7: the same inputs give the same digest, in every process, in whichever pieces the day is streamed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import begun, clock, lawful, reading, session_file

import openbell as ob

SESSION = """
name = "law seven"
market = "XNYS"
mode = "backtest"
store = "{store}"

[backtest]
start = 2024-07-02
end = 2024-07-03

[session]
symbols = ["AAA", "BBB", "THIN", "LATE", "GONE", "ZZZZ"]
intervals = ["1m", "5m", "15m"]

[[history]]
days = 3
intervals = ["1m", "5m"]
symbols = "all"

[[indicators]]
name = "rsi"
interval = "5m"
params = {{ period = 5 }}

[[indicators]]
name = "vwap"
interval = "1m"

[[strategies]]
use = "curious.py:Curious"
"""

# Sets of words are ordered by the hash seed: what is asked must not depend on it, what comes of it neither.
CURIOUS = """
from openbell import Strategy, indicator


class Curious(Strategy):
    def on_bars(self, bars):
        if bars.interval == "5m" and bars.time.minute == 0:
            for symbol in sorted({"FRESH", "MUTE", "FIVE"}):
                self.desk.add_indicator(symbol, indicator("rsi", interval="5m", period=5))
            self.desk.add_symbol("MUTE")
"""


def started_run(folder: Path, **environment: str) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "openbell", "run", "session.toml", "--json", "--detail", "--quiet", "--out"]
    return subprocess.Popen(
        [*words, f"run-{'-'.join(environment.values())}"],
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def report_of(process: "subprocess.Popen[str]") -> Any:
    """The report without what may differ: where it was written, and how long it took."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return timeless(json.loads(out))


def timeless(value: Any) -> Any:
    """A report's part without what a clock on the wall says, and without the folder it was written to."""
    if isinstance(value, dict):
        dropped = {"folder", "seconds", "milliseconds", "slow", "slowest", "slowest_at"}
        return {key: timeless(one) for key, one in value.items() if key not in dropped}
    return [timeless(one) for one in value if not _slow(one)] if isinstance(value, list) else value


def _slow(value: Any) -> bool:
    """Whether it is a warning of calls that took long."""
    return isinstance(value, dict) and str(value.get("code", "")).startswith("slow_")


@pytest.fixture
def folder(market: Path, tmp_path: Path) -> Path:
    (tmp_path / "session.toml").write_text(SESSION.format(store=market))
    (tmp_path / "curious.py").write_text(CURIOUS)
    return tmp_path


def test_two_runs_and_another_hash_seed_give_the_same_report(folder):
    first = [started_run(folder, PYTHONHASHSEED="0"), started_run(folder, PYTHONHASHSEED="1")]
    reports = [report_of(process) for process in first]

    again = report_of(started_run(folder, PYTHONHASHSEED="0"))

    assert reports[0] == reports[1] == again
    assert len(again["digest"]) == 32
    assert [len(day["symbols"]) for day in again["days"]] == [8, 8]
    assert all(day["requests"] and not day["faults"] for day in again["days"])


def test_another_processor_gives_the_same_report(folder):
    plain = started_run(folder, PYTHONHASHSEED="0")
    generic = started_run(folder, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")

    assert report_of(generic) == report_of(plain)


@lawful(20)
@given(pieces=st.lists(st.integers(1, 389), max_size=12), seconds=st.integers(0, 59))
def test_in_which_pieces_a_day_is_streamed_does_not_show(market, pieces, seconds):
    source = session_file(market)
    whole = begun(source)
    whole.finish_day()

    day = begun(source)
    for minute in sorted(pieces):
        day.advance_to(f"{clock(minute)}:{seconds:02d}")
    report = day.finish_day()

    assert day.digest() == whole.digest() == report.digest
    assert reading(day) == reading(whole)


@lawful(6)
@given(until=st.integers(0, 390))
def test_another_session_in_the_same_process_does_not_disturb(market, until):
    source = session_file(market)
    alone = begun(source, until)

    one, other = begun(source), begun(session_file(market, session={"symbols": ["BBB", "LATE"]}))
    for minute in range(0, until, 60):
        one.advance_to(clock(minute))
        other.advance_to(clock(minute))
        other.add_symbol("AAA")
    one.advance_to(clock(until))

    assert one.digest() == alone.digest()


def test_a_second_day_has_nothing_of_the_first(market):
    day = ob.SessionCoordinator.from_file(session_file(market))
    day.start_day()
    day.add_symbol("BBB", source="strategy:x")
    day.owners.lock("BBB", "a position")
    day.finish_day()

    day.start_day()

    fresh = ob.SessionCoordinator.from_file(session_file(market))
    fresh.start_day("2024-07-03")
    assert day.fingerprint() == fresh.fingerprint()
    for minute in (0, 100, 210):
        day.advance_to(clock(minute))
        fresh.advance_to(clock(minute))
        assert reading(day) == reading(fresh)
