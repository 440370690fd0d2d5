"""Figures over the sessions before today: known before the open, and made without reading a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.bars.interval import Interval
from openbell.errors import nearest
from openbell.indicators.aggregates import column_of, statistic_of
from openbell.market.time_manager import TimeManager
from openbell.store.manager import DataManager
from openbell.store.summaries import Summaries

COLUMNS = ("open", "high", "low", "close", "volume", "bars", "turnover", "range", "relative_range")
STATISTICS = ("last", "mean", "min", "max", "sum", "stdev")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over past sessions.

    Parameters
    ----------
    column
        Of each session, as of an `Aggregate`: ``open high low close volume``, ``bars`` (how many it has), ``turnover``
        (close x volume), ``range`` (high - low) or ``relative_range`` (range / close).
    statistic
        ``last`` (of the last session with a bar), ``mean``, ``min``, ``max``, ``sum`` or ``stdev``; over the sessions
        in which the symbol has bars.
    days
        How many sessions before today.

    Raises
    ------
    ValueError
        If there is no such column or statistic, or ``days`` is not positive.

    Examples
    --------
    >>> Figure("volume", "mean", 10)
    Figure(column='volume', statistic='mean', days=10)
    """

    column: str
    statistic: str = "mean"
    days: int = 20

    def __post_init__(self) -> None:
        for word, known in ((self.column, COLUMNS), (self.statistic, STATISTICS)):
            if word not in known:
                near = nearest(word, known)
                hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
                raise ValueError(f"{word!r} is no figure over sessions: {hint}")
        if self.days < 1:
            raise ValueError(f"a figure needs one day or more, days was {self.days}")


class Figures:
    """Answers figures for a day; each session's summary is read once.

    Parameters
    ----------
    data, time
        The store and the clock, on today's session.
    """

    def __init__(self, data: DataManager, time: TimeManager) -> None:
        self._data, self._time = data, time
        self._known: dict[tuple[int, Figure, tuple[str, ...]], Floats] = {}

    @property
    def today(self) -> date:
        """The session's date."""
        return self._time.today.date

    def of(self, figure: Figure, symbols: Sequence[str]) -> Floats:
        """float64 (symbols,), NaN where a symbol has no bar in those sessions."""
        key = (self._time.today.ordinal, figure, tuple(symbols))
        if key not in self._known:
            made = self._made(figure, symbols)
            made.flags.writeable = False
            self._known[key] = made
        return self._known[key]

    def _made(self, figure: Figure, symbols: Sequence[str]) -> Floats:
        last = self._time.today.ordinal - 1
        first = max(last - figure.days + 1, 0)
        out = np.full(len(symbols), np.nan)
        for interval, places in self._by_interval(symbols).items():
            names = [symbols[place] for place in places.tolist()]
            table = _column(self._data.summaries(names, interval, first, last), figure.column)
            out[places] = statistic_of(figure.statistic, table)
        return out

    def _by_interval(self, symbols: Sequence[str]) -> dict[Interval, npt.NDArray[np.int64]]:
        """Where the symbols are whose sessions are told by each stored interval: the finest one of a symbol."""
        groups: dict[Interval, list[int]] = {}
        for place, symbol in enumerate(symbols):
            stored = self._data.intervals(symbol)
            if stored:
                groups.setdefault(min(stored, key=lambda interval: interval.rank), []).append(place)
        return {interval: np.array(places, np.int64) for interval, places in groups.items()}


def _column(summaries: Summaries, column: str) -> Floats:
    if column == "bars":
        return np.where(summaries.bars > 0, summaries.bars, np.nan)
    return column_of(column, summaries)
