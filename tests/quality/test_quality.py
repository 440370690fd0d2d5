"""Gaps and scores, with numbers that can be checked by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.quality.gaps import Gap, Missing, runs_of
from openbell.quality.score import tally_of


def found(flags: str, sessions: str) -> tuple[Gap, ...]:
    """Gaps of a row of ``x`` and ``.``, with one digit per window for its session."""
    present = np.array([flag == "x" for flag in flags], bool)
    ordinals = np.array([int(s) for s in sessions], np.int32)
    return runs_of(present, np.arange(len(flags), dtype=np.int64) * 10, ordinals).gaps


def test_a_gap_is_a_run_of_missing_bars_with_its_first_and_last_stamp():
    assert found("x..x.x", "000000") == (Gap(10, 20, 2, 0, False), Gap(40, 40, 1, 0, False))


def test_a_gap_ends_with_its_session():
    assert found("xx....xx", "00001111") == (Gap(20, 30, 2, 0, False), Gap(40, 50, 2, 1, False))


def test_a_session_of_which_nothing_is_there_is_marked():
    assert found("x...xx", "011122") == (Gap(10, 30, 3, 1, True),)
    assert found("...", "012") == (Gap(0, 0, 1, 0, True), Gap(10, 10, 1, 1, True), Gap(20, 20, 1, 2, True))


def test_nothing_is_missing_and_nothing_was_expected():
    assert found("xxx", "001") == ()
    assert found("", "") == ()


def test_the_score_is_the_share_of_expected_bars_that_are_there():
    assert tally_of(np.array([True, False, True, True]), np.zeros(4, np.int32)).score == 75.0
    assert tally_of(np.zeros(390, bool), np.zeros(390, np.int32)).score == 0.0
    assert tally_of(np.zeros(0, bool), np.zeros(0, np.int32)).score is None


def test_two_stretches_are_one_whose_gaps_are_those_of_both():
    first = tally_of(np.array([False, True]), np.zeros(2, np.int32))
    later = tally_of(np.array([True, True, False]), np.ones(3, np.int32))

    both = first.plus(later)

    assert (both.present, both.expected) == (3, 5)
    assert both.missing == Missing(gaps=2, days=0, runs=0, single=2)


@settings(derandomize=True, deadline=None, database=None)
@given(windows=st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_gaps_cover_exactly_what_is_missing(windows):
    windows = sorted(windows, key=lambda window: window[1])
    present = np.array([there for there, _ in windows], bool)
    stamps, sessions = np.arange(len(windows), dtype=np.int64), np.array([s for _, s in windows], np.int32)

    tally, runs = tally_of(present, sessions), runs_of(present, stamps, sessions)

    covered = [stamp for gap in runs.gaps for stamp in range(gap.start, gap.last + 1)]
    assert covered == np.flatnonzero(~present).tolist()
    assert (tally.present, tally.expected, tally.missing) == (int(present.sum()), len(present), runs.missing)
    assert all(gap.bars == gap.last - gap.start + 1 for gap in runs.gaps)
    assert all(len(set(sessions[gap.start : gap.last + 1].tolist())) == 1 for gap in runs.gaps)
    assert all(gap.whole_session == (gap.bars == int((sessions == gap.session).sum())) for gap in runs.gaps)
