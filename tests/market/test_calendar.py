import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.interval import Interval
from openbell.errors import MarketError
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours, SegmentKind

MARKETS = ["XNYS", "XTKS", "XHKG", "24/7", "FOREX", "CMES"]
INTRADAY = ["1s", "5s", "1m", "2m", "5m", "7m", "15m", "45m", "60m", "90m", "240m"]


def walls(instants, zone, pattern="%H:%M"):
    return [datetime.fromtimestamp(int(ns) / 1e9, UTC).astimezone(ZoneInfo(zone)).strftime(pattern) for ns in instants]


def grid_of(market, interval, day, hours=Hours.REGULAR):
    calendar = load_calendar(market)
    ordinal = calendar.ordinal_of(day)
    return calendar.grid(Interval.parse(interval), ordinal, ordinal, hours)


class TestSessions:
    def test_an_early_close_ends_at_one_and_the_late_session_at_five(self):
        calendar = load_calendar("XNYS")

        session = calendar.session(calendar.ordinal_of(date(2024, 7, 3)), Hours.EXTENDED)

        assert session.early_close
        assert walls([part.start for part in session.segments], "America/New_York") == ["04:00", "09:30", "13:00"]
        assert walls([part.end for part in session.segments], "America/New_York") == ["09:30", "13:00", "17:00"]
        assert [part.kind for part in session.segments] == [SegmentKind.PRE, SegmentKind.REGULAR, SegmentKind.POST]

    def test_regular_hours_are_one_segment_in_new_york(self):
        calendar = load_calendar("XNYS")

        session = calendar.session(calendar.ordinal_of(date(2024, 7, 2)))

        assert not session.early_close
        assert len(session.segments) == 1
        assert walls([session.open, session.close], "America/New_York") == ["09:30", "16:00"]
        assert walls([session.midnight], "America/New_York", "%F %H:%M") == ["2024-07-02 00:00"]

    def test_a_holiday_has_no_session_and_its_neighbours_are_found(self):
        calendar = load_calendar("XNYS")
        holiday = date(2024, 7, 4)

        before, after = calendar.last_on_or_before(holiday), calendar.first_on_or_after(holiday)

        assert calendar.ordinal_of(holiday) is None
        assert after == before + 1
        assert [calendar.session(n).date for n in (before, after)] == [date(2024, 7, 3), date(2024, 7, 5)]

    @pytest.mark.parametrize(
        ("day", "opens"),
        [
            (date(2024, 3, 8), "14:30"),
            (date(2024, 3, 11), "13:30"),
            (date(2024, 11, 1), "13:30"),
            (date(2024, 11, 4), "14:30"),
        ],
    )
    def test_the_open_keeps_local_time_over_daylight_saving(self, day, opens):
        calendar = load_calendar("XNYS")

        session = calendar.session(calendar.ordinal_of(day))

        assert walls([session.open], "UTC") == [opens]

    @pytest.mark.parametrize(
        ("market", "day", "edges"),
        [
            ("XTKS", date(2024, 7, 1), ["09:00", "11:30", "12:30", "15:00"]),
            ("XHKG", date(2024, 7, 2), ["09:30", "12:00", "13:00", "16:00"]),
        ],
    )
    def test_a_lunch_break_makes_two_segments(self, market, day, edges):
        calendar = load_calendar(market)

        session = calendar.session(calendar.ordinal_of(day))

        parts = [edge for part in session.segments for edge in (part.start, part.end)]
        assert walls(parts, calendar.timezone.key) == edges
        assert {part.kind for part in session.segments} == {SegmentKind.REGULAR}

    def test_hong_kong_without_an_afternoon_has_one_segment(self):
        calendar = load_calendar("XHKG")

        session = calendar.session(calendar.ordinal_of(date(2024, 12, 24)))

        assert session.early_close
        assert walls([session.open, session.close], "Asia/Hong_Kong") == ["09:30", "12:00"]

    def test_the_always_open_market_has_utc_days(self):
        calendar = load_calendar("24/7")
        first = calendar.ordinal_of(date(2016, 12, 31))

        sessions = [calendar.session(first + n) for n in range(2)]

        assert [session.close - session.open for session in sessions] == [86_400_000_000_000] * 2
        assert sessions[0].close == sessions[1].open == sessions[1].midnight
        assert calendar.first_date == date(1990, 1, 1)

    def test_forex_opens_on_sunday_evening_and_closes_on_friday(self):
        calendar = load_calendar("FOREX")
        monday = calendar.ordinal_of(date(2017, 3, 13))

        week = [calendar.session(monday + n) for n in range(5)]

        assert walls([week[0].open, week[4].close], "America/New_York", "%a %H:%M") == ["Sun 17:00", "Fri 17:00"]
        assert walls([week[0].open], "UTC") == ["21:00"]
        assert all(left.close == right.open for left, right in itertools.pairwise(week))
        assert calendar.session(monday - 1).date == date(2017, 3, 10)

    def test_forex_is_closed_on_christmas_and_new_year_only(self):
        calendar = load_calendar("forex")

        closed = [calendar.ordinal_of(day) for day in (date(2024, 12, 25), date(2025, 1, 1), date(2024, 3, 2))]
        open_days = [calendar.ordinal_of(day) for day in (date(2024, 3, 29), date(2024, 7, 4), date(2024, 12, 26))]

        assert closed == [None] * 3
        assert None not in open_days

    def test_a_futures_session_begins_the_evening_before(self):
        calendar = load_calendar("CMES")

        session = calendar.session(calendar.ordinal_of(date(2013, 10, 7)))

        assert walls([session.open, session.close], "America/Chicago", "%a %H:%M") == ["Sun 17:00", "Mon 17:00"]
        assert session.open < session.midnight < session.close

    @pytest.mark.parametrize("market", ["XTKS", "24/7", "FOREX", "CMES"])
    def test_extended_hours_equal_regular_ones_where_there_are_none(self, market):
        calendar = load_calendar(market)

        assert calendar.session(5000) == calendar.session(5000, Hours.EXTENDED)

    def test_ordinals_and_dates_outside_are_refused(self):
        calendar = load_calendar("XNYS")

        with pytest.raises(ValueError, match="has the sessions 0 to"):
            calendar.session(-1)
        with pytest.raises(MarketError, match="known from 1990-01-02"):
            calendar.first_on_or_after(date(1980, 1, 1))
        with pytest.raises(MarketError, match="not on 2200-01-01"):
            calendar.last_on_or_before(date(2200, 1, 1))
        assert calendar.ordinal_of(date(1980, 1, 1)) is None
        assert calendar.ordinal_of(date(2200, 1, 1)) is None


