"""Today's stored bars, kept out of everybody's sight and delivered one instant at a time."""

from contextlib import AbstractContextManager

import numpy.typing as npt
from numpy import int64

from openbell.bars.block import Block
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.bars.panel import BarPanel
from openbell.bars.sheaf import Sheaf


class ReplayFeed:
    """The rest of today from the store: a tape per streamed interval, in the rows of the session's panels."""

    def __init__(self) -> None:
        self._tapes: dict[Interval, BarPanel] = {}

    def record(self, interval: Interval, grid: Grid, capacity: int) -> None:
        """Have a tape for an interval, with room for so many rows."""
        tape = self._tapes.get(interval)
        if tape is None:
            self._tapes[interval] = BarPanel(grid, capacity)
        else:
            tape.reserve(capacity)

    def reserve(self, capacity: int) -> None:
        """Make room for so many rows on every tape: all of them are read up to the last row in use."""
        for tape in self._tapes.values():
            tape.reserve(capacity)

    def write(self, interval: Interval, row: int, slots: npt.NDArray[int64], block: Block) -> None:
        """Put bars of one symbol on tape, over what is there."""
        self._tapes[interval].write(row, slots, block)

    def writing(self, interval: Interval, rows: npt.NDArray[int64], sheaf: Sheaf) -> AbstractContextManager[None]:
        """While a block is carried out, put what is of today of the bars of many symbols on tape."""
        return self._tapes[interval].writing(rows, sheaf)

    def erase(self, row: int) -> None:
        """Take a symbol off every tape."""
        for tape in self._tapes.values():
            tape.erase(row)

    def tape(self, interval: Interval) -> BarPanel:
        """The rest of today of an interval."""
        return self._tapes[interval]
