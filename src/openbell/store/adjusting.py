"""Prices and volumes as they are looked at on a day: adjusted for the splits and dividends up to that day.

1. `Adjuster._steps`: the actions of a symbol up to the day, each with the factor of the bars before it.
2. `Steps.factors`: of bars before several actions the product of their factors, the latest first, so that a bar's
   factor does not depend on what else is read.
3. `Adjuster.blocks`, `Adjuster.summaries`: bars and daily summaries times their factors.

A split of r new shares for one old divides the prices before it by r and multiplies volumes by it. A dividend of D
multiplies the prices before it by 1 - D / C, where C is the raw close of the last session before the ex-date (divided
by the split of the same date, if there is one); volumes stay. Source: the split and dividend multipliers of CRSP, as in
the help page on Yahoo Finance's adjusted close; LEAN's factor files hold the same products.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval, Unit
from openbell.market.actions import Action, Kind, Prices
from openbell.market.calendar import Calendar
from openbell.store.days import Rows

CloseBefore = Callable[[str, int], float]
"""The raw close of the last session with a bar before one, by symbol and ordinal; NaN where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What a symbol's bars are multiplied by.

    Parameters
    ----------
    actions
        Those that are applied, by date.
    sessions
        Shape (n,): the ordinals of the sessions that they take effect at, ascending.
    prices, volumes
        Shape (n + 1,): the factors of bars before the first session, before the second, ..., and after the last: 1.
    lacking
        Dividends that cannot be applied: no close before them, or none that is larger.
    """

    actions: tuple[Action, ...]
    sessions: Rows
    prices: Floats
    volumes: Floats
    lacking: tuple[Action, ...] = ()


class Adjuster:
    """Adjusts what is read of a store for one session day; knows no later action.

    Parameters
    ----------
    calendar, day
        The market and the ordinal of the day.
    actions
        Splits and dividends by symbol, in order of dates; those after the day are put aside.
    prices
        Which actions are applied.
    close_before
        Asked for dividends.
    """

    def __init__(
        self,
        calendar: Calendar,
        day: int,
        actions: Mapping[str, Sequence[Action]],
        prices: Prices,
        close_before: CloseBefore,
    ) -> None:
        self._calendar = calendar
        self._close_before = close_before
        known = {
            symbol: [one for one in ones if not one.neutral and _effective(calendar, one) <= day]
            for symbol, ones in actions.items()
        }
        self._actions = {symbol: [one for one in ones if one.applies_to(prices)] for symbol, ones in known.items()}
        self._others = {
            symbol: [one for one in ones if one.kind is Kind.SPLIT and not one.applies_to(prices)]
            for symbol, ones in known.items()
        }
        self._made: dict[str, Steps] = {}

    def of(self, symbol: str) -> Steps | None:
        """What is applied to a symbol; None when nothing is."""
        actions = self._actions.get(symbol)
        if not actions:
            return None
        made = self._made.get(symbol)
        if made is None:
            made = self._made[symbol] = self._steps(symbol, actions)
        return made

    def unapplied(self, symbol: str) -> tuple[Action, ...]:
        """The splits of a symbol up to the day in raw prices, and dividends that cannot be applied, by date."""
        steps = self.of(symbol)
        lacking = () if steps is None else steps.lacking
        return tuple(sorted((*self._others.get(symbol, ()), *lacking)))

    def blocks(self, symbols: Iterable[str], interval: Interval, blocks: dict[str, Block]) -> None:
        """Put adjusted blocks of some symbols in place of those that have bars before an action."""
        for symbol in symbols:
            steps = self.of(symbol)
            if steps is not None and len(blocks[symbol]):
                blocks[symbol] = self._adjusted(interval, blocks[symbol], steps)

    def summaries(
        self, symbols: Mapping[str, int], interval: Interval, first: int, last: int, figures: Sequence[Floats]
    ) -> None:
        """Adjust open, high, low, close and volume, (symbols, sessions), in place: rows of some symbols."""
        for symbol, row in symbols.items():
            steps = self.of(symbol)
            if steps is None or not len(steps.sessions):
                continue
            begins = self._begins(interval, steps)
            places = np.searchsorted(begins, np.arange(first, last + 1), side="right")
            for figure in figures[:4]:
                figure[row] *= steps.prices[places]
            figures[4][row] *= steps.volumes[places]

    def _begins(self, interval: Interval, steps: Steps) -> Rows:
        """Where the first bar without a factor begins: of weeks, with the week in which an action takes effect."""
        if interval.unit is not Unit.WEEK:
            return steps.sessions
        return np.array([self._calendar.week_start(ordinal) for ordinal in steps.sessions.tolist()], np.int64)

    def _adjusted(self, interval: Interval, block: Block, steps: Steps) -> Block:
        begins: Stamps = self._calendar.begins[self._begins(interval, steps)]
        cuts = np.searchsorted(block.ts, begins)
        if not len(cuts) or not cuts[-1]:
            return block
        rows = np.diff(cuts, prepend=0, append=len(block))
        prices, volumes = np.repeat(steps.prices, rows), np.repeat(steps.volumes, rows)
        opened, high, low, closed, volume = block.columns
        return Block(block.ts, opened * prices, high * prices, low * prices, closed * prices, volume * volumes).freeze()

    def _steps(self, symbol: str, actions: Sequence[Action]) -> Steps:
        applied: list[Action] = []
        lacking: list[Action] = []
        factors: list[tuple[float, float]] = []
        splits = {one.day: one.value for one in actions if one.kind is Kind.SPLIT}
        for action in actions:
            if action.kind is Kind.SPLIT:
                factor = (1.0 / action.value, action.value)
            else:
                close = self._close_before(symbol, _effective(self._calendar, action)) / splits.get(action.day, 1.0)
                if not action.value < close:
                    lacking.append(action)
                    continue
                factor = (1.0 - action.value / close, 1.0)
            applied.append(action)
            factors.append(factor)
        sessions = np.array([_effective(self._calendar, one) for one in applied], np.int64)
        prices, volumes = _products([one[0] for one in factors]), _products([one[1] for one in factors])
        return Steps(tuple(applied), sessions, prices, volumes, tuple(lacking))


def _products(factors: Sequence[float]) -> Floats:
    """Of each place the product from there to the end, the last one first."""
    products = [1.0]
    for factor in reversed(factors):
        products.append(products[-1] * factor)
    return np.array(products[::-1])


def _effective(calendar: Calendar, action: Action) -> int:
    """The first session on or after an ex-date, the number of sessions when the calendar ends before."""
    if action.day > calendar.last_date:
        return len(calendar)
    return calendar.first_on_or_after(max(action.day, calendar.first_date))
