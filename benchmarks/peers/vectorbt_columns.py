"""vectorbt: whole columns of all symbols at once, indicators by TA-Lib; no events, so nothing can be called per bar."""

from importlib.metadata import version

import numpy as np
import pandas as pd
import polars as pl
import vectorbt as vbt

from benchmarks.peers.work import MINUTE, Outcome, Work, derived


def wide(frames: dict[str, pl.DataFrame], column: str, step: int) -> pd.DataFrame:
    """A column of all symbols, by the bars' ends."""
    ends = next(iter(frames.values()))["ts"].to_numpy() + step * MINUTE
    return pd.DataFrame({name: frame[column].to_numpy() for name, frame in frames.items()}, index=ends)


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("vectorbt"))
    bars = {name: work.bars(name) for name in work.symbols}
    short = {name: derived(frame, 5) for name, frame in bars.items()}
    long = {name: derived(frame, 15) for name, frame in bars.items()}
    close = wide(short, "close", 5)
    macd = vbt.talib("MACD").run(close, fastperiod=12, slowperiod=26, signalperiod=9)
    columns = {
        "sma": vbt.talib("SMA").run(close, timeperiod=20).real,
        "ema": vbt.talib("EMA").run(close, timeperiod=20).real,
        "rsi": vbt.talib("RSI").run(close, timeperiod=14).real,
        "macd": macd.macd,
        "signal": macd.macdsignal,
        "atr": vbt.talib("ATR").run(*(wide(long, name, 15) for name in ("high", "low", "close")), timeperiod=14).real,
    }
    minutes = wide(bars, "close", 1)
    minutes = minutes[minutes.index > work.opens]
    last = {word: frame.reindex(minutes.index, method="ffill").to_numpy() for word, frame in columns.items()}
    price = minutes.to_numpy()
    above = (price > last["sma"]) & (price > last["ema"]) & (last["rsi"] < 70)
    outcome.hits = int(np.count_nonzero(above & (last["macd"] > last["signal"]) & (last["atr"] > 0)))
    outcome.bars = price.size
    outcome.begin()
    outcome.stream = 0.0
    outcome.values = {
        name: {word: float(frame[-1, place]) for word, frame in last.items()} for place, name in enumerate(work.symbols)
    }
    outcome.write(work)


if __name__ == "__main__":
    main()
