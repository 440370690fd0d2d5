"""Averages of a price: what it was lately, without its noise."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import seeded, tail_sums
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window
from openbell.indicators.settling import exponential, fade


@indicator
class Sma:
    """Simple moving average: the mean of the last ``period`` values.

    Source: arithmetic. Equal to TA-Lib's SMA, but sums never subtract, so that nothing of a price that has left the
    window remains in it.
    """

    period: int = param(minimum=1, maximum=100_000, about="values in the mean")

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
        state.head += bar.value
        state.tail[state.place] = bar.value
        state.place += 1
        if state.place < p.period:
            return (state.tail[state.place] + state.head) / p.period
        state.place = 0
        state.head = 0.0
        return tail_sums(state.tail, p.period) / p.period


@indicator
class Ema:
    """Exponential moving average with weight 2 / (period + 1), started by the mean of the first ``period`` values.

    Source: P. N. Haurlan, "Measuring Trend Values", 1968; started as in TA-Lib.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=100_000, about="n in the weight 2 / (n + 1)")

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
