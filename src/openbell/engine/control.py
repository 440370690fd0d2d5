"""Speed, pause, step and stop of a session that runs: by its own thread, by callbacks, by other threads, by keys."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from openbell.bars.interval import Interval
from openbell.engine.phase import Phase
from openbell.errors import Problem, SessionError

if TYPE_CHECKING:
    from openbell.engine.coordinator import SessionCoordinator

_GLANCE_SECONDS = 0.2
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to hold.

    Parameters
    ----------
    reached
        Whether the instant that ends then is beyond it.
    direct
        Whether whoever set it streams towards it himself and comes back when it is reached.
    hurry
        Whether it is gone to as fast as possible.
    by
        The thread that set it.
    """

    reached: Callable[[int], bool]
    direct: bool
    hurry: bool
    by: int


def checked_speed(value: float) -> float:
    """A speed that time can go by.

    Raises
    ------
    ValueError
        If it is negative or endless.

    Examples
    --------
    >>> checked_speed(60)
    60.0
    """
    if not (math.isfinite(value) and value >= 0):
        what = f"speed is 0 for as fast as possible, or a multiple of real time, 60 for an hour a minute; was {value}"
        raise ValueError(what)
    return float(value)


class Control:
    """Controls one session: ``day.control``.

    Whoever streams asks before each instant whether it may come. Between two instants requests are carried out, also
    while it is paused.

    Parameters
    ----------
    day
        The session.
    speed
        0: as fast as possible; otherwise a multiple of real time.

    Raises
    ------
    ValueError
        If the speed is negative or endless.

    Attributes
    ----------
    attended
        Whether somebody watches who can resume: then a pause made inside a callback waits, too.
    quiet
        Whether there is no speed, pause, goal or stop to heed: then instants come without a look.

    Examples
    --------
    ::

        day.start_day()
        day.control.run_until("10:30")
        day.control.step(minutes=5)
        day.control.run_until(lambda: "TSLA" in day.session_data)
    """

    def __init__(self, day: "SessionCoordinator", speed: float = 0.0) -> None:
        self._day = day
        self._changed = threading.Condition()
        self._speed = checked_speed(speed)
        self._paused_by: int | None = None
        self._goal: Goal | None = None
        self._met = False
        self._streamer: int | None = None
        self._anchor: tuple[float, int] | None = None
        self.quiet = not speed
        self.attended = False

    @property
    def speed(self) -> float:
        """0: as fast as possible; 1: real time; 60: an hour a minute. May be set at any time.

        Raises
        ------
        ValueError
            If it is set to a negative or endless number.
        """
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        with self._change():
            self._speed = checked_speed(value)

    @property
    def paused(self) -> bool:
        """Whether the next instant waits."""
        return self._paused_by is not None

    @property
    def standing(self) -> str:
        """Where it is, in a line: exchange time, speed or pause, signals so far; empty before the first day."""
        time = self._day.time
        if time.session is None:
            return ""
        pace = "paused" if self.paused else f"{self._speed:g}x" if self._speed else "full speed"
        signals = len(self._day.signals)
        return f"{time.at(time.now):%Y-%m-%d %H:%M} | {pace} | {signals:,} signal{'' if signals == 1 else 's'}"

    def pause(self) -> None:
        """Hold before the next instant.

        A stream that another thread has paused waits for `resume`. One that its own thread has paused, in a callback
        say, returns from `advance_to` or `run_until` instead, unless somebody attends.
        """
        with self._change():
            self._paused_by = threading.get_ident()

    def resume(self) -> None:
        """Go on."""
        with self._change():
            self._paused_by = None

    def stop(self) -> None:
        """End the day at the next instant, or at once when it is paused; `finish_day` then closes it as it stands."""
        with self._change():
            self._day.stopping = True

    def step(self, bars: int = 1, *, minutes: float | None = None, interval: str | None = None) -> bool:
        """Go on by so many instants, bars of an interval, or minutes, as fast as possible, and hold again.

        Parameters
        ----------
        bars
            Instants at which any bar ends; with ``interval`` bars of that interval.
        minutes
            Instead: minutes of exchange time.

        Returns
        -------
        bool
            Whether it got that far before the close; True at once where another thread streams.

        Raises
        ------
        ValueError
            If it is no step forward.
        SessionError
            If no day is active.
        """
        if (minutes if minutes is not None else bars) <= 0:
            raise ValueError(f"a step goes forward, was {minutes if minutes is not None else bars}")
        self._must_be_active("step")
        if minutes is None and interval is None:
            target = self._day.instants + bars
            return self._go(lambda _end: self._day.instants >= target, None, hurry=True)
        now = self._day.time.now
        if minutes is not None:
            limit = now + round(minutes * 60e9)
        else:
            ends = self._day.time.grid(Interval.parse(interval or "1m")).ends
            place = int(ends.searchsorted(now, side="right")) + bars - 1
            limit = int(ends[min(place, len(ends) - 1)])
        return self._go(lambda end: end > limit, limit, hurry=True)

    def run_until(self, when: str | datetime | Callable[[], bool] | None = None, *, signal: bool = False) -> bool:
        """Go on until a time, until a condition is true after an instant, or until the next signal, and hold there.

        Parameters
        ----------
        when
            Exchange time of today as text, an aware datetime, or a function without arguments.
        signal
            Instead: until a strategy makes a signal.

        Returns
        -------
        bool
            Whether it got that far before the close; True at once where another thread streams.

        Raises
        ------
        ValueError
            If neither is given, or the time is none.
        SessionError
            If no day is active.
        """
        self._must_be_active("run_until")
        if signal:
            before = len(self._day.signals)
            return self._go(lambda _end: len(self._day.signals) > before, None, hurry=False)
        if when is None:
            raise ValueError("run_until needs a time, a condition, or signal=True")
        if callable(when):
            condition = when
            return self._go(lambda _end: condition(), None, hurry=False)
        limit = self._day.time.parse(when)
        return self._go(lambda end: end > limit, limit, hurry=False)

    @contextmanager
    def streaming(self) -> Iterator[Callable[[int | None, int], bool]]:
        """While a thread streams up to a time: what it gets says whether the next instant, if any, may come now."""
        former, self._streamer = self._streamer, threading.get_ident()
        self._anchor = None
        try:
            yield self._may_come
        finally:
            self._streamer = former

    def _may_come(self, end: int | None, until: int) -> bool:
        """Wait until an instant may come; False when whoever streams is to come back instead."""
        if end is None or end > until:
            return True
        with self._changed:
            while True:
                if self._day.stopping or self._arrived(end):
                    return False
                if self._paused_by is None:
                    wait = self._seconds_until(end)
                    if wait <= 0:
                        return True
                elif self._paused_by == self._streamer and not self.attended:
                    return False
                else:
                    self._anchor, wait = None, _GLANCE_SECONDS
                self._changed.wait(min(wait, _GLANCE_SECONDS))

    def _arrived(self, end: int) -> bool:
        """Whether a direct goal is reached; one that was set from elsewhere becomes a pause."""
        goal = self._goal
        if goal is None or not goal.reached(end):
            return False
        self._goal, self._met = None, True
        if not goal.direct:
            self._paused_by = goal.by
        return goal.direct

    def _seconds_until(self, end: int) -> float:
        """Until an instant is due at this speed."""
        if not self._speed or (self._goal is not None and self._goal.hurry):
            return 0.0
        if self._anchor is None:
            self._anchor = (monotonic(), self._day.time.now)
        since, instant = self._anchor
        return since + (end - instant) / 1e9 / self._speed - monotonic()

    def _go(self, reached: Callable[[int], bool], limit: int | None, *, hurry: bool) -> bool:
        direct, former = self._streamer is None, self._paused_by
        with self._change():
            self._goal, self._met = Goal(reached, direct, hurry, threading.get_ident()), False
            self._paused_by = None
        if not direct:
            return True
        day = self._day
        day.stream_until(day.time.today.close if limit is None else min(limit, day.time.today.close))
        with self._change():
            self._goal = None
            if self._paused_by is None:
                self._paused_by = former
        return self._met or (reached(_NEVER) if limit is None else day.time.now >= limit)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Change something and wake whoever waits."""
        with self._changed:
            yield
            self._anchor = None
            heed = (self._speed, self._paused_by is not None, self._goal is not None, self._day.stopping)
            self.quiet = not any(heed)
            self._changed.notify_all()

    def _must_be_active(self, call: str) -> None:
        if self._day.phase is not Phase.ACTIVE:
            what = f"no day is active; the session is {self._day.phase.value}."
            raise SessionError(Problem(f"control.{call}", what, "Call start_day first.", code="no_active_day"))
