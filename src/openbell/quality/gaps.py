"""Runs of expected bars that are not there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Stamps

Flags = npt.NDArray[np.bool_]


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


def gaps_of(present: Flags, stamps: Stamps, sessions: npt.NDArray[np.int32]) -> tuple[Gap, ...]:
    """All runs of missing bars, oldest first; a run ends where its session ends.

    Parameters
    ----------
    present, stamps, sessions
        Shape (n,): presence, start (ns UTC) and session of each expected bar, oldest first.

    Examples
    --------
    >>> flags = np.array([False, False, True, False])
    >>> [gap.bars for gap in gaps_of(flags, np.arange(4, dtype=np.int64), np.array([0, 0, 1, 1], np.int32))]
    [2, 1]
    """
    starts, lasts = run_bounds(present, sessions)
    first_slot = np.searchsorted(sessions, sessions[starts], side="left")
    last_slot = np.searchsorted(sessions, sessions[starts], side="right") - 1
    whole = (starts == first_slot) & (lasts == last_slot)
    columns = (stamps[starts], stamps[lasts], lasts - starts + 1, sessions[starts], whole)
    return tuple(Gap(*row) for row in zip(*(column.tolist() for column in columns), strict=True))


def run_bounds(present: Flags, sessions: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last index of every run of missing bars."""
    missing = ~present
    joined = missing[1:] & missing[:-1] & (sessions[1:] == sessions[:-1])
    starts = np.flatnonzero(missing & ~np.concatenate(([False], joined)))
    lasts = np.flatnonzero(missing & ~np.concatenate((joined, [False])))
    return starts, lasts
