"""A market's sessions as columns, and how they are kept in a file.

A table holds all that is ever asked of an exchange calendar, so that the library behind it is needed once per
version: zone, dates, midnights, segments.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Ordinals, Stamps
from openbell.market.local import wall_instant
from openbell.market.session import Segment, SegmentKind

KINDS = tuple(SegmentKind)
EPOCH_DAY = date(1970, 1, 1).toordinal()

_COLUMNS = ("dates", "midnights", "nights", "early", "offsets", "starts", "ends", "kinds")


class TradingDay(NamedTuple):
    """What a table is made of: one session before it has an ordinal."""

    date: date
    segments: tuple[Segment, ...]
    early_close: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Sessions of one market in order of time.

    Parameters
    ----------
    name, zone
        The market's name as it is written, and the key of its time zone.
    dates
        int32, days since 1970-01-01, one per session.
    midnights, nights
        ns UTC: the local midnights that each date begins and ends with.
    early
        Whether each session closes early.
    offsets
        int32 of one more than there are sessions: session i has the segments ``offsets[i]:offsets[i + 1]``.
    starts, ends, kinds
        One per segment: ns UTC, ns UTC, index into `KINDS`.
    """

    name: str
    zone: str
    dates: npt.NDArray[np.int32]
    midnights: Stamps
    nights: Stamps
    early: npt.NDArray[np.bool_]
    offsets: Ordinals
    starts: Stamps
    ends: Stamps
    kinds: npt.NDArray[np.int8]

    @classmethod
    def of_days(cls, name: str, zone: str, days: Iterable[TradingDay]) -> "SessionTable":
        """The table of days that are in order of time."""
        days = tuple(days)
        segments = [segment for day in days for segment in day.segments]
        return cls(
            name,
            zone,
            np.array([day.date.toordinal() - EPOCH_DAY for day in days], np.int32),
            np.array([_midnight(day.date, zone) for day in days], np.int64),
            np.array([_midnight(day.date + timedelta(days=1), zone) for day in days], np.int64),
            np.array([day.early_close for day in days], np.bool_),
            np.cumsum([0, *(len(day.segments) for day in days)], dtype=np.int32),
            np.array([segment.start for segment in segments], np.int64),
            np.array([segment.end for segment in segments], np.int64),
            np.array([KINDS.index(segment.kind) for segment in segments], np.int8),
        )._checked()

    @classmethod
    def read(cls, path: Path) -> "SessionTable":
        """A table from its file.

        Raises
        ------
        OSError, ValueError
            If the file is not there, or is not a whole and sound table.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                columns = {column: file[column] for column in _COLUMNS}
                name, zone = (str(text) for text in file["labels"])
        except (KeyError, zipfile.BadZipFile, EOFError) as error:
            raise ValueError(f"{path} is not a table of sessions: {error}") from error
        return cls(name, zone, **columns)._checked()

    def to_bytes(self) -> bytes:
        """The content of a file that `read` understands."""
        buffer = io.BytesIO()
        columns = {column: getattr(self, column) for column in _COLUMNS}
        np.savez(buffer, labels=np.array([self.name, self.zone]), **columns)
        return buffer.getvalue()

    @property
    def digest(self) -> str:
        """16 hex digits that differ when any session differs; the name does not count."""
        content = hashlib.sha256(self.zone.encode())
        for column in _COLUMNS:
            content.update(getattr(self, column).tobytes())
        return content.hexdigest()[:16]

    def _checked(self) -> "SessionTable":
        count, parts = len(self.dates), len(self.starts)
        sizes = [len(self.midnights), len(self.nights), len(self.early), len(self.offsets) - 1]
        if count == 0 or sizes != [count] * 4 or [len(self.ends), len(self.kinds), self.offsets[-1]] != [parts] * 3:
            raise ValueError(f"the sessions of {self.name} are not columns of one length")
        forward = (self.ends > self.starts).all() and (self.starts[1:] >= self.ends[:-1]).all()
        if not forward or not (np.diff(self.dates) > 0).all() or not (np.diff(self.offsets) > 0).all():
            raise ValueError(f"the sessions of {self.name} are not in order of time")
        for column in _COLUMNS:
            getattr(self, column).setflags(write=False)
        return self


def _midnight(day: date, zone: str) -> int:
    return wall_instant(datetime.combine(day, time()), ZoneInfo(zone))
