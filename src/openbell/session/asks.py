"""Who asks for what: the wishes that a session holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

from openbell.bars.interval import Interval
from openbell.indicators.spec import IndicatorSpec

UNHELD = ""
"""The owner of what nobody holds any more and nobody has needed the room of."""


class Source(StrEnum):
    """The kind of asker."""

    CONFIG = "config"
    SCANNER = "scanner"
    STRATEGY = "strategy"
    USER = "user"


@dataclass(frozen=True, slots=True)
class AddSymbol:
    """A wish for everything the session file promises for a symbol.

    Parameters
    ----------
    symbol
        Upper case.
    owner
        A source's word, or a name like ``scanner:gap-up``.
    """

    symbol: str
    owner: str

    @property
    def wish(self) -> tuple[object, ...]:
        """The same without the symbol: equal for all symbols that are asked for alike."""
        return (AddSymbol,)


@dataclass(frozen=True, slots=True)
class AddBars:
    """A wish for bars of one interval, with all bars of the ``days`` trading days before today."""

    symbol: str
    owner: str
    interval: Interval
    days: int = 0

    @property
    def wish(self) -> tuple[object, ...]:
        """The same without the symbol: equal for all symbols that are asked for alike."""
        return AddBars, self.owner, self.interval, self.days


@dataclass(frozen=True, slots=True)
class AddIndicator:
    """A wish for one indicator; with ``keep`` its values are kept as a series."""

    symbol: str
    owner: str
    spec: IndicatorSpec
    keep: bool = False

    @property
    def wish(self) -> tuple[object, ...]:
        """The same without the symbol: equal for all symbols that are asked for alike."""
        return AddIndicator, self.spec, self.keep


Ask = AddSymbol | AddBars | AddIndicator


_OPERATIONS: Mapping[type[Ask], str] = {AddSymbol: "symbol", AddBars: "bar", AddIndicator: "indicator"}


def operation_of(ask: Ask) -> str:
    """The word for a kind of wish: ``symbol``, ``bar`` or ``indicator``."""
    return _OPERATIONS[type(ask)]


_words = lru_cache(maxsize=1024)(repr)


def _told(move: Ask | str) -> str:
    """An ask, or a letting go, in words."""
    if isinstance(move, AddSymbol):
        return move.symbol
    return move if isinstance(move, str) else f"{move.symbol} {_words(move.wish)}"


class AskBook:
    """The asks that are held, per symbol, each with the instant since when."""

    def __init__(self) -> None:
        self._held: dict[str, dict[Ask, int]] = {}
        self._symbols: dict[str, dict[str, None]] = {}
        self._trail = blake2b(digest_size=8)
        self._untold: list[Ask | str] = []

    @property
    def trail(self) -> str:
        """A hash of all that was held and let go of so far, in that order."""
        if self._untold:
            self._trail.update("\n".join(map(_told, self._untold)).encode())
            self._untold.clear()
        return self._trail.hexdigest()

    def of(self, symbol: str) -> dict[Ask, int]:
        """What is held for a symbol, in order of asking; a copy."""
        return dict(self._held.get(symbol, ()))

    def hold(self, asks: Iterable[Ask], now: int) -> None:
        """Hold asks from now on; one that is held already keeps its first instant."""
        for ask in asks:
            held = self._held.setdefault(ask.symbol, {})
            held.setdefault(ask, now)
            self._untold.append(ask)
            self._symbols.setdefault(ask.owner, {}).setdefault(ask.symbol)

    def drop(self, symbol: str, owner: str | None = None) -> tuple[Ask, ...]:
        """Let go of a symbol's asks: one owner's, or all; returns what was held."""
        held = self._held.get(symbol, {})
        gone = tuple(ask for ask in held if owner is None or ask.owner == owner)
        for ask in gone:
            del held[ask]
            self._symbols[ask.owner].pop(symbol, None)
        if gone:
            self._untold.append(f"{symbol} without {owner}")
        if not held:
            self._held.pop(symbol, None)
        return gone

    def symbols_of(self, owner: str) -> tuple[str, ...]:
        """Every symbol of which the owner holds something, in order of asking."""
        return tuple(self._symbols.get(owner, ()))

    def __iter__(self) -> Iterator[tuple[Ask, int]]:
        for held in self._held.values():
            yield from held.items()
