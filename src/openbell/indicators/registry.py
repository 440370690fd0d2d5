"""The catalogue by name, and the one parser of an indicator's parameters."""

import math
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from openbell.bars.block import FIELDS
from openbell.bars.interval import Interval
from openbell.errors import IndicatorError, Problem, nearest
from openbell.indicators.definition import Definition, Param, Value, definition_of
from openbell.indicators.spec import IndicatorSpec

_MODULES = ("averages", "adaptive", "trend", "stops", "momentum", "oscillators", "volatility", "volume", "levels")
_users: dict[str, Definition] = {}


def names() -> tuple[str, ...]:
    """Every known indicator, sorted: those of openbell, and users' own that were registered."""
    return tuple(sorted({**_catalogue(), **_users}))


def definition(name: str) -> Definition:
    """The definition of a name.

    Raises
    ------
    IndicatorError
        If there is none; offers the nearest name.
    """
    found = _users.get(name) or _catalogue().get(name)
    if found is None:
        raise IndicatorError(_unknown(name))
    return found


def module_of(name: str) -> str:
    """The family of an indicator of openbell, like ``trend``; ``own`` for a user's."""
    home = definition(name).cls.__module__.rpartition(".")
    return home[2] if home[0] == __name__.rpartition(".")[0] else "own"


def register(cls: type) -> Definition:
    """Make a user's own indicator known by its name; the same name again takes the place of the former.

    Raises
    ------
    IndicatorError
        If the class is not an indicator, or openbell has one of that name.
    """
    made = definition_of(cls)
    if made.name in _catalogue() and _catalogue()[made.name] is not made:
        raise IndicatorError(
            Problem(
                f"{cls.__module__}.{cls.__qualname__}",
                f"the name {made.name!r} belongs to an indicator of openbell",
                f'Give it another: name = "my_{made.name}" in the class.',
                code="name_taken",
            )
        )
    _users[made.name] = made
    return made


def parse(
    name: str | type | Definition,
    interval: Interval,
    params: Mapping[str, Value],
    column: str | None = None,
    input: IndicatorSpec | None = None,
) -> IndicatorSpec:
    """An indicator from a name and loose parameters.

    Parameters
    ----------
    name
        A name of the catalogue, or a class that `indicator` decorates.
    interval
        Of which bars.
    params
        By name; those with a default may be left out.
    column
        What it works on instead of its usual column, or the output of ``input`` that it takes.
    input
        Another indicator of the same interval on whose output it works.

    Raises
    ------
    IndicatorError
        With every problem at once.
    """
    made = _named(name)
    problems: list[Problem] = []
    values = _values(made, params, problems)
    column = _column(made, column, input, problems)
    if input is not None and input.interval != interval:
        problems.append(_problem(made, f"works on {input.key}, which is not of {interval}", "Use one interval."))
    fault = None if problems else made.fault(values)
    if fault:
        problems.append(_problem(made, fault, "Change one of the two.", "bad_parameter"))
    if problems:
        raise IndicatorError(*problems)
    return IndicatorSpec(made, interval, tuple(values.items()), column, input)


def _named(name: str | type | Definition) -> Definition:
    if isinstance(name, Definition):
        return name
    return definition(name) if isinstance(name, str) else definition_of(name)


@cache
def _catalogue() -> dict[str, Definition]:
    found = {}
    for home in _MODULES:
        module = import_module(f"openbell.indicators.{home}")
        for cls in vars(module).values():
            if isinstance(cls, type) and cls.__module__ == module.__name__ and "definition" in cls.__dict__:
                found[definition_of(cls).name] = definition_of(cls)
    return found


def _values(made: Definition, params: Mapping[str, Value], problems: list[Problem]) -> dict[str, Value]:
    known = [p.name for p in made.params]
    for name in params:
        if name not in known:
            close = nearest(name, known)
            fix = f"Did you mean {close}?" if close else f"It has {', '.join(known) or 'no parameters'}."
            problems.append(_problem(made, f"has no parameter {name!r}", fix, "unknown_parameter"))
    values = {}
    for p in made.params:
        given = params.get(p.name, p.default)
        if given is None:
            what, fix = f"needs {p.name}, which has no default", f"Give {p.name} ({p.type.__name__} {p.range})."
            problems.append(_problem(made, what, fix, "missing_parameter"))
            continue
        value = _typed(p, given)
        if value is None:
            what = f"{p.name}={given!r} is not allowed"
            problems.append(_problem(made, what, _allowed(p, given), "bad_parameter"))
        else:
            values[p.name] = value
    return values


def _typed(p: Param, given: Value) -> Value | None:
    """The value in the parameter's type, or None when it is of another type or out of range."""
    if p.type is str:
        return given if given in p.choices else None
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        return None
    if p.type is int and given != int(given):
        return None
    if (p.minimum is not None and given < p.minimum) or (p.maximum is not None and given > p.maximum):
        return None
    value: Value = p.type(given)
    return value


def _allowed(p: Param, given: Value) -> str:
    close = nearest(given, p.choices) if isinstance(given, str) else None
    if close:
        return f"Did you mean {close}?"
    noun = {int: "a whole number", float: "a number", str: "one of"}[p.type]
    return f"Use {noun} {p.range}."


def _column(
    made: Definition, column: str | None, input: IndicatorSpec | None, problems: list[Problem]
) -> str | None:  # fmt: skip
    if column is None and input is None:
        return None
    if not made.sourced:
        what = f"reads the bar's own columns and cannot work on {column or (input and input.key)}"
        problems.append(_problem(made, what, "Leave out column and input.", "not_sourced"))
        return None
    known = FIELDS if input is None else input.outputs
    if column is not None and column not in known:
        close = nearest(column, known)
        fix = f"Did you mean {close}?" if close else f"Use one of {', '.join(known)}."
        problems.append(_problem(made, f"column {column!r} does not exist", fix, "unknown_column"))
    usual = made.column if input is None else input.outputs[0]
    return None if column == usual else column


def _unknown(name: str) -> Problem:
    close = nearest(name, names())
    fix = f"Did you mean {close}?" if close else "openbell indicators lists every name."
    return Problem(f"indicator {name!r}", "is not known", fix, code="unknown_indicator")


def _problem(made: Definition, what: str, fix: str, code: str = "bad_indicator") -> Problem:
    return Problem(f"indicator {made.name}", what, fix, code=code)
