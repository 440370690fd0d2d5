"""Today's bars of one interval for all symbols: a rectangle of slots x fields x rows, with a cursor that marks now."""

from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Block, Floats
from openbell.bars.grid import Grid
from openbell.bars.room import filled, unset
from openbell.bars.sheaf import Sheaf

Flags = npt.NDArray[np.bool_]
Slots = npt.NDArray[np.int64]


class BarPanel:
    """Room for every bar that today's session can bring.

    Position is time: ``values[slot]`` is the instant's cross-section, float64 of shape (5, capacity) in the order of
    `FIELDS`. A slot without a bar is NaN and its presence False. Slots at or after the cursor are in the future.

    Parameters
    ----------
    grid
        Today's windows of the interval.
    capacity
        Rows to make room for.
    derived
        Whether completeness is kept.
    """

    def __init__(self, grid: Grid, capacity: int, *, derived: bool = False) -> None:
        self.grid = grid
        self.cursor = 0
        self.values: Floats = filled((len(grid), len(FIELDS), capacity), np.nan)
        self._readable: Floats = np.empty(0)
        self.present: Flags = unset((len(grid), capacity))
        self.shares: Floats | None = filled((len(grid), capacity), np.nan) if derived else None

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        rows: int = self.present.shape[1]
        return rows

    @property
    def readable(self) -> Floats:
        """The same values, read-only."""
        if self._readable.base is not self.values:
            self._readable = self.values.view()
            self._readable.flags.writeable = False
        return self._readable

    def reserve(self, capacity: int) -> None:
        """Make room for at least so many rows; what is there stays, bit for bit."""
        if capacity <= self.capacity:
            return
        wider = BarPanel(self.grid, capacity, derived=self.shares is not None)
        wider.values[:, :, : self.capacity] = self.values
        wider.present[:, : self.capacity] = self.present
        if wider.shares is not None and self.shares is not None:
            wider.shares[:, : self.capacity] = self.shares
        self.values, self.present, self.shares = wider.values, wider.present, wider.shares

    def keep_shares(self) -> None:
        """Start to keep completeness; bars that are there already are whole."""
        if self.shares is None:
            self.shares = np.where(self.present, 1.0, np.nan)

    def write(self, row: int, slots: Slots, block: Block) -> None:
        """Put bars of one symbol into their slots.

        Parameters
        ----------
        row
            The symbol's row.
        slots
            int64 of shape (len(block),), each the slot of one bar, ascending.
        """
        if not len(block):
            return
        first, last = int(slots[0]), int(slots[-1])
        where = slice(first, last + 1) if last - first == len(slots) - 1 else slots
        for field, column in enumerate(block.columns):
            self.values[where, field, row] = column
        self.present[where, row] = True
        if self.shares is not None:
            self.shares[where, row] = block.shares

    def writing(self, rows: Slots, sheaf: Sheaf) -> AbstractContextManager[None]:
        """While a block is carried out, put whole bars of many symbols into their slots.

        Bars that start no window of today are left out.

        Parameters
        ----------
        rows
            int64, the row of each symbol.
        """
        from openbell.bars.folding import scattering

        return scattering(sheaf, rows, self.grid.stamps, self.values, self.present, self.shares)

    def erase(self, row: int, first: int = 0) -> None:
        """Empty a row from a slot on."""
        self.values[first:, :, row] = np.nan
        self.present[first:, row] = False
        if self.shares is not None:
            self.shares[first:, row] = np.nan

    def block(self, row: int) -> Block:
        """The present bars of one row up to now, as a copy in columns."""
        slots = np.flatnonzero(self.present[: self.cursor, row])
        columns = self.values[slots, :, row].T.copy()
        shares = None if self.shares is None else self.shares[slots, row]
        return Block.of(self.grid.stamps[slots], columns, shares).freeze()
