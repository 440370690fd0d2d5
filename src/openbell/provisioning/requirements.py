"""What one request for one symbol needs: the record that analysis makes, people read and the executor carries out."""

from dataclasses import dataclass
from typing import Any

from openbell.bars.interval import Interval
from openbell.errors import Problem
from openbell.provisioning.offers import Offer
from openbell.provisioning.steps import Read, Step, reading, step_as_dict
from openbell.session.asks import Ask, operation_of

SECONDS_PER_STEP = 2e-4
SECONDS_PER_BAR = 3e-8


@dataclass(frozen=True, slots=True)
class Moment:
    """The state that a plan was made for.

    Parameters
    ----------
    day
        The ordinal of the session.
    revision
        How often it has changed.
    now
        The clock, ns UTC.
    session
        What tells it from other sessions: a hash of session file, store, and all that was asked and let go of so far.
    """

    day: int
    revision: int
    now: int
    session: str


@dataclass(frozen=True, slots=True)
class ProvisioningRequirements:
    """One symbol's part of a plan; immutable.

    Parameters
    ----------
    symbol
        Upper case.
    asks
        What was asked, all for this symbol.
    moment
        The state that this was worked out for; another one makes it stale.
    provisioning_steps
        What is to be done, in order; empty when all is there already.
    reads
        What each stretch that a step reads comes to, in the order of steps.
    problems
        What was found; fatal ones forbid carrying it out.
    offers
        What could be had instead of what was refused.
    symbol_exists, was_full
        What was there.
    base_interval
        The finest interval that is streamed for the symbol.
    required_intervals
        Every interval that the asks need, from short to long.
    already
        What of it is there, in words: intervals with their history, indicators by key.
    called
        The operation in the caller's words, where no ask could be made of them.
    """

    symbol: str
    asks: tuple[Ask, ...]
    moment: Moment | None
    provisioning_steps: tuple[Step, ...] = ()
    reads: tuple[Read, ...] = ()
    problems: tuple[Problem, ...] = ()
    offers: tuple[Offer, ...] = ()
    symbol_exists: bool = False
    was_full: bool = False
    base_interval: Interval | None = None
    required_intervals: tuple[Interval, ...] = ()
    already: tuple[str, ...] = ()
    called: str = ""

    @property
    def can_proceed(self) -> bool:
        """Whether nothing fatal was found."""
        return not (self.problems and any(problem.fatal for problem in self.problems))

    @property
    def operation(self) -> str:
        """``symbol``, ``bar`` or ``indicator``: of the first ask."""
        return self.called or operation_of(self.asks[0])

    @property
    def source(self) -> str:
        """Who asks first."""
        return self.asks[0].owner

    @property
    def bars(self) -> int:
        """Stored bars that carrying this out reads: history, and today up to now."""
        return sum(read.bars for read in self.reads)

    @property
    def bytes(self) -> int:
        """Bytes of the store that hold them."""
        return sum(read.bytes for read in self.reads)

    @property
    def estimate_seconds(self) -> float:
        """About how long carrying it out takes, from what symbols and bars cost on a machine of two cores."""
        return len(self.provisioning_steps) * SECONDS_PER_STEP + self.bars * SECONDS_PER_BAR

    def _steps(self) -> list[dict[str, Any]]:
        own = dict(reading(self.provisioning_steps))
        steps = enumerate(self.provisioning_steps)
        return [step_as_dict(step, self.reads[own[place]] if place in own else ()) for place, step in steps]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "symbol": self.symbol,
            "operation": self.operation,
            "source": self.source,
            "can_proceed": self.can_proceed,
            "symbol_exists": self.symbol_exists,
            "intervals": [str(interval) for interval in self.required_intervals],
            "steps": self._steps(),
            "bars": self.bars,
            "bytes": self.bytes,
            "estimate_seconds": round(self.estimate_seconds, 6),
            "already": list(self.already),
            "problems": [problem.as_dict() for problem in self.problems],
            "offers": [offer.as_dict() for offer in self.offers],
        }

    def __str__(self) -> str:
        lines = [f"{self.symbol} ({self.operation}, asked by {self.source})"]
        if not self.provisioning_steps and self.can_proceed:
            lines.append("  nothing to do: all of it is there")
        if self.already and self.provisioning_steps:
            lines.append(f"  there already: {', '.join(self.already)}")
        lines += [f"  {step!s:<22} {step.reason}" for step in self.provisioning_steps]
        if self.bars:
            cost = f"about {self.estimate_seconds * 1e3:.1f} ms"
            lines.append(f"  reads {self.bars:,} bars, {self.bytes:,} bytes; {cost}")
        lines += [f"  {problem.severity.value}: {problem}" for problem in self.problems]
        lines += [f"  instead: {offer.text}" for offer in self.offers]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Plan:
    """Requirements of several symbols that were worked out together."""

    requirements: tuple[ProvisioningRequirements, ...]

    def __iter__(self) -> Any:
        return iter(self.requirements)

    def __len__(self) -> int:
        return len(self.requirements)

    @property
    def bars(self) -> int:
        """Stored bars that are read in all."""
        return sum(requirement.bars for requirement in self.requirements)

    @property
    def bytes(self) -> int:
        """Bytes that are read in all."""
        return sum(requirement.bytes for requirement in self.requirements)

    def __str__(self) -> str:
        return "\n".join(str(requirement) for requirement in self.requirements)
