"""The entries of many series in one table, so that a stretch of sessions is found for all of them at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals
from openbell.store.days import DAY, DayEntries, Mask, Rows
from openbell.store.series import SeriesDays

# More than any calendar has sessions.
_SESSIONS = 1 << 32
_WHOLE, _ROW = np.dtype((np.void, DAY.itemsize)), np.dtype(np.int64)


class Joined(NamedTuple):
    """Entries of several series, one series after the other, as in `SeriesDays`; and how many each series has."""

    ordinals: Ordinals
    days: DayEntries
    rows: Rows
    owners: Rows
    sizes: Rows

    @classmethod
    def of(cls, parts: Sequence["Joined"]) -> "Joined":
        """Several of these, one after the other."""
        if len(parts) == 1:
            return parts[0]
        none = np.empty(0, np.int64)
        if not parts:
            return cls(none.astype(np.int32), np.empty(0, DAY), none, none, none)
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class EntryTable:
    """The entries of some series that are sessions of the calendar.

    Parameters
    ----------
    every
        The series.
    """

    def __init__(self, every: Sequence[SeriesDays]) -> None:
        regular = [series.ordinals >= 0 for series in every]
        sizes = np.array([there.sum() for there in regular], np.int64)
        # numpy copies records field by field; as bytes they are copied whole.
        days = [series.days.view(_WHOLE) for series in every]
        ordinals: Ordinals = _together([series.ordinals for series in every], regular, np.dtype(np.int32))
        self._ordinals, self._days = ordinals, _together(days, regular, _WHOLE)
        self._rows: Rows = _together([series.rows for series in every], regular, _ROW)
        self._owners: Rows = _together([series.owners for series in every], regular, _ROW)
        # Ascending over all series: a series' entries are in order of sessions.
        self._keys = np.repeat(np.arange(len(every)) * _SESSIONS, sizes) + ordinals

    def between(self, places: npt.NDArray[np.int64], first: int, last: int) -> Joined:
        """The entries of sessions ``first`` to ``last`` of some of the series, one series after the other."""
        lefts = self._keys.searchsorted(places * _SESSIONS + first)
        sizes = np.maximum(self._keys.searchsorted(places * _SESSIONS + last + 1) - lefts, 0)
        ends = np.cumsum(sizes)
        chosen = np.repeat(lefts - ends + sizes, sizes) + np.arange(ends[-1] if len(ends) else 0)
        days = self._days[chosen].view(DAY)
        return Joined(self._ordinals[chosen], days, self._rows[chosen], self._owners[chosen], sizes)


def _together(parts: Sequence[npt.NDArray[Any]], chosen: Sequence[Mask], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """What is chosen of some columns, one after the other."""
    return np.concatenate(parts)[np.concatenate(chosen)] if parts else np.empty(0, dtype)
