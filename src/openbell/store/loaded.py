"""What the catalogue says of the series that were asked for, kept by whole years."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np

from openbell.bars.interval import Interval, Unit
from openbell.market.calendar import Calendar
from openbell.store.catalog import Catalog
from openbell.store.days import GridKind, Rows
from openbell.store.entries import EntryTable, Found
from openbell.store.series import SeriesDays, resolved

Kind = tuple[Interval, GridKind]


@dataclass(slots=True, eq=False)
class _Batch:
    """What was looked up together.

    Parameters
    ----------
    start, end
        The days that were looked at, both included, as days since 1970-01-01.
    table
        The entries of all series that were found.
    oldest
        The earliest day that somebody asked for since the last rest.
    """

    start: int
    end: int
    table: EntryTable
    oldest: int


_Known = tuple[_Batch, SeriesDays | None, int]
"""Of a symbol: where it was looked up, its series and its place in the table; None and -1 if it has none."""

_EPOCH = date(1970, 1, 1)
_WEEK_DAYS = 7
_WITH_BITS = 128


class LoadedSeries:
    """The sessions of series, looked up in a catalogue at the first question. Any number of threads may share one.

    Parameters
    ----------
    root
        The store's folder.
    calendar
        Whose sessions are meant.
    catalog
        Where they are looked up.
    """

    def __init__(self, root: Path, calendar: Calendar, catalog: Catalog) -> None:
        self._root, self._calendar, self._catalog = root, calendar, catalog
        self._series: dict[Kind, dict[str, _Known]] = {}
        self._bits: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def each(
        self, symbols: Sequence[str], interval: Interval, grid: GridKind, first: int, last: int
    ) -> list[tuple[int, SeriesDays]]:
        """The series of those symbols that have one, with their places among the symbols; sessions asked for are in."""
        if last < first:
            return []
        found = self._known(symbols, (interval, grid), *self._days_of(interval, first, last))
        return [(row, series) for row, (_, series, _) in enumerate(found) if series is not None]

    def entries(
        self, symbols: Sequence[str], interval: Interval, grid: GridKind, first: int, last: int
    ) -> tuple[Rows, Found]:
        """The places of those symbols that have a series, and their entries of the sessions that were asked for."""
        if last < first or not symbols:
            return np.empty(0, np.int64), Found(())
        known = self._known(symbols, (interval, grid), *self._days_of(interval, first, last))
        batches, _, places = zip(*known, strict=True)
        there, parts, end = np.array(places), [], 0
        for batch, run in groupby(batches):
            begin, end = end, end + len(list(run))
            own = there[begin:end]
            parts.append(batch.table.between(own[own >= 0], first, last))
        return np.flatnonzero(there >= 0), Found(parts)

    def bits(self, every: Sequence[SeriesDays], first: int, last: int) -> dict[int, bytes]:
        """Presence bits by the ids of pieces: those that some sessions of some series lie in are among them."""
        used = {
            series.pieces[owner].id
            for series in every
            if series.pieces
            for owner in set(series.owners[series.inside(first, last)].tolist())
        }
        with self._lock:
            missing = used - self._bits.keys()
            if missing:
                self._bits.update(self._catalog.presence(sorted(missing)))
            return self._bits

    def coming(self, day: int) -> dict[str, list[int]]:
        """By names of files, the rows at which sessions from a day on begin, of all series that were looked up."""
        with self._lock:
            batches = {batch for series in self._series.values() for batch, _, _ in series.values()}
        rows: dict[str, list[int]] = {}
        for batch in batches:
            for name, row in batch.table.coming(day):
                rows.setdefault(name, []).append(row)
        return rows

    def rest(self) -> None:
        """Forget years that nobody asked for since the last rest: those of a long run would pile up."""
        with self._lock:
            for series in self._series.values():
                batches = {batch for batch, _, _ in series.values()}
                idle = {batch for batch in batches if batch.oldest > batch.start}
                for symbol in [symbol for symbol, (batch, _, _) in series.items() if batch in idle]:
                    del series[symbol]
                for batch in batches - idle:
                    batch.oldest = batch.end
                if idle:
                    self._bits = {}  # whoever looks into the old ones keeps them

    def _days_of(self, interval: Interval, first: int, last: int) -> tuple[int, int]:
        """The dates of sessions, in whole years, as days since 1970-01-01; a week may begin in the year before."""
        start, end = self._calendar.session(first).date, self._calendar.session(last).date
        before = _WEEK_DAYS if interval.unit is Unit.WEEK else 0
        return (date(start.year, 1, 1) - _EPOCH).days - before, (date(end.year, 12, 31) - _EPOCH).days

    def _known(self, symbols: Sequence[str], kind: Kind, start: int, end: int) -> list[_Known]:
        """What is known of symbols on some days, one answer each."""
        with self._lock:
            series = self._series.setdefault(kind, {})
            found = [series[symbol] for symbol in symbols if symbol in series]
            batches = {batch for batch, _, _ in found}
            short = {batch for batch in batches if start < batch.start or end > batch.end}
            if short or len(found) < len(symbols):
                missing = [name for name in dict.fromkeys(symbols) if name not in series or series[name][0] in short]
                reach = min([start, *(batch.start for batch in short)]), max([end, *(batch.end for batch in short)])
                batches = {*(batches - short), self._look_up(missing, kind, *reach)}
                found = [series[symbol] for symbol in symbols]
            for batch in batches:
                batch.oldest = min(batch.oldest, start)
            return found

    def _look_up(self, symbols: Sequence[str], kind: Kind, start: int, end: int) -> _Batch:
        pieces = self._catalog.pieces(*kind, symbols, (start, end), bits=len(symbols) <= _WITH_BITS)
        self._bits.update((piece.id, piece.bits) for piece in pieces if piece.bits is not None)
        found = resolved(self._root, self._calendar, pieces)
        batch = _Batch(start, end, EntryTable(list(found.values())), end)
        self._series[kind].update(dict.fromkeys(symbols, (batch, None, -1)))
        self._series[kind].update((symbol, (batch, found[symbol], place)) for place, symbol in enumerate(found))
        return batch
