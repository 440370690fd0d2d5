"""Room for large arrays, used again when nobody looks at what was in it.

A system takes its time over memory that is touched for the first time: for the panels of a whole market many times as
long as filling them takes. So the room of yesterday's panels, or of the last session's, is kept for the next ones.
"""

import threading
from math import prod

import numpy as np

from openbell.bars.block import Floats

_LARGE_BYTES = 1 << 19
_KEPT_BYTES = 1 << 29
_WASTE = 1.25

_free: list[Floats] = []
_taking = threading.Lock()


class _Room:
    """What an array and all views of it look into; given back with the last of them."""

    def __init__(self, memory: Floats, shape: tuple[int, ...]) -> None:
        self._memory = memory
        self.__array_interface__ = memory.__array_interface__ | {"shape": shape, "strides": None}

    def __del__(self, free: list[Floats] = _free) -> None:
        if sum(memory.nbytes for memory in free) + self._memory.nbytes <= _KEPT_BYTES:
            free.append(self._memory)


def filled(shape: tuple[int, ...], value: float) -> Floats:
    """An array of one number.

    Parameters
    ----------
    shape
        In any number of dimensions.
    value
        What every element is.

    Examples
    --------
    >>> filled((2, 3), 0.5).tolist()
    [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
    """
    size = prod(shape)
    if 8 * size < _LARGE_BYTES:
        return np.full(shape, value)
    array: Floats = np.asarray(_Room(_taken(size), shape))
    array.fill(value)
    return array


def _taken(size: int) -> Floats:
    """Room for so many numbers: the smallest that is free and not much too large.

    Else it is new, and takes the place of what has been free for longest: sizes that are not asked for any more, of
    short days or of fewer symbols, would stay for good.
    """
    with _taking:
        fitting = [memory for memory in _free if size <= len(memory) <= _WASTE * size]
        if fitting:
            best = min(fitting, key=len)
            # By identity: arrays that are compared are compared number by number.
            return _free.pop(next(place for place, memory in enumerate(_free) if memory is best))
        del _free[:1]
    return np.empty(size)
