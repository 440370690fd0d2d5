"""What stamps, dates and intervals mean is decided once for an import: however the bars are cut into files, the same
state comes of them, and what cannot be told is said."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import Severity
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store.export import export, frame_of
from openbell.store.importing import import_files, import_frames
from openbell.store.report import ImportReport

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)
NEW_YORK = "America/New_York"
CLOCK = "%Y-%m-%d %H:%M:%S"

Minutes = Callable[..., Block]


def stored(store: Path, symbol: str = "AAA", interval: Interval = MINUTE) -> pl.DataFrame:
    export(store, symbol, interval, store.parent / "out.parquet")
    return pl.read_parquet(store.parent / "out.parquet")


def real(data: Path, name: str) -> pl.DataFrame:
    frame = pl.read_parquet(data / f"{name}.parquet")
    prices = pl.col("open", "high", "low", "close").cast(pl.Float64)
    return frame.select(pl.col("ts").cast(pl.Datetime("ns", "UTC")), prices, pl.col("volume").fill_nan(None))


def day_by_day(
    frame: pl.DataFrame, folder: Path, pattern: str = CLOCK, *, zone: str = "UTC", symbol: str = "AAA"
) -> Path:
    """The bars as text, one file per day of the clock, in a folder named for their interval."""
    (folder / "1m").mkdir(parents=True, exist_ok=True)
    local = pl.col("ts").dt.convert_time_zone(zone)
    for (day,), part in frame.group_by(local.dt.date(), maintain_order=True):
        text = part.with_columns(local.dt.strftime(pattern))
        text.write_csv(folder / "1m" / f"{symbol}_{day:%Y%m%d}.csv")
    return folder / "1m"


def warnings_of(report: ImportReport) -> list[str]:
    return [problem.code for problem in report.all_problems() if problem.severity is Severity.WARNING]


REAL = {
    "extended hours": ("ninjatrader_spy_2011/1m/SPY", None, ("UTC", NEW_YORK, "America/Chicago")),
    "thin": ("blaizard_us_2024/1m/TPL", None, ("UTC", NEW_YORK)),
    "futures": ("lean_futures/1m/ES_201312", "CMES", ("UTC", "America/Chicago")),
    "currency": ("histdata_forex/1m/EURUSD", "FOREX", ("UTC", NEW_YORK)),
}


@pytest.mark.parametrize(("case", "zone"), [(case, zone) for case in REAL for zone in REAL[case][2]])
def test_real_bars_cut_into_days_are_where_they_are_as_one_file(
    data: Path, tmp_path: Path, case: str, zone: str
) -> None:
    name, market, _ = REAL[case]
    frame = real(data, name).filter(pl.col("ts").dt.date() < pl.col("ts").dt.date().min() + pl.duration(days=26))

    report = import_files([day_by_day(frame, tmp_path / "in", zone=zone)], tmp_path / "store", market=market)

    assert stored(tmp_path / "store").equals(frame)
    assert any(zone in line for line in report.stamps)


@pytest.mark.parametrize("pattern", ["%Y-%m-%dT%H:%M:%SZ", "%s"], ids=["offset", "number"])
def test_instants_stay_on_their_clock_whatever_a_day_looks_like(data: Path, tmp_path: Path, pattern: str) -> None:
    frame = real(data, "ninjatrader_spy_2011/1m/SPY")

    report = import_files([day_by_day(frame, tmp_path / "in", pattern)], tmp_path / "store", market="XNYS")

    assert stored(tmp_path / "store").equals(frame)
    assert report.stamps == ()


def test_instants_at_the_ends_of_bars_are_moved_and_told(tmp_path: Path, minutes: Minutes) -> None:
    block = minutes(MONDAY, 5)
    late = frame_of(Block(block.ts + MINUTE.width_ns, *block.columns))

    report = import_files([day_by_day(late, tmp_path / "in", "%Y-%m-%dT%H:%M:%SZ")], tmp_path / "store")

    assert stored(tmp_path / "store").equals(frame_of(block))
    (line,) = report.stamps
    assert line.startswith("stamps are the close of the bar")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_coins_in_a_file_per_day_are_of_the_market_of_all_their_days(tmp_path: Path, form: str) -> None:
    ts = load_calendar("24/7").grid(MINUTE, *2 * [load_calendar("24/7").first_on_or_after(MONDAY)]).stamps
    ts = np.concatenate([ts + day * 86_400_000_000_000 for day in range(8)])
    price = 100.0 + np.arange(len(ts)) % 7
    frame = frame_of(Block(ts, price, price, price, price, price))
    for (day,), part in frame.group_by(pl.col("ts").dt.date(), maintain_order=True):
        path = tmp_path / f"{day:%Y%m%d}" / "1m" / f"BTC.{form}"
        path.parent.mkdir(parents=True)
        if form == "csv":
            part.with_columns(pl.col("ts").dt.strftime(CLOCK)).write_csv(path)
        else:
            part.write_parquet(path)

    report = import_files([tmp_path], tmp_path / "store")

    assert {series.market for series in report.series} == {"24/7"}
    assert stored(tmp_path / "store", "BTC").equals(frame)


def test_thin_symbols_of_one_file_are_on_one_clock(data: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (data / "blaizard_us_2024" / "1m").glob("*.parquet"))
    day = pl.col("ts").dt.date() == date(2024, 7, 2)
    frames = {name: real(data, f"blaizard_us_2024/1m/{name}").filter(day) for name in names}
    wall = pl.col("ts").dt.convert_time_zone(NEW_YORK).dt.strftime(CLOCK)
    whole = pl.concat([frame.with_columns(wall, symbol=pl.lit(name)) for name, frame in frames.items()])
    whole.sort("ts", "symbol").write_csv(tmp_path / "all.csv")

    import_files([tmp_path / "all.csv"], tmp_path / "store", interval="1m", market="XNYS")

    assert len(names) == 9
    for name, frame in frames.items():
        assert stored(tmp_path / "store", name).equals(frame)


def test_folders_on_two_clocks_are_each_read_on_their_own(tmp_path: Path, minutes: Minutes) -> None:
    frame = frame_of(minutes(MONDAY, 5))
    day_by_day(frame, tmp_path / "one", zone=NEW_YORK, symbol="AAA")
    day_by_day(frame[:-390], tmp_path / "two", zone="UTC", symbol="BBB")

    import_files([tmp_path / "one", tmp_path / "two"], tmp_path / "store")

    assert stored(tmp_path / "store", "AAA").equals(frame)
    assert stored(tmp_path / "store", "BBB").equals(frame[:-390])


def test_a_zone_that_no_bar_shows_is_a_warning_with_what_to_do(data: Path, tmp_path: Path) -> None:
    frame = real(data, "histdata_forex/1m/EURUSD").head(20_000)
    folder = day_by_day(frame, tmp_path / "in", zone=NEW_YORK)

    report = import_files([folder], tmp_path / "store", market="XNYS")
    right = import_files([folder], tmp_path / "other", market="FOREX", timezone=NEW_YORK)

    (problem,) = [problem for problem in report.all_problems() if problem.code == "timezone"]
    assert (problem.severity, "--timezone" in problem.fix) == (Severity.WARNING, True)
    assert "timezone" not in warnings_of(right)
    assert stored(tmp_path / "other").equals(frame)


@pytest.mark.parametrize("volume", ["real", "none"])
@pytest.mark.parametrize("days", [1, 2, 5])
def test_real_bars_of_extended_hours_are_not_refused(data: Path, tmp_path: Path, volume: str, days: int) -> None:
    frame = real(data, "ninjatrader_spy_2011/1m/SPY")
    frame = frame if volume == "real" else frame.drop("volume")
    dates = frame["ts"].dt.date().unique().sort().to_list()
    for start in range(0, len(dates) - days + 1, days):
        part = frame.filter(pl.col("ts").dt.date().is_in(dates[start : start + days]))

        report = import_frames({("SPY", "1m"): part}, tmp_path / f"store{start}", market="XNYS")

        assert report.total("added") == len(part)


def test_what_is_said_in_full_overrides_a_refusal(tmp_path: Path, minutes: Minutes) -> None:
    """Bars that trade five hours before the open seem to be on another clock, and may be right."""
    block = minutes(MONDAY, 5)
    early = frame_of(Block(block.ts - 5 * 3_600_000_000_000, *block.columns))
    folder = day_by_day(early, tmp_path / "in")

    refused = import_files([folder], tmp_path / "store", timezone="UTC", stamp="open")
    taken = import_files([folder], tmp_path / "store", timezone="UTC", stamp="open", market="XNYS")

    (problem, *_) = refused.all_problems()
    assert (problem.code, refused.total("added")) == ("mislabelled", 0)
    assert "--timezone UTC --stamp open --market XNYS" in problem.fix
    assert "mislabelled" in warnings_of(taken)
    assert stored(tmp_path / "store").equals(early)


@pytest.mark.parametrize("shown", [True, False], ids=["a day above 12", "days that follow"])
def test_dates_are_in_one_order_in_all_files(tmp_path: Path, minutes: Minutes, shown: bool) -> None:
    frame = frame_of(minutes(date(2024, 6, 3), 19 if shown else 7))
    folder = day_by_day(frame, tmp_path / "in", "%d/%m/%Y %H:%M", zone=NEW_YORK)

    report = import_files([folder], tmp_path / "store", market="XNYS", timezone=NEW_YORK)

    assert stored(tmp_path / "store").equals(frame)
    assert "dates read with the day first" in report.stamps
    assert warnings_of(report) == []


def test_an_order_of_dates_that_nothing_shows_is_a_warning(tmp_path: Path, minutes: Minutes) -> None:
    folder = day_by_day(frame_of(minutes(date(2024, 6, 3))), tmp_path / "in", "%m/%d/%Y %H:%M", zone=NEW_YORK)

    report = import_files([folder], tmp_path / "store", market="XNYS", timezone=NEW_YORK)

    (problem,) = report.all_problems()
    assert (problem.code, problem.severity) == ("date_order", Severity.WARNING)
    assert "time_format" in problem.fix


def test_a_symbol_has_one_interval_in_one_import(data: Path, tmp_path: Path) -> None:
    frame = real(data, "blaizard_us_2024/1m/TPL")
    folder = day_by_day(frame, tmp_path / "in", symbol="TPL").rename(tmp_path / "days")

    report = import_files([folder], tmp_path / "store", market="XNYS", timezone="UTC")

    assert [(series.interval, series.rows) for series in report.series] == [("1m", len(frame))]


def test_steps_that_are_multiples_of_nothing_are_refused_with_what_to_do(tmp_path: Path, minutes: Minutes) -> None:
    block = minutes(MONDAY)
    ts = block.ts.copy()
    ts[7] += 7_000_000_000
    frame_of(Block(ts, *block.columns)).write_parquet(tmp_path / "AAA.parquet")

    report = import_files([tmp_path / "AAA.parquet"], tmp_path / "store")

    (problem,) = report.all_problems()
    assert (problem.code, "--interval" in problem.fix) == ("interval", True)


def test_a_symbol_that_is_refused_does_not_take_others_of_its_file_with_it(tmp_path: Path, minutes: Minutes) -> None:
    block = minutes(MONDAY)
    ts = block.ts.copy()
    ts[7] += 7_000_000_000
    blocks = {"AAA": Block(ts, *block.columns), "BBB": block}
    frames = [frame_of(one).with_columns(symbol=pl.lit(name)) for name, one in blocks.items()]
    pl.concat(frames).write_parquet(tmp_path / "both.parquet")

    report = import_files([tmp_path / "both.parquet"], tmp_path / "store")

    assert [problem.code for problem in report.all_problems()] == ["interval"]
    assert [series.symbol for series in report.series] == ["BBB"]


@pytest.mark.parametrize("interval", ["15m", "30m", "60m", "90m"])
def test_bars_on_the_grid_of_extended_hours_are_taken(tmp_path: Path, xnys: Calendar, interval: str) -> None:
    start, width = xnys.first_on_or_after(MONDAY), Interval.parse(interval)
    ts = xnys.grid(width, start, start + 4, Hours.EXTENDED).stamps
    price = np.ones(len(ts))
    frame = frame_of(Block(ts, price, price, price, price, price))

    report = import_frames({("AAA", interval): frame}, tmp_path / "store", market="XNYS")

    assert report.total("added") == len(ts)
    assert stored(tmp_path / "store", interval=width).equals(frame)


def days_with_one_twice(xnys: Calendar, interval: str) -> pl.DataFrame:
    start = xnys.first_on_or_after(date(2024, 6, 3))
    step = 5 if interval == "1w" else 1
    dates = [np.datetime64(xnys.session(start + place).date, "ns").astype(int) for place in range(0, 20 * step, step)]
    ts = np.array(sorted([*dates, dates[3] + 20 * 3_600_000_000_000]))
    price = np.arange(1.0, len(ts) + 1)
    return frame_of(Block(ts, price, price, price, price, price))


@pytest.mark.parametrize("interval", ["1d", "1w"])
def test_of_two_bars_of_one_session_the_last_is_kept(tmp_path: Path, xnys: Calendar, interval: str) -> None:
    frame = days_with_one_twice(xnys, interval)

    first = import_frames({("AAA", interval): frame}, tmp_path / "store", market="XNYS")
    again = import_frames({("AAA", interval): frame}, tmp_path / "store", market="XNYS")

    kept = stored(tmp_path / "store", interval=Interval.parse(interval))
    assert (first.total("added"), first.total("duplicates"), again.changed) == (20, 1, False)
    assert kept["ts"].is_unique().all()
    assert kept["close"].to_list() == [1.0, 2.0, 3.0, *map(float, range(5, 22))]


def round_the_clock(first: str, days: int) -> pl.DataFrame:
    start = np.datetime64(first, "ns").astype(np.int64)
    ts = start + np.arange(days * 1440, dtype=np.int64) * MINUTE.width_ns
    price = 100.0 + np.arange(len(ts)) % 7
    return frame_of(Block(ts, price, price, price, price, price))


@pytest.mark.parametrize("days", [3, 20], ids=["days", "weeks"])
def test_times_that_a_clock_skips_are_set_aside(tmp_path: Path, days: int) -> None:
    round_the_clock("2024-03-09", days).with_columns(pl.col("ts").dt.strftime(CLOCK)).write_csv(tmp_path / "BTC.csv")

    report = import_files([tmp_path / "BTC.csv"], tmp_path / "store", market="24/7", timezone=NEW_YORK, interval="1m")

    assert (report.total("quarantined"), report.total("added")) == (60, days * 1440 - 60)
    assert report.quarantine is not None
    assert set(pl.read_csv(report.quarantine)["reason"]) == {f"the clock of {NEW_YORK} skips this hour"}
    assert stored(tmp_path / "store", "BTC")["ts"].is_unique().all()


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_an_hour_that_comes_twice_is_told_by_the_order_of_its_rows(tmp_path: Path, order: str) -> None:
    frame = round_the_clock("2023-11-03", 5)
    wall = pl.col("ts").dt.convert_time_zone(NEW_YORK).dt.strftime(CLOCK)
    (frame if order == "oldest first" else frame.reverse()).with_columns(wall).write_csv(tmp_path / "BTC.csv")

    import_files([tmp_path / "BTC.csv"], tmp_path / "store", market="24/7", timezone=NEW_YORK, interval="1m")

    assert stored(tmp_path / "store", "BTC").equals(frame)


def test_an_hour_that_comes_twice_in_no_order_is_set_aside(tmp_path: Path) -> None:
    frame = round_the_clock("2023-11-03", 5)
    wall = pl.col("ts").dt.convert_time_zone(NEW_YORK).dt.strftime(CLOCK)
    frame.with_columns(wall).sort("ts").write_csv(tmp_path / "BTC.csv")

    report = import_files([tmp_path / "BTC.csv"], tmp_path / "store", market="24/7", timezone=NEW_YORK, interval="1m")

    assert (report.total("quarantined"), report.total("duplicates")) == (120, 0)
    assert report.quarantine is not None
    assert all("comes twice" in reason for reason in pl.read_csv(report.quarantine)["reason"])
