"""One indicator bound to the rows of a session: columns of state that one compiled call moves on."""

from ctypes import addressof
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.indicators.chain import Carried, Chain, Figures, Ints, Link
from openbell.indicators.loops import ACROSS, MOVING
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import NEVER, Warm
from openbell.machine.code import FLAG, INT, Loop, address, address_of, numbers

# Where a loop finds where its values go.
_OUT = ACROSS.index("out")


class _Columns:
    """State, windows and values of one link: a row per field, a column per row of the session."""

    __slots__ = ("at", "given", "link", "shown", "states", "windows")

    def __init__(self, link: Link, capacity: int) -> None:
        fresh = link.fresh()
        self.link = link
        self.states = np.repeat(fresh.state[:, None], capacity, axis=1)
        self.windows = np.zeros((len(fresh.window), capacity))
        self.shown = np.repeat(fresh.shown[:, None], capacity, axis=1)
        self.given = numbers(*[0] * len(ACROSS))
        self.at = addressof(self.given)

    def grow(self, capacity: int) -> None:
        """Make room for more rows."""
        old, rows = self.__class__(self.link, capacity), self.states.shape[1]
        old.states[:, :rows], old.windows[:, :rows], old.shown[:, :rows] = self.states, self.windows, self.shown
        self.states, self.windows, self.shown = old.states, old.windows, old.shown

    def put(self, row: int, carried: Carried) -> None:
        """Put a row's state in place."""
        self.states[:, row], self.windows[:, row], self.shown[:, row] = carried.state, carried.window, carried.shown

    def taken(self, row: int) -> Carried:
        """A copy of a row's state."""
        return Carried(self.states[:, row].copy(), self.windows[:, row].copy(), self.shown[:, row].copy())

    def fixed(self, fed: npt.NDArray[np.bool_], updated: Ints) -> None:
        """Write down where everything lies that stays where it is from one bar to the next."""
        rows, capacity = len(fed), self.states.shape[1]
        arrays = address(self.states), address(self.windows), address(self.link.params), address(self.shown)
        self.given[MOVING:] = [rows, capacity, address(fed, FLAG), *arrays, address(updated, INT)]


@dataclass(frozen=True, slots=True)
class Fed:
    """One link for a stream that feeds it by itself; valid until rows come, go or move.

    Parameters
    ----------
    given
        The address of the numbers that its loop gets; those that stay from bar to bar are filled in.
    code
        The address of its loop.
    source
        The address of what it works on, 0 for a column of the bars.
    column
        Which column.
    loop
        The loop itself.
    held
        What lies at these addresses, at last which rows are fed, and up to when.
    """

    given: int
    code: int
    source: int
    column: int
    loop: Loop
    held: tuple[Any, ...]

    @property
    def may_raise(self) -> bool:
        """Whether its loop can raise: one that runs by itself has nothing to do so with."""
        return not isinstance(self.loop, partial)

    def again(self) -> None:
        """Have the loop called once more, by Python."""
        self.loop(self.given)

    def raised(self, end: int) -> tuple[int | None, Exception | None]:
        """Of a loop that has raised, the row for which it does, and what: Python calls it once more and hears it.

        Rows that the bar which ends then has not moved on are fed one by one; what they hold afterwards is of no use.
        """
        *_, fed, updated = self.held
        rows = np.flatnonzero(fed & (updated != end)).tolist()
        try:
            for row in [*rows, None]:
                fed[:] = False
                fed[rows if row is None else row] = True
                try:
                    self.loop(self.given)
                except Exception as error:  # a user's indicator may raise anything
                    return row, error
        finally:
            fed[rows] = True
        return None, None


