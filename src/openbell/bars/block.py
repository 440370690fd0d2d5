"""Columns of bars of one symbol and interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Stamps

Floats = npt.NDArray[np.float64]

FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Block:
    """Present bars in order of time, as read-only columns of one length.

    Parameters
    ----------
    ts
        int64 ns UTC, strictly ascending: the start of each bar.
    open, high, low, close
        float64, quote currency per unit.
    volume
        float64; NaN where the source has none.
    completeness
        Share of the window's base bars that were there, 0 to 1; None where bars are not derived.
    """

    ts: Stamps
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    completeness: Floats | None = None

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Block":
        shares = None if self.completeness is None else self.completeness[rows]
        return Block(
            self.ts[rows], self.open[rows], self.high[rows], self.low[rows], self.close[rows], self.volume[rows], shares
        )

    @property
    def columns(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Open, high, low, close, volume."""
        return self.open, self.high, self.low, self.close, self.volume

    @classmethod
    def of(cls, ts: Stamps, columns: Iterable[Floats], completeness: Floats | None = None) -> "Block":
        """A block from its columns in the order of `FIELDS`."""
        open_, high, low, close, volume = columns
        return Block(ts, open_, high, low, close, volume, completeness)

    @classmethod
    def empty(cls) -> "Block":
        """No bars at all."""
        return _EMPTY

    @classmethod
    def joined(cls, blocks: Sequence["Block"]) -> "Block":
        """Blocks that follow one another in time, as one; a single one is returned as it is."""
        filled = [block for block in blocks if len(block)]
        if len(filled) <= 1:
            return filled[0] if filled else (blocks[0] if blocks else cls.empty())
        shares = None
        if any(block.completeness is not None for block in filled):
            shares = np.concatenate([block.shares for block in filled])
        columns = [np.concatenate([block.columns[i] for block in filled]) for i in range(len(FIELDS))]
        return cls.of(np.concatenate([block.ts for block in filled]), columns, shares)

    @property
    def shares(self) -> Floats:
        """Completeness as a column; 1 for bars that are not derived."""
        if self.completeness is not None:
            return self.completeness
        whole = np.ones(len(self))
        whole.setflags(write=False)
        return whole

    def between(self, start: int, end: int) -> "Block":
        """Bars stamped in ``[start, end)``, without a copy."""
        if not len(self.ts) or (start <= self.ts[0] and self.ts[-1] < end):
            return self
        return self[int(self.ts.searchsorted(start)) : int(self.ts.searchsorted(end))]

    def copied(self) -> "Block":
        """The same bars in memory of their own."""
        shares = None if self.completeness is None else self.completeness.copy()
        return Block.of(self.ts.copy(), (column.copy() for column in self.columns), shares).freeze()

    def freeze(self) -> "Block":
        """Make every column read-only and return the block itself."""
        for column in (self.ts, *self.columns):
            column.setflags(write=False)
        if self.completeness is not None:
            self.completeness.setflags(write=False)
        return self


_NOTHING = np.empty(0, np.float64)
_EMPTY = Block(np.empty(0, np.int64), _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING).freeze()
