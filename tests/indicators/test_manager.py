import numpy as np
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.indicators.chain import Places
from openbell.indicators.compute import compute, indicator
from openbell.indicators.manager import IndicatorManager
from openbell.testing.indicators import walk

FIVE = Interval.parse("5m")
SMA = indicator("sma", interval="5m", period=4)
VWAP = indicator("vwap", interval="5m")


def _manager(*specs, capacity=4):
    manager = IndicatorManager(capacity)
    for spec in specs:
        manager.prepare(spec)
    return manager


def _shown(manager, spec, row):
    return manager.digests(spec, np.array([row]))[0].tobytes()


def _feed(manager, block, row=0, session=1, regular=True, start=0):
    for i in range(len(block)):
        values = np.zeros((5, manager.capacity))
        values[:, row] = [column[i] for column in block.columns]
        present = np.arange(manager.capacity) == row
        manager.update(FIVE, values, present, start + i, session, end=1000 + start + i, regular=regular)


def _places(past, now):
    return Places(np.arange(past + now), np.repeat([0, 1], [past, now]), np.arange(past + now) + 100)


class TestWarmUp:
    def test_shows_last_nights_value_until_the_first_bar_of_today(self):
        manager, history = _manager(SMA), walk(20)

        manager.adopt(SMA, 0, manager.warm(SMA, history, Block.empty(), _places(20, 0)))

        assert manager.values(SMA)[0, 0] == compute("sma", close=history.close[-4:], period=4)[-1]
        assert (manager.valid(SMA, 0), manager.settled(SMA, 0), manager.last_updated(SMA, 0)) == (True, True, 119)

    def test_session_kinds_are_nan_at_the_open(self):
        manager = _manager(VWAP)

        manager.adopt(VWAP, 0, manager.warm(VWAP, walk(20), Block.empty(), _places(20, 0)))

        assert np.isnan(manager.values(VWAP)[0, 0])
        assert (manager.valid(VWAP, 0), manager.settled(VWAP, 0), manager.last_updated(VWAP, 0)) == (False, False, None)

    def test_with_too_little_history_gives_a_value_that_is_not_settled(self):
        ema = indicator("ema", interval="5m", period=4)
        manager = _manager(ema)

        manager.adopt(ema, 0, manager.warm(ema, walk(10), Block.empty()))

        assert (manager.valid(ema, 0), manager.settled(ema, 0)) == (True, False)

    @pytest.mark.parametrize("spec", [SMA, VWAP, indicator("rsi", interval="5m", period=3, input=SMA)], ids=str)
    def test_in_the_middle_of_the_day_equals_from_the_open(self, spec):
        history, today = walk(60, 1), walk(30, 2)
        early, late = _manager(spec), _manager(spec)

        early.adopt(spec, 0, early.warm(spec, history, Block.empty(), _places(60, 0)))
        _feed(early, today)
        late.adopt(spec, 0, late.warm(spec, history[10:], today[:17], _places(50, 17)))
        _feed(late, today[17:], start=17)

        assert np.array_equal(early.values(spec)[:, 0], late.values(spec)[:, 0])
        assert _shown(early, spec, 0) == _shown(late, spec, 0)

    def test_keeps_values_of_all_bars_when_asked(self):
        manager, history, today = _manager(SMA), walk(9, 1), walk(5, 2)

        warm = manager.warm(SMA, history, today, keep=True)

        close = np.concatenate([history.close, today.close])
        assert warm.kept.shape == (1, 14)
        assert np.allclose(warm.kept[0], compute("sma", close=close, period=4), rtol=1e-12, equal_nan=True)

    def test_without_places_is_refused_where_they_matter(self):
        with pytest.raises(ValueError, match="give places"):
            _manager(VWAP).warm(VWAP, Block.empty(), walk(3))


class TestRegularHours:
    def test_session_kinds_are_fed_with_no_other_bars(self):
        manager = _manager(VWAP, SMA)
        for spec in (VWAP, SMA):
            manager.adopt(spec, 0, manager.warm(spec, Block.empty(), Block.empty(), _places(0, 0)))

        _feed(manager, walk(3), regular=False)

        assert (manager.seen(VWAP, 0), manager.seen(SMA, 0)) == (0, 3)

    def test_nor_warmed_with_them(self):
        manager, today = _manager(VWAP), walk(4)
        regular = np.array([False, True, True, False])
        places = Places(np.arange(4), np.ones(4, np.int64), np.arange(4) + 10, regular)

        warm = manager.warm(VWAP, Block.empty(), today, places, keep=True)

        assert (warm.seen, warm.last_updated) == (2, 12)
        assert np.isnan(warm.kept[0]).tolist() == [True, False, False, True]


