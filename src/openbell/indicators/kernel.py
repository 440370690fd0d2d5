"""From one scalar definition to compiled loops, kept on disk.

1. `loop_text` writes a loop over a definition's `update` as a small module.
2. `_place` names it by the hash of the loop, of the definition, of every helper that the definition reaches, and of
   numba, LLVM and the processor.
3. The machine code under that name is run (`openbell.machine.code`), or numba makes it anew.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openbell.errors import IndicatorError, Problem
from openbell.indicators.definition import Definition, Kind
from openbell.indicators.loops import fields, loop_text
from openbell.indicators.source import fingerprint, rewritten
from openbell.machine import ahead
from openbell.machine import code as machine
from openbell.machine.cache import cache_root, write_atomically
from openbell.machine.claims import claimed
from openbell.machine.code import Loop
from openbell.machine.watch import tell, watched

_lock = threading.RLock()
_kernels: dict[tuple[Definition, bool], "Kernel"] = {}
_BORROWED = frozenset({"listed", "floats", "stamps", "flags", "moved", "part", "strided"})


@dataclass(frozen=True, eq=False)
class Kernel:
    """The loops of a definition.

    ``across`` feeds one bar of many symbols, ``through`` many bars of one, ``table`` many bars of many from the
    beginning. Each takes the address of the numbers that `openbell.indicators.loops` names, looks at no bounds, writes
    into the arrays whose addresses it gets, is compiled at its first use, and holds no lock of Python's.

    Parameters
    ----------
    definition
        What is compiled.
    resets
        Whether the state starts anew with each session.
    """

    definition: Definition
    resets: bool
    _tables: dict[tuple[int, ...], Loop] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """The hash under which the loops are kept."""
        return fingerprint(self.definition.update)

    @cached_property
    def across(self) -> Loop:
        """One instant, many symbols."""
        return _loop(self, "across")

    @cached_property
    def through(self) -> Loop:
        """Many bars, one symbol."""
        return _loop(self, "through")

    def prepare(self) -> None:
        """Compile the loop of an instant, or load it; the one through time only if it is kept already.

        That one is needed where few symbols are warmed up, and for most sessions it is not: who needs it compiles it.
        """
        _ = self.across
        if _kept_as(self, "through")[1].exists():
            _ = self.through

    def table(self, asked: tuple[int, ...]) -> Loop:
        """Many bars, many symbols, for these outputs alone."""
        if asked not in self._tables:
            self._tables[asked] = _loop(self, "table", asked)
        return self._tables[asked]


def kernel_of(definition: Definition, resets: bool = False) -> Kernel:
    """The loops of a definition; those of session kinds always start anew with each session."""
    key = (definition, resets or definition.kind is Kind.SESSION)
    with _lock:
        return _kernels.setdefault(key, Kernel(*key))


def prepare(kernels: Iterable[Kernel], loop: str = "across") -> None:
    """Have a second process compile a loop of each of some kernels of the catalogue, if it is not kept yet."""
    wanted = {}
    for kernel in kernels:
        _, path = _kept_as(kernel, loop)
        if not path.exists():
            wanted[path] = (__name__, "make", loop, kernel.definition.name, "resets" if kernel.resets else "")
    ahead.begin(wanted)


def make(loop: str, name: str, resets: str) -> None:
    """Have a loop kept, of an indicator of the catalogue."""
    from openbell.indicators.registry import definition

    kernel = kernel_of(definition(name), bool(resets))
    _ = kernel.across if loop == "across" else kernel.through


def cache_folder() -> Path:
    """Where compiled loops are kept."""
    return cache_root() / "kernels"


def _loop(kernel: Kernel, loop: str, asked: tuple[int, ...] | None = None) -> Loop:
    """A loop from the cache, or compiled anew."""
    with _lock:
        text, path = _kept_as(kernel, loop, asked)
        try:
            return machine.found(path) or _compiled(kernel.definition, loop, text, path)
        except machine.UnlinkedError:
            return _of_numba(kernel.definition, loop, text, path.with_suffix(".py"))


def _kept_as(kernel: Kernel, loop: str, asked: tuple[int, ...] | None = None) -> tuple[str, Path]:
    """The text of a loop, and where its machine code is kept."""
    text = loop_text(kernel.definition, kernel.resets, loop, asked)
    return text, _place(kernel.definition.name, f"{kernel.fingerprint}{text}{machine.stamp()}")


def _compiled(definition: Definition, loop: str, text: str, path: Path) -> Loop:
    """Compile a loop, keep its machine code, and run that; where another process compiles it, wait for that one.

    Raises
    ------
    UnlinkedError
        If it cannot run by itself.
    """
    with claimed(path):
        made = machine.found(path)
        if made is None:
            machine.split_loops()
            tell(definition.name)
            with _named(definition):
                code = machine.made(_function(definition, loop, text, str(path)))
            with suppress(OSError):
                machine.keep(path, code)
            made = machine.linked(code)
    return made


def _of_numba(definition: Definition, loop: str, text: str, path: Path) -> Loop:
    """A loop that calls what numba brings along, by numba's own cache."""
    import numba

    signature = numba.types.void(numba.types.int64)
    cached = _written(path, text)
    make = numba.njit(signature, cache=cached, nogil=True, error_model="numpy")
    with _named(definition), watched(definition.name):
        made: Loop = make(_function(definition, loop, text, str(path) if cached else f"<{definition.name} {loop}>"))
    return made


def _function(definition: Definition, loop: str, text: str, file: str) -> Any:
    namespace = _Globals(definition)
    exec(compile(text, file, "exec"), namespace)
    return namespace[loop]


@contextmanager
def _named(definition: Definition) -> Iterator[None]:
    """Say of an indicator that cannot be compiled where and why."""
    from numba.core.errors import NumbaError

    try:
        yield
    except NumbaError as error:
        raise IndicatorError(_compile_problem(definition, str(error))) from error


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
        if name in _BORROWED:
            from openbell.machine import borrow

            return self.setdefault(name, getattr(borrow, name))
        raise KeyError(name)


def _update(definition: Definition) -> Any:
    from openbell.machine.borrow import inlined

    return rewritten(definition.update, *fields(definition), home=__name__, ready=inlined)


def _place(name: str, content: str) -> Path:
    """Where a loop is kept; its name alone says whether machine code belongs to it."""
    digest = hashlib.sha256(content.encode()).hexdigest()[:24]
    return cache_folder() / f"{name}_{digest}.code"


def _written(path: Path, text: str) -> bool:
    """Whether the loop's file is there for numba's cache; its time is fixed, as its name says all."""
    try:
        if not path.exists():
            write_atomically(path, text.encode())
            os.utime(path, (0, 0))
    except OSError:
        return False
    return True


def _compile_problem(definition: Definition, message: str) -> Problem:
    file = definition.update.__code__.co_filename
    lines = re.findall(rf'File "[^"]*{re.escape(Path(file).name)}", line (\d+)', message)
    place = f"{file}:{lines[-1] if lines else definition.update.__code__.co_firstlineno}"
    said = [line.strip() for line in message.splitlines() if line.strip() and not line.startswith("File")]
    what = next((line for line in reversed(said) if "Error" in line or "No " in line or "Cannot" in line), said[0])
    fix = "Use numbers, windows, the math module, and functions made of these."
    return Problem(place, f"{definition.name} cannot be compiled: {what}", fix, code="not_compilable")
