"""Files whose names are used once: written durably, never changed, read by position."""

import hashlib
import mmap
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block
from openbell.errors import Problem, StoreError

_HANDLES_KEPT = 256
_MAPS_KEPT = 256
_MAPPED_FROM_BYTES = 1 << 20
_PARTS_AT_ONCE = 512
# A system that brings a page brings others around it, so much at once.
_AROUND_BYTES = 1 << 16

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the catalogue says of a file of bars.

    Parameters
    ----------
    name
        Its path inside the store, with forward slashes.
    size
        In bytes.
    rows
        How many bars it holds.
    offsets
        Where the values of each column begin.
    """

    name: str
    size: int
    rows: int
    offsets: tuple[int, ...]


def write_new(path: Path, chunks: Iterable[bytes | memoryview]) -> tuple[int, str]:
    """Write a file that must not exist yet, and return when it is on the disk.

    The entry in its folder is not synced: see `sync_folder`.

    Returns
    -------
    tuple[int, str]
        Size in bytes and SHA-256 in hex.

    Raises
    ------
    StoreError
        If it cannot be written; what was begun is removed.
    """
    parts = [memoryview(chunk) for chunk in chunks]
    try:
        with ThreadPoolExecutor(1) as pool, path.open("xb", buffering=0) as file:
            checksum = pool.submit(_checksum, parts)
            _write_all(file.fileno(), parts)
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise unwritable(path, error) from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    return sum(map(len, parts)), checksum.result()


def _checksum(parts: Iterable[memoryview]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _write_all(handle: int, parts: list[memoryview]) -> None:
    left = parts
    while left:
        done = _write_some(handle, left)
        while left and done >= len(left[0]):
            done -= len(left[0])
            left = left[1:]
        left = [left[0][done:], *left[1:]] if done else left


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders, and needs no such call.
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checksum_of(path: Path) -> str:
    """SHA-256 in hex of what a file holds now.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unwritable(path: Path, error: OSError) -> StoreError:
    """The refusal for a file that cannot be written."""
    what = f"cannot be written ({error.strerror or error})."
    fix = "Free some space, or choose a folder that may be written, and import again: the store is as it was."
    return StoreError(Problem(str(path), what, fix, code="unwritable"))


def damaged(path: Path, what: str) -> StoreError:
    """The refusal for a file that is not what the catalogue says."""
    fix = (
        "Put the file back from a copy, or import its bars again; "
        "`openbell data verify` names every file that is affected."
    )
    return StoreError(Problem(str(path), what, fix, code="damaged_file"))


def apart_from(size: int, places: Rows) -> list[tuple[int, int]]:
    """The stretches of a file without what lies right behind some places, as begins and sizes in bytes.

    Examples
    --------
    >>> apart_from(1 << 20, np.array([1 << 17, 1 << 19]))
    [(0, 131072), (196608, 327680), (589824, 458752)]
    """
    kept = np.sort(places, axis=None) // mmap.PAGESIZE * mmap.PAGESIZE
    begins, ends = np.append(0, kept + _AROUND_BYTES), np.append(kept, size)
    left = begins < ends
    return list(zip(begins[left].tolist(), (ends - begins)[left].tolist(), strict=True))


