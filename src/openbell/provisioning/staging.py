"""Everything of a plan that can fail, done away from the session: reads, folds, warm-ups.

What comes out, a `StagedSymbol`, is complete: committing it only moves references.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.derive import derive
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval, Unit
from openbell.errors import StoreError
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.batch import Stand
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.market.windows import windows
from openbell.provisioning.bases import base_of
from openbell.provisioning.past import MINUTE, PastFigures, curve
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.steps import (
    LOADING,
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
)
from openbell.provisioning.warming import Bars, Warmer, depends_on_place
from openbell.session.records import Amount, History, SymbolRecord
from openbell.session.session_data import SessionData
from openbell.session.weeks import folded_today, with_week_so_far
from openbell.store.manager import DataManager

Slots = npt.NDArray[np.int64]
Blocks = Mapping[Interval, Block]
Task = tuple[Interval, tuple[IndicatorSpec, ...]]

CHUNK = 64
MANY = 8
NO_AMOUNT, NO_HISTORY, NO_BARS, NO_SLOTS = Amount(), History(), Block.empty(), np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Making:
    """What a load means in stamps: the same for every symbol that takes it.

    Parameters
    ----------
    left, right, held
        ns UTC: bars stamped in ``[left, right)`` are made, those from ``held`` on stay.
    """

    load: Load
    left: int
    right: int
    held: int


@dataclass(slots=True)
class StagedSeries:
    """An interval made ready: its history, and for a new one today's bars and what is still on tape."""

    base: Interval | None
    new: bool
    amount: Amount = NO_AMOUNT
    history: History = NO_HISTORY
    since: int | None = None
    today: Block = NO_BARS
    slots: Slots = field(default_factory=lambda: NO_SLOTS)
    tape: Block | None = None
    tape_slots: Slots = field(default_factory=lambda: NO_SLOTS)


