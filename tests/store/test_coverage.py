"""How complete a store is, and where its holes are, from the catalogue alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.store.coverage import coverage, find_gaps
from openbell.store.export import frame_of
from openbell.store.importing import import_files, import_frames
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]


@pytest.fixture
def holed(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> DataManager:
    """AAA: a run of 30, two single minutes and the third and fourth of five days missing; BBB: listed on Wednesday."""
    week, kept = minutes(MONDAY, 5), np.ones(5 * 390, bool)
    kept[[10, 20]] = kept[100:130] = kept[780:1560] = False
    part = Block.of(week.ts[kept], (column[kept] for column in week.columns))
    frames = {("AAA", "1m"): frame_of(part), ("BBB", "1m"): frame_of(minutes(date(2024, 6, 26), 3))}
    import_frames(frames, tmp_path / "store")
    for path in (tmp_path / "store" / "bars").rglob("*.parquet"):
        path.unlink()
    return DataManager(tmp_path / "store", xnys)


def test_coverage_counts_what_is_there_since_the_listing(holed: DataManager) -> None:
    first = holed.calendar.first_on_or_after(MONDAY)

    found = coverage(holed, ["AAA", "BBB"], MINUTE, first, first + 4)

    assert found.dates[0] == MONDAY
    assert found.present.tolist() == [[358, 390, 0, 0, 390], [0, 0, 390, 390, 390]]
    assert found.expected.tolist() == [[390] * 5, [0, 0, 390, 390, 390]]
    assert np.isnan(found.percent[1, :2]).all()
    assert found.total("BBB") == 100.0
    assert found.total("AAA") == pytest.approx(100 * 1138 / 1950)


def test_gaps_tell_days_runs_and_scattered_minutes_apart(holed: DataManager) -> None:
    first = holed.calendar.first_on_or_after(MONDAY)

    worst, none = find_gaps(holed, ["BBB", "AAA"], MINUTE, first, first + 4)

    assert (worst.symbol, worst.missing, worst.scattered, worst.expected) == ("AAA", 812, 2, 1950)
    assert [(hole.bars, hole.sessions, hole.whole) for hole in worst.holes] == [(780, 2, True), (30, 0, False)]
    assert (none.symbol, none.missing, none.holes, none.expected) == ("BBB", 0, (), 1170)


def test_the_data_sets_have_the_coverage_that_their_manifest_says(data: Path, tmp_path: Path) -> None:
    import_files([data / "blaizard_us_2024"], tmp_path / "store")
    manager = DataManager(tmp_path / "store", load_calendar("XNYS"))
    first = manager.calendar.first_on_or_after(date(2024, 1, 2))
    last = manager.calendar.last_on_or_before(date(2024, 7, 12))
    expected = {"AZO": 28.46, "BKNG": 40.39, "CPAY": 65.34, "ERIE": 17.23, "TPL": 13.38}

    found = coverage(manager, list(expected), MINUTE, first, last)
    gaps = {one.symbol: one for one in find_gaps(manager, list(expected), MINUTE, first, last)}

    for symbol, share in expected.items():
        assert found.total(symbol) == pytest.approx(share, abs=0.05)
        assert gaps[symbol].expected - gaps[symbol].missing == found.present[list(expected).index(symbol)].sum()
    assert max(hole.bars for hole in gaps["TPL"].holes if not hole.whole) == 253
