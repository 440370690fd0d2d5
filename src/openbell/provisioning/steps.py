"""The steps of a plan, as typed values; `str(step)` is the printable name."""

from dataclasses import dataclass
from typing import Any

from openbell.bars.interval import Interval
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.session.records import Amount


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the store.

    Parameters
    ----------
    interval
        A stored interval.
    first, last
        Session ordinals, both included.
    bars, bytes
        Exactly what will be read, from the catalogue; of today, bars up to now.
    """

    interval: Interval
    first: int
    last: int
    bars: int
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """How the history of one interval is made.

    Parameters
    ----------
    interval, base
        What is made, and what it is folded from (None: taken as stored).
    amount
        How much is held afterwards.
    first, until
        Sessions ``[first, until)`` are made anew; from ``until`` on what is held already stays.
    since
        The session from which quality counts, None where only a number of bars is held.
    """

    interval: Interval
    base: Interval | None
    amount: Amount
    first: int
    until: int
    since: int | None


@dataclass(frozen=True, slots=True)
class CreateSymbol:
    """A new symbol record with its metadata."""

    reason: str

    def __str__(self) -> str:
        return "create_symbol"


@dataclass(frozen=True, slots=True)
class EvictSymbol:
    """An ad hoc symbol that nobody holds makes room."""

    symbol: str
    reason: str

    def __str__(self) -> str:
        return "evict_symbol"


@dataclass(frozen=True, slots=True)
class UpgradeSymbol:
    """Ad hoc becomes full."""

    reason: str

    def __str__(self) -> str:
        return "upgrade_symbol"


@dataclass(frozen=True, slots=True)
class AddInterval:
    """Room for one interval, streamed or folded from its base."""

    interval: Interval
    base: Interval | None
    reason: str

    def __str__(self) -> str:
        return f"add_interval_{self.interval}"


@dataclass(frozen=True, slots=True)
class LoadHistorical:
    """The bars before today that are needed and not there."""

    loads: tuple[Load, ...]
    reads: tuple[Read, ...]
    reason: str

    @property
    def bars(self) -> int:
        """How many bars are read."""
        return sum(read.bars for read in self.reads)

    def __str__(self) -> str:
        return "load_historical"


@dataclass(frozen=True, slots=True)
class LoadSession:
    """Today's bars of streamed intervals: those up to now at once, later ones as the stream delivers them."""

    reads: tuple[Read, ...]
    reason: str

    @property
    def bars(self) -> int:
        """How many bars are read."""
        return sum(read.bars for read in self.reads)

    def __str__(self) -> str:
        return "load_session"


@dataclass(frozen=True, slots=True)
class RegisterIndicators:
    """New indicators, warmed up and bound to their intervals; ``kept`` names those whose series is kept."""

    specs: tuple[IndicatorSpec, ...]
    kept: frozenset[str]
    reason: str

    def __str__(self) -> str:
        return "register_indicator"


@dataclass(frozen=True, slots=True)
class CalculateAggregates:
    """Figures over past sessions by name; ``reads`` are the minutes that curves need and nothing else reads."""

    rules: tuple[tuple[str, Aggregate], ...]
    reads: tuple[Read, ...]
    reason: str

    @property
    def bars(self) -> int:
        """How many bars are read."""
        return sum(read.bars for read in self.reads)

    def __str__(self) -> str:
        return "calculate_aggregates"


@dataclass(frozen=True, slots=True)
class CalculateQuality:
    """Quality from now on, of history and of the session as the session file says."""

    history: bool
    session: bool
    reason: str

    def __str__(self) -> str:
        return "calculate_quality"


Step = (
    EvictSymbol
    | CreateSymbol
    | UpgradeSymbol
    | AddInterval
    | LoadHistorical
    | LoadSession
    | CalculateAggregates
    | RegisterIndicators
    | CalculateQuality
)


# The steps that read bars of the store.
LOADING = LoadHistorical | LoadSession | CalculateAggregates


def step_as_dict(step: Step) -> dict[str, Any]:
    """A step as plain values, for JSON."""
    plain: dict[str, Any] = {"step": str(step), "reason": step.reason}
    match step:
        case EvictSymbol(symbol):
            plain |= {"symbol": symbol}
        case AddInterval(interval, base):
            plain |= {"interval": str(interval), "base": None if base is None else str(base)}
        case LoadHistorical(loads, reads):
            plain |= {"reads": [_read(read) for read in reads], "intervals": [str(load.interval) for load in loads]}
        case LoadSession(reads):
            plain |= {"reads": [_read(read) for read in reads]}
        case CalculateAggregates(rules, reads):
            plain |= {"reads": [_read(read) for read in reads], "aggregates": [name for name, _ in rules]}
        case RegisterIndicators(specs):
            plain |= {"indicators": [spec.key for spec in specs]}
        case _:
            pass
    return plain


def _read(read: Read) -> dict[str, Any]:
    sessions = read.last - read.first + 1
    return {"interval": str(read.interval), "sessions": sessions, "bars": read.bars, "bytes": read.bytes}
