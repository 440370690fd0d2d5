"""The start of a day, worked out and not carried out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from openbell.config.session_file import SessionFile
from openbell.engine.coordinator import SessionCoordinator
from openbell.provisioning.requirements import Plan


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What the start of one day would do.

    Parameters
    ----------
    name, date
        Of the session file, and the day.
    plan
        Per symbol the steps with reasons.
    """

    name: str
    date: date
    plan: Plan

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "date": self.date.isoformat(),
            "bars": self.plan.bars,
            "bytes": self.plan.bytes,
            "symbols": {one.symbol: one.as_dict() for one in self.plan},
        }

    def __str__(self) -> str:
        refused = sum(not one.can_proceed for one in self.plan)
        head = f"{self.name}, start of {self.date}: {len(self.plan)} symbols"
        tail = f"reads {self.plan.bars:,} bars, {self.plan.bytes:,} bytes; {refused} symbols cannot be had"
        return f"{head}\n\n{self.plan}\n\n{tail}"


def day_plan(file: SessionFile, day: date | str | None = None) -> DayPlan:
    """The plan for the start of a day, by default the first of the session file."""
    coordinator = SessionCoordinator(file)
    plan = coordinator.plan_day(day)
    return DayPlan(file.name, coordinator.time.today.date, plan)
