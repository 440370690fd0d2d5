"""Bars that were made of stored ones, kept so that the next day of a run makes only what is new.

A block that was handed out never changes: the bars of later sessions go behind it, into room that was left there.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.store.series import Columns

Make = Callable[[int, Sequence[int]], Sequence[Block]]
"""Makes the bars from a session on, of those series whose places are given."""

# By turns, so that not all series need more room on the same day.
_ROOMS = cycle([1.1 + 0.02 * step for step in range(16)])
_LATEST = np.iinfo(np.int64).max


@dataclass(slots=True, eq=False)
class _Roll:
    """The bars of consecutive sessions of one series.

    Parameters
    ----------
    first, last
        The sessions, both included.
    made
        All that was made, while there are no columns.
    columns
        Shape (7, capacity): where the bars lie, and the room behind them; None while there is none.
    bars
        How many there are.
    state
        What else these bars depend on; bars of another state are others.
    used
        The day on which somebody asked last.
    """

    first: int
    last: int
    made: Block
    columns: Columns | None
    bars: int
    state: Hashable
    used: int

    @property
    def bytes(self) -> int:
        """How much memory it keeps."""
        return 8 * 7 * self.bars if self.columns is None else self.columns.nbytes

    def extend(self, first: int, last: int, made: Block, begins: Stamps) -> None:
        """Put the bars of the sessions after the last one behind; those before the first one may go."""
        if self.columns is None or self.bars + len(made) > self.columns.shape[1]:
            kept = self.between(int(begins[first]), _LATEST)
            self.first, self.bars = first, len(kept)
            self.columns = np.empty((7, int(next(_ROOMS) * (len(kept) + len(made)))))
            _put(kept, self.columns[:, : self.bars])
            self.made = Block.empty()
        more = self.bars + len(made)
        _put(made, self.columns[:, self.bars : more])
        self.bars, self.last = more, last

    def between(self, start: int, end: int) -> Block:
        """The bars stamped in ``[start, end)``, without a copy."""
        if self.columns is None:
            return self.made.between(start, end)
        rows = slice(*self.columns[0, : self.bars].view(np.int64).searchsorted((start, end)).tolist())
        fixed = self.columns[:, rows]
        fixed.setflags(write=False)
        ts, *others = fixed
        return Block(ts.view(np.int64), *others)


class Rolled:
    """Keeps bars by series, up to a number of bytes and as long as they are asked for. Threads may share one.

    Parameters
    ----------
    begins
        int64 ns UTC: the instants at which the calendar's sessions begin.
    limit_bytes
        How much is kept.
    """

    def __init__(self, begins: Stamps, limit_bytes: int) -> None:
        self._begins, self._limit = begins, limit_bytes
        self._rolls: OrderedDict[Hashable, _Roll] = OrderedDict()
        self._bytes = 0
        self._day = 0
        self._lock = threading.Lock()

    def turn(self, day: int) -> None:
        """Go to another session day: what was not asked for on the last one is forgotten."""
        with self._lock:
            if day != self._day:
                for key in [key for key, roll in self._rolls.items() if roll.used != self._day]:
                    self._forget(key)
                self._day = day

    def blocks(self, keys: Sequence[tuple[Hashable, Hashable]], first: int, last: int, make: Make) -> list[Block]:
        """The bars of sessions ``first`` to ``last`` of some series; an empty range has none.

        Parameters
        ----------
        keys
            Of each its name, and what else its bars depend on.
        make
            Called for sessions up to ``last`` that are not here.
        """
        if first > last:
            return [Block.empty()] * len(keys)
        with self._lock:
            missing: dict[int, list[int]] = {}
            for place, (name, state) in enumerate(keys):
                missing.setdefault(self._missing_from(name, state, first, last), []).append(place)
            for begin, places in sorted(missing.items()):
                if begin <= last:
                    for place, made in zip(places, make(begin, places), strict=True):
                        self._take(*keys[place], (first, begin, last), made)
            left, right = int(self._begins[first]), int(self._begins[last + 1])
            found = [self._rolls[name].between(left, right) for name, _ in keys]
            while self._bytes > self._limit and self._rolls:
                self._forget(next(iter(self._rolls)))
            return found

    def _missing_from(self, name: Hashable, state: Hashable, first: int, last: int) -> int:
        """The first session that is not here, the one after the last where all are."""
        roll = self._rolls.get(name)
        if roll is None or roll.state != state or not roll.first <= first <= roll.last:
            return first
        roll.used = self._day
        self._rolls.move_to_end(name)
        return min(roll.last, last) + 1

    def _take(self, name: Hashable, state: Hashable, sessions: tuple[int, int, int], made: Block) -> None:
        first, begin, last = sessions
        if begin == first:
            self._forget(name)
            self._rolls[name] = roll = _Roll(first, last, made, None, len(made), state, self._day)
        else:
            roll = self._rolls[name]
            self._bytes -= roll.bytes
            roll.extend(first, last, made, self._begins)
        self._bytes += roll.bytes

    def _forget(self, name: Hashable) -> None:
        roll = self._rolls.pop(name, None)
        self._bytes -= 0 if roll is None else roll.bytes


def _put(block: Block, target: Columns) -> None:
    target[0].view(np.int64)[:] = block.ts
    for row, column in zip(target[1:], (*block.columns, block.shares), strict=True):
        row[:] = column