class TestRows:
    def test_come_and_go_without_touching_others(self):
        manager = _manager(SMA)
        for row in (2, 0):
            manager.adopt(SMA, row, manager.warm(SMA, walk(9, row), Block.empty()))
        before = _shown(manager, SMA, 0)

        manager.drop(SMA, 2)

        assert manager.rows(SMA).tolist() == [0]
        assert np.isnan(manager.values(SMA)[0, 2])
        assert _shown(manager, SMA, 0) == before

    def test_survive_growth(self):
        manager = _manager(SMA, capacity=1)
        manager.adopt(SMA, 0, manager.warm(SMA, walk(9), Block.empty()))
        before = _shown(manager, SMA, 0)

        manager.reserve(50)
        manager.adopt(SMA, 49, manager.warm(SMA, walk(9), Block.empty()))

        assert manager.capacity >= 50
        assert _shown(manager, SMA, 0) == _shown(manager, SMA, 49) == before

    def test_can_be_put_back(self):
        manager = _manager(SMA)
        manager.adopt(SMA, 0, manager.warm(SMA, walk(9), Block.empty()))
        before, taken = _shown(manager, SMA, 0), manager.snapshot(SMA, 0)

        _feed(manager, walk(3, 5))
        manager.adopt(SMA, 0, taken)

        assert _shown(manager, SMA, 0) == before

    def test_absent_ones_keep_what_they_show(self):
        manager = _manager(SMA)
        for row in (0, 1):
            manager.adopt(SMA, row, manager.warm(SMA, walk(9), Block.empty()))

        _feed(manager, walk(2, 3), row=1)

        assert _shown(manager, SMA, 0) != _shown(manager, SMA, 1)
        assert manager.last_updated(SMA, 0) is None


class TestChains:
    def test_feed_the_outer_one_only_with_numbers(self):
        spec = indicator("ema", interval="5m", period=3, input=SMA)
        manager, bars = _manager(spec), walk(40)
        manager.adopt(spec, 0, manager.warm(spec, Block.empty(), Block.empty()))

        _feed(manager, bars)

        inner = compute("sma", close=bars.close, period=4)
        assert manager.values(spec)[0, 0] == compute("ema", close=inner[3:], period=3)[-1]
        assert np.isnan(compute(spec, close=bars.close)[: spec.needs.lookback - 1]).all()


class TestCompute:
    def test_refuses_nan_with_its_place(self):
        with pytest.raises(ValueError, match="close is NaN at bar 1"):
            compute("sma", close=[1.0, np.nan], period=1)

    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    @pytest.mark.parametrize("name", ["rsi", "sma", "macd"])
    def test_refuses_what_is_not_finite_with_its_place(self, name, value):
        period = {} if name == "macd" else {"period": 2}
        table = np.ones((3, 5))
        table[2, 1] = value

        with pytest.raises(ValueError, match=f"close is {value} at bar 1 of row 2"):
            compute(name, close=table, **period)
        with pytest.raises(ValueError, match=f"close is {value} at bar 1; correct or leave out"):
            compute(name, close=table[2], **period)

    def test_refuses_columns_of_different_lengths(self):
        with pytest.raises(ValueError, match="one shape"):
            compute("atr", high=[1.0], low=[1.0], close=[1.0, 2.0], period=1)

    def test_says_which_column_is_missing(self):
        with pytest.raises(ValueError, match="atr reads high, low, close; low is missing"):
            compute("atr", high=[1.0], close=[1.0], period=1)

    @pytest.mark.parametrize("asked", [("lower", "upper"), ("bandwidth",), ("percent_b", "middle")])
    @pytest.mark.parametrize("input", [None, "ema"])
    def test_gives_the_outputs_that_are_asked_for_with_the_bits_of_all(self, asked, input):
        inner = None if input is None else indicator(input, interval="1m", period=3)
        spec = indicator("bbands", interval="1m", period=5, input=inner)
        table = np.array([walk(60, seed).columns[3] for seed in range(3)])

        whole = compute(spec, close=table)
        some = compute(spec, close=table, outputs=asked)

        assert tuple(some) == asked
        assert all(some[name].tobytes() == whole[name].tobytes() for name in asked)
        one = compute(spec, close=table[1], outputs=asked)
        assert all(one[name].tobytes() == whole[name][1].tobytes() for name in asked)

    @pytest.mark.parametrize("asked", ["value", ("upper", "value"), ()])
    def test_refuses_outputs_that_there_are_not(self, asked):
        with pytest.raises(ValueError, match="outputs of bbands are upper, middle, lower, percent_b, bandwidth"):
            compute("bbands", close=[1.0, 2.0], period=1, outputs=asked)

    def test_takes_frames_and_series(self):
        import polars as pl

        frame = pl.DataFrame({"close": [1.0, 2.0, 4.0]})

        assert compute("sma", frame, period=2).tolist()[1:] == [1.5, 3.0]
        assert compute("sma", close=frame["close"], period=2).tolist()[1:] == [1.5, 3.0]

    def test_starts_session_kinds_anew(self):
        flat = np.array([1.0, 2.0, 3.0, 4.0])

        values = compute("vwap", high=flat, low=flat, close=flat, volume=np.ones(4), session=[7, 7, 8, 8])

        assert values.tolist() == [1.0, 1.5, 3.0, 3.5]


