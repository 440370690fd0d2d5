"""Ownership, budgets, corrections and threads on a running session."""

import threading
from pathlib import Path

import numpy as np
import pytest
from sessions import ATR, RSI, SMA, VWAP, started


def test_release_ends_as_if_the_owner_had_never_asked(store: Path):
    day, other = started(store, at="10:00"), started(store, at="10:00")
    for session in (day, other):
        session.add_bar("AAPL", "5m", days=2, source="scanner:a")
    day.add_symbol("AAPL", source="strategy")
    day.add_indicator("AAPL", ATR, source="user")

    day.owners.release("strategy")
    day.owners.release("user", "AAPL")

    assert day.digest() == other.digest()
    aapl = day.session_data.get_symbol_data("AAPL")
    assert (aapl.tier, list(aapl.bars), aapl.bars["5m"].quality) == ("adhoc", ["1m", "5m"], None)
    day.advance_to("11:00")
    other.advance_to("11:00")
    assert day.digest() == other.digest()


def test_a_symbol_leaves_with_its_last_owner_and_comes_back_fresh(store: Path):
    day = started(store, at="10:00")
    before = day.digest()
    day.add_symbol("AAPL", source="scanner:gap-up")
    day.add_indicator("AAPL", SMA, source="user")

    first = day.owners.release("scanner:gap-up")
    there = day.session_data.get_symbol_data("AAPL")
    second = day.owners.release("user")

    assert [result.status for result in (*first, *second)] == ["done", "done"]
    assert there is not None
    assert day.session_data.get_symbol_data("AAPL") is None
    assert day.digest() == before
    day.add_symbol("AAPL", source="user")
    assert not day.session_data.get_symbol_data("AAPL").upgraded_from_adhoc


def test_why_says_who_holds_what_and_since_when(store: Path):
    day = started(store, at="10:00")
    day.add_indicator("TSLA", SMA, source="scanner:gap-up")
    day.advance_to("10:30")
    day.add_symbol("TSLA", source="strategy")

    held = day.owners.why("tsla")

    assert [(one.owner, one.what, f"{one.since:%H:%M}") for one in held] == [
        ("scanner:gap-up", "sma_20_5m", "10:00"),
        ("strategy", "full symbol", "10:30"),
    ]
    assert day.owners.why("ZZZZ") == ()


def test_a_locked_symbol_stays_until_it_is_unlocked(store: Path):
    day = started(store)
    day.add_symbol("AAPL", source="strategy")
    day.owners.lock("AAPL", "open position of 100")

    refused = day.remove_symbol("AAPL")
    day.owners.release("strategy")

    assert (refused.status, refused.problems[0].code) == ("refused", "locked")
    assert "open position of 100" in refused.problems[0].what
    assert "AAPL" in day.session_data
    day.owners.unlock("AAPL")
    assert day.remove_symbol("AAPL").ok
    assert "AAPL" not in day.session_data


def test_unheld_symbols_make_room_longest_unasked_first(store: Path):
    day = started(store, budget={"max_symbols": 3})
    day.add_indicator("AAPL", SMA, source="scanner")
    day.add_indicator("TSLA", SMA, source="user")
    day.owners.release("user", keep=True)
    day.advance_to("10:00")
    day.owners.release("scanner", keep=True)

    required = day.analyze_requirements("symbol", "MSFT", "strategy")
    result = day.execute_provisioning(required)

    assert str(required.provisioning_steps[0]) == "evict_symbol"
    assert required.provisioning_steps[0].symbol == "TSLA"
    assert result.ok
    assert day.session_data.symbols == ("AAPL", "MSFT", "NVDA")
    assert day.add_symbol("GONE").ok
    full = day.add_symbol("LATE")
    assert (full.status, full.problems[-1].code) == ("refused", "budget")


def test_a_correction_ends_like_a_clean_run(store: Path, tmp_path: Path):
    from sessions import START, SYMBOLS, store_blocks

    from openbell.bars.block import Block
    from openbell.testing.market import SyntheticMarket

    day = started(store, at="10:31", session={"symbols": ["NVDA", "AAPL"], "intervals": ["1m", "5m", "15m"]})
    for spec in (SMA, ATR, VWAP):
        day.add_indicator("AAPL", spec)
    blocks = dict(SyntheticMarket(SYMBOLS, sessions=14, start=START).blocks())
    bars = blocks["AAPL"]
    stamp = day.time.parse("09:41")
    at = int(np.searchsorted(bars.ts, stamp))
    columns = [column.copy() for column in bars.columns]
    new = (50.0, 60.0, 40.0, 55.0, 123.0)
    if bars.ts[at] != stamp:
        columns = [np.insert(column, at, value) for column, value in zip(columns, new, strict=True)]
        stamps = np.insert(bars.ts, at, stamp)
    else:
        stamps = bars.ts
        for column, value in zip(columns, new, strict=True):
            column[at] = value
    clean = store_blocks(tmp_path, blocks | {"AAPL": Block.of(stamps, columns)})

    result = day.correct("aapl", "1m", "09:41", new)

    assert result.ok
    other = started(clean, at="10:31", session={"symbols": ["NVDA", "AAPL"], "intervals": ["1m", "5m", "15m"]})
    for spec in (SMA, ATR, VWAP):
        other.add_indicator("AAPL", spec)
    assert day.digest() == other.digest()
    day.advance_to("12:00")
    other.advance_to("12:00")
    assert day.digest() == other.digest()