class TestPlaces:
    def test_every_data_set_lies_inside_its_calendar(self, data):
        import polars as pl

        for market, folder, symbol in [
            ("XNYS", "blaizard_us_2024/1m", "ERIE"),
            ("FOREX", "histdata_forex/1m", "EURUSD"),
            ("CMES", "lean_futures/1m", "ES_201312"),
            ("24/7", "bitfinex_2016q3/1m", "BTCUSD"),
        ]:
            ts = pl.read_parquet(data / folder / f"{symbol}.parquet")["ts"].cast(pl.Int64).to_numpy()

            ordinals = load_calendar(market).ordinals_of(ts)

            assert (ordinals >= 0).mean() > 0.99, market
            assert (np.diff(ordinals[ordinals >= 0]) >= 0).all()

    def test_daily_bars_find_the_session_of_their_local_date(self, data):
        import polars as pl

        ts = pl.read_parquet(data / "lean_us_equity" / "1d" / "SPY.parquet")["ts"].cast(pl.Int64).to_numpy()
        calendar = load_calendar("XNYS")

        ordinals = calendar.ordinals_of_dates(ts)

        assert (ordinals >= 0).all()
        assert (np.diff(ordinals) > 0).all()
        assert [calendar.session(int(n)).midnight for n in ordinals[:50]] == ts[:50].tolist()

    def test_stamps_in_breaks_belong_to_the_session_and_do_not_trade(self):
        calendar = load_calendar("XTKS")
        ordinal = calendar.ordinal_of(date(2024, 7, 1))
        morning, afternoon = calendar.session(ordinal).segments

        instants = np.array([morning.start - 1, morning.start, morning.end, afternoon.start, afternoon.end])

        assert calendar.ordinals_of(instants).tolist() == [-1, ordinal, ordinal, ordinal, -1]
        assert [calendar.ordinal_at(int(ns)) for ns in instants] == [None, ordinal, None, ordinal, None]

    def test_hours_before_and_after_belong_to_the_session(self):
        calendar = load_calendar("XNYS")
        ordinal = calendar.ordinal_of(date(2024, 7, 2))
        pre, _, post = calendar.session(ordinal, Hours.EXTENDED).segments

        instants = np.array([pre.start - 1, pre.start, post.end - 1, post.end])

        assert calendar.ordinals_of(instants).tolist() == [-1, ordinal, ordinal, -1]
        assert [calendar.ordinal_at(int(ns)) for ns in instants] == [None, ordinal, ordinal, None]

    def test_nothing_lies_before_the_first_session(self):
        calendar = load_calendar("24/7")

        assert calendar.ordinal_at(0) is None
        assert calendar.ordinals_of(np.array([0])).tolist() == [-1]
        assert calendar.ordinals_of_dates(np.array([0])).tolist() == [-1]


