"""The compiled loops that fold bars.

1. `fold_columns` folds the columns of one symbol over time.
2. `fold_instant` folds one window for many symbols of a panel (the stream).
3. `place` and `mark` tell which windows bars begin.

The first two go through the bars of a window in order of time, so they give the same bits. Importing this module
imports numba, so it is imported where bars are folded and nowhere else.
"""

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

# One compilation for columns that may and that may not be written to.
_STAMPS = types.Array(types.int64, 1, "C", readonly=True)
_COLUMN = types.Array(types.float64, 1, "C", readonly=True)
_COUNTS = types.Array(types.int32, 1, "C", readonly=True)


@numba.njit(
    [
        types.int64(
            _STAMPS, *[_COLUMN] * 5, _STAMPS, _STAMPS, _STAMPS, _COUNTS, types.float64,
            types.int64[::1], types.float64[:, ::1],
        )
    ],
    cache=True,
    nogil=True,
    error_model="numpy",
)  # fmt: skip
def fold_columns(
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
    """Fold the bars of one symbol into windows; returns how many bars were written.

    Parameters
    ----------
    begins, ends, stamps, expected
        The windows: edges, what a bar is stamped with, and base bars of a whole one.
    out_ts, out
        Written from the front: int64 (n,), and float64 (6, n) with open, high, low, close, volume and share.
    """
    n, i, bars = 0, 0, len(ts)
    # The first window that ends after the first bar; numba's searchsorted would take a second to compile.
    window, past = 0, len(ends)
    while bars and window < past:
        middle = (window + past) // 2
        if ends[middle] <= ts[0]:
            window = middle + 1
        else:
            past = middle
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


def compile_instant() -> None:
    """Compile the loop of the stream, or load it from the cache, never in the middle of an instant."""
    nothing = np.empty((0, 5, 1))
    row, flags = np.empty(0, np.int64), np.empty((0, 1), np.bool_)
    fold_instant(nothing, flags, 0, 0, row, 1, 0.0, np.empty((5, 1)), np.empty(1, np.bool_), np.empty(1))


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
    # Slot by slot, so that memory is read as it lies.
    counts = np.zeros(len(rows), np.int64)
    for slot in range(first, after):
        opens, highs, lows = base_values[slot, 0], base_values[slot, 1], base_values[slot, 2]
        closes, volumes, there = base_values[slot, 3], base_values[slot, 4], base_present[slot]
        for k in range(len(rows)):
            row = rows[k]
            if not there[row] or present[row]:
                continue
            if counts[k] == 0:
                values[0, row], values[1, row], values[2, row] = opens[row], highs[row], lows[row]
                values[4, row] = volumes[row]
            else:
                values[1, row] = max(values[1, row], highs[row])
                values[2, row] = min(values[2, row], lows[row])
                values[4, row] += volumes[row]
            values[3, row] = closes[row]
            counts[k] += 1
    for k in range(len(rows)):
        row = rows[k]
        if present[row] or counts[k] == 0:
            continue
        share = counts[k] / expected
        if share >= completeness:
            shares[row] = share
            present[row] = True
        else:
            values[:, row] = np.nan


@numba.njit([types.void(_STAMPS, _STAMPS, types.int64, types.int64[::1])], cache=True, nogil=True)
def place(ts: Stamps, stamps: Stamps, at: int, slots: Rows) -> None:
    """Where each of some ascending stamps is among others, -1 for those that are not; none is before ``at``."""
    for i in range(len(ts)):
        while at < len(stamps) and stamps[at] < ts[i]:
            at += 1
        slots[i] = at if at < len(stamps) and stamps[at] == ts[i] else -1


@numba.njit([types.void(_STAMPS, _STAMPS, types.int64, types.boolean[::1])], cache=True, nogil=True)
def mark(ts: Stamps, stamps: Stamps, place: int, present: Flags) -> None:
    """Set the flag of each of some ascending stamps that is among others; none of those before ``place`` is."""
    for stamp in ts:
        while place < len(stamps) and stamps[place] < stamp:
            place += 1
        if place < len(stamps) and stamps[place] == stamp:
            present[place] = True
