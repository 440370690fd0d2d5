"""Day entries of ordinary bars, found from where sessions begin and end instead of bar by bar.

1. `_entries`: the edges of the sessions are looked up among a symbol's stamps, and not each stamp among the edges.
2. `_even`: sessions whose windows follow one another without a break, so that a slot is a quotient.
3. `_filled`: rows, spans, counts and summaries of the entries, and their presence bits.

Bars that lie outside every session, and sessions with breaks, go the general way of `openbell.store.days`; both ways
give the same bytes.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Ordinals, Stamps
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.days import (
    DAY,
    DayEntries,
    GridKind,
    Mask,
    Rows,
    Tabulated,
    midnights_of,
    runs_of_sessions,
    summarise,
    tabulate,
)

_DAILY = Interval.parse("1d")
_OPEN, _REGULAR_OPEN, _REGULAR_END, _END = range(4)


def tabulated(
    calendar: Calendar, interval: Interval, block: Block, bounds: Rows, kind: GridKind = GridKind.SESSION
) -> Tabulated:
    """`openbell.store.days.tabulate`, the shorter way where bars are ordinary."""
    if interval.intraday and kind is GridKind.SESSION and len(block) and bool((np.diff(bounds) > 0).all()):
        entries = _entries(calendar, block.ts, bounds)
        if entries is not None:
            slots = _even(calendar, interval, entries.sessions)
            if slots is not None:
                return _filled(calendar, interval.width_ns, block, bounds, entries, slots)
    return tabulate(calendar, interval, block, bounds, kind)


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Sessions that have rows, by symbol; `places` are the rows at which their four edges lie, shape (entries, 4)."""

    sessions: Ordinals
    owners: Rows
    places: npt.NDArray[np.int64]

    @property
    def counts(self) -> Rows:
        """Rows of each entry."""
        return self.places[:, _END] - self.places[:, _OPEN]


@lru_cache(maxsize=32)
def _edges(calendar: Calendar) -> npt.NDArray[np.int64]:
    """Open, regular open, regular end and end of each session, shape (sessions, 4)."""
    hours = [calendar.grid(_DAILY, 0, len(calendar) - 1, one) for one in (Hours.EXTENDED, Hours.REGULAR)]
    return np.stack([hours[0].opens, hours[1].opens, hours[1].ends, hours[0].ends], axis=1)


def _entries(calendar: Calendar, ts: Stamps, bounds: Rows) -> _Entries | None:
    """The sessions of every symbol; None when a bar lies in none."""
    edges = _edges(calendar)
    opens = edges[:, _OPEN]
    firsts = np.searchsorted(opens, ts[bounds[:-1]], side="right") - 1
    ends = np.searchsorted(opens, ts[bounds[1:] - 1], side="right")
    if bool((firsts < 0).any()):
        return None
    lines = edges.reshape(-1)
    rows, found = bounds.tolist(), []
    for symbol, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True)):
        start = rows[symbol]
        found.append(ts[start : rows[symbol + 1]].searchsorted(lines[4 * first : 4 * end]) + start)
    places = np.concatenate(found).reshape(-1, 4)
    lengths = ends - firsts
    offsets = np.cumsum(lengths) - lengths
    sessions = np.arange(len(places)) - np.repeat(offsets - firsts, lengths)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    counts = places[:, _END] - places[:, _OPEN]
    if int(counts.sum()) != len(ts) or bool((np.diff(places, axis=1) < 0).any()):
        return None
    filled = counts > 0
    return _Entries(sessions[filled].astype(np.int32), owners[filled], places[filled])


def _even(calendar: Calendar, interval: Interval, sessions: Ordinals) -> npt.NDArray[np.int32] | None:
    """How many slots each session has, by its ordinal; None when a session's windows are not evenly spaced."""
    slots = np.zeros(len(calendar) + 1, np.int32)
    for first, last in runs_of_sessions(calendar, interval, sessions):
        counts = _even_slots(calendar, interval, first, last)
        if counts is None:
            return None
        slots[first : last + 1] = counts
    return slots


