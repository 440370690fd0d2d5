"""Processes that read and write one store at once: no error, no torn read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block
from openbell.store.catalog import Catalog
from openbell.store.export import frame_of
from openbell.store.importing import import_frames
from openbell.store.verification import verify

MONDAY = date(2024, 6, 24)
NIGHTLY = bool(os.environ.get("OPENBELL_NIGHTLY"))
READERS, SECONDS = (10, 60.0) if NIGHTLY else (3, 2.0)
SYMBOLS = 20

Minutes = Callable[..., Block]

WRITER = """
import json, sys, time
from openbell.store.importing import import_files
path, store, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
until, done = time.monotonic() + seconds, 0
while time.monotonic() < until:
    assert import_files([path], store, interval="1m").ok
    done += 1
print(json.dumps({"done": done}))
"""

READER = """
import json, sys, time
from datetime import date
from pathlib import Path
import numpy as np
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.store.manager import DataManager
store, seconds, symbols = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
calendar, minute = load_calendar("XNYS"), Interval.parse("1m")
first = calendar.first_on_or_after(date(2024, 6, 24))
print("ready", flush=True)
sys.stdin.readline()
until, done, seen = time.monotonic() + seconds, 0, set()
while time.monotonic() < until:
    manager = DataManager(store, calendar)
    for _ in range(2):
        blocks = manager.read(list(manager.symbols()), minute, first, first + 1, keep=False)
        levels = {float(value) for block in blocks.values() for value in np.unique(block.close)}
        assert len(blocks) == symbols and all(len(block) == 780 for block in blocks.values()), "bars are missing"
        assert len(levels) == 1, f"bars of several imports: {levels}"
    seen |= levels
    done += 1
print(json.dumps({"done": done, "seen": sorted(seen)}))
"""


def frame(minutes: Minutes, level: float) -> pl.DataFrame:
    block = minutes(MONDAY, 2)
    one = frame_of(Block.of(block.ts, [np.full(len(block), level)] * 5))
    return pl.concat([one.with_columns(symbol=pl.lit(f"S{n:02d}")) for n in range(SYMBOLS)])


def started(script: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_readers_and_writers_in_processes_of_their_own(tmp_path: Path, minutes: Minutes) -> None:
    store = tmp_path / "store"
    paths = [tmp_path / f"{level}.parquet" for level in (1.0, 2.0)]
    for path in paths:
        frame(minutes, float(path.stem)).write_parquet(path)
    import_frames({("", "1m"): frame(minutes, 1.0)}, store)
    writers = [started(WRITER, path, store, SECONDS) for path in paths]
    readers = [started(READER, store, SECONDS, SYMBOLS) for _ in range(READERS)]

    for process in (*writers, *readers):
        assert process.stdout is not None
        process.stdout.readline()
    for process in (*writers, *readers):
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = [process.communicate() for process in (*writers, *readers)]

    assert [errors for _, errors in outcomes if errors] == []
    counts = [json.loads(text) for text, _ in outcomes]
    assert all(count["done"] > 0 for count in counts)
    assert Catalog.latest(store).now > 2
    assert verify(store).ok
