"""Bars of days and weeks with the stamps that they have in a store: the local midnight of their (first) session."""

from datetime import UTC, datetime, timedelta

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval, Unit
from openbell.market.calendar import Calendar
from openbell.store.days import ordinals_of
from openbell.store.rows import in_order

_DAY_NS = 86_400_000_000_000
_MONDAY = 4  # 1970-01-05, the first Monday, in days since 1970-01-01
_DAILY = Interval.parse("1d")


def on_sessions(calendar: Calendar, interval: Interval, block: Block) -> tuple[Block, int, str | None]:
    """The bars with the stamps of sessions, and what was done for it; None when they had these already.

    When most stamps are whole UTC dates and no local midnights they are taken for dates. A week's bar may carry any
    date of its week. Of bars that come to one session the last is taken; how many others there were is told. Intraday
    bars come back as they are.
    """
    if interval.intraday or not len(block):
        return block, 0, None
    ts, note = block.ts, None
    unknown = ordinals_of(calendar, _DAILY, ts) < 0
    whole_dates = ts % _DAY_NS == 0
    if 2 * int(unknown.sum()) > len(ts) and 2 * int(whole_dates.sum()) > len(ts):
        ts, note = local_midnights_of(calendar, ts // _DAY_NS), "stamps are dates; taken as dates of the market"
    if interval.unit is Unit.WEEK:
        weeks = _first_sessions(calendar, ts)
        note = note if bool((weeks == ts).all()) else "stamps moved to the first session of their week"
        ts = weeks
    return (block, 0, None) if note is None else (*in_order(Block(ts, *block.columns)), note)


def local_midnights_of(calendar: Calendar, days: Stamps) -> Stamps:
    """The local midnight that begins each date, given in days since 1970-01-01."""
    unique, places = np.unique(days, return_inverse=True)
    return np.array([_midnight(calendar, int(day)) for day in unique], np.int64)[places]


def _midnight(calendar: Calendar, day: int) -> int:
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    moment = local.replace(tzinfo=calendar.timezone).astimezone(UTC)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)) * 1_000_000_000


def _first_sessions(calendar: Calendar, ts: Stamps) -> Stamps:
    """The local midnight of the first session of each stamp's week; a stamp in a week without sessions stays."""
    midnights = calendar.grid(_DAILY, 0, len(calendar) - 1).stamps
    # 13 hours lead from any market's local midnight into the same date in UTC.
    weeks = ((ts + 13 * 3_600_000_000_000) // _DAY_NS - _MONDAY) // 7
    own = ((midnights + 13 * 3_600_000_000_000) // _DAY_NS - _MONDAY) // 7
    places = np.searchsorted(own, weeks)
    found = np.minimum(places, len(own) - 1)
    return np.where(own[found] == weeks, midnights[found], ts)
