"""One process makes a loop, whoever else needs it waits.

A claim is a lock on one byte of a file in the cache, so that it ends with its process, however that ends. Within a
process, loops are made one after the other anyway.
"""

import os
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


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Make what will be kept in a file and be alone with it; another process that is at it is waited for.

    Where files cannot be locked, nobody is waited for.
    """
    file, byte = _file(path.parent), crc32(path.name.encode())
    if file is None or fcntl is None:
        yield
        return
    with suppress(OSError):
        fcntl.lockf(file, fcntl.LOCK_EX, 1, byte)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)


def taken(path: Path) -> bool:
    """Whether another process is making what will be kept in a file."""
    file, byte = _file(path.parent), crc32(path.name.encode())
    if file is None or fcntl is None:
        return False
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.lockf(file, fcntl.LOCK_UN, 1, byte)
    return False


@cache
def _file(folder: Path) -> int | None:
    """A folder's file of claims; held open, since closing it once would end all claims of this process."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    return None
