"""Windows of sessions, counted and placed once for all symbols that ask."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours

Slots = npt.NDArray[np.int64]

_SHELF = 64


@lru_cache(maxsize=64)
def slots_of_day(calendar: Calendar, interval: Interval, session: int, hours: Hours) -> Slots:
    """Where a session's windows lie among those of all its hours."""
    return calendar.full_grid(interval, session).slots_of(calendar.grid(interval, session, session, hours).stamps)


@lru_cache(maxsize=64)
def windows_per_session(calendar: Calendar, interval: Interval, first: int, last: int, hours: Hours) -> Slots:
    """How many windows each of some sessions has."""
    shelves = range(first // _SHELF, last // _SHELF + 1)
    every = np.concatenate([_of_shelf(calendar, interval, shelf, hours) for shelf in shelves])
    part: Slots = every[first - shelves.start * _SHELF :][: last - first + 1]
    part.setflags(write=False)
    return part


@lru_cache(maxsize=256)
def _of_shelf(calendar: Calendar, interval: Interval, shelf: int, hours: Hours) -> Slots:
    """Windows of so many sessions that follow one another: the same ones are asked for day after day."""
    first, last = shelf * _SHELF, min((shelf + 1) * _SHELF, len(calendar)) - 1
    grid = calendar.grid(interval, first, last, hours)
    return np.bincount(grid.sessions - first, minlength=last - first + 1)
