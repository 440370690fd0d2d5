"""Defects are found and named; sound data is left in peace."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store.export import frame_of
from openbell.store.findings import Defect, defects_of, findings
from openbell.store.importing import import_files, import_frames

MINUTE, DAY = Interval.parse("1m"), Interval.parse("1d")
MONDAY = date(2024, 6, 24)
KNOWN_BAD_TICKS = {"lean_us_equity/1d/AAPL": 3, "lean_us_equity/1d/IBM": 1, "lean_us_equity/1h/AAPL": 5}

Minutes = Callable[..., Block]


def block_of(path: Path) -> Block:
    frame = pl.read_parquet(path)
    columns = [frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in FIELDS]
    return Block.of(frame["ts"].to_physical().to_numpy(), columns)


@pytest.mark.parametrize(
    ("name", "defect"),
    [("AET-L-1d-100x-error", Defect.HUNDREDFOLD), ("MOB-ST-1d-bad-stock-split", Defect.SPLIT)],
)
def test_the_defects_of_real_series_are_named_and_their_corrections_are_clean(
    data: Path, name: str, defect: Defect
) -> None:
    folder = data / "reference" / "quality" / "data"

    (found,) = defects_of("X", DAY, block_of(folder / f"{name}.parquet"))
    fixed = defects_of("X", DAY, block_of(folder / f"{name}-fixed.parquet"))

    assert found.defect is defect
    assert fixed == []


def test_sound_data_raises_no_finding_but_the_bad_ticks_that_are_known(data: Path) -> None:
    found = {}
    for path in sorted(data.glob("*/*/*.parquet")):
        if path.parent.name[0].isdigit():
            name = path.relative_to(data).with_suffix("").as_posix()
            found[name] = defects_of(path.stem, Interval.parse(path.parent.name), block_of(path))

    assert {name: len(ones) for name, ones in found.items() if ones} == KNOWN_BAD_TICKS
    assert {one.defect for ones in found.values() for one in ones} == {Defect.SPIKE}


def changed(block: Block, rows: slice, factor: float = 1.0, volume: float = 1.0) -> Block:
    columns = [column.copy() for column in block.columns]
    for column in columns[:4]:
        column[rows] *= factor
    columns[4][rows] *= volume
    return Block.of(block.ts, columns)


@pytest.mark.parametrize(
    ("rows", "factor", "volume", "defect"),
    [
        (slice(100, 130), 100.0, 1.0, Defect.HUNDREDFOLD),
        (slice(100, 130), 0.25, 4.0, Defect.SPLIT),
        (slice(200, 201), 1.5, 1.0, Defect.SPIKE),
        (slice(50, 51), 1.0, 1e6, Defect.VOLUME),
        (slice(50, 60), 1.0, float("nan"), Defect.NO_VOLUME),
        (slice(50, 60), 0.0, 1.0, Defect.ZERO),
    ],
)
def test_a_planted_defect_is_found_where_it_is(
    minutes: Minutes, rows: slice, factor: float, volume: float, defect: Defect
) -> None:
    block = changed(minutes(MONDAY, 2), rows, factor, volume)

    found = [one for one in defects_of("AAA", MINUTE, block) if one.defect is defect]

    assert len(found) == 1
    assert found[0].bars == rows.stop - rows.start
    assert int(found[0].start.timestamp()) == block.ts[rows.start] // 1_000_000_000


def test_frozen_prices_are_found(minutes: Minutes) -> None:
    block = minutes(MONDAY)
    columns = [column.copy() for column in block.columns]
    for column in columns:
        column[100:200] = column[100]

    (found,) = defects_of("AAA", MINUTE, Block.of(block.ts, columns))

    assert (found.defect, found.bars) == (Defect.FROZEN, 100)


def test_findings_come_with_the_import_and_on_demand(tmp_path: Path, minutes: Minutes) -> None:
    block = changed(minutes(MONDAY, 2), slice(100, 130), 100.0)

    report = import_frames({("AAA", "1m"): frame_of(block)}, tmp_path / "store")
    later = findings(tmp_path / "store")

    assert report.total("added") == len(block)
    assert [problem.code for problem in report.all_problems()] == ["finding"]
    assert [one.defect for one in later] == [Defect.HUNDREDFOLD]


def test_a_day_that_is_missing_for_all_and_bars_on_a_holiday_are_named(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    week = minutes(MONDAY, 5)
    holed = Block.of(*_without(week, 2))
    session = xnys.session(xnys.first_on_or_after(date(2024, 7, 3)))
    holiday = minutes(date(2024, 7, 3))[:60]
    shifted = Block(holiday.ts + 86_400_000_000_000, *holiday.columns)
    frames = {(f"S{n}", "1m"): frame_of(holed) for n in range(5)} | {("HOL", "1m"): frame_of(shifted)}

    import_frames(frames, tmp_path / "store", market="XNYS")
    found = {one.defect: one for one in findings(tmp_path / "store")}

    assert session.early_close
    assert set(found) == {Defect.MISSING_DAY, Defect.CLOSED_DAY}
    assert found[Defect.MISSING_DAY].start.date() == date(2024, 6, 26)
    assert (found[Defect.CLOSED_DAY].symbol, found[Defect.CLOSED_DAY].bars) == ("HOL", 60)


def _without(block: Block, day: int) -> tuple[np.ndarray, list[np.ndarray]]:
    kept = np.ones(len(block), bool)
    kept[390 * day : 390 * (day + 1)] = False
    return block.ts[kept], [column[kept] for column in block.columns]


def test_the_defects_of_the_real_series_are_told_when_they_are_imported(data: Path, tmp_path: Path) -> None:
    path = data / "reference" / "quality" / "data" / "AET-L-1d-100x-error.parquet"

    report = import_files([path], tmp_path / "store", symbol="AET", interval="1d", market="XLON")

    assert [str(Defect.HUNDREDFOLD) in problem.what for problem in report.all_problems()] == [True]
