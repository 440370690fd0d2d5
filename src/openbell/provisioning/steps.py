"""The steps of a plan, as typed values; `str(step)` is the printable name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openbell.bars.interval import Interval
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.session.records import Amount


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive sessions of a stored interval.

    Parameters
    ----------
    interval
        A stored interval.
    first, last
        Session ordinals, both included.
    """

    interval: Interval
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the store, for one symbol.

    Parameters
    ----------
    stretch
        What is read.
    bars, bytes
        Exactly what that is, from the catalogue; of today, bars up to now.
    """

    stretch: Stretch
    bars: int
    bytes: int


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
    stretches: tuple[Stretch, ...]
    reason: str

    def __str__(self) -> str:
        return "load_historical"


@dataclass(frozen=True, slots=True)
class LoadSession:
    """Today's bars of streamed intervals: those up to now at once, later ones as the stream delivers them."""

    stretches: tuple[Stretch, ...]
    reason: str

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
    """Figures over past sessions by name; ``stretches`` are the minutes that curves need and nothing else reads."""

    rules: tuple[tuple[str, Aggregate], ...]
    stretches: tuple[Stretch, ...]
    reason: str

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


def step_as_dict(step: Step, reads: Sequence[Read]) -> dict[str, Any]:
    """A step as plain values, for JSON; ``reads`` are its own."""
    plain: dict[str, Any] = {"step": str(step), "reason": step.reason}
    if isinstance(step, LOADING):
        plain |= {"reads": [_read(read) for read in reads]}
    match step:
        case EvictSymbol(symbol):
            plain |= {"symbol": symbol}
        case AddInterval(interval, base):
            plain |= {"interval": str(interval), "base": None if base is None else str(base)}
        case LoadHistorical(loads):
            plain |= {"intervals": [str(load.interval) for load in loads]}
        case CalculateAggregates(rules):
            plain |= {"aggregates": [name for name, _ in rules]}
        case RegisterIndicators(specs):
            plain |= {"indicators": [spec.key for spec in specs]}
        case _:
            pass
    return plain


def _read(read: Read) -> dict[str, Any]:
    stretch = read.stretch
    sessions = stretch.last - stretch.first + 1
    return {"interval": str(stretch.interval), "sessions": sessions, "bars": read.bars, "bytes": read.bytes}


def evicted_by(steps: Sequence[Step]) -> tuple[str, ...]:
    """The symbols that must go first."""
    if not steps or not isinstance(steps[0], EvictSymbol):
        return ()
    return tuple(step.symbol for step in steps if isinstance(step, EvictSymbol))


def reading(steps: Iterable[Step]) -> list[tuple[int, slice]]:
    """The places of those steps that read, each with which of a symbol's reads are its own."""
    found, done = [], 0
    for place, step in enumerate(steps):
        if isinstance(step, LOADING):
            found.append((place, slice(done, done + len(step.stretches))))
            done += len(step.stretches)
    return found


def stretches_of(steps: Iterable[Step]) -> tuple[Stretch, ...]:
    """What is read for some steps, in order."""
    return tuple(stretch for step in steps if isinstance(step, LOADING) for stretch in step.stretches)
