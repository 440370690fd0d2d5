"""Bars of many series as one block, without a copy where they lie one behind the other already."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Number
from openbell.machine.code import INT, address


def laid_out(blocks: Sequence[Block]) -> Block:
    """`Block.joined`, as a view of the memory that the blocks were cut from where that is possible.

    Examples
    --------
    >>> whole = Block(np.arange(4), *[np.ones(4)] * 5)
    >>> bool(np.shares_memory(laid_out([whole[:1], whole[1:]]).ts, whole.ts))
    True
    """
    if len(blocks) < 2 or any(block.completeness is not None for block in blocks):
        return Block.joined(blocks)
    first, rows = blocks[0], sum(map(len, blocks))
    if not _follow([block.ts for block in blocks]):
        return Block.joined(blocks)
    # Rows are cut out of all columns alike: where the stamps lie together, the ends of the others tell.
    for one, *others, last in zip(*(block.columns for block in blocks), strict=True):
        if one.base is None or any(part.base is not one.base for part in (*others, last)):
            return Block.joined(blocks)
        if (
            not (one.flags.c_contiguous and last.flags.c_contiguous)
            or address(last) + last.nbytes - address(one) != 8 * rows
        ):
            return Block.joined(blocks)
    return Block.of(_stretched(first.ts, rows), (_stretched(column, rows) for column in first.columns))


def _follow(parts: Sequence[npt.NDArray[np.int64]]) -> bool:
    base = parts[0].base
    if base is None or any(part.base is not base or not part.flags.c_contiguous for part in parts):
        return False
    starts = [address(part, INT) for part in parts]
    return all(after - start == part.nbytes for (start, after), part in zip(pairwise(starts), parts, strict=False))


def _stretched(first: npt.NDArray[Number], rows: int) -> npt.NDArray[Number]:
    return np.lib.stride_tricks.as_strided(first, (rows,), first.strides, writeable=False)
