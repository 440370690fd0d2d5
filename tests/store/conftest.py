from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar, load_calendar

MINUTE = Interval.parse("1m")


def bars(ts: np.ndarray, level: float = 100.0) -> Block:
    close = level + np.arange(len(ts)) % 7
    return Block(ts, close - 1, close + 1, close - 2, close, close * 10)


@pytest.fixture(scope="session")
def xnys() -> Calendar:
    return load_calendar("XNYS")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a frame as tidy Parquet into a folder of its own and returns the path."""
    made = 0

    def writing(frame: pl.DataFrame, symbol: str = "AAA", interval: str = "1m") -> Path:
        nonlocal made
        made += 1
        path = tmp_path / f"in{made}" / interval / f"{symbol}.parquet"
        path.parent.mkdir(parents=True)
        frame.write_parquet(path)
        return path

    return writing


@pytest.fixture
def minutes(xnys: Calendar) -> Callable[..., Block]:
    """Full regular minute bars of some sessions, by their first date and number."""

    def making(first: date, sessions: int = 1, level: float = 100.0) -> Block:
        start = xnys.first_on_or_after(first)
        return bars(xnys.grid(MINUTE, start, start + sessions - 1).stamps, level)

    return making
