"""Files of bars that are written while the work on what they hold goes on, one at a time."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from openbell.store.files import StoredFile, sync_folder, unwritable, write_new
from openbell.store.parquet import BarFile


class Scribe:
    """Writes new files of one import.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: Future[tuple[int, str]] | None = None
        self.files: dict[str, StoredFile] = {}
        self._checksums: dict[str, str] = {}

    def begin(self, name: str, content: BarFile) -> StoredFile:
        """Begin a file, when the one before is on the disk.

        Raises
        ------
        StoreError
            If the one before could not be written, or the folder cannot be made.
        """
        self.wait()
        path = self._root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        self._pool = self._pool or ThreadPoolExecutor(1)
        self.files[name] = StoredFile(name, sum(map(len, content.chunks)), content.rows, content.offsets)
        self._under_way = self._pool.submit(self._write, path, content)
        return self.files[name]

    def _write(self, path: Path, content: BarFile) -> tuple[int, str]:
        written = write_new(path, content.chunks)
        for folder in path.parents:
            sync_folder(folder)
            if folder == self._root:
                break
        return written

    def wait(self) -> None:
        """Return when everything that was begun is on the disk, and so are its names.

        Raises
        ------
        StoreError
            If it could not be written.
        """
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            _, self._checksums[next(reversed(self.files))] = under_way.result()

    def finished(self) -> list[tuple[StoredFile, str]]:
        """All files, on the disk with their names, and their checksums.

        Raises
        ------
        StoreError
            If one could not be written.
        """
        self.wait()
        self._close()
        return [(file, self._checksums[name]) for name, file in self.files.items()]

    def discard(self) -> None:
        """Remove all files, and folders that are empty without them."""
        self._close()
        paths = [self._root / name for name in self.files]
        for path in paths:
            path.unlink(missing_ok=True)
        folders = {path.parent for path in paths}
        for folder in (*folders, *{folder.parent for folder in folders}):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
