"""The exchange calendar of a market: its sessions, and the grids of expected bars over them."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Grid, Ordinals, Span, Stamps
from openbell.bars.interval import Interval, Unit
from openbell.errors import MarketError, Problem
from openbell.market.session import Hours, Segment, SegmentKind, Session
from openbell.market.table import EPOCH_DAY, KINDS, SessionTable
from openbell.market.tables import load_table

_SESSIONS_KEPT = 1024
_GRIDS_KEPT = 32
_REGULAR = KINDS.index(SegmentKind.REGULAR)


class Calendar:
    """Sessions of one market, numbered without holes from 0 (*ordinals*), and what follows from them.

    Made by `load_calendar`. Nothing in it ever changes, so any number of threads may share one.

    Parameters
    ----------
    table
        The sessions.

    Attributes
    ----------
    name
        As in the session file: ``XNYS``, ``24/7``, ``FOREX``.
    timezone
        The market's zone.
    version
        16 hex digits that change when any session changes.
    begins
        int64 ns UTC, one per session: no bar of it is stamped before, and every bar of an earlier one is.
    """

    def __init__(self, table: SessionTable) -> None:
        self.name = table.name
        self.timezone = ZoneInfo(table.zone)
        self.version = table.digest
        self._table = table
        self._edges = {hours: _edges(table, hours) for hours in Hours}
        self.begins: Stamps = np.minimum(self._edges[Hours.EXTENDED][0], table.midnights)
        self.begins.setflags(write=False)
        self._weeks = (table.dates + 3) // 7  # counted from the Monday before 1970-01-01, a Thursday
        self._count = len(table.dates)
        self._grid = lru_cache(maxsize=_GRIDS_KEPT)(self._make_grid)
        self._session = lru_cache(maxsize=_SESSIONS_KEPT)(self._make_session)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"Calendar({self.name!r}, {self.first_date} to {self.last_date})"

    @property
    def first_date(self) -> date:
        """The first session's date."""
        return self._date(0)

    @property
    def last_date(self) -> date:
        """The last session's date."""
        return self._date(len(self) - 1)

    def session(self, ordinal: int, hours: Hours = Hours.REGULAR) -> Session:
        """One session, with the segments of the hours that are asked for.

        Raises
        ------
        ValueError
            If the calendar has no such ordinal.
        """
        self._check(ordinal)
        return self._session(ordinal, hours)

    def ordinal_of(self, day: date) -> int | None:
        """The session of a date, None when the market is closed on it or the calendar does not reach it."""
        number = day.toordinal() - EPOCH_DAY
        place = int(np.searchsorted(self._table.dates, number))
        return place if place < len(self) and self._table.dates[place] == number else None

    def first_on_or_after(self, day: date) -> int:
        """The first session of a date or after it.

        Raises
        ------
        MarketError
            If the date is outside the calendar.
        """
        self._check_date(day)
        return int(np.searchsorted(self._table.dates, day.toordinal() - EPOCH_DAY))

    def last_on_or_before(self, day: date) -> int:
        """The last session of a date or before it.

        Raises
        ------
        MarketError
            If the date is outside the calendar.
        """
        self._check_date(day)
        return int(np.searchsorted(self._table.dates, day.toordinal() - EPOCH_DAY, side="right")) - 1

    def ordinal_at(self, instant: int) -> int | None:
        """The session that trades at an instant, before and after regular hours included; None in breaks."""
        part = int(np.searchsorted(self._table.starts, instant, side="right")) - 1
        if part < 0 or instant >= self._table.ends[part]:
            return None
        return int(np.searchsorted(self._table.offsets, part, side="right")) - 1

    def ordinals_of(self, ts: Stamps) -> Ordinals:
        """The session of each intraday bar by its stamp, -1 for a stamp outside every session.

        A session reaches from its first segment's start, before regular hours included, to its last one's end;
        stamps in a lunch break belong to it.

        Parameters
        ----------
        ts
            Shape (n,), int64 ns UTC, in any order.
        """
        opens, closes = self._edges[Hours.EXTENDED]
        return _places(ts, opens, closes)

    def ordinals_of_dates(self, ts: Stamps) -> Ordinals:
        """The session of each daily bar: the one whose date is the local date of the stamp, else -1.

        Parameters
        ----------
        ts
            Shape (n,), int64 ns UTC, in any order.
        """
        return _places(ts, self._table.midnights, self._table.nights)

    def grid(self, interval: Interval, first: int, last: int, hours: Hours = Hours.REGULAR) -> Grid:
        """The windows of an interval over the sessions ``first`` to ``last``, both included; read-only and kept.

        Intraday windows are anchored at the open of each segment. ``1d`` has one window per session, ``1w`` one per
        ISO week whose last session lies in the range, although the week may begin before it. Days and weeks are
        stamped with the local midnight of their first session.

        Raises
        ------
        ValueError
            For several days or weeks in one bar, and for ordinals that the calendar does not have. A last session
            before the first one gives an empty grid.
        """
        if not interval.intraday and interval.count != 1:
            raise ValueError(f"{interval} is not a bar of one day or one week: use 1d or 1w")
        if first <= last:
            self._check(first)
            self._check(last)
        return self._grid(interval, first, last, hours)

    def full_grid(self, interval: Interval, ordinal: int) -> Grid:
        """The windows of one session over all its segments, before and after regular hours included."""
        return self.grid(interval, ordinal, ordinal, Hours.EXTENDED)

    def regular_slots(self, grid: Grid) -> npt.NDArray[np.bool_]:
        """Which windows of a grid of this calendar lie in regular hours; a day or a week does."""
        if not grid.interval.intraday:
            return np.ones(len(grid), np.bool_)
        part = np.searchsorted(self._table.starts, grid.opens, side="right") - 1
        inside: npt.NDArray[np.bool_] = self._table.kinds[part] == _REGULAR
        inside.setflags(write=False)
        return inside

    def week_start(self, ordinal: int) -> int:
        """The first session of the ISO week that a session is in."""
        self._check(ordinal)
        return int(np.searchsorted(self._weeks, self._weeks[ordinal]))

    def _make_session(self, ordinal: int, hours: Hours) -> Session:
        table = self._table
        left, right = int(table.offsets[ordinal]), int(table.offsets[ordinal + 1])
        parts = (Segment(int(table.starts[i]), int(table.ends[i]), KINDS[table.kinds[i]]) for i in range(left, right))
        segments = tuple(part for part in parts if hours is Hours.EXTENDED or part.kind is SegmentKind.REGULAR)
        midnight, early = int(table.midnights[ordinal]), bool(table.early[ordinal])
        return Session(ordinal, self._date(ordinal), segments, midnight, early)

    def _make_grid(self, interval: Interval, first: int, last: int, hours: Hours) -> Grid:
        if interval.intraday:
            return Grid.of_spans(interval, list(self._spans(first, last, hours)))
        ordinals = np.arange(first, last + 1, dtype=np.int32)
        if interval.unit is Unit.DAY:
            return self._long_grid(interval, ordinals, ordinals, hours)
        ends = ordinals[self._closes_week(ordinals)]
        starts = np.searchsorted(self._weeks, self._weeks[ends]).astype(np.int32)
        return self._long_grid(interval, starts, ends, hours)

    def _long_grid(self, interval: Interval, starts: Ordinals, ends: Ordinals, hours: Hours) -> Grid:
        opens, closes = self._edges[hours]
        columns = (self._table.midnights[starts], opens[starts], closes[ends], ends)
        for column in columns:
            column.setflags(write=False)
        return Grid(interval, *columns)

    def _closes_week(self, ordinals: Ordinals) -> npt.NDArray[np.bool_]:
        # Nobody knows whether the table's last week is complete, unless it reaches a Friday.
        following = np.append(self._weeks[1:], self._weeks[-1] + (self.last_date.weekday() >= 4))
        closing: npt.NDArray[np.bool_] = self._weeks[ordinals] != following[ordinals]
        return closing

    def _spans(self, first: int, last: int, hours: Hours) -> Iterator[Span]:
        table = self._table
        for ordinal in range(first, last + 1):
            for part in range(table.offsets[ordinal], table.offsets[ordinal + 1]):
                if hours is Hours.EXTENDED or table.kinds[part] == _REGULAR:
                    yield Span(int(table.starts[part]), int(table.ends[part]), ordinal)

    def _date(self, ordinal: int) -> date:
        return date(1970, 1, 1) + timedelta(days=int(self._table.dates[ordinal]))

    def _check(self, ordinal: int) -> None:
        if not 0 <= ordinal < self._count:
            raise ValueError(f"{self.name} has the sessions 0 to {len(self) - 1}, not {ordinal}")

    def _check_date(self, day: date) -> None:
        if not self.first_date <= day <= self.last_date:
            what = f"the calendar of {self.name} is known from {self.first_date} to {self.last_date}, not on {day}."
            raise MarketError(Problem(f"{self.name}/{day}", what, "Use a date inside.", code="outside_calendar"))


