"""Which rows of a file can be bars: the checks that every imported row goes through.

Rows in = stored + refused + duplicates, always.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openbell.bars.block import Block
from openbell.store.formats.format import COLUMNS

_EARLIEST, _LATEST = -(2**63) // 2, 2**63 // 2  # some years 1823 and 2116: arithmetic on stamps cannot overflow


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """The rows of one symbol and interval, sorted out.

    Parameters
    ----------
    block
        The good ones in order of time, stamps unique.
    refused
        The bad ones as they were, with a column ``row`` (counted from 1) and a column ``reason``.
    duplicates
        How many rows had the stamp of a later row, which was taken instead.
    unordered
        Whether rows were not in order of time.
    """

    block: Block
    refused: pl.DataFrame
    duplicates: int
    unordered: bool


def checked(frame: pl.DataFrame) -> Checked:
    """Sort the rows of an imported frame into bars, refused rows and duplicates.

    Examples
    --------
    >>> frame = pl.DataFrame({"ts": [2, 1, 1], "open": [1.0] * 3, "high": [1.0] * 3, "low": [1.0] * 3,
    ...                       "close": [1.0, -1.0, 1.0], "volume": [0.0] * 3})
    >>> found = checked(frame)
    >>> len(found.block), found.refused["reason"].to_list(), found.unordered
    (2, ['close is negative (-1.0)'], True)
    """
    reasons = frame.select(_reason().alias("reason"))["reason"]
    if reasons.null_count() == len(reasons):
        refused = _listed(frame.clear(), reasons.clear(), np.empty(0, np.int64))
        good = frame
    else:
        bad = np.flatnonzero(reasons.is_not_null().to_numpy())
        refused = _listed(frame[bad], reasons[bad], bad + 1)
        good = frame.filter(reasons.is_null())
    block, duplicates, unordered = _in_order(good)
    return Checked(block, refused, duplicates, unordered)


def _reason() -> pl.Expr:
    prices = ("open", "high", "low", "close")
    cases = [
        _case(pl.col("ts").is_null(), pl.lit("the time could not be read")),
        _case(~pl.col("ts").is_between(_EARLIEST, _LATEST), pl.lit("the time is out of range")),
    ]
    for name in prices:
        cases.append(_case(pl.col(name).is_null() | pl.col(name).is_nan(), pl.lit(f"{name} is not a number")))
    for name in (*prices, "volume"):
        cases.append(_case(pl.col(name).is_infinite(), pl.lit(f"{name} is infinite")))
        cases.append(_case(pl.col(name) < 0, pl.format(f"{name} is negative ({{}})", name)))
    below = pl.format("high {} is below low {}", "high", "low")
    cases.append(_case(pl.col("high") < pl.col("low"), below))
    return pl.coalesce(cases)


def _case(condition: pl.Expr, reason: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(reason)


def _listed(rows: pl.DataFrame, reasons: pl.Series, numbers: npt.NDArray[np.int64]) -> pl.DataFrame:
    return rows.select(pl.Series("row", numbers), *COLUMNS, reasons.alias("reason"))


def _in_order(frame: pl.DataFrame) -> tuple[Block, int, bool]:
    ts = frame["ts"].to_numpy()
    columns = [frame[name].fill_null(float("nan")).to_numpy() for name in COLUMNS[1:]]
    steps = np.diff(ts)
    if (steps > 0).all():
        return Block(ts, *columns), 0, False
    order = np.argsort(ts, kind="stable")
    ts = ts[order]
    latest = order[np.append(ts[1:] != ts[:-1], True)]
    taken = [column[latest] for column in columns]
    kept = Block(frame["ts"].to_numpy()[latest], *taken)
    return kept, len(order) - len(latest), bool((steps < 0).any())
