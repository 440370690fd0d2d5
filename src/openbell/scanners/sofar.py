"""What is usual by this minute of the day: volume added up over the minutes of past sessions.

Volume is not traded evenly: of a usual day a tenth is traded in the first quarter of an hour. So what has been traded
by now is held against what past sessions had by the same minute, not against a share of the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.indicators.aggregates import Aggregate, over_day
from openbell.market.session import Hours
from openbell.market.time_manager import TimeManager
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")


@dataclass(frozen=True, slots=True)
class VolumeSoFar:
    """The mean volume by this minute of the day, over the sessions in which a symbol has bars.

    Parameters
    ----------
    days
        How many sessions before today; in one that closed early the later minutes do not count.

    Raises
    ------
    ValueError
        If it is not 1 or more.

    Examples
    --------
    >>> VolumeSoFar(10)
    VolumeSoFar(days=10)
    """

    days: int = 20

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"usual volume needs one day or more, days was {self.days}")


class Curves:
    """Answers `VolumeSoFar` for a day; a symbol's bars are read once, and only their sums by minute are kept.

    Parameters
    ----------
    data, time
        The store and the clock, on today's session.
    """

    def __init__(self, data: DataManager, time: TimeManager) -> None:
        self._data, self._time = data, time
        self._curves: dict[VolumeSoFar, dict[str, Floats]] = {}
        self._tables: dict[VolumeSoFar, tuple[tuple[str, ...], Floats]] = {}

    def of(self, wanted: VolumeSoFar, symbols: Sequence[str]) -> Floats:
        """float64 (symbols,) by now: 0 before the first minute is over, NaN for a symbol without a past bar."""
        names = tuple(symbols)
        known = self._tables.get(wanted)
        if known is None or known[0] != names:
            known = self._tables[wanted] = (names, self._table(wanted, names))
        table = known[1]
        today = self._time.today.ordinal
        over = self._time.calendar.grid(MINUTE, today, today, Hours.REGULAR).ended_by(self._time.now)
        usual: Floats = table[min(over, len(table) - 1)]
        return usual

    def _table(self, wanted: VolumeSoFar, names: Sequence[str]) -> Floats:
        """float64 (minutes + 1, symbols), read-only."""
        curves = self._curves.setdefault(wanted, {})
        last = self._time.today.ordinal - 1
        first = max(last - wanted.days + 1, 0)
        for interval, group in self._by_interval([name for name in names if name not in curves]).items():
            if first <= last:
                sums = _Sums(self._time, interval, first, last)
                for blocks in self._data.read_chunks(group, interval, first, last, keep=False):
                    curves |= {name: sums.curve(wanted, block) for name, block in blocks.items()}
        length = max((len(curves[name]) for name in names if name in curves), default=1)
        table = np.full((length, len(names)), np.nan)
        for place, name in enumerate(names):
            if name in curves:
                table[:, place] = np.pad(curves[name], (0, length - len(curves[name])), mode="edge")
        table.flags.writeable = False
        return table

    def _by_interval(self, names: Sequence[str]) -> dict[Interval, list[str]]:
        """Symbols by the finest interval of the day that is stored of them."""
        groups: dict[Interval, list[str]] = {}
        for name in names:
            stored = [interval for interval in self._data.intervals(name) if interval.intraday]
            if stored:
                groups.setdefault(min(stored, key=lambda interval: interval.rank), []).append(name)
        return groups


class _Sums:
    """Adds up the bars of one interval by minute of their session; a bar counts in the minute that its end lies in."""

    def __init__(self, time: TimeManager, interval: Interval, first: int, last: int) -> None:
        calendar = time.calendar
        self._grid = calendar.grid(interval, first, last, Hours.REGULAR)
        minutes = calendar.grid(MINUTE, first, last, Hours.REGULAR)
        self._ordinals = np.arange(first, last + 1)
        self._lengths = np.bincount(minutes.sessions - first, minlength=len(self._ordinals))
        self._width = int(self._lengths.max())
        at = np.searchsorted(minutes.ends, self._grid.ends)
        self._rows = minutes.sessions[at] - first
        self._places = at - (np.cumsum(self._lengths) - self._lengths)[self._rows] + self._rows * self._width

    def curve(self, wanted: VolumeSoFar, bars: Block) -> Floats:
        """Mean volume by minute, added up over the day; starts with 0, all NaN without bars."""
        count, width = len(self._ordinals), self._width
        slots = self._grid.slots_of(bars.ts)
        inside = slots >= 0
        slots = slots[inside]
        if not len(slots):
            return np.full(width + 1, np.nan)
        volume = np.nan_to_num(bars.volume[inside])
        sums: Floats = np.bincount(self._places[slots], volume, minlength=count * width).astype(np.float64)
        table = sums.reshape(count, width)
        traded = np.bincount(self._rows[slots], minlength=count) > 0
        table[~traded[:, None] | (np.arange(width) >= self._lengths[:, None])] = np.nan
        aggregate = Aggregate("volume", "mean", days=wanted.days, per="minute")
        lengths = self._lengths.astype(np.float64)
        mean = over_day(aggregate, table, lengths, self._ordinals, int(self._ordinals[-1]) + 1)
        return np.concatenate([[0.0], np.cumsum(np.nan_to_num(mean))])
