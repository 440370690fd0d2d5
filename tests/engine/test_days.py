"""Days one after the other: starting, streaming, ending, and what is refused in between."""

import json
import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sessions import SMA, document, started, store_blocks

import openbell as ob
from openbell.testing.market import SyntheticMarket

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def summer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine sessions from 2024-06-24 on: a half day on 3 July, a holiday on the 4th."""
    market = SyntheticMarket(("AAPL", "TSLA"), sessions=9, start=date(2024, 6, 24), defects=False)
    return store_blocks(tmp_path_factory.mktemp("summer"), dict(market.blocks()))


def days_of(store: Path, start: date, end: date) -> ob.SessionCoordinator:
    file = document(store, backtest={"start": start, "end": end}, session={"symbols": ["AAPL"]})
    return ob.SessionCoordinator.from_file(file)


def test_a_day_starts_at_its_open_with_no_bar_of_today(store: Path):
    day = started(store)

    assert day.time.at(day.time.now) == datetime(2024, 6, 6, 9, 30, tzinfo=NEW_YORK)
    assert [len(bars.today) for bars in day.session_data.get_symbol_data("NVDA").bars.values()] == [0, 0]


def test_all_bars_that_end_at_or_before_the_time_are_in_and_no_other(store: Path):
    day = started(store)

    day.advance_to("09:34:59")
    early = {name: len(bars.today) for name, bars in day.session_data.get_symbol_data("NVDA").bars.items()}
    day.advance_to("09:35")
    late = {name: len(bars.today) for name, bars in day.session_data.get_symbol_data("NVDA").bars.items()}

    assert (early["5m"], late["5m"]) == (0, 1)
    assert day.time.at(day.time.now).time().isoformat() == "09:35:00"


def test_text_and_aware_datetimes_mean_the_same_instant(store: Path):
    one, other = started(store, "10:30"), started(store)

    other.advance_to(datetime(2024, 6, 6, 14, 30, tzinfo=ZoneInfo("UTC")))

    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    "when",
    ["10:29", "09:30", "2024-06-05 11:00", datetime(2024, 6, 6, 11, 0), "half past ten", "25:00"],
    ids=["a minute ago", "the open", "yesterday", "naive", "words", "no such hour"],
)
def test_a_time_that_cannot_be_is_refused_and_changes_nothing(store: Path, when):
    day = started(store, "10:30")
    before = day.fingerprint()

    with pytest.raises(ValueError, match=r"past|zone|not a time"):
        day.advance_to(when)

    assert day.fingerprint() == before


def test_to_the_same_time_again_is_no_step(store: Path):
    day = started(store, "10:30")
    before = day.fingerprint()

    day.advance_to("10:30")

    assert day.fingerprint() == before


@pytest.mark.parametrize("when", ["16:00", "18:00", "23:59", "2024-06-09 12:00"])
def test_past_the_close_it_stops_at_the_close(store: Path, when):
    day = started(store, when)

    assert day.time.now == day.time.today.close
    assert day.add_indicator("AAPL", SMA).ok
    assert day.digest() != started(store, "16:00").digest()
    assert day.finish_day().instants == 390


def test_nothing_is_streamed_or_asked_without_a_day(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))

    with pytest.raises(ob.SessionError, match="start_day"):
        day.advance_to("10:30")
    with pytest.raises(ob.SessionError, match="start_day"):
        day.finish_day()
    assert (day.add_symbol("AAPL").status, day.add_symbol("AAPL").problems[0].code) == ("refused", "session_idle")


def test_after_the_day_requests_are_refused_and_everything_stays_readable(store: Path):
    day = started(store)
    day.finish_day()
    before = day.fingerprint()

    result = day.add_symbol("AAPL")

    assert (result.status, result.problems[0].code) == ("refused", "session_ended")
    assert day.fingerprint() == before
    assert len(day.session_data.get_symbol_data("NVDA").bars["1m"].today) > 300
    with pytest.raises(ob.SessionError):
        day.advance_to("16:00")


def test_a_day_cannot_start_while_another_one_is_active(store: Path):
    day = started(store, "10:00")
    before = day.fingerprint()

    with pytest.raises(ob.SessionError, match="finish_day"):
        day.start_day()

    assert day.fingerprint() == before
    day.advance_to("10:01")


@pytest.mark.parametrize("when", ["2024-06-06", "2024-06-08", "2024-06-11", "2024-05-31"])
def test_a_day_of_the_past_or_none_of_the_range_is_refused_and_the_next_one_still_comes(store: Path, when):
    day = ob.SessionCoordinator.from_file(document(store))
    day.start_day("2024-06-07")
    day.finish_day()
    before = day.fingerprint()

    with pytest.raises(ob.SessionError):
        day.start_day(when)

    assert day.fingerprint() == before
    day.start_day()
    assert day.time.today.date == date(2024, 6, 10)


def test_after_the_last_day_there_is_none(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))
    for _ in range(3):
        day.start_day()
        day.finish_day()

    with pytest.raises(ob.SessionError, match="2024-06-10"):
        day.start_day()


def test_a_closed_session_does_nothing_more(store: Path):
    day = started(store)
    day.finish_day()
    day.close()

    assert day.add_symbol("AAPL").problems[0].code == "session_closed"
    with pytest.raises(ob.SessionError):
        day.start_day()


def test_a_plan_for_a_day_does_not_use_the_day_up(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))

    plan = day.plan_day()
    refused = day.add_symbol("AAPL")
    day.start_day()

    assert [requirement.symbol for requirement in plan] == ["NVDA"]
    assert refused.status == "refused"
    assert day.time.today.date == date(2024, 6, 6)


def test_half_days_end_early_and_holidays_are_no_days(summer: Path):
    day = days_of(summer, date(2024, 7, 2), date(2024, 7, 5))
    seen = []
    for _ in day.days:
        day.start_day()
        report = day.finish_day()
        closed = day.time.at(day.time.now).strftime("%H:%M")
        seen.append((report.date, report.instants, report.bars, closed))

    assert seen == [
        ("2024-07-02", 390, 390, "16:00"),
        ("2024-07-03", 210, 210, "13:00"),
        ("2024-07-05", 390, 390, "16:00"),
    ]


def test_closed_days_at_the_edges_of_the_range_move_inside(summer: Path):
    day = days_of(summer, date(2024, 6, 29), date(2024, 7, 4))

    dates = [day.time.calendar.session(ordinal).date for ordinal in day.days]

    assert dates == [date(2024, 7, 1), date(2024, 7, 2), date(2024, 7, 3)]


def test_history_counts_trading_days_over_the_holiday(summer: Path):
    day = days_of(summer, date(2024, 7, 5), date(2024, 7, 5))
    day.start_day()

    history = day.session_data.get_symbol_data("AAPL").bars["1m"].history

    assert len(history) == 4 * 390 + 210
    assert datetime.fromtimestamp(history.ts[0] / 1e9, NEW_YORK).date() == date(2024, 6, 27)


def test_nothing_that_was_added_survives_the_night(store: Path):
    day = started(store, "11:00")
    day.add_symbol("AAPL", source="scanner:gap")
    day.add_indicator("NVDA", ob.indicator("sma", interval="7m", period=3), source="strategy")
    day.finish_day()
    day.start_day()

    fresh = ob.SessionCoordinator.from_file(document(store))
    fresh.start_day("2024-06-07")

    assert day.session_data.symbols == ("NVDA",)
    assert list(day.session_data.get_symbol_data("NVDA").bars) == ["1m", "5m"]
    assert day.session_data.asks.symbols_of("scanner:gap") == ()
    assert day.fingerprint() == fresh.fingerprint()


def test_when_no_symbol_is_left_the_day_ends_with_every_reason(store: Path):
    file = document(store, session={"symbols": ["NOPE", "NADA"]})
    day = ob.SessionCoordinator.from_file(file)

    with pytest.raises(ob.SessionError) as caught:
        day.start_day()

    assert {problem.where for problem in caught.value.problems} == {"NOPE", "NADA"}


SLOW = """
import time

