"""Every exception of openbell, and `Problem`: where, what with which value, what to do.

::

    OpenbellError
    ├── ConfigError         the session file
    ├── MarketError         calendars, dates, zones
    ├── StoreError          files, catalogue, imports
    ├── IndicatorError      definitions and parameters
    ├── ProvisioningError   a request that cannot be met, raised only where a caller asked for raising
    └── SessionError        the running of a day

Wrong arguments of a call are plain ``ValueError``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

_MANY = 4


class Severity(StrEnum):
    """Whether work can go on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, written for the person who has to fix it.

    Parameters
    ----------
    where
        The place: a file and key, or ``symbol/interval/indicator``.
    what
        What is wrong, with the value that was seen.
    fix
        What to do about it.
    code
        A short stable word for programs, like ``unknown_symbol``.
    severity
        Warnings are told and do not stop anything.

    Examples
    --------
    >>> print(Problem("AAPL/5m", "has no bars.", "Import some."))
    AAPL/5m: has no bars.
        Import some.
    """

    where: str
    what: str
    fix: str
    code: str = "problem"
    severity: Severity = Severity.ERROR

    @property
    def fatal(self) -> bool:
        """Whether this stops the work."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    {self.fix}"

    def as_dict(self) -> dict[str, str]:
        """The same as plain text values, for JSON."""
        return {
            "where": self.where,
            "what": self.what,
            "fix": self.fix,
            "code": self.code,
            "severity": self.severity.value,
        }


def together(problems: Iterable[Problem]) -> list[Problem]:
    """Problems for a reader: many that differ only in where they are become one.

    Examples
    --------
    >>> raised = [Problem(f"S{n}", "raised.", "Mend it.") for n in range(500)]
    >>> print(*together([Problem("S7/5m", "has no bars.", "Import some."), *raised]), sep="\\n")
    S7/5m: has no bars.
        Import some.
    S0, S1, S2 and 497 more: raised.
        Mend it.
    """
    alike: dict[Problem, list[Problem]] = {}
    for problem in problems:
        alike.setdefault(replace(problem, where=""), []).append(problem)
    return [problem for same in alike.values() for problem in _one_of_many(same)]


def _one_of_many(same: list[Problem]) -> list[Problem]:
    if len(same) <= _MANY:
        return same
    named = ", ".join(problem.where for problem in same[: _MANY - 1])
    return [replace(same[0], where=f"{named} and {len(same) - _MANY + 1} more")]


class OpenbellError(Exception):
    """Everything that can go wrong in a correct program.

    Parameters
    ----------
    problems
        What was found: one or many, each complete in itself.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in together(problems)))
        self.problems = problems


class ConfigError(OpenbellError):
    """The session file cannot be used."""


class MarketError(OpenbellError):
    """A calendar, date or zone that cannot be had."""


class StoreError(OpenbellError):
    """A file, the catalogue or an import failed."""


class IndicatorError(OpenbellError):
    """An indicator's definition or parameters are wrong."""


class ProvisioningError(OpenbellError):
    """A request cannot be met."""


class SessionError(OpenbellError):
    """A call that the day's phase does not allow, or a day that cannot go on."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like a misspelt one, or None.

    Examples
    --------
    >>> nearest("intervalls", ["intervals", "symbols"])
    'intervals'
    """
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), None)
