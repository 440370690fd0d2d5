"""One change of a store: pieces are gathered, written to files, synced, and then told to the catalogue in one commit.

The order is what makes a kill at any moment harmless: files first, their folder's entries next, the catalogue's commit
last. What is cut off before the commit is at most a file that nobody names.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.market.actions import Action
from openbell.market.calendar import Calendar, load_calendar
from openbell.store.actions import record
from openbell.store.catalog import BARS, Piece, Series, visible_pieces
from openbell.store.cutting import Cut, cuts_of, strays_of
from openbell.store.days import GridKind, Mask, Rows
from openbell.store.edges import tabulated
from openbell.store.files import StoredFile
from openbell.store.parquet import bar_file
from openbell.store.schema import index
from openbell.store.scribe import Scribe
from openbell.store.series import SeriesDays, resolved
from openbell.store.sheets import laid_out

_ROWS_PER_FILE = 1 << 20


Span = tuple[int, int]
"""A first and a last date, in days since 1970-01-01."""


def around(spans: Sequence[Span]) -> Span:
    """From the first date of some spans to their last one.

    Examples
    --------
    >>> around([(3, 5), (1, 2)])
    (1, 5)
    """
    return min(first for first, _ in spans), max(last for _, last in spans)


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """Rows of one series that wait for their file, and their dates."""

    series: Series
    block: Block
    own: Mask | None
    adjusted: bool
    span: Span


class Writer:
    """Gathers what one import brings.

    Parameters
    ----------
    db
        The writing connection, inside its transaction.
    root
        The store's folder.
    """

    def __init__(self, db: sqlite3.Connection, root: Path) -> None:
        self.number = 1 + int(db.execute("SELECT coalesce(max(id), 0) FROM imports").fetchone()[0])
        self._db = db
        self._root = root
        self._pending: dict[tuple[Interval, GridKind, str], list[Pending]] = {}
        self._queued: set[Series] = set()
        self._rows = 0
        self._written: list[Piece] = []
        self._scribe = Scribe(root)
        self._next = 1 + int(db.execute("SELECT coalesce(max(id), 0) FROM pieces").fetchone()[0])
        self._retired: set[int] = set()
        self._brought: dict[tuple[Interval, GridKind], dict[str, Span]] = {}
        self.strays: dict[Series, tuple[int, int]] = {}

    def stored(self, series: Series, calendar: Calendar) -> SeriesDays | None:
        """What is there of a series, this import's own earlier pieces included."""
        if series in self._queued:
            self.flush()
        self._scribe.wait()
        before = list(visible_pieces(self._db, self.number - 1, series.interval, series.grid, [series.symbol]))
        pieces = [piece for piece in before if piece.id not in self._retired]
        pieces += [piece for piece in self._written if piece.series == series]
        return resolved(self._root, calendar, pieces).get(series.symbol)

    def reaching_into(self, interval: Interval, grid: GridKind, span: Span) -> dict[str, Span]:
        """The dates of what is there of each symbol between two dates, what waits included; reads no data."""
        found = self._db.execute(_REACHING, (str(interval), grid.value, *span))
        dates = {symbol: (first, last) for symbol, first, last in found}
        for symbol, own in self._brought.get((interval, grid), {}).items():
            dates[symbol] = around([own, dates.get(symbol, own)])
        return dates

    def put(self, calendar: Calendar, pending: Pending) -> None:
        """Take rows that are whole sessions; they are written when a file is full, or by `commit`."""
        series, span = pending.series, pending.span
        self._pending.setdefault((series.interval, series.grid, calendar.name), []).append(pending)
        brought = self._brought.setdefault((series.interval, series.grid), {})
        before = brought.get(series.symbol)
        brought[series.symbol] = span if before is None else around([before, span])
        self._queued.add(series)
        self._rows += len(pending.block)
        if self._rows >= _ROWS_PER_FILE:
            self.flush()

    def retire(self, series: Series) -> None:
        """What is there of a series does not count any more after this import."""
        before = visible_pieces(self._db, self.number - 1, series.interval, series.grid, [series.symbol])
        self._retired.update(piece.id for piece in before)
        self._written = [piece for piece in self._written if piece.series != series]

    def retire_pieces(self, pieces: Iterable[int]) -> None:
        """These pieces do not count any more after this import."""
        self._retired.update(pieces)

    def put_symbol(self, symbol: str, market: str, why: str, source: str) -> None:
        """What is known of a symbol from now on."""
        self._db.execute(
            "INSERT OR REPLACE INTO symbols (symbol, import, market, why, source) VALUES (?, ?, ?, ?, ?)",
            (symbol, self.number, market, why, source),
        )

    def put_actions(self, actions: Iterable[Action]) -> None:
        """Corporate actions that count from now on."""
        chosen = list(actions)
        if chosen:
            record(self._db, self.number, chosen)

    def flush(self) -> None:
        """Write what waits."""
        for (interval, grid, market), queue in self._pending.items():
            ordered = sorted(queue, key=lambda one: one.series.symbol)
            self._write(interval, grid, load_calendar(market), ordered)
        self._pending.clear()
        self._queued.clear()
        self._rows = 0

    def commit(self, action: str, source: str, report: str) -> None:
        """Make everything visible at once."""
        self.flush()
        index(self._db)
        files = self._numbered_files()
        self._db.executemany(_INSERT_PIECE, [self._row(piece, files[piece.file.name]) for piece in self._written])
        self._db.executemany("INSERT INTO presence VALUES (?, ?)", [(piece.id, piece.bits) for piece in self._written])
        self._db.executemany(
            "UPDATE pieces SET retired = ? WHERE id = ?", [(self.number, piece) for piece in self._retired]
        )
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._db.execute("INSERT INTO imports VALUES (?, ?, ?, ?, ?, NULL)", (self.number, at, action, source, report))
        # What is told to the catalogue counts from its commit on: until then the files may be under way.
        self._insert_files(files)
        self._db.execute("COMMIT")

    def discard(self) -> None:
        """Remove the files of an import that is not committed, and folders that are empty without them."""
        self._scribe.discard()

    def _write(self, interval: Interval, grid: GridKind, calendar: Calendar, queue: list[Pending]) -> None:
        bounds = np.cumsum([0, *(len(one.block) for one in queue)])
        block = laid_out([one.block for one in queue])
        _check_order(queue, block.ts, bounds)
        content = bar_file(interval, [one.series.symbol for one in queue], np.diff(bounds).tolist(), block)
        name = f"{BARS}/{interval}/{self.number:06d}-{secrets.token_hex(6)}.parquet"
        file = self._scribe.begin(name, content)
        table = tabulated(calendar, interval, block, bounds, grid)
        outside, off_grid = strays_of(table)
        for one, out, off in zip(queue, outside, off_grid, strict=True):
            before = self.strays.get(one.series, (0, 0))
            self.strays[one.series] = (before[0] + out, before[1] + off)
        rows = bounds.tolist()
        for cut in cuts_of(calendar, interval, table):
            self._add(queue[cut.index], file, rows[cut.index], calendar, cut)

    def _add(self, one: Pending, file: StoredFile, first_row: int, calendar: Calendar, cut: Cut) -> None:
        own = None if one.own is None else np.packbits(one.own[cut.row : cut.row + cut.rows]).tobytes()
        piece = Piece(
            self._next, one.series, one.adjusted, file, first_row + cut.row, cut.rows, cut.first, cut.last,
            calendar.name, calendar.version, cut.mark, cut.days, own, self.number, cut.bits,
        )  # fmt: skip
        self._written.append(piece)
        self._next += 1

    def _numbered_files(self) -> dict[str, int]:
        """The numbers that the catalogue will have for the files, by their names."""
        last = int(self._db.execute("SELECT coalesce(max(id), 0) FROM files").fetchone()[0])
        return {name: last + place for place, name in enumerate(self._scribe.files, start=1)}

    def _insert_files(self, numbers: Mapping[str, int]) -> None:
        for file, checksum in self._scribe.finished():
            offsets = " ".join(map(str, file.offsets))
            self._db.execute(
                "INSERT INTO files (id, name, import, rows, bytes, checksum, offsets) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (numbers[file.name], file.name, self.number, file.rows, file.size, checksum, offsets),
            )

    def _row(self, piece: Piece, file: int) -> tuple[int | str | bytes | None, ...]:
        return (
            piece.id, piece.series.symbol, str(piece.series.interval), piece.series.grid.value, int(piece.adjusted),
            self.number, self.number, file, piece.row, piece.rows, piece.first, piece.last, piece.market, piece.version,
            piece.fingerprint, piece.days, piece.own,
        )  # fmt: skip


def _check_order(queue: Sequence[Pending], ts: Stamps, bounds: Rows) -> None:
    """Stop everything rather than store two bars of a series under one stamp."""
    follows = ts[1:] > ts[:-1]
    follows[bounds[1:-1] - 1] = True
    if not follows.all():
        row = int(np.argmin(follows)) + 1
        series = queue[int(np.searchsorted(bounds, row, side="right")) - 1].series
        stamp = np.datetime64(int(ts[row]), "ns")
        what = f"two bars would be stored out of order at {stamp}; this import is given up as a whole."
        fix = "This is a fault of openbell: report it, with the file; the store is as it was."
        raise StoreError(Problem(f"{series.symbol}/{series.interval}", what, fix, code="internal"))


# +: the index that is in order of symbols would be gone through from end to end.
_REACHING = (
    "SELECT symbol, min(first), max(last) FROM pieces "
    "WHERE retired IS NULL AND interval = ? AND grid = ? AND last >= ? AND first <= ? GROUP BY +symbol"
)
_INSERT_PIECE = (
    "INSERT INTO pieces (id, symbol, interval, grid, adjusted, import, origin, file, row, rows, first, last, market, "
    "version, fingerprint, days, own) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
