"""Whether the catalogue's figures are those of the bars: made anew from the rows, as imports make them, and compared.

Coverage, gaps, plans and daily figures come from the catalogue alone, and a byte of it that was altered says nothing of
itself.

1. `_rows_of`: the rows of a file where the catalogue says that they lie, and whose they are by the file itself.
2. `_is_placed`: a piece whose rows are not in its file, not of its symbol or not in order cannot be tabulated.
3. `_of_run`: pieces that lie together are tabulated in one go.
4. `_difference`: what differs, in words. Pieces that were catalogued with other sessions than the calendar has now are
   left out: they are tabulated anew whenever they are read.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import polars as pl

from openbell.bars.block import FIELDS, Block
from openbell.errors import Problem, StoreError
from openbell.market.calendar import Calendar, load_calendar
from openbell.store import schema
from openbell.store.catalog import Catalog, Piece, day_of
from openbell.store.cutting import Cut, cuts_of, dates_of
from openbell.store.days import DAY, DayEntries
from openbell.store.edges import tabulated
from openbell.store.files import OpenFiles, StoredFile
from openbell.store.history import series_in
from openbell.store.series import COLUMN_COUNT, as_block

_COUNTS = [name for name in DAY.names or () if name not in FIELDS]
_MISPLACED = "its rows are not where the catalogue says, not of this symbol, or not in order of time."


@dataclass(frozen=True, slots=True, eq=False)
class Miscount:
    """A piece whose entries are not those of its rows.

    Parameters
    ----------
    right
        What they should be; None when it is not sure which rows are meant.
    what
        What differs, in words.
    """

    piece: Piece
    right: Cut | None
    what: str

    def problem(self, catalog: Catalog) -> Problem:
        """The miscount as an error."""
        series = self.piece.series
        where = f"{catalog.root / schema.CATALOG}: {series.symbol}/{series.interval}"
        fix = "Put the catalogue back from a copy, or import the bars into a new store."
        if self.right is not None:
            fix = "Make it anew from the bars: openbell data verify --repair; or put the catalogue back from a copy."
        return Problem(where, self.what, fix, code="miscounted")


def miscounts(catalog: Catalog, *, without: Set[str] = frozenset()) -> list[Miscount]:
    """The pieces that count and whose entries or presence bits are not those of their rows.

    Parameters
    ----------
    without
        Names of files that are not looked at, as those that are damaged.

    Raises
    ------
    StoreError
        If a file or the catalogue cannot be read.
    """
    with schema.reading(catalog.root) as db:
        kinds = series_in(db)
    found: list[Miscount] = []
    with OpenFiles(catalog.root) as files:
        for interval, grid in kinds:
            pieces = catalog.pieces(interval, grid, bits=True)
            pieces = sorted(pieces, key=lambda piece: (piece.file.name, piece.market, piece.row))
            for (name, market), group in groupby(pieces, key=lambda piece: (piece.file.name, piece.market)):
                if name not in without:
                    found += _of_file(catalog, files, load_calendar(market), list(group))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows of a file: as columns, the symbol of each run of them and its end, and where stamps do not rise."""

    block: Block
    names: list[str]
    ends: npt.NDArray[np.int64]
    falls: npt.NDArray[np.int64]


def _of_file(catalog: Catalog, files: OpenFiles, calendar: Calendar, pieces: list[Piece]) -> Iterator[Miscount]:
    rows = _rows_of(catalog, files, pieces[0].file)
    runs: list[list[Piece]] = []
    for piece in pieces:
        if rows is None or not _is_placed(rows, piece):
            yield Miscount(piece, None, _MISPLACED)
        elif runs and piece.row == runs[-1][-1].row + runs[-1][-1].rows:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    for run in runs:
        yield from _of_run(rows, calendar, run) if rows is not None else ()


