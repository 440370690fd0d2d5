"""Warming one indicator up for many symbols at once: the stream's own loop over their bars laid side by side.

1. `Tails` lays the last bars before today of each symbol into one rectangle, the youngest in its last step.
2. `warmed_batch` feeds the steps in order, then today's; what comes out is where each symbol stands, bit for bit what
   `openbell.indicators.warm` gives for one.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Floats
from openbell.bars.folding import tails
from openbell.bars.sheaf import Sheaf
from openbell.indicators.bound import Bound
from openbell.indicators.chain import Ints
from openbell.indicators.warm import NEVER

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """Bars of many symbols, side by side.

    Parameters
    ----------
    values, present
        float64 (steps, 5, symbols) in the order of `FIELDS`, bool (steps, symbols).
    last
        The stamp of each symbol's last bar, 0 where it has none; int64 (symbols,).
    """

    values: Floats
    present: Flags
    last: Ints

    @classmethod
    def of(cls, sheaf: Sheaf, steps: int) -> "Tails":
        """The last bars of each block, so many or as many as there are, each block's youngest in the last step."""
        values, present = np.empty((steps, len(FIELDS), len(sheaf))), np.empty((steps, len(sheaf)), np.bool_)
        last = np.empty(len(sheaf), np.int64)
        tails(sheaf, last, values, present)
        return cls(values, present, last)

    @property
    def none(self) -> "Tails":
        """No bar of any of them."""
        return Tails(self.values[:0], self.present[:0], np.zeros_like(self.last))


class Stand(Bound):
    """Where an indicator stands for symbols that are not in the session yet; adopted by an `IndicatorManager`."""

    def __init__(self, like: Bound, symbols: int) -> None:
        super().__init__(like.spec, symbols, like.figures)
        self._fed[:] = True

    def ended(self, ends: Ints) -> Self:
        """The same, with the end of each symbol's last bar; a symbol that was fed nothing was never updated."""
        self._updated[:] = np.where(self._updated == NEVER, NEVER, ends)
        return self


def warmed_batch(like: Bound, past: Tails, today: Tails, ends: Ints) -> Stand:
    """Where an indicator stands for each of many symbols; for those that do not ask where bars lie.

    Parameters
    ----------
    like
        The indicator as a session has it; nothing of it changes.
    past
        At least as many steps as the indicator's history.
    today
        Today's bars so far, oldest first.
    ends
        The end of each symbol's last bar, ns UTC.
    """
    stand = Stand(like, past.present.shape[1])
    steps = len(past.present)
    for bars, first in ((past, steps - min(steps, like.needs.history)), (today, 0)):
        for step in range(first, len(bars.present)):
            stand.advance(bars.values[step], bars.present[step], 0, 0, 0)
    return stand.ended(ends)
