"""A user's strategy or scanner while it works: called under guard, its faults and its time kept."""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from openbell.desk.desk import Desk
from openbell.desk.loading import place_of
from openbell.desk.needs import Needs
from openbell.errors import OpenbellError, Problem, Severity

logger = logging.getLogger(__name__)

R = TypeVar("R")

# One hiccup of the machine is nobody's fault: slow calls are told when together they took this many times the limit.
SLOW_ADDS_UP = 10


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a user's code raised.

    Parameters
    ----------
    name, at
        Who, and the instant in exchange time.
    problem
        What it was and where in the user's file.
    trace
        The whole traceback; empty where a user's code was disabled.
    """

    name: str
    at: str
    problem: Problem
    trace: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return self.problem.as_dict() | {"name": self.name, "at": self.at, "traceback": self.trace}


@dataclass(slots=True)
class Timing:
    """How long the calls of one user's class took on a day.

    Parameters
    ----------
    calls, seconds
        All of them.
    slowest, slowest_at
        Seconds of the slowest one, and its instant, ns UTC.
    slow, slow_seconds
        Those that took longer than they should.
    """

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_at: int = 0
    slow: int = 0
    slow_seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, eq=False)
class Seat:
    """One user's object, and what it is called for.

    Parameters
    ----------
    user
        The strategy or scanner.
    name
        As an owner: ``strategy:Crossover``.
    desk, needs
        What it stands at, and what it declared.
    allowed
        How many faults it may have before it is called no more.
    slow_after
        Seconds after which a call counts as slow.
    """

    user: Any  # a strategy or a scanner: whoever made the seat knows which
    name: str
    desk: Desk
    needs: Needs
    allowed: int
    slow_after: float
    enabled: bool = True
    faults: list[Fault] = field(default_factory=list)
    timing: Timing = field(default_factory=Timing)
    _known: set[str] = field(default_factory=set)

    def call(self, callback: Callable[..., R], *arguments: object) -> R | None:
        """Call a user's method; what it raises is kept, and None comes back."""
        if not self.enabled:
            return None
        began = perf_counter()
        try:
            return callback(*arguments)
        except Exception as error:  # a user's code may raise anything; the day goes on and the report says so
            self._fault(error)
            return None
        finally:
            took = perf_counter() - began
            timing = self.timing
            timing.calls += 1
            timing.seconds += took
            if took > timing.slowest:
                timing.slowest, timing.slowest_at = took, self.desk.now
            if took > self.slow_after:
                timing.slow += 1
                timing.slow_seconds += took

    def slowness(self, whole: float) -> Problem | None:
        """A warning when slow calls have added up today, None when there is nothing to say.

        Parameters
        ----------
        whole
            Seconds that the day took so far, everything included.
        """
        timing = self.timing
        if timing.slow_seconds < SLOW_ADDS_UP * self.slow_after:
            return None
        at = self.desk.session_data.time.at(timing.slowest_at)
        share = timing.seconds / whole if whole > 0 else 1.0
        what = (
            f"{timing.slow} of {timing.calls} calls took longer than {self.slow_after:g} s, the slowest"
            f" {timing.slowest:.2g} s at {at:%Y-%m-%d %H:%M:%S}; all of them {min(share, 1.0):.0%} of the day's time."
        )
        fix = (
            "Read arrays (on_bars) instead of single bars, do slow work once in on_day_start, or set slow_after higher."
        )
        return Problem(self.name, what, fix, f"slow_{self.kind}", Severity.WARNING)

    def hears(self, base: type, method: str) -> bool:
        """Whether its class defines a callback of its own."""
        return getattr(type(self.user), method) is not getattr(base, method)

    def _fault(self, error: Exception) -> None:
        at = f"{self.desk.time:%Y-%m-%d %H:%M:%S}"
        where = f"{type(self.user).__name__} at {at}"
        problem = _told(error, where, f"{self.kind}_raised", type(self.user))
        self.faults.append(Fault(self.name, at, problem, "".join(traceback.format_exception(error))))
        logger.warning("%s at=%s raised %s: %s", self.name, at, type(error).__name__, error)
        if len(self.faults) >= self.allowed:
            self.enabled = False
            what = f"raised {self.allowed} times and is not called any more."
            fix = "Mend it and run again, or allow more with faults_allowed."
            self.faults.append(Fault(self.name, at, Problem(where, what, fix, f"{self.kind}_disabled")))

    @property
    def kind(self) -> str:
        """``strategy`` or ``scanner``."""
        return self.name.split(":", 1)[0]


def _told(error: Exception, where: str, code: str, kind: type) -> Problem:
    """What was raised, where in the user's file, and what to do where openbell itself has said so."""
    place = f"See {place_of(error, kind)}"
    if isinstance(error, OpenbellError) and len(error.problems) == 1:
        (problem,) = error.problems
        return Problem(where, f"{problem.where}: {problem.what}", f"{problem.fix} {place}", code)
    return Problem(where, f"{type(error).__name__}: {error}", place, code)


def named(kind: str, classes: list[str]) -> list[str]:
    """Owners' names for classes, told apart where one comes twice.

    Examples
    --------
    >>> named("strategy", ["Cross", "Gap", "Cross"])
    ['strategy:Cross', 'strategy:Gap', 'strategy:Cross#2']
    """
    seen: dict[str, int] = {}
    names = []
    for one in classes:
        seen[one] = seen.get(one, 0) + 1
        names.append(f"{kind}:{one}" + (f"#{seen[one]}" if seen[one] > 1 else ""))
    return names
