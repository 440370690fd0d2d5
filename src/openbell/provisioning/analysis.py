"""From asks to requirements: what is needed, what is there, and the difference. Changes nothing.

1. `Blueprints.of`: what each symbol must have, from the asks it holds and the new ones, and what it is folded from.
2. `Reacher.of`: how far back to read, for all symbols with the same need at once.
3. `Analyst._created`, `Analyst._added`: the difference to what is there, as steps in order, once for symbols that are
   alike.
4. `Reacher.expect`: what these steps read of each symbol.
"""

from collections.abc import Sequence
from hashlib import blake2b
from operator import attrgetter

from openbell.bars.interval import Interval
from openbell.config.session_file import SessionFile
from openbell.grouping import grouped
from openbell.provisioning.bases import base_of
from openbell.provisioning.blueprint import Blueprints, added_steps, quality_step, register_steps
from openbell.provisioning.budget import within_budget
from openbell.provisioning.draft import Draft
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.past import MINUTE
from openbell.provisioning.reach import Reacher
from openbell.provisioning.requirements import Moment, ProvisioningRequirements
from openbell.provisioning.steps import (
    CalculateAggregates,
    Load,
    LoadHistorical,
    LoadSession,
    Step,
    Stretch,
    UpgradeSymbol,
    stretches_of,
)
from openbell.provisioning.validation import Validator
from openbell.session.asks import Ask
from openbell.session.records import Amount, SymbolRecord, Tier
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

