import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from openbell.bars.block import FIELDS, Block, all_where
from openbell.bars.sheaf import Sheaf
from openbell.machine.code import INT, address


def block(*stamps: int, shares: list[float] | None = None) -> Block:
    ts = np.array(stamps, np.int64)
    columns = [ts * 1.0 + place for place in range(len(FIELDS))]
    return Block.of(ts, columns, None if shares is None else np.array(shares))


def test_between_takes_its_start_and_leaves_its_end_out():
    assert block(1, 2, 5, 7).between(2, 7).ts.tolist() == [2, 5]
    assert len(block(1, 2).between(3, 9)) == 0
    assert len(Block.empty().between(0, 9)) == 0


def test_between_copies_nothing():
    whole = block(1, 2, 5)

    assert np.shares_memory(whole.between(2, 6).close, whole.close)
    assert not np.shares_memory(whole.between(2, 6).copied().close, whole.close)


def test_blocks_that_follow_one_another_are_joined_in_their_order():
    joined = Block.joined((block(1, 2), Block.empty(), block(5)))

    assert joined.ts.tolist() == [1, 2, 5]
    assert joined.volume.tolist() == [5.0, 6.0, 9.0]
    assert joined.completeness is None


def test_one_block_joined_is_that_block():
    one = block(1, 2)

    assert Block.joined((Block.empty(), one)) is one
    assert len(Block.joined(())) == 0


def test_streamed_bars_are_whole_when_they_are_joined_with_derived_ones():
    assert Block.joined((block(1), block(2, shares=[0.25]))).shares.tolist() == [1.0, 0.25]


def test_rows_are_chosen_by_slice_mask_and_place():
    whole = block(1, 2, 5, shares=[1.0, 0.5, 0.25])

    assert whole[1:].ts.tolist() == [2, 5]
    assert whole[whole.ts > 1].shares.tolist() == [0.5, 0.25]
    assert whole[np.array([2, 0])].open.tolist() == [5.0, 1.0]


def test_a_frozen_block_cannot_be_written():
    frozen = block(1, 2, shares=[1.0, 1.0]).freeze()

    for column in (frozen.ts, *frozen.columns, frozen.shares):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def lies(one: Block) -> tuple[int, ...]:
    """`Block.where`, looked up in its arrays."""
    shares = 0 if one.completeness is None else address(one.completeness)
    return len(one), address(one.ts, INT), *map(address, one.columns), shares


@pytest.mark.parametrize("shares", [None, [1.0, 0.5, 1.0, 0.25, 1.0]])
def test_a_block_and_parts_of_its_parts_say_where_they_lie(shares):
    whole = block(1, 2, 5, 7, 9, shares=shares)
    part = whole.rows(1, 5)
    inner = part.rows(1, 3)

    assert whole.where == lies(whole)
    assert part.where == lies(part)
    assert inner.where == lies(inner)
    assert inner.ts.tolist() == [5, 7]
    assert part[1:3].where == inner.where
    assert len(inner.rows(2, 2)) == 0
    assert np.shares_memory(inner.close, whole.close)


def test_many_blocks_say_where_they_lie_at_once():
    wholes = [block(1, 2, 5, 7, 9, shares=shares) for shares in (None, [1.0, 0.5, 1.0, 0.25, 1.0])]
    blocks = [*wholes, *(whole.rows(first, 4) for whole in wholes for first in range(4)), Block.empty()]

    table = all_where([*blocks, *blocks])

    assert table.tolist() == [list(one.where) for one in (*blocks, *blocks)]
    assert Sheaf.of(blocks * 4).table.tolist() == Sheaf.of(blocks).table.tolist() * 4
    assert len(Sheaf.of([])) == 0


@pytest.mark.parametrize("parts", [0, 3, 40])
@pytest.mark.parametrize("shares", [None, [1.0, 0.5, 1.0, 0.25, 1.0]])
def test_parts_of_one_block_lie_where_they_were_cut(parts: int, shares):
    whole = block(1, 2, 5, 7, 9, shares=shares)
    firsts, sizes = np.arange(parts) % 5, np.arange(parts) % 2

    cut = Sheaf.cut(whole, firsts, sizes)

    expected = [whole.rows(first, first + size) for first, size in zip(firsts.tolist(), sizes.tolist(), strict=True)]
    assert len(cut) == parts
    assert cut.table.tolist() == [list(one.where) for one in expected]
    assert [one.ts.tolist() for one in cut.blocks] == [one.ts.tolist() for one in expected]


def test_a_part_of_nothing_is_nothing():
    assert len(Block.empty().rows(0, 0).rows(0, 0)) == 0
    assert Block.empty()[2:1].ts.tolist() == []


def test_steps_and_choices_of_a_part_are_blocks_of_their_own():
    part = block(1, 2, 5, 7, 9).rows(1, 5)

    assert part[::2].ts.tolist() == [2, 7]
    assert part[part.ts > 2].ts.tolist() == [5, 7, 9]
    assert part[::-1].close.tolist() == [12.0, 10.0, 8.0, 5.0]


def test_where_a_block_lies_is_not_copied_with_it():
    whole = block(1, 2, 5)
    part = whole.rows(1, 3)
    assert part.where

    for other in (copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert other.ts.tolist() == [2, 5]
        assert other.where == lies(other)
        assert other.where[1:] != part.where[1:]


def test_a_block_goes_with_its_last_part_without_the_collector():
    whole = block(1, 2, 5)
    part = whole.rows(1, 3)
    gone = weakref.ref(whole)
    was_on = gc.isenabled()
    gc.disable()
    try:
        del whole
        assert gone() is not None
        del part
        assert gone() is None
    finally:
        if was_on:
            gc.enable()
