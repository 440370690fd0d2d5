"""Blocks of many symbols and where their columns lie, so that one compiled call goes through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, all_where

WIDTH = 8
"""Numbers per block, those of `Block.where`."""

# So many blocks are sooner asked one by one.
_FEW = 16


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """Some blocks, side by side.

    Parameters
    ----------
    blocks
        One per symbol. They hold what the addresses point to.
    table
        int64 (blocks, 8): `Block.where` of each.
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
        if len(blocks) > _FEW:
            return cls(blocks, all_where(blocks))
        numbers = chain.from_iterable([block.where for block in blocks])
        return cls(blocks, np.fromiter(numbers, np.int64, WIDTH * len(blocks)).reshape(-1, WIDTH))

    def of_some(self, places: Sequence[int]) -> "Sheaf":
        """The sheaf of some of these blocks, by their places, ascending."""
        if len(places) == len(self.blocks):
            return self
        return Sheaf([self.blocks[place] for place in places], self.table[list(places)])

    def __len__(self) -> int:
        return len(self.blocks)
