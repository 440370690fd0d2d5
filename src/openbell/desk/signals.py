"""What strategies decide: checked when it is said, kept in order, handed on as a table."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any

from openbell.errors import Problem, SessionError

if TYPE_CHECKING:
    import polars as pl

PLAIN = (str, int, float, bool, type(None))


class Action(StrEnum):
    """What is to be done with a symbol."""

    BUY = "buy"
    SELL = "sell"
    CLOSE = "close"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Signal:
    """One decision.

    Parameters
    ----------
    at
        The instant it was made, ns UTC.
    symbol, action
        What is to be done with which.
    quantity
        Shares to buy or sell, above 0; None to leave it to the portfolio.
    weight
        Instead of a quantity: the share of the portfolio to have in the symbol afterwards, 0 to 1; sold, its negative.
    price
        At which, None for the market's.
    reason
        For people.
    source
        Who says it, like ``strategy:Crossover``.
    meta
        Anything else, plain values by name.
    """

    at: int
    symbol: str
    action: Action
    quantity: float | None = None
    weight: float | None = None
    price: float | None = None
    reason: str = ""
    source: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it."""
        where = f"{self.action.value} {self.symbol}"
        sizes: dict[str, object] = {"quantity": self.quantity, "price": self.price, "weight": self.weight}
        texts = [name for name, value in sizes.items() if value is not None and not isinstance(value, Real)]
        for name in texts:
            yield Problem(where, f"{name} was {sizes[name]!r}, which is no number.", "Give a number.", code="bad_size")
        if texts:
            return
        if self.quantity is not None and self.weight is not None:
            what = f"has a quantity ({self.quantity}) and a weight ({self.weight})."
            yield Problem(where, what, "Give one of the two.", code="two_sizes")
        for name, value in (("quantity", self.quantity), ("price", self.price)):
            if value is not None and not (math.isfinite(value) and value > 0):
                yield Problem(where, f"{name} was {value}.", "Give a number above 0, or leave it out.", code="bad_size")
        if self.weight is not None and not 0 <= self.weight <= 1:
            yield Problem(where, f"weight was {self.weight}.", "Give a share from 0 to 1.", code="bad_size")
        if self.action in (Action.CLOSE, Action.HOLD) and (self.quantity is not None or self.weight is not None):
            fix = "Leave size out; close means all of it, hold means nothing changes."
            yield Problem(where, f"{self.action.value} takes no quantity or weight.", fix, code="size_not_taken")
        odd = [name for name, value in self.meta.items() if not isinstance(value, PLAIN)]
        if odd:
            what = f"{', '.join(odd)} cannot be kept in a table: {type(self.meta[odd[0]]).__name__}."
            yield Problem(where, what, "Give texts, numbers, true or false.", code="bad_meta")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"meta": dict(self.meta)}


class SignalBook:
    """Every signal of a run, in the order in which they were made.

    Examples
    --------
    >>> book = SignalBook()
    >>> book.add(Signal(1, "AAPL", Action.BUY, quantity=10))
    >>> len(book), book.last("AAPL").quantity, book.last("TSLA")
    (1, 10, None)
    """

    def __init__(self) -> None:
        self._signals: list[Signal] = []
        self._last: dict[str, Signal] = {}

    def __repr__(self) -> str:
        return f"<SignalBook of {len(self):,}>"

    def add(self, signal: Signal) -> None:
        """Keep a signal.

        Raises
        ------
        SessionError
            With everything that is wrong with it.
        """
        problems = tuple(signal.problems())
        if problems:
            raise SessionError(*problems)
        self._signals.append(signal)
        self._last[signal.symbol] = signal

    def __len__(self) -> int:
        return len(self._signals)

    def __iter__(self) -> Iterator[Signal]:
        return iter(tuple(self._signals))

    def last(self, symbol: str) -> Signal | None:
        """The latest signal on a symbol, or None."""
        return self._last.get(symbol.upper())

    def since(self, instant: int) -> tuple[Signal, ...]:
        """The signals made at or after an instant, ns UTC, oldest first."""
        start = len(self._signals)
        while start and self._signals[start - 1].at >= instant:
            start -= 1
        return tuple(self._signals[start:])

    def frame(self, zone: str = "UTC") -> "pl.DataFrame":
        """All of them as a polars frame.

        Columns: ts (UTC), exchange_time, symbol, action, quantity, weight, price, reason, source, meta (JSON).

        Parameters
        ----------
        zone
            The exchange's zone, like ``America/New_York``.
        """
        import polars as pl

        rows = [
            (s.at, s.symbol, s.action.value, s.quantity, s.weight, s.price, s.reason, s.source, _text(s.meta))
            for s in self._signals
        ]
        schema = {
            "ts": pl.Int64, "symbol": pl.String, "action": pl.String, "quantity": pl.Float64, "weight": pl.Float64,
            "price": pl.Float64, "reason": pl.String, "source": pl.String, "meta": pl.String,
        }  # fmt: skip
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        stamps = pl.col("ts").cast(pl.Datetime("ns", "UTC"))
        return frame.select(stamps, stamps.dt.convert_time_zone(zone).alias("exchange_time"), pl.exclude("ts"))


def _text(meta: Mapping[str, Any]) -> str:
    return json.dumps(dict(meta))
