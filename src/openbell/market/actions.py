"""Corporate actions: splits, dividends, listings; and the ways of looking at prices across them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Prices(StrEnum):
    """How prices before a split or dividend are read."""

    RAW = "raw"
    SPLITS = "splits"
    ADJUSTED = "adjusted"


class Kind(StrEnum):
    """What happened to a symbol."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    LISTED = "listed"
    DELISTED = "delisted"

    @property
    def moves_prices(self) -> bool:
        """Whether prices before it are not those after it."""
        return self in (Kind.SPLIT, Kind.DIVIDEND)


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """One event of one symbol.

    Parameters
    ----------
    day
        The ex-date: the first one on which the symbol trades without the right. Of a listing the first date on which it
        traded, of a delisting the first one on which it no longer did.
    value
        Of a split how many new shares one old share became, 0.125 for a reverse split of 8 into 1; of a dividend the
        amount per share as they are on the ex-date, in the prices' currency; else 0.

    Examples
    --------
    >>> print(Action("AAPL", date(2020, 8, 31), Kind.SPLIT, 4.0))
    2020-08-31 split 4
    """

    symbol: str
    day: date
    kind: Kind
    value: float = 0.0

    def __str__(self) -> str:
        return f"{self.day} {self.kind}{f' {self.value:.10g}' if self.kind.moves_prices else ''}"

    @property
    def neutral(self) -> bool:
        """Whether it changes nothing (a split into one share, a dividend of nothing) and only replaces a wrong one."""
        return self.value == {Kind.SPLIT: 1.0, Kind.DIVIDEND: 0.0}.get(self.kind)

    def applies_to(self, prices: Prices) -> bool:
        """Whether prices that are read so are adjusted for it."""
        wanted = {Prices.RAW: (), Prices.SPLITS: (Kind.SPLIT,), Prices.ADJUSTED: (Kind.SPLIT, Kind.DIVIDEND)}
        return self.kind in wanted[prices]
