"""Holes out of packed bits are those that are found window by window."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.quality.gaps import runs_of
from openbell.store.export import frame_of
from openbell.store.holes import missing_runs
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager

FIRST = date(2024, 6, 20)
SESSIONS = 14  # an early close is among them


def sparse(calendar: Calendar, interval: Interval, seed: int) -> Block:
    """Bars of some days, some of them whole, some with a few bars, some before and after hours."""
    random = np.random.default_rng(seed)
    first = calendar.first_on_or_after(FIRST)
    grid = calendar.grid(interval, first, first + SESSIONS - 1, Hours.EXTENDED)
    share = random.choice([0.0, 0.02, 0.5, 0.97, 1.0], SESSIONS)
    kept = random.random(len(grid)) < share[grid.sessions - first]
    ts = grid.stamps[kept]
    return Block.of(ts, [np.full(len(ts), 5.0)] * 5)


@pytest.mark.parametrize("hours", Hours)
@pytest.mark.parametrize(
    ("market", "interval"), [("XNYS", "1m"), ("XNYS", "7m"), ("XTKS", "5m"), ("24/7", "60m"), ("XNYS", "1d")]
)
def test_runs_are_those_of_the_windows(tmp_path: Path, market: str, interval: str, hours: Hours) -> None:
    calendar, length = load_calendar(market), Interval.parse(interval)
    blocks = {f"S{seed}": sparse(calendar, length, seed) for seed in range(6)}
    frames = {(name, interval): frame_of(block) for name, block in blocks.items() if len(block)}
    half = calendar.session(calendar.first_on_or_after(FIRST) + SESSIONS // 2).midnight
    early = {key: frame_of(blocks[key[0]].between(0, half)) for key in frames}
    import_frames({key: part for key, part in early.items() if len(part)}, tmp_path / "store", market=market)
    import_frames(frames, tmp_path / "store", market=market)
    data = DataManager(tmp_path / "store", calendar)
    symbols = [*blocks, "NONE"]
    first = calendar.first_on_or_after(FIRST)
    last = first + SESSIONS - 1
    listed = [(0, SESSIONS), (2, 9), (0, 0), (5, SESSIONS), *[(0, SESSIONS)] * 3]
    grid = calendar.grid(length, first, last, hours)

    found = list(missing_runs(data, symbols, length, first, last, hours, listed))

    for one, (start, end), present in zip(
        found, listed, data.presence(symbols, length, first, last, hours), strict=True
    ):
        slots = slice(*np.searchsorted(grid.sessions, (first + start, first + end)).tolist())
        assert one.runs.gaps == runs_of(present[slots], grid.stamps[slots], grid.sessions[slots]).gaps
        assert one.expected == len(present[slots])
        assert one.scattered == 0


def test_short_runs_are_counted(tmp_path: Path, xnys: Calendar) -> None:
    minute = Interval.parse("1m")
    import_frames({("AAA", "1m"): frame_of(sparse(xnys, minute, 1))}, tmp_path / "store", market="XNYS")
    data = DataManager(tmp_path / "store", xnys)
    first = xnys.first_on_or_after(FIRST)
    span = (data, ["AAA"], minute, first, first + SESSIONS - 1, Hours.REGULAR, [(0, SESSIONS)])

    (every,), (long,) = list(missing_runs(*span)), list(missing_runs(*span, shortest=5))

    short = [gap for gap in every.runs.gaps if gap.bars < 5]
    assert long.runs.gaps == tuple(gap for gap in every.runs.gaps if gap.bars >= 5)
    assert long.scattered == sum(gap.bars for gap in short) > 0
