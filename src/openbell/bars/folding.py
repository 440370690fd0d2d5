"""The compiled loops that fold bars, as functions of arrays.

1. `fold_columns` folds the columns of one symbol over time.
2. `mark` and `place` tell which windows bars begin.

The stream folds one window of many symbols by itself (`openbell.engine.drive_loop`); it, too, goes through the bars of
a window in order of time, so that both give the same bits.
"""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import bits, run

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


def mark(ts: Stamps, stamps: Stamps, place: int, present: Flags) -> None:
    """Set the flag of each of some ascending stamps that is among others; none of those before ``place`` is."""
    run(_LOOPS, "mark", len(ts), len(stamps), place, address(ts, INT), address(stamps, INT), address(present, FLAG))


def place(ts: Stamps, stamps: Stamps, at: int, slots: Rows) -> None:
    """Where each of some ascending stamps is among others, -1 for those that are not; none is before ``at``."""
    run(_LOOPS, "place", len(ts), len(stamps), at, address(ts, INT), address(stamps, INT), address(slots, INT))
