"""Times out of text and numbers: which form a column has, and the column as nanoseconds.

A time is either an *instant* (a number since 1970, or text with an offset) or a *wall clock* time, whose zone is to be
said or found. Wall clock times come out as nanoseconds since 1970 as if the clock were in UTC.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

EPOCH = "epoch"
_UNITS = ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000), (float("inf"), 1))
_DATES = {
    r"\d{4}-\d{1,2}-\d{1,2}": "%Y-%m-%d",
    r"\d{4}/\d{1,2}/\d{1,2}": "%Y/%m/%d",
    r"\d{4}\.\d{1,2}\.\d{1,2}": "%Y.%m.%d",
    r"\d{8}": "%Y%m%d",
    r"\d{1,2}/\d{1,2}/\d{4}": "%m/%d/%Y",
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
_NUMBER = re.compile(r"\d{9,19}(\.\d+)?")
_DIGITS = str.maketrans("123456789", "000000000")
_OFFSETS = {"": "", r"Z": "Z", r"[+-]\d{2}:?\d{2}": "%z", r" [+-]\d{2}:?\d{2}": " %z", r" GMT": " GMT", r" UTC": " UTC"}


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
    """

    pattern: str
    instant: bool
    dated_only: bool = False
    note: str | None = None


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
    if 2 * sum(count for shape, count in shapes.items() if _NUMBER.fullmatch(shape)) > len(texts):
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
    for date, date_pattern in _DATES.items():
        for clock, clock_pattern in _CLOCKS.items():
            for offset, offset_pattern in _OFFSETS.items():
                match = re.fullmatch(f"{date}([ T]){clock}{offset}" if clock else date, text)
                if match is not None:
                    between = match[1] if clock else ""
                    pattern = f"{date_pattern}{between}{clock_pattern}{offset_pattern if clock else ''}"
                    return TimeForm(pattern, bool(clock and offset), not clock)
    return None


def _day_or_month(form: TimeForm, texts: Sequence[str]) -> TimeForm:
    """Of ``1/2/2024`` the month is first, as in America, unless a number above 12 says otherwise."""
    if "%m/%d/%Y" not in form.pattern and "%d-%m-%Y" not in form.pattern:
        return form
    firsts = [int(match[0]) for text in texts if (match := re.match(r"\d+", text))]
    seconds = [int(match[1]) for text in texts if (match := re.match(r"\d+\D(\d+)", text))]
    day_first = max(firsts, default=0) > 12
    month_first = max(seconds, default=0) > 12
    if day_first and not month_first:
        return TimeForm(form.pattern.replace("%m/%d", "%d/%m"), form.instant, form.dated_only)
    if month_first and not day_first:
        return TimeForm(form.pattern.replace("%d-%m", "%m-%d"), form.instant, form.dated_only)
    order = "month" if "%m/%d" in form.pattern else "day"
    return TimeForm(form.pattern, form.instant, form.dated_only, f"dates read with the {order} first")


def nanoseconds(texts: pl.Series, form: TimeForm) -> pl.Series:
    """A column of text as int64 nanoseconds, null where it does not have the form."""
    if form.pattern == EPOCH:
        return epoch_nanoseconds(texts)
    parsed = _parsed(texts, form)
    if parsed.null_count() == texts.null_count():
        return parsed
    return _parsed(texts.str.strip_chars(), form)


def _parsed(stripped: pl.Series, form: TimeForm) -> pl.Series:
    pattern = form.pattern.replace("Z", "%z") if form.pattern.endswith("Z") else form.pattern
    if "%z" in pattern:
        stripped = stripped.str.replace(r"Z$", "+00:00")
        parsed = stripped.str.to_datetime(pattern, time_unit="ns", time_zone="UTC", strict=False)
        return parsed.to_physical()
    if form.dated_only:
        return stripped.str.to_date(pattern, strict=False).cast(pl.Datetime("ns")).to_physical()
    return stripped.str.to_datetime(pattern, time_unit="ns", strict=False).to_physical()


def epoch_nanoseconds(numbers: pl.Series) -> pl.Series:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart row by row by their size."""
    whole = _integers(numbers)
    scale = pl.lit(1, pl.Int64)
    for limit, factor in reversed(_UNITS[:-1]):
        scale = pl.when(pl.col("n").abs() < int(limit)).then(pl.lit(factor, pl.Int64)).otherwise(scale)
    return whole.to_frame("n").select((pl.col("n") * scale).alias("n"))["n"]


def _integers(numbers: pl.Series) -> pl.Series:
    if numbers.dtype.is_integer():
        return numbers.cast(pl.Int64, strict=False)
    if numbers.dtype.is_float():
        return (numbers * 1_000_000).round().cast(pl.Int64, strict=False)
    text = numbers.cast(pl.String).str.strip_chars()
    exact = text.cast(pl.Int64, strict=False)
    if exact.null_count() == text.null_count():
        return exact
    fractional = (text.cast(pl.Float64, strict=False) * 1_000_000).round().cast(pl.Int64, strict=False)
    return pl.select(pl.coalesce(exact, fractional))[:, 0]
