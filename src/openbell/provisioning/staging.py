"""Everything of a plan that can fail, done away from the session: reads, folds, warm-ups.

What comes out, a `StagedSymbol`, is complete: committing it only moves references.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.bars.derive import derive
from openbell.bars.grid import Grid
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.indicators.chain import Places
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.provisioning.needs import warmup_of
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.steps import (
    AddInterval,
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
from openbell.provisioning.windows import windows
from openbell.session.records import Amount, History, SymbolRecord
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

Slots = npt.NDArray[np.int64]
Blocks = Mapping[Interval, Block]

CHUNK = 64
NO_AMOUNT, NO_HISTORY = Amount(), History()


@dataclass(slots=True)
class StagedSeries:
    """An interval made ready: its history, and for a new one today's bars and what is still on tape."""

    base: Interval | None
    new: bool
    amount: Amount = NO_AMOUNT
    history: History = NO_HISTORY
    since: int | None = None
    today: Block = field(default_factory=Block.empty)
    slots: Slots = field(default_factory=lambda: np.empty(0, np.int64))
    tape: Block | None = None
    tape_slots: Slots = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(slots=True)
class StagedSymbol:
    """All that a symbol's steps bring, ready to be committed."""

    requirements: ProvisioningRequirements
    record: SymbolRecord | None
    series: dict[Interval, StagedSeries] = field(default_factory=dict)
    warm: dict[str, tuple[IndicatorSpec, Warm]] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    upgrade: bool = False
    evicted: tuple[str, ...] = ()
    quality: tuple[bool, bool] | None = None


