"""An indicator ready to run: its links, innermost first, each with its loops and the layout of its state."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.indicators.definition import Kind
from openbell.indicators.kernel import Kernel, kernel_of
from openbell.indicators.spec import IndicatorSpec

Ints = npt.NDArray[np.int64]

NO_SESSION = -1.0
_CLOSE = FIELDS.index("close")
_HEAD = 2


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
    """One definition with its parameters, as arrays that its loops read."""

    spec: IndicatorSpec
    kernel: Kernel
    params: Floats
    start: Floats
    width: int

    @classmethod
    def of(cls, spec: IndicatorSpec, resets: bool) -> "Link":
        """Lay out parameters and state of one indicator; compiles nothing yet."""
        definition = spec.definition
        values = definition.resolved(dict(spec.params))
        params = [float(definition.lookback(dict(spec.params))), *(float(v) for v in vars(values).values())]
        width = 0
        for one in definition.windows:
            size = int(one.size(values))
            params += [float(width), float(width + size)]
            width += size
        start = np.array([0.0, NO_SESSION, *(field.start for field in definition.fields)])
        return cls(spec, kernel_of(definition, resets), np.array(params), start, width)

    @property
    def column(self) -> int:
        """The row of `FIELDS` that it works on when it has no input."""
        return FIELDS.index(self.spec.column or self.spec.definition.column)

    def fresh(self) -> Carried:
        """The state before any bar."""
        return Carried(self.start.copy(), np.zeros(self.width), np.full(len(self.spec.outputs), np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The links of one indicator; a later one is fed with an output of the one before."""

    links: tuple[Link, ...]

    @classmethod
    def of(cls, spec: IndicatorSpec) -> "Chain":
        """The chain that a spec describes."""
        resets = spec.needs.kind is Kind.SESSION
        return cls(tuple(Link.of(link, resets) for link in spec.chain))

    def compile(self, across: bool = True) -> None:
        """Compile what is not compiled yet, or load it from the cache.

        Raises
        ------
        IndicatorError
            If numba cannot compile a definition; names the line.
        """
        for link in self.links:
            _ = link.kernel.through
            if across:
                _ = link.kernel.across

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
        source, last, out = columns[self.links[0].column], -1, columns[0]
        for link, stand in zip(self.links, carried, strict=True):
            if link.spec.input is not None:
                source = out[link.spec.source_output]
            out = np.empty((len(link.spec.outputs), len(source)))
            last = link.kernel.through(
                source, *columns, slots, sessions, stand.state, stand.window, link.params, stand.shown, out
            )
        return out, last
