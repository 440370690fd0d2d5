"""Keeping a session within its budget: unheld ad hoc symbols make room, longest unasked first."""

from collections.abc import Sequence
from dataclasses import replace

from openbell.config.session_file import BudgetRule
from openbell.errors import Problem
from openbell.market.time_manager import TimeManager
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.steps import AddInterval, CreateSymbol, EvictSymbol, LoadHistorical, reading
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


class _Room:
    def __init__(self, session: SessionData, budget: BudgetRule, asked: set[str]) -> None:
        self._session, self._budget = session, budget
        self._symbols, self._bytes = len(session), session.bytes_held
        candidates = [name for name in session.asks.symbols_of(UNHELD) if name not in asked and session.is_unheld(name)]
        self._unheld = sorted(candidates, key=lambda name: (max(session.asks.of(name).values()), name), reverse=True)

    def fitted(self, requirements: ProvisioningRequirements) -> ProvisioningRequirements:
        steps = requirements.provisioning_steps
        if not requirements.can_proceed or not steps:
            return requirements
        new = any(isinstance(step, CreateSymbol) for step in steps)
        weight = _weight(requirements, self._session.time)
        evicted: list[EvictSymbol] = []
        while self._exceeded(new, weight) and self._unheld:
            name = self._unheld.pop()
            self._symbols -= 1
            self._bytes -= self._session.weights.get(name, 0)
            evicted.append(EvictSymbol(name, "ad hoc, held by nobody, and its room is needed"))
        if self._exceeded(new, weight):
            problems = (*requirements.problems, self._full(weight))
            return replace(requirements, provisioning_steps=(), reads=(), problems=problems)
        self._symbols += new
        self._bytes += weight
        return replace(requirements, provisioning_steps=(*evicted, *steps)) if evicted else requirements

    def _exceeded(self, new: bool, weight: int) -> bool:
        symbols, megabytes = self._budget.max_symbols, self._budget.max_megabytes
        too_many = symbols is not None and new and self._symbols + 1 > symbols
        return too_many or (megabytes is not None and self._bytes + weight > megabytes * MEGABYTE)

    def _full(self, weight: int) -> Problem:
        limits = [f"max_symbols = {self._budget.max_symbols}"] if self._budget.max_symbols is not None else []
        if self._budget.max_megabytes is not None:
            limits.append(f"max_megabytes = {self._budget.max_megabytes:g}")
        what = (
            f"there is no room: {self._symbols} symbols with {self._bytes / MEGABYTE:.1f} MB are there, this needs "
            f"{weight / MEGABYTE:.1f} MB more, and every symbol is held by somebody or locked."
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
