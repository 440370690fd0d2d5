"""What indicators may have to know of their market: how many bars its own calendar has."""

from datetime import date
from functools import lru_cache

import numpy as np

from openbell.bars.interval import Interval
from openbell.indicators.chain import Figures
from openbell.indicators.definition import CalendarFigure
from openbell.market.calendar import Calendar
from openbell.market.session import Hours

_YEARS = 4


def figures_of(calendar: Calendar, ordinal: int, hours: Hours = Hours.REGULAR) -> Figures:
    """Figures of a market as they stand in one session; holidays and early closes count as they are.

    Parameters
    ----------
    calendar
        The market's calendar.
    ordinal
        The session that is traded. Bars per year are the mean of the four calendar years before it (of fewer where
        the calendar begins later); bars per session the most of any session from there to this one.
    hours
        Which windows count.

    Examples
    --------
    >>> from openbell.market.calendar import load_calendar
    >>> calendar = load_calendar("24/7")
    >>> figures = figures_of(calendar, len(calendar) - 400)
    >>> figures(CalendarFigure.BARS_PER_YEAR, Interval.parse("1d"))
    365.25
    >>> figures(CalendarFigure.BARS_PER_SESSION, Interval.parse("5m"))
    288.0
    """

    @lru_cache(maxsize=64)
    def figure(wanted: CalendarFigure, interval: Interval) -> float:
        this_year = calendar.session(ordinal).date.year
        first_year = max(this_year - _YEARS, calendar.first_date.year + (calendar.first_date.timetuple().tm_yday > 7))
        if first_year >= this_year:
            first, last, years = 0, ordinal, (ordinal + 1) / 365.25
        else:
            first = _first_of(calendar, first_year)
            last, years = _first_of(calendar, this_year) - 1, float(this_year - first_year)
        if wanted is CalendarFigure.BARS_PER_YEAR:
            return len(calendar.grid(interval, first, last, hours)) / years
        sessions = calendar.grid(interval, first, ordinal, hours).sessions
        return float(np.bincount(sessions - first).max(initial=1))

    return figure


def _first_of(calendar: Calendar, year: int) -> int:
    """The first session of a year, or of the calendar where that begins later."""
    return calendar.first_on_or_after(max(date(year, 1, 1), calendar.first_date))
