from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.grid import Grid, Span
from openbell.bars.interval import Interval
from openbell.bars.panel import BarPanel
from openbell.session.hashing import HistoryHashes, row_hashes, session_hashes

BEGINS = np.arange(0, 100, 10, dtype=np.int64)


def block(*stamps: int, **changes: float) -> Block:
    ts = np.array(stamps, np.int64)
    columns = dict.fromkeys(("open", "high", "low", "close", "volume"), ts * 1.0)
    for name, value in changes.items():
        columns[name] = np.where(ts == ts[0], value, columns[name])
    return Block.of(ts, columns.values())


def hashed(*blocks: Block) -> bytes:
    return b"".join(session_hashes(one, BEGINS) for one in blocks)


@settings(derandomize=True, deadline=None, database=None)
@given(stamps=st.sets(st.integers(0, 99), min_size=1), cuts=st.sets(st.integers(1, 9)))
def test_in_how_many_parts_bars_are_held_does_not_show(stamps, cuts):
    whole = block(*sorted(stamps))
    edges = [0, *sorted(cut * 10 for cut in cuts), 100]
    parts = [whole.between(left, right) for left, right in pairwise(edges)]

    assert hashed(*parts) == hashed(whole)


def test_one_bit_of_one_field_shows():
    before = hashed(block(1, 2, 33))

    for field in ("open", "high", "low", "close", "volume"):
        assert hashed(block(1, 2, 33, **{field: np.nextafter(1.0, 2.0)})) != before
    assert hashed(block(1, 3, 33)) != before
    assert hashed(block(1, 2)) != before


def test_completeness_of_one_is_that_of_a_streamed_bar_and_less_is_not():
    plain = block(1, 2)
    whole = Block.of(plain.ts, plain.columns, np.ones(2))
    part = Block.of(plain.ts, plain.columns, np.array([1.0, 0.5]))

    assert hashed(whole) == hashed(plain)
    assert hashed(part) != hashed(plain)


def test_every_nan_is_the_same_nan():
    other = np.array([0xFFF8_0000_0000_0001], np.uint64).view(np.float64)[0]

    assert np.isnan(other)
    assert hashed(block(1, 2, volume=np.nan)) == hashed(block(1, 2, volume=other))


def test_two_bars_that_change_places_show():
    one = Block.of(np.array([1, 2]), [np.array([3.0, 4.0])] * 5)
    other = Block.of(np.array([1, 2]), [np.array([4.0, 3.0])] * 5)

    assert hashed(one) != hashed(other)


@settings(derandomize=True, deadline=None, database=None)
@given(
    present=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=8),
    ended=st.integers(0, 8),
    derived=st.booleans(),
)
def test_rows_of_a_panel_have_the_hashes_of_their_bars(present, ended, derived):
    spans = [Span(10, 10 + len(present) * 60_000_000_000, 1)]
    panel = BarPanel(Grid.of_spans(Interval.parse("1m"), spans), 3, derived=derived)
    for row in range(3):
        slots = np.flatnonzero([flags[row] for flags in present])
        columns = [np.arange(len(slots)) * (1.0 + row) + field for field in range(5)]
        panel.write(row, slots, Block.of(panel.grid.stamps[slots], columns, np.full(len(slots), 0.5)))
    panel.cursor = min(ended, len(present))
    begins = np.array([0, 10, 10**18])

    with row_hashes(panel, np.arange(3), 10) as made:
        pass
    hashes = made()

    assert [hashes[row] for row in range(3)] == [session_hashes(panel.block(row), begins) for row in range(3)]


def rolled(memory: Block, days: list[tuple[int, int]], hashes: HistoryHashes) -> list[bytes]:
    """What is found of views of one memory, asked for day by day."""
    found = []
    for left, right in days:
        part = memory[left:right]
        with hashes.expecting([part], BEGINS):
            pass
        found.append(hashes.of(part, BEGINS))
    return found


@settings(derandomize=True, deadline=None, database=None)
@given(
    stamps=st.sets(st.integers(0, 99), min_size=1),
    days=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=6),
)
def test_what_rolls_on_has_the_hashes_of_a_fresh_start(stamps, days):
    memory = block(*sorted(stamps))

    found = rolled(memory, days, HistoryHashes())

    assert found == [hashed(memory[left:right].copied()) if left < right else b"" for left, right in days]


def test_only_new_sessions_are_gone_through():
    memory = block(*range(0, 60, 3))
    hashes = HistoryHashes()
    before = rolled(memory, [(0, 11), (4, 14)], hashes)[1]

    # Nobody may do that; it shows what is not looked at again.
    memory.close[4:14] = -1.0

    after = rolled(memory, [(7, 17)], hashes)[0]
    assert after[:64] == before[32:]
    assert after[64:] == hashed(memory[14:17].copied())


def test_a_day_without_history_is_followed_by_one_with_some():
    hashes = HistoryHashes()
    with hashes.expecting([block(1, 2)], BEGINS):
        pass
    with hashes.expecting([], BEGINS) as nothing:
        pass
    assert len(nothing.sizes) == 0

    with hashes.expecting([block(3, 4)], BEGINS) as found:
        pass

    assert found[0] == hashed(block(3, 4))


def test_other_memory_is_hashed_anew_wherever_it_lies():
    stamps = tuple(range(0, 60, 3))
    hashes = HistoryHashes()
    for price in range(20):
        memory = Block.of(np.array(stamps), [np.full(len(stamps), float(price)) for _ in range(5)])
        part = memory[price % 3 * 4 :]
        with hashes.expecting([part], BEGINS):
            pass
        assert hashes.of(part, BEGINS) == hashed(part.copied())
        del memory, part
