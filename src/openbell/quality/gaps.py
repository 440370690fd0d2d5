"""Runs of expected bars that are not there."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals, Stamps

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gap:
    """One run of missing bars within one session.

    Parameters
    ----------
    start, last
        Stamps of the first and the last missing bar, ns UTC.
    bars
        How many are missing.
    session
        The session's ordinal.
    whole_session
        Whether nothing of the session is there.
    """

    start: int
    last: int
    bars: int
    session: int
    whole_session: bool


class Missing(NamedTuple):
    """Gaps by kind: whole sessions, runs of several bars, and single bars; `gaps` is all of them."""

    gaps: int
    days: int
    runs: int
    single: int


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Gaps as columns, oldest first; made into objects only where somebody looks at them."""

    starts: Stamps
    lasts: Stamps
    bars: Counts
    sessions: Ordinals
    whole: Flags

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """One object per run."""
        columns = (self.starts, self.lasts, self.bars, self.sessions, self.whole)
        return tuple(Gap(*row) for row in zip(*(column.tolist() for column in columns), strict=True))

    @property
    def missing(self) -> Missing:
        """How many there are of each kind."""
        days = int(self.whole.sum())
        single = int(((self.bars == 1) & ~self.whole).sum())
        return Missing(len(self), days, len(self) - days - single, single)


def runs_of(present: Flags, stamps: Stamps, sessions: Ordinals) -> Runs:
    """All runs of missing bars, oldest first; a run ends where its session ends.

    Parameters
    ----------
    present, stamps, sessions
        Shape (n,): presence, start (ns UTC) and session of each expected bar, oldest first.

    Examples
    --------
    >>> flags = np.array([False, False, True, False])
    >>> runs = runs_of(flags, np.arange(4, dtype=np.int64), np.array([0, 0, 1, 1], np.int32))
    >>> [gap.bars for gap in runs.gaps], runs.missing
    ([2, 1], Missing(gaps=2, days=1, runs=0, single=1))
    """
    missing = np.flatnonzero(~present)
    if not len(missing):
        return _NONE
    apart = (missing[1:] - missing[:-1] > 1) | (sessions[missing[1:]] != sessions[missing[:-1]])
    starts = missing[np.concatenate(([True], apart))]
    lasts = missing[np.concatenate((apart, [True]))]
    first = np.searchsorted(sessions, sessions[starts], side="left")
    last = np.searchsorted(sessions, sessions[starts], side="right") - 1
    whole = (starts == first) & (lasts == last)
    return Runs(stamps[starts], stamps[lasts], lasts - starts + 1, sessions[starts], whole)


_NOWHERE = np.empty(0, np.int64)
_NONE = Runs(_NOWHERE, _NOWHERE, _NOWHERE, np.empty(0, np.int32), np.empty(0, np.bool_))
