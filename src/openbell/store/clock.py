"""What the stamps of a file mean, held against the calendar: zone, and which end of a bar is stamped.

1. `fit_of`: how well bars lie in regular hours, day by day, and how sharply they begin at the open.
2. `settle`: a convention that is sure is checked, and refused when another one fits clearly better; one that is not
   is chosen.

Days are weighed by volume where there is one, so that prints before and after hours count for little.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.days import Mask, Rows
from openbell.store.formats.format import Convention

_DAY_NS = 86_400_000_000_000
_FEW_DAYS_NS = 7 * _DAY_NS  # no clock changes twice in a week
_EPOCH = datetime(1970, 1, 1)  # a wall clock
_FITTING = 0.9
_FITTING_ROUND_THE_CLOCK = 0.97
_NEVER = 2**62
_CLEARLY = 0.15
_ALL = 0.99
_CLEAR_DAYS = 3
_EDGE = 0.3
_DENSE = 0.8
_LEAST_SHARE = 0.6
_NEARLY = 0.02
_SAMPLE_ROWS = 20_000
_SAMPLE_DAYS = 40
_ZONES = (
    "UTC", "America/New_York", "Etc/GMT+5", "America/Chicago", "America/Halifax", "America/Los_Angeles",
    "Europe/London", "Europe/Berlin", "Europe/Athens", "Asia/Kolkata", "Asia/Hong_Kong", "Asia/Tokyo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """How bars lie in the sessions of a calendar.

    Parameters
    ----------
    share
        Share of days on which nearly all trade is in regular hours.
    days
        How many days.
    edge
        Mean over sessions of the jump at the open, from -1 to 1: the bar that starts there against the one before.
    dense
        Whether most minutes of a session have a bar.
    edged
        Whether the market is closed for most of the day, so that the jump says something.
    over
        Share of sessions with a bar just before the open, or with one just after the close, whichever is larger.
    """

    share: float
    days: int
    edge: float
    dense: bool
    edged: bool
    over: float


def fit_of(calendar: Calendar, interval: Interval, ts: Stamps, volume: Floats, *, strict: bool = False) -> Fit:
    """How bars that start at ``ts`` lie in the sessions.

    Parameters
    ----------
    strict
        Where trade goes on round the clock, let nights count as much as days: only the week's end tells there.
    """
    edges = calendar.grid(Interval.parse("1d"), 0, len(calendar) - 1, Hours.REGULAR)
    width = interval.width_ns
    share, days, place, inside, weights = _seen_share(calendar, interval, ts, volume, strict=strict)
    within_hours = place[inside]
    sessions = within_hours[np.flatnonzero(np.diff(within_hours, prepend=-1))]
    slots = (edges.ends[sessions] - edges.opens[sessions]).sum() / width if len(sessions) else 1.0
    dense = int(inside.sum()) > _DENSE * slots
    edged = _is_edged(calendar)
    edge = _edge(edges.opens, width, ts, weights) if edged else 0.0
    outer = (edges.opens[sessions] - width, edges.ends[sessions])
    over = max(float((_volume_at(ts, weights, moments) > 0).mean()) for moments in outer) if len(sessions) else 0.0
    return Fit(share, days, edge, dense, edged, over)


def _seen_share(
    calendar: Calendar, interval: Interval, ts: Stamps, volume: Floats, *, strict: bool
) -> tuple[float, int, Rows, Mask, Floats]:
    """Share of days that trade in regular hours, and of how many; sessions of bars, whether inside, and weights."""
    edges = calendar.grid(Interval.parse("1d"), 0, len(calendar) - 1, Hours.REGULAR)
    width = interval.width_ns
    place = np.searchsorted(edges.opens, ts + width - 1, side="right") - 1
    # One bar after the close still counts: closing prints are common.
    inside = (place >= 0) & (ts < edges.ends[place] + width)
    strict = strict and not _is_edged(calendar)
    traded = np.where(np.isnan(volume), 0.0, volume)
    weights = traded if not strict and traded.any() else np.ones(len(ts))
    first = int(ts[0] // _DAY_NS)
    day = ts // _DAY_NS - first
    total = np.bincount(day, weights)
    within = np.bincount(day, weights * inside)
    filled = total > 0
    fits = within[filled] >= (_FITTING_ROUND_THE_CLOCK if strict else _FITTING) * total[filled]
    return np.count_nonzero(fits) / max(len(fits), 1), len(fits), place, inside, weights


@lru_cache(maxsize=32)
def _is_edged(calendar: Calendar) -> bool:
    edges = calendar.grid(Interval.parse("1d"), 0, len(calendar) - 1, Hours.REGULAR)
    return bool(2 * np.median(edges.ends - edges.opens) <= _DAY_NS)


def share_in_hours(calendar: Calendar, interval: Interval, block: Block, convention: Convention) -> float:
    """Share of bars in the sessions of a market, hours before and after the regular ones included."""
    ts = _under(block, interval, convention)
    edges = calendar.grid(Interval.parse("1d"), 0, len(calendar) - 1, Hours.EXTENDED)
    width = interval.width_ns
    place = np.searchsorted(edges.opens, ts + width - 1, side="right") - 1
    return float(((place >= 0) & (ts < edges.ends[place] + width)).mean()) if len(ts) else 0.0


def _edge(opens: Stamps, width: int, ts: Stamps, weights: Floats) -> float:
    first, last = np.searchsorted(opens, (ts[0] - width, ts[-1] + width))
    starts = opens[first:last]
    # A file may hold two months of different years: only sessions with bars say something.
    begins, ends = (np.searchsorted(ts, moments) for moments in (starts - width, np.append(starts[1:], _NEVER) - width))
    starts = starts[ends > begins]
    if not len(starts):
        return 0.0
    at, before = (_volume_at(ts, weights, moments) for moments in (starts, starts - width))
    both = at + before
    seen = both > 0
    return float(((at - before)[seen] / both[seen]).sum() / len(starts))


def _volume_at(ts: Stamps, weights: Floats, moments: Stamps) -> Floats:
    places = np.minimum(np.searchsorted(ts, moments), len(ts) - 1)
    return np.where(ts[places] == moments, np.maximum(weights[places], 1e-9), 0.0)


@dataclass(frozen=True, slots=True)
class Settled:
    """Instants of the bars' starts, and what was decided for them."""

    ts: Stamps
    convention: Convention
    note: str | None


