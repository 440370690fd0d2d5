"""Bars that were set aside and come in again: an import is what somebody wants, so they count, and it is told."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block
from openbell.errors import Problem, Severity
from openbell.store import schema
from openbell.store.formats.format import COLUMNS
from openbell.store.quarantine import QUARANTINE

OF_THE_STORE = "store"
"""What quarantine files name as the file of bars that were set aside when they were stored already."""


class SetAside:
    """The bars that repairs set aside, as quarantine files hold them; read when some repair did.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bars: dict[tuple[str, str], pl.DataFrame] | None = None
        self._none = not (root / QUARANTINE).is_dir() or not any(map(_sets_aside, _repairs(root)))

    def among(self, symbol: str, interval: str, block: Block) -> int:
        """How many bars are exactly ones that were set aside."""
        if self._none:
            return 0
        if self._bars is None:
            self._bars = self._read()
        held = self._bars.get((symbol, interval))
        if held is None:
            return 0
        rows = np.searchsorted(block.ts, held["ts"].to_numpy())
        here = rows < len(block)
        rows = np.minimum(rows, len(block) - 1)
        same = here & (block.ts[rows] == held["ts"].to_numpy())
        for name, column in zip(COLUMNS[1:5], block.columns[:4], strict=True):
            same &= column[rows] == held[name].to_numpy()
        return int(same.sum())

    def _read(self) -> dict[tuple[str, str], pl.DataFrame]:
        kinds: dict[str, type[pl.DataType]] = {
            "file": pl.String,
            "symbol": pl.String,
            "interval": pl.String,
            "ts": pl.String,
        }
        kinds |= dict.fromkeys(COLUMNS[1:5], pl.Float64)
        found = []
        for path in sorted((self._root / QUARANTINE).glob("*.csv")):
            frame = pl.read_csv(path, schema_overrides=kinds, ignore_errors=True)
            if set(kinds) <= set(frame.columns):
                found.append(frame.select(*kinds).filter(pl.col("file") == OF_THE_STORE))
        if not found:
            return {}
        stamp = pl.col("ts").str.to_datetime(time_unit="ns", time_zone="UTC", strict=False).to_physical()
        bars = pl.concat(found).with_columns(stamp.alias("ts")).drop_nulls().unique(maintain_order=True)
        parts = bars.partition_by("symbol", "interval", as_dict=True)
        return {(str(symbol), str(interval)): part for (symbol, interval), part in parts.items()}


def _repairs(root: Path) -> list[str]:
    """What the log has of each repair that was not undone."""
    if not schema.holds_store(root):
        return []
    with schema.reading(root) as db:
        found = db.execute("SELECT report FROM imports WHERE action = 'repair' AND undone IS NULL").fetchall()
    return [report for (report,) in found]


def _sets_aside(report: str) -> bool:
    return bool(json.loads(report).get("quarantined"))


def told(symbol: str, interval: str, bars: int) -> Problem:
    """The warning for bars that came in again."""
    what = f"{bars:,} of its bars had been set aside by `data verify --repair --quarantine`, and count again."
    fix = "Correct them in the file, or undo this import; or set them aside again with the same command."
    return Problem(f"{symbol}/{interval}", what, fix, code="set_aside", severity=Severity.WARNING)
