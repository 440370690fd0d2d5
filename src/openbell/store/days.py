"""What the catalogue knows of bars without reading them: one entry per symbol and session.

Bars of any number of symbols are tabulated in one go, symbol after symbol, each in order of time.

1. `day_keys`: each bar belongs to the session it is stamped in, else to the local date of its stamp.
2. `_entries`: rows of one symbol and day become one entry.
3. `_locate`: which grid slot each bar starts, per run of sessions so that grids stay small.
4. `_count`: rows inside the regular and the extended hours, and how many of them are on the grid.
5. `summarise`: open, high, low, close and volume of the regular hours.
6. `_mark`: the presence bits over all slots of the session, extended hours included.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Block
from openbell.bars.grid import Ordinals, Stamps
from openbell.bars.interval import NS_PER_MINUTE, Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
DayEntries = np.ndarray[tuple[int], np.dtype[np.void]]

_DAILY = Interval.parse("1d")
_DAY_NS = 24 * 60 * NS_PER_MINUTE
_SLOTS_AT_ONCE = 1 << 16

_HOURS = np.dtype([("first", "<i4"), ("span", "<i4"), ("bars", "<i4")])

DAY = np.dtype(
    [
        ("midnight", "<i8"),
        ("row", "<i4"),
        ("rows", "<i4"),
        ("regular", _HOURS),
        ("extended", _HOURS),
        ("byte", "<i4"),
        ("slots", "<i4"),
        *((name, "<f8") for name in FIELDS),
    ]
)
"""One session of one symbol: local midnight of its date (ns UTC), its rows in the piece; per hours the first row inside
(from `row` on), how many rows lie inside, and how many of these are on the grid; where its presence bits begin and how
many there are; open, high, low, close and volume of the regular hours (NaN where there is no bar)."""


class GridKind(StrEnum):
    """What the bars of an interval are aligned to."""

    SESSION = "session"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True, eq=False)
class Tabulated:
    """The entries of several symbols, symbol after symbol.

    Parameters
    ----------
    days
        Entries; ``row`` and ``byte`` count from the beginning of each symbol.
    bits
        Presence bits, each entry's from a whole byte on.
    day_bounds, byte_bounds
        Shape (symbols + 1,): the entries and bytes of symbol i are ``[bounds[i], bounds[i + 1])``.
    """

    days: DayEntries
    bits: npt.NDArray[np.uint8]
    day_bounds: Rows
    byte_bounds: Rows


def tabulate(
    calendar: Calendar, interval: Interval, block: Block, bounds: Rows, kind: GridKind = GridKind.SESSION
) -> Tabulated:
    """The day entries and presence bits of bars.

    Parameters
    ----------
    block
        The bars of all symbols, symbol after symbol, each in order of time.
    bounds
        Shape (symbols + 1,): the rows of symbol i are ``[bounds[i], bounds[i + 1])``.
    kind
        Bars on clock hours have no presence bits: they are on no session's grid.
    """
    symbol = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    days, entry = _entries(day_keys(calendar, interval, block.ts, kind), symbol)
    sessions = ordinals_of(calendar, interval, days["midnight"])
    owner = symbol[days["row"]]
    marks = _locate(calendar, interval, block.ts, sessions[entry], kind)
    for hours in Hours:
        _count(calendar, interval, hours, block.ts, days, entry, sessions, marks, kind)
    summarise(block, days, entry, marks.regular)
    slots = np.where(sessions >= 0, marks.slots_of_session[sessions], 0) if kind is GridKind.SESSION else 0
    days["slots"] = slots
    bits = _mark(days, entry, marks)
    day_bounds = np.searchsorted(owner, np.arange(len(bounds)))
    byte_bounds = np.append(days["byte"], len(bits)).astype(np.int64)[day_bounds]
    days["row"] -= bounds[owner].astype(np.int32)
    days["byte"] -= byte_bounds[owner].astype(np.int32)
    return Tabulated(days, bits, day_bounds, byte_bounds)


def ordinals_of(calendar: Calendar, interval: Interval, midnights: Stamps) -> Ordinals:
    """The session that each entry stands for, -1 where the calendar has none; of a week its last session."""
    if interval.intraday:
        begins = midnights_of(calendar)
        found = np.minimum(begins.searchsorted(midnights), len(begins) - 1)
        return np.where(begins[found] == midnights, found, -1).astype(np.int32)
    grid = calendar.grid(interval, 0, len(calendar) - 1)
    slots = grid.slots_of(midnights)
    return np.where(slots >= 0, grid.sessions[slots], -1).astype(np.int32)


@dataclass(slots=True)
class _Marks:
    slot: Rows  # within its session's extended grid, -1 off the grid
    regular: Mask
    extended: Mask
    slots_of_session: npt.NDArray[np.int32]

    def of(self, hours: Hours) -> Mask:
        return self.regular if hours is Hours.REGULAR else self.extended


def midnights_of(calendar: Calendar) -> Stamps:
    """The local midnight that begins each session's date."""
    return calendar.grid(_DAILY, 0, len(calendar) - 1).stamps


def day_keys(calendar: Calendar, interval: Interval, ts: Stamps, kind: GridKind) -> Stamps:
    """The local midnight that begins the date each bar belongs to, int64 ns UTC."""
    if not interval.intraday:
        return ts
    clock = kind is GridKind.CLOCK
    sessions = np.full(len(ts), -1) if clock else calendar.ordinals_of(ts)
    stray = sessions < 0
    keys = midnights_of(calendar)[sessions]
    if stray.any():
        keys[stray] = local_midnights(ts[stray], calendar.timezone.key)
    return keys


