"""Calling users' strategies: in a fixed order, each fault isolated."""

import logging
import traceback
from collections.abc import Callable, Sequence
from functools import partial

from openbell.config.session_file import StrategyRule
from openbell.engine.stream import Instant
from openbell.errors import ConfigError, Problem
from openbell.session.lanes import Lane
from openbell.session.session_data import SessionData
from openbell.strategies.bars import Bars, each_bar
from openbell.strategies.loading import load_class
from openbell.strategies.strategy import Desk, Strategy, overrides

logger = logging.getLogger(__name__)

FAULTS_ALLOWED = 3


class Dispatcher:
    """Holds the strategies of a session file and calls them.

    Parameters
    ----------
    rules
        Which strategies, in order.
    desk
        What they see of the session.
    """

    def __init__(self, rules: Sequence[StrategyRule], desk: Desk) -> None:
        self.strategies = [self._made(rule, f"strategies[{place}]", desk) for place, rule in enumerate(rules)]
        self.faults: list[Problem] = []
        self._session: SessionData | None = None
        self._views: dict[Lane, Bars] = {}
        self._hear = [(one, overrides(one, "on_bars"), overrides(one, "on_bar")) for one in self.strategies]

    def _made(self, rule: StrategyRule, where: str, desk: Desk) -> Strategy:
        found = load_class(rule.use, Strategy, f"{where}.use")
        try:
            strategy: Strategy = found(**rule.params)
        except TypeError as error:
            what = f"{found.__name__} does not take these params: {error}."
            raise ConfigError(Problem(f"{where}.params", what, "Use its own names.", code="bad_params")) from error
        strategy.desk = desk
        return strategy

    def clear(self, session: SessionData) -> None:
        """Turn to a new day's session."""
        self._session = session
        self._views = {}

    def day_start(self) -> None:
        """Tell every strategy that the day's symbols are in."""
        for strategy in self.strategies:
            self._guard(strategy, strategy.on_day_start)

    def day_end(self) -> None:
        """Tell every strategy that the last bar is in."""
        for strategy in self.strategies:
            self._guard(strategy, strategy.on_day_end)

    def call(self, instant: Instant) -> None:
        """Call every strategy for the intervals that ended, shortest first."""
        for strategy, whole, each in self._hear:
            for lane, slot in instant.ended:
                if whole:
                    self._guard(strategy, partial(strategy.on_bars, self._view(lane).at_slot(slot)))
                if each:
                    self._guard(strategy, partial(self._each, strategy, lane, slot))

    def _each(self, strategy: Strategy, lane: Lane, slot: int) -> None:
        assert self._session is not None
        on_bar = strategy.on_bar
        for bar in each_bar(self._session, lane, slot):
            on_bar(bar)

    def _view(self, lane: Lane) -> Bars:
        view = self._views.get(lane)
        if view is None:
            assert self._session is not None
            view = self._views[lane] = Bars(self._session, lane)
        return view

    def _guard(self, strategy: Strategy, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception as error:  # a user's code may raise anything; the day goes on and the report says so
            self._fault(strategy, error)

    def _fault(self, strategy: Strategy, error: Exception) -> None:
        assert self._session is not None
        name = type(strategy).__name__
        at = f"{self._session.time.at(self._session.time.now):%Y-%m-%d %H:%M:%S}"
        trace = "".join(traceback.format_exception(error)[-2:]).strip()
        self.faults.append(
            Problem(f"{name} at {at}", f"{type(error).__name__}: {error}", trace, code="strategy_raised")
        )
        logger.warning("strategy=%s at=%s raised %s", name, at, error)
        if sum(problem.where.startswith(f"{name} at ") for problem in self.faults) >= FAULTS_ALLOWED:
            self._hear = [heard for heard in self._hear if heard[0] is not strategy]
            what = f"raised {FAULTS_ALLOWED} times and is not called any more."
            self.faults.append(Problem(f"{name} at {at}", what, "Mend it and run again.", code="strategy_disabled"))
