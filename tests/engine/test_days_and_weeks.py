"""Daily and weekly bars in a minute session: history beside them, today running, closed at the close."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sessions import START, SYMBOLS, document, store_blocks

import openbell as ob
from openbell.testing.market import SyntheticMarket

# 2024-06-06 is a Thursday, 06-07 the Friday that closes its week; ten days back one whole week begins.
BARS = [{"days": 10, "intervals": ["1d", "1w"], "symbols": "all"}]


@pytest.fixture(scope="module")
def blocks():
    return dict(SyntheticMarket(SYMBOLS, sessions=14, start=START).blocks())


def session(store: Path, *, completeness: float = 0.0) -> ob.SessionCoordinator:
    lengths = ["1m", "1d", "1w"]
    return ob.SessionCoordinator.from_file(
        document(
            store,
            session={"symbols": ["AAPL"], "intervals": lengths, "completeness": completeness},
            history=BARS,
            indicators=[{"name": "sma", "interval": "1d", "params": {"period": 3}}],
        )
    )


def folded(block, days: int) -> tuple[float, ...]:
    """By hand: the last bars of a block that lie on so many dates."""
    dates = block.ts // 86_400_000_000_000
    taken = block[np.isin(dates, np.unique(dates)[-days:])]
    volume = 0.0
    for value in taken.volume.tolist():
        volume += value
    return taken.open[0], taken.high.max(), taken.low.min(), taken.close[-1], volume


def last(bars) -> tuple[float, ...]:
    return bars.open[-1], bars.high[-1], bars.low[-1], bars.close[-1], bars.volume[-1]


def test_days_are_folded_from_minutes_and_close_at_the_close(store: Path, blocks):
    day = session(store)
    day.start_day()
    past = day.session_data.get_symbol_data("AAPL").bars["1d"]
    assert (past.base, len(past)) == ("1m", 10)
    day.advance_to("12:00")
    midday = day.session_data.get_symbol_data("AAPL")
    assert len(midday.bars["1d"]) == 10
    ended = blocks["AAPL"].between(day.time.today.open, day.time.now)
    assert midday.bars["1d"].running[1:6] == pytest.approx(folded(ended, 1))
    before = midday.indicators["sma_3_1d"].current_value

    day.advance_to("16:00")

    view = day.session_data.get_symbol_data("AAPL")
    assert len(view.bars["1d"]) == 11
    assert last(view.bars["1d"]) == folded(blocks["AAPL"].between(0, day.time.now), 1)
    assert view.bars["1d"].running is None
    assert before == pytest.approx(past.close[-3:].mean())
    assert view.indicators["sma_3_1d"].current_value == pytest.approx(view.bars["1d"].close[-3:].mean())


def test_weeks_close_with_their_last_session(store: Path, blocks):
    day = session(store)
    day.start_day()
    assert len(day.session_data.get_symbol_data("AAPL").bars["1w"]) == 1
    day.advance_to("16:00")
    assert len(day.session_data.get_symbol_data("AAPL").bars["1w"]) == 1
    day.finish_day()
    day.start_day()
    day.advance_to("15:59")
    friday = day.session_data.get_symbol_data("AAPL").bars["1w"]
    assert len(friday) == 1
    assert friday.running[1:6] == pytest.approx(folded(blocks["AAPL"].between(0, day.time.now), 5))

    day.advance_to("16:00")

    view = day.session_data.get_symbol_data("AAPL").bars["1w"]
    week = blocks["AAPL"].between(0, day.time.now)
    assert len(view) == 2
    assert last(view) == folded(week, 5)
    assert date.fromtimestamp(view.ts[-1] / 1e9).isoformat() == "2024-06-03"


@pytest.mark.parametrize("minute", ["09:30", "11:11", "16:00"])
def test_asked_whenever_days_and_weeks_are_the_same(store: Path, minute: str):
    early, late = session(store), session(store)
    for one in (early, late):
        one.start_day("2024-06-07")
    for length in ("1d", "1w"):
        early.add_bar("MSFT", length, days=8)
    early.advance_to(minute)
    late.advance_to(minute)
    for length in ("1w", "1d"):
        late.add_bar("MSFT", length, days=8)

    assert early.digest() == late.digest()


@pytest.mark.parametrize(("little", "much"), [(8, 13), (9, 13), (12, 13)])
def test_weeks_that_are_asked_for_in_two_steps_are_all_there(store: Path, little: int, much: int):
    grown, whole = session(store), session(store)
    for one in (grown, whole):
        one.start_day("2024-06-07")

    assert grown.add_bar("MSFT", "1w", days=little).ok
    assert grown.add_bar("MSFT", "1w", days=much).ok
    assert whole.add_bar("MSFT", "1w", days=much).ok

    views = [one.session_data.get_symbol_data("MSFT").bars["1w"] for one in (grown, whole)]
    assert views[0].ts.tolist() == views[1].ts.tolist()
    assert grown.digest() == whole.digest()


def test_a_week_is_whole_after_the_days_of_another_owner_were_let_go_of(store: Path):
    alone, beside = session(store), session(store)
    for one in (alone, beside):
        one.start_day("2024-06-07")
        one.add_bar("MSFT", "1w", source="strategy:a")
    beside.add_bar("MSFT", "1m", days=10, source="strategy:b")
    beside.owners.release("strategy:b")

    alone.advance_to("16:00")
    beside.advance_to("16:00")

    bars = [one.session_data.get_symbol_data("MSFT").bars["1w"] for one in (alone, beside)]
    assert bars[0].volume[-1] == bars[1].volume[-1]
    assert alone.digest() == beside.digest()


def test_a_stored_day_is_not_seen_before_its_close(tmp_path: Path, blocks):
    from openbell.bars.derive import derive
    from openbell.bars.interval import Interval
    from openbell.market.calendar import load_calendar
    from openbell.market.session import Hours
    from openbell.market.windows import windows

    calendar = load_calendar("XNYS")
    first, end = (calendar.first_on_or_after(at) for at in (START, date(2024, 6, 10)))
    grid, expected, lefts = windows(calendar, Interval.parse("1d"), Interval.parse("1m"), first, end, Hours.REGULAR)
    days = {name: derive(block, grid, expected, lefts=lefts) for name, block in blocks.items()}
    store = store_blocks(tmp_path / "daily", days, "1d")
    day = ob.SessionCoordinator.from_file(
        document(store, session={"symbols": ["AAPL"], "intervals": ["1d", "1w"]}, history=BARS, indicators=[])
    )
    day.start_day("2024-06-07")
    assert len(day.session_data.get_symbol_data("AAPL").bars["1d"]) == 10
    assert day.session_data.get_symbol_data("AAPL").bars["1w"].base == "1d"

    day.finish_day()

    assert len(day.session_data.get_symbol_data("AAPL").bars["1d"]) == 11
    assert len(day.session_data.get_symbol_data("AAPL").bars["1w"]) == 2


def test_days_that_are_stored_up_to_an_earlier_session_only_are_told(tmp_path: Path, blocks):
    days = dict(SyntheticMarket(("AAPL",), sessions=9, start=START, interval="1d").blocks())
    store_blocks(tmp_path, days, "1d")
    day = session(store_blocks(tmp_path, blocks))
    day.start_day("2024-06-07")

    told = day.analyze_requirements("bar", "AAPL", "user", interval="1d", days=12).problems

    assert [problem.code for problem in told] == ["partial_history"]
    assert "3 of them, from 2024-06-04 to 2024-06-06, have 1m bars and no 1d bar" in told[0].what