def unchecked(interval: Interval, block: Block, convention: Convention) -> Settled:
    """The starts of bars as instants, taking for granted what the convention says."""
    return Settled(_under(block, interval, convention) if interval.intraday else block.ts, convention, None)


def settle(where: str, calendar: Calendar, interval: Interval, block: Block, convention: Convention) -> Settled:
    """The starts of bars as instants.

    Parameters
    ----------
    block
        In order of stamps.

    Raises
    ------
    StoreError
        If the convention is sure and the bars contradict it, or it is not and the zone cannot be told.
    """
    if not interval.intraday or not len(block):
        return Settled(block.ts, convention, None)
    told = replace(convention, zone=convention.zone or "UTC", stamp=convention.stamp or "open")
    ts = _under(block, interval, told)
    sample = _some_days(block)
    fit = fit_of(calendar, interval, _under(sample, interval, told), sample.volume, strict=not convention.sure)
    fits = fit.share >= _FITTING and (fit.edge >= _EDGE or not fit.edged)
    best, best_fit = (told, fit) if fits else _best(calendar, interval, sample, convention, told, fit)
    if best == told:
        how = f"found against the hours of {calendar.name}" if fits and fit.edged else "assumed"
        return Settled(ts, told, None if convention.sure else _describe(told, how))
    if convention.sure:
        raise _mislabelled(where, calendar, told, fit, best, best_fit)
    return Settled(_under(block, interval, best), best, _describe(best, f"found against the hours of {calendar.name}"))


