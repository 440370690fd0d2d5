import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.grid import Grid, Span
from openbell.bars.interval import Interval

MINUTE = 60_000_000_000


def grid(length: str, *spans: tuple[int, int, int]) -> Grid:
    return Grid.of_spans(Interval.parse(length), [Span(a * MINUTE, b * MINUTE, session) for a, b, session in spans])


def test_windows_are_anchored_at_the_open_of_each_segment_and_straddle_none():
    made = grid("7m", (3, 20, 0), (30, 40, 0), (100, 107, 1))

    assert (made.opens // MINUTE).tolist() == [3, 10, 17, 30, 37, 100]
    assert (made.ends // MINUTE).tolist() == [10, 17, 20, 37, 40, 107]
    assert made.sessions.tolist() == [0, 0, 0, 0, 0, 1]
    assert [made.is_short(slot) for slot in range(6)] == [False, False, True, False, True, False]


def test_each_stamp_has_its_slot_and_every_other_instant_none():
    made = grid("5m", (0, 12, 0), (20, 25, 1))
    asked = np.array([0, 5, 10, 11, 12, 20, 24, 25, -1]) * MINUTE

    assert made.slots_of(asked).tolist() == [0, 1, 2, -1, -1, 3, -1, -1, -1]
    assert made.slots_of(asked + 1).tolist() == [-1] * 9
    assert grid("5m").slots_of(asked).tolist() == [-1] * 9


def test_expected_counts_the_finer_bars_of_each_window():
    made, fine = (grid(length, (0, 12, 0), (20, 23, 1)) for length in ("5m", "1m"))

    assert made.expected(fine).tolist() == [5, 5, 2, 3]


def test_a_window_has_ended_at_its_end_and_not_before():
    made = grid("5m", (0, 12, 0))

    assert [made.ended_by(now) for now in (0, 5 * MINUTE - 1, 5 * MINUTE, 12 * MINUTE - 1, 12 * MINUTE)] == [
        0,
        0,
        1,
        2,
        3,
    ]


def test_its_columns_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        grid("5m", (0, 12, 0)).ends[0] = 0


@settings(derandomize=True, deadline=None, database=None)
@given(
    length=st.sampled_from(("1m", "2m", "5m", "7m", "90m")),
    pieces=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 200)), min_size=1, max_size=5),
)
def test_windows_fill_their_segments_without_gap_or_overlap(length, pieces):
    spans, clock = [], 0
    for session, (pause, minutes) in enumerate(pieces):
        spans.append((clock + pause, clock + pause + minutes, session))
        clock += pause + minutes

    made = grid(length, *spans)

    assert (made.opens < made.ends).all()
    for begin, end, session in spans:
        mine = made.sessions == session
        assert (made.opens[mine][0], made.ends[mine][-1]) == (begin * MINUTE, end * MINUTE)
        assert (made.opens[mine][1:] == made.ends[mine][:-1]).all()
        assert (np.diff(made.opens[mine]) == made.interval.width_ns).all()