@dataclass(slots=True)
class StagedSymbol:
    """All that a symbol's steps bring, ready to be committed."""

    requirements: ProvisioningRequirements
    record: SymbolRecord | None
    series: dict[Interval, StagedSeries] = field(default_factory=dict)
    specs: tuple[IndicatorSpec, ...] = ()
    warm: dict[str, tuple[IndicatorSpec, Warm]] = field(default_factory=dict)
    stands: list[tuple[Stand, int]] = field(default_factory=list)
    kept: frozenset[str] = frozenset()
    upgrade: bool = False
    evicted: tuple[str, ...] = ()
    quality: tuple[bool, bool] | None = None
    aggregates: dict[str, float | Floats] | None = None


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
        self._sorted: dict[tuple[int, frozenset[str]], tuple[tuple[IndicatorSpec, ...], tuple[Task, ...]]] = {}

    def read(
        self, group: Sequence[ProvisioningRequirements]
    ) -> Iterator[tuple[ProvisioningRequirements, Blocks | StoreError]]:
        """Each requirement with the stored bars it needs, history and today in one read per interval and range.

        A symbol whose file cannot be read comes with the error; the others go on.
        """
        self._past.expect(requirements.symbol for requirements in group)
        for start in range(0, len(group), CHUNK):
            yield from self._read_chunk(group[start : start + CHUNK])

    def _read_chunk(
        self, chunk: Sequence[ProvisioningRequirements]
    ) -> Iterator[tuple[ProvisioningRequirements, Blocks | StoreError]]:
        alike: dict[tuple[Interval, int, int], list[str]] = {}
        for requirements in chunk:
            for interval, (first, last) in spans_of(requirements).items():
                alike.setdefault((interval, first, last), []).append(requirements.symbol)
        found: dict[str, dict[Interval, Block]] = {requirements.symbol: {} for requirements in chunk}
        errors: dict[str, StoreError] = {}
        for (interval, first, last), symbols in alike.items():
            for symbol, block in self._blocks(symbols, interval, first, last, errors).items():
                found[symbol][interval] = block
        for requirements in chunk:
            yield requirements, errors.get(requirements.symbol, found[requirements.symbol])

    def _blocks(
        self, symbols: list[str], interval: Interval, first: int, last: int, errors: dict[str, StoreError]
    ) -> Mapping[str, Block]:
        try:
            return self._data.read(symbols, interval, first, last, self._time.hours)
        except StoreError as error:
            if len(symbols) == 1:
                errors[symbols[0]] = error
                return {}
        alone = (self._blocks([symbol], interval, first, last, errors) for symbol in symbols)
        return {symbol: block for one in alone for symbol, block in one.items()}

    def step(self, staged: StagedSymbol, step: Step, blocks: Blocks) -> int:
        """Carry out one step on the staged symbol; returns how many stored bars it took in."""
        match step:
            case CreateSymbol():
                pass
            case EvictSymbol(symbol):
                staged.evicted = (*staged.evicted, symbol)
            case UpgradeSymbol():
                staged.upgrade = True
            case AddInterval(interval, base):
                staged.series[interval] = StagedSeries(base, new=True)
            case LoadHistorical(loads, reads):
                self._history(staged, loads, blocks)
                return sum(read.bars for read in reads)
            case LoadSession(reads):
                self._today(staged, blocks)
                return sum(read.bars for read in reads)
            case CalculateAggregates(rules, reads):
                staged.aggregates = {name: self._figure(staged, one, blocks) for name, one in rules}
                return sum(read.bars for read in reads)
            case RegisterIndicators(specs, kept):
                staged.kept, staged.specs = kept, specs
                for spec in specs:
                    self._session.indicators.prepare(spec)
            case CalculateQuality(history, session):
                staged.quality = (history, session)
        return 0

    def _history(self, staged: StagedSymbol, loads: Sequence[Load], blocks: Blocks) -> None:
        stored: dict[Interval, Block] = {}
        for load in loads:
            source = load.interval if load.base is None else load.base
            if source not in stored:
                stored[source] = self._stored(staged, source, blocks)
            making = self._making(load)
            made = self._made(staged.requirements.symbol, making, stored[source], blocks)
            series, held = staged.series.get(load.interval), NO_HISTORY
            if series is None:
                assert staged.record is not None
                there = staged.record.series[load.interval]
                series = staged.series[load.interval] = StagedSeries(there.base, new=False)
                held = there.history.since(making.held)
            history = History((made, *held.parts) if len(made) else held.parts)
            series.history = self._warmer.trimmed(history, load.amount)
            series.amount, series.since = load.amount, load.since

    def _making(self, load: Load) -> Making:
        known = self._makings.get(id(load))
        if known is None:
            begins, until = self._time.calendar.begins, self._until(load)
            edges = (int(begins[load.first]), int(begins[until]), int(begins[load.until]))
            known = self._makings[id(load)] = Making(load, *edges)
        return known

    def _made(self, symbol: str, making: Making, stored: Block, blocks: Blocks) -> Block:
        load, until = making.load, self._until(making.load)
        if load.base is None:
            return stored.between(making.left, making.right)

        def make(first: int, _: Sequence[int]) -> list[Block]:
            return [self._folded(load, first, until, stored, blocks)]

        if load.interval.unit is Unit.WEEK:
            return make(load.first, [0])[0]
        meant = load.interval, load.base, self._time.hours, self._session.completeness
        return self._data.folded([symbol], meant, load.first, until - 1, make)[0]

    def _folded(self, load: Load, first: int, until: int, stored: Block, blocks: Blocks) -> Block:
        """Bars of the sessions from one on, made of stored ones."""
        calendar, hours, base = self._time.calendar, self._time.hours, load.base
        assert base is not None
        stretch = int(calendar.begins[first]), int(calendar.begins[until])
        grid, expected, lefts = windows(calendar, load.interval, base, first, until - 1, hours)
        bars = stored.between(*stretch)
        made = derive(bars, grid, expected, completeness=self._session.completeness, lefts=lefts)
        own = blocks.get(load.interval)
        return made if own is None else self._merged(made, bars, own.between(*stretch))

    def _figure(self, staged: StagedSymbol, aggregate: Aggregate, blocks: Blocks) -> float | Floats:
        symbol = staged.requirements.symbol
        if aggregate.per == "session":
            return self._past.of(aggregate, symbol)
        info = self._data.info(symbol)
        base = None if info is None else base_of(MINUTE, info.intervals_on(self._time.today.date))
        assert base is not None
        bars = self._stored(staged, base, blocks)
        return curve(aggregate, self._time, base, bars, self._session.completeness)

    def _until(self, load: Load) -> int:
        """The first session that is not made: of a week that is not over, nothing is."""
        weekly = load.interval.unit is Unit.WEEK
        return self._time.calendar.week_start(load.until) if weekly else load.until

    def _stored(self, staged: StagedSymbol, interval: Interval, blocks: Blocks) -> Block:
        """Bars of a stored interval before today: those just read, then those that are held."""
        read = blocks.get(interval, Block.empty()).between(0, self._begin)
        if staged.record is None or interval not in staged.record.series:
            return read
        held = staged.record.series[interval].history
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

    def _today(self, staged: StagedSymbol, blocks: Blocks) -> None:
        for interval, series in staged.series.items():
            if not series.new:
                continue
            grid, ended = self._windows_today(interval)
            if series.base is None:
                whole = blocks[interval].between(self._begin, grid_end(grid))
                slots = grid.slots_of_ascending(whole.ts)
                series.tape, series.tape_slots = whole, slots
                arrived = int(slots.searchsorted(ended))
                series.today, series.slots = whole[:arrived], slots[:arrived]
            elif ended:
                fine, past = self._today_of(staged, series.base), self._history_of(staged, series.base)
                series.today = self.folded_today(fine, past, interval, series.base)
                series.slots = grid.slots_of_ascending(series.today.ts)

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
        return folded_today(self._time, whole, interval, base, self._session.completeness)

    def _history_of(self, staged: StagedSymbol, interval: Interval) -> History:
        series = staged.series.get(interval)
        if series is not None:
            return series.history
        assert staged.record is not None
        return staged.record.series[interval].history

    def _today_of(self, staged: StagedSymbol, interval: Interval) -> Block:
        """Today's bars up to now, staged or there."""
        series = staged.series.get(interval)
        if series is not None and series.new:
            return series.today
        assert staged.record is not None
        return self._session.lanes[interval].panel.block(staged.record.row)

    def settle(self, staged: Sequence[StagedSymbol]) -> dict[str, Exception]:
        """Warm the symbols' new indicators up, many symbols at once; returns those that failed, and why."""
        tasks: dict[Task, list[StagedSymbol]] = {}
        failed: dict[str, Exception] = {}
        for one in staged:
            single, together = self._sorted_out(one)
            for task in together:
                tasks.setdefault(task, []).append(one)
            self._warm_alone([one], single, failed)
        for (interval, specs), group in tasks.items():
            if len(group) < MANY:
                self._warm_alone(group, specs, failed)
                continue
            bars = [self._bars_of(one, interval) for one in group]
            for stand in self._warmer.many(specs, bars):
                for place, one in enumerate(group):
                    one.stands.append((stand, place))
        return failed

    def _sorted_out(self, staged: StagedSymbol) -> tuple[tuple[IndicatorSpec, ...], tuple[Task, ...]]:
        """Indicators to be warmed up symbol by symbol, and those that many symbols can share; per interval."""
        key = (id(staged.specs), staged.kept)
        known = self._sorted.get(key)
        if known is None:
            single = tuple(spec for spec in staged.specs if spec.key in staged.kept or depends_on_place(spec))
            together: dict[Interval, list[IndicatorSpec]] = {}
            for spec in staged.specs:
                if spec not in single:
                    together.setdefault(spec.interval, []).append(spec)
            tasks = tuple((interval, tuple(specs)) for interval, specs in together.items())
            known = self._sorted[key] = single, tasks
        return known

    def _warm_alone(
        self, group: Sequence[StagedSymbol], specs: Sequence[IndicatorSpec], failed: dict[str, Exception]
    ) -> None:
        for one in group:
            try:
                for spec in specs:
                    bars = self._bars_of(one, spec.interval)
                    one.warm[spec.key] = (spec, self._warmer.one(spec, bars, keep=spec.key in one.kept))
            except Exception as error:  # a user's indicator may raise anything; only this symbol fails
                failed[one.requirements.symbol] = error

    def _bars_of(self, staged: StagedSymbol, interval: Interval) -> Bars:
        return Bars(self._history_of(staged, interval), self._today_of(staged, interval))

    def warm(self, record: SymbolRecord, spec: IndicatorSpec, *, keep: bool, today: Block | None = None) -> Warm:
        """An indicator of a symbol that is there, warmed up anew, with other bars of today if they are given."""
        if today is None:
            today = self._session.lanes[spec.interval].panel.block(record.row)
        return self._warmer.one(spec, Bars(record.series[spec.interval].history, today), keep=keep)

    def trimmed(self, history: History, amount: Amount) -> History:
        """The shortest end of history that holds the amount."""
        return self._warmer.trimmed(history, amount)


def spans_of(requirements: ProvisioningRequirements) -> dict[Interval, tuple[int, int]]:
    """The sessions to read of each stored interval: history and today as one stretch."""
    spans: dict[Interval, tuple[int, int]] = {}
    for step in requirements.provisioning_steps:
        if isinstance(step, LOADING):
            for read in step.reads:
                first, last = spans.get(read.interval, (read.first, read.last))
                spans[read.interval] = (min(first, read.first), max(last, read.last))
    return spans


def grid_end(grid: Grid) -> int:
    """The instant at which the last window ends."""
    return int(grid.ends[-1]) if len(grid) else 0
