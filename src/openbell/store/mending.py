"""Defects of stored bars put right: what is safe by itself, the rest set aside when it is asked for.

Safe is what follows from the bar: a high or low that was rounded and so does not hold the open or close is moved to it.
Duplicates and order need nothing here, no import leaves them. Every other defect needs knowledge that the bars do not
hold, so nothing is guessed: the bars stay, or are set aside in a quarantine file with the reasons. Either is one change
of the store, in the log, that can be undone.
"""

import json
import sqlite3
from collections.abc import Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.store import schema
from openbell.store.catalog import Piece, visible_pieces
from openbell.store.days import Mask
from openbell.store.findings import Defect, defective_rows
from openbell.store.formats.format import COLUMNS
from openbell.store.history import series_in
from openbell.store.quarantine import labelled, set_aside
from openbell.store.repair import REPAIR
from openbell.store.returning import OF_THE_STORE
from openbell.store.rows import taken
from openbell.store.series import resolved, whole
from openbell.store.writer import Pending, Writer

WRONG = (Defect.HUNDREDFOLD, Defect.SPLIT, Defect.SPIKE, Defect.ZERO, Defect.OUTSIDE_RANGE)
"""Defects whose bars have wrong prices; frozen ones and odd volumes may be true."""

_MOST_DECIMALS = 18
_EXACT = 1e-7  # prices that were kept in 32 bits are off by half of that
_MOST_ROUNDED = 0.01


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done to bars.

    Parameters
    ----------
    number
        The change in the log, None when there was nothing to do.
    widened
        Bars whose high or low was moved to their open or close, by no more than it was rounded.
    removed
        Bars that were set aside.
    quarantine
        Where they are.
    """

    number: int | None
    widened: int = 0
    removed: int = 0
    quarantine: Path | None = None


def mend(store: Path | str, *, remove: bool = False, without: Set[str] = frozenset()) -> Mended:
    """Put right what is safe, and set bars with wrong prices aside when that is asked for.

    Parameters
    ----------
    remove
        Whether bars with the defects in `WRONG` are set aside.
    without
        Symbols that are left alone, as those whose files are damaged.

    Raises
    ------
    StoreError
        If there is no store, a file is damaged, or nothing can be written.
    """
    root = Path(store)
    with schema.writing(root, make=False) as db:
        mender = _Mender(db, root, remove=remove)
        try:
            for interval, grid in series_in(db):
                pieces = visible_pieces(db, mender.writer.number, interval, grid)
                for symbol, own in groupby(pieces, key=lambda piece: piece.series.symbol):
                    if symbol not in without:
                        mender.mend(list(own))
            return mender.finish()
        except BaseException:
            mender.writer.discard()
            raise


def widened(block: Block) -> tuple[Block, int]:
    """Bars whose high and low hold open and close, where rounding explains that they did not; and how many were not.

    A high or low is moved by half of the last decimal that all of them are written with, and by no more than a
    hundredth of itself: cents of a price of ten cents say too little.

    Examples
    --------
    >>> high, low = np.array([10.12, 10.5]), np.array([10.0, 10.0])
    >>> close = np.array([10.1234, 11.0])
    >>> fixed, count = widened(Block(np.array([0, 1]), low, high, low, close, high))
    >>> fixed.high.tolist(), count
    ([10.1234, 10.5], 1)
    """
    top, bottom = np.maximum(block.open, block.close), np.minimum(block.open, block.close)
    short, long = (top > block.high), (bottom < block.low)
    if not (short.any() or long.any()):
        return block, 0
    room = 0.5 * 10.0 ** -_decimals(block.high, block.low) * (1 + 1e-6)
    short &= top - block.high <= np.minimum(room, _MOST_ROUNDED * block.high)
    long &= block.low - bottom <= np.minimum(room, _MOST_ROUNDED * block.low)
    high, low = np.where(short, top, block.high), np.where(long, bottom, block.low)
    return Block(block.ts, block.open, high, low, block.close, block.volume), int((short | long).sum())


def _decimals(*columns: Floats) -> int:
    """How many decimals prices are written with; those that no number of seven digits can show do not count."""
    for decimals in range(_MOST_DECIMALS):
        scaled = [column * 10.0**decimals for column in columns]
        if all((np.abs(one - np.round(one)) <= _EXACT * np.abs(one)).all() for one in scaled):
            return decimals
    return _MOST_DECIMALS


class _Mender:
    """Mends series after series inside one change of the store."""

    def __init__(self, db: sqlite3.Connection, root: Path, *, remove: bool) -> None:
        self.writer = Writer(db, root)
        self._root, self._remove = root, remove
        self._retired = self._widened = self._removed = 0
        self._refused: list[pl.DataFrame] = []

    def mend(self, pieces: list[Piece]) -> None:
        """Write a series anew if some of its bars are mended or set aside."""
        newest = pieces[-1]
        series, calendar = newest.series, load_calendar(newest.market)
        stored = whole(self._root, resolved(self._root, calendar, pieces)[series.symbol])
        block, count = widened(stored)
        wrong = self._set_aside(series.symbol, series.interval, block) if self._remove else np.zeros(len(block), bool)
        if not count and not wrong.any():
            return
        self._widened += count
        self._removed += int(wrong.sum())
        self._retired += len(pieces)
        self.writer.retire_pieces(piece.id for piece in pieces)
        block = taken(block, ~wrong) if wrong.any() else block
        if len(block):
            span = min(piece.first for piece in pieces), max(piece.last for piece in pieces)
            self.writer.put(calendar, Pending(series, block, None, newest.adjusted, span))

    def finish(self) -> Mended:
        """Commit, if anything was done."""
        if not self._retired:
            return Mended(None)
        path = set_aside(self._root, self._refused)
        report = {"retired": self._retired, "widened": self._widened, "quarantined": self._removed}
        what = f"bars: {self._widened} with a high or low moved to open or close, {self._removed} set aside"
        self.writer.commit(REPAIR, what, json.dumps(report))
        return Mended(self.writer.number, self._widened, self._removed, path)

    def _set_aside(self, symbol: str, interval: Interval, block: Block) -> Mask:
        reasons: dict[int, str] = {}
        for defect, rows, what in defective_rows(interval, block):
            if defect in WRONG:
                reasons |= dict.fromkeys(rows.tolist(), f"{defect}: {what}")
        wrong = np.zeros(len(block), bool)
        if reasons:
            places = np.array(sorted(reasons), np.int64)
            wrong[places] = True
            bad = taken(block, places)
            frame = pl.DataFrame({"row": places + 1, **dict(zip(COLUMNS, (bad.ts, *bad.columns), strict=True))})
            frame = frame.with_columns(
                pl.col("ts").cast(pl.Datetime("ns", "UTC")),
                pl.Series("reason", [reasons[place] for place in places.tolist()]),
            )
            self._refused.append(labelled(frame, OF_THE_STORE, symbol, str(interval)))
        return wrong
