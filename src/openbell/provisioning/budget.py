"""Keeping a session within its budget: unheld ad hoc symbols make room, longest unasked first."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from openbell.config.session_file import BudgetRule
from openbell.errors import Problem
from openbell.market.time_manager import TimeManager
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.steps import (
    AddInterval,
    CreateSymbol,
    EvictSymbol,
    LoadHistorical,
    evicted_by,
    reading,
)
from openbell.session.asks import UNHELD
from openbell.session.session_data import BYTES_PER_BAR, SessionData

MEGABYTE = 1_000_000


def within_budget(
    plan: Sequence[ProvisioningRequirements], session: SessionData, budget: BudgetRule
) -> tuple[ProvisioningRequirements, ...]:
    """The same plan, with a step for each symbol that must go first, and refusals where nothing can go.

    Parameters
    ----------
    plan
        Requirements in order; room is given in that order.
    """
    if budget.max_symbols is None and budget.max_megabytes is None:
        return tuple(plan)
    room = _Room(session, budget, {requirements.symbol for requirements in plan})
    return tuple(room.fitted(requirements) for requirements in plan)


def beyond_budget(
    plan: Sequence[ProvisioningRequirements], session: SessionData, budget: BudgetRule
) -> list[ProvisioningRequirements]:
    """Those of a plan for which there is no room when only the symbols go that its own steps name."""
    room = _Room(session, budget, set())
    return [requirements for requirements in plan if not room.holds(requirements)]


class _Room:
    def __init__(self, session: SessionData, budget: BudgetRule, asked: set[str]) -> None:
        self._session, self._budget = session, budget
        self._symbols, self._bytes = len(session), session.bytes_held
        candidates = [name for name in session.asks.symbols_of(UNHELD) if name not in asked and session.is_unheld(name)]
        self._unheld = sorted(candidates, key=lambda name: (max(session.asks.of(name).values()), name))

    def fitted(self, requirements: ProvisioningRequirements) -> ProvisioningRequirements:
        """With the steps that make room for it; where it is refused, the room stays for others."""
        steps = requirements.provisioning_steps
        if not requirements.can_proceed or not steps:
            return requirements
        new, weight = self._wanted(requirements)
        for count, freed in enumerate(accumulate(map(self._weight, self._unheld), initial=0)):
            if self._taken(new, weight - freed, count):
                leaving, self._unheld = self._unheld[:count], self._unheld[count:]
                evicted = [EvictSymbol(name, "ad hoc, held by nobody, and its room is needed") for name in leaving]
                return replace(requirements, provisioning_steps=(*evicted, *steps)) if evicted else requirements
        problems = (*requirements.problems, self._full(weight))
        return replace(requirements, provisioning_steps=(), reads=(), problems=problems)

    def holds(self, requirements: ProvisioningRequirements) -> bool:
        """Whether there is room once those are gone that its steps name; it is taken then."""
        new, weight = self._wanted(requirements)
        leaving = evicted_by(requirements.provisioning_steps)
        return self._taken(new, weight - sum(map(self._weight, leaving)), len(leaving))

    def _wanted(self, requirements: ProvisioningRequirements) -> tuple[bool, int]:
        """Whether a symbol comes, and the bytes that it takes."""
        new = any(isinstance(step, CreateSymbol) for step in requirements.provisioning_steps)
        return new, _weight(requirements, self._session.time)

    def _weight(self, symbol: str) -> int:
        return self._session.weights.get(symbol, 0)

    def _taken(self, new: bool, more: int, leaving: int) -> bool:
        """Whether there is room for more bytes, and for one symbol when so many have left; it is taken then."""
        symbols, bytes = self._symbols - leaving + new, self._bytes + more
        most, megabytes = self._budget.max_symbols, self._budget.max_megabytes
        if (most is not None and new and symbols > most) or (megabytes is not None and bytes > megabytes * MEGABYTE):
            return False
        self._symbols, self._bytes = symbols, bytes
        return True

    def _full(self, weight: int) -> Problem:
        limits = [f"max_symbols = {self._budget.max_symbols}"] if self._budget.max_symbols is not None else []
        if self._budget.max_megabytes is not None:
            limits.append(f"max_megabytes = {self._budget.max_megabytes:g}")
        unheld = len(self._unheld)
        rest = f"what the {unheld} that nobody holds would leave is not enough"
        what = (
            f"there is no room: {self._symbols} symbols with {self._bytes / MEGABYTE:.1f} MB are there, this needs "
            f"{weight / MEGABYTE:.1f} MB more, and {rest if unheld else 'every symbol is held by somebody or locked'}."
        )
        return Problem("budget", what, f"Release symbols, or raise {' or '.join(limits)} under [budget].", "budget")


def _weight(requirements: ProvisioningRequirements, time: TimeManager) -> int:
    """Bytes that carrying a plan out will hold, at most: bars read, and today's room for each new interval."""
    steps, bars = requirements.provisioning_steps, 0
    for place, own in reading(steps):
        if isinstance(steps[place], LoadHistorical):
            bars += sum(read.bars for read in requirements.reads[own])
    bars += sum(len(time.grid(step.interval)) for step in steps if isinstance(step, AddInterval))
    return bars * BYTES_PER_BAR
