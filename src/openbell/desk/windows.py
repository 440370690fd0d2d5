"""The last windows of the grid for all symbols as one rectangle, over history and today."""

import numpy as np

from openbell.bars.block import Floats
from openbell.bars.grid import Grid
from openbell.errors import Problem, SessionError
from openbell.session.lanes import Lane, Selection
from openbell.session.records import Series
from openbell.session.session_data import SessionData


class _Strip:
    """One field of one lane, time-major: history first, then today as far as it was copied."""

    def __init__(self, depth: int, lane: Lane, revision: int) -> None:
        self.depth, self.lane, self.revision = depth, lane, revision
        self.values: Floats = np.full((depth + len(lane.panel.grid), lane.panel.capacity), np.nan)
        self.readable = self.values.view()
        self.readable.flags.writeable = False
        self.copied = 0

    def follow(self, slot: int, field: int) -> None:
        """Copy what has come since the last look."""
        if self.copied <= slot:
            until = slot + 1
            at = slice(self.depth + self.copied, self.depth + until)
            self.values[at] = self.lane.panel.values[self.copied : until, field]
            self.copied = until


class Windows:
    """Rectangles of past bars for a day; made when first asked for, then moved on one row per instant.

    Parameters
    ----------
    session
        Whose bars.
    """

    def __init__(self, session: SessionData) -> None:
        self._session = session
        self._strips: dict[tuple[Lane, int], _Strip] = {}
        self._reach: dict[Lane, tuple[int, int]] = {}

    def window(self, lane: Lane, selection: Selection, slot: int, bars: int, field: int) -> Floats:
        """float64 (symbols, bars) that ends with a slot; see `openbell.desk.bars.Bars.window`."""
        past = max(bars - slot - 1, 0)
        strip = self._strips.get((lane, field))
        revision = self._session.revision
        if strip is None or strip.revision != revision or strip.depth < past:
            reach = self._held(lane)
            if past > reach:
                raise SessionError(self._too_short(lane, slot, bars, reach))
            strip = self._strips[lane, field] = self._made(lane, field, max(past, strip.depth if strip else 0))
        strip.follow(slot, field)
        end = strip.depth + slot + 1
        window: Floats = strip.readable[end - bars : end, selection].T
        window.flags.writeable = False
        return window

    def _made(self, lane: Lane, field: int, depth: int) -> _Strip:
        strip = _Strip(depth, lane, self._session.revision)
        if depth:
            grid = self._past_grid(lane, depth)
            first = max(len(grid) - depth, 0)
            for record in self._session.records.values():
                series = record.series.get(lane.interval)
                if series is not None:
                    block = series.history.last(depth)
                    places = grid.slots_of(block.ts) - first
                    inside = places >= 0
                    shift = depth - (len(grid) - first)
                    strip.values[places[inside] + shift, record.row] = block.columns[field][inside]
        return strip

    def _past_grid(self, lane: Lane, depth: int) -> Grid:
        """Windows before today, at least so many unless the calendar has fewer."""
        time = self._session.time
        today = time.today.ordinal
        sessions = depth // max(len(lane.panel.grid), 1) + 2
        if not lane.interval.intraday:
            sessions = 6 * depth + 6
        while True:
            first = max(today - sessions, 0)
            grid = time.calendar.grid(lane.interval, first, today - 1, time.hours)
            if len(grid) >= depth or first == 0:
                return grid
            sessions *= 2

    def _held(self, lane: Lane) -> int:
        """How many windows before today the deepest history of a lane covers."""
        revision = self._session.revision
        known = self._reach.get(lane)
        if known is None or known[0] != revision:
            series = [record.series[lane.interval] for record in self._session.records.values()
                      if lane.interval in record.series]  # fmt: skip
            known = self._reach[lane] = (revision, max((self._covered(lane, one) for one in series), default=0))
        return known[1]

    def _covered(self, lane: Lane, series: Series) -> int:
        time = self._session.time
        today = time.today.ordinal
        covered = series.amount.bars
        if series.amount.days and today:
            first = max(today - series.amount.days, 0)
            covered = max(covered, len(time.calendar.grid(lane.interval, first, today - 1, time.hours)))
        return covered

    def _too_short(self, lane: Lane, slot: int, bars: int, reach: int) -> Problem:
        what = f"reaches {bars - slot - 1} bars back before today; the history that is held covers {reach}."
        fix = f'Declare it in setup: needs.bars("{lane.interval}", bars={bars}), or ask for more days of [[history]].'
        return Problem(f"window({bars}) of {lane.interval}", what, fix, code="short_history")
