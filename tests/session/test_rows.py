import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.session.rows import RowBook, RowSet


def test_the_smallest_free_row_is_handed_out_first():
    book = RowBook()
    taken = [book.take() for _ in range(4)]
    for row in (3, 0, 2):
        book.give_back(row)

    assert taken == [0, 1, 2, 3]
    assert [book.take() for _ in range(4)] == [0, 2, 3, 4]
    assert book.used == 5


def test_room_is_needed_only_for_what_no_free_row_can_take():
    book = RowBook()
    for _ in range(3):
        book.take()
    book.give_back(1)

    assert [book.room_for(new) for new in (0, 1, 2, 5)] == [3, 3, 4, 7]


@settings(derandomize=True, deadline=None, database=None)
@given(moves=st.lists(st.one_of(st.lists(st.integers(0, 40)), st.integers(0, 40)), max_size=120))
def test_a_set_of_rows_is_a_set(moves):
    rows, model = RowSet(), set()
    for move in moves:
        if isinstance(move, list):
            rows.add(move)
            model.update(move)
        else:
            rows.discard(move)
            model.discard(move)

        assert len(rows) == len(model)
        assert sorted(rows.array.tolist()) == sorted(model)
        assert [row in rows for row in range(42)] == [row in model for row in range(42)]
    assert rows.array.dtype == np.int64


@settings(derandomize=True, deadline=None, database=None)
@given(moves=st.lists(st.one_of(st.none(), st.integers(0, 10)), max_size=80))
def test_no_row_is_handed_out_twice(moves):
    book, out = RowBook(), []
    for move in moves:
        if move is None:
            row = book.take()
            assert row not in out
            out.append(row)
        elif out:
            book.give_back(out.pop(move % len(out)))

    assert len(out) <= book.used
