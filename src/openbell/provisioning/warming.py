"""Warming indicators up from bars before today and today's so far: one symbol, or many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.bars.sheaf import Sheaf
from openbell.indicators.batch import Stand
from openbell.indicators.chain import Ints, Places
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import NEVER, Warm
from openbell.provisioning.needs import warmup_of
from openbell.session.records import Amount, History
from openbell.session.session_data import SessionData


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of one symbol and interval that an indicator is warmed up from."""

    history: History
    today: Block


class Warmer:
    """Makes the canonical state of indicators; changes nothing of the session.

    Parameters
    ----------
    session
        Whose indicators, calendar and clock.
    """

    def __init__(self, session: SessionData) -> None:
        self._session, self._time = session, session.time
        self._known_ends: dict[tuple[Interval, int], int] = {}

    def one(self, spec: IndicatorSpec, bars: Bars, *, keep: bool) -> Warm:
        """One indicator of one symbol; with `keep` also the values of all its bars."""
        manager = self._session.indicators
        manager.prepare(spec)
        past = bars.history.block if keep else self._past(bars.history, warmup_of(spec))
        places = self._places(spec.interval, past, bars.today) if spec.placed else None
        warm = manager.warm(spec, past, bars.today, places, keep=keep)
        if places is None and warm.seen:
            last = bars.today if len(bars.today) else past
            warm = replace(warm, last_updated=self._end(spec.interval, int(last.ts[-1])))
        return warm

    def alike(self, specs: Sequence[IndicatorSpec], bars: Bars) -> list[Warm]:
        """Indicators of one interval for one symbol, none of which asks where bars lie."""
        past = bars.history.ending(max(spec.needs.history for spec in specs))
        last = bars.today if len(bars.today) else past
        end = self._end(specs[0].interval, int(last.ts[-1])) if len(last) else NEVER
        return self._session.indicators.warm_alike(specs, past, bars.today, end)

    def many(self, specs: Sequence[IndicatorSpec], past: Sequence[History], today: Sequence[Block]) -> list[Stand]:
        """Indicators of one interval for many symbols, none of which asks where bars lie.

        Parameters
        ----------
        past, today
            Of each symbol its bars before today, and today's.
        """
        steps = max(spec.needs.history for spec in specs)
        before = Sheaf.of([history.ending(steps) for history in past])
        since = Sheaf.of(today) if any(map(len, today)) else None
        stands, stamps = self._session.indicators.warm_many(specs, before, since)
        ends = self._ends(specs[0].interval, stamps)
        return [stand.ended(ends) for stand in stands]

    def trimmed(self, history: History, amount: Amount) -> History:
        """The shortest end of history that holds the amount."""
        begins, today = self._time.calendar.begins, self._time.today.ordinal
        starts = [int(begins[max(today - amount.days, 0)])] if amount.days else []
        if starts and (history.first is None or history.first >= starts[0]):
            return history
        if amount.bars and not (amount.days or amount.sessions):
            last = history.last(amount.bars)
            return _own(History((last,) if len(last) else ()), history)
        if amount.bars:
            last = history.last(amount.bars)
            starts += [int(last.ts[0])] if len(last) else []
        if amount.sessions:
            places = np.unique(np.searchsorted(begins, history.block.ts, side="right") - 1)
            starts += [int(begins[places[-amount.sessions :][0]])] if len(places) else []
        return _own(history.since(min(starts)) if starts else History(), history)

    def _past(self, history: History, amount: Amount) -> Block:
        if amount.sessions:
            return self.trimmed(history, amount).block
        return history.last(amount.bars)

    def _places(self, interval: Interval, past: Block, today: Block) -> Places:
        """Slot, session, end and hours of each bar, history and today in one."""
        time = self._time
        parts = [(time.grid(interval), today, time.regular_slots(interval))]
        if len(past):
            first = int(np.searchsorted(time.calendar.begins, past.ts[0], side="right")) - 1
            grid = time.calendar.grid(interval, first, time.today.ordinal - 1, time.hours)
            parts.insert(0, (grid, past, time.calendar.regular_slots(grid)))
        slots, sessions, ends, regular = [], [], [], []
        for grid, block, inside in parts:
            at = grid.slots_of(block.ts)
            slots.append(at - np.searchsorted(grid.sessions, grid.sessions[at]))
            sessions.append(grid.sessions[at].astype(np.int64))
            ends.append(grid.ends[at])
            regular.append(inside[at])
        joined = (np.concatenate(column) for column in (slots, sessions, ends, regular))
        return Places(*joined)

    def _end(self, interval: Interval, stamp: int) -> int:
        """When the bar with a stamp ended."""
        known = self._known_ends.get((interval, stamp))
        if known is None:
            grid = self._grid_from(interval, stamp)
            known = int(grid.ends[max(int(grid.stamps.searchsorted(stamp, side="right")) - 1, 0)])
            self._known_ends[interval, stamp] = known
        return known

    def _ends(self, interval: Interval, stamps: Ints) -> Ints:
        """When bars with these stamps ended; anything for a stamp of 0."""
        known = stamps[stamps > 0]
        if not len(known):
            return np.zeros_like(stamps)
        grid = self._grid_from(interval, int(known.min()))
        return grid.ends[np.maximum(np.searchsorted(grid.stamps, stamps, side="right") - 1, 0)]

    def _grid_from(self, interval: Interval, stamp: int) -> Grid:
        """The windows from the session of a bar to today's; a week is known by its last session."""
        calendar = self._time.calendar
        first = max(int(calendar.begins.searchsorted(stamp, side="right")) - 1, 0)
        return calendar.grid(interval, first, self._time.today.ordinal, self._time.hours)


def _own(kept: History, whole: History) -> History:
    """The end of a history; a short end of a long one in memory of its own, or it would keep all of that alive."""
    return kept if 2 * len(kept) > len(whole) else History(tuple(part.copied() for part in kept.parts))
