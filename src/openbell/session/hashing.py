"""Fast fingerprints of columns: one pass of multiply-and-mix over the bits, 128 bits a session.

Not for secrets: it tells whether two columns of numbers are equal, bit for bit.

1. `session_hashes`: of a block, kept with it.
2. `HistoryHashes`: of blocks that roll on from day to day, of which only the new sessions are gone through.
3. `row_hashes`: of today's bars, of all symbols at once.
"""

import sys
import weakref
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Self

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import BarPanel
from openbell.machine.code import INT, address
from openbell.session.mixing import Columns, mix, mix_rows
from openbell.session.rows import Rows

BYTES_PER_SESSION = 32

Owners = list["weakref.ref[npt.NDArray[np.generic]]"]

# Fewer new bars than this are hashed together with those of other symbols.
_FEW = 1 << 11
_SEEN: "weakref.WeakKeyDictionary[Block, bytes]" = weakref.WeakKeyDictionary()
_longest: Floats = np.ones(0)


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
        kept = _SEEN[block] = _hashed(_columns(block), _edges([(block.ts, 0)], begins)[0], begins)
    return kept


@dataclass(slots=True)
class _Hashed:
    """What was hashed of a block, and where it lies.

    Parameters
    ----------
    block
        Gone when its day is.
    owners
        Of the memory of each column. As long as they are there nobody writes into rows that were handed out, so that
        the same rows are the same bits.
    start
        The address of the first stamp.
    edges
        Where each session with bars begins, and where the last one ends.
    hashes
        As of `session_hashes`.
    """

    block: "weakref.ref[Block]"
    owners: Owners
    start: int
    edges: list[int]
    hashes: bytes

    @classmethod
    def of(cls, block: Block, former: "_Hashed | None", begins: Stamps) -> Self:
        """What is known of a block from one that lay in the same memory: of all its sessions, from its first one on."""
        found = cls(weakref.ref(block), _owners(block), address(block.ts, INT), [0], b"")
        if former is None or len(former.owners) != len(found.owners) or not all(map(is_, former.owners, found.owners)):
            return found
        row = (found.start - former.start) // block.ts.itemsize
        place, end = bisect_left(former.edges, row), former.edges[-1] - row
        if place < len(former.edges) - 1 and former.edges[place] == row and former.ends_before(block.ts, end, begins):
            found.edges = [edge - row for edge in former.edges[place:]]
            found.hashes = former.hashes[place * BYTES_PER_SESSION :]
        return found

    def ends_before(self, ts: Stamps, row: int, begins: Stamps) -> bool:
        """Whether the last session ends before a row of some stamps."""
        if row >= len(ts):
            return row == len(ts)
        last = int.from_bytes(self.hashes[-BYTES_PER_SESSION:][:8], sys.byteorder)
        return bool(begins[begins.searchsorted(last) + 1] <= ts[row])


class HistoryHashes:
    """What was hashed on the day before, so that a day costs its new bars only."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Hashed] = {}

    def expect(self, blocks: Mapping[Hashable, Block], begins: Stamps) -> None:
        """Hash blocks for `session_hashes`; of those that go on where the last one of their name lay, what is new.

        What is not among them is forgotten.
        """
        known: dict[Hashable, _Hashed] = {}
        groups: list[list[tuple[_Hashed, Block]]] = [[]]
        for name, block in blocks.items():
            former, bars = self._known.get(name), len(block.ts)
            if not bars:
                continue
            if former is not None and former.block() is block:
                known[name] = former
                continue
            known[name] = one = _Hashed.of(block, former, begins)
            if bars - one.edges[-1] > _FEW:
                groups.append([(one, block)])
            elif bars > one.edges[-1]:
                groups[0].append((one, block))
        for group in groups:
            _add(group, begins)
        _SEEN.update((blocks[name], one.hashes) for name, one in known.items())
        self._known = known


def _add(group: Sequence[tuple[_Hashed, Block]], begins: Stamps) -> None:
    """Hash what is new of some blocks in one go."""
    if not group:
        return
    edges = _edges([(block.ts, one.edges[-1]) for one, block in group], begins)
    if len(group) == 1:
        hashes = _hashed(_columns(group[0][1]), edges[0], begins)
    else:
        parts = ([column[one.edges[-1] :] for column in _columns(block)] for one, block in group)
        columns = tuple(map(np.concatenate, zip(*parts, strict=True)))
        joined, end = [0], 0
        for some in edges:
            end -= some[0]
            joined += [end + edge for edge in some[1:]]
            end = joined[-1]
        hashes = _hashed(columns, joined, begins)
    place = 0
    for (one, _), some in zip(group, edges, strict=True):
        end = place + (len(some) - 1) * BYTES_PER_SESSION
        one.edges[-1:] = some
        one.hashes += hashes[place:end]
        place = end


def row_hashes(panel: BarPanel, rows: Rows, begin: int) -> list[bytes]:
    """`session_hashes` of the bars up to now of some rows of a panel, whose session begins at an instant."""
    counts, out = np.zeros(len(rows), np.int64), np.zeros((len(rows), 2), np.uint64)
    mix_rows(panel.grid.stamps, panel.values, panel.present, panel.shares, panel.cursor, rows, counts, out)
    begins = np.full(len(rows), begin, np.int64)
    table = np.column_stack([begins.view(np.uint64), counts.view(np.uint64), out])
    return [row.tobytes() if count else b"" for row, count in zip(table, counts.tolist(), strict=True)]


def _hashed(columns: Columns, edges: Sequence[int], begins: Stamps) -> bytes:
    """The hashes of sessions that begin and end at some rows."""
    rows = np.array(edges, np.int64)
    out = np.empty((len(rows) - 1, 4), np.uint64)
    out[:, 0] = begins[begins.searchsorted(columns[0][rows[:-1]], side="right") - 1]
    out[:, 1] = np.diff(rows)
    out[:, 2:] = mix(columns, rows)
    return out.tobytes()


def _edges(parts: Sequence[tuple[Stamps, int]], begins: Stamps) -> list[list[int]]:
    """Where sessions with bars begin in each of some stamps, from one that begins at a row, and where the last ends."""
    outer = np.array([(ts[row], ts[-1]) for ts, row in parts])
    found = []
    for (ts, row), (first, last) in zip(parts, begins.searchsorted(outer, side="right").tolist(), strict=True):
        inner = ts.searchsorted(begins[first:last]).tolist() if first < last else ()
        found.append([row, *dict.fromkeys(inner), len(ts)])
    return found


def _columns(block: Block) -> Columns:
    shares = _ones(len(block)) if block.completeness is None else block.completeness
    columns = (block.ts, *block.columns, shares)
    return columns if block.close.flags.c_contiguous else tuple(map(np.ascontiguousarray, columns))


def _owners(block: Block) -> Owners:
    """Whose memory the columns of a block are, as references that do not keep it."""
    columns = [block.ts, *block.columns] if block.completeness is None else [block.ts, *block.columns, block.shares]
    return [weakref.ref(one.base if isinstance(one.base, np.ndarray) else one) for one in columns]


def _ones(bars: int) -> Floats:
    """So many ones, of which only the longest array is kept."""
    global _longest
    if len(_longest) < bars:
        _longest = np.ones(2 * bars)
    return _longest[:bars]
