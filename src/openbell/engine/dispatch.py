"""Calling users' strategies and scanners: in a fixed order, each fault isolated.

All bars of an instant are in before anybody is called. Then, strategy by strategy in the order of the session file:
symbols that came or left, quality that crossed its minimum, and for each interval that ended, shortest first, `on_bars`
and `on_bar`. Scanners follow.
"""

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from openbell.config.session_file import SessionFile
from openbell.desk.bars import Bars, Flags, each_bar
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
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.strategies.strategy import Strategy

if TYPE_CHECKING:
    from openbell.engine.coordinator import SessionCoordinator


class StrategySeat:
    """A strategy, its views of the day, and what it was told already."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.strategy: Strategy = seat.user
        self.whole, self.each = (seat.hears(Strategy, method) for method in ("on_bars", "on_bar"))
        self.graded = seat.hears(Strategy, "on_quality") and seat.needs.minimum_quality is not None
        self._views: dict[Lane, Bars] = {}
        self._below: dict[Lane, Flags] = {}

    def clear(self) -> None:
        """Forget the views of the last day."""
        self._views, self._below = {}, {}

    def view(self, session: SessionData, lane: Lane, grades: Grades, windows: Windows) -> Bars:
        """Its view of a lane."""
        view = self._views.get(lane)
        if view is None:
            view = Bars(session, lane, grades, windows, self.seat.needs.minimum_quality)
            self._views[lane] = view
        return view

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

    Raises
    ------
    ConfigError
        With everything that is wrong with users' classes, their parameters and their ``setup``.
    """

    def __init__(self, file: SessionFile, engine: "SessionCoordinator") -> None:
        self.signals = SignalBook()
        strategies, scanners = seated(file, engine, self.signals)
        self.seats = (*strategies, *scanners)
        self._strategies = [StrategySeat(seat) for seat in strategies]
        self.scans = [Scan(seat, rule, engine) for seat, rule in zip(scanners, file.scanners, strict=True)]
        self._session: SessionData | None = None
        self._known: frozenset[str] = frozenset()
        self._revision = -1

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

    def call(self, instant: Instant) -> None:
        """Call every strategy for the intervals that ended, shortest first."""
        session = self._session
        assert session is not None
        came, left = self._changes() if session.revision != self._revision else ((), ())
        grades, windows = self._grades, self._windows
        for one in self._strategies:
            seat, strategy = one.seat, one.strategy
            for symbol in came:
                seat.call(strategy.on_symbol_added, symbol)
            for symbol in left:
                seat.call(strategy.on_symbol_removed, symbol)
            for lane, slot in instant.ended:
                if one.graded:
                    seat.call(self._quality, one, lane)
                if one.whole:
                    view = one.view(session, lane, grades, windows)
                    seat.call(strategy.on_bars, view.at(slot, self._sight.selection(lane)))
                if one.each:
                    seat.call(self._each, one, lane, slot)
        for scan in self.scans:
            scan.run(instant.now)

    def _each(self, one: StrategySeat, lane: Lane, slot: int) -> None:
        assert self._session is not None
        minimum = one.seat.needs.minimum_quality
        skip = self._sight.hidden
        if minimum is not None:
            poor = ~(self._grades.quality(lane) >= minimum)
            skip = poor if skip is None else poor | skip
        on_bar = one.strategy.on_bar
        for bar in each_bar(self._session, lane, slot, skip):
            on_bar(bar)

    def _quality(self, one: StrategySeat, lane: Lane) -> None:
        assert self._session is not None
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
