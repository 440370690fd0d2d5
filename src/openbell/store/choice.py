"""What is decided from bars themselves when nobody says it: the market, and what the bars are aligned to."""

from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import NS_PER_MINUTE, Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store.days import GridKind, local_midnights

_DAY_NS = 86_400_000_000_000
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday is 0
_SATURDAY = 5
_USUAL, _ALWAYS = "XNYS", "24/7"
_SAMPLE = 20_000
_A_FEW = 0.05  # a stray print on one weekend does not make a market that never closes


@dataclass(frozen=True, slots=True)
class MarketChoice:
    """A calendar's name, and why it was taken."""

    market: str
    why: str


def choose_market(block: Block, said: str | None, stored: str | None) -> MarketChoice:
    """The market that bars belong to: as said, else as stored, else as the bars show.

    Examples
    --------
    >>> choose_market(Block.empty(), "XTKS", None).why
    'as said'
    """
    if said is not None:
        return MarketChoice(load_calendar(said).name, "as said")
    if stored is not None:
        return MarketChoice(stored, "as stored before")
    saturdays = _weekend_share(block.ts)
    if saturdays > _A_FEW:
        return MarketChoice(_ALWAYS, f"bars on weekends ({saturdays:.0%} of the days)")
    return MarketChoice(_USUAL, "no bars on weekends; say --market for another one")


def _weekend_share(ts: Stamps) -> float:
    """Share of UTC days with bars that are a Saturday, or a Sunday before markets of the east open."""
    days = np.unique(ts // _DAY_NS)
    weekdays = (days + _EPOCH_WEEKDAY) % 7
    saturdays = int((weekdays == _SATURDAY).sum())
    # Sunday evenings in UTC belong to Monday's session of currencies, futures and Asia; Saturdays to nobody's.
    return saturdays / len(days) if len(days) else 0.0


def grid_kind(calendar: Calendar, interval: Interval, ts: Stamps) -> GridKind:
    """Whether bars start where the session's windows start, or on clock hours.

    Only bars that start inside regular hours are asked; when most of them are off the session's grid and on the
    clock's, the bars are clock bars.
    """
    if not interval.intraday or interval.width_ns <= NS_PER_MINUTE:
        return GridKind.SESSION
    sample = ts[:_SAMPLE]
    sessions = calendar.ordinals_of(sample)
    known = sessions[sessions >= 0]
    if not len(known):
        return GridKind.SESSION
    first, last = int(known.min()), int(known.max())
    days = calendar.grid(Interval.parse("1d"), first, last, Hours.REGULAR)
    place = np.clip(sessions - first, 0, None)
    inside = (sessions >= 0) & (sample >= days.opens[place]) & (sample < days.ends[place])
    on_session = calendar.grid(interval, first, last, Hours.REGULAR).slots_of(sample[inside]) >= 0
    midnights = local_midnights(sample[inside], calendar.timezone.key)
    on_clock = (sample[inside] - midnights) % interval.width_ns == 0
    off_session = 2 * int(on_session.sum()) < len(on_session)
    return GridKind.CLOCK if off_session and 2 * int(on_clock.sum()) > len(on_clock) else GridKind.SESSION
