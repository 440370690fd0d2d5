"""Whether rows are bars, for bars of many symbols at once: usually all are, and then nobody asks again."""

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval

LATEST = 4_600_000_000_000_000_000  # in 2115: sums of two stamps stay inside int64

_CALM = 1.2
_REPEATS = 59
_VOLUMES = 1e4
_SHORTEST = 4
_LONGEST = 3_650 * 86_400_000_000_000

Mask = npt.NDArray[np.bool_]
Heads = npt.NDArray[np.int64]


def are_bars(block: Block) -> Mask:
    """Which rows can be bars: a time in range, prices from 0 up, high not below low, and volume from 0 up or none.

    Examples
    --------
    >>> ones = np.ones(2)
    >>> are_bars(Block(np.array([1, 2]), ones, ones, np.array([1.0, 2.0]), ones, ones)).tolist()
    [True, False]
    """
    good: Mask = (block.ts >= -LATEST) & (block.ts <= LATEST)
    for price in block.columns[:4]:
        good &= (price >= 0) & (price < np.inf)
    volume = block.volume
    good &= (block.high >= block.low) & (np.isnan(volume) | ((volume >= 0) & (volume < np.inf)))
    return good


def are_sound(block: Block, heads: Heads) -> list[bool]:
    """Whether all rows of each series are bars, and in order of time.

    Parameters
    ----------
    block
        Series after series, none of them empty.
    heads
        The first row of each.

    Examples
    --------
    >>> ones = np.ones(4)
    >>> are_sound(Block(np.array([1, 2, 2, 1]), *[ones] * 5), np.array([0, 2]))
    [True, False]
    """
    good = are_bars(block)
    ascending = np.ones(len(block), bool)
    ascending[1:] = block.ts[1:] > block.ts[:-1]
    ascending[heads] = True
    sound: list[bool] = np.logical_and.reduceat(good & ascending, heads).tolist()
    return sound


def shortest_steps(ts: Stamps, heads: Heads) -> list[int]:
    """The shortest time between two stamps of each series, at most ten years.

    Parameters
    ----------
    ts
        Series after series, none of them empty.
    heads
        The first row of each.

    Examples
    --------
    >>> shortest_steps(np.array([1, 4, 6, 5, 9]), np.array([0, 3]))
    [2, 4]
    """
    steps = np.full(len(ts), _LONGEST, np.int64)
    np.subtract(ts[1:], ts[:-1], out=steps[1:])
    steps[heads] = _LONGEST
    shortest: list[int] = np.minimum.reduceat(steps, heads).tolist()
    return shortest


def may_have_defects(interval: Interval, block: Block, heads: Heads) -> list[bool]:
    """Which series `openbell.store.findings` has to look at; of the others it would say nothing.

    Calm prices inside their highs and lows that do not stand still, with volumes of one order: one look at all series
    finds that most are so.

    Parameters
    ----------
    block
        Series after series of one interval, none of them empty.
    heads
        The first row of each.
    """
    high, low, volume = block.high, block.low, block.volume
    moved = np.maximum.reduceat(high, heads) >= _CALM * np.minimum.reduceat(low, heads)
    least, largest = np.minimum.reduceat(volume, heads), np.maximum.reduceat(volume, heads)
    even = (least > 0) & (largest <= _VOLUMES * least)
    outside = np.maximum(block.open, block.close) > high
    outside |= np.minimum(block.open, block.close) < low
    outside |= low == 0
    suspect = moved | ~even | np.logical_or.reduceat(outside, heads)
    if interval.intraday:
        same = np.zeros(len(block), np.int64)
        same[1:] = (block.close[1:] == block.close[:-1]) & ~(np.abs(volume[1:] - volume[:-1]) > 0)
        suspect |= np.add.reduceat(same, heads) >= _REPEATS
    else:
        suspect[:] = True
    found: list[bool] = (suspect & (np.diff(heads, append=len(block)) >= _SHORTEST)).tolist()
    return found
