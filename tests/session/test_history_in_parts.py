"""History is immutable parts that follow one another; a part without bars is none."""

import numpy as np

from openbell.bars.block import Block
from openbell.session.records import History


def test_a_part_without_bars_does_not_count():
    ts = np.array([10, 20, 30])
    block = Block(ts, *(ts * 1.0 for _ in range(5)))

    assert History((Block.empty(),)).since(5).first is None
    assert History((Block.empty(), block)).since(20).block.ts.tolist() == [20, 30]
