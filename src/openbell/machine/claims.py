"""One process makes a loop, whoever else needs it waits.

A claim is a lock on one byte of a file in the cache, so that it ends with its process, however that ends. Within a
process, loops are made one after the other anyway.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from zlib import crc32

fcntl: ModuleType | None
try:
    import fcntl
except ModuleNotFoundError:  # Windows has none: what two processes make at once is made twice there.
    fcntl = None

_FILE = ".claims"
_PAUSE_SECONDS = 0.01
# The longest loop takes a second or two, on a busy machine some more.
_PATIENCE_SECONDS = 20.0


@contextmanager
def claimed(path: Path, patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Make what will be kept in a file and be alone with it; another process that is at it is waited for.

    Whoever is not done within the patience was stopped in the middle: it is made twice then. Where files cannot be
    locked, nobody is waited for.
    """
    until = time.monotonic() + patience_seconds
    while not (mine := _lock(path)) and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        if mine:
            _unlock(path)


def taken(path: Path) -> bool:
    """Whether another process is making what will be kept in a file."""
    mine = _lock(path)
    if mine:
        _unlock(path)
    return not mine


def _lock(path: Path) -> bool:
    """Whether nobody else has a claim; it is this process's then, where files can be locked."""
    file = _file(path.parent)
    if file is not None and fcntl is not None:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte(path))
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system that has no such locks
            return True
    return True


def _unlock(path: Path) -> None:
    file = _file(path.parent)
    if file is not None and fcntl is not None:
        with suppress(OSError):
            fcntl.lockf(file, fcntl.LOCK_UN, 1, _byte(path))


def _byte(path: Path) -> int:
    """Which byte of the file stands for a loop; of two that share one, one waits for the other."""
    return crc32(path.name.encode())


@cache
def _file(folder: Path) -> int | None:
    """A folder's file of claims; held open, since closing it once would end all claims of this process."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    return None
