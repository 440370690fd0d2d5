"""What a user's scanner is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbell.desk.desk import Desk
from openbell.scanners.needs import ScanNeeds

if TYPE_CHECKING:
    from openbell.scanners.market import Market
    from openbell.scanners.universe import Mask, Universe


def names_in(answer: object, who: str) -> tuple[str, ...]:
    """The names that a user's method gave.

    Raises
    ------
    TypeError
        If they are none: flags, numbers, one text.

    Examples
    --------
    >>> names_in(["ERIE", "FICO"], "scan returned")
    ('ERIE', 'FICO')
    """
    fix = "give a list of names; those for which a flag is set are market.names(flags)"
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise TypeError(f"{who} {answer!r}, which is no list of names; {fix}")
    names = tuple(answer)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{who} names of which one is {name!r}; {fix}")
    return names


@dataclass(frozen=True, slots=True)
class Picks:
    """What a scan decided.

    Parameters
    ----------
    promote
        To be held in full, the best first.
    drop
        To be let go, once they have stayed long enough.
    watch
        To be looked at from the next scan on, although the universe or the filter left them out.
    """

    promote: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()


class Scanner:
    """Base class of users' scanners.

    A scanner looks at many symbols with little data, and promotes a few to all that the session file promises. Before
    the open its universe is cut down by ``where`` of the session file and by `filter`, both on figures over past
    sessions; what is left gets the bars and indicators that ``setup`` declared and is handed to `scan`.
    Public class attributes with plain values are parameters, as for strategies.

    Examples
    --------
    ::

        class GapUp(ob.Scanner):
            gap: float = 0.03

            def scan(self, market):
                gap = market.open / market.previous_close - 1
                return market.names(gap > self.gap, by=gap, most=5)
    """

    desk: Desk

    # Any: parameters are whatever the user's class declares.
    def __init__(self, **params: Any) -> None:
        for name, value in params.items():
            setattr(self, name, value)

    def setup(self, needs: ScanNeeds) -> None:
        """Called once, before the first day: say what every candidate must bring."""

    def filter(self, universe: "Universe") -> "Mask | Iterable[str] | None":  # noqa: ARG002
        """Called once a day, before any bar is read: which symbols are candidates. By default all."""
        return None

    def scan(self, market: "Market") -> "Picks | Iterable[str] | None":  # noqa: ARG002
        """Called when the schedule says so: names to promote, or `picks`; None for nothing."""
        raise TypeError(f"{type(self).__name__} has no scan: write def scan(self, market)")

    def picks(self, promote: Iterable[str] = (), *, drop: Iterable[str] = (), watch: Iterable[str] = ()) -> Picks:
        """What `scan` returns when it does more than promote."""
        parts = zip(("promote", "drop", "watch"), (promote, drop, watch), strict=True)
        return Picks(*(names_in(names, f"picks got as {part}") for part, names in parts))
