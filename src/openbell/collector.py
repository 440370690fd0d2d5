"""Keeping Python's cyclic garbage collector out of work that makes many objects at once, and giving memory back.

Requests and imports make many objects that stay and hardly a cycle; the collector would look through all of them again
and again, a fifth of the time of a start of day. It goes on afterwards.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

_VERY_MANY = 2_000


@contextmanager
def collector_resting() -> Iterator[None]:
    """Within it the cyclic collector does not run; one that was off before stays off.

    Where very much was made meanwhile, it counts as old afterwards: else the collector would go through it at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if gc.get_count()[0] > _VERY_MANY and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def give_back() -> None:
    """Give memory that is free back to the system, where it has a call for that.

    The C library keeps what lies between objects that stay: over a run of years it would add up.
    """
    with suppress(AttributeError, OSError, TypeError):
        _system().malloc_trim(0)


@cache
def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None)
