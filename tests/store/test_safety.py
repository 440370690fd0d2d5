"""Kills, power cuts, writers and readers at once: the store is whole each time."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.market.calendar import Calendar
from openbell.store import files, schema
from openbell.store.catalog import Catalog, Series
from openbell.store.days import GridKind
from openbell.store.export import frame_of
from openbell.store.importing import import_files, import_frames
from openbell.store.manager import DataManager
from openbell.store.writer import Pending, Writer

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)
KILLS = 200 if os.environ.get("OPENBELL_NIGHTLY") else 3
WRITE = "writev" if hasattr(os, "writev") else "write"
SECONDS = 60.0 if os.environ.get("OPENBELL_NIGHTLY") else 3.0

Minutes = Callable[..., Block]

IMPORTER = """
import sys
from openbell.store.importing import import_files
print("ready", flush=True)
sys.stdin.readline()
import_files([sys.argv[1]], sys.argv[2], interval="1m", market="XNYS")
"""


def levels(store: Path, calendar: Calendar) -> set[float]:
    """The price levels that a reader sees in the first session, over all symbols."""
    manager = DataManager(store, calendar)
    session = calendar.first_on_or_after(MONDAY)
    blocks = manager.read(list(manager.symbols()), MINUTE, session, session + 1)
    for block in blocks.values():
        assert len(block) == 780
    return {float(value) for block in blocks.values() for value in np.unique(block.volume)}


def frame(minutes: Minutes, level: float, symbols: int = 40) -> pl.DataFrame:
    block = minutes(MONDAY, 2)
    flat = np.full(len(block), level)
    one = frame_of(Block(block.ts, flat, flat, flat, flat, flat))
    return pl.concat([one.with_columns(symbol=pl.lit(f"S{n:02d}")) for n in range(symbols)])


def start_import(path: Path, store: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(path), str(store)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    process.stdin.write("\n")
    process.stdin.flush()
    return process


def end(process: "subprocess.Popen[str]") -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
    process.wait()


def test_an_import_killed_at_any_moment_leaves_the_old_or_the_new_state(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    store = tmp_path / "store"
    import_frames({("", "1m"): frame(minutes, 1.0)}, store)
    paths = {}
    for level in (1.0, 2.0):
        paths[level] = tmp_path / f"{level}.parquet"
        frame(minutes, level).write_parquet(paths[level])
    moment = random.Random(5)
    seen = 1.0

    for _ in range(KILLS):
        wanted = 3.0 - seen
        process = start_import(paths[wanted], store)
        time.sleep(moment.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        end(process)
        (found,) = levels(store, xnys)
        assert found in (seen, wanted)
        seen = found

    import_files([paths[3.0 - seen]], store, interval="1m")
    assert levels(store, xnys) == {3.0 - seen}


class Cut(BaseException):
    """The power goes off."""


def cut_at(call: int, monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> bool:
    """Do some work during which the power goes off at one of its calls of the system; whether it came to its end."""
    calls = 0
    for name in {"write", WRITE, "fsync", "open"}:
        real = getattr(files.os, name)

        def counted(*arguments: Any, name: str = name, real: Callable[..., object] = real, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == call + 1:
                if name == "writev":  # a part of it is in the file
                    real(arguments[0], arguments[1][:-1])
                raise Cut
            return real(*arguments, **more)

        monkeypatch.setattr(files.os, name, counted)
    with suppress(Cut):
        work()
    monkeypatch.undo()
    return calls <= call


@pytest.mark.parametrize("call", range(40))
def test_a_cut_at_each_write_and_sync_leaves_the_old_or_the_new_state(
    tmp_path: Path, minutes: Minutes, xnys: Calendar, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    store = tmp_path / "store"
    import_frames({("", "1m"): frame(minutes, 1.0, 2)}, store)
    finished = cut_at(call, monkeypatch, lambda: import_frames({("", "1m"): frame(minutes, 2.0, 2)}, store))

    assert levels(store, xnys) in (({2.0},) if finished else ({1.0}, {2.0}))


@pytest.mark.parametrize("call", range(20))
@pytest.mark.parametrize("with_bars", [False, True])
def test_a_cut_import_of_corporate_actions_leaves_all_of_them_or_none(
    tmp_path: Path, minutes: Minutes, xnys: Calendar, monkeypatch: pytest.MonkeyPatch, call: int, with_bars: bool
) -> None:
    store, folder = tmp_path / "store", tmp_path / "in"
    import_frames({("", "1m"): frame(minutes, 1.0, 2)}, store)
    folder.mkdir()
    (folder / "actions.csv").write_text("symbol,date,kind,value\nS00,2024-06-25,split,4\nS01,2024-06-25,dividend,0.1\n")
    if with_bars:
        frame(minutes, 2.0, 2).write_parquet(folder / "bars.parquet")
    finished = cut_at(call, monkeypatch, lambda: import_files([folder], store, interval="1m"))

    actions, seen = len(Catalog.latest(store).actions()), levels(store, xnys)
    new = {2.0} if with_bars else {1.0}
    assert (actions, seen) in (((2, new),) if finished else ((0, {1.0}), (2, new)))
    import_files([folder], store, interval="1m")
    assert (len(Catalog.latest(store).actions()), levels(store, xnys)) == (2, new)


def test_a_reader_sees_the_old_state_beside_an_interrupted_commit(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    """A journal that was left behind is a commit to be rolled back; a reader does so in a copy."""
    store = tmp_path / "store"
    import_frames({("", "1m"): frame(minutes, 1.0, 2)}, store)
    script = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('DELETE FROM presence'); db.execute('DELETE FROM pieces')\n"
        "db.execute('CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) "
        "SELECT i, hex(randomblob(50)) FROM n')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(store / schema.CATALOG)], check=False)
    journal = store / f"{schema.CATALOG}-journal"
    assert journal.stat().st_size > 0
    before = journal.read_bytes()

    assert levels(store, xnys) == {1.0}
    assert journal.read_bytes() == before

    import_frames({("", "1m"): frame(minutes, 2.0, 2)}, store)
    assert levels(store, xnys) == {2.0}
    assert not journal.exists()


def test_readers_go_on_while_two_write(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store = tmp_path / "store"
    frames = {level: frame(minutes, level, 5) for level in (1.0, 2.0)}
    import_frames({("", "1m"): frames[1.0]}, store)
    stop = time.monotonic() + SECONDS
    errors: list[BaseException] = []
    reads = 0

    def write(level: float) -> None:
        while time.monotonic() < stop:
            import_frames({("", "1m"): frames[level]}, store)

    def read() -> None:
        nonlocal reads
        while time.monotonic() < stop:
            assert len(levels(store, xnys)) == 1
            reads += 1

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except (AssertionError, StoreError) as error:
            errors.append(error)

    tasks = [lambda: write(1.0), lambda: write(2.0), *[read] * 10]
    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert reads > 0
    assert Catalog.latest(store).now > 1


def test_a_second_writer_that_cannot_wait_says_so(tmp_path: Path) -> None:
    with (
        schema.writing(tmp_path),
        pytest.raises(StoreError, match="another import is writing") as caught,
        schema.writing(tmp_path, patience_seconds=0.05),
    ):
        raise AssertionError("both are writing")

    assert caught.value.problems[0].code == "busy"


def test_a_reader_keeps_its_state_while_others_write(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    store = tmp_path / "store"
    import_frames({("", "1m"): frame(minutes, 1.0, 2)}, store)
    manager = DataManager(store, xnys)
    session = xnys.first_on_or_after(MONDAY)

    import_frames({("", "1m"): frame(minutes, 2.0, 3)}, store)

    assert list(manager.symbols()) == ["S00", "S01"]
    assert set(manager.read(["S00"], MINUTE, session, session)["S00"].close) == {1.0}
    assert manager.counts(["S02"], MINUTE, session, session).tolist() == [[0]]
    assert levels(store, xnys) == {2.0}


def test_a_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, minutes: Minutes, xnys: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    import_frames({("", "1m"): frame(minutes, 1.0, 2)}, store)
    before = sorted(store.rglob("*"))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, WRITE, full)
    with pytest.raises(StoreError, match="No space left on device"):
        import_frames({("", "1m"): frame(minutes, 2.0, 2)}, store)
    monkeypatch.undo()

    assert sorted(store.rglob("*")) == before
    assert levels(store, xnys) == {1.0}


def test_an_import_that_fails_leaves_no_store_behind(tmp_path: Path) -> None:
    file = tmp_path / "AAA.csv"
    file.write_text("nothing of use\n")

    report = import_files([file], tmp_path / "new" / "store", symbol="AAA", interval="1m")

    assert not report.ok
    assert [path.name for path in tmp_path.iterdir()] == ["AAA.csv"]


def test_an_import_that_breaks_off_takes_its_files_and_folders_with_it(tmp_path: Path, minutes: Minutes) -> None:
    def stop(done: int, total: int, rows: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    (tmp_path / "1m").mkdir()
    path = tmp_path / "1m" / "AAA.parquet"
    frame_of(Block.joined([minutes(MONDAY, 3)])).write_parquet(path)

    with pytest.raises(KeyboardInterrupt):
        import_files([path], tmp_path / "store", progress=stop)

    assert not (tmp_path / "store").exists()


def test_writers_who_wait_for_one_that_fails_in_a_new_store_all_land(tmp_path: Path, minutes: Minutes) -> None:
    store, began, errors = tmp_path / "store", threading.Event(), list[BaseException]()

    def fail() -> None:
        with suppress(ZeroDivisionError), schema.writing(store):
            began.set()
            time.sleep(0.1)
            raise ZeroDivisionError

    def write(symbol: str) -> None:
        began.wait()
        try:
            import_frames({(symbol, "1m"): frame_of(minutes(MONDAY))}, store)
        except StoreError as error:
            errors.append(error)

    for _ in range(5):
        began.clear()
        threads = [threading.Thread(target=write, args=(f"S{place}",)) for place in range(4)]
        threads += [threading.Thread(target=fail), threading.Thread(target=fail)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not errors
        assert list(Catalog.latest(store).symbols()) == ["S0", "S1", "S2", "S3"]
        for path in (*store.glob("*/*/*"), *store.glob("*.sqlite")):
            path.unlink()


def test_two_bars_under_one_stamp_give_up_the_import_as_a_whole(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    block = minutes(MONDAY)
    twice = Block.of(np.append(block.ts[:-1], block.ts[-2]), block.columns)
    pending = Pending(Series("AAA", MINUTE, GridKind.SESSION), twice, None, False, (0, 0))

    with schema.writing(tmp_path / "store") as db:
        writer = Writer(db, tmp_path / "store")
        writer.put(xnys, pending)
        with pytest.raises(StoreError, match="out of order") as caught:
            writer.flush()
        writer.discard()

    assert caught.value.problems[0].code == "internal"
    assert not list((tmp_path / "store").rglob("*.parquet"))
