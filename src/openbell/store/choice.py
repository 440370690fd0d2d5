"""What is decided from bars themselves when nobody says it: the market, and what the bars are aligned to."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from openbell.bars.grid import Stamps
from openbell.bars.interval import NS_PER_MINUTE, Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store.clock import roughly
from openbell.store.days import GridKind, local_midnights
from openbell.store.evidence import in_hours
from openbell.store.formats.format import Convention

_DAY_NS = 86_400_000_000_000
_HOUR_NS = 3_600_000_000_000
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday is 0
_SATURDAY = 5
_USUAL, _ALWAYS = "XNYS", "24/7"
_OTHERS = ("FOREX", "CMES", "XBOM", "XLON", "XTKS", "XHKG")
_ENOUGH_BARS = 200
_KEPT = 0.9
_SAMPLE = 20_000
_A_FEW = 0.05  # a stray print on one weekend does not make a market that never closes


@dataclass(frozen=True, slots=True)
class MarketChoice:
    """A calendar's name, and why it was taken."""

    market: str
    why: str


def choose_market(
    interval: Interval, ts: Stamps, convention: Convention, said: str | None, stored: str | None
) -> MarketChoice:
    """The market that bars belong to: as said, else as stored, else as the bars show.

    Parameters
    ----------
    ts
        Stamps of all bars of a symbol, ascending.
    convention
        What the stamps mean, as far as it is known.

    Examples
    --------
    >>> choose_market(Interval.parse("1m"), np.empty(0, np.int64), Convention(), "XTKS", None).why
    'as said'
    """
    if said is not None:
        return _as_said(said)
    if stored is not None:
        return MarketChoice(stored, "as stored before")
    saturdays = _weekend_share(interval, ts)
    if saturdays > _A_FEW:
        return MarketChoice(_ALWAYS, f"bars on weekends ({saturdays:.0%} of the days)")
    if not interval.intraday or convention.zone is None or len(ts) < _ENOUGH_BARS:
        return MarketChoice(_USUAL, "no bars on weekends; say --market for another one")
    starts = roughly(ts[:_SAMPLE], convention.zone) if convention.wall else ts[:_SAMPLE]
    return _by_hours(interval, starts - (interval.width_ns if convention.stamp == "close" else 0))


@lru_cache(maxsize=32)
def _as_said(market: str) -> MarketChoice:
    return MarketChoice(load_calendar(market).name, "as said")


def _by_hours(interval: Interval, starts: Stamps) -> MarketChoice:
    """The first market whose hours the bars keep to."""
    for market in (_USUAL, *_OTHERS):
        share = float(in_hours(load_calendar(market), interval, starts).mean())
        if share < _KEPT or (market == "FOREX" and not _starts_with(market, starts)):
            continue
        if market == _USUAL:
            break
        return MarketChoice(market, "bars keep to its hours; say --market for another one")
    return MarketChoice(_USUAL, "no bars on weekends; say --market for another one")


def _starts_with(market: str, ts: Stamps) -> bool:
    """Whether sessions of a market have bars in their first hour."""
    calendar = load_calendar(market)
    sessions = calendar.ordinals_of(ts)
    known = np.unique(sessions[sessions >= 0])
    opens = calendar.grid(Interval.parse("1d"), 0, len(calendar) - 1).opens[known]
    begun = np.searchsorted(ts, opens + 3_600_000_000_000) > np.searchsorted(ts, opens)
    return float(begun.mean()) > 0.5 if len(known) else False


def _weekend_share(interval: Interval, ts: Stamps) -> float:
    """Share of days with bars that are Saturdays, in the middle of the day: it is Saturday everywhere then."""
    if interval.intraday:
        noon = (ts % _DAY_NS >= 6 * _HOUR_NS) & (ts % _DAY_NS < 20 * _HOUR_NS)
        days = np.unique(ts // _DAY_NS)
        middays = np.unique(ts[noon] // _DAY_NS)
        saturdays = int(((middays + _EPOCH_WEEKDAY) % 7 == _SATURDAY).sum())
        return saturdays / len(days) if len(days) else 0.0
    days = np.unique((ts + 12 * _HOUR_NS) // _DAY_NS)
    weekdays = np.bincount((days + _EPOCH_WEEKDAY) % 7, minlength=7)
    return float(min(weekdays[_SATURDAY], weekdays[_SATURDAY + 1])) / len(days) if len(days) else 0.0


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
