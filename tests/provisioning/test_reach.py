"""How far back history is read: exactly what is asked, counted by hand over the stored bars."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import document, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.provisioning.reach import Reacher
from openbell.session.records import Amount
from openbell.testing.market import SyntheticMarket

FIRST, TODAY = date(2024, 6, 3), date(2024, 6, 20)
SYMBOLS = ("AAA", "BBB", "THIN", "LATE", "GONE", "BARE")
ONE = Interval.parse("1m")


class Market(dict[str, Block]):
    """Bars by symbol; short in the reports of failed tests."""

    def __repr__(self) -> str:
        return f"the bars of {', '.join(self)}"


@pytest.fixture(scope="module")
def blocks() -> Market:
    """Thirteen sessions; BARE has a bar in every fiftieth minute only, and none at all in every third session."""
    market = SyntheticMarket(SYMBOLS, sessions=14, start=FIRST)
    made = dict(market.blocks())
    bare, days = made["BARE"], made["BARE"].ts // 86_400_000_000_000
    made["BARE"] = bare[(np.arange(len(bare)) % 50 == 7) & (days % 3 != 0)]
    return Market(made)


@pytest.fixture(scope="module")
def store(blocks: dict[str, Block], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_blocks(tmp_path_factory.mktemp("reach"), blocks)


def windows(interval: Interval) -> tuple[Grid, int, int]:
    """All windows before today, and today's session."""
    calendar = load_calendar("XNYS")
    first, today = calendar.ordinal_of(FIRST), calendar.ordinal_of(TODAY)
    return calendar.grid(interval, first, today - 1), first, today


def by_hand(block: Block, interval: Interval, completeness: float) -> list[tuple[int, int]]:
    """Stamp and session of every bar that exists before today: by going through the windows one after the other."""
    grid, first, today = windows(interval)
    minutes = load_calendar("XNYS").grid(ONE, first, today - 1).opens
    there = []
    columns = (grid.stamps.tolist(), grid.opens.tolist(), grid.ends.tolist(), grid.sessions.tolist())
    for stamp, opens, ends, session in zip(*columns, strict=True):
        present = np.searchsorted(block.ts, ends) - np.searchsorted(block.ts, opens)
        expected = np.searchsorted(minutes, ends) - np.searchsorted(minutes, opens)
        if present and present / expected >= completeness:
            there.append((stamp, session))
    return there


def begun(store: Path, completeness: float = 0.0) -> ob.SessionCoordinator:
    session = {"symbols": ["AAA"], "intervals": ["1m"], "completeness": completeness}
    backtest = {"start": TODAY, "end": TODAY}
    day = ob.SessionCoordinator.from_file(
        document(store, session=session, backtest=backtest, history=[], indicators=[])
    )
    day.start_day()
    return day


cases: dict[str, st.SearchStrategy] = {
    "symbol": st.sampled_from(SYMBOLS),
    "length": st.sampled_from(("1m", "2m", "5m", "7m", "15m", "60m", "90m", "1d")),
    "completeness": st.sampled_from((0.0, 0.1, 0.5, 0.97, 1.0)),
}


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(bars=st.integers(1, 400), days=st.integers(0, 13), sessions=st.integers(0, 6), **cases)
def test_the_oldest_session_is_that_of_the_oldest_bar_that_is_asked(
    store, blocks, symbol, length, completeness, bars, days, sessions
):
    day = begun(store, completeness)
    interval = Interval.parse(length)
    there = by_hand(blocks[symbol], interval, completeness)
    today = windows(interval)[2]
    filled = sorted({session for _, session in there})
    needed = [session for _, session in there[-bars:]][:1]
    needed += filled[-sessions:][:1] if sessions else []
    needed += [session for session in filled if session >= today - days][:1] if days else []

    amount = Amount(days=days, bars=bars, sessions=sessions)
    (reach,) = Reacher(day.data, day.time, completeness).of([symbol], interval, ONE, amount)

    assert reach.first <= min(needed, default=today)
    if completeness == 0.0 or interval == ONE:
        assert reach.first == min(needed, default=today)
    if not days:
        assert reach.bars >= min(bars, len(there))


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(bars=st.integers(1, 250), **cases)
def test_an_indicator_holds_exactly_the_bars_that_it_needs(store, blocks, symbol, length, completeness, bars):
    day = begun(store, completeness)
    there = by_hand(blocks[symbol], Interval.parse(length), completeness)
    spec = ob.indicator("sma", interval=length, period=bars)

    required = day.analyze_requirements("indicator", symbol, "user", indicator=spec)
    result = day.execute_provisioning(required)

    assert result.ok == bool(there)
    if not there:
        assert [problem.code for problem in result.problems if problem.fatal] == ["no_history"]
        return
    view = day.session_data.get_symbol_data(symbol)
    assert view.bars[length].history.ts.tolist() == [stamp for stamp, _ in there[-bars:]]
    assert (result.bars, required.can_proceed) == (required.bars, True)
    assert any(problem.code == "short_warmup" for problem in required.problems) == (len(there) < bars)
    if length != "1m" and symbol != "AAA":
        assert len(view.bars["1m"].history) == 0


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(days=st.integers(1, 13), **cases)
def test_days_are_all_bars_of_those_sessions(store, blocks, symbol, length, completeness, days):
    day = begun(store, completeness)
    interval = Interval.parse(length)
    today = windows(interval)[2]
    there = [stamp for stamp, session in by_hand(blocks[symbol], interval, completeness) if session >= today - days]

    required = day.analyze_requirements("bar", symbol, "user", interval=length, days=days)
    result = day.execute_provisioning(required)

    assert result.ok == bool(there)
    if there:
        history = day.session_data.get_symbol_data(symbol).bars[length].history
        assert history.ts.tolist() == there
        minutes = blocks[symbol].between(
            int(day.time.calendar.begins[today - days]), int(day.time.calendar.begins[today])
        )
        assert result.bars == required.bars == len(minutes)


@pytest.mark.parametrize("order", [(2, 9), (9, 2)])
def test_what_is_held_already_is_not_read_again(store, blocks, order):
    day = begun(store)
    read = [day.add_bar("BBB", "1m", days=days).bars for days in order]

    today = windows(ONE)[2]
    begins = day.time.calendar.begins
    counts = {days: len(blocks["BBB"].between(int(begins[today - days]), int(begins[today]))) for days in order}

    assert read[0] == counts[order[0]]
    assert sum(read) == counts[9]
    assert len(day.session_data.get_symbol_data("BBB").bars["1m"].history) == counts[9]
