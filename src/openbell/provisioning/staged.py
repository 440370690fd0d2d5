"""What staging makes: symbols that are ready to be committed, and which of them can be made ready together."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.indicators.batch import Stand
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.result import StepReport
from openbell.provisioning.steps import LOADING, CalculateAggregates, LoadHistorical, LoadSession, Step
from openbell.session.records import Amount, History, SymbolRecord

Slots = npt.NDArray[np.int64]
Blocks = Mapping[Interval, Block]

NO_AMOUNT, NO_HISTORY, NO_BARS, NO_SLOTS = Amount(), History(), Block.empty(), np.empty(0, np.int64)
NO_BLOCKS: Blocks = MappingProxyType({})


@dataclass(slots=True)
class StagedSeries:
    """An interval made ready: its history, and for a new one today's bars and, among others, those still on tape."""

    base: Interval | None
    new: bool
    amount: Amount = NO_AMOUNT
    history: History = NO_HISTORY
    since: int | None = None
    today: Block = NO_BARS
    slots: Slots = field(default_factory=lambda: NO_SLOTS)
    tape: Block | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Warmed:
    """Indicators that were warmed up for many symbols together; each symbol has its place in all of them."""

    stands: Sequence[Stand]
    specs: Mapping[str, IndicatorSpec]

    @classmethod
    def of(cls, stands: Sequence[Stand]) -> "Warmed":
        """Stands, with their specs by key."""
        return cls(stands, {stand.spec.key: stand.spec for stand in stands})


@dataclass(slots=True)
class StagedSymbol:
    """What was read for a symbol, and all that its steps bring, ready to be committed."""

    requirements: ProvisioningRequirements
    record: SymbolRecord | None
    blocks: Blocks = field(default_factory=lambda: NO_BLOCKS)
    unread: StoreError | None = None
    reports: list[StepReport] = field(default_factory=list)
    series: dict[Interval, StagedSeries] = field(default_factory=dict)
    specs: tuple[IndicatorSpec, ...] = ()
    warm: dict[str, tuple[IndicatorSpec, Warm]] = field(default_factory=dict)
    warmed: list[tuple[Warmed, int]] = field(default_factory=list)
    kept: frozenset[str] = frozenset()
    upgrade: bool = False
    evicted: tuple[str, ...] = ()
    quality: tuple[bool, bool] | None = None
    aggregates: dict[str, float | Floats] | None = None


def alike(staged: Iterable[StagedSymbol]) -> list[list[StagedSymbol]]:
    """Symbols whose steps mean the same together, so that these can be carried out together."""
    known: dict[int, Hashable] = {}

    def meaning(one: StagedSymbol) -> Hashable:
        steps = one.requirements.provisioning_steps
        if id(steps) not in known:
            known[id(steps)] = tuple(map(_meaning, steps))
        return known[id(steps)]

    return grouped(staged, meaning)


def _meaning(step: Step) -> object:
    match step:
        case LoadHistorical(loads):
            return id(loads)
        case LoadSession():
            return LoadSession
        case CalculateAggregates(rules):
            return rules
        case _:
            return id(step)


def grouped(staged: Iterable[StagedSymbol], key: Callable[[StagedSymbol], Hashable]) -> list[list[StagedSymbol]]:
    """Those with equal keys together, in order of first mention."""
    groups: dict[Hashable, list[StagedSymbol]] = {}
    for one in staged:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())


def spans_of(requirements: ProvisioningRequirements) -> dict[Interval, tuple[int, int]]:
    """The sessions to read of each stored interval: history and today as one stretch."""
    spans: dict[Interval, tuple[int, int]] = {}
    for step in requirements.provisioning_steps:
        if isinstance(step, LOADING):
            for read in step.reads:
                first, last = spans.get(read.interval, (read.first, read.last))
                spans[read.interval] = (min(first, read.first), max(last, read.last))
    return spans
