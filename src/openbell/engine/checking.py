"""Whether users' classes can be used: made and set up without a session."""

from typing import TYPE_CHECKING, NoReturn

from openbell.config.session_file import SessionFile
from openbell.desk.signals import SignalBook
from openbell.engine.seating import seated
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


def user_problems(file: SessionFile) -> list[Problem]:
    """What is wrong with the strategies and scanners of a session file, their parameters and their ``setup``."""
    try:
        seated(file, NoSession(), SignalBook())
    except ConfigError as error:
        return list(error.problems)
    return []
