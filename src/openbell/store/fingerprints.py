"""Whether a piece was catalogued with the sessions that a calendar has: sessions as a few digits."""

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours


def fingerprint(calendar: Calendar, first: int, last: int) -> str:
    """16 hex digits of the sessions from one ordinal to another; equal for equal segments, whatever else changed."""
    return _fingerprints(calendar)(first, last)


@lru_cache(maxsize=8)
def _fingerprints(calendar: Calendar) -> Callable[[int, int], str]:
    @lru_cache(maxsize=4096)
    def of(first: int, last: int) -> str:
        digest = hashlib.sha256()
        for hours in Hours:
            for interval in ("1d", "1440m"):
                grid = calendar.grid(Interval.parse(interval), first, last, hours)
                parts: tuple[npt.NDArray[np.int64], ...] = (grid.stamps, grid.opens, grid.ends)
                for part in parts:
                    digest.update(part.tobytes())
        return digest.hexdigest()[:16]

    return of
