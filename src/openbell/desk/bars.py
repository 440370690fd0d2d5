"""An instant as users' code sees it: the whole cross-section as arrays.

What is handed out is read-only, ends at now, and is made without looking at single symbols.
"""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.desk.aggregates import by_row
from openbell.desk.conditions import Compared, Condition
from openbell.desk.grades import Grades
from openbell.desk.readings import spec_of, values_of
from openbell.desk.windows import Windows
from openbell.indicators.spec import IndicatorSpec
from openbell.session.lanes import Lane, Selection
from openbell.session.session_data import SessionData

Flags = npt.NDArray[np.bool_]


class _Picked:
    """A column of rows that do not stand side by side: picked out when an instant of it is read."""

    def __init__(self, column: Floats, rows: npt.NDArray[np.int64]) -> None:
        self._column, self._rows = column, rows

    def __getitem__(self, slot: int) -> Floats:
        values: Floats = self._column[slot, self._rows]
        return values


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
        self._panel = lane.panel
        self.interval = str(lane.interval)
        self._past: dict[str, tuple[int, Floats]] = {}
        self.turn_to(slice(0, 0))

    def turn_to(self, selection: Selection, conditions: Iterable[Condition] = ()) -> None:
        """Look at these symbols from now on; to be called anew whenever rows have come, gone or moved.

        Parameters
        ----------
        conditions
            What will be asked: laid out now, if it can be.
        """
        self.selection = selection
        readable = self._panel.readable
        self._columns: list[Floats | _Picked]
        if isinstance(selection, slice):
            self._columns = [readable[:, field, selection] for field in range(len(FIELDS))]
        else:
            self._columns = [_Picked(readable[:, field], selection) for field in range(len(FIELDS))]
        # By the identity of a spec, which is held so that nothing else can have it.
        self._shown: dict[int, Floats] = {}
        self._named: dict[tuple[int, str], Floats] = {}
        self._specs: list[IndicatorSpec] = []
        # Each holds its condition, so that nothing else can have its identity.
        self._compared = {id(one): self._laid_out(one) for one in conditions if one.known_to(self._session)}

    @property
    def slot(self) -> int:
        """The place of these bars among today's windows, from 0."""
        return self._panel.cursor - 1

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

    @property
    def open(self) -> Floats:
        """First price of each bar."""
        return self._columns[0][self._panel.cursor - 1]

    @property
    def high(self) -> Floats:
        """Highest price of each bar."""
        return self._columns[1][self._panel.cursor - 1]

    @property
    def low(self) -> Floats:
        """Lowest price of each bar."""
        return self._columns[2][self._panel.cursor - 1]

    @property
    def close(self) -> Floats:
        """Last price of each bar."""
        return self._columns[3][self._panel.cursor - 1]

    @property
    def volume(self) -> Floats:
        """Traded volume of each bar."""
        return self._columns[4][self._panel.cursor - 1]

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

    def indicator(self, spec: IndicatorSpec | str, output: str | None = None) -> Floats:
        """The value of an indicator now for each symbol, NaN where a symbol does not have it.

        Parameters
        ----------
        spec
            What ``needs.indicator`` or `openbell.indicator` gave, or a key like ``sma_20_5m``.
        output
            Which value of one that has several, by default the first.

        Raises
        ------
        SessionError
            If no symbol has this indicator, or it has no such output.
        """
        try:
            return self._shown[id(spec)] if output is None else self._named[id(spec), output]
        except KeyError:
            return self._looked_up(spec, output)

    def _looked_up(self, spec: IndicatorSpec | str, output: str | None) -> Floats:
        if isinstance(spec, str):
            return self.indicator(spec_of(self._session, spec), output)
        selection = self.selection
        values: Floats = values_of(self._session, spec, output)[selection]
        values.flags.writeable = False
        if isinstance(selection, slice):
            # What is cut out stays live until rows come, go or move.
            self._specs.append(spec)
            if output is None:
                self._shown[id(spec)] = values
            else:
                self._named[id(spec), output] = values
        return values

    def where(self, condition: Condition) -> Flags:
        """For which symbols a condition is true now.

        Raises
        ------
        SessionError
            If no symbol has one of its indicators.
        """
        compared = self._compared.get(id(condition))
        if compared is None:
            compared = self._compared[id(condition)] = self._laid_out(condition)
        return compared.now()

    def _laid_out(self, condition: Condition) -> Compared:
        return Compared(self._session, self._lane, condition, self.selection)

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
