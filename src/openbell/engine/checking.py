"""A session file as a whole, with its store, and with users' classes made and set up without a session."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from openbell.config.loader import load, placed, sound_rules
from openbell.desk.signals import SignalBook
from openbell.engine.prospects import against_store
from openbell.engine.seating import promised, seated
from openbell.errors import ConfigError, Problem, SessionError

if TYPE_CHECKING:
    from openbell.session.session_data import SessionData


class NoSession:
    """What users' code stands before while it is checked: there is no day yet."""

    @property
    def session_data(self) -> "SessionData":
        """Not there."""
        self._refuse("session_data")

    @property
    def owners(self) -> NoReturn:
        """Not there."""
        self._refuse("release")

    def add_symbol(self, symbol: str, *, source: str) -> NoReturn:  # noqa: ARG002
        """Not yet."""
        self._refuse("add_symbol")

    def add_bar(self, symbol: str, interval: str, *, days: int = 0, source: str) -> NoReturn:  # noqa: ARG002
        """Not yet."""
        self._refuse("add_bar")

    def add_indicator(self, symbol: str, indicator: object, *, source: str) -> NoReturn:  # noqa: ARG002
        """Not yet."""
        self._refuse("add_indicator")

    def _refuse(self, call: str) -> NoReturn:
        fix = "Declare what you need with needs in setup; ask for the rest in on_day_start or later."
        raise SessionError(Problem(f"desk.{call}", "no day has begun.", fix, code="no_day"))


def problems_of(source: str | Path | Mapping[str, object]) -> list[Problem]:
    """Every problem of a session file: its keys, and its strategies and scanners, although keys are wrong."""
    path = None if isinstance(source, Mapping) else Path(source)
    try:
        file = load(source)
    except ConfigError as error:
        try:
            strategies, scanners = sound_rules(source)
        except ConfigError:
            return list(error.problems)
        _, _, problems = seated(strategies, scanners, NoSession(), SignalBook())
        return [*error.problems, *(placed(problem, path) for problem in problems)]
    seats, _, problems = seated(file.strategies, file.scanners, NoSession(), SignalBook())
    try:
        promised(file, [seat.needs for seat in seats])
    except ConfigError as error:
        problems += error.problems
    return [placed(problem, path) for problem in [*problems, *against_store(file)]]
