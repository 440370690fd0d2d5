"""Importing again, on top, in parts, and wrongly."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store.export import export, frame_of
from openbell.store.importing import import_files, import_frames
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]
Write = Callable[..., Path]


def all_bars(store: Path, symbol: str = "AAA", interval: Interval = MINUTE) -> pl.DataFrame:
    export(store, symbol, interval, store.parent / "all.parquet")
    return pl.read_parquet(store.parent / "all.parquet")


def test_importing_the_same_again_changes_nothing(tmp_path: Path, minutes: Minutes, write: Write) -> None:
    path = write(frame_of(minutes(MONDAY, 3)))
    first = import_files([path], tmp_path / "store")
    before = sorted(found for found in (tmp_path / "store").rglob("*"))

    second = import_files([path], tmp_path / "store")

    assert (first.number, second.number) == (1, None)
    assert not second.changed
    assert second.total("unchanged") == second.total("rows") == 3 * 390
    assert sorted(found for found in (tmp_path / "store").rglob("*")) == before


def test_the_later_import_wins_bar_by_bar(tmp_path: Path, minutes: Minutes) -> None:
    base = minutes(MONDAY, 3)
    correction = minutes(MONDAY, 3, level=200.0)[400:500]
    import_frames({("AAA", "1m"): frame_of(base)}, tmp_path / "store")

    report = import_frames({("AAA", "1m"): frame_of(correction)}, tmp_path / "store")

    assert (report.total("added"), report.total("replaced"), report.total("unchanged")) == (0, 100, 0)
    expected = frame_of(base)[:400].vstack(frame_of(correction)).vstack(frame_of(base)[500:])
    assert all_bars(tmp_path / "store").equals(expected)


def test_a_day_between_stored_ones_is_added_and_touches_none_of_them(tmp_path: Path, minutes: Minutes) -> None:
    base = minutes(MONDAY, 3)
    for part in (base[:390], base[780:]):
        import_frames({("AAA", "1m"): frame_of(part)}, tmp_path / "store")

    report = import_frames({("AAA", "1m"): frame_of(base[390:780])}, tmp_path / "store")

    assert (report.total("added"), report.total("replaced"), report.total("unchanged")) == (390, 0, 0)
    assert all_bars(tmp_path / "store").equals(frame_of(base))


def test_an_older_store_without_the_imports_indexes_is_given_them(tmp_path: Path, minutes: Minutes) -> None:
    base = minutes(MONDAY, 2)
    import_frames({("AAA", "1m"): frame_of(base[:390])}, tmp_path / "store")
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite", isolation_level=None)) as db:
        db.execute("DROP INDEX pieces_by_end")
        db.execute("DROP INDEX pieces_adjusted")

    report = import_frames({("AAA", "1m"): frame_of(base[200:])}, tmp_path / "store")

    assert (report.total("added"), report.total("unchanged")) == (390, 190)
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite")) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    assert {"pieces_by_end", "pieces_adjusted"} <= names


def test_a_day_that_comes_in_parts_is_whole_in_the_end(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    base = minutes(MONDAY, 2)
    for part in (base[:100], base[300:500], base[50:350], base[500:]):
        import_frames({("AAA", "1m"): frame_of(part)}, tmp_path / "store")
    session = xnys.first_on_or_after(MONDAY)

    manager = DataManager(tmp_path / "store", xnys)

    assert all_bars(tmp_path / "store").equals(frame_of(base))
    assert manager.counts(["AAA"], MINUTE, session, session + 1).tolist() == [[390, 390]]
    assert manager.presence(["AAA"], MINUTE, session, session + 1).all()
    assert np.array_equal(manager.read(["AAA"], MINUTE, session, session + 1)["AAA"].close, base.close)


@given(
    parts=st.lists(st.lists(st.tuples(st.integers(0, 2400), st.integers(1, 9)), max_size=30), min_size=1, max_size=4)
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_imports_end_in_the_last_value_of_each_bar(
    parts: list[list[tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory, xnys: Calendar
) -> None:
    """Minutes of a day and a half, before and after hours and nights included."""
    store = tmp_path_factory.mktemp("any") / "store"
    start = xnys.session(xnys.first_on_or_after(MONDAY)).open - 330 * 60_000_000_000
    expected: dict[int, float] = {}
    for part in parts:
        ts = np.array([start + minute * 60_000_000_000 for minute, _ in part], np.int64)
        price = np.array([float(value) for _, value in part])
        block = Block(ts, price, price, price, price, price)
        report = import_frames({("AAA", "1m"): frame_of(block)}, store, market="XNYS")
        assert report.total("rows") == sum(
            report.total(name) for name in ("added", "replaced", "unchanged", "quarantined", "duplicates")
        )
        expected |= dict(zip(ts.tolist(), price.tolist(), strict=True))
    if not expected:
        return

    found = all_bars(store)
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)

    assert found["ts"].to_physical().to_list() == sorted(expected)
    assert found["close"].to_list() == [expected[ts] for ts in sorted(expected)]
    for hours in Hours:
        grid = xnys.grid(MINUTE, session, session + 2, hours)
        inside = [ts for ts in sorted(expected) if grid.slots_of(np.array([ts]))[0] >= 0]
        assert manager.read(["AAA"], MINUTE, session, session + 2, hours)["AAA"].ts.tolist() == inside
        assert manager.counts(["AAA"], MINUTE, session, session + 2, hours).sum() == len(inside)
        assert manager.presence(["AAA"], MINUTE, session, session + 2, hours).sum() == len(inside)


def test_bad_rows_are_set_aside_with_reasons(tmp_path: Path, minutes: Minutes, write: Write) -> None:
    frame = frame_of(minutes(MONDAY))
    high = frame["high"].to_list()
    close, low, ts = frame["close"].to_list(), frame["low"].to_list(), frame["ts"].to_list()
    high[3], close[5], low[7], ts[9] = low[3] - 1, float("nan"), -1.0, None
    bad = frame.with_columns(
        pl.Series("high", high), pl.Series("close", close), pl.Series("low", low),
        pl.Series("ts", ts, dtype=frame["ts"].dtype),
    )  # fmt: skip
    doubled = pl.concat([bad, bad[20:25]])

    report = import_files([write(doubled)], tmp_path / "store")

    assert (report.total("rows"), report.total("added")) == (395, 386)
    assert (report.total("quarantined"), report.total("duplicates")) == (4, 5)
    assert report.quarantine is not None
    refused = pl.read_csv(report.quarantine)
    assert refused["row"].to_list() == [4, 6, 8, 10]
    assert refused["reason"].to_list() == [
        f"high {high[3]} is below low {low[3]}",
        "close is not a number",
        "low is negative (-1.0)",
        "the time could not be read",
    ]


def test_zero_is_a_price_like_any_other(tmp_path: Path, minutes: Minutes, write: Write) -> None:
    zeros = frame_of(minutes(MONDAY)).with_columns(pl.lit(0.0).alias(name) for name in FIELDS)

    report = import_files([write(zeros)], tmp_path / "store")

    assert report.total("added") == 390


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path, minutes: Minutes, write: Write) -> None:
    good, bad = write(frame_of(minutes(MONDAY)), "AAA"), write(frame_of(minutes(MONDAY)), "BBB")
    bad.write_bytes(bad.read_bytes()[:300])

    report = import_files([bad, good, tmp_path / "none.parquet"], tmp_path / "store")

    assert [file.problem is None for file in report.files] == [False, True, False]
    assert not report.ok
    assert list(DataManager(tmp_path / "store", load_calendar("XNYS")).symbols()) == ["AAA"]


def test_the_market_is_told_by_the_bars_and_then_remembered(tmp_path: Path) -> None:
    ts = np.arange(0, 10 * 86_400, 3_600, dtype=np.int64) * 1_000_000_000 + 1_719_792_000_000_000_000
    price = np.ones(len(ts))
    frame = frame_of(Block(ts, price, price, price, price, price))

    report = import_frames({("BTC", "1h"): frame}, tmp_path / "store")
    again = import_frames({("BTC", "1h"): frame[:5]}, tmp_path / "store")

    assert report.series[0].market == "24/7"
    assert "weekends" in report.series[0].why
    assert (again.series[0].market, again.series[0].why) == ("24/7", "as stored before")


def test_another_market_recuts_what_is_stored(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    base, later = minutes(MONDAY, 2), minutes(date(2024, 6, 26), 1)
    import_frames({("AAA", "1m"): frame_of(base)}, tmp_path / "store", market="24/7")
    session = xnys.first_on_or_after(MONDAY)

    before = DataManager(tmp_path / "store", xnys).read(["AAA"], MINUTE, session, session + 2)["AAA"]
    import_frames({("AAA", "1m"): frame_of(later)}, tmp_path / "store", market="XNYS")
    after = DataManager(tmp_path / "store", xnys)

    assert np.array_equal(before.ts, base.ts)
    assert after.counts(["AAA"], MINUTE, session, session + 2).tolist() == [[390] * 3]
    assert all_bars(tmp_path / "store").equals(frame_of(base).vstack(frame_of(later)))


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path, minutes: Minutes, write: Write) -> None:
    path = write(frame_of(minutes(MONDAY)))

    fresh = import_files([path], tmp_path / "store", dry_run=True)

    assert fresh.total("added") == 390
    assert not (tmp_path / "store").exists()

    import_files([path], tmp_path / "store")
    before = {found: found.read_bytes() for found in (tmp_path / "store").rglob("*") if found.is_file()}
    other = import_files([write(frame_of(minutes(MONDAY, 2, level=50.0)))], tmp_path / "store", dry_run=True)

    assert (other.total("added"), other.total("replaced")) == (390, 390)
    assert before == {found: found.read_bytes() for found in (tmp_path / "store").rglob("*") if found.is_file()}


def test_many_symbols_in_one_file(tmp_path: Path, minutes: Minutes, write: Write, xnys: Calendar) -> None:
    parts = {name: frame_of(minutes(MONDAY, 2, level=level)) for name, level in (("B", 10.0), ("a", 20.0))}
    mixed = pl.concat([frame.with_columns(symbol=pl.lit(name)) for name, frame in parts.items()]).sample(
        fraction=1.0, shuffle=True, seed=1
    )

    report = import_files([write(mixed)], tmp_path / "store")

    assert [series.symbol for series in report.series] == ["A", "B"]
    assert all(series.unordered for series in report.series)
    for name, frame in parts.items():
        assert all_bars(tmp_path / "store", name.upper()).equals(frame)


def test_an_interval_that_is_not_said_is_found_from_the_stamps(tmp_path: Path, minutes: Minutes) -> None:
    frame_of(minutes(MONDAY)).write_parquet(tmp_path / "AAA.parquet")
    frame_of(minutes(MONDAY))[:1].write_parquet(tmp_path / "BBB.parquet")

    report = import_files([tmp_path / "AAA.parquet", tmp_path / "BBB.parquet"], tmp_path / "store")

    assert [series.interval for series in report.series] == ["1m"]
    problem = report.files[1].problem
    assert problem is not None
    assert "--interval" in problem.fix


def test_dates_in_utc_become_the_markets_dates(tmp_path: Path, xnys: Calendar) -> None:
    sessions = [xnys.session(xnys.first_on_or_after(MONDAY) + n) for n in range(5)]
    ts = np.array([np.datetime64(one.date, "ns").astype(np.int64) for one in sessions])
    price = np.arange(5.0) + 1
    frame = frame_of(Block(ts, price, price, price, price, price))

    report = import_frames({("AAA", "1d"): frame}, tmp_path / "store")

    assert all_bars(tmp_path / "store", interval=Interval.parse("1d"))["ts"].to_physical().to_list() == [
        one.midnight for one in sessions
    ]
    assert "taken as dates" in report.series[0].why


def test_there_is_no_store_where_nothing_was_imported(tmp_path: Path, xnys: Calendar) -> None:
    with pytest.raises(StoreError, match="openbell import"):
        DataManager(tmp_path, xnys)

    assert list(tmp_path.iterdir()) == []


def awkward_frames(base: Block) -> list[tuple[tuple[str, str], pl.DataFrame]]:
    """Frames that are alike and others that are not, with all that may be wrong with their rows."""
    whole = frame_of(base)
    bad = whole.with_columns(close=pl.when(pl.col("ts").rank("ordinal") == 7).then(-1.0).otherwise(pl.col("close")))
    return [
        (("BAD", "1m"), bad),
        (("NONE", "1m"), whole[:0]),
        (("TWICE", "1m"), whole.vstack(whole[10:12].with_columns(close=pl.col("close") + 0.5))),
        (("mixed", "1m"), whole.reverse()),
        (("MIXED", "1m"), whole[:100].with_columns(volume=pl.lit(7.0))),
        (("FIVE", "5m"), whole.gather_every(5)),
        (("BARE", "1m"), whole.drop("volume")),
        (("", "1m"), whole.with_columns(symbol=pl.lit("MIXED"))[50:60]),
        (("CENTS", "1m"), whole.with_columns(pl.exclude("ts").cast(pl.Decimal(12, 2)))),
        (("MILLS", "1m"), whole.with_columns((pl.exclude("ts") + 0.125).cast(pl.Decimal(12, 3)))),
        (("LAST", "1m"), whole.with_columns(pl.col("ts").dt.cast_time_unit("us"), pl.col("open").cast(pl.String))),
    ]


def test_frames_together_are_what_they_are_one_by_one(tmp_path: Path, minutes: Minutes) -> None:
    """However many are read as one, no row is lost and each refused one is told with its own number."""
    frames = awkward_frames(minutes(MONDAY, 2))

    together = import_frames(dict(frames), tmp_path / "together", market="XNYS")
    single = [import_frames({key: frame}, tmp_path / "single", market="XNYS") for key, frame in frames]

    assert together.total("rows") == sum(one.total("rows") for one in single) == sum(len(frame) for _, frame in frames)
    for series in together.series:
        assert series.rows == series.stored + series.quarantined + series.duplicates
    for symbol in ("BAD", "TWICE", "MIXED", "BARE", "CENTS", "MILLS", "LAST"):
        stored = [all_bars(tmp_path / store, symbol) for store in ("together", "single")]
        assert stored[0].equals(stored[1])
    assert together.quarantine is not None
    assert (
        together.quarantine.read_text() == (tmp_path / "single" / "quarantine" / together.quarantine.name).read_text()
    )
    assert pl.read_csv(together.quarantine).select("symbol", "row").rows() == [("BAD", 7)]
