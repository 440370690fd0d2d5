"""Prices and volumes as they are looked at on a day: adjusted for the splits and dividends up to that day.

1. `Timelines`: the actions of a symbol and the factors of the bars before each, worked out once for all days.
2. `Adjuster.steps`: those up to the day; of bars before several actions the product of their factors, the latest
   first, so that a bar's factor does not depend on what else is read.
3. `Adjuster.blocks`, `Adjuster.summaries`: bars and daily summaries times their factors.

A split of r new shares for one old divides the prices before it by r and multiplies volumes by it. A dividend of D
multiplies the prices before it by 1 - D / C, where C is the raw close of the last session before the ex-date (divided
by the split of the same date, if there is one); volumes stay. Source: the split and dividend multipliers of CRSP, as in
the help page on Yahoo Finance's adjusted close; LEAN's factor files hold the same products.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from openbell.bars.block import FIELDS, Block, Floats
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval, Unit
from openbell.market.actions import Action, Kind, Prices
from openbell.market.calendar import Calendar
from openbell.store.days import Rows

CloseBefore = Callable[[str, int], float]
"""The raw close of the last session with a bar before one, by symbol and ordinal; NaN where there is none."""

Factor = tuple[float, float]
"""What prices and volumes before an action are multiplied by."""


@dataclass(frozen=True, slots=True)
class Event:
    """An action and the session that it takes effect at: the first one on or after its date."""

    session: int
    action: Action


class Timelines:
    """The splits and dividends of a store, symbol by symbol when they are asked for; days share one.

    Parameters
    ----------
    calendar
        Whose sessions they take effect at.
    symbols
        Of which there are some.
    told
        The actions of some symbols.
    close_before
        Asked for dividends.
    """

    def __init__(
        self,
        calendar: Calendar,
        symbols: frozenset[str],
        told: Callable[[Iterable[str]], Iterable[Action]],
        close_before: CloseBefore,
    ) -> None:
        self.calendar, self.symbols = calendar, symbols
        self._told, self._close_before = told, close_before
        self._events: dict[str, tuple[Event, ...]] = {}
        self._factors: dict[Action, Factor | None] = {}
        self._sessions: dict[date, int] = {}

    def expect(self, symbols: Iterable[str]) -> None:
        """Look up some symbols at once."""
        missing = [symbol for symbol in symbols if symbol in self.symbols and symbol not in self._events]
        if missing:
            found: dict[str, list[Event]] = {symbol: [] for symbol in missing}
            for action in self._told(missing):
                if action.kind.moves_prices and not action.neutral:
                    found[action.symbol].append(Event(self._session(action.day), action))
            self._events |= {symbol: tuple(events) for symbol, events in found.items()}

    def of(self, symbol: str) -> tuple[Event, ...]:
        """What is told of a symbol, by date."""
        if symbol not in self.symbols:
            return ()
        self.expect([symbol])
        return self._events[symbol]

    def factor(self, event: Event) -> Factor | None:
        """What bars before an action are multiplied by; None for a dividend that no close before it exceeds."""
        action = event.action
        if action.kind is Kind.SPLIT:
            return 1.0 / action.value, action.value
        if action not in self._factors:
            same_day = (one.action for one in self.of(action.symbol) if one.action.day == action.day)
            split = next((one.value for one in same_day if one.kind is Kind.SPLIT), 1.0)
            close = self._close_before(action.symbol, event.session) / split
            self._factors[action] = (1.0 - action.value / close, 1.0) if action.value < close else None
        return self._factors[action]

    def _session(self, day: date) -> int:
        """The first session on or after a date, the number of sessions when the calendar ends before."""
        known = self._sessions.get(day)
        if known is None:
            calendar = self.calendar
            reached = day <= calendar.last_date
            known = calendar.first_on_or_after(max(day, calendar.first_date)) if reached else len(calendar)
            self._sessions[day] = known
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What a symbol's bars are multiplied by, from some session on.

    Parameters
    ----------
    begin
        The session; nothing is told of bars before it.
    sessions
        Shape (n,): the ordinals of the sessions after it at which actions take effect, ascending.
    prices, volumes
        Shape (n + 1,): the factors of bars before the first of these, before the second, ..., and after the last: 1.
    """

    begin: int
    sessions: Rows
    prices: Floats
    volumes: Floats


