"""One instant after the other: bars in, windows closed, indicators moved; nobody is called from here.

At each instant: streamed bars, finest interval first; windows that end now, shortest first; indicators of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openbell.bars.interval import Unit
from openbell.feeds.replay import ReplayFeed
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.session.weeks import close_weeks


@dataclass(slots=True)
class Instant:
    """A moment at which bars end.

    Parameters
    ----------
    now
        ns UTC.
    ended
        Each lane whose window ends now with the window's slot, from short to long.
    """

    now: int
    ended: Sequence[tuple[Lane, int]]


class Stream:
    """Steps through every expected bar end of the streamed intervals, with or without bars.

    Parameters
    ----------
    session, feed
        Where bars go and where they come from.
    """

    def __init__(self, session: SessionData, feed: ReplayFeed) -> None:
        self._session, self._feed = session, feed
        self._agenda: list[Instant] = []
        self._place = 0
        self._lanes: tuple[Lane, ...] = ()
        self.instants = 0

    def next_end(self) -> int | None:
        """When the next instant is, None after the last one."""
        self._refresh()
        return self._agenda[self._place].now if self._place < len(self._agenda) else None

    def step(self) -> Instant:
        """Go to the next instant; all its bars, derived bars and indicators are in afterwards."""
        instant = self._agenda[self._place]
        self._place += 1
        self.instants += 1
        session = self._session
        session.time.advance(instant.now)
        rows = session.rows.used
        for lane, slot in instant.ended:
            if len(lane.streamed):
                self._feed.deliver(lane.interval, slot, lane.panel, rows)
        for lane, slot in instant.ended:
            for base in lane.folded:
                if lane.interval.unit is Unit.WEEK:
                    close_weeks(session, lane, base)
                else:
                    lane.fold(slot, session.lanes[base], session.completeness)
            lane.panel.cursor = slot + 1
        today = session.time.today.ordinal
        for lane, slot in instant.ended:
            panel = lane.panel
            session.indicators.update(
                lane.interval,
                panel.values[slot],
                panel.present[slot],
                slot,
                today,
                instant.now,
                lane.regular[slot],
            )
        for spec, kept in session.kept.items():
            for lane, slot in instant.ended:
                if lane.interval == spec.interval:
                    kept.take(slot, session.indicators.values(spec))
        return instant

    def _refresh(self) -> None:
        """Make the agenda anew when lanes have come or gone; one that left and came back is another one."""
        lanes = tuple(self._session.lanes.values())
        if lanes == self._lanes:
            return
        self._lanes = lanes
        now = self._session.time.now
        ordered = sorted(lanes, key=lambda lane: lane.interval.rank)
        ended: dict[int, list[tuple[Lane, int]]] = {}
        for lane in ordered:
            ends = lane.panel.grid.ends
            for slot in range(int(ends.searchsorted(now, side="right")), len(ends)):
                ended.setdefault(int(ends[slot]), []).append((lane, slot))
        self._agenda = [Instant(end, ended[end]) for end in sorted(ended)]
        self._place = 0