def _rows_of(catalog: Catalog, files: OpenFiles, file: StoredFile) -> _Rows | None:
    symbols = pl.read_parquet(catalog.root / file.name, columns=["symbol"], glob=False)["symbol"].rle().struct.unnest()
    ends = np.cumsum(symbols["len"].to_numpy().astype(np.int64))
    if not len(ends) or ends[-1] != file.rows or len(file.offsets) != COLUMN_COUNT:
        return None
    columns = np.empty((COLUMN_COUNT, file.rows))
    try:
        files.read_into(file, columns, 0)
    except (StoreError, ValueError):  # a place that is not in the file
        return None
    block = as_block(columns)
    falls = np.append(0, np.cumsum(np.diff(block.ts) <= 0))
    return _Rows(block, symbols["value"].to_list(), ends, falls)


def _is_placed(rows: _Rows, piece: Piece) -> bool:
    last = piece.row + piece.rows - 1
    if not 0 <= piece.row <= last < len(rows.block):
        return False
    run, end = (int(rows.ends.searchsorted(row, side="right")) for row in (piece.row, last))
    return run == end and rows.names[run] == piece.series.symbol and bool(rows.falls[last] == rows.falls[piece.row])


def _of_run(rows: _Rows, calendar: Calendar, pieces: list[Piece]) -> Iterator[Miscount]:
    begin, end = pieces[0].row, pieces[-1].row + pieces[-1].rows
    series = pieces[0].series
    bounds = np.array([*(piece.row for piece in pieces), end], np.int64) - begin
    table = tabulated(calendar, series.interval, rows.block[begin:end], bounds, series.grid)
    cuts: dict[int, Cut] = {}
    years = np.zeros(len(pieces), np.int64)
    for cut in cuts_of(calendar, series.interval, table):
        cuts[cut.index] = cut
        years[cut.index] += 1
    for place, piece in enumerate(pieces):
        right = cuts[place]
        if years[place] > 1:
            yield Miscount(piece, None, _MISPLACED)
        elif calendar.version == piece.version or right.mark == piece.fingerprint:
            what = _difference(piece, right)
            if what is not None:
                yield Miscount(piece, right if _is_sure(rows, piece) else None, what)


def _is_sure(rows: _Rows, piece: Piece) -> bool:
    """Whether the rows of a piece are told twice alike: by its entries, or by all of its symbol in the file."""
    run = int(rows.ends.searchsorted(piece.row, side="right"))
    before = int(rows.ends[run - 1]) if run else 0
    if (before, int(rows.ends[run])) == (piece.row, piece.row + piece.rows):
        return True
    days = _entries(piece.days)
    return days is not None and int(days["rows"].astype(np.int64).sum()) == piece.rows


def _entries(days: bytes) -> DayEntries | None:
    return None if len(days) % DAY.itemsize else np.frombuffer(days, DAY)


def _difference(piece: Piece, right: Cut) -> str | None:
    ours, true = _entries(piece.days), np.frombuffer(right.days, DAY)
    if ours is None or len(ours) != len(true):
        return f"its entries are not those of its {len(true)} sessions with bars."
    wrong = np.zeros(len(true), bool)
    for name in _COUNTS:
        wrong |= ours[name] != true[name]
    for name in FIELDS:
        wrong |= (ours[name] != true[name]) & ~(np.isnan(ours[name]) & np.isnan(true[name]))
    if wrong.any():
        return f"the entries of {_named(true, wrong)} are not those of the bars."
    if piece.bits is None or len(piece.bits) != len(right.bits):
        return "its presence bits are not there, or not those of its sessions."
    if piece.bits != right.bits:
        bad = np.frombuffer(piece.bits, np.uint8) != np.frombuffer(right.bits, np.uint8)
        wrong[np.searchsorted(true["byte"] + (true["slots"] + 7) // 8, np.flatnonzero(bad), side="right")] = True
        return f"the presence bits of {_named(true, wrong)} are not those of the bars."
    if (piece.first, piece.last, piece.fingerprint) != (right.first, right.last, right.mark):
        return f"its dates are not those of its bars, {day_of(right.first)} to {day_of(right.last)}."
    return None


def _named(days: DayEntries, wrong: npt.NDArray[np.bool_]) -> str:
    dates = dates_of(days["midnight"][wrong]).tolist()
    return str(day_of(dates[0])) + (f" and {len(dates) - 1} more sessions" if len(dates) > 1 else "")
