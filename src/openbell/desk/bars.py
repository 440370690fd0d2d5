"""An instant as users' code sees it: the whole cross-section as arrays, or one bar after the other.

What is handed out is read-only, ends at now, and is made without looking at single symbols.
"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.desk.aggregates import by_row
from openbell.desk.grades import Grades
from openbell.desk.windows import Windows
from openbell.errors import Problem, SessionError, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.session.lanes import Lane, Selection
from openbell.session.session_data import SessionData
from openbell.session.views import Bar

Flags = npt.NDArray[np.bool_]


class Bars:
    """All symbols of one interval at one instant, as read-only arrays of one length; valid during the call.

    A symbol without a bar now has NaN in its place and ``present`` False.

    Parameters
    ----------
    session, lane
        Of which session and interval.
    grades, windows
        Quality and past bars, shared by all who look at this day.
    minimum
        The least quality of a symbol that is trusted, None to trust all.
    """

    def __init__(
        self, session: SessionData, lane: Lane, grades: Grades, windows: Windows, minimum: float | None = None
    ) -> None:
        self._session, self._lane = session, lane
        self._grades, self._windows, self._minimum = grades, windows, minimum
        self.slot = 0
        self.selection: Selection = slice(0, 0)
        self.interval = str(lane.interval)
        self._past: dict[str, tuple[int, Floats]] = {}
        self._views: dict[tuple[int, str | None], tuple[IndicatorSpec, Selection, int, Floats]] = {}

    def at(self, slot: int, selection: Selection) -> "Bars":
        """The same view, moved to a slot and to the symbols that are seen then."""
        self.slot, self.selection = slot, selection
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
    def symbols(self) -> list[str]:
        """Names, in the order of the arrays."""
        names, selection = self._session.names, self.selection
        return names[selection] if isinstance(selection, slice) else [names[row] for row in selection.tolist()]

    def __len__(self) -> int:
        selection = self.selection
        return selection.stop - selection.start if isinstance(selection, slice) else len(selection)

    def _field(self, field: int) -> Floats:
        values: Floats = self._lane.panel.readable[self.slot, field, self.selection]
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
        flags: Flags = self._lane.panel.present[self.slot, self.selection]
        flags.flags.writeable = False
        return flags

    @property
    def completeness(self) -> Floats:
        """Share of each bar's base bars that were there; NaN where there is no bar."""
        shares = self._lane.panel.shares
        if shares is None:
            return np.where(self.present, 1.0, np.nan)
        return shares[self.slot, self.selection].copy()

    @property
    def quality(self) -> Floats:
        """Share of the expected bars up to now that are present, 0 to 100; NaN for symbols without a quality."""
        return self._grades.quality(self._lane)[self.selection]

    @property
    def trusted(self) -> Flags:
        """Which symbols have at least the quality that ``setup`` declared; all of them where it declared none."""
        if self._minimum is None:
            return np.ones(len(self), np.bool_)
        flags: Flags = self.quality >= self._minimum
        return flags

    def indicator(self, spec: IndicatorSpec, output: str | None = None) -> Floats:
        """The value of an indicator now for each symbol, NaN where a symbol does not have it.

        Parameters
        ----------
        spec
            What ``needs.indicator`` or `openbell.indicator` gave.
        output
            Which value of one that has several, by default the first.

        Raises
        ------
        SessionError
            If no symbol has this indicator, or it has no such output.
        """
        known = self._views.get((id(spec), output))
        # A slice of the live values stays live until rows are added or moved; anything else is looked up anew.
        if known is not None and known[1] is self.selection and known[2] == self._session.indicators.capacity:
            return known[3]
        return self._looked_up(spec, output)

    def _looked_up(self, spec: IndicatorSpec, output: str | None) -> Floats:
        manager, selection = self._session.indicators, self.selection
        if not manager.has(spec):
            raise SessionError(no_indicator(self._session, spec))
        place = 0 if output is None else output_of(spec, output)
        values: Floats = manager.values(spec)[place, selection]
        values.flags.writeable = False
        if isinstance(selection, slice):
            self._views[id(spec), output] = (spec, selection, manager.capacity, values)
        return values

    def aggregate(self, name: str) -> Floats:
        """A figure over past sessions for each symbol, NaN where a symbol does not have it.

        Parameters
        ----------
        name
            As under ``[[aggregates]]``; of a curve the minutes of the day are the second axis.

        Raises
        ------
        SessionError
            If no symbol has it.
        """
        known = self._past.get(name)
        if known is None or known[0] != self._session.revision:
            known = self._past[name] = (self._session.revision, by_row(self._session, name))
        return known[1][self.selection]

    def window(self, bars: int, column: str = "close") -> Floats:
        """The last windows of the grid, this one included, over history and today.

        Parameters
        ----------
        bars
            How many, 1 or more.
        column
            ``open``, ``high``, ``low``, ``close`` or ``volume``.

        Returns
        -------
        numpy.ndarray
            float64 (symbols, bars), read-only, oldest first, NaN where a symbol has no bar.

        Raises
        ------
        ValueError
            If ``bars`` is not positive, or there is no such column.
        SessionError
            If it reaches further back than any symbol's history.
        """
        if bars < 1:
            raise ValueError(f"a window has one bar or more, was {bars}")
        if column not in FIELDS:
            raise ValueError(f"there is no column {column!r}; there are {', '.join(FIELDS)}")
        return self._windows.window(self._lane, self.selection, self.slot, bars, FIELDS.index(column))


