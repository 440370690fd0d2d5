"""An instant as users' code sees it, one bar after the other.

A column is put into the bar from the first instant on in which it was read: what nobody reads costs nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from openbell.bars.block import FIELDS, Floats
from openbell.desk.conditions import Compared, Condition, Flags
from openbell.desk.readings import spec_of, values_of
from openbell.indicators.spec import IndicatorSpec
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.session.views import Bar

# What goes through the bars of an instant: it gets the bar, rows, columns, and whom to call.
Going = Callable[["BarCursor", list[int], list[list[float]], Callable[["BarCursor"], object]], None]


class BarCursor:
    """One symbol's bar, moved from bar to bar: read it during the call, keep it with `copy`.

    Attributes
    ----------
    interval
        How long the bar is.
    ts
        Its start, ns UTC; it ends now.
    row
        The symbol's place in the session.
    open, high, low, close, volume
        As in `openbell.desk.bars.Bars`.
    """

    __slots__ = (
        "_call", "_compared", "_lane", "_live", "_met", "_named", "_read", "_reads", "_session", "_shown", "_slot",
        "_specs", "close", "high", "interval", "low", "open", "row", "ts", "volume",
    )  # fmt: skip

    interval: str
    ts: int
    row: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def __init__(self, session: SessionData, lane: Lane, call: Callable[["BarCursor"], object], reads: "Reads") -> None:
        self._session, self._lane, self._call, self._reads = session, lane, call, reads
        self._read: dict[int, list[float]] = {}
        self._named: dict[tuple[int, str], list[float]] = {}
        self._met: dict[int, list[bool]] = {}
        self.interval = str(lane.interval)
        self.turn_to(None)

    def turn_to(self, hidden: Flags | None, conditions: Iterable[Condition] = ()) -> None:
        """Leave out these rows from now on; to be called anew whenever rows have come, gone or moved.

        Parameters
        ----------
        conditions
            What will be asked: laid out now, if it can be.
        """
        self._shown = None if hidden is None else ~hidden
        # By the identity of a spec, which is held so that nothing else can have it.
        self._live: dict[tuple[int, str | None], Floats] = {}
        self._specs: list[IndicatorSpec] = []
        self._compared = {id(one): self._laid_out(one) for one in conditions if one.known_to(self._session)}

    def go_through(self, trusted: Flags | None) -> None:
        """Call with each bar of the instant that is, in order of row.

        Parameters
        ----------
        trusted
            Which rows to call with, None for all.
        """
        panel = self._lane.panel
        slot = self._slot = panel.cursor - 1
        self.ts = int(panel.grid.stamps[slot])
        self._read.clear()
        self._named.clear()
        self._met.clear()
        present = panel.present[slot]
        for flags in (self._shown, trusted):
            if flags is not None:
                present = present & flags
        (rows,) = present.nonzero()
        places, columns = self._reads.places, []
        if places:
            there = panel.values[slot].take(rows, axis=1)
            columns = [there[place].tolist() for place in places]
        self.__class__ = self._reads.kind
        self._reads.go(self, rows.tolist(), columns, self._call)

    @property
    def symbol(self) -> str:
        """Whose bar it is."""
        return self._session.names[self.row]

    @property
    def time(self) -> datetime:
        """The start of the bar in exchange time."""
        return self._session.time.at(self.ts)

    @property
    def completeness(self) -> float:
        """Share of its base bars that were there."""
        shares = self._lane.panel.shares
        return 1.0 if shares is None else float(shares[self._slot, self.row])

    def indicator(self, spec: IndicatorSpec | str, output: str | None = None) -> float:
        """The value of an indicator for this symbol now, NaN where it does not have it.

        Raises
        ------
        SessionError
            If no symbol has this indicator, or it has no such output.
        """
        try:
            if output is None:
                return self._read[id(spec)][self.row]
            return self._named[id(spec), output][self.row]
        except KeyError:
            return self._looked_up(spec, output)[self.row]

    def _looked_up(self, spec: IndicatorSpec | str, output: str | None) -> list[float]:
        """All rows' values as a list: many reads in one instant cost one."""
        if isinstance(spec, str):
            spec = spec_of(self._session, spec)
        live = self._live.get((id(spec), output))
        if live is None:
            live = values_of(self._session, spec, output)[: self._session.rows.used]
            self._live[id(spec), output] = live
            self._specs.append(spec)
        values: list[float] = live.tolist()
        if output is None:
            self._read[id(spec)] = values
        else:
            self._named[id(spec), output] = values
        return values

    def meets(self, condition: Condition) -> bool:
        """Whether a condition is true for this symbol now.

        Raises
        ------
        SessionError
            If no symbol has one of its indicators.
        """
        try:
            return self._met[id(condition)][self.row]
        except KeyError:
            return self._asked(condition)[self.row]

    def _asked(self, condition: Condition) -> list[bool]:
        compared = self._compared.get(id(condition))
        if compared is None:
            compared = self._compared[id(condition)] = self._laid_out(condition)
        met: list[bool] = compared.now().tolist()
        self._met[id(condition)] = met
        return met

    def _laid_out(self, condition: Condition) -> Compared:
        return Compared(self._session, self._lane, condition, slice(0, self._session.rows.used))

    def _look(self, name: str) -> float:
        """A column that nobody has read before."""
        self._reads.learn(name)
        return float(self._lane.panel.values[self._slot, FIELDS.index(name), self.row])

    def copy(self) -> Bar:
        """The bar as a value of its own."""
        return Bar(self.ts, self.open, self.high, self.low, self.close, self.volume, self.completeness)


class Reads:
    """Which columns somebody reads of bars, and what puts just these into a bar before each call.

    Attributes
    ----------
    places
        The columns, as places in `openbell.bars.block.FIELDS`.
    kind, go
        Bars that have these as plain attributes, and what goes through an instant's.
    """

    def __init__(self) -> None:
        self._learn(())

    def learn(self, name: str) -> None:
        """Have a column there before each call, from the next instant on."""
        self._learn(tuple(one for one in FIELDS if one == name or FIELDS.index(one) in self.places))

    def _learn(self, fields: tuple[str, ...]) -> None:
        self.places = [FIELDS.index(name) for name in fields]
        self.kind, self.go = _fitted(fields)


@cache
def _fitted(fields: tuple[str, ...]) -> tuple[type[BarCursor], Going]:
    """Bars that are looked into for columns other than these, and the loop that puts these into one."""
    looked: dict[str, object] = {name: _looked(name) for name in FIELDS if name not in fields}
    targets = "".join(f" bar.{name}," for name in fields)
    text = f"def go(bar, rows, columns, call):\n for bar.row,{targets} in zip(rows, *columns):\n  call(bar)\n"
    exec(compile(text, "<bars>", "exec"), scope := dict[str, Any]())
    return type("BarCursor", (BarCursor,), {"__slots__": (), **looked}), scope["go"]


def _looked(name: str) -> property:
    def look(bar: BarCursor) -> float:
        return bar._look(name)

    return property(look)
