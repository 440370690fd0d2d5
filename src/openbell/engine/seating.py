"""Strategies and scanners made, checked and set up before the first day.

Without numba, so that checking a file stays quick.
"""

from collections.abc import Sequence
from dataclasses import replace

from openbell.config.session_file import AggregateRule, ScannerRule, SessionFile, StrategyRule
from openbell.desk.desk import Desk, Engine
from openbell.desk.loading import make, set_up
from openbell.desk.needs import Needs
from openbell.desk.signals import SignalBook
from openbell.engine.fitness import undeclared, unfit
from openbell.engine.seats import Seat, named
from openbell.errors import ConfigError, Problem
from openbell.scanners.needs import ScanNeeds
from openbell.scanners.scanner import Scanner
from openbell.strategies.strategy import Strategy


def promised(file: SessionFile, needs: Sequence[Needs]) -> SessionFile:
    """The session file with what users' code declared: every full symbol brings it."""
    indicators = [rule for one in needs for rule in one.indicators]
    history = [rule for one in needs for rule in one.history]
    aggregates = [rule for one in needs for rule in one.aggregates]
    return replace(
        file,
        indicators=(*file.indicators, *indicators),
        history=(*file.history, *history),
        aggregates=(*file.aggregates, *_agreed(file.aggregates, aggregates)),
    )


def _agreed(had: Sequence[AggregateRule], more: Sequence[AggregateRule]) -> list[AggregateRule]:
    """The figures that are new; the same one may be declared by several.

    Raises
    ------
    ConfigError
        If two that differ have one name.
    """
    found: list[AggregateRule] = []
    for rule in more:
        same = [one for one in (*had, *found) if one.name == rule.name]
        if any(one.aggregate != rule.aggregate for one in same):
            what = f"declared twice, as {same[0].aggregate.key} and as {rule.aggregate.key}."
            raise ConfigError(Problem(f"figure {rule.name!r}", what, "Give each a name of its own.", code="name_taken"))
        if rule not in same:
            found.append(rule)
    return found


Rules = Sequence[StrategyRule | ScannerRule | None]
"""Those of a file in their order; None stands for one that could not be read."""


def seated(
    strategies: Rules, scanners: Rules, engine: Engine, signals: SignalBook
) -> tuple[list[Seat], list[Seat], list[Problem]]:
    """The strategies and the scanners of a session file, made and set up, and what is wrong with all of them."""
    problems: list[Problem] = []
    first = _each(strategies, "strategy", "strategies", engine, signals, problems)
    return first, _each(scanners, "scanner", "scanners", engine, signals, problems), problems


def _each(
    rules: Rules, kind: str, section: str, engine: Engine, signals: SignalBook, problems: list[Problem]
) -> list[Seat]:
    seats: list[Seat] = []
    names = named(kind, ["" if rule is None else rule.use.rpartition(":")[2] for rule in rules])
    for place, (rule, name) in enumerate(zip(rules, names, strict=True)):
        if rule is not None:
            try:
                seats.append(_seat(rule, f"{section}[{place}]", Desk(engine, name, signals)))
            except ConfigError as error:
                problems += error.problems
    return seats


def _seat(rule: StrategyRule | ScannerRule, where: str, desk: Desk) -> Seat:
    user: Strategy | Scanner
    if isinstance(rule, StrategyRule):
        user, needs = make(rule.use, Strategy, rule.params, where), Needs(desk.owner)
    else:
        user, needs = make(rule.use, Scanner, rule.params, where), ScanNeeds(desk.owner)
    user.desk = desk
    seat = Seat(user, desk.owner, desk, needs, rule.faults_allowed, rule.slow_after)
    problems = list(unfit(seat, f"{where}.use"))
    try:
        # The rule decides which of the two it is, and so what its setup takes.
        set_up(lambda: user.setup(needs), type(user), where)  # type: ignore[arg-type]
        problems += undeclared(seat, f"{where}.use")
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return seat
