"""From pydantic's errors to problems: each with its key, the value that was seen, and what to write instead."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from openbell.config.model import Document
from openbell.errors import Problem, nearest

Place = tuple[int | str, ...]

_LONGEST_VALUE = 60


def findings(error: ValidationError, at: Place = ()) -> Iterator[Problem]:
    """Every error as problems; `where` is the key, like ``indicators[0].params.period``.

    Parameters
    ----------
    error
        What pydantic found.
    at
        Where in the file the validated part stands.
    """
    for detail in error.errors(include_url=False):
        yield from _problems(detail, (*at, *detail["loc"]))


def key_text(place: Place) -> str:
    """A key as it is written.

    Examples
    --------
    >>> key_text(("indicators", 0, "params", "period"))
    'indicators[0].params.period'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _problems(detail: ErrorDetails, place: Place) -> Iterator[Problem]:
    kind = detail["type"]
    if kind == "openbell":
        for problem in detail["ctx"]["problems"]:
            where = key_text((*place, problem.where)) if problem.where else key_text(place)
            yield Problem(where, problem.what, problem.fix, code=problem.code)
    elif kind == "extra_forbidden":
        yield _unknown_key(place)
    elif kind == "missing":
        yield Problem(key_text(place), "is missing.", _advice(place), code="missing_key")
    else:
        yield Problem(key_text(place), _fault(detail), _advice(place), code="bad_value")


def _fault(detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return f"{detail['ctx']['error']}."
    said = detail["msg"].rpartition(" should ")[2]
    return f"was {_shown(detail['input'])}; it should {said}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _advice(place: Place) -> str:
    _, field = _described(place)
    return f"Write {field.description}" if field is not None and field.description else "Correct the value."


def _unknown_key(place: Place) -> Problem:
    *above, key = place
    model, _ = _described(tuple(above))
    known = _keys(model)
    like = nearest(str(key), known)
    if like:
        fix = f"Did you mean {like}?"
    elif homes := _homes(str(key)):
        fix = f"It belongs in {' or '.join(homes)}."
    else:
        fix = f"Take it out; here there are {', '.join(known)}."
    return Problem(key_text(place), "is not a key of a session file.", fix, code="unknown_key")


def _homes(key: str) -> list[str]:
    return [
        f"[[{name}]]" if _is_list(field) else f"[{name}]"
        for name, field in Document.model_fields.items()
        if (model := _model_in(field.annotation)) is not None and key in model.model_fields
    ]


def _is_list(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is list


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else list(model.model_fields)


def _described(place: Place) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model that a place leads to, and the last field on the way."""
    model: type[BaseModel] | None = Document
    field: FieldInfo | None = None
    for part in place:
        if isinstance(part, str) and model is not None and part in model.model_fields:
            field = model.model_fields[part]
            model = _model_in(field.annotation)
    return model, field


# Any: an annotation may be every form that typing has.
def _model_in(annotation: Any) -> type[BaseModel] | None:
    inside = get_args(annotation)
    if inside:
        return next((model for part in inside if (model := _model_in(part)) is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
