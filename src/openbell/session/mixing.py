"""The compiled loops that hash columns, as functions of arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.panel import Flags
from openbell.bars.sheaf import Sheaf
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import run

Bits = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_CHAINS = 7
"""Stamps, open, high, low, close, volume, completeness."""

_LOOPS = "openbell.session.loops"
_WORD = np.dtype(np.uint64)
_WHOLE = np.ones(1)
NOTHING = np.empty(0, np.int64)


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
    def of(
        cls, blocks: Sequence[Block], begins: Stamps, former: "Mixed | None" = None, olds: Rows = NOTHING
    ) -> "Mixed":
        """The hashes of blocks with bars.

        Parameters
        ----------
        begins
            int64 ns UTC: the instants at which the calendar's sessions begin.
        former, olds
            Blocks that were hashed before, and for each of these its place among them, or -1; sessions that lie where
            they lay are not gone through again.
        """
        table = Sheaf.of(blocks).table
        sizes = np.empty(len(blocks), np.int64)
        calendar = len(begins), address(begins, INT)
        run(_LOOPS, "span", len(blocks), *calendar, address(table, INT), address(sizes, INT))
        ends = np.cumsum(sizes)
        places = ends - sizes
        mixed = cls(blocks, table, places, sizes, np.empty((int(ends[-1]), 4), np.uint64))
        if former is None:
            former, olds = mixed, np.full(len(blocks), -1)
        sources = *calendar, address(_WHOLE)
        run(_LOOPS, "mix", len(blocks), *sources, *mixed._addresses(), address(olds, INT), *former._addresses())
        return mixed

    def as_bytes(self) -> list[bytes]:
        """The hashes of each block."""
        whole = self.hashes.tobytes()
        parts = zip((32 * self.places).tolist(), (32 * (self.places + self.sizes)).tolist(), strict=True)
        return [whole[first:end] for first, end in parts]

    def _addresses(self) -> tuple[int, ...]:
        numbers = (address(column, INT) for column in (self.table, self.places, self.sizes))
        return *numbers, address(self.hashes, _WORD)


def mix_rows(
    stamps: Stamps,
    values: Floats,
    present: Flags,
    shares: Floats | None,
    ended: int,
    rows: Rows,
    counts: Rows,
    out: Bits,
) -> None:
    """What `mix` makes of the present bars of some rows of a panel, each as one part.

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
    run(
        _LOOPS, "mix_rows", *sizes, *panel, address(rows, INT), address(counts, INT), address(chains, _WORD),
        address(out, _WORD),
    )  # fmt: skip
