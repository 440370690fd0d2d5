"""Intervals are one object per length, however they come to be."""

import copy
import pickle

import pytest

from openbell.bars.interval import Interval, Unit


@pytest.mark.parametrize("same", ["60s", " 1M ", "1m"])
def test_the_same_length_is_the_same_object(same):
    minute = Interval.parse("1m")
    assert Interval.parse(same) is minute
    assert Interval(1, Unit.MINUTE) is minute
    assert Interval.parse("5m").natural_base is minute


def test_a_copy_is_the_same_object_too():
    hour = Interval.parse("1h")
    assert copy.copy(hour) is hour
    assert copy.deepcopy([hour])[0] is hour
    assert pickle.loads(pickle.dumps(hour)) is hour


def test_other_lengths_are_others():
    assert Interval.parse("1d") != Interval.parse("1w")
    assert len({Interval.parse(text) for text in ("1m", "60s", "5m", "1d", "1d")}) == 3