@lru_cache(maxsize=32)
def load_calendar(name: str) -> Calendar:
    """The calendar of a market: a code of exchange_calendars in any case, ``24/7`` or ``FOREX``.

    Raises
    ------
    MarketError
        If no market has that name; the nearest one that is known is given.

    Examples
    --------
    >>> xnys = load_calendar("xnys")
    >>> xnys.ordinal_of(date(2024, 7, 4)) is None
    True
    >>> xnys.session(xnys.first_on_or_after(date(2024, 7, 3))).early_close
    True
    """
    return Calendar(load_table(name))


def _edges(table: SessionTable, hours: Hours) -> tuple[Stamps, Stamps]:
    """First start and last end of each session in some hours."""
    inside = (table.kinds == _REGULAR) | (hours is Hours.EXTENDED)
    limit = np.iinfo(np.int64)
    opens = np.minimum.reduceat(np.where(inside, table.starts, limit.max), table.offsets[:-1])
    closes = np.maximum.reduceat(np.where(inside, table.ends, limit.min), table.offsets[:-1])
    return opens, closes


def _places(ts: Stamps, opens: Stamps, closes: Stamps) -> Ordinals:
    places = np.searchsorted(opens, ts, side="right") - 1
    inside = (places >= 0) & (ts < closes[places])
    return np.where(inside, places, -1).astype(np.int32)
