"""A loop beside Python: on a thread of the system, which never touches Python, while Python goes on."""

import ctypes
import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from openbell.machine.code import Code, address_of, found, keep, linked, nowhere, object_of
from openbell.machine.kept import loop_of, place_of

# What a new thread begins with: it calls the loop that its list names, as numba's loops are called.
_ENTRY = """
define i8* @entry(i8* %given) {
  %list = bitcast i8* %given to i64*
  %second = getelementptr i64, i64* %list, i64 1
  %third = getelementptr i64, i64* %list, i64 2
  %code = load i64, i64* %list
  %unused = load i64, i64* %second
  %where = load i64, i64* %third
  %loop = inttoptr i64 %code to i32 (i8*, i8*, i64)*
  %nowhere = inttoptr i64 %unused to i8*
  %done = call i32 %loop(i8* %nowhere, i8* %nowhere, i64 %where)
  ret i8* null
}
"""
_MANY = 1 << 14
# What running threads were given: an interrupt may come before one is waited for.
_running: dict[int, tuple["array[int]", "array[int]"]] = {}


@contextmanager
def beside(module: str, name: str, *given: int, bars: int) -> Iterator[None]:
    """Run a loop while a block is carried out; it has ended when the block is left, however that happens.

    Where this process has one processor only, no thread can be had, or there is little to do, the loop runs first:
    beginning a thread and waiting for it takes a tenth of a millisecond.

    Parameters
    ----------
    module, name, given
        As for `openbell.machine.kept.run`. Whoever calls this holds the arrays that the loop reads and writes, and
        leaves them alone in the block.
    bars
        About how many the loop goes through.
    """
    loop, listed = loop_of(module, name), array("q", given)
    where = listed.buffer_info()[0]
    system = _system() if bars >= _MANY else None
    thread = ctypes.c_size_t()
    if system is not None:
        entry = array("q", (address_of(loop), nowhere(), where))
        if not system.pthread_create(ctypes.byref(thread), None, _entry(), entry.buffer_info()[0]):
            _running[where] = listed, entry
            try:
                yield
            finally:
                system.pthread_join(thread, None)
                del _running[where]
            return
    loop(where)
    yield


@cache
def _system() -> Any:  # functions of the C library
    """What begins threads and waits for them, None where it is not there or one processor does everything."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        return None
    system = ctypes.CDLL(None)
    system.pthread_create.argtypes = [ctypes.c_void_p] * 4
    system.pthread_join.argtypes = [ctypes.c_size_t, ctypes.c_void_p]
    return system


@cache
def _entry() -> int:
    """Where the machine code of `_ENTRY` lies."""
    path = place_of(__name__, "entry")
    loop = found(path)
    if loop is None:
        code = Code("entry", [], object_of(_ENTRY))
        with suppress(OSError):
            keep(path, code)
        loop = linked(code)
    return address_of(loop)
