"""Bars of many symbols side by side."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.folding import tails
from openbell.bars.sheaf import Sheaf


@settings(derandomize=True, deadline=None, database=None)
@given(sizes=st.lists(st.integers(0, 9), max_size=140), steps=st.integers(0, 6))
def test_the_last_bars_of_each_lie_side_by_side_and_end_in_the_last_step(sizes, steps):
    random = np.random.default_rng(len(sizes))
    blocks = [Block.of(np.arange(1, size + 1), random.random((5, size))) for size in sizes]
    values, present = np.empty((steps, 5, len(blocks))), np.empty((steps, len(blocks)), np.bool_)
    last = np.empty(len(blocks), np.int64)

    tails(Sheaf.of(blocks), last, values, present)

    assert last.tolist() == sizes
    for place, block in enumerate(blocks):
        there = min(len(block), steps)
        assert present[:, place].tolist() == [False] * (steps - there) + [True] * there
        assert np.isnan(values[: steps - there, :, place]).all()
        for field, column in enumerate(block.columns):
            assert values[steps - there :, field, place].tolist() == column[len(block) - there :].tolist()
