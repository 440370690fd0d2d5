"""Stops that follow a trend."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import seeded, true_range
from openbell.indicators.definition import Bar, Kind, indicator, param

_LONGEST = 100_000


@indicator
class Psar:
    """Parabolic stop and reverse: a stop that closes in on the price the longer a trend makes new extremes.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section II. Starts, as TA-Lib's SAR, at the
    second bar, long unless the low has moved down further than the high has moved up.
    """

    kind = Kind.REPLAYED
    start: float = param(0.02, minimum=0.0, maximum=10.0, about="acceleration at a trend's beginning")
    increment: float = param(0.02, minimum=0.0, maximum=10.0, about="what each new extreme adds to it")
    maximum: float = param(0.2, minimum=0.0, maximum=10.0, about="its upper limit")
    history: int = param(500, minimum=1, maximum=1_000_000, about="bars before today's open that are replayed")

    class State:
        seen: int
        long: int
        stop: float
        extreme: float
        speed: float
        high: float
        low: float

    @staticmethod
    def lookback(p: "Psar") -> int:  # noqa: ARG004
        return 2

    @staticmethod
    def check(p: "Psar") -> str | None:
        return None if p.start <= p.maximum else f"start={p.start:g} is above maximum={p.maximum:g}"

    @staticmethod
    def update(state: State, bar: Bar, p: "Psar") -> float:
        high, low = state.high, state.low
        state.high, state.low = bar.high, bar.low
        if state.seen == 1:
            return 0.0
        if state.seen == 2:
            up, down = bar.high - high, low - bar.low
            state.long = 0 if down > 0.0 and down > up else 1
            state.extreme = bar.high if state.long else bar.low
            state.stop = low if state.long else high
            state.speed = p.start
            high, low = bar.high, bar.low
        stop = state.stop
        if state.long:
            if bar.low <= stop:
                state.long = 0
                stop = max(state.extreme, high, bar.high)
                state.extreme, state.speed = bar.low, p.start
                state.stop = max(stop + state.speed * (state.extreme - stop), high, bar.high)
            else:
                if bar.high > state.extreme:
                    state.extreme, state.speed = bar.high, min(state.speed + p.increment, p.maximum)
                state.stop = min(stop + state.speed * (state.extreme - stop), low, bar.low)
        elif bar.high >= stop:
            state.long = 1
            stop = min(state.extreme, low, bar.low)
            state.extreme, state.speed = bar.high, p.start
            state.stop = min(stop + state.speed * (state.extreme - stop), low, bar.low)
        else:
            if bar.low < state.extreme:
                state.extreme, state.speed = bar.low, min(state.speed + p.increment, p.maximum)
            state.stop = max(stop + state.speed * (state.extreme - stop), high, bar.high)
        return stop


@indicator
class Supertrend:
    """A band of ATRs around the middle of the bar that only moves with the trend: its value, and direction 1 or -1.

    Source: O. Seban, as published by TradingView (ta.supertrend): Wilder's ATR, the close is compared with the band of
    the bar, the first direction is down. There direction has the other sign.
    """

    kind = Kind.REPLAYED
    outputs = ("value", "direction")
    period: int = param(minimum=1, maximum=_LONGEST, about="period of the ATR")
    multiplier: float = param(3.0, minimum=0.01, maximum=1000.0, about="ATRs between the middle and a band")
    history: int = param(500, minimum=1, maximum=1_000_000, about="bars before today's open that are replayed")

    class State:
        seen: int
        last: float
        mean: float
        upper: float
        lower: float
        up: int

    @staticmethod
    def lookback(p: "Supertrend") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Supertrend") -> tuple[float, float]:
        before = state.last
        reach = true_range(bar.high, bar.low, before) if state.seen > 1 else bar.high - bar.low
        state.last = bar.close
        state.mean = seeded(state.mean, reach, state.seen, p.period, 1.0 / p.period)
        if state.seen < p.period:
            return 0.0, 0.0
        middle, away = 0.5 * (bar.high + bar.low), p.multiplier * state.mean
        first = state.seen == p.period
        if first or middle + away < state.upper or before > state.upper:
            state.upper = middle + away
        if first or middle - away > state.lower or before < state.lower:
            state.lower = middle - away
        if state.up:
            state.up = 0 if bar.close < state.lower else 1
        else:
            state.up = 1 if bar.close > state.upper and not first else 0
        return (state.lower, 1.0) if state.up else (state.upper, -1.0)
