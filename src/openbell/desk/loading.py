"""Finding a user's class, in a file beside the session file or in a module, and making one of it."""

import hashlib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from openbell.desk.params import checked
from openbell.errors import ConfigError, OpenbellError, Problem, nearest

T = TypeVar("T")

# Frames of openbell itself, and of Python's and installed packages: what a user mends lies outside them.
_OWN = str(Path(__file__).parents[1])
_LIBRARIES = tuple({path for name in ("stdlib", "purelib", "platlib") if (path := sysconfig.get_path(name))})


def load_class(use: str, kind: type[T], where: str) -> type[T]:
    """The class that ``FILE.py:Class`` or ``package.module:Class`` names.

    Parameters
    ----------
    use
        A file's path or a module, a colon, and the class.
    kind
        What it must be a subclass of.
    where
        The place in the session file, for messages.

    Raises
    ------
    ConfigError
        If the file, the module or the class is not there, or it is of another kind.
    """
    origin, _, name = use.rpartition(":")
    module = _module(origin, where)
    found = getattr(module, name, None)
    if found is None:
        known = [key for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, kind)]
        near = nearest(name, known) or ", ".join(known) or f"a subclass of openbell.{kind.__name__}"
        raise ConfigError(Problem(where, f"{origin} has no class {name!r}.", f"Use {near}.", code="no_class"))
    if not (isinstance(found, type) and issubclass(found, kind)):
        what = f"{use} is not a {kind.__name__}."
        raise ConfigError(Problem(where, what, f"Derive it from openbell.{kind.__name__}.", code="wrong_class"))
    return found


def make(use: str, kind: type[T], params: Mapping[str, object], where: str) -> T:
    """One of a user's class, with its parameters checked.

    Raises
    ------
    ConfigError
        If it cannot be found, or the parameters are not its own.
    """
    found = load_class(use, kind, f"{where}.use")
    values = checked(found, kind, params, f"{where}.params")
    try:
        return found(**values)
    except Exception as error:  # a user's constructor may raise anything
        raise ConfigError(_raised(error, f"{where}.use", f"{found.__name__} cannot be made", found)) from error


def set_up(act: Callable[[], object], kind: type, where: str) -> None:
    """Run the ``setup`` of a user's class.

    Raises
    ------
    ConfigError
        With what it raised, and where in the user's file.
    """
    try:
        act()
    except OpenbellError as error:
        see = f"See {place_of(error, kind)}"
        raise ConfigError(
            *(
                Problem(f"{where}: {kind.__name__}.setup", f"{p.where}: {p.what}", f"{p.fix} {see}", p.code)
                for p in error.problems
            )
        ) from error
    except Exception as error:  # a user's code may raise anything
        raise ConfigError(_raised(error, where, f"{kind.__name__}.setup failed", kind)) from error


def place_of(error: BaseException, kind: type | None = None) -> str:
    """Where in a user's file an exception came from, like ``strategies.py line 12, in on_bars: x = y``.

    Parameters
    ----------
    kind
        The user's class, which is named where no line of it was running: it could not even be called.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name} line {error.lineno}: {(error.text or '').strip()}"
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith((_OWN, "<"))]
    theirs = [one for one in frames if not one.filename.startswith(_LIBRARIES)] or frames
    if theirs:
        last = theirs[-1]
        return f"{Path(last.filename).name} line {last.lineno}, in {last.name}" + (
            f": {last.line}" if last.line else ""
        )
    if kind is None:
        return "the file"
    origin = getattr(sys.modules.get(kind.__module__), "__file__", None) or kind.__module__
    return f"class {kind.__name__} in {Path(origin).name}"


def _raised(error: Exception, where: str, what: str, kind: type) -> Problem:
    fix = f"Mend {place_of(error, kind)}"
    return Problem(where, f"{what}: {type(error).__name__}: {error}.", fix, code="user_code_raised")


def _module(origin: str, where: str) -> ModuleType:
    try:
        return _file(Path(origin)) if origin.endswith(".py") else importlib.import_module(origin)
    except Exception as error:  # a user's file may raise anything while it is imported
        what = f"{origin} cannot be loaded: {type(error).__name__}: {error}."
        told = isinstance(error, ImportError | OSError)
        fix = "Mend the file, or its path in `use`." if told else f"Mend {place_of(error)}"
        raise ConfigError(Problem(where, what, fix, code="cannot_load")) from error


def _file(path: Path) -> ModuleType:
    """A file as a module, loaded once per content: what two rules take from it is the same."""
    digest = hashlib.blake2b(str(path).encode() + path.read_bytes(), digest_size=6).hexdigest()
    name = f"openbell_user_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
