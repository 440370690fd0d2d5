"""The entries of many series in one table, so that a stretch of sessions is found for all of them at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals
from openbell.store.days import DAY, DayEntries, Rows
from openbell.store.series import SeriesDays

# More than any calendar has sessions.
_SESSIONS = 1 << 32
_WHOLE = np.dtype((np.void, DAY.itemsize))


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
        sizes = [int(there.sum()) for there in regular]
        there = np.concatenate(regular)
        ordinals, rows, owners = (
            np.concatenate([getattr(series, name) for series in every])[there]
            for name in ("ordinals", "rows", "owners")
        )
        self._ordinals: Ordinals = ordinals
        self._rows: Rows = rows
        self._owners: Rows = owners
        # numpy copies records field by field; as bytes they are copied whole.
        self._days = np.concatenate([series.days.view(_WHOLE) for series in every])[there]
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
