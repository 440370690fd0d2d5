"""The start of a day, worked out and not carried out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from openbell.config.loader import placed
from openbell.config.session_file import SessionFile
from openbell.engine.coordinator import SessionCoordinator
from openbell.engine.prospects import foreseen, no_bars
from openbell.errors import Problem
from openbell.provisioning.requirements import Plan
from openbell.store.catalog import Catalog


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What the start of one day would do.

    Parameters
    ----------
    name, date
        Of the session file, and the day.
    plan
        Per symbol the steps with reasons.
    problems
        What the day would run into besides: symbols of another market, names that nothing has, no bars at all.
    """

    name: str
    date: date
    plan: Plan
    problems: tuple[Problem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "date": self.date.isoformat(),
            "bars": self.plan.bars,
            "bytes": self.plan.bytes,
            "symbols": {one.symbol: one.as_dict() for one in self.plan},
            "problems": [problem.as_dict() for problem in self.problems],
        }

    def __repr__(self) -> str:
        return f"<DayPlan of {self.name!r}, {self.date}: print it for the steps of each symbol>"

    def __str__(self) -> str:
        refused = sum(not one.can_proceed for one in self.plan)
        head = f"{self.name}, start of {self.date}: {_symbols(len(self.plan))}"
        tail = f"reads {self.plan.bars:,} bars, {self.plan.bytes:,} bytes; {_symbols(refused)} cannot be had"
        told = "".join(f"\n{problem.severity}: {problem}" for problem in self.problems)
        return f"{head}\n\n{self.plan}\n\n{tail}{told}"


def _symbols(number: int) -> str:
    return f"{number} symbol" if number == 1 else f"{number} symbols"


def day_plan(file: SessionFile, day: date | str | None = None) -> DayPlan:
    """The plan for the start of a day, by default the first of the session file."""
    coordinator = SessionCoordinator(file)
    plan = coordinator.plan_day(day)
    problems = [*foreseen(file, coordinator.data.symbols()), *no_bars(file, Catalog.latest(file.store))]
    told = tuple(placed(problem, file.path) for problem in problems)
    return DayPlan(file.name, coordinator.time.today.date, plan, told)
