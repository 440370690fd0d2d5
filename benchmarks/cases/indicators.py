"""Indicators: whole columns beside TA-Lib, one instant across a market, a user's own, a new process."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import talib

from benchmarks.lines import Line, Unit, most, ratio_of
from benchmarks.measure import Samples, interleaved, timed
from benchmarks.processes import python
from benchmarks.setting import Setting
from openbell.indicators.compute import compute, indicator
from openbell.indicators.definition import Kind, param
from openbell.indicators.definition import indicator as define
from openbell.indicators.manager import IndicatorManager
from openbell.indicators.spec import IndicatorSpec
from openbell.testing.indicators import walk

Columns = dict[str, np.ndarray]

_BARS = 2340
_COMMON: dict[str, dict[str, Any]] = {
    "sma": {"period": 20},
    "ema": {"period": 20},
    "rsi": {"period": 14},
    "macd": {},
    "atr": {"period": 14},
    "bbands": {"period": 20, "outputs": ("upper", "middle", "lower")},
}
_INSTANTS = 40
_TEN = """
import numpy as np
from openbell.indicators.compute import compute
c = np.linspace(1.0, 2.0, 300)
bars = dict(open=c, high=c + 1, low=c - 1, close=c, volume=c)
for name in "sma ema rsi atr bbands adx stochastic cci".split():
    compute(name, **bars, period=14)
compute("macd", **bars), compute("vwap", **bars)
"""


@define
class OwnRsi:
    """Wilder's RSI as a user writes it, in ten lines."""

    kind = Kind.FADING
    period: int = param(minimum=1)

    class State:
        last: float
        gain: float
        loss: float

    @staticmethod
    def lookback(p):
        return p.period + 1

    @staticmethod
    def warmup(p):
        return 20 * p.period

    @staticmethod
    def update(state, bar, p):
        move, n = bar.value - state.last, state.seen - 1
        state.last = bar.value
        share = 1.0 / (n if 0 < n < p.period else p.period)
        if n > 0:
            state.gain += share * (max(move, 0.0) - state.gain)
            state.loss += share * (max(-move, 0.0) - state.loss)
        both = state.gain + state.loss
        return 100.0 * state.gain / both if both > 0.0 else 50.0


def run(setting: Setting) -> list[Line]:
    """Batch, instants, a user's own, start-up."""
    lean = setting.sizes.lean
    return [*_batch(setting, lean=lean), *_instants(setting, lean=lean), *_process(setting, lean=lean)]


def _batch(setting: Setting, *, lean: bool) -> list[Line]:
    symbols = setting.sizes.largest
    columns = _columns(symbols, _BARS)
    parts: dict[str, Callable[[], float]] = {}
    for name, params in _COMMON.items():
        parts[name] = lambda name=name, params=params: timed(lambda: compute(name, **_read(name, columns), **params))
        parts[f"{name} talib"] = lambda name=name: timed(lambda: _talib(name, columns))
    figures = interleaved(setting.rounds, parts, warm=True)
    # By itself: the memory that it gives back is what the next one would have to be given anew.
    whole = {"five": lambda: timed(lambda: compute("bbands", close=columns["close"], period=20))}
    figures |= interleaved(setting.rounds, whole, warm=True)
    size = f"{symbols} x {_BARS} bars"
    note = {"bbands": "upper, middle and lower, as TA-Lib's"}
    five = Line(f"bbands with all five outputs, {size}", figures["five"])
    lines = [
        Line(
            f"{name}, {size}",
            figures[name],
            limit=figures[f"{name} talib"],
            limit_name="TA-Lib",
            bar=ratio_of(1.5, not lean),
            note=note.get(name, ""),
        )
        for name in _COMMON
    ]
    return [*lines, five]


def _instants(setting: Setting, *, lean: bool) -> list[Line]:
    symbols = setting.sizes.crowd
    specs = {name: indicator(name, interval="5m", **_parameters(params)) for name, params in _COMMON.items()}
    specs["own rsi"] = indicator(OwnRsi, interval="5m", period=14)
    sessions = {name: _session(spec, symbols) for name, spec in specs.items()}
    tape = np.random.default_rng(1).random((_INSTANTS, 5, symbols)) + 100.0
    present = np.ones(symbols, np.bool_)
    parts = {name: lambda name=name: _streamed(sessions[name], specs[name], tape, present) for name in specs}
    figures = interleaved(4 * setting.rounds, parts, warm=True)
    work = _INSTANTS * symbols
    lines = [
        Line(
            f"{name}, one instant across {symbols}, a symbol",
            figures[name],
            Unit.NANOSECONDS,
            work,
            bar=most(12.0 if name == "bbands" else 5.0, not lean),
        )
        for name in _COMMON
    ]
    own = Line(
        f"a user's rsi, one instant across {symbols}, a symbol",
        figures["own rsi"],
        Unit.NANOSECONDS,
        work,
        limit=figures["rsi"],
        limit_name="openbell's",
        bar=ratio_of(1.2, not lean),
    )
    return [*lines, own]


def _process(setting: Setting, *, lean: bool) -> list[Line]:
    def ten() -> float:
        return python("-c", _TEN).seconds

    figures = interleaved(
        setting.rounds, {"ten": ten, "numba": lambda: python("-c", "import numba").seconds}, warm=True
    )
    return [
        Line(
            "a second process with ten indicators",
            figures["ten"],
            Unit.SECONDS,
            limit=figures["numba"],
            limit_name="import numba",
            bar=most(0.9, not lean),
        )
    ]


def _columns(symbols: int, bars: int) -> Columns:
    markets = [walk(bars, seed) for seed in range(symbols)]
    names = ("open", "high", "low", "close", "volume")
    return {name: np.array([market.columns[i] for market in markets]) for i, name in enumerate(names)}


def _parameters(asked: dict[str, Any]) -> dict[str, int]:
    """Without what only `compute` takes."""
    return {name: value for name, value in asked.items() if name != "outputs"}


def _read(name: str, columns: Columns) -> Columns:
    wanted = ("high", "low", "close") if name == "atr" else ("close",)
    return {column: columns[column] for column in wanted}


def _talib(name: str, columns: Columns) -> None:
    high, low, close = columns["high"], columns["low"], columns["close"]
    work: dict[str, Callable[[int], object]] = {
        "sma": lambda i: talib.SMA(close[i], 20),
        "ema": lambda i: talib.EMA(close[i], 20),
        "rsi": lambda i: talib.RSI(close[i], 14),
        "macd": lambda i: talib.MACD(close[i]),
        "atr": lambda i: talib.ATR(high[i], low[i], close[i], 14),
        "bbands": lambda i: talib.BBANDS(close[i], 20, 2.0, 2.0),
    }
    # Kept until the end, as ours are: what is thrown away at once costs no memory.
    kept = [work[name](i) for i in range(len(close))]
    assert len(kept) == len(close)


def _session(spec: IndicatorSpec, symbols: int) -> IndicatorManager:
    manager = IndicatorManager(symbols)
    manager.prepare(spec)
    past = walk(spec.needs.history, 1)
    warm = manager.warm(spec, past, past[:0])
    for row in range(symbols):
        manager.adopt(spec, row, warm)
    return manager


def _streamed(manager: IndicatorManager, spec: IndicatorSpec, tape: np.ndarray, present: np.ndarray) -> Samples:
    began = perf_counter()
    for slot, values in enumerate(tape):
        manager.update(spec.interval, values, present, slot, 1, slot + 1)
    return [perf_counter() - began]
