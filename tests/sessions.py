"""Session files and stores for tests: real objects on real files."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import openbell as ob
from openbell.bars.block import Block
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

SYMBOLS = ("AAPL", "TSLA", "MSFT", "NVDA", "THIN", "LATE", "GONE")
START = date(2024, 5, 21)

SMA = ob.indicator("sma", interval="5m", period=20)
RSI = ob.indicator("rsi", interval="5m", period=14)
ATR = ob.indicator("atr", interval="15m", period=5)
VWAP = ob.indicator("vwap", interval="1m")


def make_store(folder: Path, symbols: Iterable[str] = SYMBOLS, sessions: int = 14, **more: Any) -> Path:
    """A store of invented bars under real names: the fourteenth session is 2024-06-10."""
    market = SyntheticMarket(tuple(symbols), sessions=sessions, start=START, **more)
    return store_blocks(folder, dict(market.blocks()), more.get("interval", "1m"), more.get("calendar", "XNYS"))


def store_blocks(folder: Path, blocks: dict[str, Block], interval: str = "1m", market: str = "XNYS") -> Path:
    """A store of given bars."""
    import polars as pl

    tidy = folder / "tidy" / interval
    tidy.mkdir(parents=True)
    for symbol, block in blocks.items():
        columns = dict(zip(("open", "high", "low", "close", "volume"), block.columns, strict=True))
        stamps = pl.Series("ts", block.ts).cast(pl.Datetime("ns", "UTC"))
        pl.DataFrame({"ts": stamps, **columns}).write_parquet(tidy / f"{symbol}.parquet")
    import_files([tidy], folder / "store", interval=interval, market=market)
    return folder / "store"


def document(store: Path, **changes: Any) -> dict[str, Any]:
    """A session file as a mapping: one symbol, 1m and 5m, five days of history, one indicator."""
    made: dict[str, Any] = {
        "name": "test",
        "market": "XNYS",
        "mode": "backtest",
        "store": str(store),
        "backtest": {"start": date(2024, 6, 6), "end": date(2024, 6, 10)},
        "session": {"symbols": ["NVDA"], "intervals": ["1m", "5m"]},
        "history": [{"days": 5, "intervals": ["1m", "5m"], "symbols": "all"}],
        "indicators": [{"name": "rsi", "interval": "5m", "params": {"period": 14}}],
    }
    made["session"] = made["session"] | changes.pop("session", {})
    return made | changes


def started(store: Path, at: str | None = None, **changes: Any) -> ob.SessionCoordinator:
    """A session on its first day, streamed up to a time."""
    day = ob.SessionCoordinator.from_file(document(store, **changes))
    day.start_day()
    if at is not None:
        day.advance_to(at)
    return day