_TODAY = "today's bars up to now, the later ones with the stream"


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
        self._blueprints = Blueprints(file, data, session.time)
        self._name = blake2b(f"{data.root.resolve()} {file.text}".encode(), digest_size=8).hexdigest()
        self._known: dict[tuple[object, ...], tuple[tuple[Load, ...], str, tuple[Stretch, ...]]] = {}

    def analyze(self, asks: Sequence[Ask]) -> tuple[ProvisioningRequirements, ...]:
        """Requirements for each symbol that is asked for, in order of first mention."""
        drafts = [self._draft(symbol, tuple(mine)) for symbol, mine in grouped(asks, attrgetter("symbol")).items()]
        reacher = Reacher(self._data, self._time, self._session.completeness)
        reached = self._reach(reacher, [draft for draft in drafts if not draft.refused])
        self._lay_out(reacher, [group for group in map(self._passing, reached) if group])
        moment = self.moment
        made = [_requirements(draft, moment) for draft in drafts]
        return within_budget(made, self._session, self._file.budget)

    @property
    def moment(self) -> Moment:
        """The state that requirements made now are good for."""
        session = f"{self._name}{self._session.asks.trail}"
        return Moment(self._time.today.ordinal, self._session.revision, self._time.now, session)

    def _draft(self, symbol: str, asks: tuple[Ask, ...]) -> Draft:
        stored = self._blueprints.stored(symbol)
        every = (*self._session.asks.of(symbol), *asks)
        draft = Draft(
            symbol, asks, self._session.records.get(symbol), stored, self._blueprints.of(symbol, every, stored)
        )
        draft.find(self._validator.symbol(asks[0], draft.need, stored))
        return draft

    def _reach(self, reacher: Reacher, drafts: Sequence[Draft]) -> list[list[Draft]]:
        """Fill in how far back each interval must be read, and put those together that are alike in all of it.

        One look at the catalogue per distinct need.
        """
        alike: dict[tuple[Interval, Interval, Amount], list[Draft]] = {}
        for group in grouped(drafts, _kind).values():
            first = group[0]
            for interval, amount in first.need.amounts.items():
                if first.lacks(interval):
                    alike.setdefault((interval, first.blueprint.bases[interval], amount), []).extend(group)
        for (interval, base, amount), group in alike.items():
            reaches = reacher.of([draft.symbol for draft in group], interval, base, amount)
            for draft, reach in zip(group, reaches, strict=True):
                draft.reaches[interval] = reach
        same = grouped(drafts, lambda draft: (_kind(draft), *[reach.first for reach in draft.reaches.values()]))
        return list(same.values())

    def _passing(self, group: list[Draft]) -> list[Draft]:
        """Those of some drafts that are alike for which nothing fatal is found in their history."""
        need, enough, acts = group[0].need, self._validator.enough, self._data.acts
        doubtful = [draft for draft in group if not enough(need, draft.reaches) or acts(draft.symbol)]
        for draft in doubtful:
            draft.find(self._validator.history(draft.asks[0], need, draft.reaches))
        return [draft for draft in group if not draft.refused] if doubtful else group

    def _lay_out(self, reacher: Reacher, groups: Sequence[list[Draft]]) -> None:
        """Fill in steps and what they read; drafts that come to the same steps share them."""
        equal: dict[tuple[Step, ...], tuple[Step, ...]] = {}
        ways: list[tuple[list[Draft], list[str], tuple[Stretch, ...]]] = []
        for group in groups:
            first = group[0]
            steps = self._created(first) if first.record is None else tuple(self._added(first, first.record))
            if first.record is not None:
                steps = equal.setdefault(steps, steps)
            for draft in group:
                draft.steps = steps
            ways.append((group, [draft.symbol for draft in group], stretches_of(steps)))
        reacher.expect((symbols, stretches) for _, symbols, stretches in ways)
        for group, symbols, stretches in ways:
            for draft, reads in zip(group, reacher.reads(symbols, stretches), strict=True):
                draft.reads = reads

    def _created(self, draft: Draft) -> tuple[Step, ...]:
        """The steps of a new symbol."""
        blueprint, history = draft.blueprint, self._history(draft)
        figures = self._aggregates(draft, history)
        return (*blueprint.create, *history, self._session_of(draft), *figures, *blueprint.register)

    def _added(self, draft: Draft, record: SymbolRecord) -> list[Step]:
        """The steps of a symbol that is there."""
        blueprint, need = draft.blueprint, draft.need
        upgraded, missing = need.full and record.tier is Tier.ADHOC, draft.absent
        steps: list[Step] = []
        if upgraded:
            steps.append(UpgradeSymbol(f"ad hoc until now; asked for by {draft.asks[0].owner}"))
        history = self._history(draft)
        steps += [*added_steps(need, blueprint.bases, missing), *history]
        if missing:
            steps.append(self._session_of(draft))
        if upgraded:
            steps += self._aggregates(draft, history)
        steps += register_steps(need, self._unregistered(draft, record))
        if upgraded and (self._file.quality.history or self._file.quality.session):
            steps.append(quality_step(self._file))
        return steps

    def _session_of(self, draft: Draft) -> LoadSession:
        """Loads today's bars of those intervals that are not folded and not there yet."""
        today = self._time.today.ordinal
        arriving = (interval for interval in draft.blueprint.streamed if draft.missing(interval))
        return LoadSession(tuple(Stretch(interval, today, today) for interval in arriving), _TODAY)

    def _aggregates(self, draft: Draft, history: Sequence[LoadHistorical]) -> list[Step]:
        """Figures over past sessions; of minutes only those are read that are neither held nor read anyway."""
        rules = tuple(draft.need.aggregates.items())
        if not rules:
            return []
        base, today = base_of(MINUTE, draft.stored), self._time.today.ordinal
        curves = [one.first_session(self._time.calendar, today) for _, one in rules if one.per == "minute"]
        stretches: tuple[Stretch, ...] = ()
        if curves and base is not None:
            coming = [stretch.first for step in history for stretch in step.stretches if stretch.interval == base]
            until = min([today, self._held_from(draft, base), *coming])
            stretches = (Stretch(base, min(curves), until - 1),) if min(curves) < until else ()
        why = f"known before the open: {', '.join(name for name, _ in rules)}"
        return [CalculateAggregates(rules, stretches, why)]

    def _history(self, draft: Draft) -> list[LoadHistorical]:
        """Loads the bars before today that are needed and not there, if any are."""
        wanted = tuple(interval for interval in sorted(draft.reaches) if draft.need.amounts[interval].some)
        if not wanted:
            return []
        firsts = tuple(draft.reaches[interval].first for interval in wanted)
        held = tuple(self._held_from(draft, interval) for interval in draft.blueprint.bases)
        loads, why, stretches = self._loads(draft, wanted, firsts, held)
        return [LoadHistorical(loads, stretches, why)]

    def _loads(
        self, draft: Draft, wanted: tuple[Interval, ...], firsts: tuple[int, ...], held: tuple[int, ...]
    ) -> tuple[tuple[Load, ...], str, tuple[Stretch, ...]]:
        key = (draft.blueprint, wanted, firsts, held)
        known = self._known.get(key)
        if known is None:
            loads = tuple(self._made(draft, interval) for interval in wanted)
            known = self._known[key] = loads, _why(draft.need, loads), self._stretches(draft, loads)
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

    def _stretches(self, draft: Draft, loads: Sequence[Load]) -> tuple[Stretch, ...]:
        """What must be read so that every load can be made, each stored interval once."""
        today = self._time.today.ordinal
        firsts: dict[Interval, int] = {}
        for load in loads:
            for source in _sources(load, draft.stored):
                firsts[source] = min(firsts.get(source, today), load.first)
        lasts = {source: min(today, self._held_from(draft, source)) - 1 for source in firsts}
        return tuple(Stretch(one, first, lasts[one]) for one, first in firsts.items() if first <= lasts[one])

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


def _kind(draft: Draft) -> int:
    """The same for new symbols with one blueprint, as nothing is there that could tell them apart."""
    return id(draft.blueprint if draft.record is None else draft)


def _requirements(draft: Draft, moment: Moment) -> ProvisioningRequirements:
    """What was found out, for people and the executor."""
    streamed, record, refused = draft.blueprint.streamed, draft.record, draft.refused
    return ProvisioningRequirements(
        symbol=draft.symbol,
        asks=draft.asks,
        moment=moment,
        provisioning_steps=draft.steps,
        reads=draft.reads,
        problems=draft.problems,
        offers=draft.offers if refused else (),
        symbol_exists=record is not None,
        was_full=record is not None and record.tier is Tier.FULL,
        base_interval=streamed[0] if streamed else None,
        required_intervals=draft.blueprint.intervals,
        already=() if record is None else _already(draft.need, record),
    )


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
