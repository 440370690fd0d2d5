"""Times that are numbers since 1970, in whichever unit, before 1970 and near it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbell.bars.interval import Interval
from openbell.store.export import export
from openbell.store.formats.epochs import epoch_nanoseconds
from openbell.store.importing import import_files

DAY = Interval.parse("1d")
NS = 10**9
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}


def seconds_of(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def days_from(first: date, count: int) -> list[int]:
    return [seconds_of(first + timedelta(days=place)) for place in range(count)]


@pytest.mark.parametrize("unit", UNITS)
def test_days_before_and_around_1970_are_what_they_are_in_every_unit(tmp_path: Path, unit: str) -> None:
    days = [day for day in days_from(date(1968, 1, 1), 3000) if datetime.fromtimestamp(day, UTC).weekday() < 5]
    rows = [f"{day * UNITS[unit]},10,11,9,10,100" for day in days]
    (tmp_path / "AAA.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows]))

    report = import_files([tmp_path / "AAA.csv"], tmp_path / "store", interval="1d", market="24/7")

    export(tmp_path / "store", "AAA", DAY, tmp_path / "out.parquet")
    assert (report.total("quarantined"), report.total("added")) == (0, len(days))
    assert pl.read_parquet(tmp_path / "out.parquet")["ts"].to_physical().to_list() == [day * NS for day in days]


@given(
    st.integers(seconds_of(date(1900, 1, 1)), seconds_of(date(2200, 1, 1))),
    st.integers(200, 20_000),
    st.sampled_from([*UNITS]),
    st.sampled_from([pl.Int64, pl.String]),
)
def test_a_column_has_one_unit(first: int, days: int, unit: str, kind: type[pl.DataType]) -> None:
    seconds = [first + 86_400 * place for place in range(days)]

    stamps = epoch_nanoseconds(pl.Series([one * UNITS[unit] for one in seconds]).cast(kind))

    assert stamps.to_list() == [one * NS for one in seconds]


@pytest.mark.parametrize("share", [0.03, 0.4, 0.97])
def test_a_file_put_together_from_milliseconds_and_microseconds_is_read(share: float) -> None:
    seconds = days_from(date(2024, 1, 1), 400)
    later = int(share * len(seconds))
    numbers = [one * 10**3 for one in seconds[:-later]] + [one * 10**6 for one in seconds[-later:]]

    stamps = epoch_nanoseconds(pl.Series(numbers))

    assert stamps.to_list() == [one * NS for one in seconds]


@pytest.mark.parametrize("wrong", [str(2**63 - 1), "9" * 25, "17040672000000", "inf", "nan", "?", ""])
def test_one_number_that_is_no_time_leaves_the_others_as_they_are(wrong: str) -> None:
    seconds = days_from(date(2024, 1, 1), 50)

    stamps = epoch_nanoseconds(pl.Series([*(str(one * 10**3) for one in seconds), wrong]))

    assert stamps.to_list() == [*(one * NS for one in seconds), None]


@pytest.mark.parametrize("texts", [["1719235800.5", "1719235801"], ["1719235800500.0", "1719235801000"]])
def test_fractions_and_whole_numbers_have_one_unit(texts: list[str]) -> None:
    half = 1_719_235_800_500_000_000

    assert epoch_nanoseconds(pl.Series(texts)).to_list() == [half, half + NS // 2]
    assert epoch_nanoseconds(pl.Series([float(text) for text in texts])).to_list() == [half, half + NS // 2]


def test_fractions_of_seconds_before_1973_are_seconds() -> None:
    assert epoch_nanoseconds(pl.Series([-63_158_400.25, 94_694_400.0])).to_list() == [
        -63_158_400_250_000_000,
        94_694_400 * NS,
    ]


def test_a_column_without_a_number_has_no_time() -> None:
    assert epoch_nanoseconds(pl.Series([None, None], dtype=pl.String)).to_list() == [None, None]
    assert epoch_nanoseconds(pl.Series(["", "x"])).to_list() == [None, None]
