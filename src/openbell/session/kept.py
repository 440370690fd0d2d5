"""Series of indicator values, for those that were asked to be kept."""

import numpy as np

from openbell.bars.block import Floats
from openbell.indicators.spec import IndicatorSpec
from openbell.session.lanes import Lane


class KeptSeries:
    """The values of one indicator for past bars: history per symbol, today as a rectangle like its panel's.

    Parameters
    ----------
    spec, lane
        What is kept, and the lane of its bars.
    """

    def __init__(self, spec: IndicatorSpec, lane: Lane) -> None:
        self._lane = lane
        slots = len(lane.panel.grid)
        self._today = np.full((slots, len(spec.outputs), lane.panel.capacity), np.nan)
        self._history: dict[int, Floats] = {}

    def put(self, row: int, values: Floats) -> None:
        """Start a row.

        Parameters
        ----------
        values
            float64 (outputs, bars): one column per bar of history and of today up to now.
        """
        self._reserve()
        slots = np.flatnonzero(self._lane.panel.present[: self._lane.panel.cursor, row])
        past = values.shape[1] - len(slots)
        self._history[row] = values[:, :past]
        self._today[slots, :, row] = values[:, past:].T

    def take(self, slot: int, values: Floats) -> None:
        """Note the values of all rows, float64 (outputs, capacity), at the end of a slot."""
        self._reserve()
        self._today[slot] = values

    def drop(self, row: int) -> None:
        """Forget a row."""
        self._history.pop(row, None)
        self._today[:, :, row] = np.nan

    def series(self, row: int) -> Floats:
        """All values of a row up to now, float64 (outputs, bars), aligned with the bars of its interval."""
        panel = self._lane.panel
        slots = np.flatnonzero(panel.present[: panel.cursor, row])
        return np.concatenate([self._history[row], self._today[slots, :, row].T], axis=1)

    def _reserve(self) -> None:
        more = self._lane.panel.capacity - self._today.shape[2]
        if more > 0:
            self._today = np.pad(self._today, ((0, 0), (0, 0), (0, more)), constant_values=np.nan)