def _some_days(block: Block) -> Block:
    """Bars of whole days from all over the year: enough to tell what stamps mean."""
    if len(block) <= _SAMPLE_ROWS:
        return block
    day = block.ts // _DAY_NS
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    chosen = np.unique(np.linspace(0, len(starts) - 1, _SAMPLE_DAYS).astype(np.int64))
    ends = np.append(starts[1:], len(day))
    parts = [block[int(starts[place]) : int(ends[place])] for place in chosen.tolist()]
    return Block.joined(parts)


def _best(
    calendar: Calendar, interval: Interval, block: Block, convention: Convention, told: Convention, fit: Fit
) -> tuple[Convention, Fit]:
    """The convention that fits clearly better than the one told, else that one."""
    best, best_fit, strict = told, fit, not convention.sure
    for other in _others(calendar, convention, told):
        ts = _under(block, interval, other)
        if _seen_share(calendar, interval, ts, block.volume, strict=strict)[0] < min(
            _LEAST_SHARE, best_fit.share - _NEARLY
        ):
            continue
        found = fit_of(calendar, interval, ts, block.volume, strict=strict)
        if _better_zone(found, best_fit, sure=convention.sure) or (
            found.share >= best_fit.share - _NEARLY and _better_edge(found, best_fit)
        ):
            best, best_fit = other, found
    return best, best_fit


def _others(calendar: Calendar, convention: Convention, told: Convention) -> Iterator[Convention]:
    zones = dict.fromkeys((told.zone, calendar.timezone.key, *_ZONES))
    for zone in zones:
        for stamp in dict.fromkeys((told.stamp, "open", "close")):
            other = replace(convention, wall=True, zone=zone, stamp=stamp)
            if (zone, stamp) != (told.zone, told.stamp):
                yield other


def _better_zone(found: Fit, best: Fit, *, sure: bool) -> bool:
    """Whether days fit clearly better and trade begins more sharply at the open; a choice needs less than a refusal."""
    if found.share < _LEAST_SHARE or not (found.dense or found.days >= _CLEAR_DAYS):
        return False
    gained = found.share - best.share
    sharper = found.edge - best.edge if found.edged else 1.0
    clearly = gained >= _CLEARLY and sharper >= 0.2 and found.days >= (1 if found.edged else _CLEAR_DAYS)
    lately = gained * found.days >= _CLEAR_DAYS and found.share >= 0.95 and sharper > 0.02
    # Round the clock only the week's end tells, once a week.
    weekly = not found.edged and gained > 0 and found.share >= _ALL and found.days >= _CLEAR_DAYS
    return clearly or lately or (not sure and (gained >= 0.5 or weekly))


def _better_edge(found: Fit, best: Fit) -> bool:
    """Whether trade begins sharply at the open, and did not before, and bars did lie over one end of the session."""
    clearly = found.edge >= _EDGE and found.edge - best.edge >= _EDGE and best.over >= _EDGE
    return clearly and (found.dense or (found.edge - best.edge) * found.days >= _CLEAR_DAYS)


def _under(block: Block, interval: Interval, convention: Convention) -> Stamps:
    shift = interval.width_ns if convention.stamp == "close" else 0
    return _instants(block.ts, convention.zone or "UTC", shift, wall=convention.wall)


def _instants(ts: Stamps, zone: str, shift: int, *, wall: bool) -> Stamps:
    if wall and zone != "UTC":
        ts = _from_wall(ts, zone)
    return ts - shift if shift else ts


def _from_wall(ts: Stamps, zone: str) -> Stamps:
    """Wall clock times of a zone as instants: of an hour that comes twice the first, of a skipped one the next."""
    shift = _steady_offset(ts, zone)
    if shift is not None:
        return ts - shift
    local = pl.Series(ts).cast(pl.Datetime("ns"))
    moments = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    result = moments.to_physical().fill_null(strategy="backward").fill_null(strategy="forward").to_numpy()
    return result.copy()


