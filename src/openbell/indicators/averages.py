"""Averages of a price: what it was lately, without its noise."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from math import isqrt

from openbell.indicators.arithmetic import seeded, sum_of, weighted_of
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window
from openbell.indicators.settling import exponential, fade

_LONGEST = 100_000


@indicator
class Sma:
    """Simple moving average: the mean of the last ``period`` values.

    Source: arithmetic. As TA-Lib's SMA; here sums never subtract, so that nothing of a price that has left the window
    remains in it.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values in the mean")

    class State:
        seen: int
        head: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Sma") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Sma") -> float:
        total, state.head, state.place = sum_of(state.tail, p.period, state.place, state.head, bar.value)
        return total / p.period


@indicator
class Ema:
    """Exponential moving average with weight 2 / (period + 1), started by the mean of the first ``period`` values.

    Source: P. N. Haurlan, "Measuring Trend Values", 1968; started as TA-Lib's EMA.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="n in the weight 2 / (n + 1)")

    class State:
        seen: int
        mean: float

    @staticmethod
    def lookback(p: "Ema") -> int:
        return p.period

    @staticmethod
    def warmup(p: "Ema") -> int:
        return p.period + fade([exponential(p.period)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Ema") -> float:
        state.mean = seeded(state.mean, bar.value, state.seen, p.period, 2.0 / (p.period + 1.0))
        return state.mean


@indicator
class Wma:
    """Weighted moving average: weights 1 for the oldest to ``period`` for the newest value.

    Source: arithmetic. As TA-Lib's WMA.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values in the mean")

    class State:
        seen: int
        head: float
        ramp: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Wma") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Wma") -> float:
        weighted, state.head, state.ramp, state.place = weighted_of(
            state.tail, p.period, state.place, state.head, state.ramp, bar.value
        )
        return weighted / (0.5 * p.period * (p.period + 1.0))


