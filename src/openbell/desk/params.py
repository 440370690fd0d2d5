"""Typed parameters of users' classes: read from class attributes, checked against the session file.

A parameter is a public class attribute with a plain value or a plain type: ``fast: int = 10``, ``slow = 20``, or
``name: str`` without a value, which the session file must then give.
"""

import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal, Union, get_args, get_origin

from openbell.errors import ConfigError, Problem, nearest

PLAIN = (bool, int, float, str, date, time)
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a user's class.

    Parameters
    ----------
    name
        As written in the class and the session file.
    kind
        Its annotation, or the type of its value.
    default
        The value where the session file gives none.
    """

    name: str
    # Any: an annotation may be every form that typing has.
    kind: Any
    default: object = _NOTHING

    @property
    def required(self) -> bool:
        """Whether the session file must give it."""
        return self.default is _NOTHING


def parameters(kind: type, base: type) -> dict[str, Parameter]:
    """The parameters that a class declares, those of its own bases first.

    Parameters
    ----------
    kind
        A user's class.
    base
        Where to stop: the class of openbell that it derives from.

    Examples
    --------
    >>> class Base: pass
    >>> class Cross(Base):
    ...     fast: int = 10
    ...     slow = 20
    ...     name: str
    ...     _hidden: int = 3
    >>> [(p.name, p.kind.__name__, p.required) for p in parameters(Cross, Base).values()]
    [('fast', 'int', False), ('name', 'str', True), ('slow', 'int', False)]
    """
    found: dict[str, Parameter] = {}
    for owner in reversed(kind.__mro__[: kind.__mro__.index(base)]):
        hints = _hints(owner)
        for name, hint in hints.items():
            if not name.startswith("_") and _is_plain(hint):
                found[name] = Parameter(name, hint, owner.__dict__.get(name, _NOTHING))
        for name, value in owner.__dict__.items():
            if not name.startswith("_") and name not in hints and isinstance(value, PLAIN):
                found[name] = Parameter(name, type(value), value)
    return found


def checked(kind: type, base: type, given: Mapping[str, object], where: str) -> dict[str, object]:
    """The parameters of a class with the session file's values, each of the type that the class declares.

    Raises
    ------
    ConfigError
        With every unknown, missing and mistyped parameter at once.
    """
    known = parameters(kind, base)
    problems = list(_faults(kind, known, given, where))
    if problems:
        raise ConfigError(*problems)
    values = {name: parameter.default for name, parameter in known.items() if not parameter.required}
    return values | {name: _read(known[name].kind, value) for name, value in given.items()}


def _faults(kind: type, known: Mapping[str, Parameter], given: Mapping[str, object], where: str) -> Iterator[Problem]:
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            near = nearest(name, known)
            there = f"It has {', '.join(known)}." if known else "It has none; take it out."
            fix = f"Did you mean {near}?" if near else there
            yield Problem(f"{where}.{name}", f"{kind.__name__} has no parameter {name!r}.", fix, "unknown_parameter")
        elif _read(parameter.kind, value) is _NOTHING:
            what = f"was {value!r}; {kind.__name__} declares {_words(parameter.kind)}."
            usual = "" if parameter.required else f" The default is {parameter.default!r}."
            fix = f"Write {_words(parameter.kind)}.{usual}"
            yield Problem(f"{where}.{name}", what, fix, "bad_parameter")
    for name, parameter in known.items():
        if parameter.required and name not in given:
            fix = f"Write {name} = {_words(parameter.kind)} there."
            yield Problem(f"{where}.{name}", f"is missing; {kind.__name__} has no default for it.", fix, "missing_key")


# Any: annotations, see above.
def _hints(owner: type) -> dict[str, Any]:
    try:
        own = inspect.get_annotations(owner)
        hints = typing.get_type_hints(owner) if own else {}
        return {name: hints[name] for name in own}
    except NameError:
        # A name that exists for type checkers only; such a class is read by its values alone.
        return {}


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType, list, tuple):
        return all(part in (types.NoneType, ...) or _is_plain(part) for part in get_args(kind))
    return kind in PLAIN or kind in (list, dict) or get_origin(kind) in (Literal, dict)


def _read(kind: Any, value: object) -> object:
    """A value as its kind, `_NOTHING` where it is of another."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return next((got for part in parts if (got := _read(part, value)) is not _NOTHING), _NOTHING)
    if origin is Literal:
        return value if value in parts else _NOTHING
    if origin in (list, tuple):
        return _items(origin, parts, value)
    wanted = origin or kind
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = type(value) is wanted if wanted in PLAIN else isinstance(value, wanted)
    return value if fits else _NOTHING


def _items(origin: Any, parts: tuple[Any, ...], value: object) -> object:
    if not isinstance(value, list | tuple):
        return _NOTHING
    inner = parts[0] if parts else object
    read = [_read(inner, item) for item in value]
    return _NOTHING if _NOTHING in read else origin(read)


def _words(kind: Any) -> str:
    """A kind as a person says it.

    Examples
    --------
    >>> _words(int), _words(list[str]), _words(float | None)
    ('a whole number', 'a list of texts', 'a number')
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(part) for part in parts if part is not types.NoneType)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin in (list, tuple):
        return f"a list of {_words(parts[0]).removeprefix('a ')}s" if parts else "a list"
    named = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", date: "a date"}
    return named.get(origin or kind, f"a {getattr(kind, '__name__', kind)}")
