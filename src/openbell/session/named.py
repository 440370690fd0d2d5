"""What a symbol has, by name; a name that it does not have is told with the nearest that it has."""

from typing import TypeVar

from openbell.bars.interval import Interval
from openbell.errors import Problem, SessionError, nearest

V = TypeVar("V")


class NoSuchNameError(SessionError, KeyError):
    """A symbol has no bars, no indicator or no figure of that name."""

    __str__ = Exception.__str__


class Named(dict[str, V]):
    """Values by name.

    Parameters
    ----------
    symbol
        Whose they are.
    kind
        What they are, in words, for messages.

    Examples
    --------
    >>> Named("AAPL", "bars", {"60m": 1})["1h"]
    Traceback (most recent call last):
        ...
    openbell.session.named.NoSuchNameError: AAPL: has no bars '1h'.
        Did you mean 60m? It has 60m.
    """

    def __init__(self, symbol: str, kind: str, values: dict[str, V]) -> None:
        super().__init__(values)
        self._symbol, self._kind = symbol, kind

    def __missing__(self, name: str) -> V:
        near = _canonical(name) if _canonical(name) in self else nearest(str(name), self)
        there = f"It has {', '.join(self)}." if self else "It has none."
        fix = f"Did you mean {near}? {there}" if near else there
        raise NoSuchNameError(Problem(self._symbol, f"has no {self._kind} {name!r}.", fix, code="no_such_name"))


def _canonical(name: object) -> str:
    try:
        return str(Interval.parse(str(name)))
    except ValueError:
        return ""
