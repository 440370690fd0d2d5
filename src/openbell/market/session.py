"""One trading day of one market: its segments and edges, as values."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SegmentKind(StrEnum):
    """Which part of the trading day a segment is."""

    PRE = "pre"
    REGULAR = "regular"
    POST = "post"


class Hours(StrEnum):
    """Which segments of a day a session trades in; markets without extended hours have the same for both."""

    REGULAR = "regular"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class Segment:
    """One uninterrupted stretch of trading, ``[start, end)`` in nanoseconds UTC."""

    start: int
    end: int
    kind: SegmentKind


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day.

    Parameters
    ----------
    ordinal
        Its place in the calendar's table of sessions.
    date
        The date that the market gives it, in the market's zone.
    segments
        The segments of the hours that were asked for, in order of time; a lunch break lies between two of them.
    midnight
        ns UTC of the local midnight that `date` begins with: the stamp of the daily bar.
    early_close
        Whether the regular session ends earlier than usual.

    Examples
    --------
    >>> morning = Segment(0, 10, SegmentKind.REGULAR)
    >>> afternoon = Segment(20, 30, SegmentKind.REGULAR)
    >>> day = Session(0, date(2024, 7, 1), (morning, afternoon), 0, False)
    >>> day.open, day.close
    (0, 30)
    """

    ordinal: int
    date: date
    segments: tuple[Segment, ...]
    midnight: int
    early_close: bool

    @property
    def open(self) -> int:
        """The first segment's start."""
        return self.segments[0].start

    @property
    def close(self) -> int:
        """The last segment's end."""
        return self.segments[-1].end
