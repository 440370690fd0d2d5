"""Files as other vendors and programs write them: each gives the bars it was written from, or says what to do."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.store.export import export
from openbell.store.importing import import_files
from openbell.store.report import ImportReport

MINUTE = Interval.parse("1m")
NEW_YORK = "America/New_York"

Row = tuple[datetime, float, float, float, float, int]
Write = Callable[[list[Row]], str]


def made(calendar: Calendar, spans: list[tuple[date, int]], level: float) -> list[Row]:
    """Bars of whole sessions whose trade begins sharply, rounded as vendors round."""
    random = np.random.default_rng(3)
    rows, price = [], level
    for first, sessions in spans:
        start = calendar.first_on_or_after(first)
        for ordinal in range(start, start + sessions):
            for place, ts in enumerate(calendar.grid(MINUTE, ordinal, ordinal).stamps.tolist()):
                before, price = round(price, 2), price * (1 + random.normal(0, 0.0004))
                after = round(price, 2)
                high, low = round(max(before, after) + 0.02, 2), round(min(before, after) - 0.03, 2)
                volume = int(random.integers(500, 900)) * (8 if place < 10 else 1)
                rows.append((datetime.fromtimestamp(ts // 10**9, UTC), before, high, low, after, volume))
    return rows


def lines(header: str, line: Callable[..., str]) -> Write:
    def writing(rows: list[Row]) -> str:
        return "".join(f"{text}\n" for text in ([header] if header else []) + [line(*row) for row in rows])

    return writing


def clock(pattern: str, zone: str = NEW_YORK, shift: int = 0) -> Callable[[datetime], str]:
    return lambda moment: (moment.astimezone(ZoneInfo(zone)) + timedelta(minutes=shift)).strftime(pattern)


def plain(pattern: str, header: str = "Date,Open,High,Low,Close,Volume", shift: int = 0) -> Write:
    at = clock(pattern, shift=shift)
    return lines(header, lambda t, o, h, low, c, v: f"{at(t)},{o},{h},{low},{c},{v}")


def german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


EXPORTS: dict[str, tuple[str, Write]] = {
    "close-stamped": ("AAA.csv", plain("%Y-%m-%d %H:%M", shift=1)),
    "kibot": ("AAA.txt", plain("%m/%d/%Y,%H:%M", "")),
    "firstrate": ("AAA_full_1min_adjsplit.txt", plain("%Y-%m-%d %H:%M:%S", "")),
    "newest first": ("AAA.csv", lambda rows: plain("%Y-%m-%d %H:%M")(rows[:1] + rows[:0:-1])),
    "interactive brokers, two spaces": ("AAA.csv", plain("%Y%m%d  %H:%M:%S")),
    "interactive brokers, zone": ("AAA.csv", plain("%Y%m%d %H:%M:%S US/Eastern")),
    "EST and EDT": ("AAA.csv", plain("%Y-%m-%d %H:%M:%S %Z")),
    "offsets": ("AAA.csv", plain("%Y-%m-%dT%H:%M:%S%z", "time,open,high,low,close,Volume")),
    "two figures for the year": ("AAA.csv", plain("%m/%d/%y,%H:%M", "Date,Time,Open,High,Low,Close,Volume")),
    "names of months": ("AAA.csv", plain("%b %d %Y %I:%M %p")),
    "day first": ("AAA.csv", plain("%d/%m/%Y %H:%M")),
    "hours without a zero": (
        "AAA.csv",
        lines(
            "Date,Time,Open,High,Low,Close,Volume",
            lambda t, o, h, low, c, v: f"{clock('%Y%m%d')(t)},{int(clock('%H%M')(t))},{o},{h},{low},{c},{v}",
        ),
    ),
    "iqfeed": (
        "AAA_iqfeed.csv",
        lines(
            "Time Stamp,High,Low,Open,Close,Total Volume,Period Volume,Number of Trades",
            lambda t, o, h, low, c, v: f"{clock('%Y-%m-%d %H:%M:%S', shift=1)(t)},{h},{low},{o},{c},999999,{v},0",
        ),
    ),
    "stooq": (
        "aaa.txt",
        lines(
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
            lambda t, o, h, low, c, v: f"AAA,1,{clock('%Y%m%d,%H%M%S', shift=1)(t)},{o},{h},{low},{c},{v},0",
        ),
    ),
    "tradingview": (
        "NASDAQ_DLY_AAA, 1_a1b2c.csv",
        lines(
            "time,open,high,low,close,VWAP,Plot,Volume",
            lambda t, o, h, low, c, v: f"{int(t.timestamp())},{o},{h},{low},{c},{c},,{v}",
        ),
    ),
    "yfinance": (
        "download.csv",
        lines(
            "Price,Close,High,Low,Open,Volume\nTicker,AAA,AAA,AAA,AAA,AAA\nDatetime,,,,,",
            lambda t, o, h, low, c, v: f"{t.isoformat(sep=' ')},{c},{h},{low},{o},{v}",
        ),
    ),
    "quoted thousands": (
        "AAA.csv",
        lines(
            '"Date","Open","High","Low","Close","Volume"',
            lambda t, *values: ",".join(f'"{text}"' for text in (clock("%m/%d/%Y %I:%M %p")(t), *map(grouped, values))),
        ),
    ),
    "dollars": (
        "AAA.csv",
        lines(
            "Date,Close/Last,Volume,Open,High,Low",
            lambda t, o, h, low, c, v: f"{clock('%m/%d/%Y %H:%M')(t)},${c},{v},${o},${h},${low}",
        ),
    ),
    "decimal comma and grouped thousands": (
        "AAA.csv",
        lines(
            "Datum;Zeit;Eröffnung;Hoch;Tief;Schlusskurs;Volumen",
            lambda t, *values: ";".join([clock("%d.%m.%Y;%H:%M")(t), *map(german, values)]),
        ),
    ),
    "pipes between spaces": (
        "AAA.txt",
        lines(
            "time | open | high | low | close | volume",
            lambda t, o, h, low, c, v: f"{t:%Y-%m-%dT%H:%M:%SZ} | {o} | {h} | {low} | {c} | {v}",
        ),
    ),
    "comments and a title": (
        "AAA.csv",
        plain("%Y-%m-%d %H:%M", "# made by hand\n\nPrices of AAA\nDate,Open,High,Low,Close,Volume"),
    ),
    "barchart's last line": (
        "AAA.csv",
        lambda rows: plain("%Y-%m-%d %H:%M")(rows) + '"Downloaded from Barchart.com as of 11-08-2024 04:11pm CST"\n',
    ),
}


def grouped(value: float) -> str:
    return f"{value:,}"


@pytest.fixture(scope="module")
def rows(xnys: Calendar) -> list[Row]:
    """Sessions around both changes of the clocks, with half a year between them; the price is above a thousand."""
    return made(xnys, [(date(2024, 3, 7), 4), (date(2024, 10, 31), 4)], 1_234.0)


def kept(report: ImportReport) -> bool:
    parts = ("added", "replaced", "unchanged", "quarantined", "duplicates")
    return report.total("rows") == sum(map(report.total, parts))


def bars(store: Path, symbol: str = "AAA") -> Iterator[tuple[float, ...]]:
    out = store.parent / "out.parquet"
    export(store, symbol, MINUTE, out)
    return pl.read_parquet(out).iter_rows()


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_give_the_bars_that_they_were_written_from(tmp_path: Path, rows: list[Row], name: str) -> None:
    file, write = EXPORTS[name]
    path = tmp_path / file
    path.write_text(write(rows), encoding="cp1252" if "Eröffnung" in write(rows[:1]) else "utf-8")

    report = import_files([path], tmp_path / "store")

    assert not report.all_problems(), report.all_problems()
    assert kept(report)
    assert report.total("quarantined") == (name == "barchart's last line")
    assert list(bars(tmp_path / "store")) == rows


@pytest.mark.parametrize(
    ("encoding", "ending"),
    [("utf-16-be", "\n"), ("utf-16", "\r\n"), ("utf-8", "\r"), ("utf-8", "\n\n"), ("utf-8", ",\n")],
)
def test_encodings_and_ends_of_lines_change_nothing(
    tmp_path: Path, rows: list[Row], encoding: str, ending: str
) -> None:
    text = plain("%Y-%m-%d %H:%M")(rows).replace("\n", ending)
    (tmp_path / "AAA.csv").write_bytes(text.encode(encoding))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store")

    assert not report.all_problems()
    assert list(bars(tmp_path / "store")) == rows


CURRENCIES: dict[str, tuple[str, Write]] = {
    "metatrader 5": (
        "EURUSD_M1_202403040000_202403152359.csv",
        lines(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            lambda t, o, h, low, c, v: (
                f"{clock('%Y.%m.%d%t%H:%M:%S', 'Europe/Athens')(t)}\t{o}\t{h}\t{low}\t{c}\t{v}\t0\t2"
            ),
        ),
    ),
    "metatrader 4": (
        "EURUSD1.csv",
        lines("", lambda t, o, h, low, c, v: f"{clock('%Y.%m.%d,%H:%M', 'Europe/Athens')(t)},{o},{h},{low},{c},{v}"),
    ),
    "dukascopy": (
        "EURUSD_Candlestick_1_M_BID_04.03.2024-15.03.2024.csv",
        lines(
            "Local time,Open,High,Low,Close,Volume",
            lambda t, o, h, low, c, v: (
                f"{clock('%d.%m.%Y %H:%M:%S.000 GMT%z', 'Europe/Berlin')(t)},{o},{h},{low},{c},{v}"
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", CURRENCIES)
def test_currencies_on_a_brokers_clock_are_told_by_the_end_of_the_week(tmp_path: Path, name: str) -> None:
    file, write = CURRENCIES[name]
    rows = made(load_calendar("FOREX"), [(date(2024, 3, 5), 7)], 1.0)
    (tmp_path / file).write_text(write(rows))

    report = import_files([tmp_path / file], tmp_path / "store", market="FOREX")

    assert not report.all_problems()
    assert list(bars(tmp_path / "store", "EURUSD")) == rows


def test_coins_of_a_site_with_its_address_on_top_and_the_newest_bar_first(tmp_path: Path) -> None:
    rows = made(load_calendar("24/7"), [(date(2024, 3, 8), 2)], 60_000.0)
    header = (
        "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount"
    )
    write = lines(
        header,
        lambda t, o, h, low, c, v: f"{int(t.timestamp()) * 1000},{t:%Y-%m-%d},btc/usdt,{o},{h},{low},{c},{v},9",
    )
    (tmp_path / "Binance_BTCUSDT_minute.csv").write_text(write(rows[::-1]))

    import_files([tmp_path / "Binance_BTCUSDT_minute.csv"], tmp_path / "store", market="24/7")

    assert list(bars(tmp_path / "store", "BTC/USDT")) == rows


def test_days_of_a_page_with_shortened_volumes(tmp_path: Path) -> None:
    header = '"Date","Price","Open","High","Low","Vol.","Change %"'
    days = [f'"03/{day:02d}/2024","1,101.50","1,100.00","1,102.00","1,099.00","70.01M","0.1%"' for day in (8, 7, 6, 5)]
    (tmp_path / "AAA Historical Data.csv").write_text("\ufeff" + "\n".join([header, *days]))

    import_files([tmp_path / "AAA Historical Data.csv"], tmp_path / "store")

    export(tmp_path / "store", "AAA", Interval.parse("1d"), tmp_path / "out.parquet")
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.drop("ts").rows() == [(1100.0, 1102.0, 1099.0, 1101.5, 70_010_000.0)] * 4


@pytest.mark.parametrize("order", ["{high},{low},{open}", "{low},{high},{open}"])
def test_columns_in_another_order_without_a_header_are_refused(tmp_path: Path, rows: list[Row], order: str) -> None:
    at = clock("%Y-%m-%d %H:%M:%S")
    write = lines("", lambda t, o, h, low, c, v: f"{at(t)},{order.format(open=o, high=h, low=low)},{c},{v}")
    (tmp_path / "AAA.csv").write_text(write(rows))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store")

    (problem,) = report.all_problems()
    assert (problem.code, report.total("added")) == ("order", 0)
    assert "layout.toml" in problem.fix


def test_symbols_side_by_side_are_refused(tmp_path: Path) -> None:
    text = "Price,Close,Close,High,High\nTicker,AAA,BBB,AAA,BBB\nDate,,,,\n2024-03-05,1,2,1,2\n"
    (tmp_path / "both.csv").write_text(text)

    report = import_files([tmp_path / "both.csv"], tmp_path / "store")

    (problem,) = report.all_problems()
    assert "2 symbols side by side" in problem.what
    assert not report.ok


def test_rows_that_name_another_zone_than_most_are_set_aside(tmp_path: Path, rows: list[Row]) -> None:
    text = plain("%Y-%m-%d %H:%M:%S US/Eastern")(rows).replace("US/Eastern", "Europe/London", 1)
    (tmp_path / "AAA.csv").write_text(text)

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store")

    assert (report.total("quarantined"), report.total("added")) == (1, len(rows) - 1)
    assert list(bars(tmp_path / "store")) == rows[1:]


def test_a_file_without_one_readable_row_says_why(tmp_path: Path) -> None:
    text = "".join(f"2024-03-05 09:{minute}:00,a,b,c,d,1\n" for minute in range(30, 50))
    (tmp_path / "AAA.csv").write_text(f"Date,Open,High,Low,Close,Volume\n{text}")

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store")

    (problem,) = report.all_problems()
    assert "none of its 20 rows can be a bar; of the first one open is not a number" in problem.what


def test_dates_that_no_clock_of_nanoseconds_reaches_are_set_aside(tmp_path: Path) -> None:
    days = [f"03/0{day}/2024,10,11,9,10,100" for day in (4, 5, 6, 7, 8)]
    days += ["03/08/0000,10,11,9,10,100", "03/08/0224,10,11,9,10,100"]
    (tmp_path / "AAA.csv").write_text("\n".join(["Date,Open,High,Low,Close,Volume", *days]))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store")

    assert kept(report)
    assert (report.total("added"), report.total("quarantined")) == (5, 2)


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+00:00"])
@pytest.mark.parametrize("year", ["0204", "2608", "9999"])
def test_stamps_that_no_clock_of_nanoseconds_reaches_are_set_aside(tmp_path: Path, form: str, year: str) -> None:
    moments = [datetime(2024, 3, 5, 15, minute, tzinfo=UTC).strftime(form) for minute in range(30)]
    moments[7] = moments[7].replace("2024", year)
    rows = [f"{moment},10,11,9,10,100" for moment in moments]
    (tmp_path / "AAA.csv").write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows]))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store", interval="1m")

    assert kept(report)
    assert (report.total("added"), report.total("quarantined")) == (29, 1)
