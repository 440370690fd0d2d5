"""The kinds of value in a session file: how each is read, and how it is written again."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from openbell.bars.interval import Interval
from openbell.errors import MarketError, Problem
from openbell.market.calendar import load_calendar


def refused(*problems: Problem) -> PydanticCustomError:
    """Findings of other rooms on their way through pydantic; `where` is a key below the value, or empty."""
    return PydanticCustomError("openbell", "refused", {"problems": problems})


def _interval(value: object) -> Interval:
    # Interval.parse says itself what it thinks of a value that is not text.
    interval = value if isinstance(value, Interval) else Interval.parse(value)  # type: ignore[arg-type]
    if not interval.intraday and interval.count > 1:
        raise ValueError(f"{str(interval)!r} is several days or weeks in one bar, which no market here has")
    return interval


def _intervals(values: list[Interval]) -> list[Interval]:
    return sorted(set(values))


def _symbol(value: str) -> str:
    if not value or any(letter.isspace() or letter in "/\\" or not letter.isprintable() for letter in value):
        raise ValueError(f"{value!r} is not a symbol")
    return value.upper()


def _without_twins(values: list[str]) -> list[str]:
    twins = sorted(value for value, count in Counter(values).items() if count > 1)
    if twins:
        raise ValueError(f"{', '.join(twins)} stands there more than once (case does not count)")
    return values


def _all_or_some(value: object) -> object:
    if value == "all":
        return None
    if value is None or isinstance(value, str):
        raise ValueError(f'was {value!r}, which is neither "all" nor a list')
    return value


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not a date of the calendar") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a date")
    return value


def _market(value: str) -> str:
    try:
        return load_calendar(value).name
    except MarketError as error:
        (found,) = error.problems
        raise refused(Problem("", f"was {value!r}; {found.what}", found.fix, code=found.code)) from error


def folder_of(info: ValidationInfo) -> Path:
    """The folder that relative paths begin at."""
    folder: Path = info.context["folder"] if info.context else Path.cwd()
    return folder


def _store(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError(f"was {value!r}, which is not a path")
    folder = (folder_of(info) / Path(value).expanduser()).resolve()
    if folder.is_file():
        what = f"was {str(value)!r}, which is a file; a store is a folder."
        raise refused(Problem("", what, f"Import it: openbell import {value} --store data", code="no_store"))
    if not folder.is_dir():
        what = f"was {str(value)!r}; there is no folder {folder}."
        fix = f"Correct the path, or fill a store: openbell import FILE... --store {value}"
        raise refused(Problem("", what, fix, code="no_store"))
    return folder


_LONGEST_NAME = 200


def _file_name(value: str) -> str:
    if value in {"", ".", ".."} or any(letter in "/\\" or not letter.isprintable() for letter in value):
        raise ValueError(f"{value!r} cannot be the name of a folder")
    if len(value.encode()) > _LONGEST_NAME:
        raise ValueError(f"a name of {len(value.encode())} bytes cannot be that of a folder; {_LONGEST_NAME} can")
    return value


def _class_name(value: str, info: ValidationInfo) -> str:
    source, colon, name = value.rpartition(":")
    if not colon or not source or not name.isidentifier():
        raise ValueError(f"{value!r} does not name a class in a file or module")
    if not source.endswith(".py"):
        return value
    file = (folder_of(info) / Path(source).expanduser()).resolve()
    if not file.is_file():
        what = f"was {value!r}; there is no file {file}."
        raise refused(Problem("", what, "Correct the path: it starts at the session file.", code="no_file"))
    return f"{file}:{name}"


def _params(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"was {value!r}, which is not a table of names and values")
    wrong = [
        Problem(key, f"was {item!r}.", _PLAIN_FIX, code="bad_value") for key, item in value.items() if not _plain(item)
    ]
    if wrong:
        raise refused(*wrong)
    return dict(value)


_PLAIN_FIX = "Use text, numbers, true and false, dates, lists and tables; leave the key out for nothing."


def _plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    return isinstance(value, str | int | float | date | time)


def _span(value: object) -> Interval:
    interval = value if isinstance(value, Interval) else Interval.parse(value)  # type: ignore[arg-type]
    if not interval.intraday:
        raise ValueError(f"{str(interval)!r} is longer than a day")
    return interval


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    try:
        if not isinstance(value, str) or ":" not in value:
            raise ValueError
        return time.fromisoformat(value.strip().zfill(5))
    except ValueError:
        raise ValueError(f"{value!r} is not a time of day") from None


def _universe(value: object, info: ValidationInfo) -> list[str] | None:
    """Names as they are, or those of a file: one a line, or with commas; what follows a # is left out."""
    if value is None or value == "all":
        return None
    if isinstance(value, str):
        file = (folder_of(info) / Path(value).expanduser()).resolve()
        if not file.is_file():
            what = f"was {value!r}; there is no file {file}."
            raise refused(Problem("", what, 'Correct the path, or write "all" or a list.', code="no_universe"))
        lines = (line.partition("#")[0].replace(",", " ") for line in _lines(file))
        value = [name for line in lines for name in line.split()]
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f'was {value!r}, which is neither "all" nor a list of symbols nor a file')
    return _without_twins([_symbol(name.strip()) for name in value])


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        what = f"was {file.name}, which is not text in UTF-8: {error}."
        raise refused(Problem("", what, "Save it as UTF-8.", code="unreadable")) from error


_INTERVAL_SCHEMA = {"type": "string", "pattern": "^\\s*[0-9]{1,6}\\s*[smhdwSMHDW]\\s*$"}

IntervalText = Annotated[
    Interval, PlainValidator(_interval), PlainSerializer(str, return_type=str), WithJsonSchema(_INTERVAL_SCHEMA)
]
Intervals = Annotated[list[IntervalText], AfterValidator(_intervals)]
Symbol = Annotated[str, StringConstraints(strict=True, strip_whitespace=True), AfterValidator(_symbol)]
Symbols = Annotated[list[Symbol], AfterValidator(_without_twins)]
SomeSymbols = Annotated[
    Symbols | None,
    BeforeValidator(_all_or_some),
    PlainSerializer(lambda value: "all" if value is None else value, return_type=object),
    WithJsonSchema({"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}]}),
]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Market = Annotated[str, StringConstraints(strict=True, strip_whitespace=True), AfterValidator(_market)]
Store = Annotated[
    Path, PlainValidator(_store), PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string"})
]
FileName = Annotated[str, StringConstraints(strict=True, strip_whitespace=True), AfterValidator(_file_name)]
ClassName = Annotated[str, StringConstraints(strict=True, strip_whitespace=True), AfterValidator(_class_name)]
Span = Annotated[
    Interval, PlainValidator(_span), PlainSerializer(str, return_type=str), WithJsonSchema(_INTERVAL_SCHEMA)
]
TimeOfDay = Annotated[
    time,
    PlainValidator(_time_of_day),
    PlainSerializer(lambda value: value.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$"}),
]
Universe = Annotated[
    list[str] | None,
    PlainValidator(_universe),
    PlainSerializer(lambda value: "all" if value is None else value, return_type=object),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Figure = Annotated[float, Field(ge=0)]
Params = Annotated[dict[str, object], PlainValidator(_params), WithJsonSchema({"type": "object"})]
