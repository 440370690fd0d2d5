"""One symbol's analysis while it is made."""

from dataclasses import dataclass, field

from openbell.bars.interval import Interval
from openbell.errors import Problem
from openbell.provisioning.blueprint import Blueprint
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.offers import Offer
from openbell.provisioning.reach import Reach
from openbell.provisioning.steps import Read, Step
from openbell.provisioning.validation import Findings
from openbell.session.asks import Ask
from openbell.session.records import SymbolRecord


@dataclass(slots=True)
class Draft:
    """What is asked of a symbol, what is there, and what was found out so far.

    Parameters
    ----------
    record
        What is there; None for a new symbol.
    stored
        The intervals that the store has of it today.
    blueprint
        What it must have; symbols with the same wish share one.
    reaches
        How far back each interval that it lacks must be read.
    steps, reads
        What is to be done, and what that reads; symbols that are alike share their steps.
    """

    symbol: str
    asks: tuple[Ask, ...]
    record: SymbolRecord | None
    stored: tuple[Interval, ...]
    blueprint: Blueprint
    reaches: dict[Interval, Reach] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    reads: tuple[Read, ...] = ()
    problems: tuple[Problem, ...] = ()
    offers: tuple[Offer, ...] = ()

    @property
    def need(self) -> SymbolNeed:
        """What it must have."""
        return self.blueprint.need

    @property
    def refused(self) -> bool:
        """Whether something fatal was found."""
        return bool(self.problems) and any(problem.fatal for problem in self.problems)

    def missing(self, interval: Interval) -> bool:
        """Whether the symbol does not have an interval yet."""
        return self.record is None or interval not in self.record.series

    @property
    def absent(self) -> list[Interval]:
        """The intervals that are needed and not there."""
        return [interval for interval in self.need.amounts if self.missing(interval)]

    def lacks(self, interval: Interval) -> bool:
        """Whether more history of an interval is needed than is held."""
        wanted = self.need.amounts[interval]
        if self.record is None or self.missing(interval):
            return wanted.some
        held = self.record.series[interval].amount
        return (held | wanted) != held

    def find(self, findings: Findings) -> None:
        """Note what was found."""
        problems, offers = findings
        if problems or offers:
            self.problems, self.offers = (*self.problems, *problems), (*self.offers, *offers)
