"""Reading changes nothing, copies little, and says what is wrong with a file."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.market.actions import Prices
from openbell.market.calendar import Calendar
from openbell.store.export import frame_of
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]


def filled(store: Path, frames: dict[str, Block]) -> Path:
    import_frames({(name, "1m"): frame_of(block) for name, block in frames.items()}, store)
    return store


def test_reading_creates_nothing_and_works_in_a_read_only_folder(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    store = filled(tmp_path / "store", {"AAA": minutes(MONDAY, 2)})
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    for path in [*store.rglob("*"), store]:
        path.chmod(0o555 if path.is_dir() else 0o444)

    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)
    block = manager.read(["AAA"], MINUTE, session, session + 1)["AAA"]
    manager.presence(["AAA"], MINUTE, session, session + 1)

    for path in [store, *store.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert len(block) == 780
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before


def test_bars_that_lie_together_are_views_of_the_file(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store = filled(tmp_path / "store", {f"S{n:03d}": minutes(MONDAY, 5, level=n) for n in range(20)})
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)

    block = manager.read(["S007"], MINUTE, session + 1, session + 3)["S007"]

    assert not block.close.flags.owndata
    assert not block.close.flags.writeable
    assert block.close.flags.aligned
    assert np.array_equal(block.close, minutes(MONDAY, 5, level=7).close[390:1560])


def test_the_next_day_reads_only_itself_and_leaves_blocks_alone(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    base = minutes(MONDAY, 8)
    for day in range(8):
        import_frames({("AAA", "1m"): frame_of(base[390 * day : 390 * (day + 1)])}, tmp_path / "store")
    manager = DataManager(tmp_path / "store", xnys)
    session = xnys.first_on_or_after(MONDAY)

    first = manager.read(["AAA"], MINUTE, session, session + 4)["AAA"]
    for path in (tmp_path / "store" / "bars").rglob("*.parquet"):
        if path.name.startswith(("000001", "000002", "000003", "000004", "000005")):
            path.unlink()
    second = manager.read(["AAA"], MINUTE, session + 1, session + 5)["AAA"]
    third = manager.read(["AAA"], MINUTE, session + 3, session + 7)["AAA"]

    assert np.array_equal(first.close, base.close[: 5 * 390])
    assert np.array_equal(second.close, base.close[390 : 6 * 390])
    assert np.array_equal(third.close, base.close[3 * 390 :])
    assert not third.close.flags.writeable


def test_bars_on_both_sides_of_a_new_year_are_views_of_their_file(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    turn = date(2024, 12, 27)
    store = filled(tmp_path / "store", {f"S{n:03d}": minutes(turn, 6, level=n) for n in range(20)})
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(turn)

    block = manager.read(["S007"], MINUTE, session + 1, session + 4)["S007"]

    assert not block.close.flags.owndata
    assert np.array_equal(block.close, minutes(turn, 6, level=7).close[390:1950])


def test_rows_that_follow_one_another_in_different_files_are_no_view(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    weeks = [
        {name: minutes(day, 5, level=ord(name)) for name in names}
        for day, names in ((MONDAY, "BCDEFGHIJKLM"), (date(2024, 7, 8), "ABCDEFGHIJKLM"))
    ]
    for week in weeks:  # in the second file every symbol begins at the row at which it ended in the first one
        store = filled(tmp_path / "store", week)
    session = xnys.first_on_or_after(MONDAY)

    block = DataManager(store, xnys).read(["C"], MINUTE, session, session + 20)["C"]

    assert block.close.tolist() == [*weeks[0]["C"].close, *weeks[1]["C"].close]


def test_a_window_is_given_up_once_bars_lie_together(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    blocks = {f"S{n:03d}": minutes(MONDAY, 8, level=n) for n in range(20)}
    for days in (slice(0, 390), slice(390, None)):
        filled(tmp_path / "store", {name: block[days] for name, block in blocks.items()})
    manager = DataManager(tmp_path / "store", xnys)
    session = xnys.first_on_or_after(MONDAY)

    reads = [manager.read(list(blocks), MINUTE, session + day, session + day + 3)["S007"] for day in range(3)]

    assert [block.close.base.ndim for block in reads] == [2, 1, 1], "a window's columns lie in one array"
    for day, block in enumerate(reads):
        assert np.array_equal(block.close, blocks["S007"].close[390 * day : 390 * (day + 4)])


def test_memory_that_was_given_back_is_read_again(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store = filled(tmp_path / "store", {f"S{n:03d}": minutes(MONDAY, 5, level=n) for n in range(20)})
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)
    block = manager.read(["S007"], MINUTE, session, session + 4)["S007"]
    before = block.close.copy()

    manager.as_of(session + 5, Prices.RAW)

    assert np.array_equal(block.close, before)


def test_chunks_hold_every_symbol_once(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    names = [f"S{n}" for n in range(10)]
    store = filled(tmp_path / "store", {name: minutes(MONDAY) for name in names})
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)

    chunks = list(manager.read_chunks([*names, "NONE"], MINUTE, session, session, size=4))

    assert [len(chunk) for chunk in chunks] == [4, 4, 3]
    assert [name for chunk in chunks for name in chunk] == [*names, "NONE"]


@pytest.mark.parametrize("large", [False, True], ids=["small", "mapped"])
@pytest.mark.parametrize("fault", ["missing", "truncated", "longer"])
def test_a_file_that_is_not_what_it_was_is_named(
    tmp_path: Path, minutes: Minutes, xnys: Calendar, fault: str, large: bool
) -> None:
    store = filled(tmp_path / "store", {f"S{n:02d}": minutes(MONDAY, 5) for n in range(20 if large else 1)})
    filled(store, {"GOOD": minutes(MONDAY, 1)})
    path = next((store / "bars" / "1m").glob("000001-*"))
    match fault:
        case "missing":
            path.unlink()
        case "truncated":
            os.truncate(path, path.stat().st_size - 1000)
        case _:
            path.write_bytes(path.read_bytes() + b"x")
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)

    with pytest.raises(StoreError, match=path.name) as caught:
        manager.read(["S00"], MINUTE, session, session)

    assert "data verify" in caught.value.problems[0].fix
    assert len(manager.read(["GOOD"], MINUTE, session, session)["GOOD"]) == 390


def test_a_foreign_catalogue_is_refused(tmp_path: Path, xnys: Calendar) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"this is no database at all, only some text" * 100)

    with pytest.raises(StoreError, match="cannot be read as a catalogue"):
        DataManager(tmp_path, xnys)


def test_foreign_files_in_the_folder_are_left_alone(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "readme").write_text("mine too")

    filled(tmp_path, {"AAA": minutes(MONDAY)})

    assert list(DataManager(tmp_path, xnys).symbols()) == ["AAA"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_files_are_plain_parquet(tmp_path: Path, minutes: Minutes) -> None:
    base = minutes(MONDAY, 3)
    store = filled(tmp_path / "store", {"AAA": base, "BBB": base})
    (path,) = (store / "bars" / "1m").iterdir()

    frame = pl.read_parquet(path)

    assert frame.columns == ["symbol", "ts", "open", "high", "low", "close", "volume"]
    assert frame["symbol"].to_list() == ["AAA"] * len(base) + ["BBB"] * len(base)
    assert frame.filter(pl.col("symbol") == "BBB").drop("symbol").equals(frame_of(base))


def test_years_that_a_long_run_has_left_behind_are_forgotten(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    bars = Block.joined([minutes(day, 1) for day in (date(2023, 12, 29), date(2024, 1, 2), date(2024, 1, 10))])
    manager = DataManager(filled(tmp_path / "store", {"AAA": bars}), xnys)
    new_year = xnys.first_on_or_after(date(2024, 1, 1))

    def pieces(first: int, last: int) -> int:
        ((_, series, _),) = manager.packed(["AAA"], MINUTE, first, last)
        return len(series.pieces)

    found = []
    for week in range(4):
        day = new_year + 5 * week
        seen = manager.as_of(day, Prices.RAW)
        found.append(pieces(max(day - 6, new_year - 1), day))
        assert int(seen.counts(["AAA"], MINUTE, new_year, day).sum()) == (780 if day >= new_year + 6 else 390)

    assert found == [2, 2, 2, 1]
    assert int(manager.counts(["AAA"], MINUTE, new_year - 1, new_year).sum()) == 780
    assert manager.presence(["AAA"], MINUTE, new_year - 1, new_year).sum() == 780
