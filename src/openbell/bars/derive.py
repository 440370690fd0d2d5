"""Coarser bars from finer ones: open first, high largest, low smallest, close last, volume summed.

1. `derive` folds the columns of one symbol over time (history, catching up, healing).
2. `fold_instant` folds one window for many symbols of a panel (the stream).

Both go through the bars of a window in order of time, so they give the same bits.
"""

import numba
import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Grid, Stamps

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def derive(
    block: Block, grid: Grid, expected: Counts, *, completeness: float = 0.0, lefts: Stamps | None = None
) -> Block:
    """Bars of the grid's windows from finer bars.

    Parameters
    ----------
    block
        Finer bars of one symbol; those outside every window are left out.
    grid
        The windows.
    expected
        How many finer bars each window has when none is missing, int32 of shape (len(grid),): ``grid.expected(base)``.
    completeness
        A bar exists when its window has at least one finer bar and at least this share of the expected ones.
    lefts
        Where windows begin, if not at ``grid.opens``: days made of days or clock hours begin at ``grid.stamps``.

    Returns
    -------
    Block
        Stamped with ``grid.stamps``; ``completeness`` holds the share of each window's bars that were there.

    Examples
    --------
    >>> from openbell.bars.grid import Span
    >>> from openbell.bars.interval import Interval
    >>> ts = np.array([0, 60, 120]) * 1_000_000_000
    >>> price = np.array([1.0, 3.0, 2.0])
    >>> spans = [Span(0, 240_000_000_000, 0)]
    >>> grid = Grid.of_spans(Interval.parse("2m"), spans)
    >>> minutes = Grid.of_spans(Interval.parse("1m"), spans)
    >>> two = derive(Block.of(ts, [price] * 5), grid, grid.expected(minutes))
    >>> two.open.tolist(), two.close.tolist(), two.volume.tolist(), two.completeness.tolist()
    ([1.0, 2.0], [3.0, 2.0], [4.0, 2.0], [1.0, 0.5])
    """
    room = min(len(block), len(grid))
    ts = np.empty(room, np.int64)
    out = np.empty((6, room), np.float64)
    begins = grid.opens if lefts is None else lefts
    n = _derive(block.ts, *block.columns, begins, grid.ends, grid.stamps, expected, completeness, ts, out)
    if n < room // 2:
        ts, out = ts[:n].copy(), out[:, :n].copy()
    return Block(ts[:n], out[0, :n], out[1, :n], out[2, :n], out[3, :n], out[4, :n], out[5, :n]).freeze()


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _derive(
    ts: Stamps,
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    begins: Stamps,
    ends: Stamps,
    stamps: Stamps,
    expected: Counts,
    completeness: float,
    out_ts: Stamps,
    out: Floats,
) -> int:
    n, i, bars = 0, 0, len(ts)
    window = np.searchsorted(ends, ts[0], side="right") if bars else 0
    while i < bars and window < len(ends):
        if ts[i] >= ends[window]:
            window += 1
            continue
        if ts[i] < begins[window]:
            i += 1
            continue
        first, end = i, ends[window]
        top, bottom, total = high[i], low[i], volume[i]
        i += 1
        while i < bars and ts[i] < end:
            top = max(top, high[i])
            bottom = min(bottom, low[i])
            total += volume[i]
            i += 1
        share = (i - first) / expected[window]
        if share >= completeness:
            out_ts[n] = stamps[window]
            out[0, n], out[1, n], out[2, n], out[3, n], out[4, n] = open_[first], top, bottom, close[i - 1], total
            out[5, n] = share
            n += 1
        window += 1
    return n


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fold_instant(
    base_values: Floats,
    base_present: Flags,
    first: int,
    after: int,
    rows: Rows,
    expected: int,
    completeness: float,
    values: Floats,
    present: Flags,
    shares: Floats,
) -> None:
    """Fold slots ``[first, after)`` of a base panel into one slot of a derived one, for the given rows.

    Parameters
    ----------
    base_values, base_present
        The base panel: float64 (slots, 5, capacity) and bool (slots, capacity).
    rows
        int64, the rows to fold; rows that are already present in the target keep what they have.
    expected
        Base bars of a whole window.
    values, present, shares
        The target slot, written in place: float64 (5, capacity), bool (capacity,), float64 (capacity,).
    """
    for k in range(len(rows)):
        row = rows[k]
        if present[row]:
            continue
        count = 0
        opened, top, bottom, closed, total = np.nan, np.nan, np.nan, np.nan, np.nan
        for slot in range(first, after):
            if base_present[slot, row]:
                bar = base_values[slot]
                if count == 0:
                    opened, top, bottom, total = bar[0, row], bar[1, row], bar[2, row], bar[4, row]
                else:
                    top = max(top, bar[1, row])
                    bottom = min(bottom, bar[2, row])
                    total += bar[4, row]
                closed = bar[3, row]
                count += 1
        share = count / expected
        if count and share >= completeness:
            values[0, row], values[1, row], values[2, row] = opened, top, bottom
            values[3, row], values[4, row] = closed, total
            shares[row] = share
            present[row] = True
