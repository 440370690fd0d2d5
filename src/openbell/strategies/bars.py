"""An instant as a strategy sees it: the whole cross-section as arrays, or one bar after the other."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.errors import Problem, SessionError, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.session.views import Bar

Flags = npt.NDArray[np.bool_]


class Bars:
    """All symbols of one interval at one instant, as read-only arrays of one length; valid during the call.

    A symbol without a bar now has NaN in its place and ``present`` False.
    """

    def __init__(self, session: SessionData, lane: Lane) -> None:
        self._session, self._lane = session, lane
        self._slot = 0

    def at_slot(self, slot: int) -> "Bars":
        """The same view, moved to a slot."""
        self._slot = slot
        return self

    @property
    def now(self) -> int:
        """The instant, ns UTC: the end of these bars."""
        return self._session.time.now

    @property
    def time(self) -> datetime:
        """The instant in exchange time."""
        return self._session.time.at(self.now)

    @property
    def interval(self) -> str:
        """The length of these bars."""
        return str(self._lane.interval)

    @property
    def symbols(self) -> list[str]:
        """Names, in the order of the arrays."""
        names, selection = self._session.names, self._lane.selection
        return names[selection] if isinstance(selection, slice) else [names[row] for row in selection.tolist()]

    def __len__(self) -> int:
        return len(self._lane.members)

    def _field(self, field: int) -> Floats:
        values: Floats = self._lane.panel.readable[self._slot, field, self._lane.selection]
        return values

    @property
    def open(self) -> Floats:
        """First price of each bar."""
        return self._field(0)

    @property
    def high(self) -> Floats:
        """Highest price of each bar."""
        return self._field(1)

    @property
    def low(self) -> Floats:
        """Lowest price of each bar."""
        return self._field(2)

    @property
    def close(self) -> Floats:
        """Last price of each bar."""
        return self._field(3)

    @property
    def volume(self) -> Floats:
        """Traded volume of each bar."""
        return self._field(4)

    @property
    def present(self) -> Flags:
        """Which symbols have a bar now."""
        flags: Flags = self._lane.panel.present[self._slot, self._lane.selection]
        flags.flags.writeable = False
        return flags

    @property
    def completeness(self) -> Floats:
        """Share of each bar's base bars that were there; NaN where there is no bar."""
        shares = self._lane.panel.shares
        if shares is None:
            return np.where(self.present, 1.0, np.nan)
        return shares[self._slot, self._lane.selection].copy()

    def indicator(self, spec: IndicatorSpec, output: str | None = None) -> Floats:
        """The value of an indicator now for each symbol, NaN where a symbol does not have it.

        Raises
        ------
        SessionError
            If no symbol has this indicator.
        """
        if not self._session.indicators.has(spec):
            keys = {key for record in self._session.records.values() for key in record.indicators}
            near = nearest(spec.key, keys)
            what = f"no symbol of the session has the indicator {spec.key}."
            fix = f"Did you mean {near}?" if near else "Put it under [[indicators]], or ask for it with add_indicator."
            raise SessionError(Problem("bars.indicator", what, fix, code="unknown_indicator"))
        place = 0 if output is None else spec.outputs.index(output)
        values: Floats = self._session.indicators.values(spec)[place, self._lane.selection]
        values.flags.writeable = False
        return values


class BarCursor:
    """One symbol's bar, moved from bar to bar: read it during the call, keep it with `copy`."""

    __slots__ = ("close", "high", "interval", "low", "open", "row", "symbol", "ts", "volume")

    symbol: str
    interval: str
    ts: int
    row: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def copy(self) -> Bar:
        """The bar as a value of its own."""
        return Bar(self.ts, self.open, self.high, self.low, self.close, self.volume)


def each_bar(session: SessionData, lane: Lane, slot: int) -> Iterator[BarCursor]:
    """A cursor that goes through the bars of one instant, in order of row."""
    rows = np.flatnonzero(lane.panel.present[slot, : session.rows.used])
    columns = lane.panel.values[slot][:, rows].tolist()
    names = session.names
    bar = BarCursor()
    bar.interval, bar.ts = str(lane.interval), int(lane.panel.grid.stamps[slot])
    for bar.row, bar.open, bar.high, bar.low, bar.close, bar.volume in zip(rows.tolist(), *columns, strict=True):
        bar.symbol = names[bar.row]
        yield bar
