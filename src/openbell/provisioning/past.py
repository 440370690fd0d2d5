"""Figures over past sessions for the symbols of a session: from daily summaries, and curves from minutes.

Of each session the finest stored interval that has a bar in it tells; today and what follows is never looked at.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.derive import derive
from openbell.bars.interval import Interval, Unit
from openbell.indicators.aggregates import Aggregate, Sessions, column_of, over_day, over_sessions
from openbell.market.session import Hours
from openbell.market.time_manager import TimeManager
from openbell.market.windows import windows
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")

_FIELDS = ("open", "high", "low", "close", "volume")


class PastFigures:
    """Answers figures over the sessions before today; those of symbols that are expected are made together.

    Parameters
    ----------
    data, time
        The store, and the clock on today's session.
    """

    def __init__(self, data: DataManager, time: TimeManager) -> None:
        self._data, self._time = data, time
        self._expected: tuple[str, ...] = ()
        self._tables: dict[int, Sessions] = {}
        self._known: dict[Aggregate, dict[str, float]] = {}

    def expect(self, symbols: Iterable[str]) -> None:
        """Name symbols that will be asked for."""
        self._expected, self._tables, self._known = tuple(dict.fromkeys(symbols)), {}, {}

    def of(self, aggregate: Aggregate, symbol: str) -> float:
        """The figure of one symbol, NaN where it has no bar in those sessions."""
        if symbol not in self._expected:
            self.expect([symbol])
        if aggregate not in self._known:
            calendar, today = self._time.calendar, self._time.today.ordinal
            table = self._table(aggregate.first_read(calendar, today))
            values = over_sessions(aggregate, table, aggregate.first_session(calendar, today), today)
            self._known[aggregate] = dict(zip(self._expected, values.tolist(), strict=True))
        return self._known[aggregate][symbol]

    def _table(self, first: int) -> Sessions:
        known = self._tables.get(first)
        if known is None:
            known = self._tables[first] = sessions_of(self._data, self._time, self._expected, first)
        return known


def sessions_of(data: DataManager, time: TimeManager, symbols: Sequence[str], first: int) -> Sessions:
    """Regular hours of every session from the first to yesterday, per symbol; reads no bars."""
    last = time.today.ordinal - 1
    count = max(0, last - first + 1)
    columns = {name: np.full((len(symbols), count), np.nan) for name in (*_FIELDS, "bars")}
    stored = [data.intervals(symbol) for symbol in symbols]
    for interval in sorted({one for some in stored for one in some if one.unit is not Unit.WEEK}):
        places = [place for place, some in enumerate(stored) if interval in some]
        found = data.summaries([symbols[place] for place in places], interval, first, last)
        unknown = np.isnan(columns["close"][places])
        for name, column in columns.items():
            values = np.where(found.bars > 0, found.bars, np.nan) if name == "bars" else getattr(found, name)
            column[places] = np.where(unknown, values, column[places])
    minutes = time.calendar.grid(MINUTE, first, last, Hours.REGULAR) if count else None
    length = np.bincount(minutes.sessions - first, minlength=count) if minutes is not None else np.zeros(0)
    return Sessions(np.arange(first, last + 1), **columns, length=length.astype(np.float64))


def curve(aggregate: Aggregate, time: TimeManager, base: Interval, bars: Block, completeness: float) -> Floats:
    """A figure for each minute of the session's hours, NaN where no session has one.

    Parameters
    ----------
    base, bars
        Stored bars before today that minutes are, or can be folded from.
    completeness
        The least share of its base bars that a folded minute needs.
    """
    calendar, today = time.calendar, time.today.ordinal
    first = aggregate.first_session(calendar, today)
    width = len(time.grid(MINUTE))
    if first >= today:
        return np.full(width, np.nan)
    grid, expected, lefts = windows(calendar, MINUTE, base, first, today - 1, time.hours)
    inside = bars.between(int(calendar.begins[first]), int(calendar.begins[today]))
    made = inside if base == MINUTE else derive(inside, grid, expected, completeness=completeness, lefts=lefts)
    length = np.bincount(grid.sessions - first, minlength=today - first)
    at = grid.slots_of(made.ts)
    at, made = at[at >= 0], made[at >= 0]
    rows = grid.sessions[at] - first
    table = np.full((today - first, max(width, int(length.max()))), np.nan)
    table[rows, at - (np.cumsum(length) - length)[rows]] = _column(aggregate.column, made)
    values = over_day(aggregate, table, length.astype(np.float64), np.arange(first, today), today)
    values.flags.writeable = False
    return values


def _column(name: str, bars: Block) -> Floats:
    if name == "bars":
        return np.ones(len(bars))
    return column_of(name, bars)
