"""Rows that are set aside: a file of CSV beside the bars, with where they came from and why."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from openbell.store.files import sync_folder, unwritable, write_new

QUARANTINE = "quarantine"


def set_aside(store: Path, refused: Sequence[pl.DataFrame]) -> Path | None:
    """Write rows under a name that follows from them: the same rows make one file, however often.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    if not refused:
        return None
    text = io.BytesIO()
    pl.concat(refused).write_csv(text)
    content = text.getvalue()
    path = store / QUARANTINE / f"{hashlib.sha256(content).hexdigest()[:16]}.csv"
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    write_new(path, [content])
    sync_folder(path.parent)
    return path


def labelled(refused: pl.DataFrame, origin: str, symbol: str, interval: str) -> pl.DataFrame:
    """Rows with the file, symbol and interval that they came from."""
    words = {"file": origin, "symbol": symbol, "interval": interval}
    labels = [pl.lit(word).alias(name) for name, word in words.items()]
    return refused.select(labels[0], "row", *labels[1:], pl.exclude("row"))
