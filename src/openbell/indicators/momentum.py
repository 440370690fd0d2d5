"""How fast a price moves."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import ratio, seeded, sum_of
from openbell.indicators.definition import Bar, Kind, Window, indicator, param, window
from openbell.indicators.settling import exponential, fade

_LONGEST = 100_000


@indicator
class Macd:
    """Moving average convergence/divergence: a fast less a slow EMA, its own EMA, and the difference of the two.

    Source: G. Appel, "The Moving Average Convergence-Divergence Trading Method", 1979. Each EMA starts with the mean of
    its first values. The signal needs ``slow + signal - 1`` values, and so do all outputs. TA-Lib starts the fast EMA
    together with the slow one, which fades.
    """

    kind = Kind.FADING
    outputs = ("macd", "signal", "histogram")
    fast: int = param(12, minimum=1, maximum=_LONGEST, about="period of the fast EMA")
    slow: int = param(26, minimum=2, maximum=_LONGEST, about="period of the slow EMA")
    signal: int = param(9, minimum=1, maximum=_LONGEST, about="period of the EMA of the difference")

    class State:
        seen: int
        quick: float
        calm: float
        line: float

    @staticmethod
    def check(p: "Macd") -> str | None:
        return fast_before_slow(p.fast, p.slow)

    @staticmethod
    def lookback(p: "Macd") -> int:
        return p.slow + p.signal - 1

    @staticmethod
    def warmup(p: "Macd") -> int:
        averages = [exponential(p.fast), exponential(p.slow)]
        return Macd.lookback(p) + fade(averages, [exponential(p.signal)], delays=(p.signal - 1,), gains=(1.0, 1.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Macd") -> tuple[float, float, float]:
        state.quick = seeded(state.quick, bar.value, state.seen, p.fast, 2.0 / (p.fast + 1.0))
        state.calm = seeded(state.calm, bar.value, state.seen, p.slow, 2.0 / (p.slow + 1.0))
        difference = state.quick - state.calm
        if state.seen >= p.slow:
            state.line = seeded(state.line, difference, state.seen - p.slow + 1, p.signal, 2.0 / (p.signal + 1.0))
        return difference, state.line, difference - state.line


@indicator
class Apo:
    """Absolute price oscillator: a fast less a slow EMA.

    Source: as `macd`, without the signal. TA-Lib's APO uses simple means unless told otherwise.
    """

    kind = Kind.FADING
    fast: int = param(12, minimum=1, maximum=_LONGEST, about="period of the fast EMA")
    slow: int = param(26, minimum=2, maximum=_LONGEST, about="period of the slow EMA")

    class State:
        seen: int
        quick: float
        calm: float

    @staticmethod
    def check(p: "Apo") -> str | None:
        return fast_before_slow(p.fast, p.slow)

    @staticmethod
    def lookback(p: "Apo") -> int:
        return p.slow

    @staticmethod
    def warmup(p: "Apo") -> int:
        return p.slow + fade([exponential(p.fast), exponential(p.slow)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Apo") -> float:
        state.quick = seeded(state.quick, bar.value, state.seen, p.fast, 2.0 / (p.fast + 1.0))
        state.calm = seeded(state.calm, bar.value, state.seen, p.slow, 2.0 / (p.slow + 1.0))
        return state.quick - state.calm


@indicator
class Ppo:
    """Percentage price oscillator: how far a fast EMA is above a slow one, in percent of the slow one.

    Source: as `macd`, per price. TA-Lib's PPO uses simple means unless told otherwise. Where the slow EMA is 0, so is
    it.
    """

    kind = Kind.FADING
    fast: int = param(12, minimum=1, maximum=_LONGEST, about="period of the fast EMA")
    slow: int = param(26, minimum=2, maximum=_LONGEST, about="period of the slow EMA")

    class State:
        seen: int
        quick: float
        calm: float

    @staticmethod
    def check(p: "Ppo") -> str | None:
        return fast_before_slow(p.fast, p.slow)

    @staticmethod
    def lookback(p: "Ppo") -> int:
        return p.slow

    @staticmethod
    def warmup(p: "Ppo") -> int:
        return p.slow + fade([exponential(p.fast), exponential(p.slow)])

    @staticmethod
    def update(state: State, bar: Bar, p: "Ppo") -> float:
        state.quick = seeded(state.quick, bar.value, state.seen, p.fast, 2.0 / (p.fast + 1.0))
        state.calm = seeded(state.calm, bar.value, state.seen, p.slow, 2.0 / (p.slow + 1.0))
        if state.seen < p.slow:
            return 0.0
        return ratio(100.0 * (state.quick - state.calm), state.calm, 0.0)


@indicator
class Roc:
    """Rate of change: by how many percent the value differs from that ``period`` bars ago.

    Source: arithmetic. As TA-Lib's ROC; where the value was 0, it is 0.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars back")

    class State:
        seen: int
        place: int
        past: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Roc") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Roc") -> float:
        before = state.past[state.place]
        state.past[state.place] = bar.value
        state.place = 0 if state.place == p.period - 1 else state.place + 1
        return ratio(100.0 * (bar.value - before), before, 0.0)