def output_of(spec: IndicatorSpec, output: str) -> int:
    """The place of an indicator's output.

    Raises
    ------
    SessionError
        If it has no such output; names the nearest that it has.
    """
    if output not in spec.outputs:
        near = nearest(output, spec.outputs)
        fix = f"Did you mean {near}?" if near else f"It has {', '.join(spec.outputs)}."
        raise SessionError(Problem(spec.key, f"has no output {output!r}.", fix, code="unknown_output"))
    return spec.outputs.index(output)


def no_indicator(session: SessionData, spec: IndicatorSpec) -> Problem:
    """That no symbol has an indicator, with the nearest that one has."""
    near = nearest(spec.key, {key for record in session.records.values() for key in record.indicators})
    hint = f"Did you mean {near}? Otherwise declare it" if near else "Declare it"
    fix = f"{hint} in setup with needs.indicator(...), put it under [[indicators]], or ask with add_indicator."
    return Problem(spec.key, "no symbol of the session has this indicator.", fix, code="unknown_indicator")


class BarCursor:
    """One symbol's bar, moved from bar to bar: read it during the call, keep it with `copy`.

    Attributes
    ----------
    symbol, interval
        Whose bar, and how long.
    ts
        Its start, ns UTC; it ends now.
    open, high, low, close, volume
        As in `openbell.desk.bars.Bars`.
    """

    __slots__ = (
        "_lane",
        "_read",
        "_session",
        "_slot",
        "close",
        "high",
        "interval",
        "low",
        "open",
        "row",
        "symbol",
        "ts",
        "volume",
    )

    symbol: str
    interval: str
    ts: int
    row: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def __init__(self, session: SessionData, lane: Lane, slot: int) -> None:
        self._session, self._lane, self._slot = session, lane, slot
        self._read: dict[int, tuple[IndicatorSpec, list[list[float]]]] = {}
        self.interval, self.ts = str(lane.interval), int(lane.panel.grid.stamps[slot])

    @property
    def time(self) -> datetime:
        """The start of the bar in exchange time."""
        return self._session.time.at(self.ts)

    @property
    def completeness(self) -> float:
        """Share of its base bars that were there."""
        shares = self._lane.panel.shares
        return 1.0 if shares is None else float(shares[self._slot, self.row])

    def indicator(self, spec: IndicatorSpec, output: str | None = None) -> float:
        """The value of an indicator for this symbol now, NaN where it does not have it.

        Raises
        ------
        SessionError
            If no symbol has this indicator, or it has no such output.
        """
        known = self._read.get(id(spec))
        if known is None or known[0] is not spec:
            known = self._read[id(spec)] = (spec, self._values_of(spec))
        return known[1][0 if output is None else output_of(spec, output)][self.row]

    def _values_of(self, spec: IndicatorSpec) -> list[list[float]]:
        """All rows' values as lists: many reads in one instant cost one."""
        manager = self._session.indicators
        if not manager.has(spec):
            raise SessionError(no_indicator(self._session, spec))
        values: list[list[float]] = manager.values(spec)[:, : self._session.rows.used].tolist()
        return values

    def copy(self) -> Bar:
        """The bar as a value of its own."""
        return Bar(self.ts, self.open, self.high, self.low, self.close, self.volume, self.completeness)


def each_bar(session: SessionData, lane: Lane, slot: int, skip: Flags | None = None) -> Iterator[BarCursor]:
    """A cursor that goes through the bars of one instant, in order of row.

    Parameters
    ----------
    skip
        Rows to leave out, one flag per row.
    """
    present = lane.panel.present[slot, : session.rows.used]
    if skip is not None:
        present = present & ~skip[: session.rows.used]
    rows = np.flatnonzero(present)
    columns = lane.panel.values[slot][:, rows].tolist()
    names = session.names
    bar = BarCursor(session, lane, slot)
    for bar.row, bar.open, bar.high, bar.low, bar.close, bar.volume in zip(rows.tolist(), *columns, strict=True):
        bar.symbol = names[bar.row]
        yield bar
