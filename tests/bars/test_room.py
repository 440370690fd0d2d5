"""Room that is used again, and only when nobody looks into it."""

import tracemalloc
from math import prod

import numpy as np

from openbell.bars.room import Rooms, filled, unset

LARGE = (1 << 10, 3, 1 << 8)


def place(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_the_room_of_an_array_that_is_gone_is_used_again_and_holds_nothing_of_it():
    array = filled(LARGE, 1.0)
    where = place(array)
    del array

    again = filled((LARGE[0], 1, 3 * LARGE[2] - 5), np.nan)

    assert place(again) == where
    assert np.isnan(again).all()


def test_flags_that_come_again_are_not_set():
    flags = unset(LARGE)
    flags[:] = True
    where = place(flags)
    del flags

    again = unset((LARGE[0], 1, 3 * LARGE[2] - 5))

    assert place(again) == where
    assert not again.any()


def test_while_a_view_is_left_its_room_is_nobody_elses():
    array = filled(LARGE, 1.0)
    view = array[7:, 1][::2]
    del array

    others = [filled(LARGE, 2.0) for _ in range(4)]

    assert (view == 1.0).all()
    assert all(not np.shares_memory(view, other) for other in others)


def test_room_is_not_given_for_much_less_than_it_holds():
    array = filled(LARGE, 1.0)
    where = place(array)
    del array

    assert place(filled((LARGE[0], 2, LARGE[2]), 1.0)) != where


def test_a_size_that_nobody_asks_for_any_more_makes_way_for_another():
    rooms, size = Rooms(1 << 29, 1.25), prod(LARGE)
    tracemalloc.start()
    for times in range(1, 9):
        rooms.take(times * size)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 1.1 * 8 * 8 * size
