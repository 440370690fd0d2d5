"""Price and volume together."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106, ARG004

from openbell.indicators.arithmetic import ratio
from openbell.indicators.definition import Bar, Kind, indicator


@indicator
class Vwap:
    """Volume-weighted average price since the session's open, of the typical price (high + low + close) / 3.

    Source: S. A. Berkowitz, D. E. Logue, E. A. Noser, "The Total Cost of Transactions on the NYSE", 1988. Bars of
    regular hours only. Until something has traded it is the typical price of the last bar.
    """

    kind = Kind.SESSION

    class State:
        seen: int
        turnover: float
        traded: float

    @staticmethod
    def update(state: State, bar: Bar, p: "Vwap") -> float:
        typical = (bar.high + bar.low + bar.close) / 3.0
        state.turnover += typical * bar.volume
        state.traded += bar.volume
        return ratio(state.turnover, state.traded, typical)
