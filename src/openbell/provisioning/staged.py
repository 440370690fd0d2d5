"""What staging makes: symbols that are ready to be committed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
from openbell.provisioning.steps import Read, Step, stretches_of
from openbell.session.records import History, Series, SymbolRecord

Slots = npt.NDArray[np.int64]

NO_HISTORY, NO_BARS = History(), Block.empty()


@dataclass(frozen=True, slots=True, eq=False)
class Warmed:
    """Indicators that were warmed up for many symbols together; each symbol has its place in all of them."""

    stands: Sequence[Stand]
    specs: Mapping[str, IndicatorSpec]

    @classmethod
    def of(cls, stands: Sequence[Stand]) -> "Warmed":
        """Stands, with their specs by key."""
        return cls(stands, {stand.spec.key: stand.spec for stand in stands})


@dataclass(frozen=True, slots=True, eq=False)
class Doing:
    """Steps that are carried out for symbols that are alike, with what has been done so far.

    Parameters
    ----------
    reports
        Of each step that is done, with a symbol's share of the time; bars are a symbol's own.
    reading
        The steps that read, as `openbell.provisioning.steps.reading`.
    added
        The intervals that were not there, each with its base; None where its bars are streamed.
    """

    reading: Sequence[tuple[int, slice]]
    reports: list[StepReport] = field(default_factory=list)
    added: dict[Interval, Interval | None] = field(default_factory=dict)

    def told(self, reads: Sequence[Read], steps: int | None = None) -> tuple[StepReport, ...]:
        """What was done for a symbol with these reads: all of it, or so many steps."""
        told = self.reports[:steps]
        for place, own in self.reading:
            bars = sum([read.bars for read in reads[own]])
            if bars and place < len(told):
                step, seconds, _, about = told[place]
                told[place] = StepReport(step, seconds, bars, about)
        return tuple(told)


@dataclass(slots=True)
class StagedSymbol:
    """What was read for a symbol, and all that its steps bring, ready to be committed.

    Parameters
    ----------
    doing
        Shared with the symbols that go through the same steps.
    blocks
        The stored bars that were read, of history and of today: what is still to come goes on tape.
    unread
        Why they could not be read.
    series
        Intervals that are new, or have more history.
    today
        Today's bars up to now of new intervals, with their slots.
    warm, warmed
        Indicators that were warmed up for this symbol alone, and for many.
    """

    requirements: ProvisioningRequirements
    record: SymbolRecord | None
    doing: Doing
    blocks: Mapping[Interval, Block]
    unread: StoreError | None = None
    series: dict[Interval, Series] = field(default_factory=dict)
    today: dict[Interval, tuple[Slots, Block]] = field(default_factory=dict)
    specs: tuple[IndicatorSpec, ...] = ()
    warm: tuple[tuple[IndicatorSpec, Warm], ...] = ()
    warmed: tuple[tuple[Warmed, int], ...] = ()
    kept: frozenset[str] = frozenset()
    upgrade: bool = False
    evicted: tuple[str, ...] = ()
    quality: tuple[bool, bool] | None = None
    aggregates: dict[str, float | Floats] | None = None


def spans_of(steps: Iterable[Step]) -> dict[Interval, tuple[int, int]]:
    """The sessions to read of each stored interval: history and today as one stretch."""
    spans: dict[Interval, tuple[int, int]] = {}
    for stretch in stretches_of(steps):
        first, last = spans.get(stretch.interval, (stretch.first, stretch.last))
        spans[stretch.interval] = (min(first, stretch.first), max(last, stretch.last))
    return spans
