"""The one clock of a run, and the only place where text and datetimes become instants."""

import re
from datetime import date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.errors import Problem, SessionError
from openbell.market.calendar import Calendar
from openbell.market.local import certain_instant, datetime_at, instant_of, iso_text
from openbell.market.session import Hours, Session

_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


class TimeManager:
    """Exchange time: what the clock says, which session it is, and what its grid looks like.

    Parameters
    ----------
    calendar
        The market's sessions.
    hours
        Which segments of a day are streamed.
    """

    def __init__(self, calendar: Calendar, hours: Hours = Hours.REGULAR) -> None:
        self.calendar = calendar
        self.hours = hours
        self._now = 0
        self._session: Session | None = None

    @property
    def now(self) -> int:
        """The clock, ns UTC; 0 before the first day is opened."""
        return self._now

    @property
    def session(self) -> Session | None:
        """Today's session with the segments of the chosen hours, None before the first day."""
        return self._session

    @property
    def today(self) -> Session:
        """Today's session.

        Raises
        ------
        SessionError
            Before the first day is opened.
        """
        if self._session is None:
            what = "no day has been opened yet."
            raise SessionError(Problem("clock", what, "Start a day first.", code="no_day"))
        return self._session

    def open_day(self, ordinal: int) -> Session:
        """Make a session today's: the clock goes to its first segment's open.

        Raises
        ------
        ValueError
            If that open is in the past, or the calendar has no such session.
        """
        session = self.calendar.session(ordinal, self.hours)
        self.advance(session.open)
        self._session = session
        return session

    def advance(self, instant: int) -> None:
        """Put the clock forward.

        Raises
        ------
        ValueError
            If the instant is in the past.
        """
        if instant < self._now:
            raise ValueError(f"the clock is at {iso_text(self._now)} and does not go back to {iso_text(instant)}")
        self._now = instant

    def parse(self, value: str | datetime) -> int:
        """The instant that a user means.

        Parameters
        ----------
        value
            An aware datetime, or text: ``10:30`` and ``10:30:15`` are exchange time of today's session (where the
            session begins the evening before, of that evening), ``2024-07-01 10:30`` is exchange time of that date,
            ``2024-07-01T14:30:00Z`` says its zone itself.

        Raises
        ------
        ValueError
            For a datetime without a zone, text that is no time, and local times that daylight saving skips or repeats.
        """
        if isinstance(value, datetime):
            return instant_of(value)
        text = value.strip()
        if _TIME_OF_DAY.fullmatch(text):
            return self._time_today(text)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(_not_a_time(value)) from None
        if ":" not in text:
            raise ValueError(_not_a_time(value))
        return certain_instant(moment, self.calendar.timezone) if moment.tzinfo is None else instant_of(moment)

    def at(self, instant: int) -> datetime:
        """An instant as an aware datetime in the exchange's zone."""
        return datetime_at(instant, self.calendar.timezone)

    def iso(self, instant: int) -> str:
        """An instant as text in UTC, like ``2024-07-01T20:00:00Z``."""
        return iso_text(instant)

    def grid(self, interval: Interval) -> Grid:
        """Today's windows in the chosen hours."""
        today = self.today.ordinal
        return self.calendar.grid(interval, today, today, self.hours)

    def full_day(self, interval: Interval) -> Grid:
        """Today's windows in all hours: what presence in the store refers to."""
        return self.calendar.full_grid(interval, self.today.ordinal)

    def regular_slots(self, interval: Interval) -> npt.NDArray[np.bool_]:
        """Which windows of today's grid lie in regular hours; a day or a week does."""
        return self.calendar.regular_slots(self.grid(interval))

    def trading_days(self, start: date, end: date) -> list[int]:
        """The sessions from one date to another, both included; closed dates at the edges move inside.

        Raises
        ------
        MarketError
            If the calendar does not reach that far.
        """
        return list(range(self.calendar.first_on_or_after(start), self.calendar.last_on_or_before(end) + 1))

    def history(self, days: int) -> tuple[int, int]:
        """First and last session of the trading days before today; the last is before the first when there is none."""
        today = self.today.ordinal
        return max(today - days, 0), today - 1

    def _time_today(self, text: str) -> int:
        session = self.today
        try:
            wall = time.fromisoformat(text.zfill(5) if len(text) < 6 else text.zfill(8))
        except ValueError:
            raise ValueError(_not_a_time(text)) from None
        own = datetime.combine(session.date, wall)
        evening = own - timedelta(days=1)
        zone = self.calendar.timezone
        begins_before = session.open < session.midnight
        if begins_before and own > self.at(session.close).replace(tzinfo=None):
            own = evening
        return certain_instant(own, zone)


def _not_a_time(value: str) -> str:
    return f"{value!r} is not a time: write 10:30, 10:30:15 or 2024-07-01 10:30, in exchange time"
