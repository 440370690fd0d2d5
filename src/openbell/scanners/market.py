"""What a scanner sees: its candidates side by side as arrays, up to now."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.bars.interval import Interval
from openbell.desk.readings import spec_of, values_of
from openbell.errors import Problem, SessionError
from openbell.indicators.spec import IndicatorSpec
from openbell.scanners.day import DayFigures
from openbell.scanners.figures import Figure, Figures
from openbell.scanners.sofar import Curves, VolumeSoFar
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Market:
    """Candidates as arrays of one length; made for one scan.

    Parameters
    ----------
    session
        Where their bars are.
    symbols, rows
        The candidates, by name, and their rows.
    held
        Those that this scanner has promoted and still holds.
    figures, curves, day
        Answer figures over past sessions, by this minute of them, and over today up to now.
    """

    def __init__(
        self,
        session: SessionData,
        symbols: Sequence[str],
        rows: Rows,
        held: frozenset[str],
        figures: Figures,
        curves: Curves,
        day: DayFigures,
    ) -> None:
        self._session, self._rows, self._held = session, rows, held
        self._figures, self._curves, self._day = figures, curves, day
        self.symbols = list(symbols)

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def now(self) -> int:
        """The instant, ns UTC."""
        return self._session.time.now

    @property
    def time(self) -> datetime:
        """The instant in exchange time."""
        return self._session.time.at(self.now)

    @property
    def minutes(self) -> float:
        """Minutes since the open."""
        return (self.now - self._session.time.today.open) / 60e9

    @property
    def elapsed(self) -> float:
        """The share of today's session that has run, 0 to 1."""
        today = self._session.time.today
        return (self.now - today.open) / (today.close - today.open)

    @property
    def held(self) -> Mask:
        """Which candidates this scanner holds in full."""
        return np.fromiter((name in self._held for name in self.symbols), np.bool_, len(self.symbols))

    def names(self, keep: Mask, *, by: Floats | None = None, most: int | None = None) -> list[str]:
        """The names for which a flag is set.

        Parameters
        ----------
        by
            Ordered by these values, the largest first, equal ones by name; otherwise in the order of `symbols`.
        most
            No more than so many.
        """
        places = np.flatnonzero(keep).tolist()
        if by is not None:
            places.sort(key=lambda place: (-float(by[place]), self.symbols[place]))
        return [self.symbols[place] for place in places[:most]]

    def column(self, name: str, interval: str = "") -> Floats:
        """A column of the bar that ended last, by default of the finest interval; NaN where a symbol had none then.

        Raises
        ------
        SessionError
            If no candidate has bars of that interval.
        """
        lane = self._lane(interval)
        if lane.panel.cursor == 0:
            return np.full(len(self), np.nan)
        values: Floats = lane.panel.values[lane.panel.cursor - 1, FIELDS.index(name), self._rows]
        return values

    @property
    def price(self) -> Floats:
        """The last close of today, the previous one where there is none yet."""
        close = self._day.close[self._rows]
        return np.where(np.isnan(close), self.previous_close, close)

    @property
    def open(self) -> Floats:
        """The first price of today, NaN before it."""
        return self._day.open[self._rows]

    @property
    def high(self) -> Floats:
        """The highest price of today so far."""
        return self._day.high[self._rows]

    @property
    def low(self) -> Floats:
        """The lowest price of today so far."""
        return self._day.low[self._rows]

    @property
    def volume(self) -> Floats:
        """The volume of today so far, 0 before the first bar."""
        return self._day.volume[self._rows]

    @property
    def previous_close(self) -> Floats:
        """The last close before today."""
        return self.figure(Figure("close", "last", 10))

    def figure(self, figure: Figure | VolumeSoFar) -> Floats:
        """A figure over the sessions before today, as declared in ``setup``."""
        if isinstance(figure, VolumeSoFar):
            return self._curves.of(figure, self.symbols)
        return self._figures.of(figure, self.symbols)

    def indicator(self, spec: IndicatorSpec | str, output: str | None = None) -> Floats:
        """The value of an indicator now, NaN where a candidate does not have it.

        Raises
        ------
        SessionError
            If no candidate has it, or it has no such output.
        """
        wanted = spec_of(self._session, spec) if isinstance(spec, str) else spec
        return values_of(self._session, wanted, output)[self._rows]

    def _lane(self, interval: str) -> Lane:
        lanes = self._session.lanes
        wanted = Interval.parse(interval) if interval else min(lanes, key=lambda one: one.rank, default=None)
        if wanted is None or wanted not in lanes:
            fix = f'Declare it in setup: needs.bars("{interval or "1m"}").'
            raise SessionError(Problem(interval or "bars", "no candidate has such bars.", fix, code="no_bars"))
        return lanes[wanted]
