"""From a file in TOML, JSON or YAML to a plain mapping."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from openbell.errors import ConfigError, Problem


def read_document(path: Path) -> dict[str, object]:
    """The content of a session file, by the ending of its name.

    Raises
    ------
    ConfigError
        If it cannot be read, is no sound TOML, JSON or YAML (with line and column), or is not a table of keys.
    """
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        raise _error(str(path), f"ends in {path.suffix!r}.", "Name the file .toml, .json or .yaml.", "format")
    document = parse(path, _text(path))
    if not isinstance(document, dict):
        what = f"holds a {type(document).__name__}, not keys and values."
        raise _error(str(path), what, 'Start with name = "...", market = "..." and so on.', "format")
    return document


def plain(value: object) -> object:
    """The same with dicts for mappings and lists for tuples, as a parser of files would have made it."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        fix = f"There is nothing of that name in {path.absolute().parent}: check the path."
        raise _error(str(path), "the session file does not exist.", fix, "no_file") from None
    except OSError as error:
        fix = "Give the path of a file that you may read."
        raise _error(str(path), f"cannot be read: {error.strerror}.", fix, "unreadable") from error
    except UnicodeDecodeError as error:
        raise _error(str(path), f"is not text in UTF-8: {error}.", "Save it as UTF-8.", "unreadable") from error


def _toml(path: Path, text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(
            r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", str(error)
        )
        what = found["what"] if found else str(error)
        line, column = (found["line"], found["column"]) if found else (None, None)
        place = f"{path}:{line}:{column}" if line else f"{path}:{len(text.splitlines())}"
        raise _syntax(place, "TOML", what) from error


def _json(path: Path, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _syntax(f"{path}:{error.lineno}:{error.colno}", "JSON", error.msg) from error


def _yaml(path: Path, text: str) -> object:
    try:
        import yaml
    except ImportError as error:
        fix = "Install it with: pip install 'openbell[yaml]'; or write the file in TOML."
        raise _error(str(path), "is YAML, which needs the package PyYAML.", fix, "no_yaml") from error
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise _syntax(place, "YAML", error.problem or "cannot be read") from error
    except yaml.YAMLError as error:
        raise _syntax(str(path), "YAML", str(error)) from error


_PARSERS: dict[str, Callable[[Path, str], object]] = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}


def _syntax(place: str, language: str, what: str) -> ConfigError:
    fix = "Mend the line; nothing behind it has been looked at."
    return _error(place, f"is not sound {language}: {what}.", fix, "syntax")


def _error(where: str, what: str, fix: str, code: str) -> ConfigError:
    return ConfigError(Problem(where, what, fix, code=code))
