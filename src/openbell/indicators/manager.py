"""All indicators of a session: one row per symbol, one compiled call per indicator and instant.

Rows are numbers that the session hands out; nothing here knows a symbol, a clock or a calendar.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.bars.sheaf import Sheaf
from openbell.indicators.batch import Stand, warmed_batch
from openbell.indicators.bound import Bound
from openbell.indicators.chain import Figures, Ints, Places
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm, warmed, warmed_alike


class IndicatorManager:
    """Holds the state of every indicator for every symbol, and moves it on bar by bar.

    Parameters
    ----------
    capacity
        How many rows there is room for.
    figures
        What the market's calendar says of an interval, for indicators that need it; see
        `openbell.indicators.calendar.figures_of`.

    Examples
    --------
    >>> from openbell.indicators import registry
    >>> sma = registry.parse("sma", Interval.parse("5m"), {"period": 2})
    >>> manager = IndicatorManager(capacity=4)
    >>> manager.prepare(sma)
    >>> manager.adopt(sma, 0, manager.warm(sma, Block.empty(), Block.empty()))
    >>> for price in (1.0, 2.0):
    ...     bars = np.full((5, 4), price)
    ...     manager.update(sma.interval, bars, np.ones(4, bool), slot=0, session=0, end=7)
    >>> manager.values(sma)[0].tolist(), manager.valid(sma, 0), manager.last_updated(sma, 0)
    ([1.5, nan, nan, nan], True, 7)
    """

    def __init__(self, capacity: int, figures: Figures | None = None) -> None:
        self._capacity, self._figures = max(capacity, 1), figures
        self._bound: dict[IndicatorSpec, Bound] = {}
        self._by_interval: dict[Interval, list[Bound]] = {}

    @property
    def capacity(self) -> int:
        """How many rows there is room for."""
        return self._capacity

    def prepare(self, spec: IndicatorSpec) -> None:
        """Compile an indicator, or load it from the cache, and make room for its values. Part of staging.

        Raises
        ------
        IndicatorError
            If numba cannot compile a definition; names the line.
        """
        if spec not in self._bound:
            bound = Bound(spec, self._capacity, self._figures)
            bound.chain.compile()
            self._bound[spec] = bound
            self._by_interval.setdefault(spec.interval, []).append(bound)

    def bound(self, interval: Interval) -> tuple[Bound, ...]:
        """The indicators of an interval."""
        return tuple(self._by_interval.get(interval, ()))

    def has(self, spec: IndicatorSpec) -> bool:
        """Whether anything was ever prepared for an indicator."""
        return spec in self._bound

    def warm(
        self, spec: IndicatorSpec, history: Block, today: Block, places: Places | None = None, *, keep: bool = False
    ) -> Warm:
        """The canonical state after history and today's bars; changes nothing. See `openbell.indicators.warm`."""
        return warmed(self._bound[spec].chain, spec.needs, history, today, places, keep)

    def warm_alike(self, specs: Sequence[IndicatorSpec], history: Block, today: Block, end: int) -> list[Warm]:
        """`warm` for several indicators of an interval that do not ask where bars lie. See `warmed_alike`."""
        return warmed_alike([(self._bound[spec].chain, spec.needs) for spec in specs], history, today, end)

    def warm_many(self, specs: Sequence[IndicatorSpec], past: Sheaf, today: Sheaf | None) -> tuple[list[Stand], Ints]:
        """`warm` for many symbols at once, of indicators that do not ask where bars lie. See `warmed_batch`."""
        return warmed_batch([self._bound[spec] for spec in specs], past, today)

    def adopt(self, spec: IndicatorSpec, row: int, warm: Warm) -> None:
        """Put a row's state in place and feed it from now on. In memory only."""
        self._bound[spec].put(row, warm)

    def adopt_many(self, stand: Stand, rows: Ints, places: Ints) -> None:
        """`adopt` for rows that were warmed up together: each with its place in what `warm_many` gave."""
        self._bound[stand.spec].put_many(rows, stand, places)

    def drop(self, spec: IndicatorSpec, row: int) -> None:
        """Forget a row's state; it is fed no more."""
        self._bound[spec].clear(row)

    def reserve(self, capacity: int) -> None:
        """Make room for at least so many rows; what `values` gave before is then no longer live."""
        if capacity > self._capacity:
            self._capacity = max(capacity, 2 * self._capacity)
            for bound in self._bound.values():
                bound.grow(self._capacity)

    def update(
        self,
        interval: Interval,
        values: Floats,
        present: npt.NDArray[np.bool_],
        slot: int,
        session: int,
        end: int,
        regular: bool = True,
    ) -> None:
        """Feed one instant: the bars of one interval that end now.

        Parameters
        ----------
        interval
            Whose bars they are.
        values
            Float64 of shape (5, capacity), rows in the order of `openbell.bars.block.FIELDS`.
        present
            Bool of shape (capacity,): which symbols have a bar.
        slot, session, end
            The window's place on its session's grid, its session's ordinal, and its end.
        regular
            Whether the window belongs to regular hours; session kinds are fed with no others.
        """
        for bound in self._by_interval.get(interval, ()):
            if regular or not bound.needs.regular:
                bound.advance(values, present, slot, session, end)

    def values(self, spec: IndicatorSpec) -> Floats:
        """The live values, float64 of shape (outputs, capacity); NaN where there is no number."""
        return self._bound[spec].values

    def rows(self, spec: IndicatorSpec) -> Ints:
        """The rows that are fed, ascending."""
        return self._bound[spec].rows

    def seen(self, spec: IndicatorSpec, row: int) -> int:
        """Bars that a row was fed with since its warm-up began."""
        return self._bound[spec].seen(row)

    def valid(self, spec: IndicatorSpec, row: int) -> bool:
        """Whether a row has a number."""
        return self._bound[spec].valid(row)

    def settled(self, spec: IndicatorSpec, row: int) -> bool:
        """Whether a row's number no longer depends on where it started."""
        return self._bound[spec].settled(row)

    def last_updated(self, spec: IndicatorSpec, row: int) -> int | None:
        """End of the last bar that a row was fed with, int64 ns UTC; None when there was none."""
        return self._bound[spec].last_updated(row)

    def snapshot(self, spec: IndicatorSpec, row: int) -> Warm:
        """A copy of where a row stands; `adopt` puts it back."""
        return self._bound[spec].taken(row)

    def digests(self, spec: IndicatorSpec, rows: Ints) -> npt.NDArray[np.uint8]:
        """What each of some rows shows, as bytes that are equal exactly when it is: values, flags, last update.

        Returns
        -------
        numpy.ndarray
            uint8 (rows, bytes).
        """
        bound = self._bound[spec]
        values, (valid, settled, updated) = bound.values[:, rows], bound.flags(rows)
        kinds = [("shown", "<f8", len(values)), ("valid", "?"), ("settled", "?"), ("updated", "<i8")]
        table = np.empty(len(rows), np.dtype(kinds))
        # Every NaN is written as the same one.
        table["shown"] = np.where(np.isnan(values), np.nan, values).T
        table["valid"], table["settled"], table["updated"] = valid, settled, updated
        return table.view(np.uint8).reshape(len(rows), table.itemsize)
