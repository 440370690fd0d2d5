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
from openbell.engine.seats import Seat, named
from openbell.errors import ConfigError, Problem, nearest
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


def seated(file: SessionFile, engine: Engine, signals: SignalBook) -> tuple[list[Seat], list[Seat]]:
    """The strategies and the scanners of a session file, made, checked and set up.

    Raises
    ------
    ConfigError
        With the problems of all of them.
    """
    problems: list[Problem] = []
    strategies = _each(file.strategies, "strategy", "strategies", engine, signals, problems)
    scanners = _each(file.scanners, "scanner", "scanners", engine, signals, problems)
    if problems:
        raise ConfigError(*problems)
    return strategies, scanners


def _each(
    rules: Sequence[StrategyRule | ScannerRule],
    kind: str,
    section: str,
    engine: Engine,
    signals: SignalBook,
    problems: list[Problem],
) -> list[Seat]:
    seats: list[Seat] = []
    names = named(kind, [rule.use.rpartition(":")[2] for rule in rules])
    for place, (rule, name) in enumerate(zip(rules, names, strict=True)):
        desk = Desk(engine, name, signals)
        try:
            seats.append(_seat(rule, f"{section}[{place}]", desk))
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
    # The rule decides which of the two it is, and so what its setup takes.
    set_up(lambda: user.setup(needs), type(user).__name__, where)  # type: ignore[arg-type]
    seat = Seat(user, desk.owner, desk, needs, rule.faults_allowed, rule.slow_after)
    problem = _lacking(seat, where)
    if problem is not None:
        raise ConfigError(problem)
    return seat


def _lacking(seat: Seat, where: str) -> Problem | None:
    """What a class does not have and must."""
    name = type(seat.user).__name__
    base = Scanner if isinstance(seat.user, Scanner) else Strategy
    for method in vars(type(seat.user)):
        if method.startswith("on_") and not hasattr(base, method):
            known = [one for one in vars(base) if one.startswith("on_")] or ["scan"]
            near = nearest(method, known) or ", ".join(known)
            what = f"{name}.{method} would never be called."
            return Problem(f"{where}.use", what, f"Call it {near}, or give it a name without on_.", code="never_called")
    if isinstance(seat.user, Scanner):
        if seat.hears(Scanner, "scan"):
            return None
        what = f"{name} has no scan."
        return Problem(f"{where}.use", what, "Write def scan(self, market): and return names.", code="no_scan")
    if seat.hears(Strategy, "on_quality") and seat.needs.minimum_quality is None:
        what = f"{name} has on_quality and no minimum that quality could cross."
        return Problem(f"{where}.use", what, "Declare one in setup: needs.quality(95).", code="no_minimum")
    return None
