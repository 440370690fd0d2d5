"""From one scalar definition to compiled loops, kept on disk.

1. `loop_text` writes a loop over a definition's `update` as a small module.
2. `_written` puts it into the cache folder, under a name that holds the hash of the loop, of the definition and of
   every helper that the definition reaches.
3. numba finds the machine code beside that file, or compiles it anew; it looks at its own version and the processor.
"""

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openbell.errors import IndicatorError, Problem
from openbell.indicators.definition import Definition, Kind
from openbell.indicators.loops import fields, loop_text
from openbell.indicators.source import fingerprint, rewritten
from openbell.market.cache import cache_root, write_atomically

_lock = threading.RLock()
_kernels: dict[tuple[Definition, bool], "Kernel"] = {}
_listeners: list[Callable[[str], None]] = []


@dataclass(frozen=True, eq=False)
class Kernel:
    """The loops of a definition.

    ``across(fed, present, source, values, slot, session, states, windows, params, out, updated, end)`` feeds one bar of
    many symbols; ``through(source, open, high, low, close, volume, slots, sessions, state, window, params, shown,
    out)`` feeds many bars of one and returns the index of the last bar that counted, or -1; ``table(source, open, high,
    low, close, volume, slots, sessions, start, window, params, out)`` feeds many bars of many from the beginning. Each
    is compiled at its first use, holds no lock of Python's and writes into the arrays that it gets.

    Parameters
    ----------
    definition
        What is compiled.
    resets
        Whether the state starts anew with each session.
    """

    definition: Definition
    resets: bool

    @cached_property
    def fingerprint(self) -> str:
        """The hash under which the loops are kept."""
        return fingerprint(self.definition.update)

    @cached_property
    def across(self) -> Callable[..., None]:
        """One instant, many symbols."""
        made: Callable[..., None] = _compiled(self, "across")
        return made

    @cached_property
    def through(self) -> Callable[..., int]:
        """Many bars, one symbol."""
        made: Callable[..., int] = _compiled(self, "through")
        return made

    @cached_property
    def table(self) -> Callable[..., None]:
        """Many bars, many symbols."""
        made: Callable[..., None] = _compiled(self, "table")
        return made


def kernel_of(definition: Definition, resets: bool = False) -> Kernel:
    """The loops of a definition; those of session kinds always start anew with each session."""
    key = (definition, resets or definition.kind is Kind.SESSION)
    with _lock:
        return _kernels.setdefault(key, Kernel(*key))


def cache_folder() -> Path:
    """Where compiled loops are kept."""
    return cache_root() / "kernels"


def _compiled(kernel: Kernel, loop: str) -> Any:
    import numba

    definition = kernel.definition
    with _lock:
        text = loop_text(definition, kernel.resets, loop)
        path = _written(definition.name, kernel.fingerprint, text)
        namespace = _Globals(definition)
        exec(compile(text, str(path or f"<{definition.name} {loop}>"), "exec"), namespace)
        make = numba.njit(_signature(loop), cache=path is not None, nogil=True, error_model="numpy")
        try:
            with _watched(definition):
                return make(namespace[loop])
        except numba.core.errors.NumbaError as error:
            raise IndicatorError(_compile_problem(definition, str(error))) from error


@contextmanager
def told(tell: Callable[[str], None]) -> Iterator[None]:
    """Have somebody called with an indicator's name whenever a loop of it is compiled, not when it is found on disk.

    Parameters
    ----------
    tell
        Called before the compiler begins, in the thread that waits for it.
    """
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


@contextmanager
def _watched(definition: Definition) -> Iterator[None]:
    """Tell listeners when numba really compiles; of the functions inside one loop the first one counts."""
    from numba.core import event

    class Told(event.Listener):
        begun = False

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            if not self.begun:
                self.begun = True
                for tell in tuple(_listeners):
                    tell(definition.name)

        def on_end(self, event: Any) -> None:
            """Nothing is told."""

    with event.install_listener("numba:compile", Told()):
        yield


class _Globals(dict[str, Any]):
    """What a loop's text refers to; made when it is asked for, which code from the cache never does."""

    def __init__(self, definition: Definition) -> None:
        super().__init__(__name__=__name__)
        self._definition = definition

    def __missing__(self, name: str) -> Any:
        if name == "update":
            from numba.core.registry import cpu_target

            made = self.setdefault(name, _update(self._definition))
            # The compiler is at work already, and looks for new functions only when it starts.
            cpu_target.typing_context.refresh()
            cpu_target.target_context.refresh()
            return made
        if name == "part":
            from openbell.indicators.borrow import part

            return self.setdefault(name, part)
        raise KeyError(name)


def _update(definition: Definition) -> Any:
    from numba.extending import register_jitable

    return rewritten(
        definition.update,
        *fields(definition),
        home=__name__,
        ready=register_jitable(forceinline=True),
    )


def _signature(loop: str) -> Any:
    from numba import types

    def array(dtype: Any, ndim: int, readonly: bool) -> Any:
        return types.Array(dtype, ndim, "C", readonly=readonly)

    read, state = array(types.float64, 1, True), array(types.float64, 1, False)
    ints, table = array(types.int64, 1, True), array(types.float64, 2, False)
    if loop == "through":
        return types.int64(read, read, read, read, read, read, ints, ints, state, state, read, state, table)
    if loop == "table":
        rows = array(types.float64, 2, True)
        out = array(types.float64, 3, False)
        return types.void(rows, rows, rows, rows, rows, rows, ints, ints, read, state, read, out)
    present, values = array(types.boolean, 1, True), array(types.float64, 2, True)
    stamps = array(types.int64, 1, False)
    return types.void(
        present, present, read, values, types.int64, types.int64, table, table, read, table,
        stamps, types.int64,
    )  # fmt: skip


def _written(name: str, mark: str, text: str) -> Path | None:
    """The loop's file, or None where the cache cannot be written.

    Its time is fixed, so that its name alone says whether compiled code belongs to it.
    """
    digest = hashlib.sha256(f"{mark}{text}".encode()).hexdigest()[:24]
    path = cache_folder() / f"{name}_{digest}.py"
    try:
        if not path.exists():
            write_atomically(path, text.encode())
            os.utime(path, (0, 0))
    except OSError:
        return None
    return path


def _compile_problem(definition: Definition, message: str) -> Problem:
    file = definition.update.__code__.co_filename
    lines = re.findall(rf'File "[^"]*{re.escape(Path(file).name)}", line (\d+)', message)
    place = f"{file}:{lines[-1] if lines else definition.update.__code__.co_firstlineno}"
    said = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith("File")]
    what = next((line for line in reversed(said) if "Error" in line or "No " in line or "Cannot" in line), said[0])
    fix = "Use numbers, windows, the math module, and functions made of these."
    return Problem(place, f"{definition.name} cannot be compiled: {what}", fix, code="not_compilable")