class Bound:
    """One indicator of a session.

    Parameters
    ----------
    spec
        Which one.
    capacity
        How many rows there is room for.
    figures
        What the market's calendar says, for parameters that stand for it.
    """

    def __init__(self, spec: IndicatorSpec, capacity: int, figures: Figures | None = None) -> None:
        self.spec, self.needs, self.figures = spec, spec.needs, figures
        self.chain = Chain.of(spec, figures)
        self._columns = [_Columns(link, capacity) for link in self.chain.links]
        self._fed = np.zeros(capacity, np.bool_)
        self._updated: Ints = np.full(capacity, NEVER, np.int64)
        self._sessions = np.zeros(capacity, np.int64)
        # The part of ``_fed`` up to its last true entry; None after a change.
        self._mask: npt.NDArray[np.bool_] | None = None

    @property
    def values(self) -> Floats:
        """Live values, shape (outputs, capacity)."""
        return self._columns[-1].shown

    @property
    def rows(self) -> Ints:
        """The rows that are fed, ascending."""
        return np.flatnonzero(self._fed)

    @property
    def fed(self) -> list[Fed]:
        """Its links, innermost first, for a stream that feeds them by itself."""
        made: list[Fed] = []
        shown = np.empty(0)
        self._laid_out()
        for columns in self._columns:
            link = columns.link
            source = 0 if link.source < 0 else address(shown) + shown.strides[0] * link.source
            held = (columns, columns.states, columns.windows, columns.shown, self._fed, self._updated)
            loop = link.kernel.across
            made.append(Fed(columns.at, address_of(loop), source, link.column, loop, held))
            shown = columns.shown
        return made

    def _laid_out(self) -> npt.NDArray[np.bool_]:
        """Which rows are fed, up to the last one; every loop knows where all lies that stays where it is."""
        mask = self._mask
        if mask is None:
            self._mask = mask = self._fed[: int(self.rows.max(initial=-1)) + 1]
            for columns in self._columns:
                columns.fixed(mask, self._updated)
        return mask

    def aim(self, values: Floats, present: npt.NDArray[np.bool_], slot: int, session: int, end: int) -> None:
        """Tell every loop which bar is next and where it lies, of every row that has one."""
        mask = self._laid_out()
        width = values.shape[1]
        if min(width, len(present)) < len(mask):
            raise ValueError(f"{len(mask)} rows are fed, and there are bars of {width}, flags of {len(present)}")
        bars, there = address(values), address(present, FLAG)
        shown, size = 0, 0
        for columns in self._columns:
            link = columns.link
            source = bars + 8 * width * link.column if link.source < 0 else shown + 8 * size * link.source
            columns.given[:MOVING] = [source, bars, width, there, slot, session, end]
            shown, size = columns.given[_OUT], columns.shown.shape[1]

    def advance(self, values: Floats, present: npt.NDArray[np.bool_], slot: int, session: int, end: int) -> None:
        """Feed one bar of every row that has one, innermost link first."""
        self.aim(values, present, slot, session, end)
        for columns in self._columns:
            columns.link.kernel.across(columns.at)

    def put(self, row: int, warm: Warm) -> None:
        """Put a row's state in place and feed it from now on."""
        for columns, carried in zip(self._columns, warm.links, strict=True):
            columns.put(row, carried)
        self._updated[row], self._sessions[row] = warm.last_updated, warm.sessions
        self._fed[row], self._mask = True, None

    def put_many(self, rows: Ints, other: "Bound", places: Ints) -> None:
        """Take over rows of the same indicator, bound elsewhere, and feed them from now on."""
        here, there = _picked(rows), _picked(places)
        for columns, theirs in zip(self._columns, other._columns, strict=True):
            columns.states[:, here], columns.windows[:, here] = theirs.states[:, there], theirs.windows[:, there]
            columns.shown[:, here] = theirs.shown[:, there]
        self._updated[here], self._sessions[here] = other._updated[there], other._sessions[there]
        self._fed[here], self._mask = True, None

    def clear(self, row: int) -> None:
        """Forget a row."""
        for columns in self._columns:
            columns.put(row, columns.link.fresh())
        self._updated[row], self._sessions[row] = NEVER, 0
        self._fed[row], self._mask = False, None

    def grow(self, capacity: int) -> None:
        """Make room for more rows."""
        more = capacity - len(self._fed)
        for columns in self._columns:
            columns.grow(capacity)
        self._fed, self._mask = np.pad(self._fed, (0, more)), None
        self._updated = np.pad(self._updated, (0, more), constant_values=NEVER)
        self._sessions = np.pad(self._sessions, (0, more))

    def seen(self, row: int) -> int:
        """Bars that the innermost link was fed with."""
        return int(self._columns[0].states[0, row])

    def valid(self, row: int) -> bool:
        """Whether there is a number."""
        return bool(self.values[0, row] == self.values[0, row])

    def settled(self, row: int) -> bool:
        """Whether the number no longer depends on where it started."""
        enough = self.seen(row) >= self.needs.warmup and int(self._sessions[row]) >= self.needs.sessions
        return enough and self.valid(row)

    def flags(self, rows: Ints) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Ints]:
        """`valid`, `settled` and `last_updated`, 0 for None, of some rows."""
        shown, updated = self.values[0, rows], self._updated[rows]
        valid = shown == shown
        enough = self._columns[0].states[0, rows] >= self.needs.warmup
        settled = enough & (self._sessions[rows] >= self.needs.sessions) & valid
        return valid, settled, np.where(updated == NEVER, 0, updated)

    def last_updated(self, row: int) -> int | None:
        """End of the last bar that counted, or None."""
        at = int(self._updated[row])
        return None if at == NEVER else at

    def taken(self, row: int) -> Warm:
        """A copy of a row's state."""
        links = tuple(columns.taken(row) for columns in self._columns)
        return Warm(links, int(self._updated[row]), int(self._sessions[row]))


def _picked(rows: Ints) -> slice | Ints:
    """What picks rows: a slice where they follow one another, which copies them in one piece."""
    if len(rows) and bool((np.diff(rows) == 1).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
