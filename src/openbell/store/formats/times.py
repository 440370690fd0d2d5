"""Times out of text and numbers: which form a column has, and the column as nanoseconds.

A time is either an *instant* (a number since 1970, or text with an offset) or a *wall clock* time, whose zone is to be
said or found. Wall clock times come out as nanoseconds since 1970 as if the clock were in UTC.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache, partial
from zoneinfo import available_timezones

import polars as pl

from openbell.store.formats.epochs import epoch_nanoseconds, is_epoch

EPOCH = "epoch"
_DATES = {
    r"\d{4}-\d{1,2}-\d{1,2}": "%Y-%m-%d",
    r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
    r"\d{4}\.\d{1,2}\.\d{1,2}": "%Y.%m.%d",
    r"\d{8}": "%Y%m%d",
    r"\d{1,2}/\d{1,2}/\d{4}": "%m/%d/%Y",
    r"\d{1,2}/\d{1,2}/\d{2}": "%m/%d/%y",
    r"\d{1,2}\.\d{1,2}\.\d{2}": "%d.%m.%y",
    r"[A-Za-z]{3,9} \d{1,2} \d{4}": "%b %d %Y",
    r"[A-Za-z]{3,9} \d{1,2}, \d{4}": "%b %d, %Y",
    r"\d{1,2} [A-Za-z]{3,9} \d{4}": "%d %b %Y",
    r"\d{1,2}-[A-Za-z]{3}-\d{2}": "%d-%b-%y",
    r"\d{1,2}-\d{1,2}-\d{4}": "%d-%m-%Y",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "%d.%m.%Y",
    r"\d{1,2}-[A-Za-z]{3}-\d{4}": "%d-%b-%Y",
    r"[A-Za-z]{3}, \d{2} [A-Za-z]{3} \d{4}": "%a, %d %b %Y",
}
_CLOCKS = {
    "": "",
    r"\d{1,2}:\d{2}": "%H:%M",
    r"\d{1,2}:\d{2}:\d{2}": "%H:%M:%S",
    r"\d{1,2}:\d{2}:\d{2}\.\d+": "%H:%M:%S%.f",
    r"\d{6}": "%H%M%S",
    r"\d{4}": "%H%M",
    r"\d{1,2}:\d{2} [AaPp][Mm]": "%I:%M %p",
    r"\d{1,2}:\d{2}:\d{2} [AaPp][Mm]": "%I:%M:%S %p",
}
_ZONE_WORDS = {
    "E[SD]?T": "America/New_York", "C[SD]T": "America/Chicago", "M[SD]T": "America/Denver",
    "P[SD]T": "America/Los_Angeles", "CES?T": "Europe/Berlin", "JST": "Asia/Tokyo", "HKT": "Asia/Hong_Kong",
}  # fmt: skip
_MONTHS = 12
_REACH_US = 2**63 // 1000 - 1
_DIGITS = str.maketrans("123456789", "000000000")
_OFFSETS = {
    "": "",
    r"Z": "Z",
    r"[+-]\d{2}:?\d{2}": "%z",
    r" [+-]\d{2}:?\d{2}": " %z",
    r" GMT[+-]\d{2}:?\d{2}": " GMT%z",
    r" GMT": " GMT",
    r" UTC": " UTC",
}


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How a column writes its times.

    Parameters
    ----------
    pattern
        ``epoch``, or a pattern of strptime.
    instant
        Whether it says the zone itself.
    dated_only
        Whether it has no time of day.
    note
        What was decided where there was a choice.
    zone
        The zone that is named behind each time.
    """

    pattern: str
    instant: bool
    dated_only: bool = False
    note: str | None = None
    zone: str | None = None


def time_form(samples: Sequence[str]) -> TimeForm | None:
    """The form that most samples have; None when it is none that is known.

    Examples
    --------
    >>> time_form(["11/5/2019 9:30"]).pattern, time_form(["1704205800000"]).pattern
    ('%m/%d/%Y %H:%M', 'epoch')
    >>> time_form(["2024-01-02T14:30:00Z"]).instant, time_form(["Boston"])
    (True, None)
    """
    texts = [text.strip() for text in samples if text and text.strip()]
    if not texts:
        return None
    shapes = Counter(text.translate(_DIGITS) for text in texts)
    if is_epoch(shapes):
        return TimeForm(EPOCH, True)
    forms: Counter[TimeForm] = Counter()
    for shape, count in shapes.items():
        known = _form_of(shape)
        if known is not None:
            forms[known] += count
    if 2 * forms.total() <= len(texts):
        return None
    form = forms.most_common(1)[0][0]
    return _day_or_month(form, texts)


