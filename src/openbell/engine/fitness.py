"""Whether a user's class can be called as it will be: its callbacks, what they take, and what they need declared."""

import inspect
from collections.abc import Iterator
from typing import Any

from openbell.engine.seats import Seat
from openbell.errors import Problem, nearest
from openbell.scanners.scanner import Scanner
from openbell.strategies.strategy import Strategy


def unfit(seat: Seat, where: str) -> Iterator[Problem]:
    """Callbacks that would never be called or could not be, and those that lack; ``setup`` tells by being called."""
    user: Any = seat.user
    base = Scanner if isinstance(user, Scanner) else Strategy
    called = [name for name, made in vars(base).items() if inspect.isfunction(made) and _is_callback(name)]
    for name in dir(type(user)):
        if name.startswith("on_") and name not in called:
            yield _never_called(f"{type(user).__name__}.{name}", name, called, where)
    for name in called:
        if seat.hears(base, name):
            yield from _not_callable(user, base, name, where)
    if base is Scanner and not seat.hears(Scanner, "scan"):
        fix = "Write def scan(self, market): and return names."
        yield Problem(where, f"{type(user).__name__} has no scan.", fix, code="no_scan")


def undeclared(seat: Seat, where: str) -> Iterator[Problem]:
    """What ``setup`` should have declared and did not."""
    if isinstance(seat.user, Strategy) and seat.hears(Strategy, "on_quality") and seat.needs.minimum_quality is None:
        what = f"{type(seat.user).__name__} has on_quality and no minimum that quality could cross."
        yield Problem(where, what, "Declare one in setup: needs.quality(95).", code="no_minimum")


def _is_callback(name: str) -> bool:
    return name.startswith("on_") or name in ("filter", "scan")


def _never_called(full: str, name: str, called: list[str], where: str) -> Problem:
    known = [one for one in called if one.startswith("on_")] or ["scan"]
    near = nearest(name, known) or ", ".join(known)
    fix = f"Call it {near}, or give it a name without on_."
    return Problem(where, f"{full} would never be called.", fix, code="never_called")


def _not_callable(user: Strategy | Scanner, base: type, name: str, where: str) -> Iterator[Problem]:
    """What is wrong with the parameters of a callback; what Python cannot tell is not held against it."""
    made, wanted = getattr(user, name), ", ".join(inspect.signature(getattr(base, name)).parameters)
    full, fix = f"{type(user).__name__}.{name}", f"Write def {name}({wanted})."
    if not callable(made):
        yield Problem(where, f"{full} is {made!r}, not a method.", fix, code="wrong_parameters")
        return
    try:
        signature = inspect.signature(made)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*wanted.split(", ")[1:])
    except TypeError:
        what = f"{full} takes {signature}, and is called with ({wanted.removeprefix('self').removeprefix(', ')})."
        yield Problem(where, what, fix, code="wrong_parameters")
