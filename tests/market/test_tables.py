import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.errors import MarketError
from openbell.machine.cache import cache_root, write_atomically
from openbell.market.calendar import load_calendar
from openbell.market.tables import load_table

WARM = """
import sys
from openbell.market.calendar import load_calendar
load_calendar("24/7")
load_calendar("XNYS")
print(sorted({"pandas", "exchange_calendars", "polars", "numba"} & set(sys.modules)))
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBELL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "calendars"


def test_sessions_equal_the_answer_file_of_exchange_calendars(data):
    answer = pl.read_parquet(data / "reference" / "calendars" / "XNYS_2011_2015.parquet")
    calendar = load_calendar("XNYS")

    first = calendar.ordinal_of(pl.Series(answer["session"]).str.to_date()[0])
    sessions = [calendar.session(first + n) for n in range(len(answer))]

    assert [str(session.date) for session in sessions] == answer["session"].to_list()
    assert [session.open for session in sessions] == answer["open"].cast(pl.Int64).to_list()
    assert [session.close for session in sessions] == answer["close"].cast(pl.Int64).to_list()


def test_a_table_comes_back_from_the_cache_as_it_was(cache):
    made = load_table("24/7")
    read = load_table("24/7")

    assert len(list(cache.iterdir())) == 1
    assert read.digest == made.digest
    assert (read.name, read.zone) == ("24/7", "UTC")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 and no more"], ids=["empty", "nonsense", "stub"])
def test_a_cache_file_that_is_broken_is_made_again(cache, content):
    good = load_table("24/7")
    (path,) = cache.iterdir()
    path.write_bytes(content)

    again = load_table("24/7")

    assert again.digest == good.digest
    assert load_table("24/7").digest == good.digest
    assert len(path.read_bytes()) > 1000


def test_a_cache_file_with_flipped_bytes_or_cut_short_is_made_again(cache):
    good = load_table("24/7")
    (path,) = cache.iterdir()
    whole = path.read_bytes()

    for broken in (whole[: len(whole) // 2], whole[:50_000] + b"\xff\xff" + whole[50_002:]):
        path.write_bytes(broken)

        assert load_table("24/7").digest == good.digest


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    blocker = tmp_path / "file"
    blocker.write_text("no folder")
    monkeypatch.setenv("OPENBELL_CACHE", str(blocker))

    table = load_table("24/7")

    assert len(table.dates) > 10_000
    assert blocker.read_text() == "no folder"


def test_a_cache_folder_that_cannot_be_made_is_done_without(monkeypatch):
    monkeypatch.setenv("OPENBELL_CACHE", "/proc/openbell")

    assert len(load_table("24/7").dates) > 10_000


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "taken").mkdir()

    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "taken", b"content")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_warm_start_imports_no_pandas():
    load_table("XNYS")
    load_table("24/7")

    answer = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


def test_the_cache_lies_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("OPENBELL_CACHE", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    chosen = cache_root()
    monkeypatch.delenv("OPENBELL_CACHE")
    shared = cache_root()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/c")

    assert [chosen, shared, cache_root()] == [Path("/a"), Path("/b/openbell"), Path("/c/.cache/openbell")]


@pytest.mark.parametrize(("wrong", "like"), [("XTKZ", "XTKS"), ("forx", "FOREX"), ("NASDAK", "NASDAQ")])
def test_an_unknown_market_is_refused_with_the_nearest_name(wrong, like):
    with pytest.raises(MarketError) as caught:
        load_calendar(wrong)

    (problem,) = caught.value.problems
    assert f"Did you mean {like}?" in problem.fix
    assert wrong.upper() in problem.where
    assert problem.code == "unknown_market"


def test_names_are_the_same_in_any_case_and_by_any_alias():
    tables = [load_calendar(name) for name in ("XNYS", "xnys", " NYSE ", "XNAS", "nasdaq")]

    assert {table.version for table in tables} == {tables[0].version}
    assert [table.name for table in tables] == ["XNYS", "XNYS", "NYSE", "XNAS", "NASDAQ"]
    assert load_calendar("US_FUTURES").name == "us_futures"


@pytest.mark.parametrize("name", ["XBOM", "XTKS", "XSAU"])
def test_a_calendar_with_bounds_reaches_as_far_as_it_is_known(name):
    calendar = load_calendar(name)

    assert calendar.first_date.year in (1997, 2021)
    assert calendar.last_date.year in (2026, 2029, 2030)


def test_columns_are_read_only():
    table = load_table("24/7")

    with pytest.raises(ValueError, match="read-only"):
        table.starts[0] = 0
    assert table.starts.dtype == np.int64
