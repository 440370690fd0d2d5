"""Expected bars: the windows of an interval over some sessions, as columns.

A grid is made from segments (stretches of trading). Windows are anchored at the open of each segment and never
straddle two; the last one of a segment may be short.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from openbell.bars.interval import Interval

Stamps = npt.NDArray[np.int64]
Ordinals = npt.NDArray[np.int32]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of trading: ``[start, end)`` in nanoseconds UTC, within one session.

    Parameters
    ----------
    start, end
        First instant inside, first instant after.
    session
        The session's ordinal in its calendar.
    """

    start: int
    end: int
    session: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Windows in which a bar is expected, in order of time; all columns have one entry per window (a *slot*).

    Parameters
    ----------
    interval
        The length of each window; a segment's last one may be shorter.
    stamps
        What a bar of the window is stamped with, int64 ns UTC: its start; for days the session's local midnight.
    opens, ends
        The window's edges, ``[open, end)``: a bar is visible at ``end``.
    sessions
        The ordinal of the session that each window ends in.
    """

    interval: Interval
    stamps: Stamps
    opens: Stamps
    ends: Stamps
    sessions: Ordinals

    def __len__(self) -> int:
        return len(self.stamps)

    def __getitem__(self, slots: slice) -> "Grid":
        return Grid(self.interval, self.stamps[slots], self.opens[slots], self.ends[slots], self.sessions[slots])

    @classmethod
    def of_spans(cls, interval: Interval, spans: Sequence[Span]) -> Self:
        """The grid of an intraday interval over segments that are in order of time.

        Examples
        --------
        >>> minute = 60_000_000_000
        >>> grid = Grid.of_spans(Interval.parse("2m"), [Span(0, 5 * minute, 0)])
        >>> (grid.opens // minute).tolist(), (grid.ends // minute).tolist()
        ([0, 2, 4], [2, 4, 5])
        """
        width = interval.width_ns
        opens = [np.arange(span.start, span.end, width, dtype=np.int64) for span in spans]
        ends = [np.minimum(left + width, span.end) for left, span in zip(opens, spans, strict=True)]
        sessions = [np.full(len(left), span.session, np.int32) for left, span in zip(opens, spans, strict=True)]
        starts = _joined(opens, np.int64)
        return cls(interval, starts, starts, _joined(ends, np.int64), _joined(sessions, np.int32))

    def slots_of(self, ts: Stamps) -> npt.NDArray[np.int64]:
        """The slot that each stamp *starts*, -1 for a stamp that no window starts with.

        Parameters
        ----------
        ts
            Shape (n,), int64 ns UTC, in any order.
        """
        if len(self) == 0:
            return np.full(len(ts), -1, np.int64)
        if len(ts) == len(self) and (ts == self.stamps).all():
            return np.arange(len(ts))
        slots = np.searchsorted(self.stamps, ts, side="right") - 1
        return np.where((slots >= 0) & (self.stamps[slots] == ts), slots, -1)

    def slots_of_ascending(self, ts: Stamps) -> npt.NDArray[np.int64]:
        """`slots_of` for stamps that ascend, in one pass."""
        from openbell.bars.folding import place

        slots = np.empty(len(ts), np.int64)
        if len(ts):
            place(ts, self.stamps, int(self.stamps.searchsorted(ts[0])), slots)
        return slots

    def mark(self, ts: Stamps, present: npt.NDArray[np.bool_]) -> None:
        """Set the flag of each slot that a stamp starts.

        Parameters
        ----------
        ts
            Shape (n,), int64 ns UTC, ascending.
        present
            bool (len(self),), written in place.
        """
        from openbell.bars.folding import mark

        if len(ts):
            mark(ts, self.stamps, int(self.stamps.searchsorted(ts[0])), present)

    def expected(self, base: "Grid") -> npt.NDArray[np.int32]:
        """How many bars of a finer grid are expected in each window, int32 of shape (len(self),)."""
        counts = np.searchsorted(base.opens, self.ends) - np.searchsorted(base.opens, self.opens)
        return counts.astype(np.int32)

    def ended_by(self, now: int) -> int:
        """How many windows have ended at or before an instant."""
        return int(self.ends.searchsorted(now, side="right"))

    def is_short(self, slot: int) -> bool:
        """Whether a window is shorter than its interval (only intraday ones can be)."""
        return self.interval.intraday and int(self.ends[slot] - self.opens[slot]) < self.interval.width_ns


def _joined(parts: Sequence[npt.NDArray[Number]], dtype: type[Number]) -> npt.NDArray[Number]:
    joined: npt.NDArray[Number] = np.concatenate(parts) if parts else np.empty(0, dtype)
    joined.setflags(write=False)
    return joined
