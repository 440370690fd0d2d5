"""The compiled loops that hash columns, as functions of arrays."""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import Flags
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import run

Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
Columns = tuple[npt.NDArray[np.int64] | Floats, ...]

COLUMNS = 7
"""Stamps, open, high, low, close, volume, completeness."""

_LOOPS = "openbell.session.loops"
_WORD = np.dtype(np.uint64)


def mix(columns: Columns, edges: Rows) -> Bits:
    """Mix the columns of some bars, run by run.

    Parameters
    ----------
    columns
        Stamps, open, high, low, close, volume, completeness.
    edges
        Where each run begins, and where the last one ends.

    Returns
    -------
    numpy.ndarray
        uint64 (runs, 2).
    """
    out = np.empty((len(edges) - 1, 2), np.uint64)
    stamps, *others = columns
    where = address(edges, INT), address(out, _WORD), address(stamps, INT), *map(address, others)
    run(_LOOPS, "mix", len(out), *where)
    return out


def mix_rows(
    stamps: Stamps,
    values: Floats,
    present: Flags,
    shares: Floats | None,
    ended: int,
    rows: Rows,
    counts: Rows,
    out: Bits,
) -> None:
    """What `mix` makes of the present bars of some rows of a panel, each as one part.

    Parameters
    ----------
    stamps, values, present, shares
        The panel: (slots,), (slots, 5, capacity), (slots, capacity), and (slots, capacity) or None where all are whole.
    ended
        How many slots count.
    rows
        int64, which rows.
    counts, out
        int64 (rows,), zeros, and uint64 (rows, 2); written.
    """
    chains = np.empty((len(rows), COLUMNS), np.uint64)
    sizes = ended, len(rows), present.shape[1], int(shares is not None)
    panel = address(stamps, INT), address(values), address(present, FLAG), 0 if shares is None else address(shares)
    run(
        _LOOPS, "mix_rows", *sizes, *panel, address(rows, INT), address(counts, INT), address(chains, _WORD),
        address(out, _WORD),
    )  # fmt: skip
