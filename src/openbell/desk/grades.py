"""Quality of all symbols at once, moved on from instant to instant."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData

Counts = npt.NDArray[np.int64]


@dataclass(slots=True)
class _Tally:
    """Present and expected bars per row: of history, and of today up to a cursor."""

    revision: int = -1
    cursor: int = 0
    present: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    expected: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    graded: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))


class Grades:
    """What share of the expected bars each symbol has, as arrays by row; counted on when it is read.

    Parameters
    ----------
    session
        Whose symbols.
    """

    def __init__(self, session: SessionData) -> None:
        self._session = session
        self._tallies: dict[Lane, _Tally] = defaultdict(_Tally)
        self._past: dict[tuple[str, Lane], tuple[Block | None, int, int]] = {}

    def quality(self, lane: Lane) -> Floats:
        """Quality of history and today up to now by row, 0 to 100; NaN where it is not calculated."""
        tally = self._tallies[lane]
        panel = lane.panel
        if tally.revision != self._session.revision or tally.cursor > panel.cursor:
            self._recount(lane, tally)
        if tally.cursor < panel.cursor:
            tally.present += np.count_nonzero(panel.present[tally.cursor : panel.cursor], axis=0) * tally.graded
            tally.expected += (panel.cursor - tally.cursor) * tally.graded
            tally.cursor = panel.cursor
        out = np.full(len(tally.expected), np.nan)
        np.divide(100.0 * tally.present, tally.expected, out=out, where=tally.expected > 0)
        return out

    def _recount(self, lane: Lane, tally: _Tally) -> None:
        rows = lane.panel.capacity
        tally.present, tally.expected = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        tally.graded = np.zeros(rows, np.bool_)
        tally.revision, tally.cursor = self._session.revision, 0
        for record in self._session.records.values():
            if record.row in lane.members:
                tally.graded[record.row] = record.session_quality
                tally.present[record.row], tally.expected[record.row] = self._history(record.name, lane)

    def _history(self, symbol: str, lane: Lane) -> tuple[int, int]:
        """Present and expected bars of history, counted anew when another history is held."""
        record = self._session.records[symbol]
        if not record.history_quality:
            return 0, 0
        series = record.series[lane.interval]
        newest = series.history.parts[-1] if series.history.parts else None
        known = self._past.get((symbol, lane))
        if known is not None and known[0] is newest and newest is not None:
            return known[1], known[2]
        grid = self._session.history_grid(record, lane.interval, series)
        expected = len(grid)
        present = int(np.count_nonzero(grid.slots_of(series.history.block.ts) >= 0))
        self._past[symbol, lane] = (newest, present, expected)
        return present, expected
