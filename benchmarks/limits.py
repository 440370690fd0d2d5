"""What the machine allows: the plainest way to do the same, without openbell."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import timed


def decode(files: Sequence[Path]) -> float:
    """Seconds in which polars collects all columns of Parquet files."""
    import polars as pl

    return timed(lambda: pl.scan_parquet(list(files)).collect())


def decode_file(path: Path) -> float:
    """Seconds in which polars collects all columns of one symbol's own file."""
    import polars as pl

    return timed(lambda: pl.read_parquet(path))


class Copying:
    """A day's cross-sections, copied one instant at a time.

    Parameters
    ----------
    symbols, slots
        Of the base interval.
    steps
        After how many base slots each further interval ends.
    """

    def __init__(self, symbols: int, slots: int, steps: Sequence[int]) -> None:
        random = np.random.default_rng(1)
        self._steps = (1, *steps)
        self._tapes = [random.random((slots // step, 5, symbols)) for step in self._steps]
        self._bits = [random.random((slots // step, symbols)) > 0.1 for step in self._steps]
        self._panels = [np.empty_like(tape) for tape in self._tapes]
        self._present = [np.empty_like(bits) for bits in self._bits]
        self._slots = slots

    def seconds(self) -> float:
        """How long a day of it takes."""
        return timed(self._copy)

    def _copy(self) -> None:
        lanes = list(zip(self._steps, self._tapes, self._bits, self._panels, self._present, strict=True))
        for instant in range(1, self._slots + 1):
            for step, tape, bits, panel, present in lanes:
                if instant % step == 0:
                    slot = instant // step - 1
                    panel[slot] = tape[slot]
                    present[slot] = bits[slot]


class Reading:
    """What a reader of five indicators does at each instant, on arrays that are there: numpy alone.

    Parameters
    ----------
    symbols, slots
        Of the base interval.
    """

    def __init__(self, symbols: int, slots: int) -> None:
        random = np.random.default_rng(1)
        self._arrays = [random.random(symbols) for _ in range(7)]
        self._slots = slots

    def seconds(self) -> float:
        """How long a day of it takes."""
        return timed(self._read)

    def _read(self) -> None:
        close, sma, ema, rsi, atr, macd, signal = self._arrays
        for _ in range(self._slots):
            above = (close > sma) & (close > ema)
            calm = (rsi < 70) & (atr > 0)
            np.count_nonzero(above & calm & (macd > signal))
