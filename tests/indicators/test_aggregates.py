import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbell.errors import IndicatorError
from openbell.indicators.aggregates import Aggregate, Early, Sessions, over_day, over_sessions
from openbell.market.calendar import load_calendar

NAN = np.nan


def _sessions(close, high=None, low=None, opened=None, volume=None, length=None):
    close = np.atleast_2d(np.array(close, float))
    count = close.shape[1]
    table = [close if column is None else np.atleast_2d(np.array(column, float)) for column in (opened, high, low)]
    traded = np.ones_like(close) if volume is None else np.atleast_2d(np.array(volume, float))
    return Sessions(
        np.arange(100 - count, 100),
        *table,
        close,
        traded,
        np.where(np.isnan(close), NAN, 390.0),
        np.full(count, 390.0) if length is None else np.array(length, float),
    )


def _one(aggregate, sessions, first=0):
    return over_sessions(aggregate, sessions, first, 100)[0]


class TestFigures:
    @pytest.mark.parametrize(
        ("statistic", "value"),
        [
            ("mean", 3.0),
            ("min", 1.0),
            ("max", 5.0),
            ("sum", 9.0),
            ("stdev", np.sqrt(8 / 3)),
            ("last", 3.0),
            ("first", 1.0),
            ("count", 3.0),
            ("since_max", 2.0),
            ("since_min", 3.0),
        ],
    )
    def test_of_closes_with_a_day_without_bars(self, statistic, value):
        assert _one(Aggregate("close", statistic, days=4), _sessions([1.0, 5.0, NAN, 3.0])) == value

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("range", 4.0),
            ("relative_range", 4.0 / 18.0),
            ("true_range", 12.0),
            ("gap", 6.0),
            ("gap_percent", 60.0),
            ("change", 8.0),
            ("turnover", 18.0 * 7),
        ],
    )
    def test_of_a_session_after_another(self, column, value):
        sessions = _sessions([10.0, 18.0], high=[11, 22], low=[9, 18], opened=[10, 16], volume=[5, 7])

        assert _one(Aggregate(column, "last", days=1), sessions, first=99) == pytest.approx(value)

    def test_share_of_gaps_upwards(self):
        sessions = _sessions([10.0, 10.0, 10.0, 10.0], opened=[9, 11, 9, 12])

        assert _one(Aggregate("gap", "share_up", days=3), sessions, first=97) == pytest.approx(2 / 3)

    def test_of_a_symbol_without_bars_are_nan(self):
        sessions = _sessions([[NAN, NAN], [1.0, 2.0]])

        assert np.isnan(over_sessions(Aggregate("close", "mean", days=2), sessions, 0, 100)).tolist() == [True, False]


class TestEarlyCloses:
    @pytest.mark.parametrize(
        ("early", "value"), [(Early.KEEP, 75.0), (Early.SKIP, 100.0), (Early.SCALE, 96.42857142857)]
    )
    def test_are_kept_skipped_or_scaled(self, early, value):
        sessions = _sessions([1.0, 1.0], volume=[100, 50], length=[390, 210])

        assert _one(Aggregate("volume", "mean", days=2, early=early), sessions) == pytest.approx(value)


class TestHowFarBack:
    def test_days_are_sessions_before_today(self):
        calendar = load_calendar("XNYS")
        today = calendar.ordinal_of(datetime.date(2024, 7, 5))

        assert Aggregate("volume", "mean", days=10).first_session(calendar, today) == today - 10
        assert Aggregate("gap", "mean", days=10).first_read(calendar, today) == today - 11

    def test_weeks_are_seven_days_each(self):
        calendar = load_calendar("XNYS")
        today = calendar.ordinal_of(datetime.date(2024, 7, 5))

        first = Aggregate("high", "max", weeks=52).first_session(calendar, today)

        assert calendar.session(first).date == datetime.date(2023, 7, 7)


class TestCurves:
    def test_average_volume_per_slot_counts_slots_without_trade(self):
        slots = np.array([[10.0, NAN, 30.0], [20.0, 4.0, NAN], [NAN, NAN, NAN]])
        aggregate = Aggregate("volume", "mean", days=3, per="minute")

        curve = over_day(aggregate, slots, np.array([3.0, 2.0, 3.0]), np.array([97, 98, 99]), 100)

        assert curve.tolist() == [15.0, 2.0, 30.0]

    def test_can_leave_out_early_closes(self):
        slots = np.array([[10.0, 2.0], [20.0, NAN]])
        aggregate = Aggregate("volume", "max", days=2, per="minute", early=Early.SKIP)

        assert over_day(aggregate, slots, np.array([2.0, 1.0]), np.array([1, 2]), 3).tolist() == [10.0, 2.0]


class TestRefusals:
    def test_today_is_never_seen(self):
        with pytest.raises(ValueError, match="reaches session 99, and today is 99"):
            over_sessions(Aggregate("close", "mean", days=1), _sessions([1.0]), 98, 99)

    def test_tell_every_problem_at_once(self):
        with pytest.raises(IndicatorError) as caught:
            Aggregate("volme", "meen", days=1, weeks=1)

        assert len(caught.value.problems) == 3
        assert "Did you mean volume?" in str(caught.value)

    def test_a_curve_of_what_has_none(self):
        with pytest.raises(IndicatorError, match="gap has no curve"):
            Aggregate("gap", "mean", days=3, per="minute")


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.integers(1, 30))
def test_sessions_before_the_first_one_make_no_difference(closes, days):
    whole, first = _sessions(closes), 100 - days
    last = _sessions(closes[-days:])

    for statistic in ("mean", "min", "max", "stdev", "since_max"):
        aggregate = Aggregate("close", statistic, days=days)
        assert _one(aggregate, whole, first) == _one(aggregate, last, first)
