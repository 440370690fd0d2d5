"""The symbols that a scanner may look at, before the first bar: names and figures, no bars."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.config.session_file import UniverseFilter
from openbell.scanners.figures import Figure, Figures
from openbell.store.manager import DataManager

Mask = npt.NDArray[np.bool_]


class Universe:
    """Symbols with figures over the sessions before today, as arrays of one length.

    Parameters
    ----------
    symbols
        Names, in order.
    figures
        Answers figures for names.
    """

    def __init__(self, symbols: Sequence[str], figures: Callable[[Figure, Sequence[str]], Floats]) -> None:
        self.symbols = list(symbols)
        self._figures = figures

    def __len__(self) -> int:
        return len(self.symbols)

    def figure(self, figure: Figure) -> Floats:
        """A figure per symbol, NaN where it has no bar in those sessions."""
        return self._figures(figure, self.symbols)

    @property
    def previous_close(self) -> Floats:
        """The last close before today."""
        return self.figure(Figure("close", "last", 10))

    def where(self, keep: Mask | Iterable[str]) -> "Universe":
        """Those for which a flag is set, or whose names are given.

        Raises
        ------
        ValueError
            If there are more or fewer flags than symbols.
        TypeError
            If what is given is neither flags nor names.
        """
        if isinstance(keep, np.ndarray) and keep.dtype == np.bool_:
            if len(keep) != len(self):
                raise ValueError(f"{len(keep)} flags for {len(self)} symbols")
            return Universe([self.symbols[place] for place in np.flatnonzero(keep).tolist()], self._figures)
        names = tuple(keep)
        strange = next((name for name in names if not isinstance(name, str)), None)
        if isinstance(keep, str) or strange is not None:
            given = keep if strange is None else strange
            raise TypeError(f"filter and where take an array of flags or a list of names, and were given {given!r}")
        wanted = {name.upper() for name in names}
        return Universe([name for name in self.symbols if name in wanted], self._figures)


def known_symbols(data: DataManager, figures: Figures, names: Sequence[str] | None) -> Universe:
    """The universe of a day: given names, or all that the store has, which are listed by today.

    What is unknown to the store stays in, so that it is refused with its reason.
    """
    today = figures.today
    table = data.symbols()
    chosen = list(table) if names is None else list(names)
    listed = [
        name
        for name in chosen
        if (info := table.get(name)) is None
        or (info.listed <= today and (info.delisted is None or info.delisted > today))
    ]
    return Universe(listed, figures.of)


def fulfilling(universe: Universe, where: UniverseFilter) -> Universe:
    """The symbols of a universe whose figures lie in the ranges; one without a figure does not fulfil a limit."""
    if where == UniverseFilter(days=where.days):
        return universe
    keep = np.ones(len(universe), np.bool_)
    wanted = (
        (where.price, Figure("close", "last", where.days)),
        (where.volume, Figure("volume", "mean", where.days)),
        (where.range, Figure("relative_range", "mean", where.days)),
    )
    for (low, high), figure in wanted:
        if (low, high) != (0.0, np.inf):
            value = universe.figure(figure)
            keep &= (value >= low) & (value <= high)
    return universe.where(keep)
