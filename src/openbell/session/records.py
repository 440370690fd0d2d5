"""What a session keeps about each symbol."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.indicators.spec import IndicatorSpec
from openbell.market.actions import Action


class Tier(StrEnum):
    """How much of a symbol is there: everything the session file promises, or only what was asked for."""

    FULL = "full"
    ADHOC = "adhoc"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much history is asked of an interval; each figure is a least one.

    Parameters
    ----------
    days
        All bars of so many trading days before today.
    bars
        The last so many present bars.
    sessions
        All bars of the last so many sessions in which the symbol has any.
    """

    days: int = 0
    bars: int = 0
    sessions: int = 0

    def __or__(self, other: "Amount") -> "Amount":
        return Amount(max(self.days, other.days), max(self.bars, other.bars), max(self.sessions, other.sessions))

    @property
    def some(self) -> bool:
        """Whether any history is asked for."""
        return bool(self.days or self.bars or self.sessions)


@dataclass(frozen=True, slots=True)
class History:
    """Bars before today's session: immutable blocks that follow one another in time."""

    parts: tuple[Block, ...] = ()

    def __len__(self) -> int:
        if len(self.parts) == 1:
            return len(self.parts[0])
        return sum(len(part) for part in self.parts)

    @property
    def block(self) -> Block:
        """All of it as one block; free of cost where there is one part."""
        return Block.joined(self.parts)

    @property
    def first(self) -> int | None:
        """Stamp of the oldest bar."""
        return next((int(part.ts[0]) for part in self.parts if len(part)), None)

    def since(self, stamp: int) -> "History":
        """The part from a stamp on."""
        first = self.first
        if first is None or first >= stamp:
            return self
        parts = (part for part in self.parts if len(part))
        kept = (part if int(part.ts[0]) >= stamp else part[int(part.ts.searchsorted(stamp)) :] for part in parts)
        return History(tuple(part for part in kept if len(part)))

    def ending(self, bars: int) -> Block:
        """A block that ends with the youngest bars: at least so many, or all there are; mostly without a copy."""
        return self.parts[-1] if self.parts and len(self.parts[-1]) >= bars else self.last(bars)

    def last(self, bars: int) -> Block:
        """The youngest bars, so many or as many as there are."""
        taken: list[Block] = []
        for part in reversed(self.parts):
            if bars <= 0:
                break
            taken.append(part[-bars:])
            bars -= len(part)
        return Block.joined(taken[::-1])


@dataclass(slots=True)
class Series:
    """One interval of a symbol.

    Parameters
    ----------
    base
        The interval it is folded from; None when its bars are streamed.
    amount
        How much history is held.
    history
        The bars before today.
    since
        The session from which history is expected, an ordinal; None where only a number of bars was asked for.
    """

    base: Interval | None
    amount: Amount = Amount()
    history: History = History()
    since: int | None = None


@dataclass(slots=True)
class SymbolRecord:
    """A symbol of the session and how it came to be there.

    Parameters
    ----------
    row
        Its row in every panel.
    added_by, added_at
        Who asked for the full load (for ad hoc symbols: who asked first) and when, ns UTC.
    origin
        Who asked first, whatever became of it.
    actions
        The splits and dividends that its bars of earlier sessions are adjusted for.
    """

    name: str
    row: int
    tier: Tier
    added_by: str
    origin: str
    added_at: int
    listed: date
    actions: tuple[Action, ...] = ()
    auto_provisioned: bool = False
    upgraded_from_adhoc: bool = False
    upgraded_at: int | None = None
    locked: str | None = None
    history_quality: bool = False
    session_quality: bool = False
    series: dict[Interval, Series] = field(default_factory=dict)
    indicators: dict[str, IndicatorSpec] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    aggregates: dict[str, float | Floats] = field(default_factory=dict)