class Stager:
    """Prepares symbols against one session and store; changes neither.

    Parameters
    ----------
    session, data
        What is there, and what can be had.
    """

    def __init__(self, session: SessionData, data: DataManager) -> None:
        self._session, self._data, self._time = session, data, session.time
        self._begin = int(self._time.calendar.begins[self._time.today.ordinal])

    def read(
        self, group: Sequence[ProvisioningRequirements]
    ) -> Iterator[tuple[ProvisioningRequirements, Blocks | StoreError]]:
        """Each requirement with the stored bars it needs, history and today in one read per interval and range.

        A symbol whose file cannot be read comes with the error; the others go on.
        """
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
                for load in loads:
                    self._history(staged, load, blocks)
                return sum(read.bars for read in reads)
            case LoadSession(reads):
                self._today(staged, blocks)
                return sum(read.bars for read in reads)
            case RegisterIndicators(specs, kept):
                staged.kept = kept
                for spec in specs:
                    staged.warm[spec.key] = (spec, self._warm(staged, spec, spec.key in kept))
            case CalculateQuality(history, session):
                staged.quality = (history, session)
        return 0

    def _history(self, staged: StagedSymbol, load: Load, blocks: Blocks) -> None:
        series = staged.series.get(load.interval)
        held = History()
        if series is None:
            assert staged.record is not None
            there = staged.record.series[load.interval]
            series = staged.series[load.interval] = StagedSeries(there.base, new=False)
            held = there.history.since(int(self._time.calendar.begins[load.until]))
        made = self._made(staged, load, blocks)
        series.history = self.trimmed(History((made, *held.parts) if len(made) else held.parts), load.amount)
        series.amount, series.since = load.amount, load.since

    def _made(self, staged: StagedSymbol, load: Load, blocks: Blocks) -> Block:
        begins = self._time.calendar.begins
        left, right = int(begins[load.first]), int(begins[load.until])
        if load.base is None:
            return self._stored(staged, load.interval, blocks).between(left, right)
        base = self._stored(staged, load.base, blocks).between(left, right)
        grid, expected, lefts = windows(
            self._time.calendar, load.interval, load.base, load.first, load.until - 1, self._time.hours
        )
        made = derive(base, grid, expected, completeness=self._session.completeness, lefts=lefts)
        own = blocks.get(load.interval)
        return made if own is None else self._merged(made, base, own.between(left, right))

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

    def trimmed(self, history: History, amount: Amount) -> History:
        """The shortest end of history that holds the amount."""
        begins, today = self._time.calendar.begins, self._time.today.ordinal
        starts = [int(begins[max(today - amount.days, 0)])] if amount.days else []
        if amount.bars:
            last = history.last(amount.bars)
            starts += [int(last.ts[0])] if len(last) else []
        if amount.sessions:
            places = np.unique(np.searchsorted(begins, history.block.ts, side="right") - 1)
            starts += [int(begins[places[-amount.sessions :][0]])] if len(places) else []
        kept = history.since(min(starts)) if starts else History()
        # A short end of a long block would keep all of its memory alive.
        return kept if 2 * len(kept) > len(history) else History(tuple(part.copied() for part in kept.parts))

    def _today(self, staged: StagedSymbol, blocks: Blocks) -> None:
        for interval, series in staged.series.items():
            if not series.new:
                continue
            grid = self._time.grid(interval)
            if series.base is None:
                whole = blocks[interval].between(self._begin, grid_end(grid))
                slots = grid.slots_of(whole.ts)
                series.tape, series.tape_slots = whole, slots
                ended = int(np.searchsorted(slots, grid.ended_by(self._time.now)))
                series.today, series.slots = whole[:ended], slots[:ended]
            else:
                series.today = self.folded_today(self._today_of(staged, series.base), interval, series.base)
                series.slots = grid.slots_of(series.today.ts)

    def folded_today(self, fine: Block, interval: Interval, base: Interval) -> Block:
        """Today's bars that have ended by now, from today's bars of a base."""
        today, hours = self._time.today.ordinal, self._time.hours
        grid, expected, lefts = windows(self._time.calendar, interval, base, today, today, hours)
        ended = grid.ended_by(self._time.now)
        lefts = None if lefts is None else lefts[:ended]
        return derive(fine, grid[:ended], expected[:ended], completeness=self._session.completeness, lefts=lefts)

    def _today_of(self, staged: StagedSymbol, interval: Interval) -> Block:
        """Today's bars up to now, staged or there."""
        series = staged.series.get(interval)
        if series is not None and series.new:
            return series.today
        assert staged.record is not None
        return self._session.lanes[interval].panel.block(staged.record.row)

    def _warm(self, staged: StagedSymbol, spec: IndicatorSpec, keep: bool) -> Warm:
        series = staged.series.get(spec.interval)
        if series is not None:
            history = series.history
        else:
            assert staged.record is not None
            history = staged.record.series[spec.interval].history
        return self._warmed(spec, history, self._today_of(staged, spec.interval), keep)

    def warm(self, record: SymbolRecord, spec: IndicatorSpec, *, keep: bool, today: Block | None = None) -> Warm:
        """An indicator of a symbol that is there, warmed up anew, with other bars of today if they are given."""
        if today is None:
            today = self._session.lanes[spec.interval].panel.block(record.row)
        return self._warmed(spec, record.series[spec.interval].history, today, keep)

    def _warmed(self, spec: IndicatorSpec, history: History, today: Block, keep: bool) -> Warm:
        manager = self._session.indicators
        manager.prepare(spec)
        past = history.block if keep else self._past(history, warmup_of(spec))
        places = self._places(spec.interval, past, today) if depends_on_place(spec) else None
        warm = manager.warm(spec, past, today, places, keep=keep)
        if places is None and warm.seen:
            last = today if len(today) else past
            warm = replace(warm, last_updated=self._end(spec.interval, int(last.ts[-1])))
        return warm

    def _past(self, history: History, amount: Amount) -> Block:
        if amount.sessions:
            return self.trimmed(history, amount).block
        return history.last(amount.bars)

    def _places(self, interval: Interval, past: Block, today: Block) -> Places:
        """Slot, session, end and hours of each bar, history and today in one."""
        time = self._time
        parts = [(time.grid(interval), today, time.regular_slots(interval))]
        if len(past):
            first = int(np.searchsorted(time.calendar.begins, past.ts[0], side="right")) - 1
            grid = time.calendar.grid(interval, first, time.today.ordinal - 1, time.hours)
            parts.insert(0, (grid, past, time.calendar.regular_slots(grid)))
        slots, sessions, ends, regular = [], [], [], []
        for grid, block, inside in parts:
            at = grid.slots_of(block.ts)
            slots.append(at - np.searchsorted(grid.sessions, grid.sessions[at]))
            sessions.append(grid.sessions[at].astype(np.int64))
            ends.append(grid.ends[at])
            regular.append(inside[at])
        joined = (np.concatenate(column) for column in (slots, sessions, ends, regular))
        return Places(*joined)

    def _end(self, interval: Interval, stamp: int) -> int:
        """When the bar with a stamp ended."""
        session = int(np.searchsorted(self._time.calendar.begins, stamp, side="right")) - 1
        if not interval.intraday:
            session = max(session, 0)
        grid = self._time.calendar.grid(interval, session, min(session + 6, self._time.today.ordinal), self._time.hours)
        return int(grid.ends[np.searchsorted(grid.stamps, stamp, side="right") - 1])


def depends_on_place(spec: IndicatorSpec) -> bool:
    """Whether an indicator uses where bars lie: slots, sessions, or regular hours only."""
    needs = spec.needs
    placed = any(link.definition.bar_fields & {"slot", "session"} for link in spec.chain)
    return bool(needs.sessions or needs.regular or placed)


def spans_of(requirements: ProvisioningRequirements) -> dict[Interval, tuple[int, int]]:
    """The sessions to read of each stored interval: history and today as one stretch."""
    spans: dict[Interval, tuple[int, int]] = {}
    for step in requirements.provisioning_steps:
        if isinstance(step, LoadHistorical | LoadSession):
            for read in step.reads:
                first, last = spans.get(read.interval, (read.first, read.last))
                spans[read.interval] = (min(first, read.first), max(last, read.last))
    return spans


def grid_end(grid: Grid) -> int:
    """The instant at which the last window ends."""
    return int(grid.ends[-1]) if len(grid) else 0