@indicator
class Mom:
    """Momentum: the value less that ``period`` bars ago.

    Source: arithmetic. As TA-Lib's MOM.
    """

    period: int = param(minimum=1, maximum=_LONGEST, about="bars back")

    class State:
        seen: int
        place: int
        past: Window = window(lambda p: p.period)

    @staticmethod
    def lookback(p: "Mom") -> int:
        return p.period + 1

    @staticmethod
    def update(state: State, bar: Bar, p: "Mom") -> float:
        before = state.past[state.place]
        state.past[state.place] = bar.value
        state.place = 0 if state.place == p.period - 1 else state.place + 1
        return bar.value - before


@indicator
class Trix:
    """TRIX: the rise of a threefold EMA from one bar to the next, in percent.

    Source: J. K. Hutson, "Good TRIX", Stocks & Commodities 1:5, 1983. As TA-Lib's TRIX; where the average was 0, it is
    0.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=_LONGEST, about="period of each EMA")

    class State:
        seen: int
        once: float
        twice: float
        thrice: float

    @staticmethod
    def lookback(p: "Trix") -> int:
        return 3 * p.period - 1

    @staticmethod
    def warmup(p: "Trix") -> int:
        weight, step = [exponential(p.period)], p.period - 1
        # In percent of the price, and of two averages.
        return 3 * p.period - 1 + fade(weight, weight, weight, delays=(step, step), gains=(0.0, 0.0, 2.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Trix") -> float:
        weight, before, step = 2.0 / (p.period + 1.0), state.thrice, p.period - 1
        state.once = seeded(state.once, bar.value, state.seen, p.period, weight)
        if state.seen > step:
            state.twice = seeded(state.twice, state.once, state.seen - step, p.period, weight)
        if state.seen > 2 * step:
            state.thrice = seeded(state.thrice, state.twice, state.seen - 2 * step, p.period, weight)
        if state.seen <= 3 * step + 1:
            return 0.0
        return ratio(100.0 * (state.thrice - before), before, 0.0)


@indicator
class Tsi:
    """True strength index: twice smoothed moves per twice smoothed sizes of moves, -100 to 100, and its EMA.

    Source: W. Blau, "True Strength Index", Stocks & Commodities 9:11, 1991. Each EMA starts with the mean of its first
    values. Where nothing moved it is 0.
    """

    kind = Kind.FADING
    outputs = ("tsi", "signal")
    slow: int = param(25, minimum=1, maximum=_LONGEST, about="period of the first smoothing")
    fast: int = param(13, minimum=1, maximum=_LONGEST, about="period of the second smoothing")
    signal: int = param(7, minimum=1, maximum=_LONGEST, about="period of the EMA of the index")

    class State:
        seen: int
        last: float
        move: float
        size: float
        moves: float
        sizes: float
        line: float

    @staticmethod
    def lookback(p: "Tsi") -> int:
        return p.slow + p.fast + p.signal - 1

    @staticmethod
    def warmup(p: "Tsi") -> int:
        stages = [exponential(p.slow)], [exponential(p.fast)], [exponential(p.signal)]
        return Tsi.lookback(p) + fade(*stages, delays=(p.fast - 1, p.signal - 1), gains=(0.0, 1.0, 1.0))

    @staticmethod
    def update(state: State, bar: Bar, p: "Tsi") -> tuple[float, float]:
        move = bar.value - state.last
        state.last = bar.value
        if state.seen == 1:
            return 0.0, 0.0
        seen, weight = state.seen - 1, 2.0 / (p.slow + 1.0)
        state.move = seeded(state.move, move, seen, p.slow, weight)
        state.size = seeded(state.size, abs(move), seen, p.slow, weight)
        if seen < p.slow:
            return 0.0, 0.0
        seen, weight = seen - p.slow + 1, 2.0 / (p.fast + 1.0)
        state.moves = seeded(state.moves, state.move, seen, p.fast, weight)
        state.sizes = seeded(state.sizes, state.size, seen, p.fast, weight)
        if seen < p.fast:
            return 0.0, 0.0
        index = ratio(100.0 * state.moves, state.sizes, 0.0)
        state.line = seeded(state.line, index, seen - p.fast + 1, p.signal, 2.0 / (p.signal + 1.0))
        return index, state.line


@indicator
class AwesomeOscillator:
    """A fast less a slow simple mean of the middles of bars.

    Source: B. M. Williams, "New Trading Dimensions", 1998.
    """

    fast: int = param(5, minimum=1, maximum=_LONGEST, about="bars of the fast mean")
    slow: int = param(34, minimum=2, maximum=_LONGEST, about="bars of the slow mean")

    class State:
        seen: int
        quick: float
        calm: float
        quick_place: int
        calm_place: int
        quick_tail: Window = window(lambda p: p.fast)
        calm_tail: Window = window(lambda p: p.slow)

    @staticmethod
    def check(p: "AwesomeOscillator") -> str | None:
        return fast_before_slow(p.fast, p.slow)

    @staticmethod
    def lookback(p: "AwesomeOscillator") -> int:
        return p.slow

    @staticmethod
    def update(state: State, bar: Bar, p: "AwesomeOscillator") -> float:
        middle = 0.5 * (bar.high + bar.low)
        quick, state.quick, state.quick_place = sum_of(state.quick_tail, p.fast, state.quick_place, state.quick, middle)
        calm, state.calm, state.calm_place = sum_of(state.calm_tail, p.slow, state.calm_place, state.calm, middle)
        return quick / p.fast - calm / p.slow


def fast_before_slow(fast: int, slow: int) -> str | None:
    """What is wrong with two periods of which one must be shorter, or None."""
    return None if fast < slow else f"fast={fast} is not below slow={slow}"
