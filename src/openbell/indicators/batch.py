"""Warming indicators of one interval up for many symbols at once, by the stream's own loops.

1. `_Rank` has the loops read from one place, where there is room for a bar of each symbol.
2. `_Rank.march`, one compiled call, lays bars there, step by step, each symbol's youngest in the last step, and calls
   every loop at every step. What comes out is where each symbol stands, bit for bit what `warmed` gives for one.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from openbell.bars.block import FIELDS
from openbell.bars.sheaf import Sheaf
from openbell.indicators.bound import Bound, Fed
from openbell.indicators.chain import Ints
from openbell.indicators.warm import NEVER
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import run

_LOOPS = "openbell.indicators.batch_loop"
# Steps that are read of one symbol before the next: a processor is quick where it reads on.
_AHEAD = 64


class Stand(Bound):
    """Where an indicator stands for symbols that are not in the session yet; adopted by an `IndicatorManager`."""

    def __init__(self, like: Bound, symbols: int) -> None:
        super().__init__(like.spec, symbols, like.figures)
        self._fed[:] = True

    def ended(self, ends: Ints) -> Self:
        """The same, with the end of each symbol's last bar; a symbol that was fed nothing was never updated."""
        self._updated[:] = np.where(self._updated == NEVER, NEVER, ends)
        return self


class _Rank:
    """One bar of each symbol side by side, and the links that are fed from there.

    Parameters
    ----------
    stands
        Whose links.
    symbols
        How many.
    """

    def __init__(self, stands: Sequence[Stand], symbols: int) -> None:
        self._bars, self._present = np.full((len(FIELDS), symbols), np.nan), np.zeros(symbols, np.bool_)
        self._columns = np.array(sorted(set().union(*(stand.chain.columns for stand in stands))), np.int64)
        self._ahead = np.zeros((len(self._columns), _AHEAD, symbols))
        self._fed: list[Fed] = []
        for stand in stands:
            stand.aim(self._bars, self._present, 0, 0, 0)
            self._fed += stand.fed
        self.last = np.zeros(symbols, np.int64)

    def march(self, sheaf: Sheaf, lengths: Sequence[int]) -> None:
        """Feed each link with the last bars of every symbol, so many or as many as there are, oldest first."""
        steps = max(lengths)
        links = [(steps - length, link.code, link.given) for length, link in zip(lengths, self._fed, strict=True)]
        table = np.array(links, np.int64)
        sizes = len(sheaf), steps, len(self._columns), len(table), _AHEAD
        read = address(sheaf.table, INT), address(self.last, INT), address(self._columns, INT), address(table, INT)
        written = address(self._bars), address(self._present, FLAG), address(self._ahead)
        failed = run(_LOOPS, "march", 0, *sizes, *read, *written)
        if failed:
            # It raises again, with its reasons, where Python can hear it.
            self._fed[failed - 1].again()
            raise AssertionError("an indicator raised once and, with the same bar, not again")


def warmed_batch(likes: Sequence[Bound], past: Sheaf, today: Sheaf | None) -> tuple[list[Stand], Ints]:
    """Where indicators stand for each of many symbols; for those that do not ask where bars lie.

    Parameters
    ----------
    likes
        The indicators as a session has them, of one interval; nothing of them changes.
    past
        At least as many bars of each symbol as the longest history of an indicator, or all there are.
    today
        Today's bars so far; None where nobody has any.

    Returns
    -------
    tuple
        A stand per indicator, not `Stand.ended` yet, and the stamp of each symbol's last bar, 0 where it has none.
    """
    stands = [Stand(like, len(past)) for like in likes]
    rank = _Rank(stands, len(past))
    links = [stand for stand in stands for _ in stand.chain.links]
    rank.march(past, [stand.needs.history for stand in links])
    if today is not None:
        rank.march(today, [int(today.table[:, 0].max())] * len(links))
    return stands, rank.last
