"""Coarser bars from finer ones, over time for one symbol: history, catching up, healing.

Open first, high largest, low smallest, close last, volume summed; see `openbell.bars.folding`.
"""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Grid, Stamps

Counts = npt.NDArray[np.int32]


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
    from openbell.bars.folding import fold_columns

    n = fold_columns(block.ts, block.columns, begins, grid.ends, grid.stamps, expected, completeness, ts, out)
    if n < room // 2:
        ts, out = ts[:n].copy(), out[:, :n].copy()
    ts.setflags(write=False)
    out.setflags(write=False)
    return Block(ts[:n], out[0, :n], out[1, :n], out[2, :n], out[3, :n], out[4, :n], out[5, :n])
