"""Making a store with damaged files usable again, as a change that can be undone like any other.

A damaged file is no bar's home any more: where it was written by a compaction, the compaction is undone and the files
before it count again; else its pieces are retired, and what they had replaced counts again. No bar is made up.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from openbell.errors import StoreError
from openbell.store import history, schema
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
    """

    numbers: tuple[int, ...]
    pieces: int


def repair(store: Path | str, damaged: Collection[str]) -> Repaired:
    """Let nothing that lies in damaged files count; deletes nothing.

    Parameters
    ----------
    damaged
        Names of files inside the store, as `openbell.store.verification.verify` found them.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be written.
    """
    root = Path(store)
    undone = _without_compactions(root, damaged)
    number, pieces = _retire(root, damaged)
    return Repaired((*undone, *([number] if pieces else [])), pieces)


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