class Adjuster:
    """Adjusts what is read of a store for one session day; knows no later action.

    Parameters
    ----------
    timelines
        Every action that is told.
    day
        The ordinal of the day.
    prices
        Which actions are applied.
    """

    def __init__(self, timelines: Timelines, day: int, prices: Prices) -> None:
        self._timelines, self._day, self._prices = timelines, day, prices
        self._steps: dict[str, Steps] = {}

    def applied(self, symbol: str) -> tuple[Action, ...]:
        """The actions of a symbol that bars are adjusted for, by date."""
        return tuple(event.action for event in self._events(symbol))

    def unapplied(self, symbol: str, begin: int) -> tuple[Action, ...]:
        """Of the actions after a session the splits in raw prices, and dividends that cannot be applied, by date."""
        found = []
        for event in self._timelines.of(symbol):
            wanted = event.action.applies_to(self._prices)
            raw = event.action.kind is Kind.SPLIT and not wanted
            if begin < event.session <= self._day and (raw or (wanted and self._timelines.factor(event) is None)):
                found.append(event.action)
        return tuple(found)

    def blocks(self, symbols: Mapping[str, int], interval: Interval, begin: int, blocks: dict[str, Block]) -> None:
        """Put adjusted blocks of some symbols in place of those that have bars before an action.

        Parameters
        ----------
        begin
            The first session that was read.
        """
        for symbol in self._moved(symbols):
            if len(blocks[symbol]):
                blocks[symbol] = self._adjusted(interval, blocks[symbol], self.steps(symbol, interval, begin))

    def summaries(
        self, symbols: Mapping[str, int], interval: Interval, first: int, last: int, figures: Sequence[Floats]
    ) -> None:
        """Adjust open, high, low, close and volume, (symbols, sessions), in place: rows of some symbols."""
        for symbol in self._moved(symbols):
            row, steps = symbols[symbol], self.steps(symbol, interval, first)
            places = np.searchsorted(self._begins(interval, steps), np.arange(first, last + 1), side="right")
            for figure in figures[:4]:
                figure[row] *= steps.prices[places]
            figures[4][row] *= steps.volumes[places]

    def steps(self, symbol: str, interval: Interval, begin: int) -> Steps:
        """What bars of a symbol from a session on are multiplied by."""
        if interval.unit is Unit.WEEK:
            begin = self._timelines.calendar.week_start(begin)
        known = self._steps.get(symbol)
        if known is None or begin < known.begin:
            known = self._steps[symbol] = self._made(symbol, begin)
        return known

    def _moved(self, symbols: Mapping[str, int]) -> list[str]:
        if self._prices is Prices.RAW:
            return []
        moved = [symbol for symbol in symbols if symbol in self._timelines.symbols]
        self._timelines.expect(moved)
        return moved

    def _events(self, symbol: str) -> list[Event]:
        events = self._timelines.of(symbol)
        return [event for event in events if event.session <= self._day and event.action.applies_to(self._prices)]

    def _made(self, symbol: str, begin: int) -> Steps:
        sessions: list[int] = []
        prices, volumes = [1.0], [1.0]
        for event in reversed(self._events(symbol)):
            factor = self._timelines.factor(event) if event.session > begin else None
            if factor is not None:
                sessions.append(event.session)
                prices.append(prices[-1] * factor[0])
                volumes.append(volumes[-1] * factor[1])
        return Steps(begin, np.array(sessions[::-1], np.int64), np.array(prices[::-1]), np.array(volumes[::-1]))

    def _begins(self, interval: Interval, steps: Steps) -> Rows:
        """Where the first bar without a factor begins: of weeks, with the week in which an action takes effect."""
        if interval.unit is not Unit.WEEK:
            return steps.sessions
        week_start = self._timelines.calendar.week_start
        return np.array([week_start(ordinal) for ordinal in steps.sessions.tolist()], np.int64)

    def _adjusted(self, interval: Interval, block: Block, steps: Steps) -> Block:
        begins: Stamps = self._timelines.calendar.begins[self._begins(interval, steps)]
        cuts = np.searchsorted(block.ts, begins)
        if not len(cuts) or not cuts[-1]:
            return block
        columns = np.empty((len(FIELDS), len(block)))
        edges = [0, *cuts.tolist(), len(block)]
        for (left, right), price, volume in zip(pairwise(edges), steps.prices, steps.volumes, strict=True):
            for row, column in enumerate(block.columns[:4]):
                np.multiply(column[left:right], price, out=columns[row, left:right])
            np.multiply(block.volume[left:right], volume, out=columns[4, left:right])
        return Block.of(block.ts, columns).freeze()
