"""Fast fingerprints of columns: one pass of multiply-and-mix over the bits, 128 bits a session.

Not for secrets: it tells whether two columns of numbers are equal, bit for bit.

1. `session_hashes`: of a block, kept with it.
2. `HistoryHashes`: of blocks that roll on from day to day, of which only the new sessions are gone through.
3. `row_hashes`: of today's bars, of all symbols at once.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import is_

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.panel import BarPanel
from openbell.session.column import Column
from openbell.session.mixing import Mixed, mixing_rows
from openbell.session.rows import Rows

_SEEN: "weakref.WeakKeyDictionary[Block, bytes]" = weakref.WeakKeyDictionary()


def session_hashes(block: Block, begins: Stamps) -> bytes:
    """One hash per session that has bars, as bytes.

    Parameters
    ----------
    block
        Bars of one symbol; immutable, so the answer is kept with it.
    begins
        int64 ns UTC: the instants at which the calendar's sessions begin.

    Returns
    -------
    bytes
        The begin, the number of bars and 128 bits of each session with bars; empty sessions leave no trace.
    """
    if not len(block):
        return b""
    kept = _SEEN.get(block)
    if kept is None:
        solid = block if block.close.flags.c_contiguous else block.copied()
        with Mixed.making([solid], begins) as mixed:
            pass
        kept = bytes(mixed.of_each()[0])
        _SEEN[block] = kept
    return kept


class HistoryHashes:
    """What was hashed on the day before, so that a day costs its new bars only."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._mixed: Mixed | None = None
        self._known: dict[int, memoryview] = {}

    @contextmanager
    def expecting(self, blocks: list[Block], begins: Stamps) -> Iterator[Column]:
        """Make `session_hashes` of blocks while a block of code is carried out: behind it they are there to be read.

        Where they lie as those before lay, only what is new is gone through. What is not among them is forgotten.
        """
        former = self._mixed
        if former is not None and len(blocks) == len(self._blocks) and all(map(is_, blocks, self._blocks)):
            yield former.column
            return
        with Mixed.making(blocks, begins, former) as mixed:
            yield mixed.column
        self._mixed, self._blocks, self._known = mixed, blocks, {}

    def of(self, block: Block, begins: Stamps) -> bytes:
        """`session_hashes` of a block."""
        if not self._known and self._mixed is not None:
            self._known = dict(zip(map(id, self._blocks), self._mixed.of_each(), strict=True))
        known = self._known.get(id(block))
        return session_hashes(block, begins) if known is None else bytes(known)


@contextmanager
def row_hashes(panel: BarPanel, rows: Rows, begin: int) -> Iterator[Callable[[], Column]]:
    """Make `session_hashes` of the bars up to now of some rows of a panel, whose session begins at an instant.

    They are made while a block is carried out; behind it, what it was given tells them.
    """
    counts, hashes = np.zeros(len(rows), np.int64), np.zeros((len(rows), 2), np.uint64)

    def made() -> Column:
        begins = np.full(len(rows), begin, np.int64)
        raw = np.column_stack([begins.view(np.uint64), counts.view(np.uint64), hashes])
        return Column(raw.view(np.uint8), np.arange(len(rows)), (counts > 0).astype(np.int64))

    columns = panel.grid.stamps, panel.values, panel.present, panel.shares
    with mixing_rows(*columns, panel.cursor, rows, counts, hashes):
        yield made
