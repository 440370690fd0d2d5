"""A table of day entries, cut into what the catalogue keeps: one piece per series and calendar year."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals, Stamps
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store.days import DAY, Rows, Tabulated, ordinals_of
from openbell.store.fingerprints import fingerprint

_DAY_NS = 86_400_000_000_000
_LOCAL_NS = 13 * 3_600_000_000_000  # from any market's local midnight into the same date in UTC


@dataclass(frozen=True, slots=True)
class Cut:
    """One series in one calendar year.

    Parameters
    ----------
    index
        Which series of the table.
    row, rows
        Its rows, counted from the series' first one.
    days, bits
        Its entries and presence bits, counted from its own beginning.
    mark
        The fingerprint of its sessions, ``""`` when it has none.
    first, last
        Its dates, in days since 1970-01-01.
    """

    index: int
    row: int
    rows: int
    days: bytes
    bits: bytes
    mark: str
    first: int
    last: int


def cuts_of(calendar: Calendar, interval: Interval, table: Tabulated) -> Iterator[Cut]:
    """The pieces of every series of a table, in its order, each series' oldest first."""
    days = table.days
    owner = np.repeat(np.arange(len(table.day_bounds) - 1), np.diff(table.day_bounds))
    years = years_of(days["midnight"])
    changes = np.ones(len(days), bool)
    changes[1:] = (owner[1:] != owner[:-1]) | (years[1:] != years[:-1])
    heads = np.flatnonzero(changes)
    ends = np.append(heads[1:], len(days))
    row, byte = days["row"][heads], days["byte"][heads]
    own = days.copy()
    own["row"] -= np.repeat(row, ends - heads)
    own["byte"] -= np.repeat(byte, ends - heads)
    rows = own["row"][ends - 1] + own["rows"][ends - 1]
    starts = table.byte_bounds[owner[heads]] + byte
    sizes = own["byte"][ends - 1] + (own["slots"][ends - 1] + 7) // 8
    marks = _marks(calendar, ordinals_of(calendar, interval, days["midnight"]), heads, ends)
    content, bits, width = own.tobytes(), table.bits.tobytes(), DAY.itemsize
    dates = dates_of(days["midnight"])
    columns = (
        owner[heads],
        row,
        rows,
        heads * width,
        ends * width,
        starts,
        starts + sizes,
        dates[heads],
        dates[ends - 1],
    )
    for (index, begin, count, left, right, start, end, first, last), mark in zip(
        zip(*(column.tolist() for column in columns), strict=True), marks, strict=True
    ):
        yield Cut(index, begin, count, content[left:right], bits[start:end], mark, first, last)


def _marks(calendar: Calendar, ordinals: Ordinals, heads: Rows, ends: Rows) -> Iterator[str]:
    columns = (heads, ends, np.minimum.reduceat(ordinals, heads), ordinals[heads], ordinals[ends - 1])
    for head, end, least, first, last in zip(*(column.tolist() for column in columns), strict=True):
        if least >= 0:
            yield fingerprint(calendar, first, last)
        else:
            known = ordinals[head:end][ordinals[head:end] >= 0]
            yield fingerprint(calendar, int(known[0]), int(known[-1])) if len(known) else ""


def strays_of(table: Tabulated) -> tuple[list[int], list[int]]:
    """Rows of each series outside the regular hours, and inside them where no bar starts; no series is empty."""
    days, heads = table.days, table.day_bounds[:-1]
    inside = np.add.reduceat(days["regular"]["span"].astype(np.int64), heads)
    outside = np.add.reduceat(days["rows"].astype(np.int64), heads) - inside
    off_grid = inside - np.add.reduceat(days["regular"]["bars"].astype(np.int64), heads)
    return outside.tolist(), off_grid.tolist()


def years_of(midnights: Stamps) -> npt.NDArray[np.int64]:
    """The calendar years of local midnights."""
    return dates_of(midnights).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def dates_of(midnights: Stamps) -> npt.NDArray[np.int64]:
    """Days since 1970-01-01 of the dates that local midnights begin."""
    return (midnights + _LOCAL_NS) // _DAY_NS
