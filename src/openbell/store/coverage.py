"""How complete a store is: bars there per symbol and session, and the holes, from the catalogue alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

from openbell.bars.interval import Interval
from openbell.market.session import Hours
from openbell.quality.gaps import Gap
from openbell.store.holes import Lacking, missing_runs
from openbell.store.manager import DataManager

SHORTEST_RUN = 15
_SYMBOLS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Bars there and bars expected, per symbol and session.

    Parameters
    ----------
    symbols, dates
        The rows and the columns of the arrays.
    present
        int32, shape (symbols, dates).
    expected
        int32, shape (symbols, dates); 0 before a symbol was listed and from its delisting on.
    """

    interval: Interval
    symbols: tuple[str, ...]
    dates: tuple[date, ...]
    present: npt.NDArray[np.int32]
    expected: npt.NDArray[np.int32]

    @property
    def percent(self) -> npt.NDArray[np.float64]:
        """100 x present / expected, NaN where nothing is expected."""
        share = np.full(self.present.shape, np.nan)
        np.divide(100.0 * self.present, self.expected, out=share, where=self.expected > 0)
        return share

    def total(self, symbol: str) -> float | None:
        """100 x present / expected of one symbol over all sessions; None where nothing is expected."""
        row = self.symbols.index(symbol)
        expected = int(self.expected[row].sum())
        counted = int(self.present[row][self.expected[row] > 0].sum())
        return 100.0 * counted / expected if expected else None


def coverage(
    data: DataManager,
    symbols: Sequence[str],
    interval: Interval,
    first: int,
    last: int,
    hours: Hours = Hours.REGULAR,
) -> Coverage:
    """How many of the expected bars are there, per symbol and session; reads no data.

    Parameters
    ----------
    first, last
        Sessions, both included.
    """
    calendar = data.calendar
    sessions = calendar.grid(interval, first, last, hours).sessions
    slots = np.bincount(sessions - first, minlength=last - first + 1).astype(np.int32)
    dates = tuple(calendar.session(ordinal).date for ordinal in range(first, last + 1))
    expected = np.tile(slots, (len(symbols), 1))
    for row, symbol in enumerate(symbols):
        start, end = _listed(data, symbol, first, last)
        expected[row, :start] = 0
        expected[row, end:] = 0
    present = data.counts(symbols, interval, first, last, hours)
    return Coverage(interval, tuple(symbols), dates, present, expected)


@dataclass(frozen=True, slots=True)
class Hole:
    """Missing bars of one symbol: whole sessions, or a run within one session."""

    symbol: str
    interval: Interval
    start: datetime
    last: datetime
    bars: int
    sessions: int

    @property
    def whole(self) -> bool:
        """Whether whole sessions are missing."""
        return self.sessions > 0


@dataclass(frozen=True, slots=True)
class SymbolGaps:
    """The holes of one symbol.

    Parameters
    ----------
    holes
        Whole sessions (those that follow one another as one hole) and long runs, worst first.
    scattered
        Missing bars that are in none of these: no trade, or missing.
    missing, expected
        All bars that are not there, and that should be.
    """

    symbol: str
    interval: Interval
    holes: tuple[Hole, ...]
    scattered: int
    missing: int
    expected: int


def find_gaps(
    data: DataManager,
    symbols: Sequence[str],
    interval: Interval,
    first: int,
    last: int,
    hours: Hours = Hours.REGULAR,
    *,
    shortest: int = SHORTEST_RUN,
) -> list[SymbolGaps]:
    """The holes of each symbol since it was listed, the symbol that lacks most first; reads no data.

    Parameters
    ----------
    first, last
        Sessions, both included.
    shortest
        Runs of fewer bars within one session count as scattered.
    """
    found = []
    for names in (symbols[at : at + _SYMBOLS_AT_ONCE] for at in range(0, len(symbols), _SYMBOLS_AT_ONCE)):
        listed = [_listed(data, symbol, first, last) for symbol in names]
        lacking = missing_runs(data, names, interval, first, last, hours, listed, shortest)
        found += [_sorted_out(symbol, interval, one) for symbol, one in zip(names, lacking, strict=True)]
    return sorted(found, key=lambda one: (-one.missing, one.symbol))


def _listed(data: DataManager, symbol: str, first: int, last: int) -> tuple[int, int]:
    """The sessions in which a symbol is listed, counted from the first one, the end not included."""
    info = data.info(symbol)
    if info is None:
        return 0, 0
    dates = [data.calendar.session(ordinal).date for ordinal in (first, last)]
    calendar = data.calendar
    start = first if info.listed <= dates[0] else calendar.first_on_or_after(min(info.listed, calendar.last_date))
    end = last + 1
    if info.delisted is not None and info.delisted <= dates[1]:
        end = calendar.first_on_or_after(max(info.delisted, calendar.first_date))
    count = last - first + 1
    return min(max(start - first, 0), count), min(max(end - first, 0), count)


def _sorted_out(symbol: str, interval: Interval, lacking: Lacking) -> SymbolGaps:
    """Long runs as holes; only these become objects, thin symbols have thousands of short ones."""
    holes: list[Hole] = []
    previous: Gap | None = None
    for gap in lacking.runs.gaps:
        follows = previous is not None and previous.whole_session and previous.session == gap.session - 1
        if gap.whole_session and follows:
            holes.append(_joined(holes.pop(), gap))
        else:
            holes.append(_hole(symbol, interval, gap, sessions=int(gap.whole_session)))
        previous = gap
    holes.sort(key=lambda hole: (-hole.bars, hole.start))
    missing = lacking.scattered + int(lacking.runs.bars.sum())
    return SymbolGaps(symbol, interval, tuple(holes), lacking.scattered, missing, lacking.expected)


def _hole(symbol: str, interval: Interval, gap: Gap, sessions: int) -> Hole:
    return Hole(symbol, interval, _moment(gap.start), _moment(gap.last), gap.bars, sessions)


def _joined(hole: Hole, gap: Gap) -> Hole:
    last = _moment(gap.last)
    return Hole(hole.symbol, hole.interval, hole.start, last, hole.bars + gap.bars, hole.sessions + 1)


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC)