@lru_cache(maxsize=64)
def _even_slots(calendar: Calendar, interval: Interval, first: int, last: int) -> npt.NDArray[np.int32] | None:
    edges = _edges(calendar)[first : last + 1]
    width = interval.width_ns
    for hours, (start, end) in ((Hours.REGULAR, (_REGULAR_OPEN, _REGULAR_END)), (Hours.EXTENDED, (_OPEN, _END))):
        stamps = calendar.grid(interval, first, last, hours).stamps
        counts = -((edges[:, start] - edges[:, end]) // width)
        if int(counts.sum()) != len(stamps):
            return None
        within = np.arange(len(stamps)) - np.repeat(np.cumsum(counts) - counts, counts)
        if not np.array_equal(stamps, np.repeat(edges[:, start], counts) + width * within):
            return None
    if bool(((edges[:, _REGULAR_OPEN] - edges[:, _OPEN]) % width != 0).any()):
        return None
    return counts.astype(np.int32)


def _filled(
    calendar: Calendar, width: int, block: Block, bounds: Rows, entries: _Entries, slots: npt.NDArray[np.int32]
) -> Tabulated:
    counts, places = entries.counts, entries.places
    since = block.ts - np.repeat(_edges(calendar)[entries.sessions, _OPEN], counts)
    slot = since // width
    on_grid = slot * width == since
    days = np.zeros(len(counts), DAY)
    days["midnight"] = midnights_of(calendar)[entries.sessions]
    days["rows"], days["slots"] = counts, slots[entries.sessions]
    days["row"] = places[:, _OPEN]
    _count(days, places, on_grid)
    _summarise(block, days, entries, on_grid)
    sizes = (days["slots"].astype(np.int64) + 7) // 8
    ends = np.cumsum(sizes)
    bits = _marked(8 * (ends - sizes), 8 * int(ends[-1]), counts, slot, on_grid)
    day_bounds = np.searchsorted(entries.owners, np.arange(len(bounds)))
    byte_bounds = np.append(ends - sizes, len(bits))[day_bounds]
    days["row"] -= bounds[entries.owners].astype(np.int32)
    days["byte"] = ends - sizes - byte_bounds[entries.owners]
    return Tabulated(days, bits, day_bounds, byte_bounds)


def _count(days: DayEntries, places: npt.NDArray[np.int64], on_grid: Mask) -> None:
    everything = bool(on_grid.all())
    off = None if everything else np.concatenate(([0], np.cumsum(~on_grid)))
    for hours, start, end in ((Hours.REGULAR, _REGULAR_OPEN, _REGULAR_END), (Hours.EXTENDED, _OPEN, _END)):
        part = days[hours.value]
        part["first"] = places[:, start] - places[:, _OPEN]
        part["span"] = places[:, end] - places[:, start]
        part["bars"] = part["span"] if off is None else part["span"] - (off[places[:, end]] - off[places[:, start]])


def _summarise(block: Block, days: DayEntries, entries: _Entries, on_grid: Mask) -> None:
    counts, places = entries.counts, entries.places
    owners = np.repeat(np.arange(len(counts)), counts)
    if bool((days["regular"]["bars"] != counts).any()):
        # A row is inside when more regular opens than regular ends lie at or before it.
        steps = np.zeros(len(block) + 1, np.int64)
        np.add.at(steps, places[:, _REGULAR_OPEN], 1)
        np.add.at(steps, places[:, _REGULAR_END], -1)
        summarise(block, days, owners, on_grid & (np.cumsum(steps[:-1]) > 0))
        return
    heads = places[:, _OPEN]
    days["open"], days["close"] = block.open[heads], block.close[places[:, _END] - 1]
    days["high"], days["low"] = np.maximum.reduceat(block.high, heads), np.minimum.reduceat(block.low, heads)
    # bincount adds one by one, in order: the same last bit on every processor.
    days["volume"] = np.bincount(owners, weights=block.volume, minlength=len(days))


def _marked(starts: Rows, size: int, counts: Rows, slot: Rows, on_grid: Mask) -> npt.NDArray[np.uint8]:
    present = np.zeros(size, bool)
    places = np.repeat(starts, counts) + slot
    present[places if bool(on_grid.all()) else places[on_grid]] = True
    return np.packbits(present)
