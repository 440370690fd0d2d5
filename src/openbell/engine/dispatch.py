"""Calling users' strategies and scanners: in a fixed order, each fault isolated.

All bars of an instant are in before anybody is called. Then, strategy by strategy in the order of the session file:
symbols that came or left, quality that crossed its minimum, and for each interval that ended, shortest first, `on_bars`
and `on_bar`. Scanners follow.
"""

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from openbell.config.loader import placed
from openbell.config.session_file import SessionFile
from openbell.desk.bars import Bars, Flags
from openbell.desk.cursor import BarCursor, Reads
from openbell.desk.grades import Grades
from openbell.desk.needs import Needs
from openbell.desk.sight import Sight
from openbell.desk.signals import SignalBook
from openbell.desk.windows import Windows
from openbell.engine.report import Doings
from openbell.engine.scanning import Scan
from openbell.engine.seating import seated
from openbell.engine.seats import Seat, Timing
from openbell.engine.stream import Instant
from openbell.errors import ConfigError
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.strategies.strategy import Strategy

if TYPE_CHECKING:
    from openbell.engine.coordinator import SessionCoordinator


# Whom to call: the seat, the method, and what it gets.
Turn = tuple[Seat, Callable[..., object], object]


class StrategySeat:
    """A strategy, its views of the day, and what it was told already."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.strategy: Strategy = seat.user
        self.whole, self.each = (seat.hears(Strategy, method) for method in ("on_bars", "on_bar"))
        self.graded = seat.hears(Strategy, "on_quality") and seat.needs.minimum_quality is not None
        self._called = self.whole or self.each or self.graded
        self._views: dict[Lane, Bars] = {}
        self._cursors: dict[Lane, BarCursor] = {}
        self._below: dict[Lane, Flags] = {}
        self._reads = Reads()

    def listens(self, lane: Lane) -> bool:
        """Whether it is called when windows of a lane end."""
        intervals = self.seat.needs.intervals
        return self._called and (intervals is None or lane.interval in intervals)

    def clear(self) -> None:
        """Forget the views of the last day."""
        self._views, self._cursors, self._below = {}, {}, {}

    def view(self, session: SessionData, lane: Lane, grades: Grades, windows: Windows) -> Bars:
        """Its view of a lane."""
        if lane not in self._views:
            self._views[lane] = Bars(session, lane, grades, windows, self.seat.needs.minimum_quality)
        return self._views[lane]

    def cursor(self, session: SessionData, lane: Lane) -> BarCursor:
        """What goes through the bars of a lane."""
        if lane not in self._cursors:
            self._cursors[lane] = BarCursor(session, lane, self.strategy.on_bar, self._reads)
        return self._cursors[lane]

    def crossings(self, lane: Lane, grades: Grades) -> Iterator[tuple[int, float]]:
        """Rows of which the quality has crossed the minimum since the last look, with the quality."""
        quality = grades.quality(lane)
        below = quality < (self.seat.needs.minimum_quality or 0.0)
        before = self._below.get(lane)
        if before is None or len(before) != len(below):
            before = np.zeros(len(below), np.bool_) if before is None else np.pad(before, (0, len(below) - len(before)))
        self._below[lane] = below
        for row in np.flatnonzero(below != before).tolist():
            yield row, float(quality[row])


class Dispatcher:
    """Holds the strategies and scanners of a session file and calls them.

    Parameters
    ----------
    file
        Whose strategies, in order.
    engine
        What they see of the session.

    Attributes
    ----------
    heard
        The lanes that anybody listens to; None where every instant counts.

    Raises
    ------
    ConfigError
        With everything that is wrong with users' classes, their parameters and their ``setup``.
    """

    def __init__(self, file: SessionFile, engine: "SessionCoordinator") -> None:
        self.signals = SignalBook()
        strategies, scanners, problems = seated(file.strategies, file.scanners, engine, self.signals)
        if problems:
            raise ConfigError(*(placed(problem, file.path) for problem in problems))
        self.seats = (*strategies, *scanners)
        self._strategies = [StrategySeat(seat) for seat in strategies]
        self.scans = [Scan(seat, rule, engine) for seat, rule in zip(scanners, file.scanners, strict=True)]
        self._session: SessionData | None = None
        self._known: frozenset[str] = frozenset()
        self._revision = self._laid_out = self._capacity = -1
        self._untold = False
        self.heard: frozenset[Lane] | None = None
        self._by_lane: list[dict[Lane, list[Turn]]] = []
        self._turns: dict[tuple[Lane, ...], list[Turn]] = {}

    @property
    def needs(self) -> list[Needs]:
        """What every strategy declared."""
        return [one.seat.needs for one in self._strategies]

    def doings(self) -> Doings:
        """What everybody did today."""
        return Doings(
            faults=[fault for seat in self.seats for fault in seat.faults[self._told.get(seat, 0) :]],
            signals=len(self.signals) - self._signals,
            scans=[record.as_dict() for scan in self.scans for record in scan.records],
            funnels={scan.seat.name: scan.funnel for scan in self.scans},
            callbacks={seat.name: seat.timing.as_dict() for seat in self.seats},
            slow=[problem for seat in self.seats if (problem := seat.slowness(perf_counter() - self._began))],
        )

    def clear(self, session: SessionData) -> None:
        """Turn to a new day's session."""
        self._session = session
        self._laid_out = -1
        self._grades, self._windows = Grades(session), Windows(session)
        self._sight = Sight(session, scanned=bool(self.scans))
        for one in self._strategies:
            one.clear()
        self._told = {seat: len(seat.faults) for seat in self.seats}
        self._signals = len(self.signals)
        self._began = perf_counter()
        for seat in self.seats:
            seat.timing = Timing()

    def prepare(self) -> None:
        """Have every scanner find and ask for its candidates of today."""
        for scan in self.scans:
            scan.prepare()

    def pre_session(self) -> None:
        """The scans before the first bar."""
        for scan in self.scans:
            if scan.rule.schedule.pre_session:
                scan.run(scan.seat.desk.now, due=True)

    def day_start(self) -> None:
        """Tell every strategy that the day's symbols are in."""
        self._note()
        for one in self._strategies:
            one.seat.call(one.strategy.on_day_start)

    def day_end(self) -> None:
        """Tell every strategy that the last bar is in."""
        for one in self._strategies:
            one.seat.call(one.strategy.on_day_end)

    def renew(self) -> None:
        """Lay out anew who is called when, and with what, where the session has changed; before `call`."""
        session = self._session
        assert session is not None
        if self._laid_out == session.revision and self._capacity == session.capacity:
            return
        self._laid_out, self._capacity, self._turns = session.revision, session.capacity, {}
        self._by_lane = [
            {lane: self._made(one, lane) for lane in session.lanes.values() if one.listens(lane)}
            for one in self._strategies
        ]
        self._untold = session.revision != self._revision
        self._listen()

    def _listen(self) -> None:
        every = self._untold or self.scans
        self.heard = None if every else frozenset(lane for turns in self._by_lane for lane in turns)

    def call(self, instant: Instant) -> None:
        """Call every strategy for the intervals that ended, shortest first."""
        lanes = instant.lanes
        turns = self._turns.get(lanes)
        if turns is None:
            turns = [turn for by_lane in self._by_lane for lane in lanes for turn in by_lane.get(lane, ())]
            self._turns[lanes] = turns
        if self._untold:
            self._untold, turns = False, [*self._news(turns)]
            self._listen()
        for seat, callback, argument in turns:
            seat.call(callback, argument)
        for scan in self.scans:
            scan.run(instant.now)

    def _news(self, turns: Sequence[Turn]) -> Iterator[Turn]:
        """The same turns, with what came into sight and left it before each strategy's own."""
        came, left = self._changes()
        for one in self._strategies:
            seat, strategy = one.seat, one.strategy
            yield from ((seat, strategy.on_symbol_added, symbol) for symbol in came)
            yield from ((seat, strategy.on_symbol_removed, symbol) for symbol in left)
            yield from (turn for turn in turns if turn[0] is seat)

    def _made(self, one: StrategySeat, lane: Lane) -> list[Turn]:
        """What a strategy is called with when a window of a lane ends; holds until rows come, go or move."""
        session, seat = self._session, one.seat
        assert session is not None
        turns: list[Turn] = []
        if one.graded:
            turns.append((seat, self._quality, (one, lane)))
        if one.whole:
            view = one.view(session, lane, self._grades, self._windows)
            view.turn_to(self._sight.selection(lane), seat.needs.conditions)
            turns.append((seat, one.strategy.on_bars, view))
        if one.each:
            cursor, minimum = one.cursor(session, lane), seat.needs.minimum_quality
            cursor.turn_to(self._sight.hidden, seat.needs.conditions)
            trusting = minimum is None
            turns.append(
                (seat, cursor.go_through, None) if trusting else (seat, self._trusted, (cursor, lane, minimum))
            )
        return turns

    def _trusted(self, whose: tuple[BarCursor, Lane, float]) -> None:
        cursor, lane, minimum = whose
        cursor.go_through(self._grades.quality(lane) >= minimum)

    def _quality(self, whose: tuple[StrategySeat, Lane]) -> None:
        assert self._session is not None
        one, lane = whose
        for row, quality in one.crossings(lane, self._grades):
            if self._session.names[row] and quality == quality:
                one.strategy.on_quality(self._session.names[row], str(lane.interval), quality)

    def _note(self) -> None:
        assert self._session is not None
        self._revision, self._known = self._session.revision, self._sight.names

    def _changes(self) -> tuple[Sequence[str], Sequence[str]]:
        """Symbols that came into sight and left it since the last look, by name."""
        before = self._known
        self._note()
        return sorted(self._known - before), sorted(before - self._known)
