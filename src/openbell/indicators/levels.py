"""Prices that are looked at: extremes, and what the previous session left."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from math import nan

from openbell.indicators.arithmetic import highest_of, lowest_of, ratio
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window

_LONGEST = 100_000

Levels = tuple[float, float, float, float, float, float, float, float, float]


@indicator
class Highest:
    """The highest of the last ``period`` values, this one included; of the high unless told otherwise.

    Source: arithmetic. As TA-Lib's MAX.
    """

    column = "high"
    period: int = param(minimum=1, maximum=_LONGEST, about="values looked at")

    class State:
        seen: int
        head: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Highest") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Highest") -> float:
        top, state.head, state.place = highest_of(state.tail, p.period, state.place, state.head, bar.value)
        return top


@indicator
class Lowest:
    """The lowest of the last ``period`` values, this one included; of the low unless told otherwise.

    Source: arithmetic. As TA-Lib's MIN.
    """

    column = "low"
    period: int = param(minimum=1, maximum=_LONGEST, about="values looked at")

    class State:
        seen: int
        head: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Lowest") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Lowest") -> float:
        bottom, state.head, state.place = lowest_of(state.tail, p.period, state.place, state.head, bar.value)
        return bottom


@indicator
class OpeningRange:
    """High and low of the first ``period`` windows of the session, and their middle.

    Source: T. Crabel, "Day Trading with Short Term Price Patterns and Opening Range Breakout", 1990. A number from the
    first bar on, final when the windows are over. A symbol without a bar in them takes its first bar. Regular hours
    only.
    """

    kind = Kind.SESSION
    outputs = ("high", "low", "middle")
    period: int = param(minimum=1, maximum=_LONGEST, about="windows of the interval since the open")

    class State:
        seen: int
        high: float
        low: float

    @staticmethod
    def update(state: State, bar: Bar, p: "OpeningRange") -> tuple[float, float, float]:
        if state.seen == 1:
            state.high, state.low = bar.high, bar.low
        elif bar.slot < p.period:
            state.high, state.low = max(state.high, bar.high), min(state.low, bar.low)
        return state.high, state.low, 0.5 * (state.high + state.low)


@indicator
class PreviousDay:
    """High, low and close of the last session before this one in which the symbol has a bar.

    Source: arithmetic. Bars of regular hours only; there before the first bar of today.
    """

    regular = True
    at_open = True
    outputs = ("high", "low", "close")

    class State:
        seen: int
        session: int = -1
        high: float = nan
        low: float = nan
        close: float = nan
        last_high: float = nan
        last_low: float = nan
        last_close: float = nan

    @staticmethod
    def sessions(p: "PreviousDay") -> int:  # noqa: ARG004
        return 1

    @staticmethod
    def update(state: State, bar: Bar, p: "PreviousDay") -> tuple[float, float, float]:  # noqa: ARG004
        if bar.session != state.session:
            state.last_high, state.last_low, state.last_close = state.high, state.low, state.close
            state.session, state.high, state.low = bar.session, bar.high, bar.low
        state.high, state.low = max(state.high, bar.high), min(state.low, bar.low)
        state.close = bar.close
        return state.last_high, state.last_low, state.last_close


@indicator
class Gap:
    """How far the session's first open is from the previous close: in the price's unit, and in percent.

    Source: arithmetic. Bars of regular hours only. From a close of 0 the percentage is 0.
    """

    regular = True
    outputs = ("value", "percent")

    class State:
        seen: int
        session: int = -1
        close: float = nan
        gap: float = nan
        percent: float = nan

    @staticmethod
    def sessions(p: "Gap") -> int:  # noqa: ARG004
        return 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Gap") -> tuple[float, float]:  # noqa: ARG004
        if bar.session != state.session:
            state.session = bar.session
            state.gap = bar.open - state.close
            state.percent = ratio(100.0 * state.gap, state.close, 0.0)
        state.close = bar.close
        return state.gap, state.percent


@indicator
class PivotPoints:
    """Pivot, resistances and supports from the previous session's high, low and close.

    Source: classic: floor traders, as published by TradingView; fibonacci: 38.2, 61.8 and 100 percent of the range from
    the pivot; camarilla: N. Scott, 1989; woodie: K. Wood, with the previous close; demark: T. DeMark, "The New Science
    of Technical Analysis", 1994, by previous open and close. Where a method has fewer levels the last one is repeated.
    Bars of regular hours only; there before the first bar of today.
    """

    regular = True
    at_open = True
    outputs = ("pivot", "r1", "r2", "r3", "r4", "s1", "s2", "s3", "s4")
    method: str = param(
        "classic", choices=("classic", "fibonacci", "camarilla", "woodie", "demark"), about="which formulas"
    )

    class State:
        seen: int
        session: int = -1
        open: float = nan
        high: float = nan
        low: float = nan
        close: float = nan
        last_open: float = nan
        last_high: float = nan
        last_low: float = nan
        last_close: float = nan

    @staticmethod
    def sessions(p: "PivotPoints") -> int:  # noqa: ARG004
        return 1

    @staticmethod
    def update(state: State, bar: Bar, p: "PivotPoints") -> Levels:
        if bar.session != state.session:
            state.last_open, state.last_high = state.open, state.high
            state.last_low, state.last_close = state.low, state.close
            state.session, state.open, state.high, state.low = bar.session, bar.open, bar.high, bar.low
        state.high, state.low = max(state.high, bar.high), min(state.low, bar.low)
        state.close = bar.close
        return pivots(int(p.method), state.last_open, state.last_high, state.last_low, state.last_close)


def pivots(method: int, opened: float, high: float, low: float, close: float) -> Levels:
    """Pivot, four resistances and four supports of a session; the methods in the order of `PivotPoints`."""
    reach = high - low
    pivot = (high + low + close) / 3.0
    if method == 1:
        r1, r2, r3 = pivot + 0.382 * reach, pivot + 0.618 * reach, pivot + reach
        s1, s2, s3 = pivot - 0.382 * reach, pivot - 0.618 * reach, pivot - reach
        return pivot, r1, r2, r3, r3, s1, s2, s3, s3
    if method == 2:
        step = 1.1 * reach
        above = close + step / 12.0, close + step / 6.0, close + step / 4.0, close + step / 2.0
        below = close - step / 12.0, close - step / 6.0, close - step / 4.0, close - step / 2.0
        return pivot, above[0], above[1], above[2], above[3], below[0], below[1], below[2], below[3]
    if method == 4:
        counted_twice = low if close < opened else high if close > opened else close
        x = high + low + close + counted_twice
        r, s = 0.5 * x - low, 0.5 * x - high
        return 0.25 * x, r, r, r, r, s, s, s, s
    if method == 3:
        pivot = (high + low + 2.0 * close) / 4.0
    r1, s1, r2, s2 = 2.0 * pivot - low, 2.0 * pivot - high, pivot + reach, pivot - reach
    r3, s3 = high + 2.0 * (pivot - low), low - 2.0 * (high - pivot)
    if method == 3:
        return pivot, r1, r2, r3, r3 + reach, s1, s2, s3, s3 - reach
    return pivot, r1, r2, r3, 3.0 * pivot + high - 3.0 * low, s1, s2, s3, 3.0 * pivot - 3.0 * high + low
