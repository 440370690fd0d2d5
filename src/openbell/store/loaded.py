"""What the catalogue says of the series that were asked for, kept by whole years."""

import threading
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np

from openbell.bars.interval import Interval, Unit
from openbell.market.calendar import Calendar
from openbell.store.catalog import Catalog
from openbell.store.days import GridKind
from openbell.store.entries import EntryTable, Joined
from openbell.store.series import SeriesDays, resolved

Kind = tuple[Interval, GridKind]
Known = tuple[SeriesDays, EntryTable, int]
"""A series, the table that its entries are in, and its place there."""

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
        self._series: dict[Kind, dict[str, Known | None]] = {}
        self._reach: dict[Kind, tuple[int, int]] = {}
        self._oldest: dict[Kind, int] = {}
        self._bits: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def each(
        self, symbols: Sequence[str], interval: Interval, grid: GridKind, first: int, last: int
    ) -> list[tuple[int, SeriesDays]]:
        """The series of those symbols that have one, with their places among the symbols; sessions asked for are in."""
        with self._lock:
            known = self._known(symbols, (interval, grid), *self._days_of(interval, first, last))
            found = map(known.get, symbols)
        return [(row, one[0]) for row, one in enumerate(found) if one is not None]

    def entries(
        self, symbols: Sequence[str], interval: Interval, grid: GridKind, first: int, last: int
    ) -> tuple[list[tuple[int, SeriesDays]], Joined]:
        """What `each` answers, and the entries of the sessions that were asked for."""
        with self._lock:
            known = self._known(symbols, (interval, grid), *self._days_of(interval, first, last))
            found = [(row, one) for row, one in enumerate(map(known.get, symbols)) if one is not None]
        parts = [
            table.between(np.array([place for _, (_, _, place) in group], np.int64), first, last)
            for table, group in groupby(found, key=lambda one: one[1][1])
        ]
        return [(row, series) for row, (series, _, _) in found], Joined.of(parts)

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

    def rest(self) -> None:
        """Forget years that nobody asked for since the last rest: those of a long run would pile up."""
        with self._lock:
            for kind, (start, _) in list(self._reach.items()):
                if self._oldest.pop(kind, start) > start:
                    del self._reach[kind], self._series[kind]
                    self._bits = {}  # whoever looks into the old ones keeps them

    def _days_of(self, interval: Interval, first: int, last: int) -> tuple[int, int]:
        """The dates of sessions, in whole years, as days since 1970-01-01; a week may begin in the year before."""
        if last < first:
            return 0, 0
        start, end = self._calendar.session(first).date, self._calendar.session(last).date
        before = _WEEK_DAYS if interval.unit is Unit.WEEK else 0
        return (date(start.year, 1, 1) - _EPOCH).days - before, (date(end.year, 12, 31) - _EPOCH).days

    def _known(self, symbols: Sequence[str], kind: Kind, start: int, end: int) -> dict[str, Known | None]:
        reach = self._reach.get(kind, (start, end))
        self._oldest[kind] = min(start, self._oldest.get(kind, start))
        if kind not in self._reach or start < reach[0] or end > reach[1]:
            self._reach[kind] = reach = min(start, reach[0]), max(end, reach[1])
            self._series[kind] = {}
        known = self._series[kind]
        missing = [symbol for symbol in dict.fromkeys(symbols) if symbol not in known]
        if missing:
            pieces = self._catalog.pieces(*kind, missing, reach, bits=len(missing) <= _WITH_BITS)
            self._bits.update((piece.id, piece.bits) for piece in pieces if piece.bits is not None)
            found = resolved(self._root, self._calendar, pieces)
            known.update(dict.fromkeys(missing))
            if found:
                table = EntryTable(list(found.values()))
                known.update((symbol, (series, table, place)) for place, (symbol, series) in enumerate(found.items()))
        return known
