"""Whatever a file holds, an import ends in bars or in a clear refusal, and every row is accounted for."""

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbell.bars.block import FIELDS, Block
from openbell.store.export import frame_of
from openbell.store.importing import FORMATS, import_files
from openbell.store.report import ImportReport
from openbell.store.thrift import Int32, Struct, encode

MONDAY = date(2024, 6, 24)
COUNTS = ("added", "replaced", "unchanged", "quarantined", "duplicates")
EXAMPLES = 1000 if os.environ.get("OPENBELL_NIGHTLY") else 40
SETTINGS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

Minutes = Callable[..., Block]


def sound(report: ImportReport) -> bool:
    for series in report.series:
        assert series.rows == sum(getattr(series, name) for name in COUNTS)
    for problem in report.all_problems():
        assert problem.where
        assert problem.what
        assert problem.fix
    assert sum(file.rows for file in report.files) == report.total("rows")
    return True


@given(content=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".parquet", ".zip", ".gz", ".zst", ".json"]))
@SETTINGS
def test_random_bytes(content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / f"AAA{suffix}").write_bytes(content)

    assert sound(import_files([folder / f"AAA{suffix}"], folder / "store", interval="1m", market="24/7"))


HEADS = {
    ".parquet": b"PAR1", ".zip": b"PK\x03\x04", ".gz": b"\x1f\x8b\x08\x00", ".json": b"[[1514764800000,",
    ".csv": b"time,open,high,low,close,volume\n", ".zst": b"\x28\xb5\x2f\xfd",
}  # fmt: skip


@given(content=st.binary(max_size=200), suffix=st.sampled_from(sorted(HEADS)))
@SETTINGS
def test_random_bytes_behind_a_known_beginning(
    content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("heads")
    (folder / f"AAA{suffix}").write_bytes(HEADS[suffix] + content)

    assert sound(import_files([folder / f"AAA{suffix}"], folder / "store", interval="1m", market="24/7"))


CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "1.5", "-3", "1e400", "nan", "inf", "abc", "0", '"', '"1"', "1,5", "99999999999999999999"]
    ),
    st.floats(0.01, 1e6).map(str),
)
TIMES = st.one_of(
    st.integers(0, 400).map(lambda minute: f"2024-06-24 {13 + minute // 60:02d}:{minute % 60:02d}:00"),
    st.sampled_from(
        ["", "2024-02-30 10:00:00", "24/06/2024", "9999999999999", "1719235800000", "x", "2024-06-24T13:30:00Z"]
    ),
)


