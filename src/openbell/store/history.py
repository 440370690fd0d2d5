"""What was done to a store, and taking it back."""

import json
import sqlite3
from pathlib import Path

import numpy as np

from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store import actions, schema
from openbell.store.catalog import Catalog, ImportRecord
from openbell.store.days import DAY, GridKind
from openbell.store.writer import Writer

UNDO = "undo"


def log(store: Path | str) -> list[ImportRecord]:
    """Every import, undo and compaction, oldest first."""
    return Catalog.latest(Path(store)).imports()


def undo(store: Path | str, number: int) -> int:
    """Take an import, compaction or undo back: what it brought goes, what it replaced counts again.

    Nothing is deleted; the undo is an entry of the log like any other, and can be undone.

    Returns
    -------
    int
        The number of the undo.

    Raises
    ------
    StoreError
        If there is no such import, it is undone already, a later one lies on top of it, or what it replaced was cleaned
        away.
    """
    root = Path(store)
    with schema.writing(root, make=False) as db:
        db.row_factory = sqlite3.Row
        record = db.execute("SELECT * FROM imports WHERE id = ?", (number,)).fetchone()
        if record is None:
            raise _refused(number, "is not in the log.", "`openbell data log` names what is.")
        if record["undone"] is not None:
            raise _refused(number, f"is undone already, by {record['undone']}.", "Nothing is left to do.")
        _check_on_top(db, number)
        _check_kept(db, number, json.loads(record["report"]))
        writer = Writer(db, root)
        _take_back(db, writer.number, number)
        actions.take_back(db, writer.number, number)
        db.execute("UPDATE imports SET undone = ? WHERE id = ?", (writer.number, number))
        db.execute("UPDATE imports SET undone = NULL WHERE undone = ?", (number,))
        report = {"undone": number, "was": record["action"]}
        writer.commit(UNDO, f"undo of {number}: {record['source']}", json.dumps(report))
        return writer.number


def _check_on_top(db: sqlite3.Connection, number: int) -> None:
    """No visible later piece may hold a session that this import changed: it may hold bars of it."""
    query = (
        "SELECT later.import, later.days AS above, mine.days AS below FROM pieces AS mine "
        "JOIN pieces AS later ON later.symbol = mine.symbol AND later.interval = mine.interval "
        "AND later.grid = mine.grid AND later.id > mine.id AND later.retired IS NULL "
        "AND :number NOT IN (later.import, later.origin) AND later.first <= mine.last AND mine.first <= later.last "
        "WHERE :number IN (mine.import, mine.origin) AND mine.retired IS NULL"
    )
    for row in db.execute(query, {"number": number}):
        above, below = (np.frombuffer(row[name], DAY)["midnight"] for name in ("above", "below"))
        if np.isin(above, below).any():
            what = f"has bars of import {row['import']} on top of it."
            raise _refused(number, what, f"Undo that one first: openbell data undo {row['import']}.")
    rewritten = db.execute(
        "SELECT imports.id FROM pieces JOIN imports ON imports.id = pieces.retired "
        "WHERE :number IN (import, origin) AND undone IS NULL AND action != 'undo'",
        {"number": number},
    ).fetchone()
    if rewritten is not None:
        fix = f"Undo that one first: openbell data undo {rewritten[0]}."
        raise _refused(number, f"was rewritten by {rewritten[0]}.", fix)


def _check_kept(db: sqlite3.Connection, number: int, report: dict[str, object]) -> None:
    kept = db.execute("SELECT count(*) FROM pieces WHERE retired = ?", (number,)).fetchone()[0]
    if kept < int(str(report.get("retired", 0))):
        raise _refused(number, "replaced files that were cleaned away since.", "Import the bars again instead.")


def _take_back(db: sqlite3.Connection, now: int, number: int) -> None:
    restored = db.execute("SELECT * FROM pieces WHERE retired = ? ORDER BY id", (number,)).fetchall()
    db.execute("UPDATE pieces SET retired = ? WHERE ? IN (import, origin) AND retired IS NULL", (now, number))
    for row in restored:
        values = {**dict(row), "id": None, "import": now, "retired": None}
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        piece = db.execute(f"INSERT INTO pieces ({names}) VALUES ({marks})", values).lastrowid
        db.execute("INSERT INTO presence SELECT ?, bits FROM presence WHERE piece = ?", (piece, row["id"]))
    db.execute(
        "UPDATE symbols SET retired = ? WHERE import = ? AND retired IS NULL AND symbol NOT IN "
        "(SELECT symbol FROM pieces WHERE retired IS NULL)",
        (now, number),
    )


def _refused(number: int, what: str, fix: str) -> StoreError:
    return StoreError(Problem(f"import {number}", what, fix, code="cannot_undo"))


def series_in(db: sqlite3.Connection) -> list[tuple[Interval, GridKind]]:
    """The intervals and grids that are stored."""
    rows = db.execute("SELECT DISTINCT interval, grid FROM pieces WHERE retired IS NULL ORDER BY 1, 2").fetchall()
    return [(Interval.parse(interval), GridKind(grid)) for interval, grid in rows]
