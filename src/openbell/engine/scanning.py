"""Scanners at work: from a universe to candidates, from candidates to a few symbols in full.

1. `Scan.prepare`, before the first bar: the universe, cut down by figures over past sessions; what is left is asked for
   in one batch, with the bars and indicators that the scanner declared.
2. `Scan.run`, when the schedule says so: the user's scan sees the candidates as arrays.
3. `Scan._decide`: promotions within the limits, and what is let go; both are asked for in the scanner's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from openbell.config.session_file import ScannerRule
from openbell.desk.sight import LIGHT
from openbell.engine.schedule import due_today
from openbell.engine.seats import Seat
from openbell.provisioning.result import ProvisioningResult, Status
from openbell.scanners.day import DayFigures
from openbell.scanners.figures import Figures
from openbell.scanners.market import Market
from openbell.scanners.needs import ScanNeeds
from openbell.scanners.scanner import Picks, Scanner, names_in
from openbell.scanners.sofar import Curves
from openbell.scanners.universe import Universe, fulfilling, known_symbols
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, Ask

if TYPE_CHECKING:
    from openbell.engine.coordinator import SessionCoordinator


@dataclass(slots=True)
class ScanRecord:
    """One scan.

    Parameters
    ----------
    at, scanner
        When (ISO, UTC) and who.
    looked
        How many candidates there were.
    promoted, dropped, watched
        What came of it.
    waiting
        Names that were picked and had to wait, with the reason: the limit, the cool-down, or the minimum stay.
    refused
        Names that could not be had, with the reason.
    late
        How many scans fell together into this one, because the clock had passed them.
    """

    at: str
    scanner: str
    looked: int
    promoted: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    late: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Scan:
    """One scanner and its day.

    Parameters
    ----------
    seat, rule
        The user's scanner, and what the session file says of it.
    engine
        The session that it scans.
    """

    def __init__(self, seat: Seat, rule: ScannerRule, engine: "SessionCoordinator") -> None:
        self.seat, self.rule, self._engine = seat, rule, engine
        self.scanner: Scanner = seat.user
        self.records: list[ScanRecord] = []
        self.funnel: dict[str, int] = {}

    @property
    def light(self) -> str:
        """The owner of what candidates bring."""
        return f"{self.seat.name}{LIGHT}"

    def prepare(self) -> None:
        """Find today's candidates and ask for what they must bring."""
        engine = self._engine
        self.records, self.funnel = [], {}
        self._held: dict[str, int] = {}
        self._dropped: dict[str, int] = {}
        self._figures = Figures(engine.data, engine.time)
        self._curves = Curves(engine.data, engine.time)
        self._day = DayFigures(engine.session_data)
        self._due = due_today(self.rule.schedule, engine.time)
        self._members: tuple[int, list[str], Any] | None = None
        universe = known_symbols(engine.data, self._figures, self.rule.universe)
        passing = fulfilling(universe, self.rule.where)
        kept = self._filtered(passing)
        self.candidates = dict.fromkeys(kept.symbols)
        results = engine.provision(self._light_asks(self.candidates)) if self.candidates else []
        for result in results:
            if not result.ok:
                del self.candidates[result.symbol]
        if isinstance(self.seat.needs, ScanNeeds):
            for usual in self.seat.needs.usual:
                self._curves.of(usual, list(self.candidates))
        self.funnel = {
            "universe": len(universe),
            "where": len(passing),
            "filter": len(kept),
            "candidates": len(self.candidates),
        }

    def run(self, now: int, *, due: bool = False) -> None:
        """Scan if it is time to."""
        late = -1
        while self._due and self._due[0] <= now:
            self._due.pop(0)
            late += 1
        if (late >= 0 or due) and self.seat.enabled:
            self._scan(max(late, 0))

    def _scan(self, late: int) -> None:
        market = self._market()
        answer = self.seat.call(lambda: _picks(self.scanner.scan(market)))
        record = ScanRecord(self._engine.time.iso(market.now), self.seat.name, len(market), late=late)
        self.records.append(record)
        if answer is not None:
            self._decide(answer, record)

    def _market(self) -> Market:
        session = self._engine.session_data
        if self._members is None or self._members[0] != session.revision:
            names = [name for name in self.candidates if name in session.records]
            rows = np.fromiter((session.records[name].row for name in names), np.int64, len(names))
            self._members = (session.revision, names, rows)
        _, names, rows = self._members
        return Market(session, names, rows, frozenset(self._held), self._figures, self._curves, self._day.look())

    def _filtered(self, universe: Universe) -> Universe:
        if not self.seat.hears(Scanner, "filter"):
            return universe

        def kept() -> Universe:
            mask = self.scanner.filter(universe)
            return universe if mask is None else universe.where(mask)

        return self.seat.call(kept) or universe.where(())

    def _light_asks(self, names: Iterable[str]) -> list[Ask]:
        needs, owner = self.seat.needs, self.light
        asks: list[Ask] = []
        first = self._engine.file.intervals[0]
        for name in names:
            asks += [AddIndicator(name, owner, rule.spec, rule.keep) for rule in needs.indicators]
            asks += [AddBars(name, owner, one, rule.days) for rule in needs.history for one in rule.intervals]
            if not (needs.indicators or needs.history):
                asks.append(AddBars(name, owner, first))
        return asks

    def _decide(self, picks: Picks, record: ScanRecord) -> None:
        now = self._engine.time.now
        for name in picks.drop:
            self._drop(name, now, record)
        wanted = [name for name in dict.fromkeys(picks.promote) if name not in self._held]
        chosen = [name for name in wanted if self._may_come(name, now, record, len(record.promoted))]
        if chosen:
            asks = [AddSymbol(name, self.seat.name) for name in chosen]
            self._ask(asks, lambda results: self._promoted(results, now, record))
        fresh = [name for name in dict.fromkeys(picks.watch) if name not in self.candidates]
        if fresh:
            self._ask(self._light_asks(fresh), lambda results: self._watched(results, record))

    def _drop(self, name: str, now: int, record: ScanRecord) -> None:
        since = self._held.get(name)
        if since is None:
            return
        if now < since + self.rule.minimum_stay:
            record.waiting[name] = "stays at least"
            return
        del self._held[name]
        self._dropped[name] = now
        self._engine.owners.release(self.seat.name, name)
        record.dropped.append(name)

    def _may_come(self, name: str, now: int, record: ScanRecord, coming: int) -> bool:
        if name in self._dropped and now < self._dropped[name] + self.rule.cool_down:
            record.waiting[name] = "cools down"
            return False
        if self.rule.most_held is not None and len(self._held) + coming >= self.rule.most_held:
            record.waiting[name] = "as many are held as may be"
            return False
        record.promoted.append(name)
        return True

    def _promoted(self, results: Sequence[ProvisioningResult], now: int, record: ScanRecord) -> None:
        for result in results:
            if result.ok:
                self._held[result.symbol] = now
            else:
                record.promoted.remove(result.symbol)
                record.refused[result.symbol] = _reason(result)

    def _watched(self, results: Sequence[ProvisioningResult], record: ScanRecord) -> None:
        for result in results:
            if result.ok:
                self.candidates[result.symbol] = None
                record.watched.append(result.symbol)
            else:
                record.refused[result.symbol] = _reason(result)

    def _ask(self, asks: Sequence[Ask], then: Any) -> None:
        """Ask for several symbols as one batch, when the callbacks of this instant are through."""

        def action() -> ProvisioningResult:
            then(self._engine.provision(asks))
            return ProvisioningResult("", "scan", self.seat.name, Status.DONE, at=self._engine.time.now)

        promised = ProvisioningResult("", "scan", self.seat.name, Status.QUEUED, at=self._engine.time.now)
        self._engine.requests.submit(promised, action)


def _picks(answer: Picks | Iterable[str] | None) -> Picks:
    """What a scan returned, as picks with upper-case names."""
    if answer is None:
        return Picks()
    picks = answer if isinstance(answer, Picks) else Picks(names_in(answer, "scan returned"))
    return Picks(*(tuple(name.upper() for name in part) for part in (picks.promote, picks.drop, picks.watch)))


def _reason(result: ProvisioningResult) -> str:
    return next((problem.what for problem in result.problems if problem.fatal), result.status.value)