class OpenFiles:
    """Files open for reading, shared by threads: small parts are read by position, large files are mapped.

    A mapped file stays mapped as long as an array looks into it, also after it was unlinked.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._handles: dict[str, int] = {}
        self._maps: OrderedDict[str, tuple[mmap.mmap, Block, tuple[int, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the handles; maps end with the last array that looks into them."""
        with self._lock:
            for handle in self._handles.values():
                os.close(handle)
            self._handles.clear()

    def mapped(self, file: StoredFile) -> Block | None:
        """All rows of a file where they lie, of one symbol after the other; None for a file too small to be worth it.

        Raises
        ------
        StoreError
            If the file is missing, or shorter or longer than the catalogue says.
        """
        if file.size < _MAPPED_FROM_BYTES:
            return None
        with self._lock:
            known = self._maps.get(file.name)
            if known is not None and known[0].size() == file.size:
                return known[1]
            self._maps.pop(file.name, None)
            try:
                block = self._map(file)
            except OSError as error:
                raise self._unreadable(file, error) from error
            while len(self._maps) > _MAPS_KEPT:
                self._maps.popitem(last=False)
            return block

    def rest(self, coming: Mapping[str, Sequence[int]]) -> None:
        """Give the memory of mapped files back; what is looked into again comes from the system's own cache.

        Days are rolled through for years: what was looked into once would count as this process's for good.

        Parameters
        ----------
        coming
            By names of files, rows that are looked into next: what the system has brought behind them stays.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            with self._lock:
                for name, (content, _, offsets) in self._maps.items():
                    places = np.array(offsets)[:, None] + 8 * np.array(coming.get(name, ()), np.int64)
                    for begin, size in apart_from(len(content), places):
                        content.madvise(mmap.MADV_DONTNEED, begin, size)

    def read_into(self, file: StoredFile, target: npt.NDArray[np.float64], row: int) -> None:
        """Fill the columns of ``target``, shape (columns, n), with n rows of a file from ``row`` on.

        Raises
        ------
        StoreError
            If the file is missing, shorter or longer than the catalogue says, or cannot be read.
        """
        try:
            with self._lock:
                handle = self._handle(file)
            for column, offset in zip(target, file.offsets, strict=True):
                _fill(handle, memoryview(column).cast("B"), offset + 8 * row)
        except OSError as error:
            self._forget(file)
            raise self._unreadable(file, error) from error

    def _map(self, file: StoredFile) -> Block:
        with (self._root / file.name).open("rb") as opened:
            self._check_size(file, os.fstat(opened.fileno()).st_size)
            content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        ts, *columns = (np.frombuffer(content, np.float64, file.rows, offset) for offset in file.offsets)
        block = Block.of(ts.view(np.int64), columns)
        self._maps[file.name] = content, block, file.offsets
        return block

    def _handle(self, file: StoredFile) -> int:
        handle = self._handles.get(file.name)
        if handle is None:
            while len(self._handles) >= _HANDLES_KEPT:
                os.close(self._handles.pop(next(iter(self._handles))))
            handle = os.open(self._root / file.name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                self._check_size(file, os.fstat(handle).st_size)
            except StoreError:
                os.close(handle)
                raise
            self._handles[file.name] = handle
        return handle

    def _forget(self, file: StoredFile) -> None:
        """Look anew at the next read: the file may have been put back by then."""
        with self._lock:
            handle = self._handles.pop(file.name, None)
        if handle is not None:
            os.close(handle)

    def _check_size(self, file: StoredFile, size: int) -> None:
        if size != file.size:
            raise damaged(self._root / file.name, f"has {size:,} bytes; the catalogue says {file.size:,}.")

    def _unreadable(self, file: StoredFile, error: OSError) -> StoreError:
        if isinstance(error, FileNotFoundError):
            what = "is missing: what was replaced after the store was opened, `openbell data clean` may remove."
            fix = "Start anew; if it is missing then, too, `openbell data verify` names every file that is affected."
            return StoreError(Problem(str(self._root / file.name), what, fix, code="missing_file"))
        return damaged(self._root / file.name, f"cannot be read ({error.strerror or error}).")


def _fill(handle: int, target: memoryview, position: int) -> None:
    done = 0
    while done < len(target):
        more = _read_at(handle, target[done:], position + done)
        if more == 0:
            raise OSError("the file ends too early")
        done += more


if hasattr(os, "preadv"):

    def _read_at(handle: int, target: memoryview, position: int) -> int:
        return os.preadv(handle, (target,), position)

else:
    _SEEKING = threading.Lock()

    def _read_at(handle: int, target: memoryview, position: int) -> int:
        with _SEEKING:
            os.lseek(handle, position, os.SEEK_SET)
            piece = os.read(handle, len(target))
        target[: len(piece)] = piece
        return len(piece)


if hasattr(os, "writev"):
    # One call for all: between two of them this thread would wait for the others.
    def _write_some(handle: int, parts: list[memoryview]) -> int:
        return os.writev(handle, parts[:_PARTS_AT_ONCE])

else:

    def _write_some(handle: int, parts: list[memoryview]) -> int:
        return os.write(handle, parts[0])
