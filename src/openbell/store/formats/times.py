"""Times out of text and numbers: which form a column has, and the column as nanoseconds.

A time is either an *instant* (a number since 1970, or text with an offset) or a *wall clock* time, whose zone is to be
said or found. Wall clock times come out as nanoseconds since 1970 as if the clock were in UTC.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
_PAIR = r"^(\d{1,2})\D(\d{1,2})\D"
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
class DateOrder:
    """Which number of dates such as ``1/2/2024`` is taken for the day, and whether one above 12 shows it."""

    day_first: bool
    shown: bool


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
    order
        Of day and month, where there is a choice.
    zone
        The zone that is named behind each time.
    """

    pattern: str
    instant: bool
    dated_only: bool = False
    order: DateOrder | None = None
    zone: str | None = None

    @property
    def shape(self) -> str:
        """The pattern, whichever of day and month comes first."""
        return self.pattern.replace("%d/%m", "%m/%d").replace("%m-%d-%Y", "%d-%m-%Y")


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
    return forms.most_common(1)[0][0]


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


def with_order(form: TimeForm, texts: pl.Series) -> TimeForm:
    """The form with the order of day and month: a number above 12 anywhere in the column shows it.

    Where none does the month of ``1/2/2024`` is first, as in America, and the day of ``1-2-2024``, until other files
    show it.

    Examples
    --------
    >>> texts = pl.Series(["11/5/2019 9:30", "13/5/2019 9:30"])
    >>> with_order(time_form(texts.to_list()), texts).order
    DateOrder(day_first=True, shown=True)
    """
    if "%m/%d/" not in form.pattern and "%d-%m-" not in form.pattern:
        return form
    dates = texts.str.strip_chars_start().str.head(6).unique()
    numbers = [dates.str.extract(_PAIR, place).cast(pl.Int64, strict=False) for place in (1, 2)]
    # Most dates decide: a single one may be none.
    above = [int((column > _MONTHS).sum()) for column in numbers]
    usual = "%d-%m-" in form.pattern
    day_first = above[0] > above[1] if any(above) else usual
    pattern = form.pattern
    if day_first != usual:
        pattern = pattern.replace("%m/%d", "%d/%m") if not usual else pattern.replace("%d-%m", "%m-%d")
    return replace(form, pattern=pattern, order=DateOrder(day_first, any(above)))


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
