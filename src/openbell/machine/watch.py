"""Who is told when the compiler is at work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_listeners: list[Callable[[str], None]] = []


@contextmanager
def told(listener: Callable[[str], None]) -> Iterator[None]:
    """Have somebody called with a loop's name whenever it is compiled, not when it is found on disk.

    Parameters
    ----------
    listener
        Called before the compiler begins, in the thread that waits for it.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(name: str) -> None:
    """Tell listeners that the compiler begins with a loop."""
    for listener in tuple(_listeners):
        listener(name)


@contextmanager
def watched(name: str) -> Iterator[None]:
    """Tell listeners when numba really compiles; of the functions inside one loop the first one counts.

    Parameters
    ----------
    name
        What listeners are told.
    """
    from numba.core import event

    class Told(event.Listener):
        begun = False

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            if not self.begun:
                self.begun = True
                tell(name)

        def on_end(self, event: Any) -> None:
            """Nothing is told."""

    with event.install_listener("numba:compile", Told()):
        yield
