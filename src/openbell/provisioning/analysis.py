"""From asks to requirements: what is needed, what is there, and the difference. Changes nothing.

1. `need_of`: what each symbol must have, from the asks it holds and the new ones.
2. `base_of`: what each interval is folded from.
3. `Reacher.of`: how far back to read, for all symbols with the same need at once.
4. `_Draft.steps`: the difference to what is there, as steps in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.errors import Problem
from openbell.provisioning.bases import base_of
from openbell.provisioning.budget import within_budget
from openbell.provisioning.needs import SymbolNeed, need_of
from openbell.provisioning.offers import Offer
from openbell.provisioning.reach import Reach, Reacher
from openbell.provisioning.requirements import Moment, ProvisioningRequirements, by_symbol
from openbell.provisioning.steps import (
    AddInterval,
    CalculateQuality,
    CreateSymbol,
    Load,
    LoadHistorical,
    LoadSession,
    Read,
    RegisterIndicators,
    Step,
    UpgradeSymbol,
)
from openbell.provisioning.validation import Findings, Validator
from openbell.session.asks import Ask
from openbell.session.records import Amount, SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import BYTES_PER_BAR, DataManager


@dataclass(slots=True)
class Draft:
    """One symbol's analysis while it is made."""

    symbol: str
    asks: tuple[Ask, ...]
    record: SymbolRecord | None
    need: SymbolNeed
    stored: tuple[Interval, ...]
    bases: dict[Interval, Interval] = field(default_factory=dict)
    reaches: dict[Interval, Reach] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    def missing(self, interval: Interval) -> bool:
        """Whether the symbol does not have an interval yet."""
        return self.record is None or interval not in self.record.series

    def lacks(self, interval: Interval) -> bool:
        """Whether more history of an interval is needed than is held."""
        wanted = self.need.amounts[interval]
        held = Amount() if self.missing(interval) or self.record is None else self.record.series[interval].amount
        return (held | wanted) != held


