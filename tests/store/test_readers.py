"""What a running session may still read is not cleaned away under it, and it is told truly when it was."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from sessions import document, started

import openbell as ob
from openbell.errors import StoreError
from openbell.market.calendar import Calendar
from openbell.store.catalog import Catalog
from openbell.store.export import frame_of
from openbell.store.housekeeping import clean, compact
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager
from openbell.testing.market import SyntheticMarket

AT_ONCE = timedelta(0)
SYMBOLS = ("AAPL", "NVDA")

OTHER = """
import sys
from pathlib import Path
from openbell.store.catalog import Catalog
seen = Catalog.latest(Path(sys.argv[1]))
print(seen.now, flush=True)
sys.stdin.readline()
"""


def brought_in_parts(folder: Path) -> Path:
    """Fourteen sessions of two symbols, each session with an import of its own."""
    market = SyntheticMarket(SYMBOLS, sessions=14, start=date(2024, 5, 21))
    for symbol, block in market.blocks():
        for first in range(0, len(block), 2000):
            import_frames({(symbol, "1m"): frame_of(block[first : first + 2000])}, folder / "store", market="XNYS")
    return folder / "store"


def test_a_session_goes_on_for_days_while_its_store_is_compacted_and_cleaned(tmp_path: Path) -> None:
    store = brought_in_parts(tmp_path)
    undisturbed = ob.run(document(store))
    day = started(store, at="10:30")

    compact(store)
    gone = clean(store, older_than=AT_ONCE)
    late = day.add_symbol("AAPL", source="user")
    day.remove_symbol("AAPL")
    digests = [day.finish_day().digest]
    while len(digests) < len(undisturbed.days):
        day.start_day()
        digests.append(day.finish_day().digest)

    assert (gone.files, gone.kept, late.ok) == (0, True, True)
    assert digests == [one.digest for one in undisturbed.days]


def test_a_reader_in_another_process_is_respected_until_it_ends_however_it_does(tmp_path: Path) -> None:
    store = brought_in_parts(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        compact(store)

        kept = clean(store, older_than=AT_ONCE)
        process.kill()
        process.wait()
        gone = clean(store, older_than=AT_ONCE)

    assert (kept.files, kept.kept) == (0, True)
    assert (gone.files > 0, gone.kept) == (True, False)


def test_what_was_replaced_long_ago_is_cleaned_under_readers_too(tmp_path: Path) -> None:
    store = brought_in_parts(tmp_path)
    seen = Catalog.latest(store)

    assert not clean(store, older_than=timedelta(days=7)).kept
    assert clean(store, older_than=timedelta(days=6)).kept
    del seen
    assert not clean(store, older_than=timedelta(days=6)).kept


def test_reading_marks_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    store = brought_in_parts(tmp_path)
    (store / "bars").chmod(0o555)
    try:
        before = sorted(store.rglob("*"))
        seen = Catalog.latest(store)

        assert clean(store, older_than=AT_ONCE).kept
        assert sorted(store.rglob("*")) == before
        del seen
    finally:
        (store / "bars").chmod(0o755)


@pytest.fixture
def unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without locks."""
    monkeypatch.setattr("openbell.store.readers.fcntl", None)


@pytest.mark.usefixtures("unmarked")
def test_a_refusal_after_files_were_cleaned_away_names_what_brought_the_bars(tmp_path: Path) -> None:
    store = brought_in_parts(tmp_path)
    day = started(store, at="10:30")
    number = compact(store).number
    clean(store, older_than=AT_ONCE)

    late = day.add_symbol("AAPL", source="user")

    assert not late.ok
    (problem,) = [one for one in late.problems if one.code == "no_history"][:1]
    assert (
        f"import {number} brought its bars or wrote them anew after this session had opened the store" in problem.what
    )
    assert "Start the session anew" in problem.fix


@pytest.mark.usefixtures("unmarked")
def test_a_file_that_was_cleaned_away_is_told_as_that(tmp_path: Path, xnys: Calendar) -> None:
    store = brought_in_parts(tmp_path)
    manager = DataManager(store, xnys)
    first = xnys.first_on_or_after(date(2024, 5, 21))
    manager.counts(["NVDA"], manager.intervals("NVDA")[0], first, first)
    compact(store)
    clean(store, older_than=AT_ONCE)

    with pytest.raises(StoreError, match="`openbell data clean` may remove"):
        manager.read(["NVDA"], manager.intervals("NVDA")[0], first, first)
