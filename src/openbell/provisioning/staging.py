"""Everything of a plan that can fail, done away from the session: reads, folds, warm-ups.

What comes out, a `StagedSymbol`, is complete: committing it only moves references.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.derive import derive_all
from openbell.bars.folding import between
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval, Unit
from openbell.bars.sheaf import Sheaf
from openbell.errors import StoreError
from openbell.grouping import grouped
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.market.windows import windows
from openbell.provisioning.bases import base_of
from openbell.provisioning.past import MINUTE, PastFigures, curve
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.settling import Settler, history_of, today_of
from openbell.provisioning.staged import (
    NO_BARS,
    NO_HISTORY,
    Doing,
    StagedSymbol,
    spans_of,
)
from openbell.provisioning.steps import (
    AddInterval,
    CalculateAggregates,
    CalculateQuality,
    CreateSymbol,
    EvictSymbol,
    Load,
    LoadHistorical,
    LoadSession,
    RegisterIndicators,
    Step,
    UpgradeSymbol,
    reading,
)
from openbell.provisioning.warming import Bars, Warmer
from openbell.session.records import Amount, History, Series, SymbolRecord
from openbell.session.session_data import SessionData
from openbell.session.weeks import folded_today, with_week_so_far
from openbell.store.manager import DataManager

Found = dict[str, dict[Interval, Block]]
Errors = dict[str, StoreError]

CHUNK = 256


@dataclass(frozen=True, slots=True)
class Making:
    """What a load means in stamps: the same for every symbol that takes it.

    Parameters
    ----------
    left, right, held
        ns UTC: bars stamped in ``[left, right)`` are made, those from ``held`` on stay.
    whole
        Whether all that is made is held.
    until
        The first session of which nothing is made.
    """

    load: Load
    left: int
    right: int
    held: int
    whole: bool
    until: int


class Stager:
    """Prepares symbols against one session and store; changes neither.

    Parameters
    ----------
    session, data
        What is there, and what can be had.
    """

    def __init__(self, session: SessionData, data: DataManager) -> None:
        self._session, self._data, self._time = session, data, session.time
        self._warmer = Warmer(session)
        self._past = PastFigures(data, session.time)
        self._begin = int(self._time.calendar.begins[self._time.today.ordinal])
        self._makings: dict[int, Making] = {}
        self._ended: dict[Interval, tuple[Grid, int]] = {}

    def read(self, plan: Sequence[ProvisioningRequirements]) -> Iterator[list[StagedSymbol]]:
        """Symbols with the same steps, some at a time, with the stored bars that they need; together the whole plan.

        History and today are one read. A symbol whose file cannot be read comes with the error; the others go on.
        """
        self._past.expect(requirements.symbol for requirements in plan)
        for start in range(0, len(plan), CHUNK):
            chunk = plan[start : start + CHUNK]
            alike = grouped(chunk, lambda one: id(one.provisioning_steps)).values()
            errors: dict[str, StoreError] = {}
            found = self._read_together(alike, errors)
            for group in alike:
                yield self._begun(group, found, errors)

    def _read_together(self, groups: Iterable[Sequence[ProvisioningRequirements]], errors: Errors) -> Found:
        """The stored bars of symbols, one read for all that need the same stretch."""
        together: dict[tuple[Interval, int, int], list[str]] = {}
        for group in groups:
            symbols = [requirements.symbol for requirements in group]
            for interval, span in spans_of(group[0].provisioning_steps).items():
                together.setdefault((interval, *span), []).extend(symbols)
        found: Found = defaultdict(dict)
        for (interval, first, last), symbols in together.items():
            for symbol, block in self._blocks(symbols, interval, first, last, errors).items():
                found[symbol][interval] = block
        return found

    def _begun(self, group: Sequence[ProvisioningRequirements], found: Found, errors: Errors) -> list[StagedSymbol]:
        """Symbols with the same steps, of which none is done yet."""
        records, doing = self._session.records, Doing(reading(group[0].provisioning_steps))
        staged = [StagedSymbol(one, records.get(one.symbol), doing, found[one.symbol]) for one in group]
        for one in staged if errors else ():
            one.unread = errors.get(one.requirements.symbol)
        return staged

    def _blocks(
        self, symbols: list[str], interval: Interval, first: int, last: int, errors: Errors
    ) -> Mapping[str, Block]:
        try:
            return self._data.read(symbols, interval, first, last, self._time.hours)
        except StoreError as error:
            if len(symbols) == 1:
                errors[symbols[0]] = error
                return {}
        alone = (self._blocks([symbol], interval, first, last, errors) for symbol in symbols)
        return {symbol: block for one in alone for symbol, block in one.items()}

    def step(self, group: Sequence[StagedSymbol], step: Step) -> None:
        """Carry out a step for symbols that have the same ones; doing it again for some of them changes nothing."""
        match step:
            case CreateSymbol():
                pass
            case EvictSymbol(symbol):
                for one in group:
                    one.evicted = (*one.evicted, symbol)
            case UpgradeSymbol():
                for one in group:
                    one.upgrade = True
            case AddInterval(interval, base):
                group[0].doing.added[interval] = base
                for one in group:
                    one.series[interval] = Series(base)
            case LoadHistorical(loads):
                self._history(group, loads)
            case LoadSession():
                self._today(group)
            case CalculateAggregates(rules):
                for one in group:
                    one.aggregates = {name: self._figure(one, figure) for name, figure in rules}
            case RegisterIndicators(specs, kept):
                for spec in specs:
                    self._session.indicators.prepare(spec)
                for one in group:
                    one.kept, one.specs = kept, specs
            case CalculateQuality(history, session):
                for one in group:
                    one.quality = (history, session)

    def _history(self, group: Sequence[StagedSymbol], loads: Sequence[Load]) -> None:
        stored: dict[Interval, Sheaf] = {}
        for load in loads:
            source = load.interval if load.base is None else load.base
            if source not in stored:
                stored[source] = Sheaf.of([self._stored(one, source) for one in group])
            making = self._making(load)
            for one, made in zip(group, self._made(making, stored[source], group), strict=True):
                self._hold(one, making, History((made,)) if len(made) else NO_HISTORY)

    def _hold(self, staged: StagedSymbol, making: Making, made: History) -> None:
        """Hold what was made for a load, and of an interval that is there what is held already behind it."""
        load, history = making.load, made
        if load.interval in staged.doing.added:
            series = staged.series[load.interval]
        else:
            assert staged.record is not None
            there = staged.record.series[load.interval]
            series = staged.series[load.interval] = Series(there.base)
            history = History((*made.parts, *there.history.since(making.held).parts))
        series.history = history if making.whole else self._warmer.trimmed(history, load.amount)
        series.amount, series.since = load.amount, load.since

    def _making(self, load: Load) -> Making:
        known = self._makings.get(id(load))
        if known is None:
            begins, until, days = self._time.calendar.begins, self._until(load), load.amount.days
            edges = (int(begins[load.first]), int(begins[until]), int(begins[load.until]))
            whole = bool(days) and load.first >= self._time.today.ordinal - days
            known = self._makings[id(load)] = Making(load, *edges, whole, until)
        return known

    def _made(self, making: Making, stored: Sheaf, group: Sequence[StagedSymbol]) -> Sequence[Block]:
        """The bars of a load; those that were folded on an earlier day of this run roll on in the store's cache."""
        load = making.load
        if load.base is None:
            return between(stored, making.left, making.right)
        if load.interval.unit is Unit.WEEK:
            return self._folded(making, load.first, stored, group).blocks

        def make(first: int, places: Sequence[int]) -> Sheaf:
            return self._folded(making, first, stored.of_some(places), [group[place] for place in places])

        symbols = [one.requirements.symbol for one in group]
        meaning = load.interval, load.base, self._time.hours, self._session.completeness
        return self._data.folded(symbols, meaning, load.first, making.until - 1, make)

    def _folded(self, making: Making, first: int, stored: Sheaf, group: Sequence[StagedSymbol]) -> Sheaf:
        """Bars from a session on, made of stored ones."""
        calendar, load = self._time.calendar, making.load
        assert load.base is not None
        grid, expected, lefts = windows(calendar, load.interval, load.base, first, making.until - 1, self._time.hours)
        within, completeness = (int(calendar.begins[first]), making.right), self._session.completeness
        made = derive_all(stored, grid, expected, within=within, completeness=completeness, lefts=lefts)
        owned = [place for place, one in enumerate(group) if load.interval in one.blocks]
        if not owned:
            return made
        blocks = list(made.blocks)
        for place in owned:
            base, own = stored.blocks[place], group[place].blocks[load.interval]
            blocks[place] = self._merged(blocks[place], base.between(*within), own.between(*within))
        return Sheaf.of(blocks)

    def _figure(self, staged: StagedSymbol, aggregate: Aggregate) -> float | Floats:
        symbol = staged.requirements.symbol
        if aggregate.per == "session":
            return self._past.of(aggregate, symbol)
        info = self._data.info(symbol)
        base = None if info is None else base_of(MINUTE, info.intervals_on(self._time.today.date))
        assert base is not None
        bars = self._stored(staged, base)
        return curve(aggregate, self._time, base, bars, self._session.completeness)

    def _until(self, load: Load) -> int:
        """The first session that is not made: weeks are held from the first one that begins inside what is held.

        Of a week that is not over, nothing is made.
        """
        if load.interval.unit is not Unit.WEEK:
            return load.until
        week_start = self._time.calendar.week_start
        running = week_start(self._time.today.ordinal)
        return next((session for session in range(load.until, running) if week_start(session) == session), running)

    def _stored(self, staged: StagedSymbol, interval: Interval) -> Block:
        """Bars of a stored interval: those just read, today's among them, or those and then the ones that are held."""
        read = staged.blocks.get(interval, NO_BARS)
        if staged.record is None or interval not in staged.record.series:
            return read
        held = staged.record.series[interval].history
        read = read.between(0, self._begin)
        if len(read):
            held = held.since(int(read.ts[-1]) + 1)
        return Block.joined((read, *held.parts))

    def _merged(self, derived: Block, base: Block, own: Block) -> Block:
        """Derived bars, and stored ones of those sessions in which the base has none."""
        ordinals = self._time.calendar.ordinals_of
        only = ~np.isin(ordinals(own.ts), np.unique(ordinals(base.ts)))
        if not only.any():
            return derived
        both = Block.joined((derived, own[only]))
        return both[np.argsort(both.ts, kind="stable")].freeze()

    def _today(self, group: Sequence[StagedSymbol]) -> None:
        """Today's bars of new intervals up to now; before the first window has ended there are none."""
        for interval, base in group[0].doing.added.items():
            grid, ended = self._windows_today(interval)
            if not ended:
                continue
            made: Sequence[Block]
            if base is None:
                until = int(grid.stamps[ended]) if ended < len(grid) else grid_end(grid)
                made = [one.blocks[interval].between(self._begin, until) for one in group]
            else:
                fine = [self._week_so_far(one, interval, base) for one in group]
                made = folded_today(self._time, fine, interval, base, self._session.completeness)
            for one, today in zip(group, made, strict=True):
                one.today[interval] = grid.slots_of_ascending(today.ts), today

    def _week_so_far(self, staged: StagedSymbol, interval: Interval, base: Interval) -> Block:
        return with_week_so_far(self._time, interval, history_of(staged, base), today_of(self._session, staged, base))

    def _windows_today(self, interval: Interval) -> tuple[Grid, int]:
        """Today's windows of an interval, and how many have ended."""
        known = self._ended.get(interval)
        if known is None:
            grid = self._time.grid(interval)
            known = self._ended[interval] = (grid, grid.ended_by(self._time.now))
        return known

    def folded_today(self, fine: Block, past: History, interval: Interval, base: Interval) -> Block:
        """Today's bars that have ended by now, from a base's bars of today and, for weeks, of before."""
        whole = with_week_so_far(self._time, interval, past, fine)
        return folded_today(self._time, [whole], interval, base, self._session.completeness)[0]

    def settle(self, staged: Sequence[StagedSymbol]) -> dict[str, Exception]:
        """Warm the symbols' new indicators up, many symbols at once; returns those that failed, and why."""
        return Settler(self._session, self._warmer).settle(staged)

    def warm(self, record: SymbolRecord, spec: IndicatorSpec, *, keep: bool, today: Block | None = None) -> Warm:
        """An indicator of a symbol that is there, warmed up anew, with other bars of today if they are given."""
        if today is None:
            today = self._session.lanes[spec.interval].panel.block(record.row)
        return self._warmer.one(spec, Bars(record.series[spec.interval].history, today), keep=keep)

    def trimmed(self, history: History, amount: Amount) -> History:
        """The shortest end of history that holds the amount."""
        return self._warmer.trimmed(history, amount)


def grid_end(grid: Grid) -> int:
    """The instant at which the last window ends."""
    return int(grid.ends[-1]) if len(grid) else 0
