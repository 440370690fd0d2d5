"""Room for arrays, used again when nobody looks at what was in it.

A system takes its time over memory that is touched for the first time: for the panels of a whole market many times as
long as filling them takes. So the room of yesterday's panels, or of the last session's, is kept for the next ones.
"""

import threading
from math import prod

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats

_LARGE_BYTES = 1 << 18


class Rooms:
    """Room of some kind of arrays. Any number of threads may share one.

    Parameters
    ----------
    limit_bytes
        How much is kept while nobody uses it.
    waste
        How many times too large room may be for what it is given for.

    Examples
    --------
    >>> rooms = Rooms(1 << 20, 1.5)
    >>> len(rooms.take(1000)) >= 1000
    True
    """

    def __init__(self, limit_bytes: int, waste: float) -> None:
        self._limit, self._waste = limit_bytes, waste
        self._free: list[Floats] = []
        self._taking = threading.Lock()

    def take(self, size: int) -> Floats:
        """Room for at least so many numbers, with anything in it; given back with its last view."""
        room: Floats = np.asarray(_Room(self._taken(size), self))
        return room

    def give(self, memory: Floats) -> None:
        """Keep what nobody looks into any more, if there is not too much of it."""
        if sum(free.nbytes for free in self._free) + memory.nbytes <= self._limit:
            self._free.append(memory)

    def _taken(self, size: int) -> Floats:
        """The smallest that is free and not much too large.

        Else it is new, and takes the place of what has been free for longest: sizes that are not asked for any more,
        of short days or of fewer symbols, would stay for good.
        """
        with self._taking:
            fitting = [memory for memory in self._free if size <= len(memory) <= self._waste * size]
            if fitting:
                best = min(fitting, key=len)
                # By identity: arrays that are compared are compared number by number.
                return self._free.pop(next(place for place, memory in enumerate(self._free) if memory is best))
            del self._free[:1]
        return np.empty(size)


class _Room:
    """What an array and all views of it look into."""

    def __init__(self, memory: Floats, rooms: Rooms) -> None:
        self._memory, self._rooms = memory, rooms
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        self._rooms.give(self._memory)


_PANELS = Rooms(1 << 29, 1.25)
# For what is made anew every day, of sizes that change with its bars.
_OTHERS = Rooms(1 << 26, 1.5)


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
    array = _PANELS.take(size)[:size].reshape(shape)
    array.fill(value)
    return array


def unfilled(size: int) -> Floats:
    """So many numbers, with anything in them: for what is made anew every day.

    Examples
    --------
    >>> len(unfilled(7))
    7
    """
    return np.empty(size) if 8 * size < _LARGE_BYTES else _OTHERS.take(size)[:size]


def unset(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Flags of which none is set.

    Parameters
    ----------
    shape
        In any number of dimensions.

    Examples
    --------
    >>> unset((1, 3)).tolist()
    [[False, False, False]]
    """
    size = prod(shape)
    if size < _LARGE_BYTES:
        return np.zeros(shape, np.bool_)
    flags = unfilled(-(-size // 8)).view(np.bool_)[:size].reshape(shape)
    flags.fill(False)
    return flags
