"""Who looks at a store: each reader locks the folder of bars for as long as it lives, beside other readers.

The lock ends with its process, however that ends, and needs no right to write. Where there are no such locks, as on
Windows and on some file systems, readers leave no trace.
"""

import os
import weakref
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None


class Mark:
    """A reader's lock on a folder, as long as somebody holds the mark.

    Parameters
    ----------
    folder
        It is not made; where it is not there, nothing is marked.
    """

    def __init__(self, folder: Path) -> None:
        handle = _opened(folder)
        if handle is None or fcntl is None:
            return
        release = weakref.finalize(self, os.close, handle)
        try:
            # Nobody holds the other kind for longer than `is_read` asks.
            fcntl.flock(handle, fcntl.LOCK_SH)
        except OSError:
            release()


def is_read(folder: Path) -> bool:
    """Whether somebody has a mark on a folder, in this process or another one."""
    handle = _opened(folder)
    if handle is None or fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _opened(folder: Path) -> int | None:
    if fcntl is None:
        return None
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
