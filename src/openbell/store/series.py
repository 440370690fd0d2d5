"""Which rows of which piece are a session's bars: pieces of a series, put in order of sessions.

1. `resolved`: entries of all pieces by session; where several pieces have one session, the latest counts.
2. `_retabulated`: the slow way, for pieces that were catalogued with other sessions than those now asked for: their
   bars are read and tabulated again, in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Ordinals
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.catalog import Piece
from openbell.store.days import DAY, DayEntries, GridKind, Mask, Rows, ordinals_of, tabulate
from openbell.store.files import OpenFiles
from openbell.store.fingerprints import fingerprint

COLUMN_COUNT = 6
SHORT_RUN = 1 << 11

Entries = Rows | slice
"""Some entries of a series, by their places."""

Columns = npt.NDArray[np.float64]
"""Shape (6, n), the first row being stamps."""

_ALL = slice(None)
_NO_FILE = np.full(1, -1)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesDays:
    """The days of one series that have rows, in order.

    Parameters
    ----------
    ordinals
        The session of each entry; -1 for days that are no session of the calendar.
    days
        The entries.
    rows
        The row that each entry begins at, in its piece's file.
    owners
        The piece that each entry lies in, as an index into `pieces`.
    pieces
        Where the rows are; their rows are counted from the beginning of the file.
    files
        The number of each piece's file, the same for pieces of one file in all series that were resolved together.
    regular
        Whether every entry is a session of the calendar.
    block, bits
        The rows and presence bits themselves where they had to be tabulated anew; there are no pieces then, and -1 is
        the number of their file.
    """

    ordinals: Ordinals
    days: DayEntries
    rows: Rows
    owners: npt.NDArray[np.int64]
    pieces: tuple[Piece, ...]
    files: npt.NDArray[np.int64]
    regular: bool
    block: Block | None = None
    bits: bytes | None = None

    def inside(self, first: int, last: int) -> Entries:
        """The entries of sessions ``first`` to ``last``, both included."""
        if self.regular:
            if len(self.ordinals) and self.ordinals[0] >= first and self.ordinals[-1] <= last:
                return _ALL
            return slice(*self.ordinals.searchsorted((first, last + 1)).tolist())
        return np.flatnonzero((self.ordinals >= first) & (self.ordinals <= last))

    def spans(self, entries: Entries, hours: Hours) -> tuple[Rows, Rows]:
        """The first row inside the hours and the number of rows inside, of some entries."""
        part = self.days[hours.value][entries]
        return self.rows[entries] + part["first"], part["span"].astype(np.int64)

    def fill(self, files: OpenFiles, owners: Rows, rows: Rows, counts: Rows, target: Columns) -> None:
        """Put runs of rows into ``target``, one after another; runs that follow one another are read as one."""
        if len(rows) == 1:
            self._fill_run(files, int(owners[0]), int(rows[0]), target)
            return
        filled = counts > 0
        rows, owners, counts = rows[filled], owners[filled], counts[filled]
        if not len(rows):
            return
        volumes = self.files[owners]
        breaks = (volumes[1:] != volumes[:-1]) | (rows[1:] != rows[:-1] + counts[:-1])
        heads = np.concatenate(([0], np.flatnonzero(breaks) + 1))
        sizes = np.add.reduceat(counts, heads)
        done = 0
        for owner, row, size in zip(owners[heads].tolist(), rows[heads].tolist(), sizes.tolist(), strict=True):
            self._fill_run(files, owner, row, target[:, done : done + size])
            done += size

    def _fill_run(self, files: OpenFiles, owner: int, row: int, part: Columns) -> None:
        end = row + part.shape[1]
        block = self.block
        if block is None:
            file = self.pieces[owner].file
            # A few rows are looked up sooner than the system is called for them; many are not.
            block = files.mapped(file) if part.shape[1] <= SHORT_RUN else None
            if block is None:
                files.read_into(file, part, row)
                return
        for target, column in zip(part, (block.ts.view(np.float64), *block.columns), strict=True):
            target[:] = column[row:end]


def as_block(columns: Columns) -> Block:
    """The block whose columns are the rows of an array, without a copy."""
    return Block(columns[0].view(np.int64), *columns[1:]).freeze()


def resolved(root: Path, calendar: Calendar, pieces: Sequence[Piece]) -> dict[str, SeriesDays]:
    """The sessions of several symbols' pieces, which are of one interval and grid, ordered by symbol and age."""
    if not pieces:
        return {}
    sample = pieces[0].series
    days = np.frombuffer(b"".join([piece.days for piece in pieces]), DAY)
    sizes = [len(piece.days) // DAY.itemsize for piece in pieces]
    rows = days["row"].astype(np.int64)
    rows += pieces[0].row if len(pieces) == 1 else np.repeat([piece.row for piece in pieces], sizes)
    ordinals = ordinals_of(calendar, sample.interval, days["midnight"])
    zeros = np.zeros(len(days), np.int64)
    numbers: dict[str, int] = {}
    files = np.array([numbers.setdefault(piece.file.name, len(numbers)) for piece in pieces], np.int64)
    usual = all(piece.market == calendar.name and piece.version == calendar.version for piece in pieces)
    all_known = bool((ordinals >= 0).all())
    result: dict[str, SeriesDays] = {}
    start = place = 0
    for symbol, group in groupby(pieces, key=lambda piece: piece.series.symbol):
        own = tuple(group)
        inner = sizes[place : place + len(own)]
        part = slice(start, start + sum(inner))
        fits = usual or _fit(calendar, own, inner, ordinals[part])
        every = all_known or bool((ordinals[part] >= 0).all())
        volumes = files[place : place + len(own)]
        found = SeriesDays(ordinals[part], days[part], rows[part], zeros[part], own, volumes, every)
        if len(own) > 1:
            found = _merged(found, inner)
        result[symbol] = found if fits else _retabulated(root, calendar, sample.interval, sample.grid, found)
        start, place = part.stop, place + len(own)
    return result


def _merged(every: SeriesDays, sizes: list[int]) -> SeriesDays:
    owners = np.repeat(np.arange(len(sizes)), sizes)
    midnights = every.days["midnight"]
    order = np.lexsort((owners, midnights))
    latest = order[np.append(midnights[order][1:] != midnights[order][:-1], True)]
    return SeriesDays(
        every.ordinals[latest],
        every.days[latest],
        every.rows[latest],
        owners[latest],
        every.pieces,
        every.files,
        every.regular,
    )


def _fit(calendar: Calendar, pieces: Sequence[Piece], sizes: list[int], ordinals: Ordinals) -> bool:
    """Whether all pieces were catalogued with the sessions that this calendar has."""
    start = 0
    for piece, size in zip(pieces, sizes, strict=True):
        if piece.market != calendar.name or piece.version != calendar.version:
            part = ordinals[start : start + size]
            known = part[part >= 0]
            if not len(known) or piece.fingerprint != fingerprint(calendar, int(known.min()), int(known.max())):
                return False
        start += size
    return True


def _retabulated(root: Path, calendar: Calendar, interval: Interval, grid: GridKind, found: SeriesDays) -> SeriesDays:
    block = whole(root, found)
    table = tabulate(calendar, interval, block, np.array([0, len(block)]), grid)
    ordinals = ordinals_of(calendar, interval, table.days["midnight"])
    rows = table.days["row"].astype(np.int64)
    known = bool((ordinals >= 0).all())
    return SeriesDays(ordinals, table.days, rows, np.zeros_like(rows), (), _NO_FILE, known, block, table.bits.tobytes())


def whole(root: Path, series: SeriesDays, chosen: Mask | None = None) -> Block:
    """Every row of a series, or of some of its entries, also those that are on no session's grid."""
    entries = np.arange(len(series.days)) if chosen is None else np.flatnonzero(chosen)
    counts = series.days["rows"][entries].astype(np.int64)
    columns = np.empty((COLUMN_COUNT, int(counts.sum())))
    with OpenFiles(root) as files:
        series.fill(files, series.owners[entries], series.rows[entries], counts, columns)
    return as_block(columns)
