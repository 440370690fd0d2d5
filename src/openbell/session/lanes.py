"""One interval of today's session: its panel, and which rows of it are streamed or folded."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.bars.panel import BarPanel
from openbell.session.rows import RowSet

Selection = slice | npt.NDArray[np.int64]


class Lane:
    """A panel and its members.

    Parameters
    ----------
    interval
        The length of its bars.
    grid
        Today's windows.
    capacity
        Rows to make room for.
    regular
        Which slots lie in regular hours.
    """

    def __init__(self, interval: Interval, grid: Grid, capacity: int, regular: Sequence[bool]) -> None:
        self.interval, self.regular = interval, regular
        self.panel = BarPanel(grid, capacity)
        self.members = RowSet()
        self.streamed = RowSet()
        self.folded: dict[Interval, RowSet] = {}
        self._selection: Selection | None = None

    def admit(self, rows: Sequence[int], *, base: Interval | None, streamed: bool) -> None:
        """Make rows members: delivered by the feed, folded from a base, or both (what is delivered wins)."""
        self._selection = None
        self.members.add(rows)
        if streamed:
            self.streamed.add(rows)
        if base is not None:
            self.panel.keep_shares()
            if base not in self.folded:
                self.folded[base] = RowSet()
            self.folded[base].add(rows)

    def dismiss(self, row: int) -> None:
        """Take a row out and empty it."""
        self._selection = None
        self.members.discard(row)
        self.streamed.discard(row)
        for rows in self.folded.values():
            rows.discard(row)
        self.folded = {base: rows for base, rows in self.folded.items() if len(rows)}
        self.panel.erase(row)

    @property
    def selection(self) -> Selection:
        """What picks the members out of a cross-section, in order of row: a slice where they stand side by side."""
        if self._selection is None:
            rows = np.sort(self.members.array)
            beside = len(rows) > 0 and int(rows[-1]) - int(rows[0]) == len(rows) - 1
            self._selection = slice(int(rows[0]), int(rows[-1]) + 1) if beside else rows
        return self._selection


@lru_cache(maxsize=256)
def fold_plan(grid: Grid, base: Grid) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First base slot inside each window, and the first one after it, one per window."""
    return np.searchsorted(base.opens, grid.opens), np.searchsorted(base.opens, grid.ends)
