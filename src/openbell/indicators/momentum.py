"""Oscillators: how fast a price has been moving, and how far it stretched."""
# The parts of a definition are described once, at `indicator`.
# ruff: noqa: D102, D106

from openbell.indicators.arithmetic import ratio, seeded
from openbell.indicators.definition import Bar, Kind, indicator, param
from openbell.indicators.settling import exponential, fade, wilder


@indicator
class Rsi:
    """Relative strength index: the share of rises in all moves, 0 to 100, smoothed by Wilder's 1 / period.

    Source: J. W. Wilder, "New Concepts in Technical Trading Systems", 1978, section VI. Where the price has not moved
    at all there is no share: the value is 50. TA-Lib says 0 there.
    """

    kind = Kind.FADING
    period: int = param(minimum=1, maximum=100_000, about="moves in the smoothing")

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
class Macd:
    """Moving average convergence/divergence: a fast less a slow EMA, its own EMA, and the difference of the two.

    Source: G. Appel, "The Moving Average Convergence-Divergence Trading Method", 1979. Each EMA starts with the mean of
    its first values. The signal needs ``slow + signal - 1`` values, and so do all outputs. TA-Lib starts the fast EMA
    together with the slow one; that fades.
    """

    kind = Kind.FADING
    outputs = ("macd", "signal", "histogram")
    fast: int = param(12, minimum=1, maximum=100_000, about="period of the fast EMA")
    slow: int = param(26, minimum=2, maximum=100_000, about="period of the slow EMA")
    signal: int = param(9, minimum=1, maximum=100_000, about="period of the EMA of the difference")

    class State:
        seen: int
        quick: float
        calm: float
        line: float

    @staticmethod
    def check(p: "Macd") -> str | None:
        return None if p.fast < p.slow else f"fast={p.fast} is not below slow={p.slow}"

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
