"""Coarser bars from finer ones, over time: history, catching up, healing.

Open first, high largest, low smallest, close last, volume summed; see `openbell.bars.folding`.
"""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Block
from openbell.bars.grid import Grid, Stamps
from openbell.bars.room import unfilled
from openbell.bars.sheaf import Sheaf

Counts = npt.NDArray[np.int32]

ALWAYS = (-(2**63), 2**63 - 1)


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
    return derive_all(Sheaf.of([block]), grid, expected, completeness=completeness, lefts=lefts).blocks[0]


def derive_all(
    sheaf: Sheaf,
    grid: Grid,
    expected: Counts,
    *,
    within: tuple[int, int] = ALWAYS,
    completeness: float = 0.0,
    lefts: Stamps | None = None,
) -> Sheaf:
    """`derive` for many symbols at once.

    Parameters
    ----------
    within
        Only bars stamped from the first until before the second of these count.
    """
    from openbell.bars.folding import fold

    begins = grid.opens if lefts is None else lefts
    room = min(max(sheaf.table[:, 0].tolist(), default=0), len(grid))
    size, columns = len(sheaf) * room, len(FIELDS) + 2
    memory = unfilled(size * columns).reshape(columns, len(sheaf), room)
    # Only the loop writes, which knows no flags.
    memory.setflags(write=False)
    ts, out = memory[0].view(np.int64), memory[1:]
    made = fold(sheaf, within, begins, grid.ends, grid.stamps, expected, completeness, ts, out)
    whole = Block(ts.reshape(-1), *out.reshape(columns - 1, -1))
    parts = Sheaf.cut(whole, np.arange(len(sheaf)) * room, made)
    if 2 * int(made.sum()) >= len(sheaf) * room:
        return parts
    # Few bars would keep the room of many.
    return Sheaf.of([block.copied() if len(block) < room // 2 else block for block in parts.blocks])
