"""The compiled loops that fold bars, as functions of arrays.

1. `fold` makes coarser bars of each of many symbols' bars, over time.
2. `between` and `lay` find the bars of a stretch of time in each of many blocks, and put blocks behind others.
3. `scattering` puts the bars of many symbols side by side, each where it belongs.
4. `mark` and `place` tell which windows bars begin.

The stream folds one window of many symbols by itself (`openbell.engine.drive_loop`); it, too, goes through the bars of
a window in order of time, so that both give the same bits.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.sheaf import Sheaf
from openbell.machine.beside import beside
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import bits, run

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

_LOOPS = "openbell.bars.loops"
_COUNT = np.dtype(np.int32)


def fold(
    sheaf: Sheaf,
    within: tuple[int, int],
    begins: Stamps,
    ends: Stamps,
    stamps: Stamps,
    expected: Counts,
    completeness: float,
    out_ts: Stamps,
    out: Floats,
) -> Rows:
    """Fold the bars of each symbol into windows; returns how many each of them gave, int64 (symbols,).

    Parameters
    ----------
    sheaf
        The bars.
    within
        Only bars stamped from the first until before the second of these are looked at.
    begins, ends, stamps, expected
        The windows: edges, what a bar is stamped with, and base bars of a whole one.
    out_ts, out
        Written from the front: int64 (symbols, n), and float64 (6, symbols, n) with open, high, low, close, volume and
        share.
    """
    made = np.empty(len(sheaf), np.int64)
    windows = address(begins, INT), address(ends, INT), address(stamps, INT), address(expected, _COUNT)
    sizes, written = (len(sheaf), len(ends), out_ts.shape[1]), (bits(completeness), address(out_ts, INT), address(out))
    run(_LOOPS, "fold", *sizes, *within, address(sheaf.table, INT), address(made, INT), *windows, *written)
    return made


def between(sheaf: Sheaf, start: int, end: int) -> list[Block]:
    """`Block.between` of each block; only as many bars count as the sheaf's table says."""
    rows = np.empty((len(sheaf), 2), np.int64)
    run(_LOOPS, "cut", len(sheaf), start, end, address(sheaf.table, INT), address(rows, INT))
    spans = zip(sheaf.blocks, *rows.T.tolist(), strict=True)
    return [block.rows(first, last) if first or last < len(block) else block for block, first, last in spans]


def lay(sheaf: Sheaf, targets: Rows) -> None:
    """Copy the columns of each block to where the columns of another one begin; bars without completeness are whole.

    Parameters
    ----------
    targets
        int64 (blocks, 8), as in a `Sheaf`; all columns are there.
    """
    run(_LOOPS, "lay", len(sheaf), address(sheaf.table, INT), address(targets, INT))


@contextmanager
def scattering(
    sheaf: Sheaf, rows: Rows, stamps: Stamps, values: Floats, present: Flags, shares: Floats | None = None
) -> Iterator[None]:
    """While a block is carried out, put the bars of each symbol that are stamped like windows of a panel into its row.

    Parameters
    ----------
    rows
        int64 (symbols,).
    stamps
        Those of the panel's windows.
    values, present, shares
        The panel's: (slots, 5, capacity) and twice (slots, capacity). Bars are whole. The block leaves them alone.
    """
    cursors = np.empty(len(sheaf), np.int64)
    into = address(values), address(present, FLAG), 0 if shares is None else address(shares)
    sizes = len(sheaf), len(stamps), present.shape[1], shares is not None
    where = address(sheaf.table, INT), address(rows, INT), address(cursors, INT), address(stamps, INT)
    with beside(_LOOPS, "scatter", *sizes, *where, *into, bars=len(sheaf) * len(stamps)):
        yield


def mark(ts: Stamps, stamps: Stamps, place: int, present: Flags) -> None:
    """Set the flag of each of some ascending stamps that is among others; none of those before ``place`` is."""
    run(_LOOPS, "mark", len(ts), len(stamps), place, address(ts, INT), address(stamps, INT), address(present, FLAG))


def place(ts: Stamps, stamps: Stamps, at: int, slots: Rows) -> None:
    """Where each of some ascending stamps is among others, -1 for those that are not; none is before ``at``."""
    run(_LOOPS, "place", len(ts), len(stamps), at, address(ts, INT), address(stamps, INT), address(slots, INT))
