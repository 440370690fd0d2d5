"""What the catalogue says of series is kept, found for all of them at once, and forgotten when nobody asks for it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sessions import store_blocks

from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store.catalog import Catalog
from openbell.store.days import GridKind
from openbell.store.entries import EntryTable
from openbell.store.loaded import LoadedSeries
from openbell.testing.market import SyntheticMarket

MINUTE = Interval.parse("1m")
SYMBOLS = ("AAA", "LATE", "BBB", "GONE")
NAMES = ["GONE", "NONE", "AAA", "LATE", "BBB"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sessions of December 2023 and January 2024."""
    market = SyntheticMarket(SYMBOLS, sessions=24, start=date(2023, 12, 14))
    return store_blocks(tmp_path_factory.mktemp("loaded"), dict(market.blocks()))


def looking(store: Path, xnys: Calendar) -> LoadedSeries:
    return LoadedSeries(store, xnys, Catalog.latest(store))


@pytest.mark.parametrize(("before", "after"), [(0, 23), (3, 20), (14, 14), (23, 23)])
def test_entries_of_all_series_are_those_of_each(store: Path, xnys: Calendar, before: int, after: int) -> None:
    begin = xnys.first_on_or_after(date(2023, 12, 14))
    first, last = begin + before, begin + after
    series = looking(store, xnys)
    series.each(["BBB"], MINUTE, GridKind.SESSION, first, last)  # so that it is in a table of its own

    rows, entries = series.entries(NAMES, MINUTE, GridKind.SESSION, first, last)

    found = list(zip(rows.tolist(), entries.series, strict=True))
    assert found == series.each(NAMES, MINUTE, GridKind.SESSION, first, last)
    assert [(NAMES[row], len(one.days) > 0) for row, one in found] == [(name, True) for name in NAMES if name != "NONE"]
    alone = [one.inside(first, last) for _, one in found]
    assert entries.sizes.tolist() == [len(one.ordinals[cut]) for (_, one), cut in zip(found, alone, strict=True)]
    for name in ("ordinals", "rows"):
        each = [getattr(one, name)[cut] for (_, one), cut in zip(found, alone, strict=True)]
        assert getattr(entries, name).tolist() == np.concatenate(each).tolist()
    bars = [one.days["regular"]["bars"][cut] for (_, one), cut in zip(found, alone, strict=True)]
    assert entries.figure("regular", "bars").tolist() == np.concatenate(bars).tolist()


@pytest.mark.parametrize(("before", "after"), [(0, 23), (5, 9), (-4, 30), (30, 40), (7, 7)])
def test_figures_by_session_are_the_same_at_the_first_look_and_later(
    store: Path, xnys: Calendar, before: int, after: int
) -> None:
    begin = xnys.first_on_or_after(date(2023, 12, 14))
    _, entries = looking(store, xnys).entries(NAMES, MINUTE, GridKind.SESSION, begin, begin + 23)
    series = entries.series
    first, last, places = begin + before, begin + after, np.arange(len(series))[::-1]
    table = EntryTable(series)

    looks = [table.between(places, first, last).spread(first, last, "regular", "bars").tolist() for _ in range(3)]

    expected = []
    for one in series[::-1]:
        known = dict(zip(one.ordinals.tolist(), one.days["regular"]["bars"].tolist(), strict=True))
        expected.append([known.get(session, 0) for session in range(first, last + 1)])
    assert looks == [expected] * 3


@pytest.mark.parametrize("after", [0, 3, 20, 40])
def test_the_rows_that_are_coming_are_those_of_the_next_session_of_each_series(
    store: Path, xnys: Calendar, after: int
) -> None:
    first = xnys.first_on_or_after(date(2023, 12, 14))
    series = looking(store, xnys)
    found = dict(series.each(NAMES, MINUTE, GridKind.SESSION, first, first + 23))

    coming = series.coming(first + after)

    expected = sorted(
        (one.pieces[one.owners[place]].file.name, int(one.rows[place]))
        for one in found.values()
        for place in np.flatnonzero(one.ordinals >= first + after)[:1]
    )
    assert sorted((name, row) for name, rows in coming.items() for row in rows) == expected
    assert bool(expected) == (after < 24)


def test_nobody_has_entries_of_an_interval_that_is_not_stored_or_of_no_sessions(store: Path, xnys: Calendar) -> None:
    for interval, last in ((Interval.parse("1h"), 9001), (MINUTE, 8999)):
        rows, entries = looking(store, xnys).entries(NAMES, interval, GridKind.SESSION, 9000, last)

        assert rows.tolist() == entries.series == []
        assert entries.sizes.tolist() == entries.rows.tolist() == entries.figure("rows").tolist() == []


def test_one_that_is_asked_for_years_back_is_looked_up_alone(store: Path, xnys: Calendar) -> None:
    year = xnys.first_on_or_after(date(2024, 1, 2))
    series = looking(store, xnys)
    now = dict(series.each(SYMBOLS, MINUTE, GridKind.SESSION, year + 2, year + 5))

    ((_, deep),) = series.each(["AAA"], MINUTE, GridKind.SESSION, year - 5, year + 5)

    assert deep is not now[0]
    assert deep.ordinals[0] < year
    again = dict(series.each(SYMBOLS, MINUTE, GridKind.SESSION, year + 2, year + 5))
    assert [again[row] is now[row] for row in range(4)] == [False, True, True, True]


def test_years_that_nobody_asks_for_are_forgotten_at_the_second_rest(store: Path, xnys: Calendar) -> None:
    year = xnys.first_on_or_after(date(2024, 1, 2))
    series = looking(store, xnys)
    both = dict(series.each(SYMBOLS, MINUTE, GridKind.SESSION, year - 5, year + 5))
    series.rest()
    kept = dict(series.each(SYMBOLS, MINUTE, GridKind.SESSION, year + 1, year + 6))
    series.rest()
    later = dict(series.each(SYMBOLS, MINUTE, GridKind.SESSION, year + 1, year + 7))

    assert all(kept[row] is both[row] for row in range(4))
    assert all(
        later[row] is not both[row] and later[row].ordinals[0] >= year for row in range(4) if len(later[row].ordinals)
    )