@given(
    rows=st.lists(st.tuples(TIMES, st.lists(CELLS, min_size=3, max_size=7)), max_size=30),
    form=st.sampled_from([None, *[name for name in FORMATS.names if name != "tidy"]]),
)
@SETTINGS
def test_random_tables(
    rows: list[tuple[str, list[str]]], form: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    lines = ["time,open,high,low,close,volume", *(",".join((time, *cells)) for time, cells in rows)]
    (folder / "AAA.csv").write_text("\n".join(lines))

    report = import_files([folder / "AAA.csv"], folder / "store", interval="1m", market="24/7", format=form)

    assert sound(report)
    if form is None and report.ok and not any('"' in line for line in lines):
        assert report.total("rows") == len(rows)


@pytest.mark.parametrize("name", ["alphavantage_AAPL_1min_2019.csv", "bitfinex_BTCUSD_1m_18-01-01_00-00-00.json",
                                  "lean_future_minute_es_20131007_trade.zip"])  # fmt: skip
@given(data_=st.data())
@SETTINGS
def test_raw_files_that_are_cut_or_flipped(
    data: Path, tmp_path_factory: pytest.TempPathFactory, name: str, data_: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    content = bytearray((data / "raw" / name).read_bytes())
    place = data_.draw(st.integers(1, len(content) - 1))
    if data_.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= data_.draw(st.integers(1, 255))
    (folder / name).write_bytes(content)

    assert sound(import_files([folder / name], folder / "store", market="XNYS"))


PACKED = st.sampled_from(["zstd", "lz4", "snappy", "uncompressed"])


@given(flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=4), packed=PACKED)
@SETTINGS
def test_parquet_files_that_are_cut_or_flipped(
    flips: list[tuple[int, int]], packed: str, minutes: Minutes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    path = folder / "AAA.parquet"
    frame_of(minutes(MONDAY)).write_parquet(path, compression=packed, data_page_size=1 << 10)  # type: ignore[arg-type]  # drawn
    content = bytearray(path.read_bytes())
    for place, flip in flips:
        # Every other place is in the footer, where sizes and counts are.
        at = (len(content) - 1 - place // 2 % 1200 if place % 2 else place) % len(content)
        if flip:
            content[at] ^= flip
        elif place % 2 == 0:
            del content[at + 1 :]
    path.write_bytes(content)

    assert sound(import_files([path], folder / "store", interval="1m", market="XNYS"))


@pytest.mark.parametrize("values", [-200, 2**31 - 1, 1])
def test_a_page_that_cannot_hold_its_values_is_refused_before_it_is_decoded(
    tmp_path: Path, minutes: Minutes, values: int
) -> None:
    """A decoder that believes a negative number asks for two exabytes, and the process ends."""
    block = minutes(MONDAY)
    path = tmp_path / "AAA.parquet"
    frame_of(block).write_parquet(path, compression="uncompressed", use_pyarrow=False)
    content = path.read_bytes()
    right, wrong = (b"\x15" + encode(Struct(((1, Int32(n)),)))[1:-1] for n in (len(block), values))
    start = content.index(right)
    damaged = content[:start] + wrong.ljust(len(right), b"\x15")[: len(right)] + content[start + len(right) :]
    path.write_bytes(damaged)

    report = import_files([path], tmp_path / "store", interval="1m", market="XNYS")

    assert [file.problem.code for file in report.files if file.problem] == ["unreadable"]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "shift_jis")
HEADERS = st.lists(
    st.sampled_from(["time", "date", "open", "high", "low", "close", "volume", "symbol", "Öffnung", "x", "", "open"]),
    min_size=1, max_size=8,
)  # fmt: skip
ZONED = st.sampled_from(
    ["2024-06-24T13:30:00Z", "2024-06-24T09:31:00-04:00", "2024-06-24 13:32:00+00:00", "2024-06-24 13:33",
     "1719235800", "1719235860000", "06/24/2024 9:36 AM", "24.06.2024", "9223372036854775807", "-1", "1e30"]
)  # fmt: skip


@given(
    header=HEADERS,
    rows=st.lists(st.tuples(ZONED, st.lists(CELLS, min_size=2, max_size=8)), max_size=25),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(ENCODINGS),
)
@SETTINGS
def test_wrong_columns_mixed_zones_and_other_encodings(
    header: list[str],
    rows: list[tuple[str, list[str]]],
    separator: str,
    encoding: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    lines = [separator.join(header), *(separator.join((time, *cells)) for time, cells in rows)]
    (folder / "AAA.csv").write_bytes("\n".join(lines).encode(encoding, errors="replace"))

    assert sound(import_files([folder / "AAA.csv"], folder / "store", interval="1m", market="24/7"))


COLUMNS = st.sampled_from(
    [
        pl.Series([1.0, None, float("nan")]),
        pl.Series([2**62, -1, 0]),
        pl.Series(["1", "x", None]),
        pl.Series([[1.0], [], None]),
        pl.Series([True, False, None]),
        pl.Series([date(2024, 6, 24)] * 3),
        pl.Series([datetime(2024, 6, 24, 13, 30 + n) for n in range(3)]),
        pl.Series([datetime(2024, 6, 24, 13, 30 + n) for n in range(3)]).dt.replace_time_zone("America/New_York"),
        pl.Series(["a", "b", "a"]).cast(pl.Categorical),
        pl.Series([b"a", b"", None]),
        pl.Series([None, None, None]),
        pl.Series([{"a": 1}, {"a": None}, None]),
    ]
)


@given(
    columns=st.dictionaries(
        st.sampled_from(["ts", "open", "high", "low", "close", "volume", "symbol", "other"]), COLUMNS, max_size=8
    ),
    valid=st.booleans(),
)
@SETTINGS
def test_parquet_files_with_other_columns(
    columns: dict[str, pl.Series], valid: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("columns")
    if valid:
        moments = pl.Series([datetime(2024, 6, 24, 13, 30 + n) for n in range(3)])
        columns = {"ts": moments, **{name: pl.Series([1.0] * 3) for name in FIELDS[:4]}} | columns
    pl.DataFrame(columns).write_parquet(folder / "AAA.parquet")

    assert sound(import_files([folder / "AAA.parquet"], folder / "store", interval="1m", market="24/7"))


@given(data_=st.data())
@settings(SETTINGS, max_examples=4 * EXAMPLES)
def test_files_of_every_vendor_that_are_cut_or_flipped(
    data: Path, tmp_path_factory: pytest.TempPathFactory, data_: st.DataObject
) -> None:
    names = sorted(path for path in (data / "raw").rglob("*") if path.is_file() and path.stat().st_size < 1 << 20)
    path = data_.draw(st.sampled_from(names))
    folder = tmp_path_factory.mktemp("vendors")
    content = bytearray(path.read_bytes())
    place = data_.draw(st.integers(0, max(len(content) - 1, 0)))
    if content and data_.draw(st.booleans()):
        content[place] ^= data_.draw(st.integers(1, 255))
    else:
        del content[place:]
    (folder / path.name).write_bytes(content)

    assert sound(import_files([folder / path.name], folder / "store", symbol="AAA", interval="1m", market="24/7"))
