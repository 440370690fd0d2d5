"""TOML text of a document: tables, lists of tables, and what they hold."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time


def toml_text(document: Mapping[str, object]) -> str:
    """A document as TOML: plain keys first, then tables, in their order.

    Raises
    ------
    ValueError
        For a value that TOML does not have, like None.

    Examples
    --------
    >>> print(toml_text({"name": "a", "session": {"intervals": ["1m"]}, "history": [{"days": 2}]}))
    name = "a"
    <BLANKLINE>
    [session]
    intervals = ["1m"]
    <BLANKLINE>
    [[history]]
    days = 2
    <BLANKLINE>
    """
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, object]) -> Iterator[str]:
    for key, value in document.items():
        if not isinstance(value, Mapping) and not _holds_tables(value):
            yield _pair(key, value)
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _table(f"[{_key(key)}]", value)
        elif isinstance(value, list) and _holds_tables(value):
            for table in value:
                yield from _table(f"[[{_key(key)}]]", table)


def _table(header: str, table: Mapping[str, object]) -> Iterator[str]:
    yield ""
    yield header
    for key, value in table.items():
        yield _pair(key, value)


def _holds_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _pair(key: str, value: object) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _quoted(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else f"{value:f}"
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(_pair(key, item) for key, item in value.items()) + " }" if value else "{}"
        case list():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            raise ValueError(f"{value!r} has no form in TOML")


def _quoted(text: str) -> str:
    # TOML's basic strings are JSON's, but for DEL, which JSON leaves bare, and for half characters, which it has not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
