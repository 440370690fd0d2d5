"""What bars themselves show of their stamps: how they lie in a market's hours, and where trade begins.

Bars of all files and symbols that are written alike count together; a sample of whole days is enough.

1. `evidence_of`: the sample, each bar with its weight among those of its day.
2. `Evidence.share`: how much of the trade lies in hours, under one zone.
3. `Evidence.openings`: with which stamp sessions begin: that of the open, or one bar later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Grid, Stamps
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.clock import roughly
from openbell.store.days import Mask
from openbell.store.sound import LATEST

DAY_NS = 86_400_000_000_000
_QUARTER_NS = 900_000_000_000
_DAILY = Interval.parse("1d")
_ROWS = 40_000
_FEWEST_ROWS = 1_000
_DAYS = 40
_SERIES = 60
_AROUND = 2
_NEXT_TO_NOTHING = 1e-9
_FULL = 0.95
_TIMES = 3.0


@dataclass(frozen=True, eq=False)
class Evidence:
    """A sample of bars of one market and interval.

    Parameters
    ----------
    calendar, interval
        Of the market, and of the bars.
    ts
        Stamps as they are written.
    volume
        0 where a bar has none, and 1 everywhere in a series without any.
    owner
        The number of each bar's series.
    """

    calendar: Calendar
    interval: Interval
    ts: Stamps
    volume: Floats
    owner: Stamps
    _behind: dict[str, Stamps] = field(default_factory=dict, init=False, repr=False)
    _moments: dict[str, Stamps] = field(default_factory=dict, init=False, repr=False)

    def moments(self, zone: str) -> Stamps:
        """The stamps as instants, on the clock of a zone; worked out once, as zones are asked about several times."""
        if zone == "UTC":
            return self.ts
        known = self._moments.get(zone)
        if known is None:
            behind = self.behind(zone)
            known = self._moments[zone] = self.ts + behind[self._quarters[1]]
        return known

    def behind(self, zone: str) -> Stamps:
        """How far instants are after the stamps of each quarter of an hour that is there, on the clock of a zone.

        No clock changes within a quarter, and so there is much less to look up than stamps.
        """
        known = self._behind.get(zone)
        if known is None:
            quarters = self._quarters[0]
            known = self._behind[zone] = roughly(quarters, zone) - quarters
        return known

    @cached_property
    def _quarters(self) -> tuple[Stamps, Stamps]:
        """The quarters of an hour in which stamps lie, each once, and which of them each stamp's is."""
        quarters = self.ts // _QUARTER_NS
        firsts = _firsts(quarters)
        found, places = np.unique(quarters[firsts], return_inverse=True)
        return found * _QUARTER_NS, np.repeat(places, np.diff(firsts, append=len(quarters)))

    @property
    def edged(self) -> bool:
        """Whether the market is closed for most of the day, so that its open says something."""
        return _is_edged(self.calendar)

    @cached_property
    def _days(self) -> Stamps:
        """Where each day of a series begins."""
        return _firsts(self.owner * 100_000 + self.ts // DAY_NS)

    @property
    def days(self) -> int:
        """How many days of series there are."""
        return len(self._days)

    @cached_property
    def weights(self) -> Floats:
        """Square roots of volumes, such that those of a day come to the number of its bars.

        A huge print says little more than a bar.
        """
        roots, lengths = np.sqrt(self.volume), np.diff(self._days, append=len(self.ts))
        totals = np.add.reduceat(roots, self._days)
        scale: Floats = np.divide(lengths, totals, out=np.zeros(len(totals)), where=totals > 0)
        weights: Floats = roots * np.repeat(scale, lengths)
        return weights

    def share(self, zone: str, *, hours: Hours = Hours.REGULAR, counted: bool = False) -> float:
        """Share of trade in the market's hours, for stamps on the clock of a zone, whichever end of a bar they are.

        Parameters
        ----------
        counted
            Of bars, whatever their volumes; always so where trade goes on round the clock, as nights count there.
        """
        moments = self.moments(zone)
        edges = _edges_near(self.calendar, hours, moments)
        place = np.searchsorted(edges.opens, moments + self.interval.width_ns - 1, side="right") - 1
        inside = (place >= 0) & (moments <= edges.ends[place])
        if inside.all():
            return 1.0
        if counted or not self.edged or hours is not Hours.REGULAR:
            return float(inside.mean())
        return float(self.weights[inside].sum() / self.weights.sum())

    def openings(self, zone: str) -> "Openings":
        """With which stamps sessions begin, on the clock of a zone."""
        width = self.interval.width_ns
        moments = self.moments(zone)
        edges = _edges_near(self.calendar, Hours.REGULAR, moments)
        place = np.maximum(np.searchsorted(edges.opens, moments + width, side="right") - 1, 0)
        offset = moments - edges.opens[place]
        near = (np.abs(offset) <= width) & (offset % width == 0)
        keys = self.owner * len(edges) + place
        firsts = _firsts(keys[near])
        rows = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=int(near.sum())))
        trade = np.zeros((len(firsts), 3))
        trade[rows, offset[near] // width + 1] = np.maximum(self.volume[near], _NEXT_TO_NOTHING)
        before, at, after = trade.T
        late = after > _TIMES * at
        sharp = ~late & (at > _TIMES * before)
        inside = (offset >= 0) & (moments <= edges.ends[place])
        ended = int((moments == edges.ends[place]).sum())
        whole = None
        if not before.any() and len(firsts) and self._full(keys[inside], edges):
            whole = "close" if not at.any() and ended >= len(firsts) else "open" if at.all() and not ended else None
        return Openings(len(firsts), int(sharp.sum()), int(late.sum()), whole)

    def _full(self, keys: Stamps, edges: Grid) -> bool:
        """Whether nearly every bar of nearly every session is there."""
        firsts = _firsts(keys)
        counts, place = np.diff(firsts, append=len(keys)), keys[firsts] % len(edges)
        slots = (edges.ends[place] - edges.opens[place]) // self.interval.width_ns
        return bool(len(firsts) and (counts >= _FULL * slots).mean() >= _FULL)


@dataclass(frozen=True, slots=True)
class Openings:
    """How sessions of series begin, where the bars around the open are there.

    Parameters
    ----------
    seen
        How many have one.
    sharp, late
        Of these: trade begins with the stamp of the open; with the one after it.
    whole
        What the stamps are where sessions are full from end to end and nothing lies before them, else None.
    """

    seen: int
    sharp: int
    late: int
    whole: str | None

    def end(self, *, strong: bool) -> str | None:
        """Which end of a bar is stamped, None where that is not clear.

        Parameters
        ----------
        strong
            Whether nearly all sessions must agree: to refuse what was said, or to move what is an instant.
        """
        if self.whole is not None:
            return self.whole
        if self.seen < 3:
            return None
        most, least = (0.8, 0.05) if strong else (0.6, 0.15)
        for end, votes, against in (("close", self.late, self.sharp), ("open", self.sharp, self.late)):
            if votes >= most * self.seen and against <= least * self.seen:
                return end
        return None


def evidence_of(calendar: Calendar, interval: Interval, series: Sequence[Sequence[Block]]) -> Evidence:
    """A sample of the bars of series.

    Parameters
    ----------
    series
        The rows of each, from one file or many: how they are cut into files makes no difference.
    """
    chosen = [series[place] for place in np.unique(np.linspace(0, len(series) - 1, _SERIES).astype(int))]
    most = max(_FEWEST_ROWS, _ROWS // len(chosen))
    parts = [_sampled(*_joined(blocks), most) for blocks in chosen]
    return Evidence(
        calendar,
        interval,
        np.concatenate([ts for ts, _ in parts]),
        np.concatenate([_known(volume) for _, volume in parts]),
        np.repeat(np.arange(len(parts)), [len(ts) for ts, _ in parts]),
    )


def _joined(blocks: Sequence[Block]) -> tuple[Stamps, Floats]:
    """Stamps and volumes of a series in order of time, each stamp once."""
    ts, volume = (np.concatenate(parts) for parts in zip(*((one.ts, one.volume) for one in blocks), strict=True))
    known = (ts >= -LATEST) & (ts <= LATEST)
    if known.all() and (ts[1:] > ts[:-1]).all():
        return ts, volume
    order = np.flatnonzero(known)[np.argsort(ts[known], kind="stable")]
    order = order[np.append(ts[order][1:] != ts[order][:-1], True)] if len(order) else order
    return ts[order], volume[order]


def _sampled(ts: Stamps, volume: Floats, most: int) -> tuple[Stamps, Floats]:
    """Stamps and volumes of whole days from all over a series."""
    if len(ts) > most:
        day = ts // DAY_NS
        starts = _firsts(day)
        rows = len(ts) // len(starts)
        count = max(1, min(_DAYS, most // max(1, rows), len(starts)))
        picked = np.unique(np.linspace(0, len(starts) - 1, count).astype(np.int64))
        lengths = np.diff(starts, append=len(ts))[picked]
        places = np.repeat(starts[picked] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        ts, volume = ts[places], volume[places]
    return ts, volume


def _known(volume: Floats) -> Floats:
    """Volumes as `Evidence` has them."""
    known = (volume > 0) & (volume < np.inf)
    if not known.any():
        return np.ones(len(volume))
    return volume if known.all() else np.where(known, volume, 0.0)


def _firsts(keys: Stamps) -> Stamps:
    """Where each run of equal keys begins."""
    changes = np.ones(len(keys), bool)
    changes[1:] = keys[1:] != keys[:-1]
    return np.flatnonzero(changes)


@lru_cache(maxsize=32)
def _edges(calendar: Calendar, hours: Hours) -> Grid:
    return calendar.grid(_DAILY, 0, len(calendar) - 1, hours)


def _edges_near(calendar: Calendar, hours: Hours, moments: Stamps) -> Grid:
    """Those of the sessions around some instants: the fewer there are, the sooner a bar finds its own."""
    edges = _edges(calendar, hours)
    first, last = np.searchsorted(edges.opens, [moments.min(), moments.max()], side="right").tolist()
    return edges[max(first - _AROUND, 0) : last + _AROUND]


@lru_cache(maxsize=32)
def _is_edged(calendar: Calendar) -> bool:
    edges = _edges(calendar, Hours.REGULAR)
    return bool(2 * np.median(edges.ends - edges.opens) <= DAY_NS)


def in_hours(calendar: Calendar, interval: Interval, ts: Stamps) -> Mask:
    """Which bars that start at these instants are in a market's hours, those before and after regular ones included."""
    edges = _edges(calendar, Hours.EXTENDED)
    place = np.searchsorted(edges.opens, ts + interval.width_ns - 1, side="right") - 1
    inside: Mask = (place >= 0) & (ts < edges.ends[place] + interval.width_ns)
    return inside
