"""From asks to requirements: what is needed, what is there, and the difference. Changes nothing.

1. `Blueprints.of`: what each symbol must have, from the asks it holds and the new ones, and what it is folded from.
2. `Reacher.of`: how far back to read, for all symbols with the same need at once.
3. `Analyst._load`: what must be loaded, and so read; `Reacher.expect` looks up what that takes, all symbols at once.
4. `Analyst._steps`: the difference to what is there, as steps in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.errors import Problem
from openbell.provisioning.bases import base_of
from openbell.provisioning.blueprint import Blueprint, Blueprints, added_steps, quality_step, register_steps
from openbell.provisioning.budget import within_budget
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.offers import Offer
from openbell.provisioning.past import MINUTE
from openbell.provisioning.reach import Reach, Reacher, Span
from openbell.provisioning.requirements import Moment, ProvisioningRequirements, by_symbol
from openbell.provisioning.steps import (
    CalculateAggregates,
    Load,
    LoadHistorical,
    LoadSession,
    Read,
    Step,
    UpgradeSymbol,
)
from openbell.provisioning.validation import Findings, Validator
from openbell.session.asks import Ask
from openbell.session.records import Amount, SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

_TODAY = "today's bars up to now, the later ones with the stream"


@dataclass(slots=True)
class Draft:
    """One symbol's analysis while it is made."""

    symbol: str
    asks: tuple[Ask, ...]
    record: SymbolRecord | None
    stored: tuple[Interval, ...]
    blueprint: Blueprint
    reaches: dict[Interval, Reach] = field(default_factory=dict)
    loads: tuple[Load, ...] = ()
    why: str = ""
    spans: tuple[Span, ...] = ()
    arriving: tuple[Interval, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

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
        self.problems += findings[0]
        self.offers += findings[1]


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
        self._blueprints = Blueprints(file, session.time)
        self._known: dict[tuple[object, ...], tuple[tuple[Load, ...], str, tuple[Span, ...]]] = {}
        # By the identity of what one analysis holds.
        self._shared: dict[tuple[int, ...], tuple[Step, ...]] = {}

    def analyze(self, asks: Sequence[Ask]) -> tuple[ProvisioningRequirements, ...]:
        """Requirements for each symbol that is asked for, in order of first mention."""
        self._shared.clear()
        drafts = [self._draft(symbol, tuple(mine)) for symbol, mine in by_symbol(asks).items()]
        reacher = Reacher(self._data, self._time, self._session.completeness)
        self._reach(reacher, [draft for draft in drafts if not draft.refused])
        going = [draft for draft in drafts if not draft.refused]
        for group in _alike(going):
            self._load(group)
        reacher.expect((draft.symbol, draft.spans, draft.arriving) for draft in going)
        moment = self.moment
        made = [self._finish(draft, reacher, moment) for draft in drafts]
        return within_budget(made, self._session, self._file.budget)

    @property
    def moment(self) -> Moment:
        """The state that requirements made now are good for."""
        return Moment(self._time.today.ordinal, self._session.revision, self._time.now)

    def _draft(self, symbol: str, asks: tuple[Ask, ...]) -> Draft:
        info = self._data.info(symbol)
        stored = () if info is None else info.intervals_on(self._time.today.date)
        every = (*self._session.asks.of(symbol), *asks)
        draft = Draft(
            symbol, asks, self._session.records.get(symbol), stored, self._blueprints.of(symbol, every, stored)
        )
        draft.find(self._validator.symbol(asks[0], draft.need, stored))
        return draft

    def _reach(self, reacher: Reacher, drafts: Sequence[Draft]) -> None:
        """Fill in how far back each interval must be read, one look at the catalogue per distinct need."""
        alike: dict[tuple[Interval, Interval, Amount], list[Draft]] = {}
        for group in _alike(drafts):
            first = group[0]
            for interval, amount in first.need.amounts.items():
                if first.lacks(interval):
                    alike.setdefault((interval, first.blueprint.bases[interval], amount), []).extend(group)
        for (interval, base, amount), group in alike.items():
            reaches = reacher.of([draft.symbol for draft in group], interval, base, amount)
            for draft, reach in zip(group, reaches, strict=True):
                draft.reaches[interval] = reach
        for draft in drafts:
            draft.find(self._validator.history(draft.asks[0], draft.need, draft.reaches))

    def _finish(self, draft: Draft, reacher: Reacher, moment: Moment) -> ProvisioningRequirements:
        streamed, record = draft.blueprint.streamed, draft.record
        return ProvisioningRequirements(
            symbol=draft.symbol,
            asks=draft.asks,
            moment=moment,
            provisioning_steps=() if draft.refused else self._steps(draft, reacher),
            problems=tuple(draft.problems),
            offers=tuple(draft.offers) if draft.refused else (),
            symbol_exists=record is not None,
            was_full=record is not None and record.tier is Tier.FULL,
            base_interval=streamed[0] if streamed else None,
            required_intervals=draft.blueprint.intervals,
            already=() if record is None else _already(draft.need, record),
        )

    def _steps(self, draft: Draft, reacher: Reacher) -> tuple[Step, ...]:
        past = tuple([reacher.read(draft.symbol, *span) for span in draft.spans])
        today = tuple([reacher.today(draft.symbol, interval) for interval in draft.arriving])
        if draft.record is not None:
            return tuple(self._added(draft, draft.record, reacher, _history(draft, past), today))
        if draft.need.aggregates:
            return self._created(draft, reacher, past, today)
        # New symbols that read as much of the same share their steps.
        key = (id(draft.blueprint), id(draft.loads), *map(id, past), *map(id, today))
        known = self._shared.get(key)
        if known is None:
            known = self._shared[key] = self._created(draft, reacher, past, today)
        return known

    def _created(
        self, draft: Draft, reacher: Reacher, past: tuple[Read, ...], today: tuple[Read, ...]
    ) -> tuple[Step, ...]:
        """The steps of a new symbol."""
        blueprint, history = draft.blueprint, _history(draft, past)
        figures = self._aggregates(draft, reacher, history)
        return (*blueprint.create, *history, LoadSession(today, _TODAY), *figures, *blueprint.register)

    def _added(
        self, draft: Draft, record: SymbolRecord, reacher: Reacher, history: list[Step], today: tuple[Read, ...]
    ) -> list[Step]:
        """The steps of a symbol that is there."""
        blueprint, need = draft.blueprint, draft.need
        upgraded = need.full and record.tier is Tier.ADHOC
        steps: list[Step] = []
        if upgraded:
            steps.append(UpgradeSymbol(f"ad hoc until now; asked for by {draft.asks[0].owner}"))
        missing = draft.absent
        steps += added_steps(need, blueprint.bases, missing)
        steps += history
        if missing:
            steps.append(LoadSession(today, _TODAY))
        if upgraded:
            steps += self._aggregates(draft, reacher, history)
        steps += register_steps(need, self._unregistered(draft, record))
        if upgraded and (self._file.quality.history or self._file.quality.session):
            steps.append(quality_step(self._file))
        return steps

    def _aggregates(self, draft: Draft, reacher: Reacher, history: Sequence[Step]) -> list[Step]:
        """Figures over past sessions; of minutes only those are read that are neither held nor read anyway."""
        rules = tuple(draft.need.aggregates.items())
        if not rules:
            return []
        base, today = base_of(MINUTE, draft.stored), self._time.today.ordinal
        curves = [one.first_session(self._time.calendar, today) for _, one in rules if one.per == "minute"]
        reads: tuple[Read, ...] = ()
        if curves and base is not None:
            coming = [read.first for step in history if isinstance(step, LoadHistorical) for read in step.reads
                      if read.interval == base]  # fmt: skip
            until = min([today, self._held_from(draft, base), *coming])
            reads = (reacher.read(draft.symbol, base, min(curves), until - 1),) if min(curves) < until else ()
        return [CalculateAggregates(rules, reads, f"known before the open: {', '.join(name for name, _ in rules)}")]

    def _load(self, group: Sequence[Draft]) -> None:
        """Fill in what must be loaded, and from which stretches of the store; alike symbols share it."""
        first = group[0]
        amounts, blueprint = first.need.amounts, first.blueprint
        arriving = tuple(interval for interval in blueprint.streamed if first.missing(interval))
        wanted = tuple(interval for interval in sorted(first.reaches) if amounts[interval].some)
        held = tuple(self._held_from(first, interval) for interval in blueprint.bases)
        for draft in group:
            draft.arriving = arriving
            if wanted:
                firsts = tuple([draft.reaches[interval].first for interval in wanted])
                draft.loads, draft.why, draft.spans = self._loads(draft, wanted, firsts, held)

    def _loads(
        self, draft: Draft, wanted: tuple[Interval, ...], firsts: tuple[int, ...], held: tuple[int, ...]
    ) -> tuple[tuple[Load, ...], str, tuple[Span, ...]]:
        key = (draft.blueprint, wanted, firsts, held)
        known = self._known.get(key)
        if known is None:
            loads = tuple(self._made(draft, interval) for interval in wanted)
            known = self._known[key] = loads, _why(draft.need, loads), self._spans(draft, loads)
        return known

    def _made(self, draft: Draft, interval: Interval) -> Load:
        amount, base = draft.need.amounts[interval], draft.blueprint.bases[interval]
        since = max(self._time.today.ordinal - amount.days, 0) if amount.days else None
        first, until = draft.reaches[interval].first, self._held_from(draft, interval)
        return Load(interval, None if base == interval else base, amount, min(first, until), until, since)

    def _held_from(self, draft: Draft, interval: Interval) -> int:
        """The oldest session of which every bar is held already, today's where there is none."""
        today = self._time.today.ordinal
        if draft.missing(interval) or draft.record is None:
            return today
        return max(today - draft.record.series[interval].amount.days, 0)

    def _spans(self, draft: Draft, loads: Sequence[Load]) -> tuple[Span, ...]:
        """What must be read so that every load can be made, each stored interval once."""
        today = self._time.today.ordinal
        firsts: dict[Interval, int] = {}
        for load in loads:
            for source in _sources(load, draft.stored):
                firsts[source] = min(firsts.get(source, today), load.first)
        spans = ((source, first, min(today, self._held_from(draft, source)) - 1) for source, first in firsts.items())
        return tuple(span for span in spans if span[1] <= span[2])

    def _unregistered(self, draft: Draft, record: SymbolRecord) -> list[str]:
        """Indicators to register: those that are not there, and kept ones whose history grows."""
        need = draft.need
        deeper = {interval for interval in draft.reaches if need.amounts[interval].some}
        newly_kept = need.kept - record.kept
        return [
            key
            for key, spec in need.specs.items()
            if key not in record.indicators or key in newly_kept or (key in need.kept and spec.interval in deeper)
        ]


def _alike(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """New symbols with one blueprint together, as nothing is there that could tell them apart; the others alone."""
    groups: dict[int, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(id(draft.blueprint if draft.record is None else draft), []).append(draft)
    return list(groups.values())


def _history(draft: Draft, reads: tuple[Read, ...]) -> list[Step]:
    return [LoadHistorical(draft.loads, reads, draft.why)] if draft.loads else []


def _sources(load: Load, stored: Sequence[Interval]) -> tuple[Interval, ...]:
    if load.base is None:
        return (load.interval,)
    return (load.base, load.interval) if load.interval in stored else (load.base,)


def _already(need: SymbolNeed, record: SymbolRecord) -> tuple[str, ...]:
    """What of a need is there: intervals with the history they hold, indicators by key."""
    series = [(interval, record.series[interval]) for interval in sorted(need.amounts) if interval in record.series]
    bars = [f"{interval} with {len(one.history)} bars of history" for interval, one in series]
    return (*bars, *(key for key in need.specs if key in record.indicators))


def _why(need: SymbolNeed, loads: Sequence[Load]) -> str:
    wanted = []
    for load in loads:
        for kind, reason in need.because.get(load.interval, {}).items():
            wanted.append(f"{getattr(load.amount, kind)} {kind} of {load.interval} ({reason})")
    return ", ".join(wanted)
