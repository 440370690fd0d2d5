"""What became of a request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from openbell.errors import Problem


class Status(StrEnum):
    """How it ended."""

    DONE = "done"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    FAILED = "failed"
    STALE = "stale"
    QUEUED = "queued"


class StepReport(NamedTuple):
    """One step that was carried out: its printable name, how long it took, how many bars it brought, of what else."""

    step: str
    seconds: float
    bars: int = 0
    about: str = ""

    def __str__(self) -> str:
        return self.step


@dataclass(slots=True)
class ProvisioningResult:
    """The outcome of one symbol's request; a queued one is completed in place at the next barrier.

    Parameters
    ----------
    symbol, operation, source
        Of the request.
    status
        How it ended.
    steps
        What was carried out, in order.
    failed_step
        The printable name of the step that failed, if one did.
    problems
        Everything that was found, warnings included.
    """

    symbol: str
    operation: str
    source: str
    status: Status
    steps: tuple[StepReport, ...] = ()
    failed_step: str | None = None
    problems: tuple[Problem, ...] = ()
    at: int = 0

    @property
    def ok(self) -> bool:
        """Whether what was asked for is there now."""
        return self.status in (Status.DONE, Status.NOTHING_TO_DO)

    @property
    def seconds(self) -> float:
        """How long all steps took."""
        return sum(step.seconds for step in self.steps)

    @property
    def bars(self) -> int:
        """Stored bars that were read for it."""
        return sum(step.bars for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain: dict[str, Any] = {
            "source": self.source,
            "operation": self.operation,
            "symbol": self.symbol,
            "status": self.status.value,
            "steps": [step.step for step in self.steps],
            "milliseconds": round(self.seconds * 1e3, 3),
        }
        if self.failed_step is not None:
            plain["failed_step"] = self.failed_step
        if self.problems:
            plain["problems"] = [problem.as_dict() for problem in self.problems]
        return plain

    def __str__(self) -> str:
        lines = [f"{self.operation} {self.symbol} ({self.source}): {self.status.value}"]
        lines += [f"  {step.step:<22} {step.seconds * 1e3:8.2f} ms  {step.bars:>9,} bars" for step in self.steps]
        if self.failed_step is not None:
            lines.append(f"  failed at {self.failed_step}; the session is as it was")
        lines += [f"  {problem}" for problem in self.problems]
        return "\n".join(lines)
