"""Finding a user's class: in a file beside the session file, or in a module."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from openbell.errors import ConfigError, Problem, nearest


def load_class(use: str, kind: type, where: str) -> type:
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


def _module(origin: str, where: str) -> ModuleType:
    try:
        if not origin.endswith(".py"):
            return importlib.import_module(origin)
        path = Path(origin)
        name = f"openbell_user_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module
    except (ImportError, OSError, SyntaxError, NameError, AttributeError, TypeError, ValueError) as error:
        what = f"{origin} cannot be loaded: {type(error).__name__}: {error}."
        raise ConfigError(Problem(where, what, "Mend the file, or its path in `use`.", code="cannot_load")) from error
