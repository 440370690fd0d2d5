"""Open, high, low, close and volume of today so far, by row; moved on when somebody looks."""

import numpy as np

from openbell.bars.block import Floats
from openbell.session.session_data import SessionData


class DayFigures:
    """Figures over today's regular bars up to now, from the finest streamed bars of each symbol.

    Parameters
    ----------
    session
        Whose bars.
    """

    def __init__(self, session: SessionData) -> None:
        self._session = session
        self._revision = -1
        self._cursors: dict[object, int] = {}
        self._start(0)

    def look(self) -> "DayFigures":
        """Take in the bars that have come since the last look."""
        session = self._session
        if self._revision != session.revision:
            self._revision = session.revision
            self._start(session.capacity)
        taken = np.zeros(session.capacity, np.bool_)
        for lane in sorted(session.lanes.values(), key=lambda one: one.interval.rank):
            if len(lane.streamed) and lane.interval.intraday:
                rows = np.sort(lane.streamed.array)
                rows = rows[~taken[rows]]
                taken[rows] = True
                regular = lane.regular
                for slot in range(self._cursors.get(lane.interval, 0), lane.panel.cursor):
                    if regular[slot]:
                        self._add(rows, lane.panel.values[slot][:, rows])
                self._cursors[lane.interval] = lane.panel.cursor
        return self

    def _start(self, capacity: int) -> None:
        self.open, self.high, self.low, self.close = (np.full(capacity, np.nan) for _ in range(4))
        self.volume: Floats = np.zeros(capacity)
        self._cursors = {}

    def _add(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]], bars: Floats) -> None:
        opens, highs, lows, closes, volumes = bars
        self.open[rows] = np.where(np.isnan(self.open[rows]), opens, self.open[rows])
        self.high[rows] = np.fmax(self.high[rows], highs)
        self.low[rows] = np.fmin(self.low[rows], lows)
        self.close[rows] = np.where(np.isnan(closes), self.close[rows], closes)
        self.volume[rows] += np.where(np.isnan(volumes), 0.0, volumes)
