"""Keeping Python's cyclic garbage collector out of work that makes many objects at once.

Requests and imports make many objects that stay and hardly a cycle; the collector would look through all of them again
and again, a fifth of the time of a start of day. It goes on afterwards.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_resting() -> Iterator[None]:
    """Within it the cyclic collector does not run; one that was off before stays off."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
