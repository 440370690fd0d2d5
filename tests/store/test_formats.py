"""Vendors' files as they are published, and the same bars labelled wrongly."""

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store.export import export, frame_of
from openbell.store.importing import import_files, import_frames

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]

RAW = {
    "alphavantage_AAPL_1min_2019.csv": ("alphavantage", "alphavantage_us_2019/1m/AAPL", None),
    "bitfinex_BTCUSD_1m_18-01-01_00-00-00.json": ("bitfinex", "bitfinex_2018/1m/BTCUSD", None),
    "bitfinex_BTCUSD_1m_18-01-01_02-00-00.json": ("bitfinex", "bitfinex_2018/1m/BTCUSD", None),
    "blaizard_ERIE_1min_2024.csv": ("csv", "blaizard_us_2024/1m/ERIE", None),
    "histdata_DAT_ASCII_EURUSD_M1_201703.csv": ("histdata", "histdata_forex/1m/EURUSD", None),
    "lean_equity_minute_shy_20080310_trade.zip": ("lean", "lean_us_equity/1m/SHY", None),
    "lean_equity_minute_spy_20131007_trade.zip": ("lean", "lean_us_equity/1m/SPY", None),
    "lean_future_minute_es_20131007_trade.zip": ("lean", "lean_futures/1m/ES_201312", None),
    "mplfinance_SP500_NOV2019_IDay.csv": ("csv", "mplfinance_spx/1m/SPX", "SPX"),
    "ninjatrader_spy-minute-2011-03.csv": ("ninjatrader", "ninjatrader_spy_2011/1m/SPY", None),
}


def stored(store: Path, symbol: str, interval: Interval = MINUTE) -> pl.DataFrame:
    export(store, symbol, interval, store.parent / "out.parquet")
    return pl.read_parquet(store.parent / "out.parquet")


@pytest.mark.parametrize("name", RAW)
def test_every_raw_file_gives_the_bars_of_its_data_set(data: Path, tmp_path: Path, name: str) -> None:
    form, tidy, symbol = RAW[name]

    report = import_files([data / "raw" / name], tmp_path / "store", symbol=symbol)

    assert not report.all_problems()
    assert {file.format for file in report.files} == {form}
    ours, theirs = stored(tmp_path / "store", tidy.rsplit("/", 1)[1]), pl.read_parquet(data / f"{tidy}.parquet")
    first = max(ours["ts"].min(), theirs["ts"].min())
    last = min(ours["ts"].max(), theirs["ts"].max())
    both = [frame.filter(pl.col("ts").is_between(first, last)) for frame in (ours, theirs)]
    assert len(both[0]) > 100
    assert both[0].equals(both[1])


def test_yahoos_days_are_stamped_with_the_midnight_of_their_session(data: Path, tmp_path: Path) -> None:
    report = import_files([data / "raw" / "yahoo_SPY_1d_20080101_20180101.csv"], tmp_path / "store")

    frame = stored(tmp_path / "store", "SPY", Interval.parse("1d"))
    local = frame["ts"].dt.convert_time_zone("America/New_York")
    assert len(frame) == report.total("rows") == 2519
    assert local.dt.hour().unique().to_list() == [0]
    assert str(local.dt.date()[0]) == "2007-12-31"