class TestLevels:
    def test_of_the_previous_session_are_known_before_todays_first_bar(self):
        spec = indicator("previous_day", interval="5m")
        manager, history = _manager(spec), walk(30)

        manager.adopt(spec, 0, manager.warm(spec, history, Block.empty(), _places(30, 0)))
        at_open = manager.values(spec)[:, 0].tolist()
        _feed(manager, walk(3, 9), session=1)

        assert at_open == [history.high.max(), history.low.min(), history.close[-1]]
        assert manager.values(spec)[:, 0].tolist() == at_open
        assert manager.settled(spec, 0)


def test_symbols_that_have_seen_as_many_bars_of_different_sessions_do_not_stand_alike():
    vwap = indicator("vwap", interval="5m")
    manager = IndicatorManager(2)
    manager.prepare(vwap)
    for row in range(2):
        nothing = Places(*(np.empty(0, np.int64) for _ in range(3)))
        manager.adopt(vwap, row, manager.warm(vwap, Block.empty(), Block.empty(), nothing))

    for session, price, present in ((0, 10.0, [False, True]), (1, 20.0, [True, False]), (1, 30.0, [True, True])):
        manager.update(vwap.interval, np.full((5, 2), price), np.array(present), 0, session, end=session)

    # Volume is as high as the price.
    assert manager.values(vwap)[0].tolist() == [(20.0**2 + 30.0**2) / 50.0, 30.0]


def test_bars_that_a_loop_cannot_read_are_refused():
    sma = indicator("sma", interval="5m", period=1)
    manager = IndicatorManager(4)
    manager.prepare(sma)
    for row in range(4):
        manager.adopt(sma, row, manager.warm(sma, Block.empty(), Block.empty()))
    all_there = np.ones(4, np.bool_)

    with pytest.raises(ValueError, match="4 rows are fed, and there are bars of 3"):
        manager.update(sma.interval, np.ones((5, 3)), all_there, 0, 0, end=1)
    with pytest.raises(TypeError, match="float64 in one piece, got float32"):
        manager.update(sma.interval, np.ones((5, 4), np.float32), all_there, 0, 0, end=1)
    with pytest.raises(TypeError, match="float64 in one piece"):
        manager.update(sma.interval, np.ones((5, 8))[:, ::2], all_there, 0, 0, end=1)


def test_a_row_that_comes_after_the_first_instant_is_fed_from_then_on():
    sma = indicator("sma", interval="5m", period=1)
    manager = IndicatorManager(4)
    manager.prepare(sma)
    nothing = manager.warm(sma, Block.empty(), Block.empty())
    for row, price in ((0, 1.0), (2, 2.0)):
        manager.adopt(sma, row, nothing)
        manager.update(sma.interval, np.full((5, 4), price), np.ones(4, np.bool_), 0, 0, end=1)

    assert np.nan_to_num(manager.values(sma)[0]).tolist() == [2.0, 0.0, 2.0, 0.0]
