import numpy as np
import pytest

from openbell.bars.block import FIELDS, Block


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
