"""What readers see: by hand, read-only, and no further than now."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from sessions import document, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours

TODAY = date(2024, 7, 3)
MINUTE = 60_000_000_000
KEPT_SMA = {"name": "sma", "interval": "5m", "params": {"period": 2}, "keep": True}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HAND: a bar in each odd minute of yesterday and each even one of today, priced 100, 101, ..., volume 10."""
    calendar = load_calendar("XNYS")
    today = calendar.ordinal_of(TODAY)
    stamps, prices = [], []
    for session, odd in ((today - 1, 1), (today, 0)):
        own = calendar.session(session, Hours.REGULAR)
        minutes = np.arange(own.open + odd * MINUTE, own.close, 2 * MINUTE)
        stamps.append(minutes)
        prices.append(100.0 + np.arange(len(minutes)))
    price = np.concatenate(prices)
    columns = [price, price + 0.25, price - 0.25, price + 0.125, np.full(len(price), 10.0)]
    return store_blocks(tmp_path_factory.mktemp("hand"), {"HAND": Block.of(np.concatenate(stamps), columns)})


def started(store: Path, at: str) -> ob.SessionCoordinator:
    day = ob.SessionCoordinator.from_file(
        document(
            store,
            backtest={"start": TODAY, "end": TODAY},
            session={"symbols": ["HAND"], "intervals": ["1m", "5m", "60m", "1d"]},
            history=[{"days": 1, "intervals": ["1m", "5m"], "symbols": "all"}],
            indicators=[KEPT_SMA, {"name": "macd", "interval": "1m"}],
        )
    )
    day.start_day()
    day.advance_to(at)
    return day


def test_a_closed_bar_by_hand(store: Path):
    five = started(store, "09:41").session_data.get_symbol_data("HAND").bars["5m"]

    assert five.today.ts.tolist() == [five.today.ts[0], five.today.ts[0] + 5 * MINUTE]
    assert five.today.open.tolist() == [100.0, 103.0]
    assert five.today.high.tolist() == [102.25, 104.25]
    assert five.today.low.tolist() == [99.75, 102.75]
    assert five.today.close.tolist() == [102.125, 104.125]
    assert five.today.volume.tolist() == [30.0, 20.0]
    assert five.today.shares.tolist() == [0.6, 0.4]


def test_the_running_bar_holds_what_has_ended_and_its_share_of_what_could_have(store: Path):
    day = started(store, "09:43")
    bars = day.session_data.get_symbol_data("HAND").bars

    running = bars["5m"].running

    assert (running.open, running.high, running.low, running.close) == (105.0, 106.25, 104.75, 106.125)
    assert (running.volume, running.completeness) == (20.0, 2 / 3)
    assert running.ts == bars["5m"].today.ts[0] + 10 * MINUTE
    assert bars["60m"].running[1:6] == (100.0, 106.25, 99.75, 106.125, 70.0)
    assert bars["1d"].running[1:6] == (100.0, 106.25, 99.75, 106.125, 70.0)
    assert bars["1m"].running is None
    assert len(bars["1d"].today) == 0


def test_there_is_no_running_bar_before_a_window_has_one_or_after_the_close(store: Path):
    assert started(store, "09:30").session_data.get_symbol_data("HAND").bars["5m"].running is None
    assert started(store, "09:40").session_data.get_symbol_data("HAND").bars["5m"].running is None
    closed = started(store, "13:00").session_data.get_symbol_data("HAND").bars
    assert [bars.running for bars in closed.values()] == [None] * 4
    assert len(closed["1d"].today) == 1


def test_the_short_last_bar_of_a_half_day_is_whole(store: Path):
    last = started(store, "13:00").session_data.get_symbol_data("HAND").bars["60m"].today

    assert len(last) == 4
    assert last.shares.tolist() == [0.5] * 4
    assert last.volume.tolist() == [300.0, 300.0, 300.0, 150.0]


