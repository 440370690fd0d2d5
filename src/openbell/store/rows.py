"""Which rows of a file can be bars: the checks that every imported row goes through.

Rows in = stored + refused + duplicates, always.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from openbell.bars.block import FIELDS, Block
from openbell.store.days import Mask
from openbell.store.formats.format import COLUMNS, UNREAD
from openbell.store.sound import LATEST, are_bars

_PRICES = FIELDS[:4]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """The rows of one symbol and interval, sorted out.

    Parameters
    ----------
    block
        The good ones in order of time, stamps unique.
    refused
        The bad ones as they were, with a column ``row`` (counted from 1) and a column ``reason``; None without any.
    duplicates
        How many rows had the stamp of a later row, which was taken instead.
    unordered
        Whether rows were not in order of time.
    """

    block: Block
    refused: pl.DataFrame | None
    duplicates: int
    unordered: bool


def checked(block: Block, faults: Mapping[int, str] | None = None) -> Checked:
    """Sort the rows of a file into bars, refused rows and duplicates.

    Parameters
    ----------
    block
        One row per row of the file.
    faults
        Rows that are refused whatever their values, with the reasons.

    Examples
    --------
    >>> ones = np.ones(3)
    >>> found = checked(Block(np.array([2, 1, 1]), ones, ones, ones, np.array([1.0, -1.0, 1.0]), ones))
    >>> len(found.block), found.refused["reason"].to_list(), found.unordered
    (2, ['close is negative (-1.0)'], True)
    """
    good = are_bars(block)
    if faults:
        good[list(faults)] = False
    if good.all():
        return _sorted_out(block, None)
    refused = _listed(block, np.flatnonzero(~good), faults or {})
    return _sorted_out(taken(block, np.flatnonzero(good)), refused)


def taken(block: Block, rows: npt.NDArray[np.int64] | Mask) -> Block:
    """Some rows of a block, as a copy."""
    return Block.of(block.ts[rows], (column[rows] for column in block.columns))


def _sorted_out(block: Block, refused: pl.DataFrame | None) -> Checked:
    ordered, duplicates = in_order(block)
    unordered = ordered is not block and bool((block.ts[1:] < block.ts[:-1]).any())
    return Checked(ordered, refused, duplicates, unordered)


def in_order(block: Block) -> tuple[Block, int]:
    """A block in order of time, of equal stamps the last row, and how many others there were."""
    ts = block.ts
    if (ts[1:] > ts[:-1]).all():
        return block, 0
    order = np.argsort(ts, kind="stable")
    ts = ts[order]
    latest = order[np.append(ts[1:] != ts[:-1], True)]
    return taken(block, latest), len(order) - len(latest)


def _listed(block: Block, rows: npt.NDArray[np.int64], faults: Mapping[int, str]) -> pl.DataFrame:
    bad = taken(block, rows)
    columns = dict(zip(COLUMNS, (bad.ts, *bad.columns), strict=True))
    reasons = [faults.get(row) or next(_reasons(bad, place)) for place, row in enumerate(rows.tolist())]
    frame = pl.DataFrame({"row": rows + 1, **columns, "reason": reasons})
    moment = pl.when(pl.col("ts") != UNREAD).then(pl.col("ts")).cast(pl.Datetime("ns", "UTC"))
    return frame.with_columns(moment.alias("ts"))


def _reasons(bad: Block, place: int) -> Iterator[str]:
    if bad.ts[place] == UNREAD:
        yield "the time could not be read"
    if abs(int(bad.ts[place])) > LATEST:
        yield "the time is out of range"
    for name in FIELDS:
        value = float(getattr(bad, name)[place])
        if np.isnan(value) and name in _PRICES:
            yield f"{name} is not a number"
        if np.isinf(value):
            yield f"{name} is infinite"
        if value < 0:
            yield f"{name} is negative ({value})"
    yield f"high {bad.high[place]} is below low {bad.low[place]}"