@lru_cache(maxsize=1024)
def _form_of(text: str) -> TimeForm | None:
    """The form of a text whose digits are all the same: a column has few such texts."""
    for day, date_pattern in _DATES.items():
        for clock, clock_pattern in _CLOCKS.items():
            for offset, offset_pattern in _OFFSETS.items():
                match = re.fullmatch(f"{day}([ T]|  ){clock}{offset}" if clock else day, text)
                if match is not None:
                    between = match[1] if clock else ""
                    pattern = f"{date_pattern}{between}{clock_pattern}{offset_pattern if clock else ''}"
                    return TimeForm(pattern, bool(clock and offset), not clock)
    return _zoned_form(text)


def _zoned_form(text: str) -> TimeForm | None:
    """The form of a wall clock time with the name of its zone behind it."""
    words, _, name = text.rpartition(" ")
    zone = next((zone for names, zone in _ZONE_WORDS.items() if re.fullmatch(names, name)), None)
    if zone is None and re.fullmatch(r"[A-Z]\w+/[\w/]+", name) and name in available_timezones():
        zone = name
    form = _form_of(words) if zone is not None else None
    if form is None or form.instant or form.dated_only:
        return None
    return replace(form, zone=zone)


def _without_zone(texts: pl.Series, zone: str) -> pl.Series:
    """Texts without the name of one zone; what names another one stays, and cannot be read."""
    words = next((names for names, known in _ZONE_WORDS.items() if known == zone), re.escape(zone))
    named = texts.str.strip_chars()
    return named.set(~named.str.contains(f" ({words}|{re.escape(zone)})$").fill_null(False), None).str.replace(
        r" \S+$", ""
    )


def _day_or_month(form: TimeForm, texts: Sequence[str]) -> TimeForm:
    """Of ``1/2/2024`` the month is first, as in America, unless a number above 12 says otherwise."""
    if "%m/%d/" not in form.pattern and "%d-%m-" not in form.pattern:
        return form
    firsts = [int(match[0]) for text in texts if (match := re.match(r"\d+", text))]
    seconds = [int(match[1]) for text in texts if (match := re.match(r"\d+\D(\d+)", text))]
    day_first = max(firsts, default=0) > 12
    month_first = max(seconds, default=0) > 12
    if day_first and not month_first:
        return replace(form, pattern=form.pattern.replace("%m/%d", "%d/%m"))
    if month_first and not day_first:
        return replace(form, pattern=form.pattern.replace("%d-%m", "%m-%d"))
    pattern = form.pattern
    if _months_seem_days(texts, "%m/%d" in pattern):
        pattern = pattern.replace("%m/%d", "%d/%m") if "%m/%d" in pattern else pattern.replace("%d-%m", "%m-%d")
    order = "month" if "%m/%d" in pattern or "%m-%d" in pattern else "day"
    return replace(form, pattern=pattern, note=f"dates read with the {order} first")


def _months_seem_days(texts: Sequence[str], month_first: bool) -> bool:
    """Whether the dates lie much closer together when day and month are exchanged."""
    spans: dict[bool, set[date]] = {True: set(), False: set()}
    for text in texts:
        match = re.match(r"(\d+)\D(\d+)\D(\d+)", text)
        one, two, year = map(int, match.groups()) if match is not None else (0, 0, 0)
        if 0 < one <= _MONTHS and 0 < two <= _MONTHS and MINYEAR <= year <= MAXYEAR:
            spans[True].add(date(year, one, two))
            spans[False].add(date(year, two, one))
    told, other = ((max(days) - min(days)).days if days else 0 for days in (spans[month_first], spans[not month_first]))
    return told > 3 * (other + 1)


def nanoseconds(texts: pl.Series, form: TimeForm) -> pl.Series:
    """A column of text as int64 nanoseconds, null where it does not have the form."""
    if form.pattern == EPOCH:
        return epoch_nanoseconds(texts)
    if form.zone is not None:
        texts = _without_zone(texts, form.zone)
    parsed = _parsed(texts, form)
    if parsed.null_count() == texts.null_count():
        return parsed
    return _parsed(texts.str.strip_chars(), form)


def _parsed(stripped: pl.Series, form: TimeForm) -> pl.Series:
    pattern = form.pattern.replace("Z", "%z") if form.pattern.endswith("Z") else form.pattern
    if "%z" in pattern:
        stripped = stripped.str.replace(r"Z$", "+00:00")
        parse = partial(stripped.str.to_datetime, pattern, time_zone="UTC", strict=False)
        return _in_reach(parse, fractions="f" in pattern)
    if form.dated_only:
        return stripped.str.to_date(pattern, strict=False).cast(pl.Datetime("ns"), strict=False).to_physical()
    return _in_reach(partial(stripped.str.to_datetime, pattern, strict=False), fractions="f" in pattern)


def _in_reach(parse: Callable[..., pl.Series], *, fractions: bool) -> pl.Series:
    """Nanoseconds, null for years that they do not reach: polars lets these begin again from the other end."""
    micro = parse(time_unit="us").to_physical()
    reached = micro.abs() <= _REACH_US
    stamps = parse(time_unit="ns").to_physical() if fractions else micro * 1_000
    return stamps if reached.all() else stamps.set(~reached.fill_null(False), None)
