"""Bars of many series that are made alike, each with room behind it for those of later sessions."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from openbell.bars.block import Block
from openbell.bars.folding import Rows, between, lay
from openbell.bars.sheaf import WIDTH, Sheaf

COLUMNS = 7
_Names = Sequence[str]
_States = Mapping[str, Hashable]
_Lines = Rows | slice


class Rolls:
    """The bars of consecutive sessions of some series. Each series has a line.

    Attributes
    ----------
    lines
        By names, ascending.
    states
        What else the bars of some series depend on; bars of another state are others.
    rooms
        A block for each line, of which the first bars are these; the others are free once bars were laid out anew.
    table
        int64 (lines, 8): as in a `Sheaf`, of these bars.
    size
        int64 (lines,): how many bars there is room for.
    first, last, used
        int64 (lines,): the sessions, both included, and when somebody asked last.
    """

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.states: dict[str, Hashable] = {}
        self.rooms: list[Block] = []
        # With room for more lines: one symbol that comes late must not have those of all others copied.
        self._roomy = (np.empty((0, WIDTH), np.int64), *(np.empty(0, np.int64) for _ in range(4)))
        self._cut()

    def _cut(self) -> None:
        """Look at the lines that there are."""
        count = len(self.rooms)
        self.table, self.size, self.first, self.last, self.used = (column[:count] for column in self._roomy)

    def missing_from(self, names: _Names, states: _States, first: int, last: int) -> Rows:
        """The first session of each series that is not here, the one after the last where all are."""
        if not any(name in self.lines for name in names):
            return np.full(len(names), first)
        lines = np.array([self.lines.get(name, -1) for name in names], np.int64)
        begins, ends = self.first[lines], self.last[lines]
        here = (lines >= 0) & (begins <= first) & (first <= ends)
        if states or self.states:
            here &= [states.get(name) == self.states.get(name) for name in names]
        return np.where(here, np.minimum(ends, last) + 1, first)

    def of(self, names: _Names) -> Rows:
        """The lines of series that are here."""
        return np.array([self.lines[name] for name in names], np.int64)

    def enter(self, names: _Names, states: _States, first: int, last: int, made: Sheaf) -> _Lines:
        """Keep bars as they were made, in place of what is here of these series; returns their lines."""
        before = len(self.lines)
        for name in names:
            self.lines.setdefault(name, len(self.lines))
            self.states.pop(name, None)
        self.states.update({name: states[name] for name in names if name in states})
        new = len(self.lines) - before
        self._lengthen(new)
        lines = slice(before, before + new) if new == len(names) else self.of(names)
        self.move(lines, made)
        self.table[lines, 0], self.first[lines], self.last[lines] = self.size[lines], first, last
        return lines

    def _lengthen(self, more: int) -> None:
        """Add lines of nothing."""
        self.rooms += [Block.empty()] * more
        room, wanted = len(self._roomy[0]), len(self.rooms)
        if wanted > room:
            # Most often the first ones are all that come.
            added = max(wanted, 2 * room) - room
            self._roomy = tuple(
                np.concatenate((one, np.zeros((added, *one.shape[1:]), np.int64))) for one in self._roomy
            )
        self._cut()

    def move(self, lines: _Lines, rooms: Sheaf) -> None:
        """Go to other rooms, in which there are no bars yet."""
        places = range(lines.start, lines.stop) if isinstance(lines, slice) else lines.tolist()
        for line, room in zip(places, rooms.blocks, strict=True):
            self.rooms[line] = room
        self.table[lines] = rooms.table
        self.size[lines], self.table[lines, 0] = self.table[lines, 0], 0

    def lack(self, lines: Rows, more: Sheaf) -> bool:
        """Whether one of some has no room for more bars."""
        return bool((self.table[lines, 0] + more.table[:, 0] > self.size[lines]).any())

    def lay(self, lines: Rows, more: Sheaf) -> None:
        """Put bars behind those that are here."""
        targets = self.table[lines]
        targets[:, 1:] += 8 * targets[:, :1]
        lay(more, targets)
        self.table[lines, 0] += more.table[:, 0]

    def between(self, lines: Rows, start: int, end: int) -> list[Block]:
        """The bars stamped in ``[start, end)``."""
        return between(Sheaf([self.rooms[line] for line in lines.tolist()], self.table[lines]), start, end)

    @property
    def bytes(self) -> int:
        """How much memory is kept."""
        return 8 * COLUMNS * int(self.size.sum())

    def forget(self, lines: Rows) -> None:
        """Give up some lines; those behind them move up."""
        kept = np.ones(len(self.rooms), bool)
        kept[lines] = False
        stay = [(name, room) for name, room, stays in zip(self.lines, self.rooms, kept.tolist(), strict=True) if stays]
        self.lines = {name: line for line, (name, _) in enumerate(stay)}
        self.rooms = [room for _, room in stay]
        self.states = {name: state for name, state in self.states.items() if name in self.lines}
        self._roomy = tuple(one[: len(kept)][kept] for one in self._roomy)
        self._cut()

    def forget_oldest(self, over: int) -> None:
        """Give up lines that were asked for longest ago, and together: so many bytes of them, or all."""
        oldest = np.flatnonzero(self.used == self.used.min())
        freed = np.cumsum(8 * COLUMNS * self.size[oldest])
        self.forget(oldest[: int(freed.searchsorted(over)) + 1])