def local_midnights(ts: Stamps, zone: str) -> Stamps:
    """The local midnight that begins each stamp's local date, int64 ns UTC."""
    import polars as pl

    local = pl.Series(ts).cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone(zone)
    return local.dt.truncate("1d").dt.convert_time_zone("UTC").to_physical().to_numpy().copy()


def _entries(keys: Stamps, symbol: Rows) -> tuple[DayEntries, Rows]:
    changes = np.ones(len(keys), bool)
    changes[1:] = (keys[1:] != keys[:-1]) | (symbol[1:] != symbol[:-1])
    rows = np.flatnonzero(changes)
    days = np.zeros(len(rows), DAY)
    days["midnight"], days["row"] = keys[rows], rows
    days["rows"] = np.diff(rows, append=len(keys))
    return days, np.cumsum(changes) - 1


def _locate(calendar: Calendar, interval: Interval, ts: Stamps, sessions: Ordinals, kind: GridKind) -> _Marks:
    n = len(ts)
    counts = np.zeros(len(calendar) + 1, np.int32)
    if kind is GridKind.CLOCK:
        everything = np.ones(n, bool)
        return _Marks(np.full(n, -1), everything, everything, counts)
    if not interval.intraday:
        inside = sessions >= 0
        counts[:-1] = 1
        return _Marks(np.where(inside, 0, -1), inside, inside, counts)
    marks = _Marks(np.full(n, -1), np.zeros(n, bool), np.zeros(n, bool), counts)
    for first, last in runs_of_sessions(calendar, interval, sessions):
        rows = np.flatnonzero((sessions >= first) & (sessions <= last))
        stamps, own = ts[rows], sessions[rows]
        for hours in Hours:
            grid = calendar.grid(interval, first, last, hours)
            slots = grid.slots_of(stamps)
            inside = (slots >= 0) & (grid.sessions[slots] == own)
            marks.of(hours)[rows] = inside
        starts = np.searchsorted(grid.sessions, np.arange(first, last + 2))
        marks.slots_of_session[first : last + 1] = np.diff(starts)
        marks.slot[rows] = np.where(inside, slots - starts[own - first], -1)
    return marks


def runs_of_sessions(calendar: Calendar, interval: Interval, sessions: Ordinals) -> Iterator[tuple[int, int]]:
    """First and last session of runs that begin at round ordinals, so that symbols share the calendar's grids."""
    length = max(1, _SLOTS_AT_ONCE * interval.width_ns // _DAY_NS)
    known = sessions[sessions >= 0]
    runs = known // length
    for run in np.unique(runs).tolist():
        inside = known[runs == run]
        first, last = int(inside.min()), int(inside.max())
        if last - first >= length // 4:
            first, last = run * length, min((run + 1) * length, len(calendar)) - 1
        yield first, last


def _count(
    calendar: Calendar,
    interval: Interval,
    hours: Hours,
    ts: Stamps,
    days: DayEntries,
    entry: Rows,
    sessions: Ordinals,
    marks: _Marks,
    kind: GridKind,
) -> None:
    """Fill the part of the entries that belongs to some hours."""
    starts = days["row"]
    part = days[hours.value]
    inside = marks.of(hours)
    part["bars"] = np.add.reduceat(inside, starts, dtype=np.int32)
    if not interval.intraday or kind is GridKind.CLOCK:
        part["span"] = part["bars"]
        return
    edges = calendar.grid(_DAILY, 0, len(calendar) - 1, hours)
    known = sessions >= 0
    opens = np.where(known, edges.opens[sessions], np.iinfo(np.int64).max)
    ends = np.where(known, edges.ends[sessions], np.iinfo(np.int64).max)
    before = ts < opens[entry]
    part["first"] = np.add.reduceat(before, starts, dtype=np.int32)
    part["span"] = np.add.reduceat(~before & (ts < ends[entry]), starts, dtype=np.int32)


def summarise(block: Block, days: DayEntries, entry: Rows, inside: Mask) -> None:
    """Fill open, high, low, close and volume of entries from the rows inside; `entry` says whose each row is."""
    rows = np.flatnonzero(inside)
    for name in FIELDS:
        days[name] = np.nan
    if not len(rows):
        return
    owners = entry[rows]
    heads = np.flatnonzero(np.diff(owners, prepend=-1))
    filled, tails = owners[heads], np.append(heads[1:], len(rows)) - 1
    days["open"][filled] = block.open[rows[heads]]
    days["close"][filled] = block.close[rows[tails]]
    days["high"][filled] = np.maximum.reduceat(block.high[rows], heads)
    days["low"][filled] = np.minimum.reduceat(block.low[rows], heads)
    # bincount adds one by one, in order: the same last bit on every processor.
    volumes = np.bincount(owners, weights=block.volume[rows], minlength=len(days))
    days["volume"][filled] = volumes[filled]


def _mark(days: DayEntries, entry: Rows, marks: _Marks) -> npt.NDArray[np.uint8]:
    sizes = (days["slots"].astype(np.int64) + 7) // 8
    ends = np.cumsum(sizes)
    days["byte"] = ends - sizes
    present = np.zeros(8 * int(ends[-1]) if len(ends) else 0, bool)
    rows = np.flatnonzero(marks.slot >= 0)
    present[8 * days["byte"].astype(np.int64)[entry[rows]] + marks.slot[rows]] = True
    return np.packbits(present)
