"""Writers of one store, one after the other.

SQLite's own lock is in the catalogue, which is not there before the first import. A writer therefore locks the
store's folder first: whoever began a new store and failed can take everything away again while nobody else looks.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from openbell.errors import Problem, StoreError

fcntl: ModuleType | None
try:
    import fcntl
except ModuleNotFoundError:  # Windows has none, and removes no file that another process has open.
    fcntl = None

_PAUSE_SECONDS = 0.005


@contextmanager
def only_writer(root: Path, patience_seconds: float) -> Iterator[bool]:
    """Wait for a turn to write in a folder, made if it is not there; yields whether nobody else can be writing.

    Raises
    ------
    StoreError
        If another writer is there for longer than the patience, or the folder cannot be made.
    """
    handle = _locked(root, time.monotonic() + patience_seconds)
    try:
        yield handle is not None or fcntl is None
    finally:
        if handle is not None:
            os.close(handle)


def _locked(root: Path, until: float) -> int | None:
    """The folder's handle with a lock on it; None where folders cannot be locked."""
    while True:
        _make(root)
        if fcntl is None:
            return None
        try:
            handle = os.open(root, os.O_RDONLY)
        except FileNotFoundError:  # the writer before failed, and took its folder with it
            continue
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            if time.monotonic() > until:
                raise busy(root) from None
            time.sleep(_PAUSE_SECONDS)
            continue
        except OSError:  # a file system that has no such locks
            os.close(handle)
            return None
        if _is_there(root, handle):
            return handle
        os.close(handle)


def _is_there(root: Path, handle: int) -> bool:
    """Whether the folder that was locked is still the one of that name."""
    try:
        return os.path.samestat(root.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable_folder(root, error.strerror or str(error)) from error


def busy(root: Path) -> StoreError:
    """The refusal while another writer is there."""
    what = "another import is writing, and did not end in time."
    return StoreError(Problem(str(root), what, "Wait until it has ended, then repeat this one.", code="busy"))


def unwritable_folder(root: Path, why: str) -> StoreError:
    """The refusal for a folder that cannot be written."""
    fix = "Choose a folder that may be written; reading works without."
    return StoreError(Problem(str(root), f"cannot be written ({why}).", fix, code="unwritable"))
