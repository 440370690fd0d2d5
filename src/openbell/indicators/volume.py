"""Price and volume together."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from math import nan

from openbell.indicators.arithmetic import ratio, seeded, sum_of
from openbell.indicators.definition import Bar, CalendarFigure, Kind, Window, indicator, param, window
from openbell.indicators.settling import exponential, fade

_LONGEST = 100_000


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
    def update(state: State, bar: Bar, p: "Vwap") -> float:  # noqa: ARG004
        typical = (bar.high + bar.low + bar.close) / 3.0
        state.turnover += typical * bar.volume
        state.traded += bar.volume
        return ratio(state.turnover, state.traded, typical)


@indicator
class Obv:
    """On-balance volume since the session's open: volume of bars that closed higher less that of those lower.

    Source: J. Granville, "Granville's New Key to Stock Market Profits", 1963. Starts with the first bar's volume, as
    TA-Lib's OBV does with the first bar of all.
    """

    kind = Kind.SESSION

    class State:
        seen: int
        last: float
        total: float

    @staticmethod
    def update(state: State, bar: Bar, p: "Obv") -> float:  # noqa: ARG004
        if state.seen == 1 or bar.value > state.last:
            state.total += bar.volume
        elif bar.value < state.last:
            state.total -= bar.volume
        state.last = bar.value
        return state.total


@indicator
class Ad:
    """Accumulation/distribution since the session's open: volume times where in its range the bar closed, -1 to 1.

    Source: M. Chaikin; S. Achelis, "Technical Analysis from A to Z", 1995. As TA-Lib's AD, which starts with the first
    bar of all. A bar without a range adds nothing.
    """

    kind = Kind.SESSION

    class State:
        seen: int
        total: float

    @staticmethod
    def update(state: State, bar: Bar, p: "Ad") -> float:  # noqa: ARG004
        state.total += money_flow(bar.high, bar.low, bar.close, bar.volume)
        return state.total


@indicator
class Adosc:
    """Chaikin oscillator: a fast less a slow EMA of accumulation/distribution.

    Source: M. Chaikin; S. Achelis, "Technical Analysis from A to Z", 1995; both EMAs start with the first value, as in
    TA-Lib's ADOSC. Where the line itself starts does not matter, so it runs through the night.
    """

    kind = Kind.FADING
    fast: int = param(3, minimum=1, maximum=_LONGEST, about="period of the fast EMA")
    slow: int = param(10, minimum=2, maximum=_LONGEST, about="period of the slow EMA")

    class State:
        seen: int
        quick: float
        calm: float

    @staticmethod
    def check(p: "Adosc") -> str | None:
        return None if p.fast < p.slow else f"fast={p.fast} is not below slow={p.slow}"

    @staticmethod
    def lookback(p: "Adosc") -> int:
        return p.slow

    @staticmethod
    def warmup(p: "Adosc") -> int:
        return p.slow + fade([exponential(p.fast), exponential(p.slow)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Adosc") -> float:
        # Both averages are kept as distances from the line, which itself may grow without end.
        step = money_flow(bar.high, bar.low, bar.close, bar.volume) if state.seen > 1 else 0.0
        state.quick = (state.quick - step) * (1.0 - 2.0 / (p.fast + 1.0))
        state.calm = (state.calm - step) * (1.0 - 2.0 / (p.slow + 1.0))
        return state.quick - state.calm


@indicator
class Cmf:
    """Chaikin money flow: accumulation/distribution of the last ``period`` bars per volume, -1 to 1.

    Source: M. Chaikin; StockCharts. Where nothing was traded it is 0.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars in both sums")

    class State:
        seen: int
        flow: float
        traded: float
        place: int
        flows: Window = window(lambda p: p.period)
        tradeds: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Cmf") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Cmf") -> float:
        step = money_flow(bar.high, bar.low, bar.close, bar.volume)
        flow, state.flow, _ = sum_of(state.flows, p.period, state.place, state.flow, step)
        traded, state.traded, state.place = sum_of(state.tradeds, p.period, state.place, state.traded, bar.volume)
        return ratio(flow, traded, 0.0)


