"""One instant after the other: bars in, windows closed, indicators moved; nobody is called from here.

At each instant: streamed bars, finest interval first; windows that end now, shortest first; indicators of both. All of
it is one compiled call (`openbell.engine.drive`), but for weeks and for indicators of which every value is kept.
Instants at which nobody would be called are gone through many at a time.
"""

from bisect import bisect_right
from collections.abc import Collection

import numpy as np

from openbell.bars.interval import Unit
from openbell.desk.loading import place_of
from openbell.engine.drive import Drive
from openbell.errors import Problem, SessionError
from openbell.feeds.replay import ReplayFeed
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.session.weeks import close_weeks

# Instants in one call: so few that a request of another thread, or a pause, has not long to wait.
TOGETHER = 256


class IndicatorRaisedError(SessionError):
    """A user's indicator has raised in the middle of a day, which ends there."""


class Instant:
    """A moment at which bars end; valid until the next one.

    Attributes
    ----------
    now
        ns UTC.
    lanes
        The lanes of which a window ends now, from short to long; it is the last one before the panel's cursor.
    """

    __slots__ = ("lanes", "now")

    def __init__(self) -> None:
        self.now = 0
        self.lanes: tuple[Lane, ...] = ()


class Stream:
    """Steps through every expected bar end of the streamed intervals, with or without bars.

    Parameters
    ----------
    session, feed
        Where bars go and where they come from.
    """

    def __init__(self, session: SessionData, feed: ReplayFeed) -> None:
        self._session, self._feed = session, feed
        self._time = session.time
        self._instant = Instant()
        self._lanes: tuple[Lane, ...] = ()
        self._instants = self._groups = np.empty(0, np.int64)
        self._ends: list[int] = []
        self._ended: list[tuple[Lane, ...]] = []
        self._heard: Collection[Lane] | None = None
        self._runs: list[int] = []
        self._place = 0
        self._by_hand = False
        self._revision = self._capacity = -1
        self.instants = 0

    def next_end(self) -> int | None:
        """When the next instant is, None after the last one."""
        self.renew()
        return self._ends[self._place] if self._place < len(self._ends) else None

    def renew(self) -> None:
        """Lay out the way anew where the session has changed; before `step`."""
        session = self._session
        if self._revision != session.revision or self._capacity != session.capacity:
            self.prepare()

    def step(self, until: int, heard: Collection[Lane] | None = None) -> Instant | None:
        """Go to the next instant; all its bars, derived bars and indicators are in afterwards.

        None comes back, and nothing has happened, where there is none up to a time any more.

        Parameters
        ----------
        heard
            The lanes of which somebody hears: instants before the next one of these are gone through with it, as far
            as may be without a look at anything else. None: of all.
        """
        place, ends, instant = self._place, self._ends, self._instant
        if place == len(ends) or ends[place] > until:
            return None
        if heard is not self._heard:
            self.listen(heard)
        if self._runs[place] > 1:
            return self._many(until)
        now = instant.now = ends[place]
        lanes = instant.lanes = self._ended[place]
        self._place = place + 1
        self.instants += 1
        self._time.advance(now)
        self._go()
        for lane in lanes:
            lane.panel.cursor += 1
        if self._by_hand:
            self._finish(lanes)
        return instant

    def _many(self, until: int) -> Instant:
        """Go through a run of instants."""
        place, instant = self._place, self._instant
        count = min(self._runs[place], bisect_right(self._ends, until, place) - place, TOGETHER)
        instant.now, instant.lanes = self._ends[place + count - 1], self._ended[place + count - 1]
        self._place = place + count
        self.instants += count
        self._drive.ask_for(count)
        self._go()
        self._time.advance(instant.now)
        self._drive.ask_for(1)
        for lane, cursor in zip(self._lanes, self._drive.cursors(), strict=True):
            lane.panel.cursor = cursor
        return instant

    def _guarded(self) -> None:
        """Go on; where a user's indicator raises, the session is left at that instant, with the bars of it in."""
        self._drive.go()
        failed = self._drive.failed()
        if failed is not None:
            self._time.advance(failed.end)
            done = bisect_right(self._ends, failed.end)
            self._place, self.instants = done, self.instants + done - self._place
            for lane, cursor in zip(self._lanes, self._drive.cursors(), strict=True):
                lane.panel.cursor = cursor
            name = None if failed.row is None else self._session.names[failed.row]
            where = failed.spec.key if name is None else f"{name}/{failed.spec.key}"
            raise IndicatorRaisedError(self._raised(where, failed.error)) from failed.error

    def _raised(self, where: str, error: Exception | None) -> Problem:
        at = f"{self._time.at(self._time.now):%Y-%m-%d %H:%M:%S}"
        kind = "an exception" if error is None else f"{type(error).__name__}: {error}"
        seen = "its update" if error is None else place_of(error)
        fix = f"The day ended there: its bars are in, indicators may be at the one before. Mend {seen}"
        return Problem(where, f"raised at {at}: {kind}.", fix, code="indicator_raised")

    def listen(self, heard: Collection[Lane] | None) -> None:
        """Work out how many instants there are from each one to the next that is heard, or to the last one."""
        self._heard, count = heard, len(self._ends)
        if heard is None or self._by_hand:
            self._runs = [1] * count
            return
        bits = sum(1 << number for number, lane in enumerate(self._lanes) if lane in heard)
        places = np.arange(count)
        stops = np.where(self._groups & bits, places, count - 1)
        self._runs = (np.minimum.accumulate(stops[::-1])[::-1] - places + 1).tolist()

    def prepare(self) -> None:
        """Lay out the way through what the session holds now; done anew when that has changed."""
        session = self._session
        lanes = tuple(sorted(session.lanes.values(), key=lambda lane: lane.interval.rank))
        if lanes != self._lanes:
            self._lanes = lanes
            self._lay_out()
        self._drive = Drive(session, self._feed, lanes, self._instants, self._place)
        self._go = self._guarded if self._drive.may_raise else self._drive.go
        self._by_hand = bool(session.kept) or any(lane.interval.unit is Unit.WEEK for lane in lanes)
        self._revision, self._capacity = session.revision, session.capacity
        self.listen(None)

    def _lay_out(self) -> None:
        """The instants that are still to come, and which lanes have a window that ends then."""
        now = self._time.now
        ends = [lane.panel.grid.ends for lane in self._lanes]
        coming = [one[one.searchsorted(now, side="right") :] for one in ends]
        self._instants = np.unique(np.concatenate(coming)) if coming else np.empty(0, np.int64)
        groups = np.zeros(len(self._instants), np.int64)
        for number, one in enumerate(coming):
            groups[self._instants.searchsorted(one)] |= 1 << number
        known = {
            group: tuple(lane for number, lane in enumerate(self._lanes) if group >> number & 1)
            for group in np.unique(groups).tolist()
        }
        self._ends, self._ended = self._instants.tolist(), [known[group] for group in groups.tolist()]
        self._groups, self._place = groups, 0

    def _finish(self, lanes: tuple[Lane, ...]) -> None:
        """What the compiled call leaves: bars of weeks, with their indicators, and values that are kept."""
        session = self._session
        for lane in lanes:
            if lane.interval.unit is Unit.WEEK:
                self._close(lane)
        for spec, kept in session.kept.items():
            for lane in lanes:
                if lane.interval == spec.interval:
                    kept.take(lane.panel.cursor - 1, session.indicators.values(spec))

    def _close(self, lane: Lane) -> None:
        session, panel, slot = self._session, lane.panel, lane.panel.cursor - 1
        for base in lane.folded:
            close_weeks(session, lane, base)
        today = session.time.today.ordinal
        bars = (panel.values[slot], panel.present[slot])
        try:
            session.indicators.update(lane.interval, *bars, slot, today, session.time.now, lane.regular[slot])
        except Exception as error:  # a user's indicator may raise anything
            raise IndicatorRaisedError(self._raised(f"indicators of {lane.interval}", error)) from error
