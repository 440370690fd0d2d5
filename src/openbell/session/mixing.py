"""The compiled loops that hash columns, as functions of arrays."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import Flags
from openbell.bars.room import unfilled
from openbell.bars.sheaf import Sheaf
from openbell.machine.beside import beside
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import run
from openbell.session.column import Column

Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

BYTES_PER_SESSION = 32
_CHAINS = 7
"""Stamps, open, high, low, close, volume, completeness."""

_LOOPS = "openbell.session.loops"
_WORD = np.dtype(np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """The hashes of some blocks, session by session.

    Parameters
    ----------
    blocks
        They hold the memory, so that what lies at the same address later is the same.
    table
        int64 (blocks, 8): how many bars, and where stamps, open, high, low, close, volume and completeness begin.
    places, sizes
        int64 (blocks,): which of the hashes are a block's.
    hashes
        uint64 (sessions, 4): the begin, the number of bars and 128 bits of each session.
    """

    blocks: Sequence[Block]
    table: Rows
    places: Rows
    sizes: Rows
    hashes: Bits

    @classmethod
    @contextmanager
    def making(cls, blocks: Sequence[Block], begins: Stamps, former: "Mixed | None" = None) -> Iterator["Mixed"]:
        """The hashes of blocks, which are made while a block of code is carried out, and are there behind it.

        Parameters
        ----------
        blocks
            Those that are alike side by side: while one is hashed, the next one's last bars are brought near.
        begins
            int64 ns UTC: the instants at which the calendar's sessions begin.
        former
            Blocks that were hashed before; sessions that lie where theirs lay are not gone through again.
        """
        table = Sheaf.of(blocks).table
        sizes = np.empty(len(blocks), np.int64)
        calendar = len(begins), address(begins, INT)
        run(_LOOPS, "span", len(blocks), *calendar, address(table, INT), address(sizes, INT))
        ends = np.cumsum(sizes)
        hashes = unfilled(4 * int(sizes.sum())).view(np.uint64).reshape(-1, 4)
        mixed = cls(blocks, table, ends - sizes, sizes, hashes)
        olds = former._reached(table) if former is not None and former.blocks else np.full(len(blocks), -1)
        lists = *mixed._addresses(), address(olds, INT), *(former or mixed)._addresses()
        with beside(_LOOPS, "mix", len(blocks), *calendar, *lists, bars=int(table[:, 0].sum())):
            yield mixed

    def _reached(self, table: Rows) -> Rows:
        """For each of some blocks the place of the one in whose memory it may begin, or -1."""
        order = np.argsort(self.table[:, 1])
        found = np.searchsorted(self.table[order, 1], table[:, 1], side="right") - 1
        return np.where(found < 0, -1, order[found])

    @property
    def column(self) -> Column:
        """The hashes by block."""
        return Column(self.hashes.view(np.uint8), self.places, self.sizes)

    def of_each(self) -> list[memoryview]:
        """The hashes of each block, as bytes that are looked at where they lie."""
        if not len(self.hashes):
            return [memoryview(b"")] * len(self.blocks)
        whole, last = self.hashes.data.cast("B"), self.places + self.sizes
        edges = zip((BYTES_PER_SESSION * self.places).tolist(), (BYTES_PER_SESSION * last).tolist(), strict=True)
        return [whole[first:end] for first, end in edges]

    def _addresses(self) -> tuple[int, ...]:
        numbers = (address(column, INT) for column in (self.table, self.places, self.sizes))
        return *numbers, address(self.hashes, _WORD)


@contextmanager
def mixing_rows(
    stamps: Stamps,
    values: Floats,
    present: Flags,
    shares: Floats | None,
    ended: int,
    rows: Rows,
    counts: Rows,
    out: Bits,
) -> Iterator[None]:
    """While a block is carried out, make what `mix` makes of the bars of some rows of a panel, each as one part.

    Parameters
    ----------
    stamps, values, present, shares
        The panel: (slots,), (slots, 5, capacity), (slots, capacity), and (slots, capacity) or None where all are whole.
    ended
        How many slots count.
    rows
        int64, which rows.
    counts, out
        int64 (rows,), zeros, and uint64 (rows, 2); written.
    """
    chains = np.empty((len(rows), _CHAINS), np.uint64)
    sizes = ended, len(rows), present.shape[1], int(shares is not None)
    panel = address(stamps, INT), address(values), address(present, FLAG), 0 if shares is None else address(shares)
    written = address(rows, INT), address(counts, INT), address(chains, _WORD), address(out, _WORD)
    with beside(_LOOPS, "mix_rows", *sizes, *panel, *written, bars=ended * len(rows)):
        yield