@indicator
class Dema:
    """Double exponential moving average: twice an EMA less the EMA of that EMA.

    Source: P. G. Mulloy, "Smoothing Data with Faster Moving Averages", Stocks & Commodities 12:1, 1994. As TA-Lib's
    DEMA.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of each EMA")

    class State:
        seen: int
        once: float
        twice: float

    @staticmethod
    def lookback(p: "Dema") -> int:
        return 2 * p.period - 1

    @staticmethod
    def warmup(p: "Dema") -> int:
        weight = [exponential(p.period)]
        return 2 * p.period - 1 + fade(weight, weight, delays=(p.period - 1,), gains=(2.0, 1.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Dema") -> float:
        weight = 2.0 / (p.period + 1.0)
        state.once = seeded(state.once, bar.value, state.seen, p.period, weight)
        if state.seen >= p.period:
            state.twice = seeded(state.twice, state.once, state.seen - p.period + 1, p.period, weight)
        return 2.0 * state.once - state.twice


@indicator
class Tema:
    """Triple exponential moving average: 3 EMA - 3 EMA of EMA + EMA of EMA of EMA.

    Source: P. G. Mulloy, "Smoothing Data with Less Lag", Stocks & Commodities 12:2, 1994. As TA-Lib's TEMA.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of each EMA")

    class State:
        seen: int
        once: float
        twice: float
        thrice: float

    @staticmethod
    def lookback(p: "Tema") -> int:
        return 3 * p.period - 2

    @staticmethod
    def warmup(p: "Tema") -> int:
        weight, step = [exponential(p.period)], p.period - 1
        return 3 * p.period - 2 + fade(weight, weight, weight, delays=(step, step), gains=(3.0, 3.0, 1.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Tema") -> float:
        weight = 2.0 / (p.period + 1.0)
        state.once = seeded(state.once, bar.value, state.seen, p.period, weight)
        if state.seen >= p.period:
            state.twice = seeded(state.twice, state.once, state.seen - p.period + 1, p.period, weight)
        if state.seen >= 2 * p.period - 1:
            state.thrice = seeded(state.thrice, state.twice, state.seen - 2 * p.period + 2, p.period, weight)
        return 3.0 * state.once - 3.0 * state.twice + state.thrice


@indicator
class Trima:
    """Triangular moving average: a simple mean of simple means, so that the middle of the window weighs most.

    Source: arithmetic. The two means are (period + 1) / 2 long each, or period / 2 and period / 2 + 1. As TA-Lib's
    TRIMA.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values in the mean")

    class State:
        seen: int
        inner: float
        outer: float
        inner_place: int
        outer_place: int
        inner_tail: Window = window(lambda p: (p.period + 1) // 2)
        outer_tail: Window = window(lambda p: p.period // 2 + 1)

    @staticmethod
    def lookback(p: "Trima") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Trima") -> float:
        short, long = (p.period + 1) // 2, p.period // 2 + 1
        total, state.inner, state.inner_place = sum_of(
            state.inner_tail, short, state.inner_place, state.inner, bar.value
        )
        if state.seen < short:
            return 0.0
        mean, state.outer, state.outer_place = sum_of(
            state.outer_tail, long, state.outer_place, state.outer, total / short
        )
        return mean / long


@indicator
class Hma:
    """Hull moving average: a WMA, over the root of ``period``, of twice the WMA of half the period less the whole one.

    Source: A. Hull, alanhull.com, 2005; half and root are cut to whole numbers.
    """

    period: int = param(minimum=2, maximum=_LONGEST, about="period of the slow WMA")

    class State:
        seen: int
        half: float
        half_ramp: float
        half_place: int
        whole: float
        whole_ramp: float
        whole_place: int
        last: float
        last_ramp: float
        last_place: int
        half_tail: Window = window(lambda p: p.period // 2)
        whole_tail: Window = window(lambda p: p.period)
        last_tail: Window = window(lambda p: isqrt(p.period))

    @staticmethod
    def lookback(p: "Hma") -> int:
        return p.period + isqrt(p.period) - 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Hma") -> float:
        short, size = p.period // 2, len(state.last_tail)
        half, state.half, state.half_ramp, state.half_place = weighted_of(
            state.half_tail, short, state.half_place, state.half, state.half_ramp, bar.value
        )
        whole, state.whole, state.whole_ramp, state.whole_place = weighted_of(
            state.whole_tail, p.period, state.whole_place, state.whole, state.whole_ramp, bar.value
        )
        if state.seen < p.period:
            return 0.0
        raw = 2.0 * half / (0.5 * short * (short + 1.0)) - whole / (0.5 * p.period * (p.period + 1.0))
        last, state.last, state.last_ramp, state.last_place = weighted_of(
            state.last_tail, size, state.last_place, state.last, state.last_ramp, raw
        )
        return last / (0.5 * size * (size + 1.0))


@indicator
class Zlema:
    """Zero-lag EMA: an EMA of the value plus what it has gained over the EMA's lag.

    Source: J. Ehlers, R. Way, "Zero Lag (Well, Almost)", Stocks & Commodities 28:12, 2010; lag (period - 1) / 2, cut to
    a whole number; started by the mean of the first ``period`` of these.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of the EMA")

    class State:
        seen: int
        mean: float
        place: int
        past: Window = window(lambda p: (p.period - 1) // 2 + 1)

    @staticmethod
    def lookback(p: "Zlema") -> int:
        return p.period + (p.period - 1) // 2

    @staticmethod
    def warmup(p: "Zlema") -> int:
        return p.period + (p.period - 1) // 2 + fade([exponential(p.period)], gains=(2.0,))

    @staticmethod
    def update(state: State, bar: Bar, p: "Zlema") -> float:
        lag = (p.period - 1) // 2
        state.past[state.place] = bar.value
        state.place = 0 if state.place == lag else state.place + 1
        if state.seen <= lag:
            return 0.0
        ahead = 2.0 * bar.value - state.past[state.place]
        state.mean = seeded(state.mean, ahead, state.seen - lag, p.period, 2.0 / (p.period + 1.0))
        return state.mean


@indicator
class T3:
    """Tillson's T3: six EMAs in a row, mixed so that smoothing costs little lag.

    Source: T. Tillson, "Smoothing Techniques for More Accurate Signals", Stocks & Commodities 16:1, 1998. As TA-Lib's
    T3.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of each EMA")
    volume_factor: float = param(0.7, minimum=0.0, maximum=1.0, about="0 is six EMAs, 1 is DEMA three times")

    class State:
        seen: int
        e1: float
        e2: float
        e3: float
        e4: float
        e5: float
        e6: float

    @staticmethod
    def lookback(p: "T3") -> int:
        return 6 * p.period - 5

    @staticmethod
    def warmup(p: "T3") -> int:
        stages, a = [[exponential(p.period)]] * 6, p.volume_factor
        gains = (0.0, 0.0, (1 + a) ** 3, 3 * a * (1 + a) ** 2, 3 * a * a * (1 + a), a**3)
        return 6 * p.period - 5 + fade(*stages, delays=(p.period - 1,) * 5, gains=gains)

    @staticmethod
    def update(state: State, bar: Bar, p: "T3") -> float:
        weight, step, seen = 2.0 / (p.period + 1.0), p.period - 1, state.seen
        state.e1 = seeded(state.e1, bar.value, seen, p.period, weight)
        if seen > step:
            state.e2 = seeded(state.e2, state.e1, seen - step, p.period, weight)
        if seen > 2 * step:
            state.e3 = seeded(state.e3, state.e2, seen - 2 * step, p.period, weight)
        if seen > 3 * step:
            state.e4 = seeded(state.e4, state.e3, seen - 3 * step, p.period, weight)
        if seen > 4 * step:
            state.e5 = seeded(state.e5, state.e4, seen - 4 * step, p.period, weight)
        if seen > 5 * step:
            state.e6 = seeded(state.e6, state.e5, seen - 5 * step, p.period, weight)
        a, b = p.volume_factor, 1.0 + p.volume_factor
        return b * b * b * state.e3 - 3.0 * a * b * b * state.e4 + 3.0 * a * a * b * state.e5 - a * a * a * state.e6
