"""Row numbers: every symbol of a session has one, the same in every panel."""

import heapq
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class RowBook:
    """Hands out row numbers, the smallest free one first."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self.used = 0

    def take(self) -> int:
        """A row that nobody has."""
        if self._free:
            return heapq.heappop(self._free)
        self.used += 1
        return self.used - 1

    def give_back(self, row: int) -> None:
        """Make a row free again."""
        heapq.heappush(self._free, row)

    def room_for(self, new: int) -> int:
        """The capacity that panels need before so many rows more are taken."""
        return self.used + max(0, new - len(self._free))


class RowSet:
    """A set of rows as one int64 array; adding and discarding cost the same however many there are."""

    def __init__(self) -> None:
        self._array = np.empty(16, np.int64)
        self._place: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, row: int) -> bool:
        return row in self._place

    @property
    def array(self) -> Rows:
        """The rows, in no particular order; valid until the next change."""
        return self._array[: len(self._place)]

    def add(self, rows: Iterable[int]) -> None:
        """Put rows in; once is enough."""
        new = [row for row in dict.fromkeys(rows) if row not in self._place]
        count = len(self._place)
        if count + len(new) > len(self._array):
            self._array = np.concatenate([self._array, np.empty(max(count, len(new)), np.int64)])
        self._array[count : count + len(new)] = new
        self._place.update(zip(new, range(count, count + len(new)), strict=True))

    def discard(self, row: int) -> None:
        """Take a row out, if it is in."""
        place = self._place.pop(row, None)
        if place is None:
            return
        last = len(self._place)
        if place != last:
            moved = int(self._array[last])
            self._array[place] = moved
            self._place[moved] = place
