"""How far a price moves."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import (
    highest_of,
    logarithm,
    lowest_of,
    ratio,
    root,
    seeded,
    spread_of,
    true_range,
)
from openbell.indicators.definition import Bar, CalendarFigure, Kind, Window, indicator, param, window
from openbell.indicators.settling import TOLERANCE, exponential, fade, wilder

_LONGEST = 100_000


@indicator
class TrueRange:
    """True range: the largest of the bar's range and the two gaps from the close before.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section III. The first one is
    ``high - low``, as there is no close before; TA-Lib leaves it out.
    """

    class State:
        seen: int
        last: float

    @staticmethod
    def warmup(p: "TrueRange") -> int:  # noqa: ARG004
        return 2

    @staticmethod
    def update(state: State, bar: Bar, p: "TrueRange") -> float:  # noqa: ARG004
        before = state.last
        state.last = bar.close
        return true_range(bar.high, bar.low, before) if state.seen > 1 else bar.high - bar.low


@indicator
class Atr:
    """Average true range, smoothed by Wilder's 1 / period, in the price's own unit.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section III. The first true range is
    ``high - low``, as there is no close before; TA-Lib leaves it out and starts one bar later, which fades.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="true ranges in the smoothing")

    class State:
        seen: int
        last: float
        mean: float

    @staticmethod
    def lookback(p: "Atr") -> int:
        return p.period

    @staticmethod
    def warmup(p: "Atr") -> int:
        return max(p.period + fade([wilder(p.period)]), 2)

    @staticmethod
    def update(state: State, bar: Bar, p: "Atr") -> float:
        reach = true_range(bar.high, bar.low, state.last) if state.seen > 1 else bar.high - bar.low
        state.last = bar.close
        state.mean = seeded(state.mean, reach, state.seen, p.period, 1.0 / p.period)
        return state.mean


@indicator
class Natr:
    """Average true range in percent of the close.

    Source: J. Forman, "Cross-Market Evaluations With Normalized Average True Range", Stocks & Commodities 24:5, 2006.
    As `atr`; of a close of 0 it is 0.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="true ranges in the smoothing")

    class State:
        seen: int
        last: float
        mean: float

    @staticmethod
    def lookback(p: "Natr") -> int:
        return p.period

    @staticmethod
    def warmup(p: "Natr") -> int:
        return max(p.period + fade([wilder(p.period)]), 2)

    @staticmethod
    def update(state: State, bar: Bar, p: "Natr") -> float:
        reach = true_range(bar.high, bar.low, state.last) if state.seen > 1 else bar.high - bar.low
        state.last = bar.close
        state.mean = seeded(state.mean, reach, state.seen, p.period, 1.0 / p.period)
        return ratio(100.0 * state.mean, bar.close, 0.0)


@indicator
class Stddev:
    """Standard deviation of the last ``period`` values, of the whole population (divided by ``period``).

    Source: arithmetic. As TA-Lib's STDDEV; here sums are about a value of the window, so that a small deviation of a
    high price keeps its digits.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values that deviate")

    class State:
        seen: int
        anchor: float
        head: float
        square: float
        place: int
        first: Window = window(lambda p: p.period)
        second: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Stddev") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Stddev") -> float:
        total, squares, state.anchor, state.head, state.square, state.place = spread_of(
            state.first, state.second, p.period, state.place, state.anchor, state.head, state.square, bar.value
        )
        share = 1.0 / p.period
        mean = total * share
        return root(squares * share - mean * mean)


