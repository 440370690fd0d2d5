"""Instants and local time: the only place where one is made from the other."""

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_of(moment: datetime) -> int:
    """Nanoseconds UTC of an aware datetime.

    Raises
    ------
    ValueError
        If it carries no zone.

    Examples
    --------
    >>> instant_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000000
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone: give an aware datetime, or exchange time as text like '10:30'")
    return (moment - _EPOCH) // _MICROSECOND * 1000


def datetime_at(instant: int, zone: tzinfo) -> datetime:
    """The aware datetime of an instant, in a zone; what is finer than a microsecond is cut off."""
    return (_EPOCH + timedelta(microseconds=instant // 1000)).astimezone(zone)


def wall_instant(wall: datetime, zone: tzinfo) -> int:
    """Nanoseconds UTC of a wall clock's time; the first of two where the hour comes twice.

    A time that is skipped counts on from the hour before, so a skipped midnight is the moment the day begins.
    """
    return instant_of(wall.replace(tzinfo=zone, fold=0))


def certain_instant(wall: datetime, zone: tzinfo) -> int:
    """Nanoseconds UTC of a wall clock's time that exists exactly once.

    Raises
    ------
    ValueError
        If daylight saving skips that time, or makes it come twice.
    """
    first, second = (instant_of(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if first == second:
        return first
    if first > second:
        raise ValueError(f"{wall} does not exist in {zone}: daylight saving skips it; take a time an hour later")
    raise ValueError(f"{wall} comes twice in {zone}: daylight saving repeats it; give an aware datetime")


def iso_text(instant: int) -> str:
    """An instant as ISO text in UTC.

    Examples
    --------
    >>> iso_text(1_719_864_000_000_000_000), iso_text(1_500_000_000)
    ('2024-07-01T20:00:00Z', '1970-01-01T00:00:01.5Z')
    """
    seconds, rest = divmod(instant, 1_000_000_000)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text}{fraction}Z"
