"""Blocks of many symbols and where their columns lie, so that one compiled call goes through all of them."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from openbell.bars.block import Block, Rows, all_where, parts_where

WIDTH = 8
"""Numbers per block, those of `Block.where`."""

# So many blocks are sooner asked one by one.
_FEW = 16


class Sheaf:
    """Some blocks, side by side.

    Parameters
    ----------
    blocks
        One per symbol. They hold what the addresses point to.
    table
        int64 (blocks, 8): `Block.where` of each; worked out when somebody asks, if it is not given.
    """

    __slots__ = ("_blocks", "_cuts", "_table")

    def __init__(self, blocks: Sequence[Block], table: Rows | None = None) -> None:
        self._blocks, self._table = blocks, table
        self._cuts: tuple[Block, Rows, Rows] | None = None

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "Sheaf":
        """The sheaf of some blocks, whose columns must each be in one piece.

        Examples
        --------
        >>> len(Sheaf.of([Block.empty(), Block.empty()]))
        2
        """
        return cls(blocks, _where(blocks))

    @classmethod
    def cut(cls, whole: Block, firsts: Rows, sizes: Rows) -> "Sheaf":
        """Parts of one block, by the rows at which they begin and how many rows they have.

        Examples
        --------
        >>> whole = Block.of(np.arange(5), [np.arange(5.0)] * 5)
        >>> parts = Sheaf.cut(whole, np.array([0, 3]), np.array([1, 2]))
        >>> [part.ts.tolist() for part in parts.blocks]
        [[0], [3, 4]]
        """
        sheaf = cls(())
        sheaf._cuts = whole, firsts, sizes
        return sheaf

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks; parts of one are made when somebody asks."""
        if self._cuts is not None and not self._blocks:
            whole, firsts, sizes = self._cuts
            ends = zip(firsts.tolist(), (firsts + sizes).tolist(), strict=True)
            self._blocks = [whole.rows(first, end) for first, end in ends]
        return self._blocks

    @property
    def table(self) -> Rows:
        """`Block.where` of each block, int64 (blocks, 8)."""
        if self._table is None:
            if self._cuts is None or len(self) <= _FEW:
                self._table = _where(self.blocks)
            else:
                whole, firsts, sizes = self._cuts
                self._table = parts_where(np.array(whole.where, np.int64), firsts, sizes)
        return self._table

    def of_some(self, places: Sequence[int]) -> "Sheaf":
        """The sheaf of some of these blocks, by their places, ascending."""
        if len(places) == len(self):
            return self
        return Sheaf([self.blocks[place] for place in places], self.table[list(places)])

    def __len__(self) -> int:
        return len(self._blocks) if self._cuts is None else len(self._cuts[1])


def _where(blocks: Sequence[Block]) -> Rows:
    """`Block.where` of each block."""
    if len(blocks) > _FEW:
        return all_where(blocks)
    numbers = chain.from_iterable([block.where for block in blocks])
    return np.fromiter(numbers, np.int64, WIDTH * len(blocks)).reshape(-1, WIDTH)
