"""How far back history must be read so that it holds what is asked: known from the catalogue, before any read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.bars.interval import Interval, Unit
from openbell.market.session import Hours
from openbell.market.time_manager import TimeManager
from openbell.market.windows import windows
from openbell.provisioning.shelves import slots_of_day, windows_per_session
from openbell.provisioning.steps import Read, Stretch
from openbell.session.records import Amount
from openbell.store.manager import BYTES_PER_BAR, DataManager

Counts = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]

_TOGETHER = 256


class Reach(NamedTuple):
    """For one symbol and interval: the oldest session to cover, and how much there is.

    Parameters
    ----------
    first
        Session ordinal; today's where no history is needed or there is none.
    bars
        Present bars in the sessions from `first` to yesterday, or fewer where more days than bars are asked for.
    empty
        Sessions among the asked ``days`` in which the symbol has no bar.
    """

    first: int
    bars: int
    empty: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """Stored bars of some symbols, by their places, and rows that a read takes, per session from a first one on."""

    first: int
    bars: Counts
    rows: Rows
    places: Mapping[str, int]

    def part(self, symbols: Sequence[str], first: int, last: int) -> tuple[Counts, Rows] | None:
        """Those of some of the symbols and some of the sessions; None where not all of them were looked up."""
        sessions, known = slice(first - self.first, last + 1 - self.first), self.places
        if first < self.first or last >= self.first + self.bars.shape[1] or not all(map(known.__contains__, symbols)):
            return None
        places = [known[symbol] for symbol in symbols]
        if places == list(known.values()):
            return self.bars[:, sessions], self.rows[:, sessions]
        return self.bars[places, sessions], self.rows[places, sessions]


class Reacher:
    """Answers how far back, for many symbols at once, from presence in the catalogue.

    Parameters
    ----------
    data
        The store.
    time
        The clock, on today's session.
    completeness
        The least share of base bars with which a derived bar exists.
    """

    def __init__(self, data: DataManager, time: TimeManager, completeness: float) -> None:
        self._data, self._time, self._completeness = data, time, completeness
        self._known: dict[Interval, list[_Looked]] = defaultdict(list)
        self._reads: dict[Stretch, dict[str, Read]] = defaultdict(dict)

    def of(self, symbols: Sequence[str], interval: Interval, base: Interval, amount: Amount) -> list[Reach]:
        """One answer per symbol, in their order."""
        today = self._time.today.ordinal
        if not amount.some:
            return [Reach(today, 0)] * len(symbols)
        return self._search(symbols, interval, base, amount, self._sessions_for(interval, amount))

    def expect(self, wanted: Iterable[tuple[Sequence[str], Sequence[Stretch]]]) -> None:
        """Look up what reads will take, all symbols of a stretch at once.

        Parameters
        ----------
        wanted
            Symbols, each time with the stretches that are read of them: sessions before today, or today alone.
        """
        together: dict[Stretch, list[str]] = {}
        for symbols, stretches in wanted:
            for stretch in stretches:
                together.setdefault(stretch, []).extend(symbols)
        for stretch, symbols in together.items():
            now = stretch.first == self._time.today.ordinal
            sizes = self._sizes_today(symbols, stretch) if now else self._sizes(symbols, stretch)
            # Equal ones are one object.
            made = {size: Read(stretch, size[0], size[1] * BYTES_PER_BAR) for size in set(sizes)}
            self._reads[stretch].update(zip(symbols, [made[size] for size in sizes], strict=True))

    def reads(self, symbols: Sequence[str], stretches: Sequence[Stretch]) -> list[tuple[Read, ...]]:
        """What each of some symbols reads of some stretches that were expected of them."""
        known = [self._reads[stretch] for stretch in stretches]
        return [tuple([reads[symbol] for reads in known]) for symbol in symbols]

    def _sizes(self, symbols: Sequence[str], stretch: Stretch) -> list[tuple[int, int]]:
        """Bars of each symbol in a stretch of the past, and rows that a read of them takes."""
        span = stretch.interval, stretch.first, stretch.last
        bars, rows = self._looked(symbols, *span)
        return list(zip(bars.sum(axis=1).tolist(), rows.sum(axis=1).tolist(), strict=True))

    def _sizes_today(self, symbols: Sequence[str], stretch: Stretch) -> list[tuple[int, int]]:
        """The same of today up to now."""
        ended = self._time.grid(stretch.interval).ended_by(self._time.now)
        if not ended:
            return [(0, 0)] * len(symbols)
        present = self._data.presence(symbols, stretch.interval, stretch.first, hours=Hours.EXTENDED)
        slots = slots_of_day(self._time.calendar, stretch.interval, stretch.first, self._time.hours)[:ended]
        bars = present[:, slots].sum(axis=1).tolist()
        return list(zip(bars, bars, strict=True))

    def counts(self, symbols: Sequence[str], interval: Interval, base: Interval, first: int, last: int) -> Counts:
        """Present bars per symbol and session, int64 of shape (symbols, last - first + 1); a week's in its last one."""
        if first > last:
            return np.zeros((len(symbols), 0), np.int64)
        stored = self._stored(symbols, base, first, last)
        if interval == base:
            return self._weeks_with_any(interval, stored, first, last)
        if not interval.intraday:
            derived = self._sessions_with_enough(stored, interval, base, first, last)
            return self._or_own(symbols, interval, base, derived, first, last)
        parts = range(0, len(symbols), _TOGETHER)
        found = [self._derived(symbols[at : at + _TOGETHER], interval, base, first, last) for at in parts]
        return self._or_own(symbols, interval, base, np.concatenate(found), first, last)

    def at_least(self, symbols: Sequence[str], interval: Interval, base: Interval, first: int, last: int) -> Counts:
        """The same, or fewer: what the number of base bars says without their places."""
        if first > last:
            return np.zeros((len(symbols), 0), np.int64)
        stored = self._stored(symbols, base, first, last)
        if interval == base:
            return self._weeks_with_any(interval, stored, first, last)
        derived = self._folded_at_least(stored, interval, base, first, last)
        return self._or_own(symbols, interval, base, derived, first, last)

    def _folded_at_least(self, counts: Counts, interval: Interval, base: Interval, first: int, last: int) -> Counts:
        """How many windows of each session must have enough base bars, however these lie.

        A window without enough of its k bars holds at most m - 1, so with n bars in w windows at least
        (n - w (m - 1)) / (k - m + 1) have enough.
        """
        if not interval.intraday:
            return self._sessions_with_enough(counts, interval, base, first, last)
        windows = self._windows(interval, first, last)
        size = interval.width_ns // base.width_ns
        enough = max(1, ceil(self._completeness * size))
        least: Counts = -(-(counts - windows * (enough - 1)) // (size - enough + 1))
        return np.maximum(least, 0)

    def _search(
        self, symbols: Sequence[str], interval: Interval, base: Interval, amount: Amount, span: int
    ) -> list[Reach]:
        """Look back over so many sessions, and four times as far for those symbols that need more and have more."""
        today = self._time.today.ordinal
        first = max(today - span, 0)
        if interval.unit is Unit.WEEK:
            first = self._time.calendar.week_start(first)
        sure = self.at_least(symbols, interval, base, first, today - 1)
        by_days = max(today - first - amount.days, 0) if amount.days else today - first
        totals = sure.sum(axis=1)
        # Where the days reach back to the first session, no number of bars reaches further.
        by_bars = _youngest(sure, amount.bars) if by_days else np.zeros(len(symbols), np.int64)
        unsure = self._unsure(symbols, sure, totals, by_bars, by_days, interval, base, amount, first)
        if unsure:
            doubtful = [symbols[i] for i in unsure]
            oldest = 0 if amount.sessions else min(int(by_bars[unsure].min()), by_days)
            left, right = self._with_bars(doubtful, interval, base, (first + oldest, today - 1))
            sure[unsure, left - first : right + 1 - first] = self.counts(doubtful, interval, base, left, right)
            totals = sure.sum(axis=1)
            if by_days:
                by_bars[unsure] = _youngest(sure[unsure], amount.bars)
        firsts = np.minimum(by_bars, by_days)
        if amount.sessions:
            firsts = np.minimum(firsts, _youngest((sure > 0).astype(np.int64), amount.sessions))
        found = self._reaches(interval, sure, firsts, first, amount)
        short = totals < amount.bars
        if amount.sessions:
            short |= (sure > 0).sum(axis=1) < amount.sessions
        deeper = [i for i in short.nonzero()[0].tolist() if first > 0 and self._has_before(symbols[i], first)]
        if deeper:
            again = self._search([symbols[i] for i in deeper], interval, base, amount, span * 4)
            for i, reach in zip(deeper, again, strict=True):
                found[i] = reach
        return found

    def _unsure(
        self,
        symbols: Sequence[str],
        sure: Counts,
        totals: Counts,
        by_bars: Counts,
        by_days: int,
        interval: Interval,
        base: Interval,
        amount: Amount,
        first: int,
    ) -> list[int]:
        """Of which symbols bars must be counted one by one: neither the days that are read anyway nor bounds tell."""
        if interval == base:
            return []
        doubtful = totals < max(amount.bars, 1)
        bounded = by_bars < by_days
        if by_days and bounded.any():
            most = self._at_most(symbols, sure, interval, base, first)
            doubtful |= bounded & (by_bars != _youngest(most, amount.bars))
        if self._completeness:
            doubtful |= self._doubtful(symbols, sure, base, first)
        unsure: list[int] = doubtful.nonzero()[0].tolist()
        return unsure

    def _with_bars(
        self, symbols: Sequence[str], interval: Interval, base: Interval, sessions: tuple[int, int]
    ) -> tuple[int, int]:
        """Those of some sessions in which bars must be counted one by one: from the first to the last with any.

        Symbols that have left the market have theirs long ago, and these are the same sessions every day.
        """
        first, last = sessions
        own = not self._data.storing(interval).isdisjoint(symbols)
        if own or not interval.intraday or first > last:
            return first, last
        there = np.flatnonzero(self._stored(symbols, base, first, last).any(axis=0))
        return (first + int(there[0]), first + int(there[-1])) if len(there) else (first, first - 1)

    def _at_most(self, symbols: Sequence[str], sure: Counts, interval: Interval, base: Interval, first: int) -> Counts:
        """No session has more bars than windows, nor more than base bars; those of its own are in ``sure``."""
        last = first + sure.shape[1] - 1
        if last < first:
            return sure
        stored = self._stored(symbols, base, first, last)
        return np.maximum(sure, np.minimum(self._windows(interval, first, last), stored))

    def _doubtful(self, symbols: Sequence[str], sure: Counts, base: Interval, first: int) -> npt.NDArray[np.bool_]:
        """Whether a symbol has a session with base bars that may or may not give a bar."""
        there = self._stored(symbols, base, first, first + sure.shape[1] - 1) > 0
        doubtful: npt.NDArray[np.bool_] = (there & (sure == 0)).any(axis=1)
        return doubtful

    def _stored(self, symbols: Sequence[str], interval: Interval, first: int, last: int) -> Counts:
        """Stored bars per symbol and session."""
        return self._looked(symbols, interval, first, last)[0]

    def _looked(self, symbols: Sequence[str], interval: Interval, first: int, last: int) -> tuple[Counts, Rows]:
        """Stored bars, and rows that a read takes; what was looked up together is looked up once."""
        for look in self._known[interval]:
            part = look.part(symbols, first, last)
            if part is not None:
                return part
        bars, rows = self._data.sizes(symbols, interval, first, last, self._time.hours)
        look = _Looked(first, bars.astype(np.int64), rows, {symbol: place for place, symbol in enumerate(symbols)})
        self._known[interval].append(look)
        return look.bars, look.rows

    def _or_own(
        self, symbols: Sequence[str], interval: Interval, base: Interval, derived: Counts, first: int, last: int
    ) -> Counts:
        """Derived bars, and stored ones of the interval itself in those sessions in which the base has none."""
        if self._data.storing(interval).isdisjoint(symbols):
            return derived
        there = self._stored(symbols, base, first, last) > 0
        return np.where(there, derived, self._stored(symbols, interval, first, last))

    def _sessions_with_enough(
        self, counts: Counts, interval: Interval, base: Interval, first: int, last: int
    ) -> Counts:
        """One bar for each day, or in the last session of each week, with enough base bars."""
        hours, calendar = self._time.hours, self._time.calendar
        expected = self._windows(base, first, last)
        found = np.zeros_like(counts)
        for closing in calendar.grid(interval, first, last, hours).sessions.tolist():
            opening = max(calendar.week_start(closing), first) if interval.unit is Unit.WEEK else closing
            window = slice(opening - first, closing + 1 - first)
            bars = counts[:, window].sum(axis=1)
            found[:, closing - first] = (bars > 0) & (bars / expected[window].sum() >= self._completeness)
        return found

    def _windows(self, interval: Interval, first: int, last: int) -> Counts:
        """Windows of each session."""
        return windows_per_session(self._time.calendar, interval, first, last, self._time.hours)

    def _weeks_with_any(self, interval: Interval, counts: Counts, first: int, last: int) -> Counts:
        """Stored weeks are catalogued with their first session; here they count in their last one."""
        if interval.unit is not Unit.WEEK:
            return counts
        calendar = self._time.calendar
        weeks = np.zeros_like(counts)
        for closing in calendar.grid(interval, first, last, self._time.hours).sessions.tolist():
            opening = max(calendar.week_start(closing), first)
            weeks[:, closing - first] = counts[:, opening - first : closing + 1 - first].any(axis=1)
        return weeks

    def _derived(self, symbols: Sequence[str], interval: Interval, base: Interval, first: int, last: int) -> Counts:
        """Windows with enough base bars per symbol and session, from where each base bar lies."""
        hours, calendar = self._time.hours, self._time.calendar
        grid, expected, _ = windows(calendar, interval, base, first, last, hours)
        fine = calendar.grid(base, first, last, hours)
        present = self._data.presence(symbols, base, first, last, hours=hours)
        folded = np.add.reduceat(present, np.searchsorted(fine.opens, grid.opens), axis=1, dtype=np.int32)
        enough = (folded > 0) & (folded / expected >= self._completeness)
        starts = np.searchsorted(grid.sessions, np.arange(first, last + 1))
        return np.add.reduceat(enough, starts, axis=1, dtype=np.int64)

    def _sessions_for(self, interval: Interval, amount: Amount) -> int:
        """Sessions that hold the amount if no bar is missing."""
        per_day = len(self._time.grid(interval)) if interval.intraday else 1
        per_bar = 5 if interval.unit is Unit.WEEK else 1
        by_bars = -(-amount.bars // max(1, per_day)) * per_bar + 1 if amount.bars else 0
        return max(amount.days, amount.sessions, by_bars)

    def _has_before(self, symbol: str, session: int) -> bool:
        info = self._data.info(symbol)
        return info is not None and info.listed < self._time.calendar.session(session).date

    def _reaches(self, interval: Interval, counts: Counts, firsts: Counts, begin: int, amount: Amount) -> list[Reach]:
        """Answers from the first column that counts for each symbol; empty sessions at its beginning are left out."""
        sessions = counts.shape[1]
        counted = np.where(np.arange(sessions) >= firsts[:, None], counts, 0) if firsts.any() else counts
        bars = counted.sum(axis=1)
        oldest = begin + np.where(bars, (counted > 0).argmax(axis=1) if sessions else 0, sessions)
        if interval.unit is Unit.WEEK:
            weeks = self._time.calendar
            oldest = np.array([weeks.week_start(int(at)) if at < begin + sessions else at for at in oldest])
        asked = counts[:, max(sessions - amount.days, 0) :] if amount.days else counts[:, :0]
        rows = zip(oldest.tolist(), bars.tolist(), (asked == 0).sum(axis=1).tolist(), strict=True)
        return [Reach(*row) for row in rows]


def _youngest(counts: Counts, enough: int) -> Counts:
    sessions = counts.shape[1]
    if not enough:
        return np.full(len(counts), sessions, np.int64)
    backwards = np.cumsum(counts[:, ::-1], axis=1)
    reached = np.argmax(backwards >= enough, axis=1)
    there = backwards[:, -1] >= enough if sessions else np.zeros(len(counts), np.bool_)
    return np.where(there, sessions - 1 - reached, 0)