@indicator
class Mfi:
    """Money flow index: the share of turnover at rising typical prices in that at moving ones, 0 to 100.

    Source: G. Quong, A. Soudack, "Volume-Weighted RSI: Money Flow", Stocks & Commodities 7:3, 1989. Where nothing
    flowed it is 50; TA-Lib says 0 there, and wherever less than 1 flowed.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="moves in the sums")

    class State:
        seen: int
        last: float
        rise: float
        fall: float
        place: int
        rises: Window = window(lambda p: p.period)
        falls: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Mfi") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Mfi") -> float:
        typical, before = (bar.high + bar.low + bar.close) / 3.0, state.last
        state.last = typical
        if state.seen == 1:
            return 0.0
        flow = typical * bar.volume
        up, state.rise, _ = sum_of(state.rises, p.period, state.place, state.rise, flow if typical > before else 0.0)
        down, state.fall, state.place = sum_of(
            state.falls, p.period, state.place, state.fall, flow if typical < before else 0.0
        )
        return 100.0 * ratio(up, up + down, 0.5)


@indicator
class ForceIndex:
    """Force index: an EMA of the change of the close times the volume.

    Source: A. Elder, "Trading for a Living", 1993; started by the mean of the first ``period`` values.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of the EMA")

    class State:
        seen: int
        last: float
        mean: float

    @staticmethod
    def lookback(p: "ForceIndex") -> int:
        return p.period + 1

    @staticmethod
    def warmup(p: "ForceIndex") -> int:
        return p.period + 1 + fade([exponential(p.period)])

    @staticmethod
    def update(state: State, bar: Bar, p: "ForceIndex") -> float:
        force = (bar.value - state.last) * bar.volume
        state.last = bar.value
        if state.seen == 1:
            return 0.0
        state.mean = seeded(state.mean, force, state.seen - 1, p.period, 2.0 / (p.period + 1.0))
        return state.mean


@indicator
class EaseOfMovement:
    """Ease of movement: the move of the bar's middle per volume and range, as a simple mean.

    Source: R. W. Arms, "Volume Cycles in the Stock Market", 1983: move / ((volume / scale) / (high - low)). A bar
    without volume or range counts as 0.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars in the mean")
    scale: float = param(10_000.0, minimum=1e-9, maximum=1e15, about="volume that counts as 1")

    class State:
        seen: int
        last: float
        head: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "EaseOfMovement") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "EaseOfMovement") -> float:
        middle = 0.5 * (bar.high + bar.low)
        move = middle - state.last
        state.last = middle
        if state.seen == 1:
            return 0.0
        ease = ratio(move * (bar.high - bar.low) * p.scale, bar.volume, 0.0)
        total, state.head, state.place = sum_of(state.tail, p.period, state.place, state.head, ease)
        return total / p.period


@indicator
class VolumeSma:
    """The mean volume of the last ``period`` bars.

    Source: arithmetic; `sma` of the volume.
    """

    column = "volume"
    period: int = param(minimum=1, maximum=_LONGEST, about="bars in the mean")

    class State:
        seen: int
        head: float
        place: int
        tail: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "VolumeSma") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "VolumeSma") -> float:
        total, state.head, state.place = sum_of(state.tail, p.period, state.place, state.head, bar.value)
        return total / p.period


@indicator
class RelativeVolume:
    """The bar's volume per mean volume of the same place in the last ``period`` sessions.

    Source: arithmetic. A past session without a bar there counts as no volume; one whose last bar was earlier (an early
    close) does not count. Where the past has none it is 1. Bars of regular hours only.
    """

    regular = True
    period: int = param(minimum=1, maximum=1000, about="past sessions in the mean")
    slots: int = param(
        0,
        minimum=0,
        maximum=100_000,
        about="bars of the longest session; 0: as many as the market's calendar has",
        calendar=CalendarFigure.BARS_PER_SESSION,
    )

    class State:
        seen: int
        session: int = -1
        past: int = -1
        row: int
        volumes: Window = window(lambda p: (p.period + 1) * p.slots)
        reach: Window = window(lambda p: p.period + 1)

    @staticmethod
    def sessions(p: "RelativeVolume") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "RelativeVolume") -> float:
        if bar.session != state.session:
            state.session = bar.session
            state.past = min(state.past + 1, p.period)
            state.row = 0 if state.row == p.period else state.row + 1
            state.reach[state.row] = 0.0
            for i in range(state.row * p.slots, (state.row + 1) * p.slots):
                state.volumes[i] = 0.0
        slot = min(bar.slot, p.slots - 1)
        state.volumes[state.row * p.slots + slot] = bar.volume
        state.reach[state.row] = slot + 1.0
        if state.past <= 0:
            return nan
        total, count = 0.0, 0
        for back in range(1, state.past + 1):
            row = (state.row - back) % (p.period + 1)
            if state.reach[row] > slot:
                total += state.volumes[row * p.slots + slot]
                count += 1
        return ratio(bar.volume * count, total, 1.0)


def money_flow(high: float, low: float, close: float, volume: float) -> float:
    """Volume times where in its range a bar closed, from -1 at the low to 1 at the high."""
    return ratio(((close - low) - (high - close)) * volume, high - low, 0.0)
