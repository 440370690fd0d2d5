"""Whether a price has a direction, which one, and since when."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import (
    highest_of,
    line_of,
    logarithm,
    lowest_of,
    ratio,
    seeded,
    sum_of,
    true_range,
)
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window
from openbell.indicators.settling import fade, wilder

_LONGEST = 100_000


@indicator
class Linreg:
    """Least-squares line through the last ``period`` values: its end, slope per bar, beginning, and share explained.

    Source: arithmetic. As TA-Lib's LINEARREG, _SLOPE and _INTERCEPT (the line's value at the oldest bar). ``r2`` of a
    constant price is 0: there is nothing to explain.
    """

    outputs = ("value", "slope", "intercept", "r2")
    period: int = param(minimum=2, maximum=_LONGEST, about="values that the line is fitted to")

    class State:
        seen: int
        anchor: float
        head: float
        square: float
        ramp: float
        place: int
        first: Window = window(lambda p: p.period)
        second: Window = window(lambda p: p.period)
        ramps: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Linreg") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Linreg") -> tuple[float, float, float, float]:
        n = p.period
        total, squares, weighted, state.anchor, state.head, state.square, state.ramp, state.place = line_of(
            state.first, state.second, state.ramps, n, state.place,
            state.anchor, state.head, state.square, state.ramp, bar.value,
        )  # fmt: skip
        middle = 0.5 * (n - 1.0)
        along = weighted - total - middle * total
        breadth = n * (n * n - 1.0) / 12.0
        slope = along / breadth
        mean = state.anchor + total / n
        explained = along * slope
        whole = squares - total * total / n
        r2 = min(ratio(explained, whole, 0.0), 1.0) if whole > 0.0 else 0.0
        return mean + slope * middle, slope, mean - slope * middle, r2


@indicator
class Ichimoku:
    """Ichimoku's lines at this bar: conversion, base, and the two edges of the cloud that were drawn ahead to here.

    Source: G. Hosoda, "Ichimoku Kinko Hyo", 1969: middles of the highest and lowest over ``conversion``, ``base`` and
    ``span`` bars; the cloud lies ``displacement`` bars ahead. The lagging line is the close and is left out. Some
    charts count the bar itself and draw the cloud 25 bars ahead.
    """

    outputs = ("conversion", "base", "span_a", "span_b")
    conversion: int = param(9, minimum=1, maximum=_LONGEST, about="bars of the conversion line (tenkan-sen)")
    base: int = param(26, minimum=1, maximum=_LONGEST, about="bars of the base line (kijun-sen)")
    span: int = param(52, minimum=1, maximum=_LONGEST, about="bars of the cloud's second edge (senkou span B)")
    displacement: int = param(26, minimum=0, maximum=_LONGEST, about="bars that the cloud lies ahead")

    class State:
        seen: int
        c_high: float
        c_low: float
        c_place: int
        b_high: float
        b_low: float
        b_place: int
        s_high: float
        s_low: float
        s_place: int
        at: int
        c_highs: Window = window(lambda p: p.conversion)
        c_lows: Window = window(lambda p: p.conversion)
        b_highs: Window = window(lambda p: p.base)
        b_lows: Window = window(lambda p: p.base)
        s_highs: Window = window(lambda p: p.span)
        s_lows: Window = window(lambda p: p.span)
        ahead_a: Window = window(lambda p: p.displacement + 1)
        ahead_b: Window = window(lambda p: p.displacement + 1)

    @staticmethod
    def lookback(p: "Ichimoku") -> int:
        return max(p.conversion, p.base, p.span) + p.displacement

    @staticmethod
    def update(state: State, bar: Bar, p: "Ichimoku") -> tuple[float, float, float, float]:
        top, state.c_high, _ = highest_of(state.c_highs, p.conversion, state.c_place, state.c_high, bar.high)
        bottom, state.c_low, state.c_place = lowest_of(state.c_lows, p.conversion, state.c_place, state.c_low, bar.low)
        conversion = 0.5 * (top + bottom)
        top, state.b_high, _ = highest_of(state.b_highs, p.base, state.b_place, state.b_high, bar.high)
        bottom, state.b_low, state.b_place = lowest_of(state.b_lows, p.base, state.b_place, state.b_low, bar.low)
        base = 0.5 * (top + bottom)
        top, state.s_high, _ = highest_of(state.s_highs, p.span, state.s_place, state.s_high, bar.high)
        bottom, state.s_low, state.s_place = lowest_of(state.s_lows, p.span, state.s_place, state.s_low, bar.low)
        state.ahead_a[state.at] = 0.5 * (conversion + base)
        state.ahead_b[state.at] = 0.5 * (top + bottom)
        state.at = 0 if state.at == p.displacement else state.at + 1
        return conversion, base, state.ahead_a[state.at], state.ahead_b[state.at]


@indicator
class Adx:
    """Average directional index with the directional indicators and the index itself, 0 to 100.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section V: the first sums are of ``period``
    moves, the first ADX the mean of ``period`` DX. TA-Lib's first sums are one move shorter, which fades. Where nothing
    moved all are 0.
    """

    kind = Kind.FADING
    outputs = ("adx", "plus_di", "minus_di", "dx")
    period: int = param(minimum=1, maximum=_LONGEST, about="period of both smoothings")

    class State:
        seen: int
        high: float
        low: float
        close: float
        up: float
        down: float
        reach: float
        mean: float

    @staticmethod
    def lookback(p: "Adx") -> int:
        return 2 * p.period

    @staticmethod
    def warmup(p: "Adx") -> int:
        weight = [wilder(p.period)]
        return 2 * p.period + fade(weight, weight, delays=(p.period - 1,), gains=(1.0, 1.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Adx") -> tuple[float, float, float, float]:
        up, down = bar.high - state.high, state.low - bar.low
        reach = true_range(bar.high, bar.low, state.close)
        state.high, state.low, state.close = bar.high, bar.low, bar.close
        if state.seen == 1:
            return 0.0, 0.0, 0.0, 0.0
        weight, moves = 1.0 / p.period, state.seen - 1
        state.up = seeded(state.up, up if up > down and up > 0.0 else 0.0, moves, p.period, weight)
        state.down = seeded(state.down, down if down > up and down > 0.0 else 0.0, moves, p.period, weight)
        state.reach = seeded(state.reach, reach, moves, p.period, weight)
        if moves < p.period:
            return 0.0, 0.0, 0.0, 0.0
        plus, minus = ratio(100.0 * state.up, state.reach, 0.0), ratio(100.0 * state.down, state.reach, 0.0)
        dx = ratio(100.0 * abs(plus - minus), plus + minus, 0.0)
        state.mean = seeded(state.mean, dx, moves - p.period + 1, p.period, weight)
        return state.mean, plus, minus, dx


def latest_highest(ring: Window, size: int, place: int) -> int:
    """How many places before ``place`` the highest of a ring lies; of equal ones the latest."""
    best = 0
    for age in range(1, size):
        if ring[(place - age) % size] > ring[(place - best) % size]:
            best = age
    return best


def latest_lowest(ring: Window, size: int, place: int) -> int:
    """How many places before ``place`` the lowest of a ring lies; of equal ones the latest."""
    best = 0
    for age in range(1, size):
        if ring[(place - age) % size] < ring[(place - best) % size]:
            best = age
    return best


@indicator
class Aroon:
    """How lately the highest high and the lowest low of the last ``period`` + 1 bars were: 100 now, 0 at the far end.

    Source: T. Chande, "A Time Price Oscillator", Stocks & Commodities 13:9, 1995. Of equal extremes the latest counts,
    as in TA-Lib's AROON.
    """

    outputs = ("up", "down", "oscillator")
    period: int = param(minimum=1, maximum=_LONGEST, about="bars back from the present one")

    class State:
        seen: int
        place: int
        top_age: int
        bottom_age: int
        highs: Window = window(lambda p: p.period + 1)
        lows: Window = window(lambda p: p.period + 1)

    @staticmethod
    def lookback(p: "Aroon") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Aroon") -> tuple[float, float, float]:
        size, place = p.period + 1, state.place
        state.highs[place], state.lows[place] = bar.high, bar.low
        state.top_age, state.bottom_age = state.top_age + 1, state.bottom_age + 1
        if state.top_age >= size:
            state.top_age = latest_highest(state.highs, size, place)
        elif state.seen == 1 or bar.high >= state.highs[(place - state.top_age) % size]:
            state.top_age = 0
        if state.bottom_age >= size:
            state.bottom_age = latest_lowest(state.lows, size, place)
        elif state.seen == 1 or bar.low <= state.lows[(place - state.bottom_age) % size]:
            state.bottom_age = 0
        state.place = 0 if place == p.period else place + 1
        up = 100.0 * (p.period - state.top_age) / p.period
        down = 100.0 * (p.period - state.bottom_age) / p.period
        return up, down, up - down


@indicator
class Vortex:
    """Vortex indicator: upward and downward movement over the last ``period`` bars, each per true range.

    Source: E. Botes, D. Siepman, "The Vortex Indicator", Stocks & Commodities 28:1, 2010. Where nothing moved both are
    0.
    """

    outputs = ("plus", "minus")
    period: int = param(minimum=1, maximum=_LONGEST, about="moves in the sums")

    class State:
        seen: int
        high: float
        low: float
        close: float
        plus: float
        minus: float
        reach: float
        place: int
        pluses: Window = window(lambda p: p.period)
        minuses: Window = window(lambda p: p.period)
        reaches: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Vortex") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Vortex") -> tuple[float, float]:
        up, down = abs(bar.high - state.low), abs(bar.low - state.high)
        reach = true_range(bar.high, bar.low, state.close)
        state.high, state.low, state.close = bar.high, bar.low, bar.close
        if state.seen == 1:
            return 0.0, 0.0
        plus, state.plus, _ = sum_of(state.pluses, p.period, state.place, state.plus, up)
        minus, state.minus, _ = sum_of(state.minuses, p.period, state.place, state.minus, down)
        whole, state.reach, state.place = sum_of(state.reaches, p.period, state.place, state.reach, reach)
        return ratio(plus, whole, 0.0), ratio(minus, whole, 0.0)


@indicator
class Choppiness:
    """Choppiness index: the way of the last ``period`` bars against the range that they covered, 0 (straight) to 100.

    Source: E. W. Dreiss, Futures magazine, 1993: 100 log(sum of true ranges / range) / log(period). A price that
    covered no range counts as wholly choppy, 100. The first true range is ``high - low``.
    """

    period: int = param(minimum=2, maximum=_LONGEST, about="bars in sum and range")

    class State:
        seen: int
        close: float
        way: float
        high: float
        low: float
        place: int
        ways: Window = window(lambda p: p.period)
        highs: Window = window(lambda p: p.period)
        lows: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Choppiness") -> int:
        return p.period

    @staticmethod
    def warmup(p: "Choppiness") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Choppiness") -> float:
        reach = true_range(bar.high, bar.low, state.close) if state.seen > 1 else bar.high - bar.low
        state.close = bar.close
        way, state.way, _ = sum_of(state.ways, p.period, state.place, state.way, reach)
        top, state.high, _ = highest_of(state.highs, p.period, state.place, state.high, bar.high)
        bottom, state.low, state.place = lowest_of(state.lows, p.period, state.place, state.low, bar.low)
        if top <= bottom or way <= 0.0:
            return 100.0
        return 100.0 * logarithm(way / (top - bottom)) / logarithm(1.0 * p.period)