def test_quality_by_hand(store: Path):
    bars = started(store, "09:43").session_data.get_symbol_data("HAND").bars

    assert (bars["1m"].history_quality, bars["1m"].session_quality) == (50.0, 100.0 * 7 / 13)
    assert bars["1m"].quality == 100.0 * (195 + 7) / (390 + 13)
    assert (bars["5m"].quality, bars["5m"].gaps) == (100.0, ())
    assert len(bars["1m"].gaps) == 195 + 6
    assert {gap.bars for gap in bars["1m"].gaps} == {1}
    assert bars["1d"].quality is None


def test_no_array_that_is_read_can_be_written(store: Path):
    view = started(store, "10:30").session_data.get_symbol_data("HAND")

    for bars in view.bars.values():
        for block in (bars.block, bars.history, bars.today):
            for column in (block.ts, *block.columns, block.shares):
                if len(column):
                    with pytest.raises(ValueError, match="read-only"):
                        column[0] = 1
    with pytest.raises(TypeError):
        view.bars["2m"] = view.bars["1m"]
    with pytest.raises(AttributeError):
        view.bars["5m"].quality = 100.0


def test_what_was_read_stays_and_is_asked_for_again(store: Path):
    day = started(store, "10:30")
    bars = day.session_data.get_symbol_data("HAND").bars["5m"]
    before, close = len(bars), bars.close

    day.advance_to("11:00")

    assert (len(bars), len(bars.close)) == (before, before)
    later = day.session_data.get_symbol_data("HAND").bars["5m"]
    assert len(later) == before + 6
    assert later.close[:before].tolist() == close.tolist()


def test_history_and_today_are_one_view(store: Path):
    bars = started(store, "10:30").session_data.get_symbol_data("HAND").bars["5m"]

    assert len(bars.history) == 78
    assert bars.ts.tolist() == bars.history.ts.tolist() + bars.today.ts.tolist()
    assert (np.diff(bars.ts) > 0).all()


def test_a_frame_holds_the_same_with_times_in_utc(store: Path):
    bars = started(store, "09:41").session_data.get_symbol_data("HAND").bars["5m"]

    frame = bars.frame()

    assert frame.columns == ["ts", "open", "high", "low", "close", "volume", "completeness"]
    assert frame.schema["ts"] == pl.Datetime("ns", "UTC")
    assert frame["ts"][-1] == datetime(2024, 7, 3, 13, 35, tzinfo=ZoneInfo("UTC"))
    assert frame["close"].to_list() == bars.close.tolist()
    assert frame["completeness"].to_list()[-2:] == [0.6, 0.4]


def test_an_indicator_is_a_value_of_its_moment(store: Path):
    day = started(store, "09:40")
    view = day.session_data.get_symbol_data("HAND")

    mean = view.indicators["sma_2_5m"]
    day.advance_to("09:45")

    assert mean.current_value == (102.125 + 104.125) / 2
    assert (mean.valid, mean.settled) == (True, True)
    assert mean.last_updated == datetime(2024, 7, 3, 9, 40, tzinfo=ZoneInfo("America/New_York"))
    assert mean.series.shape == (1, 80)
    assert list(view.indicators["macd_1m"].current_value) == ["macd", "signal", "histogram"]
    assert view.indicators["sma_2_5m"].current_value == (104.125 + 107.125) / 2


def test_before_the_first_bar_of_today_an_indicator_shows_last_nights_value(store: Path):
    mean = started(store, "09:30").session_data.get_symbol_data("HAND").indicators["sma_2_5m"]

    assert mean.valid
    assert mean.last_updated == datetime(2024, 7, 2, 16, 0, tzinfo=ZoneInfo("America/New_York"))


def test_an_unknown_symbol_is_none_and_case_does_not_matter(store: Path):
    data = started(store, "09:30").session_data

    assert data.get_symbol_data("NOPE") is None
    assert data.get_symbol_data("hand").symbol == "HAND"
    assert "hand" in data
    assert list(data) == ["HAND"]
