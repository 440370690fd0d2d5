from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from openbell.bars.interval import Interval
from openbell.errors import MarketError, SessionError
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours
from openbell.market.time_manager import TimeManager

NEW_YORK = ZoneInfo("America/New_York")


def opened(market, day, hours=Hours.REGULAR):
    clock = TimeManager(load_calendar(market), hours)
    clock.open_day(clock.calendar.ordinal_of(day))
    return clock


class TestClock:
    def test_nothing_is_known_before_the_first_day(self):
        clock = TimeManager(load_calendar("XNYS"))

        assert clock.now == 0
        assert clock.session is None
        with pytest.raises(SessionError, match="no day has been opened"):
            clock.parse("10:30")

    def test_opening_a_day_puts_the_clock_to_its_open(self):
        clock = opened("XNYS", date(2024, 7, 2))

        assert clock.iso(clock.now) == "2024-07-02T13:30:00Z"
        assert clock.session.date == date(2024, 7, 2)

    def test_extended_hours_open_earlier(self):
        clock = opened("XNYS", date(2024, 7, 2), Hours.EXTENDED)

        assert clock.iso(clock.now) == "2024-07-02T08:00:00Z"

    def test_the_clock_goes_forward_only(self):
        clock = opened("XNYS", date(2024, 7, 2))
        clock.advance(clock.now)
        clock.advance(clock.now + 1)

        with pytest.raises(ValueError, match="does not go back"):
            clock.advance(clock.now - 1)
        with pytest.raises(ValueError, match="does not go back"):
            clock.open_day(clock.session.ordinal - 1)
        assert clock.session.date == date(2024, 7, 2)

    def test_instants_are_shown_in_the_exchange_zone_and_in_utc(self):
        clock = opened("XNYS", date(2024, 7, 2))

        shown = clock.at(clock.now)

        assert shown == datetime(2024, 7, 2, 9, 30, tzinfo=NEW_YORK)
        assert str(shown) == "2024-07-02 09:30:00-04:00"


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("10:30", "2024-07-02T14:30:00Z"),
            ("9:45", "2024-07-02T13:45:00Z"),
            ("10:30:15", "2024-07-02T14:30:15Z"),
            ("2024-07-01 10:30", "2024-07-01T14:30:00Z"),
            ("2024-01-02T10:30:00", "2024-01-02T15:30:00Z"),
            ("2024-07-02T20:00:00Z", "2024-07-02T20:00:00Z"),
            (datetime(2024, 7, 2, 14, 30, tzinfo=UTC), "2024-07-02T14:30:00Z"),
            (datetime(2024, 7, 2, 10, 30, tzinfo=NEW_YORK), "2024-07-02T14:30:00Z"),
        ],
    )
    def test_text_is_exchange_time_and_datetimes_say_their_own(self, text, meant):
        clock = opened("XNYS", date(2024, 7, 2))

        assert clock.iso(clock.parse(text)) == meant

    @pytest.mark.parametrize("text", ["25:00", "10:61", "ten", "", "2024-07-01", "20240701", "10"])
    def test_text_that_is_no_time_is_refused(self, text):
        clock = opened("XNYS", date(2024, 7, 2))

        with pytest.raises(ValueError, match="is not a time: write 10:30"):
            clock.parse(text)

    def test_a_datetime_without_a_zone_is_refused(self):
        clock = opened("XNYS", date(2024, 7, 2))

        with pytest.raises(ValueError, match="has no time zone"):
            clock.parse(datetime(2024, 7, 2, 10, 30))

    def test_a_local_time_that_is_skipped_is_refused(self):
        clock = opened("XNYS", date(2024, 7, 2))

        with pytest.raises(ValueError, match="does not exist in America/New_York"):
            clock.parse("2024-03-10 02:30")

    def test_a_local_time_that_comes_twice_asks_for_an_aware_datetime(self):
        clock = opened("XNYS", date(2024, 7, 2))

        with pytest.raises(ValueError, match=r"comes twice.*give an aware datetime"):
            clock.parse("2024-11-03 01:30")
        assert clock.parse(datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK, fold=1)) > clock.now

    @pytest.mark.parametrize(
        ("market", "text", "meant"),
        [
            ("CMES", "18:00", "2013-10-06T23:00:00Z"),
            ("CMES", "10:30", "2013-10-07T15:30:00Z"),
            ("CMES", "17:00", "2013-10-07T22:00:00Z"),
            ("FOREX", "17:30", "2013-10-06T21:30:00Z"),
            ("XNYS", "23:00", "2013-10-08T03:00:00Z"),
        ],
    )
    def test_a_session_that_begins_in_the_evening_owns_that_evening(self, market, text, meant):
        clock = opened(market, date(2013, 10, 7))

        assert clock.iso(clock.parse(text)) == meant


class TestToday:
    def test_grids_are_todays(self):
        clock = opened("XNYS", date(2024, 7, 3), Hours.EXTENDED)

        assert len(clock.grid(Interval.parse("1m"))) == 13 * 60
        assert len(clock.full_day(Interval.parse("1m"))) == 13 * 60
        assert len(opened("XNYS", date(2024, 7, 3)).grid(Interval.parse("1m"))) == 210

    def test_regular_slots_leave_out_what_is_before_and_after(self):
        clock = opened("XNYS", date(2024, 7, 2), Hours.EXTENDED)

        inside = clock.regular_slots(Interval.parse("60m"))

        assert inside.tolist() == [False] * 6 + [True] * 7 + [False] * 4
        assert clock.regular_slots(Interval.parse("1d")).tolist() == [True]
        assert opened("XTKS", date(2024, 7, 2)).regular_slots(Interval.parse("7m")).all()

    def test_trading_days_move_inside_the_range(self):
        clock = TimeManager(load_calendar("XNYS"))

        days = clock.trading_days(date(2024, 7, 4), date(2024, 7, 7))

        assert [clock.calendar.session(n).date for n in days] == [date(2024, 7, 5)]
        assert clock.trading_days(date(2024, 7, 6), date(2024, 7, 7)) == []
        assert len(clock.trading_days(date(2024, 7, 1), date(2024, 7, 5))) == 4
        with pytest.raises(MarketError, match="known from"):
            clock.trading_days(date(1970, 1, 1), date(2024, 7, 7))

    def test_history_ends_the_day_before(self):
        clock = opened("XNYS", date(2024, 7, 5))

        first, last = clock.history(3)

        assert [clock.calendar.session(n).date for n in (first, last)] == [date(2024, 7, 1), date(2024, 7, 3)]
        assert clock.history(0) == (last + 1, last)
        assert clock.history(10**6) == (0, last)