def _steady_offset(ts: Stamps, zone: str) -> int | None:
    """How far the clock of a zone is ahead of UTC during a few days, None where it may change; ascending stamps."""
    if not len(ts) or int(ts[0]) < 0 or int(ts[-1]) - int(ts[0]) > _FEW_DAYS_NS:
        return None
    known = _zone(zone)
    ends = (_EPOCH + timedelta(microseconds=int(end) // 1000) for end in (ts[0], ts[-1]))
    offsets = {end.replace(tzinfo=known, fold=fold).utcoffset() for end in ends for fold in (0, 1)}
    offset = offsets.pop()
    return None if offsets or offset is None else int(offset.total_seconds()) * 1_000_000_000


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)  # which keeps eight itself, and reads the others again and again


def _describe(convention: Convention, how: str) -> str:
    clock = f"stamps are the {convention.stamp} of the bar"
    return f"{clock}, on the clock of {convention.zone} ({how})" if convention.wall else f"{clock} ({how})"


def _mislabelled(
    where: str, calendar: Calendar, told: Convention, fit: Fit, best: Convention, best_fit: Fit
) -> StoreError:
    said = f"as the {told.stamp} of a bar in {told.zone}"
    right = f"as the {best.stamp} of a bar in {best.zone}"
    what = (
        f"its stamps, taken {said}, do not fit the hours of {calendar.name}: {fit.share:.0%} of {fit.days} days lie in "
        f"them and the jump at the open is {fit.edge:.2f}; taken {right} it is {best_fit.share:.0%} and "
        f"{best_fit.edge:.2f}."
    )
    flags = [f"--timezone {best.zone}"] if best.zone != told.zone else []
    flags += [f"--stamp {best.stamp}"] if best.stamp != told.stamp else []
    fix = f"If that is what they mean, import with {' '.join(flags)}; if the market is another one, say --market."
    return StoreError(Problem(where, what, fix, code="mislabelled"))


def interval_in_stamps(where: str, ts: Stamps, said: Interval | None) -> Interval:
    """The interval that the steps between stamps show, checked against the one said.

    Raises
    ------
    StoreError
        If none is said and none shows, or if the stamps contradict the one said.
    """
    steps = ts[1:] - ts[:-1]
    if said is not None and said.intraday and len(steps) and int(steps.min()) == said.width_ns:
        return said
    steps = steps[steps > 0]
    if said is None:
        seen = _seen_interval(steps)
        if seen is None:
            raise StoreError(
                Problem(where, "its interval is not known.", "Say it, as in --interval 1m.", code="interval")
            )
        return seen
    if len(steps) < 20:
        return said
    width = said.width_ns if said.intraday else _DAY_NS
    finer = float((steps < width * 0.9).mean())
    seen = _seen_interval(steps)
    # Many steps may be long, where minutes are without a trade; whole multiples without exception are another interval.
    coarser = seen is not None and said.intraday and seen.intraday and _gcd(steps) >= 2 * width
    if finer > 0.1 or (coarser and seen is not None):
        name = seen if seen is not None else "another interval"
        what = f"is said to hold bars of {said}, and its stamps are those of {name}."
        raise StoreError(Problem(where, what, f"Import it with --interval {name}.", code="mislabelled"))
    return said


def _seen_interval(steps: Stamps) -> Interval | None:
    if not len(steps):
        return None
    values, counts = np.unique(steps, return_counts=True)
    usual = int(values[np.argmax(counts)])
    if usual >= 0.9 * _DAY_NS:
        return Interval.parse("1w" if usual >= 5 * _DAY_NS else "1d")
    seconds = usual // 1_000_000_000
    return Interval.parse(f"{seconds}s") if seconds >= 1 and usual % 1_000_000_000 == 0 else None


def _gcd(steps: Stamps) -> int:
    return int(np.gcd.reduce(steps))


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
