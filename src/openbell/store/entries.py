"""Entries of many series in one table, so that a stretch of sessions of all of them is found in one go.

What is asked of them is gathered for all series at once; nothing is made per series but its place in the answer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals
from openbell.store.days import DAY, DayEntries, Rows
from openbell.store.series import SeriesDays

# More than any calendar has sessions.
_SESSIONS = 1 << 32
_ALL = slice(None)
_WHOLE, _ROW = np.dtype((np.void, DAY.itemsize)), np.dtype(np.int64)


class EntryTable:
    """The entries of some series that are sessions of the calendar.

    Parameters
    ----------
    every
        The series.

    Attributes
    ----------
    ordinals, days, rows, owners
        As in `SeriesDays`, one series after the other.
    files
        The file that each entry lies in, numbered as in `SeriesDays`.
    """

    def __init__(self, every: Sequence[SeriesDays]) -> None:
        chosen = [_ALL if series.regular else series.ordinals >= 0 for series in every]
        ordinals = [series.ordinals[own] for series, own in zip(every, chosen, strict=True)]
        # numpy copies records field by field; as bytes they are copied whole.
        days = [series.days.view(_WHOLE)[own] for series, own in zip(every, chosen, strict=True)]
        self.series = every
        self.ordinals: Ordinals = _together(ordinals, np.dtype(np.int32))
        self.days: DayEntries = _together(days, _WHOLE).view(DAY)
        self.rows: Rows = _together([one.rows[own] for one, own in zip(every, chosen, strict=True)], _ROW)
        self.owners: Rows = _together([one.owners[own] for one, own in zip(every, chosen, strict=True)], _ROW)
        numbers, sizes = [len(series.files) for series in every], [len(own) for own in ordinals]
        begins = np.cumsum([0, *numbers[:-1]])
        files: Rows = _together([series.files for series in every], _ROW)
        self.files: Rows = files[np.repeat(begins[: len(every)], sizes) + self.owners]
        self._figures: dict[tuple[str, ...], npt.NDArray[Any]] = {}
        # Ascending over all series: a series' entries are in order of sessions.
        self._keys = self.ordinals + np.repeat(np.arange(len(every)) * _SESSIONS, sizes)

    def figure(self, *names: str) -> npt.NDArray[Any]:
        """What the catalogue says of each entry, by the names of `DAY`.

        An entry is some eighty bytes. Who asks again will do so every day, and gets a column whose numbers are near
        one another.
        """
        known = self._figures.get(names)
        if known is None:
            known = self.days
            for name in names:
                known = known[name]
        self._figures[names] = column = known if names not in self._figures else np.ascontiguousarray(known)
        return column

    def between(self, places: Rows, first: int, last: int) -> "Part":
        """The entries of sessions ``first`` to ``last`` of some of the series, one series after the other."""
        begins = places * _SESSIONS
        lefts, rights = self._keys.searchsorted(begins + first), self._keys.searchsorted(begins + last + 1)
        sizes = rights - lefts
        if len(places) == 1:
            return Part(self, places, slice(int(lefts[0]), int(rights[0])), sizes)
        ends = np.cumsum(sizes)
        chosen = np.repeat(lefts - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)
        return Part(self, places, chosen, sizes)

    def coming(self, day: int) -> Iterator[tuple[str, int]]:
        """Of each series the file and row at which its sessions from a day on begin, if it has some."""
        begins = np.arange(len(self.series)) * _SESSIONS
        firsts, ends = self._keys.searchsorted(begins + day), self._keys.searchsorted(begins + _SESSIONS)
        there = np.flatnonzero(firsts < ends)
        entries = firsts[there]
        for place, owner, row in np.stack((there, self.owners[entries], self.rows[entries]), axis=1).tolist():
            series = self.series[place]
            if series.block is None:
                yield series.pieces[owner].file.name, row


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Entries of some series of one table, one series after the other.

    Parameters
    ----------
    table
        The table.
    places
        Which of its series.
    chosen
        Which of its entries.
    sizes
        How many entries each series has.
    """

    table: EntryTable
    places: Rows
    chosen: Rows | slice
    sizes: Rows

    def series(self, place: int) -> SeriesDays:
        """One of the series."""
        return self.table.series[int(self.places[place])]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Entries of some series, one series after the other; what is not asked of them is not looked at.

    Parameters
    ----------
    parts
        Those of each table.
    """

    parts: Sequence[Part]

    @property
    def series(self) -> list[SeriesDays]:
        """Whose they are."""
        return [part.series(place) for part in self.parts for place in range(len(part.places))]

    @property
    def sizes(self) -> Rows:
        """How many entries each series has."""
        return _together([part.sizes for part in self.parts], _ROW)

    @property
    def ordinals(self) -> Ordinals:
        """The session of each entry."""
        return self._each(lambda table: table.ordinals)

    @property
    def rows(self) -> Rows:
        """The row that each entry begins at, in its piece's file."""
        return self._each(lambda table: table.rows)

    def figure(self, *names: str) -> npt.NDArray[Any]:
        """What the catalogue says of each entry, by the names of `DAY`: ``"rows"``, or ``"regular", "bars"``."""
        return self._each(lambda table: table.figure(*names))

    def _each(self, column: Callable[[EntryTable], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return _together([column(part.table)[part.chosen] for part in self.parts], _ROW)


def _together(parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Columns, one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype), *parts])
