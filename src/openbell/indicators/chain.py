"""An indicator ready to run: its links, innermost first, each with its loops and the layout of its state."""

from array import array
from collections.abc import Callable, Sequence
from ctypes import addressof
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.bars.interval import Interval
from openbell.errors import IndicatorError, Problem
from openbell.indicators.definition import CalendarFigure, Kind, Value
from openbell.indicators.kernel import Kernel, kernel_of
from openbell.indicators.spec import IndicatorSpec
from openbell.machine.code import INT, address, numbers

Ints = npt.NDArray[np.int64]

# What a market's calendar says about an interval.
Figures = Callable[[CalendarFigure, Interval], float]

NO_SESSION = -1.0
_CLOSE = FIELDS.index("close")
_NOTHING = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where bars lie on their grid, one entry per bar.

    Parameters
    ----------
    slots
        The place on the session's grid of the interval, from 0.
    sessions
        Session ordinals.
    ends
        Ends of the windows, int64 ns UTC.
    regular
        Whether the bar belongs to regular hours; None when all do.
    """

    slots: Ints
    sessions: Ints
    ends: Ints
    regular: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.ends)


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Where one link stands for one symbol: its state, its windows, and the values that it shows."""

    state: Floats
    window: Floats
    shown: Floats

    @property
    def seen(self) -> int:
        """Bars that it was fed with."""
        return int(self.state[0])


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One definition with its parameters, as arrays that its loops read.

    Parameters
    ----------
    spec, kernel
        What it is, and its loops.
    params
        What the loops read of its parameters, see `openbell.indicators.loops`.
    start
        State, windows and values before any bar, one after another.
    width, outputs
        How many of these are windows, and values.
    source
        Which output of the link before it works on; -1 for the first link.
    column
        The row of `FIELDS` that a first link works on.
    """

    spec: IndicatorSpec
    kernel: Kernel
    params: Floats
    start: Floats
    width: int
    outputs: int
    source: int
    column: int

    @classmethod
    def of(cls, spec: IndicatorSpec, resets: bool, figures: Figures | None) -> "Link":
        """Lay out parameters and state of one indicator; compiles nothing yet."""
        definition = spec.definition
        values = definition.resolved(_figured(spec, figures))
        params = [float(definition.lookback(dict(spec.params))), *(float(v) for v in vars(values).values())]
        width = 0
        for one in definition.windows:
            size = int(one.size(values))
            params += [float(width), float(size)]
            width += size
        start = [0.0, NO_SESSION, *(field.start for field in definition.fields)]
        outputs = len(definition.outputs)
        return cls(
            spec=spec,
            kernel=kernel_of(definition, resets),
            params=np.array(params),
            start=np.array([*start, *[0.0] * width, *[np.nan] * outputs]),
            width=width,
            outputs=outputs,
            source=-1 if spec.input is None else spec.source_output,
            column=_CLOSE if spec.input is not None else FIELDS.index(spec.column or definition.column),
        )

    @property
    def columns(self) -> set[int]:
        """The rows of `FIELDS` that it reads."""
        definition = self.kernel.definition
        named = {row for row, name in enumerate(FIELDS) if name in definition.bar_fields}
        return named | {self.column} if definition.sourced and self.source < 0 else named

    def fresh(self) -> Carried:
        """The state before any bar."""
        everything = self.start.copy()
        shown = len(everything) - self.outputs
        fields = shown - self.width
        return Carried(everything[:fields], everything[fields:shown], everything[shown:])


@dataclass(frozen=True, eq=False)
class Chain:
    """The links of one indicator; a later one is fed with an output of the one before."""

    links: tuple[Link, ...]

    @classmethod
    def of(cls, spec: IndicatorSpec, figures: Figures | None = None) -> "Chain":
        """The chain that a spec describes.

        Raises
        ------
        IndicatorError
            If it asks for a figure of the market's calendar and there are none.
        """
        resets = spec.needs.kind is Kind.SESSION
        return cls(tuple(Link.of(link, resets, figures) for link in spec.chain))

    def compile(self) -> None:
        """Compile what the stream needs and is not compiled yet, or load it from the cache.

        Raises
        ------
        IndicatorError
            If numba cannot compile a definition; names the line.
        """
        for link in self.links:
            link.kernel.prepare()

    @cached_property
    def columns(self) -> frozenset[int]:
        """The rows of `FIELDS` that its links read."""
        return frozenset(row for link in self.links for row in link.columns)

    def fresh(self) -> tuple[Carried, ...]:
        """The state before any bar, link by link."""
        return tuple(link.fresh() for link in self.links)

    def run(
        self, carried: tuple[Carried, ...], columns: tuple[Floats, ...], slots: Ints, sessions: Ints
    ) -> tuple[Floats, int]:
        """Feed bars of one symbol, oldest first.

        Parameters
        ----------
        carried
            Where each link stands; moved on in place.
        columns
            Open, high, low, close, volume, contiguous float64 of one length.
        slots, sessions
            Of each bar, int64.

        Returns
        -------
        tuple
            Values of shape (outputs, bars), and the index of the last bar that counted, -1 for none.
        """
        places = (*map(address, columns), address(slots, INT), address(sessions, INT))
        return self.run_at(carried, len(columns[0]), places)

    def run_at(self, carried: tuple[Carried, ...], bars: int, places: tuple[int, ...]) -> tuple[Floats, int]:
        """`run`, given the addresses of its columns, slots and sessions; the caller holds what lies there."""
        last, out, at = -1, _NOTHING, 0
        for link, stand in zip(self.links, carried, strict=True):
            source = places[link.column] if link.source < 0 else at + out.strides[0] * link.source
            # Held by name until the loop has run: an address alone does not keep what lies there.
            before, out = out, np.empty((link.outputs, bars))
            at = address(out)
            after = (address(stand.state), address(stand.window), address(link.params), address(stand.shown), at)
            # The last two are where the loop leaves the last bar that counted, and that bar.
            given = array("q", (bars, source, *places, *after, 0, last))
            here, _ = given.buffer_info()
            given[-2] = here + 8 * (len(given) - 1)
            link.kernel.through(here)
            last = given[-1]
            del before
        return out, last

    def table(
        self, columns: tuple[Floats, ...], slots: Ints, sessions: Ints, wanted: Sequence[int] | None = None
    ) -> list[Floats]:
        """Feed bars of many symbols from the beginning.

        Parameters
        ----------
        columns
            As in `run`, each of shape (symbols, bars).
        slots, sessions
            Of each bar, int64, the same for all symbols.
        wanted
            Which outputs, in this order; None for all. Others are not computed.

        Returns
        -------
        list of Floats
            Each output, shape (symbols, bars).
        """
        symbols, bars = columns[0].shape
        places = (*map(address, columns), address(slots, INT), address(sessions, INT))
        out: dict[int, Floats] = {}
        for link in self.links:
            source = columns[link.column] if link.source < 0 else out[link.source]
            asked = tuple(range(link.outputs) if wanted is None or link is not self.links[-1] else sorted(wanted))
            # An array each: memory of this size is used again, while more of it at once is new, and blank, every time.
            out, fresh = {i: np.empty((symbols, bars)) for i in asked}, link.fresh()
            start, window, params = map(address, (fresh.state, fresh.window, link.params))
            made = numbers(*map(address, out.values()))
            given = numbers(symbols, bars, address(source), *places, start, window, link.width, params, addressof(made))
            link.kernel.table(asked)(addressof(given))
        return [out[i] for i in (out if wanted is None else wanted)]


def _figured(spec: IndicatorSpec, figures: Figures | None) -> dict[str, Value]:
    """The parameters, with figures of the calendar in the place of those that stand for them."""
    params = dict(spec.params)
    for p in spec.definition.params:
        if p.calendar is None or params[p.name] != p.default:
            continue
        if figures is None:
            what = f"{p.name}={p.default} stands for the market's {p.calendar}, and there is no market here"
            raise IndicatorError(Problem(f"indicator {spec.name}", what, f"Give {p.name}.", code="no_calendar"))
        params[p.name] = p.type(figures(p.calendar, spec.interval))
    return params