def csv_of(block: Block, *, zone: str = "UTC", shift: int = 0, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    frame = frame_of(Block(block.ts + shift * 60_000_000_000, *block.columns))
    clock = pl.col("ts").dt.convert_time_zone(zone).dt.strftime(pattern).alias("time")
    return frame.select(clock, "open", "high", "low", "close", "volume").write_csv()


VENDORS = {
    "alpaca": "symbol,timestamp,open,high,low,close,volume,trade_count,vwap\n"
    "AAA,2024-06-24T13:30:00Z,1,3,0.5,2,100,7,1.5\nAAA,2024-06-24T13:31:00Z,2,4,1.5,3,200,7,1.5\n",
    "databento": "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
    "1719235800000000000,33,2,9,1000000000,3000000000,500000000,2000000000,100,AAA\n"
    "1719235860000000000,33,2,9,2000000000,4000000000,1500000000,3000000000,200,AAA\n",
    "polygon": "ticker,volume,open,close,high,low,window_start,transactions\n"
    "AAA,100,1,2,3,0.5,1719235800000000000,5\nAAA,200,2,3,4,1.5,1719235860000000000,5\n",
    "binance": "1719235800000,1,3,0.5,2,100,1719235859999,5,1,1,1,0\n"
    "1719235860000,2,4,1.5,3,200,1719235919999,5,1,1,1,0\n",
    "csv": "Date;Time;Open;High;Low;Close;Vol\n24.06.2024;13:30;1,0;3,0;0,5;2,0;100\n"
    "24.06.2024;13:31;2,0;4,0;1,5;3,0;200\n",
}


@pytest.mark.parametrize("form", VENDORS)
@pytest.mark.parametrize("packing", ["plain", "gzip", "zip", "zstd", "utf-16", "bom"])
def test_documented_columns_are_read_however_they_are_packed(tmp_path: Path, form: str, packing: str) -> None:
    text, path = VENDORS[form], tmp_path / "AAA-1m-2024.csv"
    match packing:
        case "gzip":
            path = tmp_path / "AAA-1m-2024.csv.gz"
            path.write_bytes(gzip.compress(text.encode()))
        case "zip":
            path = tmp_path / "AAA-1m-2024.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("AAA-1m-2024.csv", text)
        case "zstd":
            path = tmp_path / "AAA-1m-2024.csv.zst"
            pl.DataFrame({"line": text.splitlines()}).write_csv(
                path, include_header=False, quote_style="never", compression="zstd", check_extension=False
            )
        case "utf-16":
            path.write_text(text, encoding="utf-16")
        case "bom":
            path.write_text(text, encoding="utf-8-sig")
        case _:
            path.write_text(text)

    report = import_files([path], tmp_path / "store", interval="1m")

    assert not report.all_problems(), report.all_problems()
    assert report.files[0].format == form
    frame = stored(tmp_path / "store", "AAA")
    assert frame["ts"].to_physical().to_list() == [1_719_235_800_000_000_000, 1_719_235_860_000_000_000]
    assert frame.select("open", "high", "low", "close", "volume").rows() == [
        (1.0, 3.0, 0.5, 2.0, 100.0),
        (2.0, 4.0, 1.5, 3.0, 200.0),
    ]


def test_a_layout_file_says_where_everything_is(tmp_path: Path) -> None:
    (tmp_path / "layout.toml").write_text(
        'separator = "|"\nheader = 0\ntime = [0, 1]\ntime_format = "%d/%m/%y %H.%M"\ntimezone = "America/New_York"\n'
        'stamp = "close"\nprice_scale = 100\nsymbol = "AAA"\ninterval = "1m"\n'
        "columns = { open = 2, high = 3, low = 4, close = 5 }\n"
    )
    (tmp_path / "x.dat").write_text("24/06/24|09.31|100|300|50|200\n24/06/24|09.32|200|400|150|300\n")

    report = import_files([tmp_path / "x.dat"], tmp_path / "store", format=str(tmp_path / "layout.toml"))

    assert not report.all_problems()
    frame = stored(tmp_path / "store", "AAA")
    assert frame["ts"].to_physical().to_list() == [1_719_235_800_000_000_000, 1_719_235_860_000_000_000]
    assert frame["close"].to_list() == [2.0, 3.0]
    assert frame["volume"].null_count() == 2


@pytest.fixture
def winter_and_summer(xnys: Calendar) -> Block:
    """Three weeks around the change to daylight saving, with a volume that jumps at the open."""
    first = xnys.first_on_or_after(date(2024, 3, 1))
    ts = xnys.grid(MINUTE, first, first + 14).stamps
    price = 100 + np.arange(len(ts)) % 7 / 10
    volume = 1000.0 + 5000 * (np.arange(len(ts)) % 390 == 0)
    return Block(ts, price, price + 1, price - 1, price, volume)


MISLABELLED = {
    "close as open": ({"shift": 1}, {}, "--stamp close"),
    "open as close": ({}, {"stamp": "close"}, "--stamp open"),
    "New York as UTC": ({"zone": "America/New_York"}, {"timezone": "UTC"}, "--timezone America/New_York"),
    "UTC as New York": ({}, {"timezone": "America/New_York"}, "--timezone UTC"),
    "daylight saving ignored": (
        {"zone": "America/New_York"}, {"timezone": "Etc/GMT+5"}, "--timezone America/New_York",
    ),
    "Chicago as New York": (
        {"zone": "America/Chicago"}, {"timezone": "America/New_York"}, "--timezone America/Chicago",
    ),
    "minutes as five minutes": ({}, {"interval": "5m"}, "--interval 1m"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISLABELLED)
def test_mislabelled_bars_are_refused_with_the_flag_that_makes_it_right(
    tmp_path: Path, winter_and_summer: Block, case: str
) -> None:
    written, said, flag = MISLABELLED[case]
    path = tmp_path / "AAA.csv"
    path.write_text(csv_of(winter_and_summer, **written))
    told = {"stamp": "open", "timezone": "UTC", "interval": "1m", "symbol": "AAA", **said}

    report = import_files([path], tmp_path / "store", **told)
    (problem,) = report.all_problems()
    word, value = flag.split()
    right = import_files([path], tmp_path / "store", **{**told, word[2:]: value})

    assert problem.code == "mislabelled"
    assert flag in problem.fix
    assert report.total("added") == 0
    assert right.total("added") == len(winter_and_summer)
    assert stored(tmp_path / "store", "AAA").equals(frame_of(winter_and_summer))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("shift", [0, 1], ids=["open", "close"])
def test_a_convention_that_nobody_states_is_found(
    tmp_path: Path, winter_and_summer: Block, zone: str, shift: int
) -> None:
    path = tmp_path / "AAA.csv"
    path.write_text(csv_of(winter_and_summer, zone=zone, shift=shift))

    report = import_files([path], tmp_path / "store")

    assert stored(tmp_path / "store", "AAA").equals(frame_of(winter_and_summer))
    assert any("found against" in note or "assumed" in note for note in report.files[0].notes)


def test_tidy_bars_are_checked_too(tmp_path: Path, winter_and_summer: Block) -> None:
    late = Block(winter_and_summer.ts + 60_000_000_000, *winter_and_summer.columns)
    path = tmp_path / "1m" / "AAA.parquet"
    path.parent.mkdir()
    frame_of(late).write_parquet(path)

    report = import_files([path], tmp_path / "store")

    (problem,) = report.all_problems()
    assert (problem.code, report.ok) == ("mislabelled", False)


def test_lines_that_are_no_bars_are_set_aside(tmp_path: Path) -> None:
    lines = ["time,open,high,low,close,volume"]
    lines += [f"2024-06-24 13:{minute:02d}:00,1,2,0.5,1.5,10" for minute in range(30, 50)]
    lines[3] = "yesterday,1,2,0.5,1.5,10"
    lines[5] = "2024-06-24 13:34:00,1,2,0.5"
    lines[7] = "2024-06-24 13:36:00,1,2,0.5,1.5,10,99"
    lines[9] = "2024-06-24 13:38:00,1,two,0.5,1.5,10"
    (tmp_path / "AAA.csv").write_text("\n".join(lines))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store", interval="1m")

    assert (report.total("rows"), report.total("added"), report.total("quarantined")) == (20, 16, 4)
    assert report.quarantine is not None
    assert pl.read_csv(report.quarantine)["reason"].to_list() == [
        "the time could not be read",
        "close is not a number",
        "the line has more fields than there are columns",
        "high is not a number",
    ]


@pytest.mark.parametrize("header", ["time,open,high,low,close,volume", "time,open,high,low,close"])
@pytest.mark.parametrize("short", ["2024-06-24 13:40:00,1,2,0.5,1.5", "2024-06-24 13:40:00,1,2"])
def test_a_line_with_a_field_too_many_is_told_beside_one_with_a_field_too_few(
    tmp_path: Path, header: str, short: str
) -> None:
    lines = [f"2024-06-24 13:{minute:02d}:00,1,2,0.5,1.5,10" for minute in range(30, 50)]
    lines[4] = "2024-06-24 13:34:00,1,2,0.5,1.5,1,234"
    lines[10] = short
    (tmp_path / "AAA.csv").write_text("\n".join([header, *lines]))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store", interval="1m")

    assert report.quarantine is not None
    reasons = dict(pl.read_csv(report.quarantine).select("row", "reason").iter_rows())
    assert reasons[5] == "the line has more fields than there are columns"
    assert datetime(2024, 6, 24, 13, 34, tzinfo=UTC) not in stored(tmp_path / "store", "AAA")["ts"].to_list()


def test_frames_of_pandas_come_in_like_those_of_polars(tmp_path: Path, minutes: Minutes) -> None:
    pandas = pytest.importorskip("pandas")
    block = minutes(MONDAY)
    stamps = pandas.DatetimeIndex(block.ts, tz="UTC").tz_convert("America/New_York")
    frame = pandas.DataFrame(dict(zip(("open", "high", "low", "close", "volume"), block.columns, strict=True)), stamps)

    import_frames({("AAA", "1m"): frame}, tmp_path / "store")

    assert stored(tmp_path / "store", "AAA").equals(frame_of(block))
