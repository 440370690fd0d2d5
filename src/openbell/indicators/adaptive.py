"""Averages whose weights follow more than age: volume, the price's own way, or a bell."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import exponent, ratio, sum_of
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window

_LONGEST = 100_000


@indicator
class Alma:
    """Arnaud Legoux moving average: weights in the shape of a bell whose top lies towards the newest value.

    Source: A. Legoux, D. Kouzis-Loukas, "ALMA", 2009: weights exp(-(i - m)^2 / (2 s^2)), s = period / sigma, and m the
    whole part of offset * (period - 1). TradingView does not cut m unless told to.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="values in the mean")
    offset: float = param(0.85, minimum=0.0, maximum=1.0, about="place of the top: 0 the oldest, 1 the newest value")
    sigma: float = param(6.0, minimum=0.01, maximum=1000.0, about="how narrow the bell is")

    class State:
        seen: int
        place: int
        weight: float
        weights: Window = window(lambda p: p.period)
        past: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Alma") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Alma") -> float:
        if state.seen == 1:
            top = int(p.offset * (p.period - 1))
            for i in range(p.period):
                away = (i - top) * p.sigma / p.period
                state.weights[i] = exponent(-0.5 * away * away)
                state.weight += state.weights[i]
        state.past[state.place] = bar.value
        state.place = 0 if state.place == p.period - 1 else state.place + 1
        # Differences from the newest value: a constant price comes out as itself.
        total, i = 0.0, 0
        for k in range(state.place, p.period):
            total += state.weights[i] * (state.past[k] - bar.value)
            i += 1
        for k in range(state.place):
            total += state.weights[i] * (state.past[k] - bar.value)
            i += 1
        return bar.value + ratio(total, state.weight, 0.0)


@indicator
class Vwma:
    """Volume-weighted moving average over the last ``period`` bars.

    Source: arithmetic. Where nothing was traded it is the newest value.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars in the mean")

    class State:
        seen: int
        turnover: float
        traded: float
        place: int
        turnover_tail: Window = window(lambda p: p.period)
        traded_tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Vwma") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Vwma") -> float:
        turnover, state.turnover, _ = sum_of(
            state.turnover_tail, p.period, state.place, state.turnover, bar.value * bar.volume
        )
        traded, state.traded, state.place = sum_of(state.traded_tail, p.period, state.place, state.traded, bar.volume)
        return ratio(turnover, traded, bar.value)


@indicator
class Kama:
    """Kaufman's adaptive moving average: quick when the price goes straight, slow when it goes to and fro.

    Source: P. J. Kaufman, "Smarter Trading", 1995. Starts at the value before the first number, as TA-Lib's KAMA.
    Where nothing moved it is quick.
    """

    kind = Kind.REPLAYED
    period: int = param(minimum=1, maximum=_LONGEST, about="moves in the efficiency ratio")
    fast: int = param(2, minimum=1, maximum=_LONGEST, about="period of the EMA that it is when quick")
    slow: int = param(30, minimum=1, maximum=_LONGEST, about="period of the EMA that it is when slow")
    history: int = param(500, minimum=1, maximum=1_000_000, about="bars before today's open that are replayed")

    class State:
        seen: int
        last: float
        mean: float
        head: float
        place: int
        at: int
        tail: Window = window(lambda p: p.period)
        past: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Kama") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Kama") -> float:
        moved, before = abs(bar.value - state.last), state.last
        change = abs(bar.value - state.past[state.at])
        state.past[state.at] = bar.value
        state.at = 0 if state.at == p.period - 1 else state.at + 1
        state.last = bar.value
        if state.seen == 1:
            return 0.0
        way, state.head, state.place = sum_of(state.tail, p.period, state.place, state.head, moved)
        if state.seen <= p.period:
            return 0.0
        if state.seen == p.period + 1:
            state.mean = before
        quick, slow = 2.0 / (p.fast + 1.0), 2.0 / (p.slow + 1.0)
        weight = min(ratio(change, way, 1.0), 1.0) * (quick - slow) + slow
        state.mean += weight * weight * (bar.value - state.mean)
        return state.mean
