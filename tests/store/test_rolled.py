"""What was made rolls on from day to day, and is forgotten when nobody asks for it any more."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.sheaf import Sheaf
from openbell.store.rolled import Rolled

BEGINS = np.arange(0, 1000, 10, dtype=np.int64)


class Maker:
    """Makes two bars a session, none in every fifth one, and notes what it was asked for."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor, self.calls = factor, []

    def until(self, last: int):
        """What makes bars up to a session."""

        def make(first: int, places: Sequence[int]) -> Sheaf:
            self.calls.append((first, list(places)))
            return Sheaf.of([self.bars(first, last, place) for place in places])

        return make

    def bars(self, first: int, last: int, place: int) -> Block:
        ts = np.array([10 * day + at for day in range(first, last + 1) if day % 5 for at in (1, 4)], np.int64)
        shares = np.where(ts % 3, 1.0, 0.5)
        return Block.of(ts, [ts * self.factor + field + 100 * place for field in range(5)], shares).freeze()


def same(one: Block, other: Block) -> bool:
    columns = zip((one.ts, *one.columns, one.shares), (other.ts, *other.columns, other.shares), strict=True)
    return all(np.array_equal(mine, yours) for mine, yours in columns)


@pytest.mark.parametrize("step", [1, 2, 7])
def test_a_day_makes_its_new_sessions_and_what_was_handed_out_stays(step):
    rolled, maker, handed = Rolled(BEGINS, 1 << 20), Maker(), []
    for day in range(10, 60, step):
        rolled.turn(day)
        for place, block in enumerate(rolled.blocks("bars", ["A", "B"], {}, day - 9, day - 1, maker.until(day - 1))):
            handed.append((block, maker.bars(day - 9, day - 1, place)))

    assert maker.calls == [(1, [0, 1]), *((day - step, [0, 1]) for day in range(10 + step, 60, step))]
    assert all(same(block, expected) for block, expected in handed)
    assert not any(column.flags.writeable for block, _ in handed for column in block.columns)


def test_bars_of_another_state_are_made_anew():
    rolled, maker, split = Rolled(BEGINS, 1 << 20), Maker(), Maker(0.5)
    rolled.blocks("bars", ["A", "B"], {}, 1, 8, maker.until(8))

    found = rolled.blocks("bars", ["A", "B"], {"A": ("split",)}, 2, 9, split.until(9))

    assert split.calls == [(2, [0]), (9, [1])]
    assert same(found[0], split.bars(2, 9, 0))


def test_series_that_come_one_by_one_stay_also_when_some_are_forgotten():
    rolled, maker, names = Rolled(BEGINS, 1 << 20), Maker(), [f"S{place}" for place in range(9)]
    for name in names:
        rolled.blocks("bars", [name], {}, 1, 8, maker.until(8))
    rolled.turn(9)
    rolled.blocks("bars", names[::2], {}, 1, 8, maker.until(8))
    rolled.turn(10)

    found = rolled.blocks("bars", ["late", *names], {}, 1, 9, maker.until(9))

    assert maker.calls[9:] == [(1, [0, *range(2, 10, 2)]), (9, [*range(1, 10, 2)])]
    assert all(same(block, maker.bars(1, 9, place)) for place, block in list(enumerate(found))[::2])


def test_earlier_sessions_are_made_with_all_that_follow():
    rolled, maker = Rolled(BEGINS, 1 << 20), Maker()
    rolled.blocks("bars", ["A"], {}, 5, 8, maker.until(8))

    (found,) = rolled.blocks("bars", ["A"], {}, 2, 8, maker.until(8))

    assert maker.calls == [(5, [0]), (2, [0])]
    assert same(found, maker.bars(2, 8, 0))
    assert rolled.blocks("bars", ["A"], {}, 9, 8, maker.until(8)) == [Block.empty()]


def test_sessions_that_had_no_place_in_a_new_room_are_made_again():
    rolled, maker = Rolled(BEGINS, 1 << 20), Maker()
    for first, last in ((1, 8), (6, 9), (3, 9)):
        (found,) = rolled.blocks("bars", ["A"], {}, first, last, maker.until(last))
        assert same(found, maker.bars(first, last, 0))

    assert maker.calls == [(1, [0]), (9, [0]), (3, [0])]


def test_what_nobody_asked_for_yesterday_is_forgotten():
    rolled, maker = Rolled(BEGINS, 1 << 20), Maker()
    for day, names in ((10, "AB"), (11, "A"), (12, "AB")):
        rolled.turn(day)
        rolled.turn(day)
        rolled.blocks("bars", names, {}, 1, day - 1, maker.until(day - 1))

    assert maker.calls == [(1, [0, 1]), (10, [0]), (1, [1]), (11, [0])]


def test_no_more_is_kept_than_allowed():
    rolled, maker = Rolled(BEGINS, 1000), Maker()
    for day in (10, 11):
        found = rolled.blocks("bars", ["A", "B"], {}, 1, day - 1, maker.until(day - 1))
        assert same(found[1], maker.bars(1, day - 1, 1))

    assert maker.calls == [(1, [0, 1]), (1, [0]), (10, [1])]


KINDS = {"5m": 1.0, "15m": 3.0}
NAMES = "ABCDE"
ASKS = st.tuples(
    st.integers(0, 3),  # days gone since the question before
    st.sampled_from(sorted(KINDS)),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from((2.0, 5.0)), max_size=2),
    st.integers(1, 9),
    st.integers(0, 2),
)


@given(asks=st.lists(ASKS, max_size=20), limit=st.sampled_from((0, 700, 5000, 1 << 20)))
def test_whatever_was_asked_before_the_bars_are_those_made_anew(asks, limit):
    rolled, handed, day = Rolled(BEGINS, limit), [], 20
    for passed, kind, names, states, length, ago in asks:
        day += passed
        rolled.turn(day)
        first, last = day - length - ago, day - 1 - ago
        makers = [Maker(KINDS[kind] * states.get(name, 1.0)) for name in names]

        def make(begin: int, places: Sequence[int], own=(names, makers, last)) -> Sheaf:
            return Sheaf.of([own[1][place].bars(begin, own[2], NAMES.index(own[0][place])) for place in places])

        found = rolled.blocks(kind, names, states, first, last, make)
        expected = [maker.bars(first, last, NAMES.index(name)) for name, maker in zip(names, makers, strict=True)]
        handed += zip(found, expected, strict=True)

    assert all(same(block, bars) for block, bars in handed)
    assert rolled._bytes <= limit
