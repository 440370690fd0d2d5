"""Entries of many series in one table, so that a stretch of sessions of all of them is found in one go.

What is asked of them is gathered for all series at once; nothing is made per series but its place in the answer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals
from openbell.market.session import Hours
from openbell.store.days import DAY, DayEntries, Rows
from openbell.store.series import SeriesDays

Counts = npt.NDArray[np.int32]

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
        self._spread: dict[tuple[str, ...], Counts | None] = {}
        self._laid: dict[Hours, Laid] = {}
        # Ascending over all series: a series' entries are in order of sessions.
        self._keys = self.ordinals + np.repeat(np.arange(len(every)) * _SESSIONS, sizes)

    def figure(self, *names: str) -> npt.NDArray[Any]:
        """What the catalogue says of each entry, by the names of `DAY`."""
        column: npt.NDArray[Any] = self.days
        for name in names:
            column = column[name]
        return column

    def laid(self, hours: Hours) -> "Laid":
        """Where the rows of each entry inside the hours lie."""
        known = self._laid.get(hours)
        if known is None:
            first, span, bars = (self.days[hours.value][name] for name in ("first", "span", "bars"))
            begins = self.rows + first
            ends = begins + span
            apart = (begins != np.append(-1, ends[:-1])) | (self.files != np.append(-1, self.files[:-1]))
            off = (span != bars) | (self.files < 0)
            known = self._laid[hours] = Laid(begins, ends, np.cumsum(apart), np.append(0, np.cumsum(off)))
        return known

    def between(self, places: Rows, first: int, last: int) -> "Part":
        """The entries of sessions ``first`` to ``last`` of some of the series, one series after the other."""
        begins = places * _SESSIONS
        lefts, rights = self._keys.searchsorted(begins + first), self._keys.searchsorted(begins + last + 1)
        return Part(self, places, lefts, rights - lefts)

    def spread(self, *names: str) -> tuple[int, Counts] | None:
        """A figure of all series by session, int32 (series, sessions), and the first session; None at the first look.

        Who asks again will do so every day.
        """
        if names not in self._spread or not len(self.ordinals):
            self._spread[names] = None
            return None
        begin, whole = int(self.ordinals.min()), self._spread[names]
        if whole is None:
            whole = np.zeros((len(self.series), int(self.ordinals.max()) + 1 - begin), np.int32)
            whole[self._keys // _SESSIONS, self.ordinals - begin] = self.figure(*names)
            self._spread[names] = whole
        return begin, whole

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
class Laid:
    """Where the rows of entries lie in their files.

    Parameters
    ----------
    begins, ends
        The first row of each entry, and the one after its last.
    apart
        Of the entries up to each, itself included, how many do not follow the one before.
    off
        Of the entries before each, and of all, how many have rows that are not on the grid, or no file.
    """

    begins: Rows
    ends: Rows
    apart: Rows
    off: Rows

    def together(self, heads: Rows, tails: Rows) -> npt.NDArray[np.bool_]:
        """Whether entries from one to another are one run of rows, all of them on the grid."""
        whole: npt.NDArray[np.bool_] = (self.apart[heads] == self.apart[tails]) & (
            self.off[heads] == self.off[tails + 1]
        )
        return whole


class Part:
    """Entries of some series of one table, one series after the other.

    Parameters
    ----------
    table
        The table.
    places
        Which of its series.
    heads, sizes
        The first entry of each series, and how many it has.
    """

    __slots__ = ("_chosen", "heads", "places", "sizes", "table")

    def __init__(self, table: EntryTable, places: Rows, heads: Rows, sizes: Rows) -> None:
        self.table, self.places, self.heads, self.sizes = table, places, heads, sizes
        self._chosen: Rows | slice | None = None

    @property
    def chosen(self) -> Rows | slice:
        """Which of the table's entries."""
        if self._chosen is None:
            if len(self.places) == 1:
                self._chosen = slice(int(self.heads[0]), int(self.heads[0] + self.sizes[0]))
            else:
                ends = np.cumsum(self.sizes)
                count = ends[-1] if len(ends) else 0
                self._chosen = np.repeat(self.heads - ends + self.sizes, self.sizes) + np.arange(count)
        return self._chosen

    def series(self, place: int) -> SeriesDays:
        """One of the series."""
        return self.table.series[int(self.places[place])]

    def spread(self, first: int, last: int, *names: str) -> Counts:
        """A figure by series and session, from the first to the last that were asked for, int32; 0 without an entry."""
        found, known = np.zeros((len(self.places), last + 1 - first), np.int32), self.table.spread(*names)
        if known is None:
            rows = np.repeat(np.arange(len(self.places)), self.sizes)
            found[rows, self.table.ordinals[self.chosen] - first] = self.table.figure(*names)[self.chosen]
            return found
        begin, whole = known
        left, right = max(first, begin), min(last + 1, begin + whole.shape[1])
        if left < right:
            found[:, left - first : right - first] = whole[self.places, left - begin : right - begin]
        return found


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
