"""Loops that are written by hand, each module a file of them, compiled at their first use and then kept.

Such a module imports numba, so it is only read until one of its loops has to be compiled. A loop takes the address of a
list of numbers, as `openbell.machine.borrow` reads it; whoever calls it holds the arrays whose addresses are in there.
"""

import hashlib
import struct
import threading
from array import array
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from openbell.machine import ahead
from openbell.machine.cache import cache_root
from openbell.machine.claims import claimed
from openbell.machine.code import KNOWN, Loop, UnlinkedError, found, keep, linked, made, stamp
from openbell.machine.watch import tell

_lock = threading.RLock()
_READ = "openbell.machine.borrow"


def run(module: str, name: str, *given: int) -> int:
    """Run a loop with some numbers.

    Parameters
    ----------
    module
        Where it is written, like ``openbell.bars.loops``.
    name
        Of the loop.
    given
        What it gets: sizes, addresses, `bits` of a float.

    Returns
    -------
    int
        What it left in the place of the first number.
    """
    listed = array("q", given)
    loop_of(module, name)(listed.buffer_info()[0])
    return listed[0]


def bits(number: float) -> int:
    """A float as a number of the list."""
    whole: int = struct.unpack("q", struct.pack("d", number))[0]
    return whole


@cache
def loop_of(module: str, name: str, *others: str) -> Loop:
    """A loop from the cache, or compiled anew.

    Parameters
    ----------
    module, name
        As for `run`.
    others
        Modules from which it takes numbers: it is compiled anew when one of them has changed, too.
    """
    with _lock:
        path = place_of(module, name, *others)
        try:
            return found(path) or _compiled(module, name, path)
        except UnlinkedError:
            return _of_numba(module, name)


def prepare(*loops: Sequence[str]) -> None:
    """Have a second process compile what is not kept yet and needed later.

    Parameters
    ----------
    loops
        The words that `loop_of` takes for each, in the order in which they are to be compiled.
    """
    places = {place_of(*words): words for words in loops}
    ahead.begin({path: (__name__, "loop_of", *words) for path, words in places.items() if not path.exists()})


def place_of(module: str, name: str, *others: str) -> Path:
    """Where a loop is kept; its name alone says whether machine code belongs to it."""
    content = "".join([*map(_text, (module, _READ, *others)), KNOWN, stamp()])
    digest = hashlib.sha256(content.encode()).hexdigest()[:24]
    return cache_root() / "kernels" / f"{name}_{digest}.code"


def _compiled(module: str, name: str, path: Path) -> Loop:
    """Compile a loop, keep its machine code, and run that; where another process compiles it, wait for that one.

    Raises
    ------
    UnlinkedError
        If it cannot run by itself.
    """
    with claimed(path):
        loop = found(path)
        if loop is None:
            tell(name)
            code = made(_written(module, name))
            with suppress(OSError):
                keep(path, code)
            loop = linked(code)
    return loop


def _of_numba(module: str, name: str) -> Loop:
    """A loop that calls what numba brings along, by numba's own cache."""
    import numba

    signature = numba.types.void(numba.types.int64)
    native: Loop = numba.njit(signature, cache=True, nogil=True, error_model="numpy")(_written(module, name))
    return native


def _written(module: str, name: str) -> Loop:
    loop: Loop = getattr(import_module(module), name)
    return loop


def _text(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")
