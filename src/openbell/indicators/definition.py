"""What an indicator is: parameters, outputs, a state record and one scalar `update`.

A definition is written once, as plain Python over one bar; `openbell.indicators.kernel` compiles it into loops.
Nothing here imports numba.
"""

import inspect
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import FunctionType, SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from openbell.errors import IndicatorError, Problem

Value = int | float | str
Cls = TypeVar("Cls", bound=type)

REPLAYED_BARS = 500


class Kind(StrEnum):
    """How an indicator depends on its past, which decides how it is warmed up."""

    WINDOW = "window"
    FADING = "fading"
    SESSION = "session"
    REPLAYED = "replayed"


class CalendarFigure(StrEnum):
    """What an indicator may have to know of its market."""

    BARS_PER_YEAR = "bars per year"
    BARS_PER_SESSION = "bars per session"


class Bar(NamedTuple):
    """What `update` sees of one bar.

    ``value`` is the chosen column (by default the close) or the output of the indicator that is the input.
    ``slot`` is the bar's place on its session's grid, counted from 0; ``session`` is the session's ordinal.
    """

    value: float
    open: float
    high: float
    low: float
    close: float
    volume: float
    slot: int
    session: int


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its type, default and range; no default means that it must be given.

    One with a ``calendar`` is by default a figure of the market's calendar; its default of 0 stands for that figure.
    """

    name: str
    type: type
    default: Value | None
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    about: str
    calendar: "CalendarFigure | None" = None

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is None

    @property
    def range(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return ", ".join(self.choices)
        low = "" if self.minimum is None else f">= {self.minimum:g}"
        high = "" if self.maximum is None else f"<= {self.maximum:g}"
        return " and ".join(part for part in (low, high) if part) or "any"


@dataclass(frozen=True, slots=True)
class _ParamMark:
    default: Value | None
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    about: str
    calendar: "CalendarFigure | None"


# Any: the mark stands where the class annotates an int, a float or a str.
def param(
    default: Value | None = None,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    about: str = "",
    calendar: "CalendarFigure | None" = None,
) -> Any:
    """Declare a parameter in the body of a definition: ``period: int = param(minimum=1)``.

    Parameters
    ----------
    default
        The value when none is given; without one the parameter must be given.
    minimum, maximum
        The range, both ends included.
    choices
        The words that a ``str`` parameter may be; `update` sees the word's index.
    about
        One sentence for the catalogue.
    calendar
        The figure of the market's calendar that takes the place of a default of 0.
    """
    return _ParamMark(default, minimum, maximum, choices, about, calendar)


class Window:
    """An array of float64 per symbol in the state; `update` reads and writes its elements."""

    def __getitem__(self, at: int) -> float:
        raise TypeError("a window exists only while an indicator runs")

    def __len__(self) -> int:
        raise TypeError("a window exists only while an indicator runs")

    def __setitem__(self, at: int, value: float) -> None:
        raise TypeError("a window exists only while an indicator runs")


@dataclass(frozen=True, slots=True)
class _WindowMark:
    size: Callable[[Any], int]


# Any: the mark stands where the state annotates a `Window`.
def window(size: Callable[[Any], int]) -> Any:
    """Declare an array in the state: ``past: Window = window(lambda p: p.period)``.

    Parameters
    ----------
    size
        From the parameters to the number of elements.
    """
    return _WindowMark(size)


@dataclass(frozen=True, slots=True)
class StateField:
    """One scalar of the state."""

    name: str
    type: type
    start: float


@dataclass(frozen=True, slots=True)
class WindowField:
    """One array of the state."""

    name: str
    size: Callable[[Any], int]


@dataclass(frozen=True, eq=False, repr=False)
class Definition:
    """Everything about an indicator, read from a class that `indicator` decorates.

    Equal to itself only: two definitions of one name are two indicators.
    """

    name: str
    cls: type
    kind: Kind
    outputs: tuple[str, ...]
    params: tuple[Param, ...]
    fields: tuple[StateField, ...]
    windows: tuple[WindowField, ...]
    column: str
    regular: bool
    at_open: bool
    update: FunctionType

    def __repr__(self) -> str:
        return f"<{self.name}>"

    @cached_property
    def bar_fields(self) -> frozenset[str]:
        """The fields of a bar that `update` reads."""
        from openbell.indicators.source import fields_read

        return fields_read(self.update, 1) & frozenset(Bar._fields)

    @property
    def sourced(self) -> bool:
        """Whether it works on any column and on another indicator."""
        return "value" in self.bar_fields

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return inspect.cleandoc(self.cls.__doc__ or self.name).splitlines()[0]

    @property
    def notes(self) -> str:
        """The docstring after its first line: where the formula is from, what differs elsewhere."""
        return "\n".join(inspect.cleandoc(self.cls.__doc__ or "").splitlines()[1:]).strip()

    def resolved(self, params: Mapping[str, Value]) -> SimpleNamespace:
        """Parameters as `update` sees them: words are their indices."""
        known = {p.name: p for p in self.params}
        return SimpleNamespace(
            **{k: known[k].choices.index(str(v)) if known[k].choices else v for k, v in params.items()}
        )

    def lookback(self, params: Mapping[str, Value]) -> int:
        """Bars until the formula gives a number."""
        return int(self._ask("lookback", params, 1))

    def warmup(self, params: Mapping[str, Value]) -> int:
        """Bars until the number no longer depends on where it started."""
        if self.kind is Kind.REPLAYED:
            return max(int(params.get("history", REPLAYED_BARS)), self.lookback(params))
        return int(self._ask("warmup", params, None if self.kind is Kind.FADING else self.lookback(params)))

    def sessions(self, params: Mapping[str, Value]) -> int:
        """Past sessions with bars that it needs whole."""
        return int(self._ask("sessions", params, 0))

    def fault(self, params: Mapping[str, Value]) -> str | None:
        """What is wrong with parameters that are each in range, or None."""
        said = self._ask("check", params, "")
        return str(said) if said else None

    def _ask(self, name: str, params: Mapping[str, Value], default: Value | None) -> Value:
        asked = getattr(self.cls, name, None)
        if asked is not None:
            try:
                answer: Value = asked(self.resolved(params))
            except Exception as error:  # a user's function may raise anything
                line = traceback.extract_tb(error.__traceback__)[-1]
                what = f"{name}(p) of {self.name} failed: {type(error).__name__}: {error}"
                problem = Problem(f"{line.filename}:{line.lineno}", what, "Mend this line.", code="bad_definition")
                raise IndicatorError(problem) from error
            return answer
        if default is None:
            raise _wrong(self.cls, f"{self.name} is fading and has no {name}(p)", f"Write def {name}(p): ... in it.")
        return default


def indicator(cls: Cls) -> Cls:
    """Make a definition of a class: annotated parameters, a ``State``, and ``update(state, bar, p)``.

    Optional in the class: ``name`` (else the class's own, in snake case), ``kind`` (`Kind.WINDOW`), ``outputs``
    (``("value",)``), ``column`` (what ``bar.value`` is, ``"close"``), ``regular`` (only bars of regular hours; true for
    session kinds), ``at_open`` (whether its value of today is known before today's first bar), ``lookback(p)``,
    ``warmup(p)``, ``sessions(p)``, ``check(p)``.

    In `update`, ``state.seen`` counts bars, this one included. ``state``, ``bar`` and ``p`` are read field by field;
    functions that it calls are plain Python too and take numbers and windows. The class gets an attribute
    ``definition`` and is returned.

    Raises
    ------
    IndicatorError
        If a part is missing or of another type.

    Examples
    --------
    >>> @indicator
    ... class Rise:
    ...     '''Change from one bar to the next.'''
    ...     class State:
    ...         last: float
    ...     def lookback(p):
    ...         return 2
    ...     def update(state, bar, p):
    ...         change = bar.value - state.last
    ...         state.last = bar.value
    ...         return change
    >>> Rise.definition.name, Rise.definition.lookback({})
    ('rise', 2)
    """
    kind = Kind(getattr(cls, "kind", Kind.WINDOW))
    fields, windows = _state(cls)
    made = Definition(
        name=str(cls.__dict__.get("name", _snake(cls.__name__))),
        cls=cls,
        kind=kind,
        outputs=tuple(getattr(cls, "outputs", ("value",))),
        params=_params(cls),
        fields=fields,
        windows=windows,
        column=str(getattr(cls, "column", "close")),
        regular=bool(getattr(cls, "regular", kind is Kind.SESSION)),
        at_open=bool(getattr(cls, "at_open", False)),
        update=_update(cls),
    )
    type.__setattr__(cls, "definition", made)
    return cls


def definition_of(cls: type) -> Definition:
    """The definition that `indicator` made of a class.

    Raises
    ------
    IndicatorError
        If the class is not decorated.
    """
    made = cls.__dict__.get("definition")
    if not isinstance(made, Definition):
        raise _wrong(cls, "is not an indicator", "Put @indicator above the class.")
    return made


def _params(cls: type) -> tuple[Param, ...]:
    found = []
    for name, annotation in _annotations(cls).items():
        mark = cls.__dict__.get(name)
        if not isinstance(mark, _ParamMark):
            continue
        kind = {"int": int, "float": float, "str": str}.get(getattr(annotation, "__name__", str(annotation)))
        if kind is None or (kind is str) != bool(mark.choices):
            raise _wrong(cls, f"parameter {name} is {annotation}", "Annotate int, float, or str with choices.")
        found.append(
            Param(name, kind, mark.default, mark.minimum, mark.maximum, mark.choices, mark.about, mark.calendar)
        )
    return tuple(sorted(found, key=lambda p: not p.required))


def _state(cls: type) -> tuple[tuple[StateField, ...], tuple[WindowField, ...]]:
    state = cls.__dict__.get("State")
    fields, windows = [], []
    for name, annotation in (_annotations(state) if state else {}).items():
        mark = state.__dict__.get(name, 0)
        kind = {"int": int, "float": float}.get(getattr(annotation, "__name__", str(annotation)))
        if isinstance(mark, _WindowMark):
            windows.append(WindowField(name, mark.size))
        elif name == "seen":
            continue
        elif kind is not None and isinstance(mark, int | float):
            fields.append(StateField(name, kind, float(mark)))
        else:
            raise _wrong(cls, f"state field {name} is {annotation}", "Annotate int or float, or use window(...).")
    return tuple(fields), tuple(windows)


def _annotations(cls: type) -> dict[str, Any]:
    return inspect.get_annotations(cls)


def _update(cls: type) -> FunctionType:
    update = inspect.getattr_static(cls, "update", None)
    update = update.__func__ if isinstance(update, staticmethod) else update
    if not inspect.isfunction(update) or len(inspect.signature(update).parameters) != 3:
        raise _wrong(cls, "has no update(state, bar, p)", "Write one that returns a number, or a tuple of them.")
    return update


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _wrong(cls: type, what: str, fix: str) -> IndicatorError:
    return IndicatorError(Problem(_place(cls), what, fix, code="bad_definition"))


def _place(cls: type) -> str:
    """File and line of a class, or its name where there is no file."""
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return f"{cls.__module__}.{cls.__qualname__}"
