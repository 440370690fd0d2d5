"""Where a price stands between its extremes: values between two bounds."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import highest_of, lowest_of, ratio, seeded, sum_of, true_range
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window
from openbell.indicators.settling import TOLERANCE, fade, wilder

_LONGEST = 100_000


@indicator
class Rsi:
    """Relative strength index: the share of rises in all moves, 0 to 100, smoothed by Wilder's 1 / period.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section VI. Where the price has not moved
    at all there is no share: the value is 50. TA-Lib says 0 there.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="moves in the smoothing")

    class State:
        seen: int
        last: float
        gain: float
        loss: float

    @staticmethod
    def lookback(p: "Rsi") -> int:
        return p.period + 1

    @staticmethod
    def warmup(p: "Rsi") -> int:
        return p.period + 1 + fade([wilder(p.period)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Rsi") -> float:
        move = bar.value - state.last
        state.last = bar.value
        if state.seen == 1:
            return 50.0
        weight = 1.0 / p.period
        state.gain = seeded(state.gain, max(move, 0.0), state.seen - 1, p.period, weight)
        state.loss = seeded(state.loss, max(-move, 0.0), state.seen - 1, p.period, weight)
        return 100.0 * ratio(state.gain, state.gain + state.loss, 0.5)


@indicator
class Stochastic:
    """Where the close stands in the range of the last ``period`` bars, 0 to 100: smoothed (k), and smoothed again (d).

    Source: G. C. Lane, "Lane's Stochastics", Stocks & Commodities 2:3, 1984; simple means, as TA-Lib's STOCH. With
    ``smooth_k=1`` it is the fast one. Of a range of nothing the close is in the middle, 50; TA-Lib says 0 there.
    """

    outputs = ("k", "d")
    period: int = param(minimum=1, maximum=_LONGEST, about="bars of the range")
    smooth_k: int = param(3, minimum=1, maximum=_LONGEST, about="values in the mean that is k")
    smooth_d: int = param(3, minimum=1, maximum=_LONGEST, about="values of k in the mean that is d")

    class State:
        seen: int
        high: float
        low: float
        place: int
        k_head: float
        k_place: int
        d_head: float
        d_place: int
        highs: Window = window(lambda p: p.period)
        lows: Window = window(lambda p: p.period)
        k_tail: Window = window(lambda p: p.smooth_k)
        d_tail: Window = window(lambda p: p.smooth_d)

    @staticmethod
    def lookback(p: "Stochastic") -> int:
        return p.period + p.smooth_k + p.smooth_d - 2

    @staticmethod
    def update(state: State, bar: Bar, p: "Stochastic") -> tuple[float, float]:
        top, state.high, _ = highest_of(state.highs, p.period, state.place, state.high, bar.high)
        bottom, state.low, state.place = lowest_of(state.lows, p.period, state.place, state.low, bar.low)
        if state.seen < p.period:
            return 0.0, 0.0
        raw = 100.0 * ratio(bar.close - bottom, top - bottom, 0.5)
        total, state.k_head, state.k_place = sum_of(state.k_tail, p.smooth_k, state.k_place, state.k_head, raw)
        if state.seen < p.period + p.smooth_k - 1:
            return 0.0, 0.0
        k = total / p.smooth_k
        total, state.d_head, state.d_place = sum_of(state.d_tail, p.smooth_d, state.d_place, state.d_head, k)
        return k, total / p.smooth_d


@indicator
class StochRsi:
    """Stochastic of Wilder's RSI: where the RSI stands in its own range, 0 to 100, smoothed (k) and again (d).

    Source: T. Chande, S. Kroll, "The New Technical Trader", 1994; smoothed as on most charts. An RSI that did not move
    is in the middle, 50; TA-Lib says 0 there.
    """

    kind = Kind.FADING
    outputs = ("k", "d")
    period: int = param(minimum=1, maximum=_LONGEST, about="period of the RSI")
    stochastic: int = param(14, minimum=1, maximum=_LONGEST, about="values of the RSI in the range")
    smooth_k: int = param(3, minimum=1, maximum=_LONGEST, about="values in the mean that is k")
    smooth_d: int = param(3, minimum=1, maximum=_LONGEST, about="values of k in the mean that is d")

    class State:
        seen: int
        last: float
        gain: float
        loss: float
        high: float
        low: float
        place: int
        k_head: float
        k_place: int
        d_head: float
        d_place: int
        highs: Window = window(lambda p: p.stochastic)
        lows: Window = window(lambda p: p.stochastic)
        k_tail: Window = window(lambda p: p.smooth_k)
        d_tail: Window = window(lambda p: p.smooth_d)

    @staticmethod
    def lookback(p: "StochRsi") -> int:
        return p.period + p.stochastic + p.smooth_k + p.smooth_d - 2

    @staticmethod
    def warmup(p: "StochRsi") -> int:
        # Stretching a narrow range of the RSI to 100 makes what is left of its start larger.
        return StochRsi.lookback(p) + fade([wilder(p.period)], tolerance=TOLERANCE / 1000.0)

    @staticmethod
    def update(state: State, bar: Bar, p: "StochRsi") -> tuple[float, float]:
        move, seen = bar.value - state.last, state.seen - 1
        state.last = bar.value
        if seen == 0:
            return 0.0, 0.0
        weight = 1.0 / p.period
        state.gain = seeded(state.gain, max(move, 0.0), seen, p.period, weight)
        state.loss = seeded(state.loss, max(-move, 0.0), seen, p.period, weight)
        if seen < p.period:
            return 0.0, 0.0
        rsi = 100.0 * ratio(state.gain, state.gain + state.loss, 0.5)
        top, state.high, _ = highest_of(state.highs, p.stochastic, state.place, state.high, rsi)
        bottom, state.low, state.place = lowest_of(state.lows, p.stochastic, state.place, state.low, rsi)
        if seen < p.period + p.stochastic - 1:
            return 0.0, 0.0
        raw = 100.0 * ratio(rsi - bottom, top - bottom, 0.5)
        total, state.k_head, state.k_place = sum_of(state.k_tail, p.smooth_k, state.k_place, state.k_head, raw)
        if seen < p.period + p.stochastic + p.smooth_k - 2:
            return 0.0, 0.0
        k = total / p.smooth_k
        total, state.d_head, state.d_place = sum_of(state.d_tail, p.smooth_d, state.d_place, state.d_head, k)
        return k, total / p.smooth_d


@indicator
class WilliamsR:
    """Williams' %R: how far the close is below the highest high, in percent of the range, -100 to 0.

    Source: L. Williams, "How I Made One Million Dollars Last Year Trading Commodities", 1973. Of a range of nothing the
    close is in the middle, -50; TA-Lib says 0 there.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars of the range")

    class State:
        seen: int
        high: float
        low: float
        place: int
        highs: Window = window(lambda p: p.period)
        lows: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "WilliamsR") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "WilliamsR") -> float:
        top, state.high, _ = highest_of(state.highs, p.period, state.place, state.high, bar.high)
        bottom, state.low, state.place = lowest_of(state.lows, p.period, state.place, state.low, bar.low)
        return 100.0 * ratio(bar.close - top, top - bottom, -0.5)


@indicator
class Cci:
    """Commodity channel index: the typical price's distance from its mean, in 0.015 mean deviations.

    Source: D. R. Lambert, "Commodity Channel Index", Commodities magazine, October 1980. Where nothing deviates it is
    0, as in TA-Lib's CCI.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars in mean and deviation")

    class State:
        seen: int
        place: int
        past: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Cci") -> int:
        return p.period

    @staticmethod
    def update(state: State, bar: Bar, p: "Cci") -> float:
        typical = (bar.high + bar.low + bar.close) / 3.0
        state.past[state.place] = typical
        state.place = 0 if state.place == p.period - 1 else state.place + 1
        # About the newest value: a constant price leaves exactly nothing.
        mean = 0.0
        for i in range(p.period):
            mean += state.past[i] - typical
        mean /= p.period
        deviation = 0.0
        for i in range(p.period):
            deviation += abs(state.past[i] - typical - mean)
        return ratio(-mean, 0.015 * deviation / p.period, 0.0)


@indicator
class Cmo:
    """Chande momentum oscillator: rises less falls per all moves of the last ``period``, -100 to 100.

    Source: T. Chande, S. Kroll, "The New Technical Trader", 1994, chapter 5: plain sums over the window. TA-Lib's CMO
    smooths by Wilder's 1 / period instead, which is 2 RSI - 100. Where nothing moved it is 0.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="moves in the sums")

    class State:
        seen: int
        last: float
        gain: float
        loss: float
        place: int
        gains: Window = window(lambda p: p.period)
        losses: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Cmo") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Cmo") -> float:
        move = bar.value - state.last
        state.last = bar.value
        if state.seen == 1:
            return 0.0
        up, state.gain, _ = sum_of(state.gains, p.period, state.place, state.gain, max(move, 0.0))
        down, state.loss, state.place = sum_of(state.losses, p.period, state.place, state.loss, max(-move, 0.0))
        return 100.0 * ratio(up - down, up + down, 0.0)


@indicator
class UltimateOscillator:
    """Ultimate oscillator: buying pressure per true range over three windows, weighted 4, 2 and 1, 0 to 100.

    Source: L. Williams, "The Ultimate Oscillator", Stocks & Commodities 3:4, 1985. A window in which nothing moved
    counts as balanced, one half; TA-Lib leaves it out.
    """

    fast: int = param(7, minimum=1, maximum=_LONGEST, about="bars of the first window")
    medium: int = param(14, minimum=1, maximum=_LONGEST, about="bars of the second window")
    slow: int = param(28, minimum=1, maximum=_LONGEST, about="bars of the third window")

    class State:
        seen: int
        close: float
        buy_1: float
        buy_2: float
        buy_3: float
        all_1: float
        all_2: float
        all_3: float
        place_1: int
        place_2: int
        place_3: int
        buys_1: Window = window(lambda p: p.fast)
        buys_2: Window = window(lambda p: p.medium)
        buys_3: Window = window(lambda p: p.slow)
        alls_1: Window = window(lambda p: p.fast)
        alls_2: Window = window(lambda p: p.medium)
        alls_3: Window = window(lambda p: p.slow)

    @staticmethod
    def check(p: "UltimateOscillator") -> str | None:
        ordered = p.fast <= p.medium <= p.slow
        return None if ordered else f"fast={p.fast}, medium={p.medium}, slow={p.slow} are not in ascending order"

    @staticmethod
    def lookback(p: "UltimateOscillator") -> int:
        return p.slow + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "UltimateOscillator") -> float:
        before = state.close
        state.close = bar.close
        if state.seen == 1:
            return 0.0
        buy, reach = bar.close - min(bar.low, before), true_range(bar.high, bar.low, before)
        buy_1, state.buy_1, _ = sum_of(state.buys_1, p.fast, state.place_1, state.buy_1, buy)
        all_1, state.all_1, state.place_1 = sum_of(state.alls_1, p.fast, state.place_1, state.all_1, reach)
        buy_2, state.buy_2, _ = sum_of(state.buys_2, p.medium, state.place_2, state.buy_2, buy)
        all_2, state.all_2, state.place_2 = sum_of(state.alls_2, p.medium, state.place_2, state.all_2, reach)
        buy_3, state.buy_3, _ = sum_of(state.buys_3, p.slow, state.place_3, state.buy_3, buy)
        all_3, state.all_3, state.place_3 = sum_of(state.alls_3, p.slow, state.place_3, state.all_3, reach)
        parts = 4.0 * ratio(buy_1, all_1, 0.5) + 2.0 * ratio(buy_2, all_2, 0.5) + ratio(buy_3, all_3, 0.5)
        return 100.0 * parts / 7.0
