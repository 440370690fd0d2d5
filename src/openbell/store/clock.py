"""Wall clock times as instants: of an hour that comes twice the order of rows tells which, a skipped one is no time.

1. `instants_of`: nearly all times at once, by their zone's table.
2. `_second_time`: of an hour that comes twice, whether times run on, step back once, and run on again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from openbell.bars.grid import Stamps
from openbell.errors import Problem, StoreError
from openbell.store.sound import LATEST

_DAY_NS = 86_400_000_000_000
_HOUR_NS = 3_600_000_000_000
_FEW_DAYS_NS = 7 * _DAY_NS  # no clock changes twice in a week
_EPOCH = datetime(1970, 1, 1)  # a wall clock

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def instants_of(ts: Stamps, zone: str) -> tuple[Stamps, Mapping[int, str]]:
    """Wall clock times as instants, and the rows that are none, with the reasons.

    Parameters
    ----------
    ts
        In the order of the file, as if the clock were in UTC; what is out of range stays as it is.

    Examples
    --------
    >>> night = np.array(["2024-11-03T00:30", "2024-11-03T01:30", "2024-11-03T01:30"], "datetime64[ns]").astype(int)
    >>> moments, _ = instants_of(night, "America/New_York")
    >>> (np.diff(moments) // 60_000_000_000).tolist()
    [60, 60]
    """
    if zone == "UTC" or not len(ts):
        return ts, {}
    known = (ts >= -LATEST) & (ts <= LATEST)
    shift = _steady_offset(ts[known], zone)
    if shift is not None:
        return np.where(known, ts - shift, ts), {}
    moments, unclear = _converted(ts, zone, "null")
    result = np.where(known, moments, ts)
    rows = np.flatnonzero(unclear & known)
    if not len(rows):
        return result, {}
    return result, _resolved(result, ts, rows, zone)


def roughly(ts: Stamps, zone: str) -> Stamps:
    """Wall clock times as instants where an hour more or less on two nights of a year is no matter."""
    if zone == "UTC" or not len(ts):
        return ts
    shift = _steady_offset(ts, zone)
    if shift is not None:
        return ts - shift
    moments, skipped = _converted(ts, zone, "earliest")
    return np.where(skipped, ts, moments)


def _converted(ts: Stamps, zone: str, twice: Literal["earliest", "latest", "null"]) -> tuple[Stamps, Mask]:
    local = pl.Series(np.clip(ts, -LATEST, LATEST)).cast(pl.Datetime("ns"))
    moments = local.dt.replace_time_zone(zone, ambiguous=twice, non_existent="null").dt.convert_time_zone("UTC")
    return moments.to_physical().fill_null(0).to_numpy(), moments.is_null().to_numpy()


def _resolved(result: Stamps, ts: Stamps, rows: Rows, zone: str) -> dict[int, str]:
    """Fill in instants of an hour that comes twice where the order tells them; the reasons against the other rows."""
    result[rows] = ts[rows]
    first, skipped = _converted(ts[rows], zone, "earliest")
    last, _ = _converted(ts[rows], zone, "latest")
    faults = dict.fromkeys(rows[skipped].tolist(), f"the clock of {zone} skips this hour")
    backwards = bool(ts[0] > ts[-1])
    # Hours that come twice, one in autumn: more than half a day lies between any two.
    there = np.flatnonzero(~skipped)
    nights = first[there] // (12 * _HOUR_NS)
    for night in np.unique(nights):
        places = there[nights == night]
        second = _second_time(ts[rows[places]], backwards=backwards)
        if second is None:
            why = f"this hour comes twice on the clock of {zone}, and the order of rows does not tell which it is"
            faults |= dict.fromkeys(rows[places].tolist(), why)
        else:
            result[rows[places]] = np.where(second, last[places], first[places])
    return faults


def _second_time(ts: Stamps, *, backwards: bool) -> Mask | None:
    """Which times belong to the second of two equal hours; None when they do not step back exactly once."""
    ordered = ts[::-1] if backwards else ts
    steps = np.flatnonzero(ordered[1:] <= ordered[:-1])
    if len(steps) != 1:
        return None
    second: Mask = np.arange(len(ts)) > steps[0]
    return second[::-1] if backwards else second


def _steady_offset(ts: Stamps, zone: str) -> int | None:
    """How far the clock of a zone is ahead of UTC during a few days, None where it may change."""
    if not len(ts):
        return None
    least, most = int(ts.min()), int(ts.max())
    if least < 0 or most - least > _FEW_DAYS_NS:
        return None
    known = _zone(zone)
    ends = (_EPOCH + timedelta(microseconds=end // 1000) for end in (least, most))
    offsets = {end.replace(tzinfo=known, fold=fold).utcoffset() for end in ends for fold in (0, 1)}
    offset = offsets.pop()
    return None if offsets or offset is None else int(offset.total_seconds()) * 1_000_000_000


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)  # which keeps eight itself, and reads the others again and again


@lru_cache(maxsize=256)
def known_zone(name: str) -> str:
    """The name of a time zone, checked.

    Raises
    ------
    StoreError
        If there is no such zone.
    """
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        fix = "Use a name like America/New_York, or UTC."
        raise StoreError(Problem("--timezone", f"{name!r} is no time zone.", fix, code="timezone")) from None
