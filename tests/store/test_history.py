"""Undoing, compacting, cleaning and verifying."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.market.calendar import Calendar
from openbell.store.export import export, frame_of
from openbell.store.history import log, undo
from openbell.store.housekeeping import clean, compact
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager
from openbell.store.verification import verify

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]


def stored(store: Path, symbol: str = "AAA") -> pl.DataFrame:
    export(store, symbol, MINUTE, store.parent / "out.parquet")
    return pl.read_parquet(store.parent / "out.parquet")


def bring(store: Path, block: Block, symbol: str = "AAA") -> int:
    number = import_frames({(symbol, "1m"): frame_of(block)}, store).number
    assert number is not None
    return number


def test_an_import_is_undone_and_the_undo_too(tmp_path: Path, minutes: Minutes) -> None:
    store, base, other = tmp_path / "store", minutes(MONDAY, 3), minutes(MONDAY, 2, level=50.0)
    bring(store, base)
    second = bring(store, other)
    mixed = stored(store)

    back = undo(store, second)
    assert stored(store).equals(frame_of(base))

    undo(store, back)
    assert stored(store).equals(mixed)
    assert [record.action for record in log(store)] == ["import", "import", "undo", "undo"]


def test_the_first_import_undone_leaves_no_symbol(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store = tmp_path / "store"
    number = bring(store, minutes(MONDAY))

    undo(store, number)

    assert not DataManager(store, xnys).symbols()
    bring(store, minutes(MONDAY))
    assert list(DataManager(store, xnys).symbols()) == ["AAA"]


def test_what_lies_on_top_is_undone_first(tmp_path: Path, minutes: Minutes) -> None:
    store, base = tmp_path / "store", minutes(MONDAY, 3)
    first = bring(store, base[:400])
    second = bring(store, base[350:])

    with pytest.raises(StoreError, match=f"openbell data undo {second}"):
        undo(store, first)
    undo(store, second)

    assert stored(store).equals(frame_of(base[:400]))


def test_imports_of_other_sessions_are_undone_in_any_order(tmp_path: Path, minutes: Minutes) -> None:
    store, base = tmp_path / "store", minutes(MONDAY, 2)
    first = bring(store, base[:390])
    bring(store, base[390:])

    undo(store, first)

    assert stored(store).equals(frame_of(base[390:]))


@pytest.mark.parametrize("number", [7, 1], ids=["unknown", "twice"])
def test_what_cannot_be_undone_says_why(tmp_path: Path, minutes: Minutes, number: int) -> None:
    store = tmp_path / "store"
    bring(store, minutes(MONDAY))
    if number == 1:
        undo(store, 1)

    with pytest.raises(StoreError, match=f"import {number}"):
        undo(store, number)


def test_compaction_brings_a_years_pieces_together_and_changes_no_bar(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    store, base = tmp_path / "store", minutes(date(2023, 12, 20), 12)
    for day in range(12):
        for symbol in ("AAA", "BBB"):
            bring(store, base[390 * day : 390 * (day + 1)], symbol)
    before = DataManager(store, xnys)
    session = xnys.first_on_or_after(date(2023, 12, 20))
    old = before.read(["AAA"], MINUTE, session, session + 3)["AAA"]
    files = set((store / "bars").rglob("*.parquet"))

    result = compact(store)
    after = DataManager(store, xnys)

    assert (result.before, result.after, result.rows) == (24, 4, 2 * 12 * 390)
    assert files < set((store / "bars").rglob("*.parquet"))
    assert stored(store).equals(frame_of(base))
    assert np.array_equal(before.read(["AAA"], MINUTE, session + 2, session + 11)["AAA"].ts, base.ts[780:])
    assert len(old) == 4 * 390
    assert after.counts(["AAA", "BBB"], MINUTE, session, session + 11).tolist() == [[390] * 12] * 2
    assert compact(store).number is None


def test_a_compaction_is_undone_like_an_import(tmp_path: Path, minutes: Minutes) -> None:
    store, base = tmp_path / "store", minutes(MONDAY, 2)
    first = bring(store, base[:390])
    bring(store, base[390:])
    number = compact(store).number
    assert number is not None

    with pytest.raises(StoreError, match=f"openbell data undo {number}"):
        undo(store, first)
    undo(store, number)
    undo(store, first)

    assert stored(store).equals(frame_of(base[390:]))


def test_cleaning_removes_only_what_no_longer_counts(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store, base = tmp_path / "store", minutes(MONDAY, 2)
    bring(store, base[:390])
    bring(store, base[390:])
    number = compact(store).number
    assert number is not None
    orphan = store / "bars" / "1m" / "999999-left.parquet"
    orphan.write_bytes(b"PAR1")

    kept = clean(store, older_than=timedelta(days=1))
    removed = clean(store, older_than=timedelta(0))

    assert (kept.files, removed.files) == (0, 3)
    assert not orphan.exists()
    assert stored(store).equals(frame_of(base))
    assert not verify(store).problems
    with pytest.raises(StoreError, match="cleaned away"):
        undo(store, number)


def test_verify_names_every_file_that_is_not_what_it_was(tmp_path: Path, minutes: Minutes) -> None:
    store = tmp_path / "store"
    for symbol in ("AAA", "BBB", "CCC", "DDD"):
        bring(store, minutes(MONDAY), symbol)
    paths = sorted((store / "bars" / "1m").iterdir())
    content = bytearray(paths[0].read_bytes())
    content[len(content) // 2] ^= 1
    paths[0].write_bytes(content)
    os.truncate(paths[1], 100)
    paths[2].unlink()
    (store / "bars" / "1m" / "x.parquet").write_bytes(b"")

    found = verify(store)

    assert not found.ok
    assert [(Path(one.where).name, one.code) for one in found.problems] == [
        (paths[0].name, "damaged_file"),
        (paths[1].name, "damaged_file"),
        (paths[2].name, "missing_file"),
        ("x.parquet", "orphan"),
    ]
    assert "AAA" in found.problems[0].fix


def test_a_whole_store_has_no_problems(tmp_path: Path, minutes: Minutes) -> None:
    bring(tmp_path / "store", minutes(MONDAY, 2))

    found = verify(tmp_path / "store")

    assert (found.ok, found.files, found.problems) == (True, 1, ())
