"""Bringing many small imports into the shape that is read fastest, and removing what nobody needs any more.

`compact` writes new files and deletes nothing, so that readers go on; `clean` deletes.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openbell.market.calendar import load_calendar
from openbell.store import schema
from openbell.store.catalog import BARS, Piece, day_of, visible_pieces
from openbell.store.history import series_in
from openbell.store.readers import is_read
from openbell.store.series import resolved, whole
from openbell.store.writer import Pending, Writer

KEPT_FOR_READERS = timedelta(days=7)
"""How long what was replaced is kept at least while somebody looks at the store, who may have begun before."""

Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is: series to bring together, files to delete."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did.

    Parameters
    ----------
    number
        Its number in the log, None when there was nothing to do.
    before, after
        Pieces that were brought together, and what they became.
    rows
        Bars that were written.
    """

    number: int | None
    before: int
    after: int
    rows: int


def compact(store: Path | str, *, progress: Progress | None = None) -> Compacted:
    """Bring each symbol's bars of a year into one piece, symbols of one interval side by side in large files.

    Raises
    ------
    StoreError
        If a file is damaged, or nothing can be written.
    """
    root = Path(store)
    with schema.writing(root, make=False) as db:
        writer = Writer(db, root)
        work: list[list[Piece]] = []
        for interval, grid in series_in(db):
            work += _scattered(list(visible_pieces(db, writer.number, interval, grid)))
        try:
            rows = 0
            for done, pieces in enumerate(work, start=1):
                rows += _rewrite(root, writer, pieces)
                if progress is not None:
                    progress(done, len(work))
            before = sum(map(len, work))
            if not work:
                return Compacted(None, 0, 0, 0)
            after = len(work)
            writer.commit("compact", f"{before} pieces into {after}", json.dumps({"retired": before, "rows": rows}))
        except BaseException:
            writer.discard()
            raise
        return Compacted(writer.number, before, after, rows)


def _scattered(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that share a symbol and a year, by year and symbol."""
    years: dict[tuple[int, str], list[Piece]] = defaultdict(list)
    for piece in pieces:
        years[day_of(piece.first).year, piece.series.symbol].append(piece)
    return [years[key] for key in sorted(years) if len(years[key]) > 1]


def _rewrite(root: Path, writer: Writer, pieces: list[Piece]) -> int:
    newest = pieces[-1]
    calendar = load_calendar(newest.market)
    series = resolved(root, calendar, pieces)[newest.series.symbol]
    block = whole(root, series)
    writer.retire_pieces(piece.id for piece in pieces)
    span = min(piece.first for piece in pieces), max(piece.last for piece in pieces)
    writer.put(calendar, Pending(newest.series, block, None, newest.adjusted, span))
    return len(block)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed: files, and their bytes; and whether newer ones were kept because the store is read."""

    files: int
    bytes: int
    kept: bool = False


def clean(store: Path | str, *, older_than: timedelta = timedelta(days=7), progress: Progress | None = None) -> Cleaned:
    """Delete files that no longer count since some time, and files that no catalogue names.

    Imports whose files are deleted can no longer be undone. While somebody looks at the store what was replaced stays
    for `KEPT_FOR_READERS` at least; readers that began before that time may fail.

    Parameters
    ----------
    older_than
        How long ago a file must have been replaced, or written when nobody names it.
    progress
        Called after each file.

    Raises
    ------
    StoreError
        If nothing can be written.
    """
    root = Path(store)
    with schema.writing(root, make=False) as db:
        kept = older_than < KEPT_FOR_READERS and is_read(root / BARS)
        age = KEPT_FOR_READERS if kept else older_than
        limit = (datetime.now(UTC) - age).isoformat(timespec="seconds").replace("+00:00", "Z")
        gone = "SELECT id FROM pieces WHERE retired IN (SELECT id FROM imports WHERE at <= ?)"
        db.execute(f"DELETE FROM presence WHERE piece IN ({gone})", (limit,))
        db.execute(f"DELETE FROM pieces WHERE id IN ({gone})", (limit,))
        rows = db.execute("SELECT name FROM files WHERE id NOT IN (SELECT file FROM pieces)").fetchall()
        db.execute("DELETE FROM files WHERE id NOT IN (SELECT file FROM pieces)")
        db.execute("COMMIT")
        db.execute("BEGIN IMMEDIATE")
        names = {row[0] for row in rows}
        known = {row[0] for row in db.execute("SELECT name FROM files").fetchall()}
        doomed = [root / name for name in names if (root / name).exists()]
        oldest = time.time() - older_than.total_seconds()
        doomed += [path for path in orphans(root, known | names) if path.stat().st_mtime <= oldest]
        size = sum(path.stat().st_size for path in doomed)
        for done, path in enumerate(doomed, start=1):
            path.unlink(missing_ok=True)
            if progress is not None:
                progress(done, len(doomed))
        return Cleaned(len(doomed), size, kept)


def orphans(root: Path, known: set[str]) -> list[Path]:
    """Parquet files among the bars that the catalogue does not name."""
    found = sorted((root / BARS).glob("*/*.parquet"))
    return [path for path in found if path.relative_to(root).as_posix() not in known]
