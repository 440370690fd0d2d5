import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.grid import Grid, Span
from openbell.bars.interval import Interval
from openbell.bars.panel import BarPanel
from openbell.bars.sheaf import Sheaf

MINUTE = 60_000_000_000


def panel(capacity: int = 2, *, derived: bool = False) -> BarPanel:
    return BarPanel(Grid.of_spans(Interval.parse("1m"), [Span(0, 5 * MINUTE, 0)]), capacity, derived=derived)


def bars(*places: int, shares: list[float] | None = None) -> Block:
    ts = np.array(places, np.int64) * MINUTE
    column = np.array(places, np.float64)
    return Block.of(ts, [column] * 5, None if shares is None else np.array(shares))


def test_readers_see_present_bars_before_the_cursor_only():
    made = panel()
    made.write(1, np.array([0, 2, 4]), bars(0, 2, 4))

    found = []
    for made.cursor in range(6):
        found.append((made.block(1).ts // MINUTE).tolist())

    assert found == [[], [0], [0], [0, 2], [0, 2], [0, 2, 4]]
    assert len(made.block(0)) == 0


def test_what_was_read_does_not_move_with_the_panel():
    made = panel()
    made.write(0, np.array([0]), bars(0))
    made.cursor = 1
    block = made.block(0)

    made.write(0, np.array([0]), bars(3))

    assert block.close.tolist() == [0.0]
    assert made.block(0).close.tolist() == [3.0]


def test_more_room_keeps_every_bit():
    made = panel(1, derived=True)
    made.write(0, np.array([1, 3]), bars(1, 3, shares=[0.5, 1.0]))
    made.cursor = 5
    before = made.block(0)

    made.reserve(9)
    made.reserve(3)

    after = made.block(0)
    assert made.capacity == 9
    for old, new in zip(
        (before.ts, *before.columns, before.shares), (after.ts, *after.columns, after.shares), strict=True
    ):
        assert old.tobytes() == new.tobytes()
    assert not made.present[:, 1:].any()
    assert made.readable.shape == (5, 5, 9)
    assert not made.readable.flags.writeable


def test_erasing_a_row_leaves_the_others():
    made = panel(derived=True)
    for row in (0, 1):
        made.write(row, np.array([0, 1]), bars(0, 1, shares=[1.0, 1.0]))
    made.cursor = 5

    made.erase(0, first=1)

    assert [len(made.block(row)) for row in (0, 1)] == [1, 2]
    assert np.isnan(made.values[1, :, 0]).all()


def test_bars_that_were_there_before_shares_are_kept_are_whole():
    made = panel()
    made.write(0, np.array([2]), bars(2))
    made.cursor = 5

    made.keep_shares()

    assert made.block(0).shares.tolist() == [1.0]
    assert np.isnan(made.shares[:, 1]).all()


@settings(derandomize=True, deadline=None, database=None)
@given(
    rows=st.sets(st.integers(0, 79), min_size=1, max_size=80),
    derived=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_rows_written_together_are_as_written_one_by_one(rows, derived, seed):
    day = 10 * 60_000_000_000
    grid = Grid.of_spans(Interval.parse("1m"), [Span(day, 2 * day, 0)])
    both = Grid.of_spans(Interval.parse("1m"), [Span(0, day, 0), Span(day, 2 * day, 1), Span(2 * day, 3 * day, 2)])
    together, alone = BarPanel(grid, 80, derived=derived), BarPanel(grid, 80, derived=derived)
    random = np.random.default_rng(seed)
    order = random.permutation(sorted(rows))
    blocks = []
    for row in order.tolist():
        stamps = both.stamps[random.random(len(both)) < 0.7]
        blocks.append(Block.of(stamps, random.random((5, len(stamps)))))
        today = blocks[-1].between(day, 2 * day)
        alone.write(row, grid.slots_of(today.ts), today)

    with together.writing(order, Sheaf.of(blocks)):
        pass

    assert together.values.tobytes() == alone.values.tobytes()
    assert together.present.tolist() == alone.present.tolist()
    if derived:
        assert together.shares.tobytes() == alone.shares.tobytes()


def test_a_whole_market_is_written_as_symbol_by_symbol():
    grid = Grid.of_spans(Interval.parse("1m"), [Span(0, 390 * 60_000_000_000, 0)])
    together, alone = BarPanel(grid, 200), BarPanel(grid, 200)
    random = np.random.default_rng(7)
    blocks = []
    for row in range(200):
        stamps = grid.stamps[random.random(len(grid)) < 0.9]
        blocks.append(Block.of(stamps, random.random((5, len(stamps)))))
        alone.write(row, grid.slots_of(stamps), blocks[-1])

    with together.writing(np.arange(200), Sheaf.of(blocks)):
        pass

    assert together.values.tobytes() == alone.values.tobytes()
    assert together.present.tolist() == alone.present.tolist()