@indicator
class Variance:
    """Variance of the last ``period`` values, of the whole population (divided by ``period``).

    Source: arithmetic. As TA-Lib's VAR; see `stddev`.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values that deviate")

    class State:
        seen: int
        anchor: float
        head: float
        square: float
        place: int
        first: Window = window(lambda p: p.period)
        second: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Variance") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Variance") -> float:
        total, squares, state.anchor, state.head, state.square, state.place = spread_of(
            state.first, state.second, p.period, state.place, state.anchor, state.head, state.square, bar.value
        )
        share = 1.0 / p.period
        mean = total * share
        return max(squares * share - mean * mean, 0.0)


@indicator
class Bbands:
    """Bollinger bands: a simple mean and so many standard deviations around it; where the value stands; their width.

    Source: J. Bollinger, "Bollinger on Bollinger Bands", 2001: deviation of the population, percent_b = (value - lower)
    / (upper - lower), bandwidth = (upper - lower) / middle, both as plain fractions. Between bands that meet the value
    is in the middle, 0.5; the width about a mean of 0 is 0.
    """

    outputs = ("upper", "middle", "lower", "percent_b", "bandwidth")
    period: int = param(minimum=1, maximum=_LONGEST, about="values in mean and deviation")
    num_std: float = param(2.0, minimum=0.0, maximum=1000.0, about="standard deviations to each band")

    class State:
        seen: int
        anchor: float
        head: float
        square: float
        place: int
        first: Window = window(lambda p: p.period)
        second: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Bbands") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Bbands") -> tuple[float, float, float, float, float]:
        total, squares, state.anchor, state.head, state.square, state.place = spread_of(
            state.first, state.second, p.period, state.place, state.anchor, state.head, state.square, bar.value
        )
        share = 1.0 / p.period
        mean = total * share
        away = p.num_std * root(squares * share - mean * mean)
        middle = state.anchor + mean
        upper, lower = middle + away, middle - away
        return upper, middle, lower, ratio(bar.value - lower, upper - lower, 0.5), ratio(upper - lower, middle, 0.0)


@indicator
class Keltner:
    """Keltner channel: an EMA of the close and so many average true ranges around it.

    Source: L. B. Raschke's form of C. W. Keltner's channel ("How to Make Money in Commodities", 1960), as at
    StockCharts: EMA of the close, Wilder's ATR of its own period. Some libraries use one period for both.
    """

    kind = Kind.FADING
    outputs = ("upper", "middle", "lower")
    period: int = param(minimum=1, maximum=_LONGEST, about="period of the EMA")
    multiplier: float = param(2.0, minimum=0.0, maximum=1000.0, about="ATRs to each band")
    atr_period: int = param(10, minimum=1, maximum=_LONGEST, about="period of the ATR")

    class State:
        seen: int
        last: float
        mean: float
        reach: float

    @staticmethod
    def lookback(p: "Keltner") -> int:
        return max(p.period, p.atr_period)

    @staticmethod
    def warmup(p: "Keltner") -> int:
        mean = p.period + fade([exponential(p.period)], tolerance=0.5 * TOLERANCE)
        reach = p.atr_period + fade([wilder(p.atr_period)], gains=(max(p.multiplier, 1.0),), tolerance=0.5 * TOLERANCE)
        return max(mean, reach, 2)

    @staticmethod
    def update(state: State, bar: Bar, p: "Keltner") -> tuple[float, float, float]:
        reach = true_range(bar.high, bar.low, state.last) if state.seen > 1 else bar.high - bar.low
        state.last = bar.close
        state.mean = seeded(state.mean, bar.close, state.seen, p.period, 2.0 / (p.period + 1.0))
        state.reach = seeded(state.reach, reach, state.seen, p.atr_period, 1.0 / p.atr_period)
        away = p.multiplier * state.reach
        return state.mean + away, state.mean, state.mean - away


@indicator
class Donchian:
    """Donchian channel: highest high and lowest low of the last ``period`` bars, this one included, and their middle.

    Source: R. Donchian's four-week rule, 1960.
    """

    outputs = ("upper", "middle", "lower")
    period: int = param(minimum=1, maximum=_LONGEST, about="bars of the channel")

    class State:
        seen: int
        high: float
        low: float
        place: int
        highs: Window = window(lambda p: p.period)
        lows: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Donchian") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Donchian") -> tuple[float, float, float]:
        top, state.high, _ = highest_of(state.highs, p.period, state.place, state.high, bar.high)
        bottom, state.low, state.place = lowest_of(state.lows, p.period, state.place, state.low, bar.low)
        return top, 0.5 * (top + bottom), bottom


@indicator
class Histvol:
    """Historical volatility: the sample deviation of the last ``period`` log returns, as a fraction per year.

    Source: arithmetic; annualised by the root of the bars that the market's own calendar has per year, not by a fixed
    252. A return from or to a price that is not above 0 counts as 0.
    """

    period: int = param(minimum=2, maximum=_LONGEST, about="returns that deviate")
    per_year: float = param(
        0.0,
        minimum=0.0,
        maximum=1e9,
        about="bars per year; 0: as many as the market's calendar has",
        calendar=CalendarFigure.BARS_PER_YEAR,
    )

    class State:
        seen: int
        last: float
        anchor: float
        head: float
        square: float
        place: int
        first: Window = window(lambda p: p.period)
        second: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Histvol") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Histvol") -> float:
        before = state.last
        state.last = bar.value
        if state.seen == 1:
            return 0.0
        gain = logarithm(bar.value / before) if before > 0.0 and bar.value > 0.0 else 0.0
        total, squares, state.anchor, state.head, state.square, state.place = spread_of(
            state.first, state.second, p.period, state.place, state.anchor, state.head, state.square, gain
        )
        return root(p.per_year * (squares - total * total / p.period) / (p.period - 1.0))
