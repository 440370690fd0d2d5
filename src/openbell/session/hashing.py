"""Fast fingerprints of columns: one pass of multiply-and-mix over the bits, 128 bits a session.

Not for secrets: it tells whether two columns of numbers are equal, bit for bit.
"""

import weakref

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import BarPanel
from openbell.session.mixing import mix, mix_rows
from openbell.session.rows import Rows

BYTES_PER_SESSION = 32
BYTES_PER_SESSION = 32

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
        kept = _SEEN[block] = _hashed(block, begins)
    return kept


def row_hashes(panel: BarPanel, rows: Rows, begin: int) -> list[bytes]:
    """`session_hashes` of the bars up to now of some rows of a panel, whose session begins at an instant."""
    counts, out = np.zeros(len(rows), np.int64), np.zeros((len(rows), 2), np.uint64)
    mix_rows(panel.grid.stamps, panel.values, panel.present, panel.shares, panel.cursor, rows, counts, out)
    begins = np.full(len(rows), begin, np.int64)
    table = np.column_stack([begins.view(np.uint64), counts.view(np.uint64), out])
    return [row.tobytes() if count else b"" for row, count in zip(table, counts.tolist(), strict=True)]


def _hashed(block: Block, begins: Stamps) -> bytes:
    first, last = (int(begins.searchsorted(block.ts[end], side="right")) - 1 for end in (0, -1))
    out = np.empty((last - first + 1, 4), np.uint64)
    shares = _ones(len(block)) if block.completeness is None else block.completeness
    columns = tuple(map(np.ascontiguousarray, (*block.columns, shares)))
    # Session by session, so that a history in two parts gives the same bytes as one in one part.
    filled = mix(np.ascontiguousarray(block.ts), columns, np.ascontiguousarray(begins[first : last + 1]), out)
    return out[:filled].tobytes()


def _ones(bars: int) -> Floats:
    """So many ones, of which only the longest array is kept."""
    global _longest
    if len(_longest) < bars:
        _longest = np.ones(2 * bars)
    return _longest[:bars]
