"""What the market's own calendar says of an interval, for indicators that ask."""

from datetime import timedelta

import numpy as np

from openbell.bars.interval import Interval
from openbell.indicators.definition import CalendarFigure
from openbell.market.time_manager import TimeManager

_YEAR = timedelta(days=365)


class MarketFigures:
    """Figures over the sessions of the year that ends with the day before today.

    Parameters
    ----------
    time
        The clock, on today's session.
    """

    def __init__(self, time: TimeManager) -> None:
        self._time = time

    def __call__(self, figure: CalendarFigure, interval: Interval) -> float:
        """One figure: how many bars of the interval a year, or its longest session, has."""
        time = self._time
        begin = max(time.today.date - _YEAR, time.calendar.first_date)
        first = min(time.calendar.first_on_or_after(begin), max(time.today.ordinal - 1, 0))
        grid = time.calendar.grid(interval, first, max(time.today.ordinal - 1, first), time.hours)
        if figure is CalendarFigure.BARS_PER_YEAR:
            return float(len(grid))
        return float(np.bincount(grid.sessions - first).max(initial=1))
