"""Strategies made, checked and set up before the first day; without numba, so that checking a file stays quick."""

from collections.abc import Sequence
from dataclasses import replace

from openbell.config.session_file import SessionFile, StrategyRule
from openbell.desk.desk import Desk, Engine
from openbell.desk.loading import make, set_up
from openbell.desk.needs import Needs
from openbell.desk.signals import SignalBook
from openbell.engine.seats import Seat, named
from openbell.errors import ConfigError, Problem
from openbell.strategies.strategy import Strategy


def promised(file: SessionFile, needs: Sequence[Needs]) -> SessionFile:
    """The session file with what users' code declared: every full symbol brings it."""
    indicators = [rule for one in needs for rule in one.indicators]
    history = [rule for one in needs for rule in one.history]
    return replace(file, indicators=(*file.indicators, *indicators), history=(*file.history, *history))


def seated(rules: Sequence[StrategyRule], engine: Engine, signals: SignalBook) -> list[Seat]:
    """Strategies made, checked and set up.

    Raises
    ------
    ConfigError
        With the problems of all of them.
    """
    names = named("strategy", [rule.use.rpartition(":")[2] for rule in rules])
    seats: list[Seat] = []
    problems: list[Problem] = []
    for place, (rule, name) in enumerate(zip(rules, names, strict=True)):
        try:
            seats.append(_seat(rule, name, f"strategies[{place}]", engine, signals))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return seats


def _seat(rule: StrategyRule, name: str, where: str, engine: Engine, signals: SignalBook) -> Seat:
    strategy = make(rule.use, Strategy, rule.params, where)
    strategy.desk = Desk(engine, name, signals)
    needs = Needs(name)
    set_up(lambda: strategy.setup(needs), type(strategy).__name__, where)
    seat = Seat(strategy, name, strategy.desk, needs, rule.faults_allowed, rule.slow_after)
    if seat.hears(Strategy, "on_quality") and needs.minimum_quality is None:
        what = f"{type(strategy).__name__} has on_quality and no minimum that quality could cross."
        raise ConfigError(Problem(where, what, "Declare one in setup: needs.quality(95).", code="no_minimum"))
    return seat
