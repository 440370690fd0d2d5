"""Runs of missing bars of many symbols, out of the catalogue's counts and presence bits.

1. Sessions whose count is full lack nothing, and those without a bar lack everything: both are known from the counts.
2. `_cut_out`: of the others the bits of the hours are cut out of the packed ones, sessions of one shape side by side.
3. `_runs`: where bits begin and cease to be absent, for all of them at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.market.session import Hours
from openbell.quality.gaps import Runs
from openbell.store.days import Rows
from openbell.store.manager import DataManager


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """The windows of some sessions: where each begins in the grid, how many it has, and at which presence bit."""

    grid: Grid
    starts: Rows
    expected: Rows
    bits: Rows


@dataclass(frozen=True, slots=True, eq=False)
class _Absent:
    """Long runs of missing bars: whose, by places among symbols, their first slots and lengths; the rest as a sum."""

    symbols: Rows
    slots: Rows
    bars: Rows
    scattered: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Lacking:
    """What one symbol lacks.

    Parameters
    ----------
    runs
        Whole sessions and long runs, oldest first.
    scattered
        Missing bars that are in none of these.
    expected
        All bars that should be there.
    """

    runs: Runs
    scattered: int
    expected: int


def missing_runs(
    data: DataManager,
    symbols: Sequence[str],
    interval: Interval,
    first: int,
    last: int,
    hours: Hours,
    listed: Sequence[tuple[int, int]],
    shortest: int = 1,
) -> Iterator[Lacking]:
    """The missing bars of each symbol; reads no data.

    Parameters
    ----------
    first, last
        Sessions, both included.
    listed
        The sessions that count for each symbol, from 0 for the first one on, the end not included.
    shortest
        Runs of fewer bars within one session are only counted.
    """
    shape = _shape_of(data, interval, first, last, hours)
    present = data.counts(symbols, interval, first, last, hours)
    found = _absent(data, symbols, interval, (first, last), hours, shape, np.array(listed), shortest)
    bounds = np.searchsorted(found.symbols, np.arange(len(symbols) + 1)).tolist()
    for row, (start, end) in enumerate(listed):
        expected = shape.expected[start:end]
        empty = start + np.flatnonzero((present[row, start:end] == 0) & (expected > 0))
        part = slice(bounds[row], bounds[row + 1])
        slots = np.concatenate((found.slots[part], shape.starts[empty]))
        bars = np.concatenate((found.bars[part], shape.expected[empty]))
        order = np.argsort(slots, kind="stable")
        slots, bars = slots[order], bars[order]
        whole = np.repeat([False, True], (len(found.slots[part]), len(empty)))[order]
        grid = shape.grid
        runs = Runs(grid.stamps[slots], grid.stamps[slots + bars - 1], bars, grid.sessions[slots], whole)
        yield Lacking(runs, int(found.scattered[row]), int(expected.sum()))


def _shape_of(data: DataManager, interval: Interval, first: int, last: int, hours: Hours) -> _Shape:
    grid = data.calendar.grid(interval, first, last, hours)
    full = data.calendar.grid(interval, first, last, Hours.EXTENDED)
    sessions = np.arange(first, last + 2)
    starts = np.searchsorted(grid.sessions, sessions)
    heads = full.slots_of(grid.stamps[np.minimum(starts[:-1], len(grid) - 1)]) if len(grid) else starts[:-1]
    return _Shape(grid, starts[:-1], np.diff(starts), heads - np.searchsorted(full.sessions, sessions[:-1]))


def _absent(
    data: DataManager,
    symbols: Sequence[str],
    interval: Interval,
    span: tuple[int, int],
    hours: Hours,
    shape: _Shape,
    listed: npt.NDArray[np.int64],
    shortest: int,
) -> _Absent:
    """The runs that are missing in sessions of which some bars are there."""
    parts: list[tuple[Rows, Rows, Rows]] = []
    packed: list[bytes] = []
    size = 0
    for row, series, bits in data.packed(symbols, interval, *span):
        entries = series.inside(*span)
        days, sessions = series.days[entries], series.ordinals[entries].astype(np.int64) - span[0]
        bars = days[hours.value]["bars"]
        counted = (sessions >= listed[row, 0]) & (sessions < listed[row, 1])
        some = np.flatnonzero(counted & (bars > 0) & (bars < shape.expected[sessions]))
        if len(some):
            begins = size + np.cumsum([0, *map(len, bits[:-1])])[series.owners[entries][some]]
            parts.append((np.full(len(some), row), sessions[some], begins + days["byte"][some]))
            packed += bits
            size += sum(map(len, bits))
    if not parts:
        return _Absent(*(np.zeros(size, np.int64) for size in (0, 0, 0, len(symbols))))
    rows, sessions, starts = (np.concatenate(column) for column in zip(*parts, strict=True))
    content = np.frombuffer(b"".join(packed), np.uint8)
    found: list[tuple[Rows, Rows, Rows]] = []
    scattered = np.zeros(len(symbols), np.int64)
    for chosen, flags in _cut_out(content, starts, shape.bits[sessions], shape.expected[sessions]):
        which, slots, lengths = _runs(flags)
        np.add.at(scattered, rows[chosen], _short(flags, which, lengths, shortest))
        long = lengths >= shortest
        which = which[long]
        found.append((rows[chosen][which], slots[long] + shape.starts[sessions[chosen][which]], lengths[long]))
    symbol, slot, bars = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((slot, symbol))
    return _Absent(symbol[order], slot[order], bars[order], scattered)


def _short(flags: npt.NDArray[np.uint8], which: Rows, lengths: Rows, shortest: int) -> Rows:
    """Missing bars of each session that are in short runs."""
    long = lengths >= shortest
    within = np.bincount(which[long], weights=lengths[long], minlength=len(flags)).astype(np.int64)
    scattered: Rows = flags.shape[1] - flags.sum(axis=1, dtype=np.int64) - within
    return scattered


def _cut_out(
    content: npt.NDArray[np.uint8], starts: Rows, offsets: Rows, counts: Rows
) -> Iterator[tuple[Rows, npt.NDArray[np.uint8]]]:
    """Sessions of one shape, and their bits, one row for each."""
    shapes = offsets << 32 | counts
    for shape in np.unique(shapes).tolist():
        chosen = np.flatnonzero(shapes == shape)
        offset, count = shape >> 32, shape & 0xFFFFFFFF
        byte, bit = divmod(offset, 8)
        columns = np.arange(byte, byte + (bit + count + 7) // 8)
        bits = np.unpackbits(content[starts[chosen][:, None] + columns], axis=1)
        yield chosen, bits[:, bit : bit + count]


def _runs(bits: npt.NDArray[np.uint8]) -> tuple[Rows, Rows, Rows]:
    """The row, the first column and the length of each run of zeros."""
    framed = np.ones((len(bits), bits.shape[1] + 1), np.uint8)
    framed[:, :-1] = bits
    line = framed.reshape(-1)
    edges = np.flatnonzero(line[1:] != line[:-1]) + 1
    if len(line) and line[0] == 0:
        edges = np.concatenate(([0], edges))
    heads, ends = edges[::2], edges[1::2]
    width = framed.shape[1]
    return heads // width, heads % width, ends - heads
