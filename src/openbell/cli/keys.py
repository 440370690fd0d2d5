"""Keys in the terminal while a session runs; nothing happens where there is no terminal."""

import os
import select
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from openbell.engine.control import Control
from openbell.errors import SessionError

HELP = (
    "keys: space pause or go on, s one bar, m five minutes, n next signal, + - faster or slower, 0 full speed, q stop"
)
_GLANCE_SECONDS = 0.1


@contextmanager
def keys(control: Control) -> Iterator[None]:
    """Listen to the terminal's keys for as long as a session runs.

    Parameters
    ----------
    control
        Of the session.
    """
    try:
        import termios
        import tty
    except ImportError:  # a system without terminals of this kind
        yield
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield
        return
    terminal = sys.stdin.fileno()
    former = termios.tcgetattr(terminal)
    over = threading.Event()
    listener = threading.Thread(target=_listen, args=(terminal, control, over), daemon=True)
    try:
        # What was typed before is dropped here, so nobody is invited to type earlier.
        tty.setcbreak(terminal)
        control.attended = True
        listener.start()
        if control.speed:
            _help()
        yield
    finally:
        over.set()
        listener.join()
        control.attended = False
        termios.tcsetattr(terminal, termios.TCSADRAIN, former)


def press(key: str, control: Control) -> None:
    """Do what a key stands for; one that stands for nothing shows the help.

    Parameters
    ----------
    key
        One character.
    """
    actions: Mapping[str, Callable[[], object]] = {
        " ": control.resume if control.paused else control.pause,
        "s": control.step,
        "m": lambda: control.step(minutes=5),
        "n": lambda: control.run_until(signal=True),
        "+": lambda: _faster(control, 2.0),
        "-": lambda: _faster(control, 0.5),
        "0": lambda: _faster(control, 0.0),
        "q": control.stop,
    }
    action = actions.get(key)
    if action is None:
        _help()
        return
    try:
        action()
    except SessionError as error:  # between two days there is nothing to step through
        print(f"{error.problems[0].what} Press it again when the day has begun.", file=sys.stderr)


def _help() -> None:
    print(textwrap.fill(HELP, shutil.get_terminal_size().columns - 1), file=sys.stderr)


def _faster(control: Control, factor: float) -> None:
    """Change the speed; from full speed the first step down is an hour a minute."""
    control.speed = control.speed * factor if control.speed else (60.0 if factor == 0.5 else 0.0)


def _listen(terminal: int, control: Control, over: threading.Event) -> None:
    while not over.is_set():
        ready, _, _ = select.select([terminal], [], [], _GLANCE_SECONDS)
        if not ready:
            continue
        typed = _typed(terminal)
        if not typed:  # the terminal is gone, and nobody can resume any more
            control.attended = False
            return
        press(typed.decode(errors="replace").lower(), control)


def _typed(terminal: int) -> bytes:
    """One key; nothing when the terminal has gone."""
    try:
        return os.read(terminal, 1)
    except OSError:
        return b""
