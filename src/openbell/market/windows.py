"""The windows that one interval makes of another, over some sessions."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Grid, Stamps
from openbell.bars.interval import Interval, Unit
from openbell.market.calendar import Calendar
from openbell.market.session import Hours

Counts = npt.NDArray[np.int32]


@lru_cache(maxsize=64)
def windows(
    calendar: Calendar, interval: Interval, base: Interval, first: int, last: int, hours: Hours
) -> tuple[Grid, Counts, Stamps | None]:
    """Grid, expected base bars per window, and where windows begin if not at their open.

    Days are stamped before their session opens, so windows over them begin at the stamp.

    Parameters
    ----------
    first, last
        Session ordinals, both included; a week counts when its last session is inside.
    """
    grid = calendar.grid(interval, first, last, hours)
    if not len(grid):
        return grid, np.empty(0, np.int32), None
    if interval.unit is Unit.WEEK:
        first = calendar.week_start(int(grid.sessions[0]))
    fine = calendar.grid(base, first, last, hours)
    if base.intraday:
        return grid, grid.expected(fine), None
    days = np.searchsorted(fine.stamps, grid.ends) - np.searchsorted(fine.stamps, grid.stamps)
    return grid, days.astype(np.int32), grid.stamps


@lru_cache(maxsize=64)
def ended_windows(
    calendar: Calendar, interval: Interval, base: Interval, session: int, hours: Hours, now: int
) -> tuple[Grid, Counts, Stamps | None]:
    """`windows` of one session, of which those that have ended by an instant."""
    grid, expected, lefts = windows(calendar, interval, base, session, session, hours)
    ended = grid.ended_by(now)
    return grid[:ended], expected[:ended], None if lefts is None else lefts[:ended]
