"""The compiled loops that fold bars, as functions of arrays.

1. `fold_columns` folds the columns of one symbol over time.
2. `fold_instant` folds one window for many symbols of a panel (the stream).
3. `mark` and `place` tell which windows bars begin.

The first two go through the bars of a window in order of time, so they give the same bits.
"""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import bits, loop_of, run

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_LOOPS = "openbell.bars.loops"
_COUNT = np.dtype(np.int32)


def fold_columns(
    ts: Stamps,
    columns: tuple[Floats, ...],
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
    ts, columns
        Stamps, and open, high, low, close, volume.
    begins, ends, stamps, expected
        The windows: edges, what a bar is stamped with, and base bars of a whole one.
    out_ts, out
        Written from the front: int64 (n,), and float64 (6, n) with open, high, low, close, volume and share.
    """
    windows = address(begins, INT), address(ends, INT), address(stamps, INT), address(expected, _COUNT)
    written = bits(completeness), address(out_ts, INT), address(out)
    bars = address(ts, INT), *map(address, columns)
    return run(_LOOPS, "fold_columns", len(ts), len(ends), len(out_ts), *bars, *windows, *written)


def compile_instant() -> None:
    """Compile the loop of the stream, or load it from the cache, never in the middle of an instant."""
    loop_of(_LOOPS, "fold_instant")


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
    many = len(rows)
    found = np.empty(many, np.int64)
    sizes = first, after, many, base_present.shape[1], len(present), expected, bits(completeness)
    base = address(base_values), address(base_present, FLAG), address(rows, INT), address(found, INT)
    run(_LOOPS, "fold_instant", *sizes, *base, address(values), address(present, FLAG), address(shares))


def mark(ts: Stamps, stamps: Stamps, place: int, present: Flags) -> None:
    """Set the flag of each of some ascending stamps that is among others; none of those before ``place`` is."""
    run(_LOOPS, "mark", len(ts), len(stamps), place, address(ts, INT), address(stamps, INT), address(present, FLAG))


def place(ts: Stamps, stamps: Stamps, at: int, slots: Rows) -> None:
    """Where each of some ascending stamps is among others, -1 for those that are not; none is before ``at``."""
    run(_LOOPS, "place", len(ts), len(stamps), at, address(ts, INT), address(stamps, INT), address(slots, INT))
