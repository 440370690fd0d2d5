"""What the catalogue says of bars is held against them, and made anew where it is wrong."""

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sessions import store_blocks

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store import history
from openbell.store.days import DAY
from openbell.store.export import frame_of
from openbell.store.housekeeping import compact
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager
from openbell.store.repair import repair
from openbell.store.rows import taken
from openbell.store.verification import Verified, verify

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]


def thinned(block: Block, seed: int) -> Block:
    return taken(block, np.random.default_rng(seed).random(len(block)) < 0.7)


@pytest.fixture
def store(minutes: Minutes, tmp_path: Path) -> Path:
    """Three symbols over two years, one of them with a later import on top."""
    whole = minutes(date(2023, 12, 28), 125)
    made = store_blocks(tmp_path, {name: thinned(whole, place) for place, name in enumerate(("AAA", "BBB", "CCC"))})
    import_frames({("BBB", "1m"): frame_of(thinned(minutes(MONDAY, 2, 105.0), 7))}, made)
    return made


def figures(store: Path, calendar: Calendar) -> tuple[bytes, ...]:
    manager, names = DataManager(store, calendar), ["AAA", "BBB", "CCC"]
    first = calendar.first_on_or_after(date(2023, 12, 28))
    asked = names, MINUTE, first, first + 125
    found = manager.summaries(*asked)
    blocks = manager.read(*asked).values()
    return (
        manager.presence(*asked).tobytes(),
        manager.counts(*asked).tobytes(),
        *(getattr(found, name).tobytes() for name in ("open", "high", "low", "close", "volume")),
        *(column.tobytes() for block in blocks for column in (block.ts, *block.columns)),
    )


def change(store: Path, table: str, column: str, key: str, place: int, alter: Callable[[bytearray], None]) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        content = bytearray(db.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (place,)).fetchone()[0])
        alter(content)
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes(content), place))
    db.close()


def flip(at: int, bit: int = 1) -> Callable[[bytearray], None]:
    def flipping(content: bytearray) -> None:
        content[at] ^= bit

    return flipping


def kinds(result: Verified) -> list[str]:
    return [problem.code for problem in result.problems if problem.fatal]


@pytest.mark.parametrize("compacted", [False, True])
def test_a_sound_store_is_catalogued_rightly(store: Path, compacted: bool) -> None:
    if compacted:
        compact(store)

    assert verify(store).ok


def test_an_altered_presence_bit_is_told_with_its_symbol_and_session_and_made_anew(store: Path, xnys: Calendar) -> None:
    before = figures(store, xnys)
    change(store, "presence", "bits", "piece", 4, flip(50))
    assert figures(store, xnys) != before

    result = verify(store)

    (problem,) = [one for one in result.problems if one.fatal]
    assert (problem.code, problem.where.endswith("catalog.sqlite: BBB/1m")) == ("miscounted", True)
    assert "presence bits of 2024-01-02 are not" in problem.what
    assert result.damaged == {"BBB"}

    made = repair(store, result.broken, result.miscounted)

    assert (made.counted, verify(store).ok) == (1, True)
    assert figures(store, xnys) == before
    history.undo(store, made.numbers[0])
    assert not verify(store).ok


@pytest.mark.parametrize("field", DAY.names)
def test_every_altered_field_of_an_entry_is_told(store: Path, field: str) -> None:
    width, (kind, offset) = DAY.itemsize, DAY.fields[field][:2]

    for at in range(offset, offset + kind.itemsize):
        change(store, "pieces", "days", "id", 1, flip(width * 1 + at))
        assert kinds(verify(store)) == ["miscounted"], at
        change(store, "pieces", "days", "id", 1, flip(width * 1 + at))
    assert verify(store).ok


def test_entries_that_are_cut_off_are_told_and_made_anew(store: Path, xnys: Calendar) -> None:
    before = figures(store, xnys)
    change(store, "pieces", "days", "id", 5, lambda content: content.__delitem__(slice(100, None)))

    result = verify(store)
    repair(store, result.broken, result.miscounted)

    assert kinds(result) == ["miscounted"]
    assert verify(store).ok == (result.miscounted[0].right is not None)
    assert not verify(store).ok or figures(store, xnys) == before


@pytest.mark.parametrize("column", ["row", "rows", "first", "last"])
def test_a_piece_that_lies_elsewhere_is_told(store: Path, column: str) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        db.execute(f"UPDATE pieces SET {column} = {column} + 1 WHERE id = 3")
    db.close()

    result = verify(store)

    assert set(kinds(result)) == {"miscounted"}
    assert "CCC" in result.damaged or "BBB" in result.damaged


def test_columns_that_are_looked_for_elsewhere_are_told(store: Path) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        offsets = db.execute("SELECT offsets FROM files WHERE id = 1").fetchone()[0].split()
        db.execute("UPDATE files SET offsets = ? WHERE id = 1", (" ".join([*offsets[:4], offsets[3], offsets[5]]),))
    db.close()

    result = verify(store)

    assert set(kinds(result)) == {"miscounted"}
