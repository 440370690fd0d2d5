"""Times that are numbers since 1970, and the unit that they count in, which no file says.

1. `is_epoch`: whether texts are such numbers.
2. `epoch_nanoseconds`: the unit of a column, the coarsest in which most of it is in reach. By its size alone a number
   of 1971 in milliseconds could as well be seconds of the year 2200.
3. `_is_put_together`: whether rows have units of their own.
"""

import re
from collections.abc import Mapping

import polars as pl

_UNITS = (1_000_000_000, 1_000_000, 1_000, 1)
_REACH = 2**63 - 1
_REACH_MICRO = _REACH // 1_000
_MOST = 0.9
_DAY = 24 * 60 * 60 * 1_000_000_000
_NUMBER = re.compile(r"-?\d{1,19}(\.\d+)?")
_NO_DATE = re.compile(r"-.*|\d{9}.*")


def is_epoch(shapes: Mapping[str, int]) -> bool:
    """Whether most texts are numbers, and a good part is longer than a date, or negative: before 1970.

    Parameters
    ----------
    shapes
        How often each text is there; digits may be replaced by others.

    Examples
    --------
    >>> is_epoch({"1704205800": 9, "?": 1}), is_epoch({"-86400": 1, "0": 1, "86400": 1}), is_epoch({"20240102": 9})
    (True, True, False)
    """
    numbers = {shape: count for shape, count in shapes.items() if _NUMBER.fullmatch(shape)}
    no_dates = sum(count for shape, count in numbers.items() if _NO_DATE.fullmatch(shape))
    total = sum(shapes.values())
    return 2 * sum(numbers.values()) > total and 4 * no_dates > total


def epoch_nanoseconds(numbers: pl.Series) -> pl.Series:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970; null beyond the years that nanoseconds reach.

    A column has one unit, unless it was put together from parts in several, as where a vendor changed its own.

    Examples
    --------
    >>> epoch_nanoseconds(pl.Series(["-86400", "0", "1719235800"])).to_list()
    [-86400000000000, 0, 1719235800000000000]
    """
    frame = _as_numbers(numbers)
    usual = frame["size"].quantile(_MOST, "nearest")
    if usual is None:
        return frame["exact"]
    unit = next((factor for factor in _UNITS if usual * factor <= _REACH), _UNITS[-1])
    stamps = _stamps(frame, pl.lit(unit))
    if (frame.select(_own_unit())[:, 0] == unit).all():
        return stamps
    apart = _stamps(frame, _own_unit())
    return apart if _is_put_together(stamps, apart) else stamps


def _as_numbers(numbers: pl.Series) -> pl.DataFrame:
    """Whole numbers in ``exact``, all in ``real``, and how large each is in ``size``; null where it is no number."""
    if numbers.dtype.is_float():
        real = numbers.cast(pl.Float64)
        exact = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(real))
    else:
        texts = numbers if numbers.dtype.is_integer() else numbers.cast(pl.String).str.strip_chars()
        exact, real = texts.cast(pl.Int64, strict=False), texts.cast(pl.Float64, strict=False)
    real = real.set(~real.is_finite().fill_null(False), None)
    return pl.DataFrame({"exact": exact, "real": real, "size": real.abs()})


def _own_unit() -> pl.Expr:
    """The coarsest unit in which each number is in reach; null where it is no number."""
    unit: pl.Expr = pl.when(pl.col("size").is_not_null()).then(pl.lit(_UNITS[-1], pl.Int64))
    for factor in reversed(_UNITS[:-1]):
        unit = pl.when(pl.col("size") * factor <= _REACH).then(pl.lit(factor, pl.Int64)).otherwise(unit)
    return unit


def _stamps(frame: pl.DataFrame, unit: pl.Expr) -> pl.Series:
    """Numbers in a unit as nanoseconds; fractions are kept to the microsecond, finer ones no float holds."""
    farthest = pl.lit(_REACH) // unit
    exact = pl.when(pl.col("exact").is_between(-farthest, farthest)).then(pl.col("exact") * unit)
    micro = (pl.col("real") * (unit / 1_000)).round().cast(pl.Int64, strict=False)
    rounded = pl.when(micro.is_between(-_REACH_MICRO, _REACH_MICRO)).then(micro * 1_000)
    return frame.select(pl.when(pl.col("exact").is_null()).then(rounded).otherwise(exact).alias("n"))["n"]


def _is_put_together(alike: pl.Series, apart: pl.Series) -> bool:
    """Whether times lie much closer together each in its own unit, or hardly farther, and more of them can be read."""
    together, own = _span(alike), _span(apart)
    return own < 3 * together if alike.null_count() > apart.null_count() else 3 * own < together


def _span(stamps: pl.Series) -> int:
    known = stamps.drop_nulls().to_numpy()
    return int(known.max()) - int(known.min()) + _DAY if len(known) else _DAY
