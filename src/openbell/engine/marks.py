"""The hashes of every bar that a run held, per symbol, interval and session, in columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from openbell.session.digest import todays_hashes
from openbell.session.mixing import BYTES_PER_SESSION
from openbell.session.session_data import SessionData

if TYPE_CHECKING:
    import polars as pl

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_MARK = 16
_NOTHING, _NO_MARKS = np.empty(0, np.int64), np.empty((0, 2), np.int64)


class _Noted(NamedTuple):
    """What a day held that no day before it did; one row each."""

    day: str
    series: Ints
    sessions: Ints
    counts: Ints
    marks: Ints


class BarMarks:
    """Gathered day by day; a session that later days hold unchanged is noted once."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], int] = {}
        self._days: list[_Noted] = []
        # What is known, in order of key: series and session in one number, and the last hash.
        self._keys, self._known = _NOTHING, _NO_MARKS
        self._dates: dict[int, str] = {}

    def note(self, session: SessionData) -> None:
        """Note what a day holds at its end."""
        calendar = session.time.calendar
        packed, numbers = self._packed(session)
        table = np.frombuffer(b"".join(packed), np.int64).reshape(-1, BYTES_PER_SESSION // 8)
        series = np.repeat(np.array(numbers, np.int64), [len(one) // BYTES_PER_SESSION for one in packed])
        sessions = calendar.begins.searchsorted(table[:, 0])
        new = self._learned((series << 32) | sessions, table[:, 2:])
        for at in np.unique(sessions[new]).tolist():
            self._dates[at] = calendar.session(at).date.isoformat()
        day = session.time.today.date.isoformat()
        self._days.append(_Noted(day, series[new], sessions[new], table[new, 1], table[new, 2:]))

    def frame(self) -> "pl.DataFrame":
        """One row per hash: day, symbol, interval, session, bars, hash."""
        import polars as pl

        noted = self._days or [_Noted("", _NOTHING, _NOTHING, _NOTHING, _NO_MARKS)]
        series, sessions, counts, marks = (np.concatenate([day[at] for day in noted]) for at in (1, 2, 3, 4))
        days = np.repeat(np.arange(len(noted)), [len(day.series) for day in noted])
        ordinals, places = np.unique(sessions, return_inverse=True)
        symbols, intervals = zip(*self._series, strict=True) if self._series else ((), ())
        raw = marks.tobytes()
        return pl.DataFrame(
            {
                "day": _picked([day.day for day in noted], days),
                "symbol": _picked(symbols, series),
                "interval": _picked(intervals, series),
                "session": _picked([self._dates[at] for at in ordinals.tolist()], places),
                "bars": counts,
                "hash": pl.Series([raw[at : at + _MARK].hex() for at in range(0, len(raw), _MARK)], dtype=pl.String),
            }
        )

    def _packed(self, session: SessionData) -> tuple[list[bytes], list[int]]:
        """The hashes of every series of a session, in pieces, and which series each piece is of."""
        begins, today = session.time.calendar.begins, todays_hashes(session)
        packed, of = [], []
        for name in session:
            record = session.records[name]
            for interval, series in sorted(record.series.items(), key=lambda item: item[0].rank):
                number = self._series.setdefault((name, str(interval)), len(self._series))
                pieces = [session.hashes.of(part, begins) for part in series.history.parts]
                packed += [*pieces, today[interval][record.row]]
                of += [number] * (len(pieces) + 1)
        return packed, of

    def _learned(self, keys: Ints, marks: Ints) -> Flags:
        """Which hashes are not those that are known; they are known from now on."""
        places = self._keys.searchsorted(keys)
        known = np.zeros(len(keys), np.bool_)
        inside = places < len(self._keys)
        known[inside] = self._keys[places[inside]] == keys[inside]
        same = known.copy()
        same[known] = (self._known[places[known]] == marks[known]).all(axis=1)
        changed = known & ~same
        self._known[places[changed]] = marks[changed]
        fresh = np.flatnonzero(~known)
        fresh = fresh[np.argsort(keys[fresh], kind="stable")]
        self._keys = np.insert(self._keys, places[fresh], keys[fresh])
        self._known = np.insert(self._known, places[fresh], marks[fresh], axis=0)
        return ~same


def _picked(words: Sequence[str], places: Ints) -> "pl.Series":
    """The words at some places."""
    import polars as pl

    return pl.Series(words, dtype=pl.String).gather(places)
