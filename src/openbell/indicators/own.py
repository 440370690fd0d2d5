"""Users' own indicators, from a file beside the session file or from a module."""

import hashlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from openbell.errors import IndicatorError, Problem, nearest
from openbell.indicators.definition import Definition, definition_of
from openbell.indicators.loops import fields
from openbell.indicators.registry import register
from openbell.indicators.source import flat


def load(use: str, folder: Path) -> Definition:
    """Load ``FILE.py:Class`` or ``package.module:Class`` and make it known by its name.

    Parameters
    ----------
    use
        A file, or a dotted module, a colon, and the class that `openbell.indicators.definition.indicator` decorates.
    folder
        What a file's path is relative to: the session file's folder.

    Raises
    ------
    IndicatorError
        If file, module or class is not there, its code fails, or it is no indicator; names the line.
    """
    origin, _, name = use.rpartition(":")
    if not origin or not name:
        raise _problem(use, "does not name a class", "Write FILE.py:Class or package.module:Class.")
    module = _module(origin, folder)
    found = getattr(module, name, None)
    if not isinstance(found, type):
        known = [key for key, value in vars(module).items() if isinstance(value, type) and "definition" in vars(value)]
        close = nearest(name, known)
        fix = f"Did you mean {close}?" if close else f"It has {', '.join(known) or 'no indicator'}."
        raise _problem(use, f"{origin} has no class {name!r}", fix)
    made = definition_of(found)
    flat(made.update, *fields(made))
    return register(found)


def _module(origin: str, folder: Path) -> ModuleType:
    try:
        return _file((folder / origin).resolve()) if origin.endswith(".py") else importlib.import_module(origin)
    except FileNotFoundError as missing:
        raise _problem(origin, f"there is no file {missing.filename}", "Mend the path, or write the file.") from missing
    except IndicatorError:
        raise
    except Exception as error:  # a user's file may raise anything while it is imported
        what = f"cannot be loaded: {type(error).__name__}: {error}"
        raise _problem(_line_of(error) or origin, what, "Mend this place.") from error


def _line_of(error: Exception) -> str | None:
    """Where in a user's file an exception was raised, None where it was not."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return None if last.filename.startswith("<") else f"{last.filename}:{last.lineno}"


def _file(path: Path) -> ModuleType:
    """A file as a module, loaded once per content; functions that it imports from beside it are found."""
    digest = hashlib.blake2b(str(path).encode() + path.read_bytes(), digest_size=6).hexdigest()
    name = f"openbell_user_{path.stem}_{digest}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise _problem(str(path), "is not a Python file", "Give a file that ends in .py.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        sys.path.insert(0, str(path.parent))
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        finally:
            sys.path.remove(str(path.parent))
    return sys.modules[name]


def _problem(where: str, what: str, fix: str) -> IndicatorError:
    return IndicatorError(Problem(where, what, fix, code="no_indicator"))