class TestGrids:
    @pytest.mark.parametrize(
        ("interval", "count", "last"),
        [("1m", 390, "15:59"), ("7m", 56, "15:55"), ("45m", 9, "15:30"), ("60m", 7, "15:30"), ("90m", 5, "15:30")],
    )
    def test_windows_are_anchored_at_the_open(self, interval, count, last):
        grid = grid_of("XNYS", interval, date(2024, 7, 2))

        assert len(grid) == count
        assert walls(grid.opens[[0, -1]], "America/New_York") == ["09:30", last]
        assert walls(grid.ends[-1:], "America/New_York") == ["16:00"]
        assert grid.is_short(count - 1) == (interval != "1m")
        assert not grid.is_short(0)

    def test_an_early_close_cuts_the_grid(self):
        grid = grid_of("XNYS", "60m", date(2024, 7, 3))

        assert walls(grid.opens, "America/New_York") == ["09:30", "10:30", "11:30", "12:30"]
        assert walls(grid.ends[-1:], "America/New_York") == ["13:00"]

    @pytest.mark.parametrize("market", ["XTKS", "XHKG"])
    @pytest.mark.parametrize("interval", ["7m", "60m", "90m"])
    def test_no_window_straddles_lunch(self, market, interval):
        calendar = load_calendar(market)
        ordinal = calendar.ordinal_of(date(2024, 7, 2))
        morning, afternoon = calendar.session(ordinal).segments

        grid = calendar.grid(Interval.parse(interval), ordinal, ordinal)

        assert ((grid.ends <= morning.end) | (grid.opens >= afternoon.start)).all()
        assert morning.end in grid.ends
        assert afternoon.start in grid.opens

    def test_extended_hours_have_windows_of_their_own_segments(self):
        grid = grid_of("XNYS", "60m", date(2024, 7, 2), Hours.EXTENDED)

        assert walls(grid.opens[[0, 5, 6, 12, 13, 16]], "America/New_York") == [
            "04:00", "09:00", "09:30", "15:30", "16:00", "19:00",
        ]  # fmt: skip
        assert grid.is_short(5)

    def test_the_full_grid_covers_all_hours(self):
        calendar = load_calendar("XNYS")

        grid = calendar.full_grid(Interval.parse("1m"), calendar.ordinal_of(date(2024, 7, 2)))

        assert len(grid) == 16 * 60

    def test_days_are_stamped_with_midnight_and_end_at_the_close(self):
        calendar = load_calendar("XNYS")
        first, last = calendar.ordinal_of(date(2024, 7, 2)), calendar.ordinal_of(date(2024, 7, 5))

        grid = calendar.grid(Interval.parse("1d"), first, last)

        zone = "America/New_York"
        assert walls(grid.stamps, zone, "%m-%d %H:%M") == ["07-02 00:00", "07-03 00:00", "07-05 00:00"]
        assert walls(grid.ends, zone, "%m-%d %H:%M") == ["07-02 16:00", "07-03 13:00", "07-05 16:00"]
        assert walls(grid.opens, zone) == ["09:30"] * 3
        assert grid.sessions.tolist() == [first, first + 1, last]

    def test_days_in_extended_hours_end_with_the_late_session(self):
        grid = grid_of("XNYS", "1d", date(2024, 7, 3), Hours.EXTENDED)

        assert walls([*grid.opens, *grid.ends], "America/New_York") == ["04:00", "17:00"]

    def test_a_week_is_stamped_with_its_first_session(self):
        calendar = load_calendar("XNYS")
        # Monday 27 May is Memorial Day, Monday 2 September is Labor Day.
        first, last = calendar.ordinal_of(date(2024, 5, 24)), calendar.ordinal_of(date(2024, 6, 6))

        grid = calendar.grid(Interval.parse("1w"), first, last)

        zone = "America/New_York"
        assert walls(grid.stamps, zone, "%F %H:%M") == ["2024-05-20 00:00", "2024-05-28 00:00"]
        assert walls(grid.opens, zone, "%F %H:%M") == ["2024-05-20 09:30", "2024-05-28 09:30"]
        assert walls(grid.ends, zone, "%F %H:%M") == ["2024-05-24 16:00", "2024-05-31 16:00"]
        assert [calendar.session(int(n)).date for n in grid.sessions] == [date(2024, 5, 24), date(2024, 5, 31)]

    def test_a_week_with_a_holiday_at_its_end_ends_the_day_before(self):
        calendar = load_calendar("XNYS")
        thursday = calendar.ordinal_of(date(2024, 3, 28))

        grid = calendar.grid(Interval.parse("1w"), thursday, thursday)

        assert walls(grid.ends, "America/New_York", "%F") == ["2024-03-28"]

    def test_an_unfinished_week_at_the_end_of_a_table_has_no_window(self):
        calendar = load_calendar("XBOM")
        last = len(calendar) - 1

        grid = calendar.grid(Interval.parse("1w"), last - 4, last)

        assert calendar.last_date == date(2026, 12, 31)
        assert walls(grid.ends, "Asia/Kolkata", "%F") == ["2026-12-24"]

    def test_several_days_in_one_bar_are_refused(self):
        with pytest.raises(ValueError, match="2d is not a bar of one day or one week"):
            grid_of("XNYS", "2d", date(2024, 7, 2))

    @pytest.mark.parametrize("interval", ["5m", "1d", "1w"])
    def test_a_range_without_sessions_gives_an_empty_grid(self, interval):
        grid = load_calendar("XNYS").grid(Interval.parse(interval), 10, 9)

        assert len(grid) == 0
        assert grid.slots_of(np.array([5])).tolist() == [-1]

    @pytest.mark.parametrize("interval", ["5m", "1d", "1w"])
    def test_grids_are_kept_and_read_only(self, interval):
        calendar = load_calendar("XNYS")

        grid = calendar.grid(Interval.parse(interval), 10, 20)

        assert calendar.grid(Interval.parse(interval), 10, 20) is grid
        for column in (grid.stamps, grid.opens, grid.ends, grid.sessions):
            assert not column.flags.writeable

    def test_daylight_saving_days_of_the_always_trading_week(self):
        grid = grid_of("FOREX", "60m", date(2024, 3, 11))

        assert len(grid) == 24
        assert walls(grid.opens[[0, -1]], "America/New_York") == ["17:00", "16:00"]


