"""Intervals that come and go during a day, and markets with several streamed intervals."""

from pathlib import Path

import numpy as np
import pytest
from sessions import START, document, started, store_blocks

import openbell as ob
from openbell.testing.market import SyntheticMarket

KEPT_RSI = [{"name": "rsi", "interval": "5m", "params": {"period": 14}, "keep": True}]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 symbols with minutes, two with five minutes only, one with days too."""
    folder = tmp_path_factory.mktemp("mixed")
    names = tuple(f"S{i:03d}" for i in range(150))
    for interval, symbols in {"1m": names, "5m": ("FIVE", "CINQ"), "1d": names[:1]}.items():
        market = SyntheticMarket(symbols, sessions=14, start=START, interval=interval, defects=False)
        store_blocks(folder, dict(market.blocks()), interval)
    return folder / "store"


def bare(store: Path, *symbols: str, intervals: tuple[str, ...] = ("1m",)) -> ob.SessionCoordinator:
    changes = {"session": {"symbols": list(symbols), "intervals": list(intervals)}, "history": [], "indicators": []}
    day = ob.SessionCoordinator.from_file(document(store, **changes))
    day.start_day()
    return day


def test_an_interval_that_left_and_came_back_at_once_is_streamed(store: Path):
    day = started(store, "10:00")
    day.add_bar("TSLA", "15m")
    day.advance_to("10:20")
    day.remove_symbol("TSLA")
    day.add_bar("TSLA", "15m")

    day.advance_to("11:00")

    never_gone = started(store, "10:00")
    never_gone.add_bar("TSLA", "15m")
    never_gone.advance_to("11:00")
    assert len(day.session_data.get_symbol_data("TSLA").bars["15m"].today) == 6
    assert day.digest() == never_gone.digest()


def test_a_kept_series_of_an_interval_that_left_and_came_back_is_whole(store: Path):
    changes = {"indicators": KEPT_RSI, "session": {"symbols": ["NVDA"], "intervals": ["1m"]}}
    day = started(store, "10:00", **changes)
    day.remove_symbol("NVDA")
    day.add_symbol("NVDA")

    day.advance_to("11:00")

    view = day.session_data.get_symbol_data("NVDA")
    series = view.indicators["rsi_14_5m"].series
    assert series.shape == (1, len(view.bars["5m"]))
    assert series[0, -1] == view.indicators["rsi_14_5m"].current_value
    assert day.digest() == started(store, "11:00", **changes).digest()


@pytest.mark.parametrize("deeper_first", [True, False])
def test_a_kept_series_begins_with_the_history_that_is_held(store: Path, deeper_first):
    day = started(store, "10:00", indicators=KEPT_RSI)
    moves = [lambda: day.add_bar("AAPL", "5m", days=8), lambda: day.add_symbol("AAPL")]
    for move in moves if deeper_first else moves[::-1]:
        assert move().ok
    day.advance_to("10:30")

    view = day.session_data.get_symbol_data("AAPL")

    series = view.indicators["rsi_14_5m"].series
    assert series.shape == (1, len(view.bars["5m"]))
    assert np.flatnonzero(~np.isnan(series[0]))[0] == 14


def test_a_base_that_only_others_needed_may_go(mixed: Path):
    day = bare(mixed, "S001", "FIVE", intervals=("5m",))
    day.advance_to("10:00")
    day.remove_symbol("S001")

    day.advance_to("11:00")

    assert day.digest() == _advanced(bare(mixed, "FIVE", intervals=("5m",))).digest()
    assert len(day.session_data.get_symbol_data("FIVE").bars["5m"].today) == 18


def _advanced(day: ob.SessionCoordinator) -> ob.SessionCoordinator:
    day.advance_to("11:00")
    return day


def test_one_lane_holds_streamed_and_folded_bars_side_by_side(mixed: Path):
    day = bare(mixed, "S001", "FIVE", intervals=("5m",))

    day.advance_to("10:00")

    bars = {name: day.session_data.get_symbol_data(name).bars["5m"] for name in ("S001", "FIVE")}
    assert {name: one.base for name, one in bars.items()} == {"S001": "1m", "FIVE": None}
    assert [len(one.today) for one in bars.values()] == [6, 6]
    assert all((one.completeness == 1.0).all() for one in bars.values())


def test_there_is_room_for_more_symbols_than_there_was_at_the_open(mixed: Path):
    day = bare(mixed, "S000", intervals=("1m", "1d"))
    day.advance_to("10:00")
    for place in range(1, 150):
        assert day.add_bar(f"S{place:03d}", "1m").ok

    day.advance_to("16:00")

    assert len(day.session_data.get_symbol_data("S000").bars["1d"].today) == 1
    assert {len(day.session_data.get_symbol_data(name).bars["1m"].today) for name in day.session_data} == {390}


def test_rows_are_used_again_and_nothing_of_the_former_symbol_is_left(mixed: Path):
    day = bare(mixed, "S000")
    day.advance_to("10:00")
    used = day.session_data.rows.used
    for place in range(1, 40):
        day.add_bar(f"S{place:03d}", "5m")
        day.advance_to(f"10:{place:02d}")
        day.remove_symbol(f"S{place:03d}")

    day.advance_to("10:50")

    alone = bare(mixed, "S000")
    alone.advance_to("10:50")
    assert day.session_data.rows.used == used + 1
    assert day.digest() == alone.digest()
