"""From what is known of a market to its table of sessions; the only place that imports exchange_calendars.

The range is fixed, not counted from today: the same packages then give the same table on every day.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from openbell.errors import MarketError, Problem, nearest
from openbell.market.local import datetime_at, wall_instant
from openbell.market.session import Segment, SegmentKind
from openbell.market.table import SessionTable, TradingDay

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2030, 12, 29)  # a Monday and a Sunday: whole ISO weeks

_EVERYWHERE_KNOWN = date(2025, 1, 1)  # no calendar's bounds, of those that have any, leave this year out

ALWAYS_OPEN, FOREX = "24/7", "FOREX"

_NEW_YORK = "America/New_York"
# US equities trade before and after the regular session at hours that NYSE Arca and Nasdaq publish as 04:00-09:30 and
# 16:00-20:00 New York; on days with an early close the late session ends at 17:00. Older years had shorter
# ones: today's hours are used for all, and bars that never were are simply absent.
_US_EQUITIES = "XNYS"
_PRE_OPEN, _POST_CLOSE, _EARLY_POST_CLOSE = time(4), time(20), time(17)
_FOREX_TURN = time(17)
_FOREX_HOLIDAYS = {(12, 25), (1, 1)}
_ABSENT = -(2**63)


def freeze(name: str) -> SessionTable:
    """The table of a market, by its name in any case.

    Raises
    ------
    MarketError
        If no market has that name.
    """
    match name.strip().upper():
        case "24/7":
            return SessionTable.of_days(ALWAYS_OPEN, "UTC", _utc_days())
        case "FOREX":
            return SessionTable.of_days(FOREX, _NEW_YORK, _forex_days())
        case code:
            return _exchange_table(code)


def _all_dates() -> Iterator[date]:
    return (FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1))


def _utc_days() -> Iterator[TradingDay]:
    zone = ZoneInfo("UTC")
    for day in _all_dates():
        start, end = _at(day, time(), zone), _at(day + timedelta(days=1), time(), zone)
        yield TradingDay(day, (Segment(start, end, SegmentKind.REGULAR),))


def _forex_days() -> Iterator[TradingDay]:
    """Monday to Friday, each from 17:00 New York of the day before; closed on 25 December and 1 January.

    These are the two dates on which dealers everywhere are shut; Good Friday is a thin day, not a closed one.
    """
    zone = ZoneInfo(_NEW_YORK)
    for day in _all_dates():
        if day.weekday() < 5 and (day.month, day.day) not in _FOREX_HOLIDAYS:
            start, end = _at(day - timedelta(days=1), _FOREX_TURN, zone), _at(day, _FOREX_TURN, zone)
            yield TradingDay(day, (Segment(start, end, SegmentKind.REGULAR),))


def _exchange_table(code: str) -> SessionTable:
    import exchange_calendars

    known = {name.upper(): name for name in exchange_calendars.get_calendar_names()}
    if code not in known:
        raise MarketError(_unknown(code, [*known, FOREX]))
    source = _widest_calendar(exchange_calendars, known[code])
    days = _with_extended_hours(_exchange_days(source)) if source.name == _US_EQUITIES else _exchange_days(source)
    return SessionTable.of_days(known[code], source.tz.key, days)


# Any: exchange_calendars publishes no types.
def _widest_calendar(library: Any, name: str) -> Any:
    kind = type(library.get_calendar(name, start=_EVERYWHERE_KNOWN, end=_EVERYWHERE_KNOWN + timedelta(days=30)))
    earliest, latest = kind.bound_min(), kind.bound_max()
    return library.get_calendar(
        name,
        start=FIRST_DAY if earliest is None else max(FIRST_DAY, earliest.date()),
        end=LAST_DAY if latest is None else min(LAST_DAY, latest.date()),
    )


def _exchange_days(source: Any) -> Iterator[TradingDay]:
    early = set(source.early_closes)
    edges = (source.opens_nanos, source.break_starts_nanos, source.break_ends_nanos, source.closes_nanos)
    for label, *times in zip(source.sessions, *(column.tolist() for column in edges), strict=True):
        start, pause, resume, end = times
        stretches = [(start, end)] if pause == _ABSENT else [(start, pause), (resume, end)]
        segments = tuple(Segment(left, right, SegmentKind.REGULAR) for left, right in stretches)
        yield TradingDay(label.date(), segments, label in early)


def _with_extended_hours(days: Iterator[TradingDay]) -> Iterator[TradingDay]:
    zone = ZoneInfo(_NEW_YORK)
    for day in days:
        start, end = day.segments[0].start, day.segments[-1].end
        closes_early = datetime_at(end, zone).time() < time(16)
        until = _at(day.date, _EARLY_POST_CLOSE if closes_early else _POST_CLOSE, zone)
        before = Segment(_at(day.date, _PRE_OPEN, zone), start, SegmentKind.PRE)
        yield day._replace(segments=(before, *day.segments, Segment(end, until, SegmentKind.POST)))


def _at(day: date, wall: time, zone: ZoneInfo) -> int:
    return wall_instant(datetime.combine(day, wall), zone)


def _unknown(code: str, known: list[str]) -> Problem:
    like = nearest(code, known)
    hint = f"Did you mean {like}? " if like else ""
    fix = f'{hint}Write the code of an exchange like XNYS, XLON or XTKS, or "{ALWAYS_OPEN}", or "{FOREX}".'
    return Problem(f'market = "{code}"', "no market has that name.", fix, code="unknown_market")
