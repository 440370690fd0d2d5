"""Bytes of many symbols."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Table = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """To each symbol belong rows of a table that lie one behind the other, of some symbols none.

    Parameters
    ----------
    table
        uint8 (rows, bytes).
    places, sizes
        int64 (symbols,): the first row of each, and how many there are.

    Examples
    --------
    >>> column = Column.of([b"ab", b"", b"cd"])
    >>> column[2]
    b'cd'
    >>> column.side_by_side(np.array([0, 2])).tolist()
    [[97, 98], [99, 100]]
    """

    table: Table
    places: Rows
    sizes: Rows

    @classmethod
    def of(cls, each: Sequence[bytes]) -> "Column":
        """The bytes of each symbol."""
        sizes = np.array([len(one) for one in each], np.int64)
        return cls(np.frombuffer(b"".join(each), np.uint8).reshape(-1, 1), np.cumsum(sizes) - sizes, sizes)

    @classmethod
    def even(cls, table: Table) -> "Column":
        """A row for each symbol."""
        return cls(table, np.arange(len(table)), np.ones(len(table), np.int64))

    def by_row(self, rows: Rows, count: int) -> "Column":
        """The same for symbols that are known by so many rows of panels; to rows that are not given belongs nothing."""
        places, sizes = np.zeros((2, count), np.int64)
        places[rows], sizes[rows] = self.places, self.sizes
        return Column(self.table, places, sizes)

    def some(self, chosen: Rows | slice) -> "Column":
        """Those of some symbols."""
        return Column(self.table, self.places[chosen], self.sizes[chosen])

    def side_by_side(self, chosen: Rows) -> Table:
        """The bytes of some symbols that have equally many, uint8 (symbols, bytes)."""
        first, size = self.places[chosen], int(self.sizes[chosen[0]])
        if (first[1:] - first[:-1] == size).all():
            rows = self.table[first[0] : first[0] + len(chosen) * size]
        else:
            rows = self.table.take(first[:, None] + np.arange(size), axis=0)
        return rows.reshape(len(chosen), size * self.table.shape[1])

    def __getitem__(self, place: int) -> bytes:
        first = self.places[place]
        return self.table[first : first + self.sizes[place]].tobytes()