from openbell import Strategy


class Slow(Strategy):
    def on_bars(self, bars):
        print("bar", flush=True)
        time.sleep(0.02)
"""


def test_ctrl_c_ends_a_run_with_130_and_a_partial_report(store: Path, tmp_path: Path):
    lines = [
        'name = "long"',
        'market = "XNYS"',
        'mode = "backtest"',
        f"store = {str(store)!r}",
        "backtest = { start = 2024-06-06, end = 2024-06-10 }",
        'session = { symbols = ["NVDA"], intervals = ["1m"] }',
        '[[strategies]]\nuse = "slow.py:Slow"',
    ]
    (tmp_path / "session.toml").write_text("\n".join(lines))
    (tmp_path / "slow.py").write_text(SLOW.replace('print("bar", flush=True)', 'open("begun", "a").close()'))
    words = [sys.executable, "-m", "openbell", "run", "session.toml", "--json", "--quiet", "--out", "out"]
    process = subprocess.Popen(
        words, cwd=tmp_path, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "begun").exists() and process.poll() is None:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    report = json.loads(out)
    assert (process.returncode, report["interrupted"]) == (130, True), err
    assert len(report["days"]) == 1
    assert 0 < report["days"][0]["instants"] < 390
    assert json.loads((tmp_path / "out" / "report.json").read_text())["interrupted"]
    again = ob.SessionCoordinator.from_file(document(store, session={"symbols": ["NVDA"], "intervals": ["1m"]}))
    assert all(result.ok for result in again.start_day())
    assert timedelta(0) < again.time.at(again.time.today.close) - again.time.at(again.time.now)
