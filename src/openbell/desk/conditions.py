"""Comparisons of prices, indicators and numbers, made for all symbols of an instant in one compiled call."""

from array import array

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS
from openbell.desk.readings import output_of, values_of
from openbell.errors import nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.machine.code import FLAG, address, ready
from openbell.machine.kept import loop_of
from openbell.session.lanes import Lane, Selection
from openbell.session.session_data import SessionData

Flags = npt.NDArray[np.bool_]
# A column of the bars, an indicator's first output, one of its outputs, or a number.
Term = str | IndicatorSpec | tuple[IndicatorSpec, str] | float
Comparison = tuple[Term, str, Term]

SIGNS = (">", ">=", "<", "<=")

# What the loop gets: of all comparisons, then of each one. It knows only more than, and at least.
HEAD = ("slot", "rows", "count", "met")
EACH = ("more", "more_step", "less", "less_step", "or_equal")


class Condition:
    """Comparisons that are all true, or not: of a symbol's bar, its indicators, and numbers; ``needs.condition``.

    Read it with `Bars.where` or `BarCursor.meets`: that takes a fraction of the time in which the same is read and
    compared array by array. What is no number, as where there is no bar, is neither more nor less than anything.

    Parameters
    ----------
    comparisons
        Each a left side, one of ``>``, ``>=``, ``<``, ``<=``, and a right side. A side is a column of the bars
        (``"close"``), an indicator's handle, a handle with the name of an output, or a number.

    Raises
    ------
    ValueError
        If there is no comparison, or one is none.
    SessionError
        If an indicator has no such output.

    Examples
    --------
    >>> import openbell as ob
    >>> sma = ob.indicator("sma", interval="5m", period=20)
    >>> macd = ob.indicator("macd", interval="5m")
    >>> print(Condition(("close", ">", sma), (macd, ">", (macd, "signal")), ("volume", ">=", 1000)))
    close > sma_20_5m and macd_5m > macd_5m.signal and volume >= 1000
    """

    __slots__ = ("comparisons",)

    def __init__(self, *comparisons: Comparison) -> None:
        if not comparisons:
            raise ValueError('a condition has one comparison or more, like ("close", ">", 100)')
        for one in comparisons:
            _check(one)
        self.comparisons = comparisons

    def known_to(self, session: SessionData) -> bool:
        """Whether every indicator of it is there."""
        sides = (side for left, _, right in self.comparisons for side in (left, right))
        specs = (side[0] if isinstance(side, tuple) else side for side in sides)
        return all(session.indicators.has(spec) for spec in specs if isinstance(spec, IndicatorSpec))

    def __str__(self) -> str:
        return " and ".join(f"{_told(left)} {sign} {_told(right)}" for left, sign, right in self.comparisons)


# The loop, and the module that it takes numbers from.
COMPARE = ("openbell.desk.conditions_loop", "compare", __name__)


class Compared:
    """A condition laid out for the bars of a lane; holds until rows come, go or move.

    Parameters
    ----------
    session, lane
        Of which session and interval.
    condition
        What is compared.
    selection
        Which rows are asked about.

    Raises
    ------
    SessionError
        If no symbol has one of its indicators.
    """

    def __init__(self, session: SessionData, lane: Lane, condition: Condition, selection: Selection) -> None:
        self._session, self._lane, self._selection = session, lane, selection
        met = np.zeros(session.capacity, np.bool_)
        self._held: list[object] = [condition, met]
        numbers = [0, session.rows.used, len(condition.comparisons), address(met, FLAG)]
        for left, sign, right in condition.comparisons:
            more, less = (left, right) if sign.startswith(">") else (right, left)
            numbers += [*self._placed(more), *self._placed(less), int(sign.endswith("="))]
        self._given = array("q", numbers)
        self._go = ready(loop_of(*COMPARE), self._given.buffer_info()[0])
        self._met = met.view()
        self._met.flags.writeable = False
        self._beside = isinstance(selection, slice)
        if self._beside:
            self._met = self._met[selection]

    def now(self) -> Flags:
        """Of which rows it is true at this instant; valid until it is asked for again."""
        self._given[0] = self._lane.panel.cursor - 1
        self._go()
        if self._beside:
            return self._met
        picked: Flags = self._met[self._selection]
        picked.flags.writeable = False
        return picked

    def _placed(self, term: Term) -> tuple[int, int]:
        """Where the rows of a side begin, and how far they move on from slot to slot."""
        if isinstance(term, str):
            values = self._lane.panel.values
            self._held.append(values)
            return address(values[0, FIELDS.index(term)]), values.shape[1] * values.shape[2]
        if isinstance(term, int | float):
            shown = np.full(self._session.capacity, float(term))
        else:
            shown = values_of(self._session, *_output(term))
        self._held.append(shown)
        return address(shown), 0


def _output(term: IndicatorSpec | tuple[IndicatorSpec, str]) -> tuple[IndicatorSpec, str | None]:
    return term if isinstance(term, tuple) else (term, None)


def _check(comparison: Comparison) -> None:
    """Refuse what is no comparison."""
    if len(comparison) != 3 or comparison[1] not in SIGNS:
        raise ValueError(f"a comparison is a left side, one of {' '.join(SIGNS)}, and a right side, not {comparison!r}")
    for term in comparison[::2]:
        if isinstance(term, str) and term not in FIELDS:
            near = nearest(term, FIELDS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(FIELDS)}"
            raise ValueError(f"bars have no column {term!r}: {hint}")
        if isinstance(term, tuple):
            output_of(*term)
        elif not isinstance(term, str | IndicatorSpec | int | float):
            raise ValueError(f"a side is a column, an indicator's handle or a number, not {term!r}")


def _told(term: Term) -> str:
    if isinstance(term, tuple):
        return f"{term[0].key}.{term[1]}"
    return term.key if isinstance(term, IndicatorSpec) else str(term)
