"""Blocks side by side in memory become one without a copy; others are copied, and never mixed up."""

import numpy as np

from openbell.bars.block import Block
from openbell.store.sheets import laid_out


def numbered(rows: int) -> Block:
    ts = np.arange(rows)
    return Block.of(ts, [ts * 10.0 + place for place in range(5)])


def same(one: Block, two: Block) -> bool:
    pairs = zip((one.ts, *one.columns), (two.ts, *two.columns), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_neighbours_are_a_view() -> None:
    whole = numbered(9)

    joined = laid_out([whole[0:2], whole[2:3], whole[3:8]])

    assert np.shares_memory(joined.close, whole.close)
    assert same(joined, whole[0:8])


def test_blocks_out_of_order_with_holes_or_of_their_own_are_copied() -> None:
    whole, other = numbered(9), numbered(4)
    for blocks in (
        [whole[3:5], whole[0:3]],
        [whole[0:2], whole[3:5]],
        [whole[0:2], other],
        [whole[0:3], whole[3:6].copied()],
        [whole[0:3], Block.of(whole.ts[3:6], other[0:3].columns)],
    ):
        joined = laid_out(blocks)

        assert not np.shares_memory(joined.close, whole.close)
        assert same(joined, Block.joined(blocks))