@pytest.mark.parametrize(
    ("symbol", "interval", "ts", "bar", "code"),
    [
        ("ZZZZ", "1m", "09:41", (1, 1, 1, 1, 1), "unknown_symbol"),
        ("NVDA", "5m", "09:40", (1, 1, 1, 1, 1), "not_streamed"),
        ("NVDA", "1m", "10:30", (1, 1, 1, 1, 1), "not_ended"),
        ("NVDA", "1m", "08:00", (1, 1, 1, 1, 1), "off_grid"),
        ("NVDA", "1m", "09:41", (1, 0.5, 2, 1, 1), "bad_bar"),
        ("NVDA", "1m", "09:41", (1, 1, 1, 1, -1), "bad_bar"),
        ("NVDA", "1m", "09:41", (1, 1, 1, 1, float("inf")), "bad_bar"),
        ("NVDA", "1m", "09:41", (1, 1, 1, 1, None), "bad_bar"),
        ("NVDA", "1m", "09:41", (1, "1", 1, 1, 1), "bad_bar"),
        ("NVDA", "1m", "09:41", (float("nan"), 1, 1, 1, 1), "bad_bar"),
        ("NVDA", "1m", "09:41", (1, 2, 3), "bad_bar"),
        ("NVDA", "1m", "09:41", "bar", "bad_bar"),
        ("NVDA", "1m", "09:41", None, "bad_bar"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_changes_nothing(store: Path, symbol, interval, ts, bar, code):
    day = started(store, at="10:00")
    before = day.fingerprint()

    result = day.correct(symbol, interval, ts, bar)

    assert (result.status, [problem.code for problem in result.problems]) == ("refused", [code])
    assert day.fingerprint() == before


def test_fifty_threads_cause_one_load_per_missing_piece(store: Path):
    day = started(store, at="10:00")
    names = ["AAPL", "TSLA", "MSFT", "THIN", "GONE"]
    results = []

    def ask(place: int) -> None:
        name = names[place % len(names)]
        results.append(day.add_symbol(name) if place % 2 else day.add_indicator(name, RSI))

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(50)]
    for thread in threads:
        thread.start()
    day.advance_to("11:00")
    for thread in threads:
        thread.join(timeout=60)

    assert len(results) == 50
    assert all(result.ok for result in results)
    for name in names:
        loads = [event for event in day.story.of(name) if event.step == "create_symbol"]
        assert len(loads) == 1
        bars = day.session_data.get_symbol_data(name).bars["1m"]
        read = sum(event.bars for event in day.story.of(name) if event.step in ("load_historical", "load_session"))
        assert read <= len(bars.history) * 2 + len(bars.today)


def test_a_request_in_a_callback_is_carried_out_before_the_next_instant(store: Path, tmp_path: Path):
    code = """
from pathlib import Path

import openbell as ob

class Asks(ob.Strategy):
    notes: str

    def on_bars(self, bars):
        at = f"{bars.time:%H:%M}"
        if bars.interval == "1m" and at == "10:00":
            self.result = self.desk.add_symbol("AAPL", source="strategy:asks")
            self.was = str(self.result.status)
        if bars.interval == "1m" and at == "10:01":
            there = "AAPL" in self.desk.session_data
            Path(self.notes).write_text(f"{self.was} {self.result.status} {there}")
"""
    (tmp_path / "asks.py").write_text(code)
    rule = {"use": f"{tmp_path}/asks.py:Asks", "params": {"notes": str(tmp_path / "notes")}}
    day = started(store, strategies=[rule])

    day.advance_to("10:01")

    assert (tmp_path / "notes").read_text() == "queued done True"
    early = started(store, session={"symbols": ["NVDA", "AAPL"]}, at="10:01")
    assert day.digest() == early.digest()


def test_a_batch_ends_like_one_after_the_other(tmp_path: Path):
    from sessions import make_store

    names = [f"S{place:02d}" for place in range(12)]
    store = make_store(tmp_path, names)
    more = {
        "indicators": [{"name": n, "interval": "5m", "params": p} for n, p in (("sma", {"period": 20}), ("macd", {}))]
    }
    together = started(store, at="10:20", session={"symbols": names}, **more)
    apart = started(store, at="10:20", session={"symbols": names[:1]}, **more)

    for name in names[1:]:
        apart.add_symbol(name)

    assert together.digest() == apart.digest()
