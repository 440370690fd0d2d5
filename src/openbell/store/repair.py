"""Making a store with damaged files usable again, as a change that can be undone like any other.

A damaged file is no bar's home any more: where it was written by a compaction, the compaction is undone and the files
before it count again; else its pieces are retired, and what they had replaced counts again. What is catalogued wrongly
is catalogued anew. No bar is made up.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openbell.errors import StoreError
from openbell.store import history, schema
from openbell.store.cutting import Cut
from openbell.store.recount import Miscount
from openbell.store.writer import Writer

REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Parameters
    ----------
    numbers
        Its changes in the log, to be undone from the last to the first; none when there was nothing to do.
    pieces
        How many pieces do not count any more.
    counted
        How many pieces were catalogued anew.
    """

    numbers: tuple[int, ...]
    pieces: int
    counted: int = 0


def repair(store: Path | str, damaged: Collection[str], miscounted: Sequence[Miscount] = ()) -> Repaired:
    """Let nothing that lies in damaged files count, and catalogue anew what is catalogued wrongly; deletes nothing.

    Parameters
    ----------
    damaged
        Names of files inside the store, as `openbell.store.verification.verify` found them.
    miscounted
        What it found catalogued wrongly.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be written.
    """
    root = Path(store)
    right = {one.piece.id: one.right for one in miscounted if one.right is not None}
    counted = [_catalogue(root, right)] if right else []
    undone = _without_compactions(root, damaged)
    number, pieces = _retire(root, damaged)
    return Repaired((*counted, *undone, *([number] if pieces else [])), pieces, len(right))


def _catalogue(root: Path, right: Mapping[int, Cut]) -> int:
    """Put pieces of the series that are catalogued wrongly in place of the ones they have, in the same order."""
    with schema.writing(root, make=False) as db:
        writer = Writer(db, root)
        wrong = json.dumps(list(right))
        pieces = [row[0] for row in db.execute(_OF_SAME_SERIES, (wrong,)).fetchall()]
        for piece in pieces:
            copy = db.execute(_COPY, {"piece": piece, "number": writer.number}).lastrowid
            db.execute("INSERT INTO presence SELECT ?, bits FROM presence WHERE piece = ?", (copy, piece))
            cut = right.get(piece)
            if cut is not None:
                values = (cut.days, cut.first, cut.last, cut.mark, copy)
                db.execute("UPDATE pieces SET days = ?, first = ?, last = ?, fingerprint = ? WHERE id = ?", values)
                db.execute("INSERT OR REPLACE INTO presence VALUES (?, ?)", (copy, cut.bits))
        writer.retire_pieces(pieces)
        what = f"{len(right)} pieces catalogued anew from their bars"
        writer.commit(REPAIR, what, json.dumps({"retired": len(pieces), "counted": len(right)}))
        return writer.number


# The later of two pieces of one session counts, so all of a series are written again.
_OF_SAME_SERIES = (
    "SELECT pieces.id FROM pieces JOIN (SELECT DISTINCT symbol, interval, grid FROM pieces "
    "WHERE id IN (SELECT value FROM json_each(?))) AS wrong USING (symbol, interval, grid) "
    "WHERE retired IS NULL ORDER BY pieces.id"
)
_COPIED = (
    "symbol, interval, grid, adjusted, origin, file, row, rows, first, last, market, version, fingerprint, days, own"
)
_COPY = f"INSERT INTO pieces (import, {_COPIED}) SELECT :number, {_COPIED} FROM pieces WHERE id = :piece"


def _without_compactions(root: Path, damaged: Collection[str]) -> list[int]:
    """Undo compactions that wrote damaged files, the last one first, where nothing lies on top of them."""
    query = (
        "SELECT DISTINCT imports.id FROM pieces JOIN files ON files.id = pieces.file "
        "JOIN imports ON imports.id = origin WHERE retired IS NULL AND action = 'compact' AND undone IS NULL "
        "AND name IN (SELECT value FROM json_each(?)) ORDER BY imports.id DESC"
    )
    with schema.reading(root) as db:
        compactions = [row[0] for row in db.execute(query, (json.dumps(list(damaged)),))]
    numbers = []
    for compaction in compactions:
        try:
            numbers.append(history.undo(root, compaction))
        except StoreError as error:
            if error.problems[0].code != "cannot_undo":
                raise
    return numbers


def _retire(root: Path, damaged: Collection[str]) -> tuple[int, int]:
    query = (
        "SELECT pieces.id FROM pieces JOIN files ON files.id = pieces.file "
        "WHERE retired IS NULL AND name IN (SELECT value FROM json_each(?))"
    )
    with schema.writing(root, make=False) as db:
        writer = Writer(db, root)
        pieces = [row[0] for row in db.execute(query, (json.dumps(list(damaged)),)).fetchall()]
        if pieces:
            writer.retire_pieces(pieces)
            what = f"{len(pieces)} pieces in damaged files: {', '.join(sorted(damaged))}"
            writer.commit(REPAIR, what, json.dumps({"retired": len(pieces), "files": len(damaged)}))
        return writer.number, len(pieces)
