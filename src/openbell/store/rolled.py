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
from openbell.bars.folding import between, lay
from openbell.bars.grid import Stamps
from openbell.bars.room import Rooms
from openbell.bars.sheaf import Sheaf

Make = Callable[[int, Sequence[int]], Sequence[Block]]
"""Makes the bars from a session on, of those series whose places are given."""

# By turns, so that not all need more room on the same day.
_ROOMS = cycle([1.5 + step / 32 for step in range(16)])
_COLUMNS = 7
_FREE_BYTES = 1 << 24


@dataclass(slots=True, eq=False)
class _Roll:
    """The bars of consecutive sessions of one series.

    Parameters
    ----------
    first, last
        The sessions, both included.
    room
        A block of which the first bars are these, and the others are free once the bars were laid out anew.
    bars
        How many there are.
    state
        What else these bars depend on; bars of another state are others.
    used
        The day on which somebody asked last.
    """

    first: int
    last: int
    room: Block
    bars: int
    state: Hashable
    used: int

    @property
    def bytes(self) -> int:
        """How much memory it keeps."""
        return 8 * _COLUMNS * len(self.room)

    @property
    def where(self) -> tuple[int, ...]:
        """As `Block.where`, of these bars."""
        return self.bars, *self.room.where[1:]

    def lacks(self, more: int) -> bool:
        """Whether there is no room for so many bars more."""
        return self.bars + more > len(self.room)

    def grow(self, bars: int) -> tuple[int, ...]:
        """Count so many bars more, and say where they go, as `Block.where`."""
        at, (_, *columns) = 8 * self.bars, self.room.where
        self.bars += bars
        return bars, *[column + at for column in columns]


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
        self._rooms = Rooms(_FREE_BYTES, 1.5)
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
            found: dict[int, Block] = {}
            for begin, places in sorted(missing.items()):
                if begin == first:
                    found.update(zip(places, make(begin, places), strict=True))
                    for place in places:
                        self._enter(*keys[place], (first, last), found[place])
                    continue
                rolls = [self._rolls[keys[place][0]] for place in places]
                if begin <= last:
                    self._extend(rolls, make(begin, places), first, last)
                found.update(zip(places, self._between(rolls, first, last), strict=True))
            while self._bytes > self._limit and self._rolls:
                self._forget(next(iter(self._rolls)))
            return [found[place] for place in range(len(keys))]

    def _missing_from(self, name: Hashable, state: Hashable, first: int, last: int) -> int:
        """The first session that is not here, the one after the last where all are."""
        roll = self._rolls.get(name)
        if roll is None or roll.state != state or not roll.first <= first <= roll.last:
            return first
        roll.used = self._day
        self._rolls.move_to_end(name)
        return min(roll.last, last) + 1

    def _between(self, rolls: Sequence[_Roll], first: int, last: int) -> list[Block]:
        """The bars of sessions."""
        table = np.array([roll.where for roll in rolls], np.int64)
        rooms = Sheaf([roll.room for roll in rolls], table)
        return between(rooms, int(self._begins[first]), int(self._begins[last + 1]))

    def _extend(self, rolls: Sequence[_Roll], made: Sequence[Block], first: int, last: int) -> None:
        """Put the bars of the sessions after the last ones behind; those before the first one may go."""
        laid = list(zip(rolls, made, strict=True))
        if any(roll.lacks(len(more)) for roll, more in laid):
            kept = self._between(rolls, first, last)
            self._move(rolls, first, max(len(old) + len(new) for old, new in zip(kept, made, strict=True)))
            laid = [*zip(rolls, kept, strict=True), *laid]
        targets = np.array([roll.grow(len(block)) for roll, block in laid], np.int64)
        lay(Sheaf.of([block for _, block in laid]), targets)
        for roll in rolls:
            roll.last = last

    def _move(self, rolls: Sequence[_Roll], first: int, bars: int) -> None:
        """Go to new places, one behind the other, with room for so many bars and some more; none is there yet."""
        memory = self._rooms.take(int(next(_ROOMS) * bars) * len(rolls) * _COLUMNS)
        room = len(memory) // (len(rolls) * _COLUMNS)
        ts, *others = memory[: room * len(rolls) * _COLUMNS].reshape(_COLUMNS, -1)
        whole = Block(ts.view(np.int64), *others).freeze()
        for place, roll in enumerate(rolls):
            self._bytes += 8 * _COLUMNS * (room - len(roll.room))
            roll.first, roll.room, roll.bars = first, whole.rows(place * room, (place + 1) * room), 0

    def _enter(self, name: Hashable, state: Hashable, sessions: tuple[int, int], made: Block) -> None:
        self._forget(name)
        self._rolls[name] = roll = _Roll(*sessions, made, len(made), state, self._day)
        self._bytes += roll.bytes

    def _forget(self, name: Hashable) -> None:
        roll = self._rolls.pop(name, None)
        self._bytes -= 0 if roll is None else roll.bytes
