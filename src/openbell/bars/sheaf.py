"""Blocks of many symbols and where their columns lie, so that one compiled call goes through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.machine.code import INT, address

WIDTH = 7
"""Numbers per block: how many bars, and where stamps, open, high, low, close and volume begin."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """Some blocks, side by side.

    Parameters
    ----------
    blocks
        One per symbol. They hold what the addresses point to.
    table
        int64 (blocks, 7), see `WIDTH`.
    """

    blocks: Sequence[Block]
    table: npt.NDArray[np.int64]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "Sheaf":
        """The sheaf of some blocks, whose columns must each be in one piece.

        Examples
        --------
        >>> len(Sheaf.of([Block.empty(), Block.empty()]))
        2
        """
        numbers = [(len(block.ts), address(block.ts, INT), *map(address, block.columns)) for block in blocks]
        return cls(blocks, np.array(numbers, np.int64).reshape(-1, WIDTH))

    def of_some(self, places: Sequence[int]) -> "Sheaf":
        """The sheaf of some of these blocks, by their places, ascending."""
        if len(places) == len(self.blocks):
            return self
        return Sheaf([self.blocks[place] for place in places], self.table[list(places)])

    def __len__(self) -> int:
        return len(self.blocks)
