"""Bars that were made of stored ones, kept so that the next day of a run makes only what is new.

A block that was handed out never changes: the bars of later sessions go behind it, into room that was left there.
"""

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import cycle

import numpy as np

from openbell.bars.block import Block
from openbell.bars.folding import Rows
from openbell.bars.grid import Stamps
from openbell.bars.room import Rooms
from openbell.bars.sheaf import Sheaf
from openbell.store.rolls import COLUMNS, Rolls

Make = Callable[[int, Sequence[int]], Sheaf]
"""Makes the bars from a session on, of those series whose places are given."""

# By turns, so that not all need more room on the same day; the first one is the middle one.
_ROOMS = cycle([1.5 + (8 + 7 * step) % 16 / 32 for step in range(16)])
_FREE_BYTES = 1 << 24


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
        self._kinds: dict[Hashable, Rolls] = {}
        self._rooms = Rooms(_FREE_BYTES, 1.5)
        # Questions are numbered: the last one of all, and the last one before this day.
        self._asked = self._before = self._day = 0
        self._lock = threading.Lock()

    def turn(self, day: int) -> None:
        """Go to another session day: what was not asked for on the last one is forgotten."""
        with self._lock:
            if day != self._day:
                for rolls in self._kinds.values():
                    idle = np.flatnonzero(rolls.used <= self._before)
                    if len(idle):
                        rolls.forget(idle)
                self._day, self._before = day, self._asked

    def blocks(
        self, kind: Hashable, names: Sequence[str], states: Mapping[str, Hashable], first: int, last: int, make: Make
    ) -> list[Block]:
        """The bars of sessions ``first`` to ``last`` of some series; an empty range has none.

        Parameters
        ----------
        kind
            How they are made.
        names
            The series, each once.
        states
            What else the bars of some of them depend on.
        make
            Called for sessions up to ``last`` that are not here.
        """
        if first > last:
            return [Block.empty()] * len(names)
        with self._lock:
            self._asked += 1
            rolls = self._kinds.get(kind) or self._kinds.setdefault(kind, Rolls())
            missing = rolls.missing_from(names, states, first, last)
            found: dict[int, Block] = {}
            begins = sorted(set(missing.tolist()))
            for begin in begins:
                places = np.flatnonzero(missing == begin).tolist() if len(begins) > 1 else [*range(len(names))]
                own = [names[place] for place in places]
                made = make(begin, places) if begin <= last else Sheaf.of(())
                if begin == first:
                    lines, blocks = rolls.enter(own, states, first, last, made), made.blocks
                else:
                    lines = rolls.of(own)
                    if begin <= last:
                        self._extend(rolls, lines, made, first, last)
                    blocks = self._between(rolls, lines, first, last)
                rolls.used[lines] = self._asked
                found.update(zip(places, blocks, strict=True))
            self._keep_to_limit()
            return [found[place] for place in range(len(names))]

    def _between(self, rolls: Rolls, lines: Rows, first: int, last: int) -> list[Block]:
        """The bars of sessions."""
        return rolls.between(lines, int(self._begins[first]), int(self._begins[last + 1]))

    def _extend(self, rolls: Rolls, lines: Rows, more: Sheaf, first: int, last: int) -> None:
        """Put the bars of the sessions after the last ones behind; those before the first one may go."""
        if rolls.lack(lines, more):
            kept = Sheaf.of(self._between(rolls, lines, first, last))
            rolls.move(lines, self._places(len(lines), int((kept.table[:, 0] + more.table[:, 0]).max())))
            rolls.lay(lines, kept)
            rolls.first[lines] = first
        rolls.lay(lines, more)
        rolls.last[lines] = last

    def _places(self, count: int, bars: int) -> Sheaf:
        """New places, one behind the other, with room for so many bars and some more."""
        memory = self._rooms.take(int(next(_ROOMS) * bars) * count * COLUMNS)
        room = len(memory) // (count * COLUMNS)
        ts, *others = memory[: room * count * COLUMNS].reshape(COLUMNS, -1)
        whole = Block(ts.view(np.int64), *others).freeze()
        return Sheaf.cut(whole, room * np.arange(count), np.full(count, room))

    def _keep_to_limit(self) -> None:
        """Forget what was asked for longest ago while there is too much."""
        while self._bytes > self._limit:
            filled = (rolls for rolls in self._kinds.values() if rolls.lines)
            min(filled, key=lambda rolls: int(rolls.used.min())).forget_oldest(self._bytes - self._limit)

    @property
    def _bytes(self) -> int:
        """How much is kept."""
        return sum(rolls.bytes for rolls in self._kinds.values())
