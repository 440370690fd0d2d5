"""The work, in words that every peer understands; reads files with polars and knows nothing of openbell.

Each symbol has a tidy file of 1m bars without gaps, stamped with their starts. All sessions but the last one are
history. Before the first bar of the last session SMA(20), EMA(20), RSI(14) and MACD(12, 26, 9) of 5m bars and ATR(14)
of 15m bars are warm. Then the last session is streamed, and after each 1m bar its close is compared with all of them:
a *hit* is a bar for which `is_hit` holds.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

STEPS = (5, 15)
BEGAN = "BENCHMARK_BEGAN"
MINUTE = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Work:
    """Where the files are, and which instant the last session begins at.

    Parameters
    ----------
    folder
        Of ``SYMBOL.parquet``.
    symbols
        Which of them.
    opens
        Start of the last session, ns UTC.
    out
        Where the outcome goes.
    """

    folder: Path
    symbols: tuple[str, ...]
    opens: int
    out: Path

    @classmethod
    def given(cls) -> "Work":
        """From the command line: a JSON file."""
        facts = json.loads(Path(sys.argv[1]).read_text())
        return cls(Path(facts["folder"]), tuple(facts["symbols"]), facts["opens"], Path(facts["out"]))

    def bars(self, symbol: str) -> pl.DataFrame:
        """All 1m bars of a symbol; ``ts`` are integers."""
        return pl.read_parquet(self.folder / f"{symbol}.parquet").with_columns(pl.col("ts").cast(pl.Int64))

    def history(self, symbol: str, step: int = 1) -> pl.DataFrame:
        """Bars before the last session, of so many minutes."""
        return derived(self.bars(symbol).filter(pl.col("ts") < self.opens), step)

    def today(self, symbol: str) -> pl.DataFrame:
        """1m bars of the last session."""
        return self.bars(symbol).filter(pl.col("ts") >= self.opens)


@dataclass(slots=True)
class Outcome:
    """What a peer did and what it took.

    Parameters
    ----------
    ready
        Seconds from the start of the process to the first bar of the last session.
    stream
        Seconds of the last session.
    bars, hits
        1m bars that were streamed, and those that were hits.
    added
        Seconds for one more symbol in the middle of the session, None where a peer cannot.
    values
        Per symbol the last closes and indicator values.
    locked
        Whether the 1m bar that closes an interval is seen after that interval's indicators are updated.
    """

    ready: float = 0.0
    stream: float = 0.0
    bars: int = 0
    hits: int = 0
    added: float | None = None
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    locked: bool = True
    version: str = ""

    def begin(self) -> None:
        """Everything is warm; the first bar comes now."""
        self.ready = time.time() - float(os.environ[BEGAN])
        self.stream = time.perf_counter()

    def end(self) -> None:
        """The last bar has been."""
        self.stream = time.perf_counter() - self.stream

    def write(self, work: Work) -> None:
        """Hand it to whoever started this."""
        work.out.write_text(json.dumps(asdict(self)))


def derived(bars: pl.DataFrame, step: int) -> pl.DataFrame:
    """Bars of so many minutes, stamped with their starts."""
    if step == 1:
        return bars
    window = (pl.col("ts") // (step * MINUTE) * (step * MINUTE)).alias("ts")
    return bars.group_by(window, maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )


def instants(frames: list[pl.DataFrame]) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """End of each minute, and its bars: place of the symbol, open, high, low, close, volume."""
    placed = [frame.with_columns(place=pl.lit(place)) for place, frame in enumerate(frames)]
    columns = ["ts", "place", "open", "high", "low", "close", "volume"]
    whole = pl.concat([frame.select(columns) for frame in placed]).sort("ts", "place")
    for (ts,), part in whole.group_by("ts", maintain_order=True):
        yield int(str(ts)) + MINUTE, part.drop("ts").rows()


def is_hit(close: float, sma: float, ema: float, rsi: float, macd: float, signal: float, atr: float) -> bool:
    """What every peer looks for."""
    return close > sma and close > ema and rsi < 70 and macd > signal and atr > 0
