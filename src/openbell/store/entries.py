"""The entries of many series in one table, so that a stretch of sessions is found for all of them at once."""

from collections.abc import Callable, Sequence
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
    """

    def __init__(self, every: Sequence[SeriesDays]) -> None:
        chosen = [_ALL if series.regular else series.ordinals >= 0 for series in every]
        ordinals = [series.ordinals[own] for series, own in zip(every, chosen, strict=True)]
        # numpy copies records field by field; as bytes they are copied whole.
        days = [series.days.view(_WHOLE)[own] for series, own in zip(every, chosen, strict=True)]
        self.ordinals: Ordinals = _together(ordinals, np.dtype(np.int32))
        self.days: DayEntries = _together(days, _WHOLE).view(DAY)
        self.rows: Rows = _together([one.rows[own] for one, own in zip(every, chosen, strict=True)], _ROW)
        self.owners: Rows = _together([one.owners[own] for one, own in zip(every, chosen, strict=True)], _ROW)
        # Ascending over all series: a series' entries are in order of sessions.
        self._keys = self.ordinals + np.repeat(np.arange(len(every)) * _SESSIONS, [len(own) for own in ordinals])

    def between(self, places: Rows, first: int, last: int) -> "Found":
        """The entries of sessions ``first`` to ``last`` of some of the series, one series after the other."""
        begins = places * _SESSIONS
        lefts, rights = self._keys.searchsorted(begins + first), self._keys.searchsorted(begins + last + 1)
        sizes = rights - lefts
        if len(places) == 1:
            return Found(((self, slice(int(lefts[0]), int(rights[0]))),), sizes)
        ends = np.cumsum(sizes)
        chosen = np.repeat(lefts - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)
        return Found(((self, chosen),), sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Entries of several series, one series after the other; what is not asked of them is not looked at.

    Parameters
    ----------
    parts
        Tables, and the places of the entries in each.
    sizes
        How many entries each series has.
    """

    parts: Sequence[tuple[EntryTable, Rows | slice]]
    sizes: Rows

    @classmethod
    def of(cls, every: Sequence["Found"]) -> "Found":
        """Several of these, one after the other."""
        if len(every) == 1:
            return every[0]
        sizes = np.concatenate([np.empty(0, np.int64), *(found.sizes for found in every)])
        return cls([part for found in every for part in found.parts], sizes)

    @property
    def ordinals(self) -> Ordinals:
        """The session of each entry."""
        return self._each(lambda table: table.ordinals)

    @property
    def rows(self) -> Rows:
        """The row that each entry begins at, in its piece's file."""
        return self._each(lambda table: table.rows)

    @property
    def owners(self) -> Rows:
        """The piece that each entry lies in, as an index into its series' pieces."""
        return self._each(lambda table: table.owners)

    def figure(self, *names: str) -> npt.NDArray[Any]:
        """What the catalogue says of each entry, by the names of `DAY`: ``"rows"``, or ``"regular", "bars"``."""

        def of(table: EntryTable) -> npt.NDArray[Any]:
            column: npt.NDArray[Any] = table.days
            for name in names:
                column = column[name]
            return column

        return self._each(of)

    def _each(self, column: Callable[[EntryTable], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        parts = [column(table)[chosen] for table, chosen in self.parts]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int64), *parts])


def _together(parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Columns, one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype), *parts])
