"""How far a price moves."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import seeded, true_range
from openbell.indicators.definition import Bar, Kind, indicator, param
from openbell.indicators.settling import fade, wilder


@indicator
class Atr:
    """Average true range, smoothed by Wilder's 1 / period, in the price's own unit.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section III. The first true range is
    ``high - low``, as there is no close before; TA-Lib leaves it out and starts one bar later, which fades.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=100_000, about="true ranges in the smoothing")

    class State:
        seen: int
        last: float
        mean: float

    @staticmethod
    def lookback(p: "Atr") -> int:
        return p.period

    @staticmethod
    def warmup(p: "Atr") -> int:
        return p.period + fade([wilder(p.period)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Atr") -> float:
        reach = bar.high - bar.low
        if state.seen > 1:
            reach = true_range(bar.high, bar.low, state.last)
        state.last = bar.close
        state.mean = seeded(state.mean, reach, state.seen, p.period, 1.0 / p.period)
        return state.mean