class Analyst:
    """Works out requirements against one session, store and session file.

    Parameters
    ----------
    session, data, file
        What is there, what can be had, and what is promised.
    """

    def __init__(self, session: SessionData, data: DataManager, file: SessionFile) -> None:
        self._session, self._data, self._file = session, data, file
        self._time = session.time
        self._validator = Validator(data, session.time)

    def analyze(self, asks: Sequence[Ask]) -> tuple[ProvisioningRequirements, ...]:
        """Requirements for each symbol that is asked for, in order of first mention."""
        drafts = [self._draft(symbol, tuple(mine)) for symbol, mine in by_symbol(asks).items()]
        self._reach([draft for draft in drafts if not any(problem.fatal for problem in draft.problems)])
        return within_budget([self._finish(draft) for draft in drafts], self._session, self._file.budget)

    @property
    def moment(self) -> Moment:
        """The state that requirements made now are good for."""
        return Moment(self._time.today.ordinal, self._session.revision, self._time.now)

    def _draft(self, symbol: str, asks: tuple[Ask, ...]) -> Draft:
        record = self._session.records.get(symbol)
        need = need_of(symbol, (*self._session.asks.of(symbol), *asks), self._file)
        info = self._data.info(symbol)
        stored = () if info is None else info.intervals_on(self._time.today.date)
        draft = Draft(symbol, asks, record, need, stored)
        self._find(draft, self._validator.symbol(asks[0], need, stored))
        for interval in list(need.amounts):
            base = base_of(interval, stored)
            if base is not None:
                draft.bases[interval] = base
                if base != interval:
                    need.want(base, Amount(), f"the base of {interval}")
                    draft.bases[base] = base
        return draft

    def _reach(self, drafts: Sequence[Draft]) -> None:
        """Fill in how far back each interval must be read, one look at the catalogue per distinct need."""
        reacher = Reacher(self._data, self._time, self._session.completeness)
        alike: dict[tuple[Interval, Interval, Amount], list[Draft]] = {}
        for draft in drafts:
            for interval, amount in draft.need.amounts.items():
                if draft.lacks(interval):
                    alike.setdefault((interval, draft.bases[interval], amount), []).append(draft)
        for (interval, base, amount), group in alike.items():
            reaches = reacher.of([draft.symbol for draft in group], interval, base, amount)
            for draft, reach in zip(group, reaches, strict=True):
                draft.reaches[interval] = reach
        for draft in drafts:
            self._find(draft, self._validator.history(draft.asks[0], draft.need, draft.reaches))

    def _find(self, draft: Draft, findings: Findings) -> None:
        problems, offers = findings
        draft.problems += problems
        draft.offers += offers

    def _finish(self, draft: Draft) -> ProvisioningRequirements:
        streamed = [base for interval, base in draft.bases.items() if interval == base]
        fatal = any(problem.fatal for problem in draft.problems)
        return ProvisioningRequirements(
            symbol=draft.symbol,
            asks=draft.asks,
            moment=self.moment,
            provisioning_steps=() if fatal else tuple(self._steps(draft)),
            problems=tuple(draft.problems),
            offers=tuple(draft.offers) if fatal else (),
            symbol_exists=draft.record is not None,
            was_full=draft.record is not None and draft.record.tier is Tier.FULL,
            base_interval=min(streamed, key=lambda base: base.rank, default=None),
            required_intervals=tuple(sorted(draft.need.amounts)),
        )

    def _steps(self, draft: Draft) -> list[Step]:
        steps: list[Step] = []
        record, need = draft.record, draft.need
        if record is None:
            steps.append(CreateSymbol(f"{draft.symbol} is new; {'full' if need.full else 'ad hoc'}"))
        elif need.full and record.tier is Tier.ADHOC:
            steps.append(UpgradeSymbol(f"ad hoc until now; asked for by {draft.asks[0].owner}"))
        added = self._added(draft)
        steps += [AddInterval(i, _other(draft.bases[i], i), need.reasons[i]) for i in added]
        steps += self._history(draft)
        streamed = [interval for interval in added if draft.bases[interval] == interval]
        if added:
            reads = tuple(self._today(draft.symbol, interval) for interval in streamed)
            steps.append(LoadSession(reads, "today's bars up to now, the later ones with the stream"))
        steps += self._indicators(draft)
        quality = self._file.quality
        if need.full and (record is None or record.tier is Tier.ADHOC) and (quality.history or quality.session):
            steps.append(CalculateQuality(quality.history, quality.session, "every full symbol has its quality known"))
        return steps

    def _added(self, draft: Draft) -> list[Interval]:
        """Intervals to add, bases first, then from short to long."""
        missing = [interval for interval in draft.need.amounts if draft.missing(interval)]
        return sorted(missing, key=lambda interval: (draft.bases[interval] != interval, interval.rank))

    def _history(self, draft: Draft) -> list[Step]:
        loads = tuple(self._load(draft, i) for i in sorted(draft.reaches) if draft.need.amounts[i].some)
        if not loads:
            return []
        reads = self._reads(draft, loads)
        return [LoadHistorical(loads, reads, self._why(draft, loads))]

    def _load(self, draft: Draft, interval: Interval) -> Load:
        today = self._time.today.ordinal
        reach, amount = draft.reaches[interval], draft.need.amounts[interval]
        since = max(today - amount.days, 0) if amount.days else None
        until = self._held_from(draft, interval)
        return Load(interval, _other(draft.bases[interval], interval), amount, min(reach.first, until), until, since)

    def _held_from(self, draft: Draft, interval: Interval) -> int:
        """The oldest session of which every bar is held already, today's where there is none."""
        today = self._time.today.ordinal
        if draft.missing(interval) or draft.record is None:
            return today
        return max(today - draft.record.series[interval].amount.days, 0)

    def _reads(self, draft: Draft, loads: Sequence[Load]) -> tuple[Read, ...]:
        """What must be read so that every load can be made, each stored interval once."""
        today = self._time.today.ordinal
        firsts: dict[Interval, int] = {}
        for load in loads:
            for source in self._sources(draft, load):
                firsts[source] = min(firsts.get(source, today), load.first)
        reads = []
        for source, first in firsts.items():
            held = self._held_from(draft, source)
            last = min(today, held) - 1
            if first <= last:
                reads.append(self._read(draft.symbol, source, first, last))
        return tuple(reads)

    def _sources(self, draft: Draft, load: Load) -> tuple[Interval, ...]:
        if load.base is None:
            return (load.interval,)
        if load.interval in draft.stored:
            return (load.base, load.interval)
        return (load.base,)

    def _read(self, symbol: str, interval: Interval, first: int, last: int) -> Read:
        hours = self._time.hours
        bars = int(self._data.counts([symbol], interval, first, last, hours).sum())
        rows = int(self._data.rows([symbol], interval, first, last, hours).sum())
        return Read(interval, first, last, bars, rows * BYTES_PER_BAR)

    def _today(self, symbol: str, interval: Interval) -> Read:
        day = self._time.today.ordinal
        ended = self._time.grid(interval).ended_by(self._time.now)
        bars = 0
        if ended:
            bars = int(self._data.presence([symbol], interval, day, hours=self._time.hours)[0, :ended].sum())
        return Read(interval, day, day, bars)

    def _why(self, draft: Draft, loads: Sequence[Load]) -> str:
        wanted = []
        for load in loads:
            amount = load.amount
            parts = [f"{amount.days} days"] if amount.days else []
            parts += [f"{amount.bars} bars"] if amount.bars else []
            parts += [f"{amount.sessions} sessions"] if amount.sessions else []
            wanted.append(f"{' and '.join(parts)} of {load.interval} ({draft.need.reasons[load.interval]})")
        return ", ".join(wanted)

    def _indicators(self, draft: Draft) -> list[Step]:
        there = {} if draft.record is None else draft.record.indicators
        kept = set() if draft.record is None else draft.record.kept
        deeper = {interval for interval in draft.reaches if draft.need.amounts[interval].some}
        specs = tuple(
            spec
            for key, spec in draft.need.specs.items()
            # A kept series begins with the history that is held, so more history makes it anew.
            if key not in there or key in draft.need.kept - kept or (key in draft.need.kept and spec.interval in deeper)
        )
        if not specs:
            return []
        names = ", ".join(spec.key for spec in specs)
        return [RegisterIndicators(specs, frozenset(draft.need.kept), f"warmed up and bound to their bars: {names}")]


def _other(base: Interval, interval: Interval) -> Interval | None:
    return None if base == interval else base
