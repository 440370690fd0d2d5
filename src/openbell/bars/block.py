"""Columns of bars of one symbol and interval."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Stamps
from openbell.machine.code import INT, address

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_Columns = tuple[Stamps, Floats, Floats, Floats, Floats, Floats, Floats | None]

FIELDS = ("open", "high", "low", "close", "volume")


class Block:
    """Present bars in order of time, as read-only columns of one length.

    A part of a block is a look into it: its columns are made when somebody asks for one.

    Parameters
    ----------
    ts
        int64 ns UTC, strictly ascending: the start of each bar.
    open, high, low, close
        float64, quote currency per unit.
    volume
        float64; NaN where the source has none.
    completeness
        Share of the window's base bars that were there, 0 to 1; None where bars are not derived.
    """

    __slots__ = ("__weakref__", "_columns", "_end", "_first", "_where", "_whole")

    def __init__(
        self,
        ts: Stamps,
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        volume: Floats,
        completeness: Floats | None = None,
    ) -> None:
        self._columns: _Columns | None = (ts, open, high, low, close, volume, completeness)
        # What a part looks into; a block that held itself would stay until the collector came.
        self._whole: Block | None = None
        self._first, self._end = 0, len(ts)
        self._where: tuple[int, ...] = ()

    def rows(self, first: int, end: int) -> "Block":
        """Bars from one place until before another, both from 0 to the number of bars, without a copy."""
        part = object.__new__(Block)
        part._columns, part._where = None, ()
        part._whole = self if self._whole is None else self._whole
        part._first, part._end = self._first + first, self._first + end
        return part

    def _each(self) -> _Columns:
        """All columns, cut out of those of the whole block at the first look."""
        if self._columns is None:
            assert self._whole is not None
            ts, open_, high, low, close, volume, shares = self._whole._each()
            rows = slice(self._first, self._end)
            prices = open_[rows], high[rows], low[rows], close[rows], volume[rows]
            self._columns = ts[rows], *prices, None if shares is None else shares[rows]
        return self._columns

    @property
    def ts(self) -> Stamps:
        """The start of each bar, int64 ns UTC."""
        return self._each()[0]

    @property
    def open(self) -> Floats:
        """The first price of each bar."""
        return self._each()[1]

    @property
    def high(self) -> Floats:
        """The highest price of each bar."""
        return self._each()[2]

    @property
    def low(self) -> Floats:
        """The lowest price of each bar."""
        return self._each()[3]

    @property
    def close(self) -> Floats:
        """The last price of each bar."""
        return self._each()[4]

    @property
    def volume(self) -> Floats:
        """What was traded in each bar."""
        return self._each()[5]

    @property
    def completeness(self) -> Floats | None:
        """The share of each window's base bars that were there; None where bars are not derived."""
        return self._each()[6]

    def __len__(self) -> int:
        return self._end - self._first

    def __repr__(self) -> str:
        return f"Block of {len(self):,} bars"

    def __reduce__(self) -> "tuple[type[Block], _Columns]":
        # Elsewhere the columns lie elsewhere.
        return Block, self._each()

    def __getitem__(self, chosen: slice | npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Block":
        if isinstance(chosen, slice):
            first, end, step = chosen.indices(len(self))
            if step == 1:
                return self.rows(first, max(first, end))
        ts, open_, high, low, close, volume, shares = self._each()
        prices = open_[chosen], high[chosen], low[chosen], close[chosen], volume[chosen]
        return Block(ts[chosen], *prices, None if shares is None else shares[chosen])

    @property
    def columns(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Open, high, low, close, volume."""
        return self._each()[1:6]

    @property
    def where(self) -> tuple[int, ...]:
        """How many bars, and where stamps, open, high, low, close, volume and completeness begin; 0 for none.

        Raises
        ------
        TypeError
            If a column is not in one piece.
        """
        if not self._where:
            if self._whole is None:
                shares = 0 if self.completeness is None else address(self.completeness)
                self._where = len(self), address(self.ts, INT), *map(address, self.columns), shares
            else:
                _, stamps, open_, high, low, close, volume, shares = self._whole.where
                on = 8 * self._first
                prices = open_ + on, high + on, low + on, close + on, volume + on
                self._where = self._end - self._first, stamps + on, *prices, shares + on if shares else 0
        return self._where

    @classmethod
    def of(cls, ts: Stamps, columns: Iterable[Floats], completeness: Floats | None = None) -> "Block":
        """A block from its columns in the order of `FIELDS`."""
        open_, high, low, close, volume = columns
        return Block(ts, open_, high, low, close, volume, completeness)

    @classmethod
    def empty(cls) -> "Block":
        """No bars at all."""
        return _EMPTY

    @classmethod
    def joined(cls, blocks: Sequence["Block"]) -> "Block":
        """Blocks that follow one another in time, as one; a single one is returned as it is."""
        filled = [block for block in blocks if len(block)]
        if len(filled) <= 1:
            return filled[0] if filled else (blocks[0] if blocks else cls.empty())
        shares = None
        if any(block.completeness is not None for block in filled):
            shares = np.concatenate([block.shares for block in filled])
        columns = [np.concatenate([block.columns[i] for block in filled]) for i in range(len(FIELDS))]
        return cls.of(np.concatenate([block.ts for block in filled]), columns, shares)

    @property
    def shares(self) -> Floats:
        """Completeness as a column; 1 for bars that are not derived."""
        if self.completeness is not None:
            return self.completeness
        whole = np.ones(len(self))
        whole.setflags(write=False)
        return whole

    def between(self, start: int, end: int) -> "Block":
        """Bars stamped in ``[start, end)``, without a copy."""
        if not len(self) or (start <= self.ts[0] and self.ts[-1] < end):
            return self
        return self.rows(int(self.ts.searchsorted(start)), int(self.ts.searchsorted(end)))

    def copied(self) -> "Block":
        """The same bars in memory of their own."""
        shares = None if self.completeness is None else self.completeness.copy()
        return Block.of(self.ts.copy(), (column.copy() for column in self.columns), shares).freeze()

    def freeze(self) -> "Block":
        """Make every column read-only and return the block itself."""
        for column in (self.ts, *self.columns):
            column.setflags(write=False)
        if self.completeness is not None:
            self.completeness.setflags(write=False)
        return self


def all_where(blocks: Sequence[Block]) -> Rows:
    """`Block.where` of each of some blocks, int64 (blocks, 8), reckoned for all parts at once."""
    wholes: dict[Block, int] = {}
    owners = [wholes.setdefault(block if block._whole is None else block._whole, len(wholes)) for block in blocks]
    firsts = np.array([block._first for block in blocks], np.int64)
    ends = np.array([block._end for block in blocks], np.int64)
    return parts_where(np.array([whole.where for whole in wholes], np.int64)[owners], firsts, ends - firsts)


def parts_where(wholes: Rows, firsts: Rows, sizes: Rows) -> Rows:
    """`Block.where` of parts, int64 (parts, 8), from that of each one's whole block, or of the only one.

    Parameters
    ----------
    wholes
        int64 (parts, 8), or (8,) for parts of one block.
    firsts, sizes
        int64 (parts,): the row that each part begins at, and how many rows it has.
    """
    # A column that is not there stays nowhere.
    table: Rows = wholes + 8 * firsts[:, None] * (wholes != 0)
    table[:, 0] = sizes
    return table


_NOTHING = np.empty(0, np.float64)
_EMPTY = Block(np.empty(0, np.int64), _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING).freeze()