@st.composite
def ranges(draw):
    calendar = load_calendar(draw(st.sampled_from(MARKETS)))
    first = draw(st.integers(0, len(calendar) - 1))
    last = min(first + draw(st.integers(0, 4)), len(calendar) - 1)
    return calendar, first, last, draw(st.sampled_from(list(Hours)))


class TestLaws:
    @settings(max_examples=60, deadline=None)
    @given(ranges(), st.sampled_from(INTRADAY))
    def test_windows_tile_the_segments_exactly(self, where, text):
        calendar, first, last, hours = where
        interval = Interval.parse(text)

        grid = calendar.grid(interval, first, last, hours)

        segments = [part for n in range(first, last + 1) for part in calendar.session(n, hours).segments]
        inner = grid.opens[1:] == grid.ends[:-1]
        starts = grid.opens[np.append(True, ~inner)].tolist()
        ends = grid.ends[np.append(~inner, True)].tolist()
        joined = [segments[0].start], []
        for left, right in itertools.pairwise(segments):
            if left.end != right.start:
                joined[1].append(left.end)
                joined[0].append(right.start)
        joined[1].append(segments[-1].end)
        assert (starts, ends) == joined
        assert {part.start for part in segments} <= set(grid.opens.tolist())
        assert (grid.ends - grid.opens <= interval.width_ns).all()
        assert calendar.ordinals_of(grid.stamps).tolist() == grid.sessions.tolist()

    @settings(max_examples=60, deadline=None)
    @given(ranges(), st.sampled_from([*INTRADAY, "1d", "1w"]))
    def test_stamps_find_their_own_slots(self, where, text):
        calendar, first, last, hours = where

        grid = calendar.grid(Interval.parse(text), first, last, hours)

        slots = np.arange(len(grid))
        assert grid.slots_of(grid.stamps).tolist() == slots.tolist()
        assert (grid.slots_of(grid.stamps + 1) == -1).all()

    @settings(max_examples=60, deadline=None)
    @given(ranges())
    def test_sessions_follow_one_another_and_find_themselves(self, where):
        calendar, first, last, hours = where

        sessions = [calendar.session(n, hours) for n in range(first, last + 1)]

        assert all(left.close <= right.open for left, right in itertools.pairwise(sessions))
        assert [calendar.ordinal_of(session.date) for session in sessions] == list(range(first, last + 1))
        assert [calendar.ordinal_at(session.open) for session in sessions] == list(range(first, last + 1))
        midnights = np.array([session.midnight for session in sessions])
        assert calendar.ordinals_of_dates(midnights).tolist() == list(range(first, last + 1))

    @settings(max_examples=30, deadline=None)
    @given(st.sampled_from(MARKETS), st.dates(date(2000, 1, 1), date(2029, 1, 1)))
    def test_weeks_hold_every_session_once(self, market, day):
        calendar = load_calendar(market)
        first, last = calendar.first_on_or_after(day), calendar.last_on_or_before(day + timedelta(days=60))

        grid = calendar.grid(Interval.parse("1w"), first, last)

        weeks = {calendar.session(n).date.isocalendar()[:2] for n in range(first, last + 1)}
        closing = {calendar.session(int(n)).date.isocalendar()[:2] for n in grid.sessions}
        assert closing <= weeks
        assert len(weeks) - len(closing) <= 1
