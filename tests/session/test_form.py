"""What is hashed of many symbols at once is what is written of each of them."""

import hashlib
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.session.column import Column
from openbell.session.form import Form
from openbell.session.records import SymbolRecord, Tier


def record(row: int) -> SymbolRecord:
    return SymbolRecord(f"S{row}", row, Tier.FULL, "config", "config", 0, date(2024, 1, 2))


def head(one: SymbolRecord) -> bytes:
    return f"{one.name} full (False, False) 2024-01-02\n".encode()


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(count=st.sampled_from([1, 2, 9, 255, 256, 257, 600]), kinds=st.integers(1, 4), seed=st.integers(0, 9))
def test_many_at_once_as_one_after_the_other(count, kinds, seed):
    random = np.random.default_rng(seed)
    records = [record(row) for row in range(count)]
    some, others = ([random.bytes(size) for size in random.integers(0, kinds, count)] for _ in range(2))
    even = random.integers(0, 256, (count, 5)).astype(np.uint8)
    order = random.permutation(count)
    by_row = Column.even(even).by_row(order, count)

    def own(one: SymbolRecord) -> bytes:
        return f"own {one.row}".encode()

    form = Form(records, [b"a line\n", Column.of(some), by_row, own, b"between\n", Column.of(others), own])

    place = np.argsort(order)
    texts = [
        head(one)
        + b"a line\n"
        + some[row]
        + even[place[row]].tobytes()
        + own(one)
        + b"between\n"
        + others[row]
        + own(one)
        for row, one in enumerate(records)
    ]
    assert form.digests() == [hashlib.blake2b(text, digest_size=16).digest() for text in texts]


def test_to_rows_that_are_not_given_belongs_nothing():
    column = Column.of([b"ab", b"c"]).by_row(np.array([3, 1]), 5)

    assert [column[row] for row in range(5)] == [b"", b"c", b"", b"ab", b""]
    assert [column.some(slice(1, 4))[place] for place in range(3)] == [b"c", b"", b"ab"]
