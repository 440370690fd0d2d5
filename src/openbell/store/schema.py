"""The tables of the catalogue, and how each side opens it.

Every change is an *import* with a number; a row belongs to the state after import W when it came with W or before and
was not retired by W. So a reader that remembers its W sees one state however long it reads, and nothing is
deleted until it is asked for. A piece that an undo brought back came with the undo; its *origin* is the import that
wrote it.
"""

import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from os.path import isfile
from pathlib import Path
from shutil import copyfile

from openbell.errors import Problem, StoreError
from openbell.store.turns import busy, only_writer, unwritable_folder

CATALOG = "catalog.sqlite"
APPLICATION = 0x6F62656C  # "obel"
VERSION = 1
PATIENCE_SECONDS = 30.0

_TABLES = """
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    source TEXT NOT NULL,
    report TEXT NOT NULL,
    undone INTEGER
);
CREATE TABLE symbols (
    symbol TEXT NOT NULL,
    import INTEGER NOT NULL,
    market TEXT NOT NULL,
    why TEXT NOT NULL,
    listed INTEGER,
    delisted INTEGER,
    source TEXT NOT NULL,
    retired INTEGER,
    PRIMARY KEY (symbol, import)
) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    import INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    offsets TEXT NOT NULL
);
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    interval TEXT NOT NULL,
    grid TEXT NOT NULL,
    adjusted INTEGER NOT NULL,
    import INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    retired INTEGER,
    file INTEGER NOT NULL REFERENCES files,
    row INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    market TEXT NOT NULL,
    version TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    days BLOB NOT NULL,
    own BLOB
);
CREATE INDEX pieces_by_series ON pieces (interval, symbol, grid, adjusted, first, last, import, retired);
CREATE TABLE presence (
    piece INTEGER PRIMARY KEY REFERENCES pieces,
    bits BLOB NOT NULL
);
"""

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS pieces_by_end ON pieces (interval, grid, last, first, symbol, retired) "
    "WHERE retired IS NULL",
    "CREATE INDEX IF NOT EXISTS pieces_adjusted ON pieces (import, retired) WHERE adjusted = 1",
)


@contextmanager
def reading(root: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one short look; it creates and changes nothing in the store.

    Raises
    ------
    StoreError
        If there is no store, it is damaged, or a writer keeps it busy for too long.
    """
    path = root / CATALOG
    if not path.is_file():
        raise _no_store(root)
    try:
        with closing(_read_only(path)) as db:
            if not _is_interrupted(db):
                _check(db, path)
                yield db
                return
        with _recovered(path) as db:
            yield db
    except sqlite3.DatabaseError as error:
        raise _broken(path, error) from error


class Looks:
    """Short looks at one store, through a connection that stays open between them; any number of threads may look.

    Between looks nothing is locked, so writers go on. What `reading` says of errors holds here too.

    Parameters
    ----------
    root
        The store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._path = root, root / CATALOG
        self._kept: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone until the look ends."""
        with self._lock:
            try:
                db = self._connection()
                # One transaction for the whole look, or each query would lock and check the file anew.
                db.execute("BEGIN")
                try:
                    if not _is_interrupted(db):
                        yield db
                        return
                finally:
                    db.execute("ROLLBACK")
            except sqlite3.DatabaseError as error:
                raise _broken(self._path, error) from error
            with reading(self._root) as db:
                yield db

    def _connection(self) -> sqlite3.Connection:
        if not isfile(self._path):
            raise _no_store(self._root)
        if self._kept is None:
            db = _read_only(self._path)
            weakref.finalize(self, db.close)
            if not _is_interrupted(db):
                _check(db, self._path)
            self._kept = db
        return self._kept


def _read_only(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=PATIENCE_SECONDS, check_same_thread=False)


def _is_interrupted(db: sqlite3.Connection) -> bool:
    """Whether a writer died in its commit, so that only a writer could read the file as it is."""
    try:
        db.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
            return True
        raise
    return False


@contextmanager
def _recovered(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy in which the interrupted commit is rolled back; the next writer does the same in the store itself."""
    with tempfile.TemporaryDirectory(prefix="openbell-") as folder:
        copy = Path(folder) / CATALOG
        copyfile(path, copy)
        journal = path.with_name(f"{CATALOG}-journal")
        if journal.exists():
            copyfile(journal, copy.with_name(journal.name))
        with closing(sqlite3.connect(copy)) as db:
            _check(db, path)
            yield db


@contextmanager
def writing(
    root: Path, patience_seconds: float = PATIENCE_SECONDS, *, make: bool = True
) -> Iterator[sqlite3.Connection]:
    """The one writing connection, in a transaction that the caller commits.

    Readers go on while it is open, other writers wait. A store that was made and not committed leaves nothing behind.

    Parameters
    ----------
    make
        Make the store where there is none.

    Raises
    ------
    StoreError
        If another writer holds the store for longer than the patience, nothing can be written here, or there is no
        store and none is to be made.
    """
    path = root / CATALOG
    if not make and not holds_store(root):
        raise _no_store(root)
    absent = [folder for folder in (root, *root.parents) if not folder.exists()]
    with only_writer(root, patience_seconds) as alone:
        try:
            with closing(sqlite3.connect(path, timeout=patience_seconds, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = EXTRA")
                db.execute("BEGIN IMMEDIATE")
                _make(db, path)
                yield db
                if db.in_transaction:
                    db.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise _refused(root, error) from error
        except sqlite3.DatabaseError as error:
            raise _broken(path, error) from error
        finally:
            if alone and not holds_store(root):
                _remove_begun(path, absent)


def index(db: sqlite3.Connection) -> None:
    """Make the indexes that answer an import in the same time after a year of days; older stores lack them.

    To be called when all is read: what does not fit into SQLite's memory locks the catalogue until the commit.
    """
    for statement in _INDEXES:
        db.execute(statement)


def holds_store(root: Path) -> bool:
    """Whether something was ever committed in a folder."""
    path = root / CATALOG
    return path.is_file() and path.stat().st_size > 0


def _remove_begun(path: Path, folders: Iterable[Path]) -> None:
    """Take away an empty catalogue, and the folders that were made for it."""
    try:
        path.unlink(missing_ok=True)
        for folder in folders:
            folder.rmdir()
    except OSError:  # something else is there, or another process looks: an empty file is no store
        return


def _make(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        _check(db, path)
        return
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION}")
    db.execute(f"PRAGMA user_version = {VERSION}")


def _check(db: sqlite3.Connection, path: Path) -> None:
    kind = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if kind == 0 and version == 0 and not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise _no_store(path.parent)  # the first import is under way
    if kind != APPLICATION:
        raise StoreError(Problem(str(path), "is not a catalogue of openbell.", "Name the folder of a store."))
    if version != VERSION:
        what = f"is a catalogue of version {version}; this openbell reads version {VERSION}."
        raise StoreError(Problem(str(path), what, "Use the openbell that wrote it, or import into a new store."))


def _no_store(root: Path) -> StoreError:
    fix = f"Import something: openbell import FILE... --store {root}"
    return StoreError(Problem(str(root), f"holds no store ({CATALOG} is not there).", fix, code="no_store"))


def _refused(root: Path, error: sqlite3.OperationalError) -> StoreError:
    if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy(root)
    return unwritable_folder(root, str(error))


def _broken(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
        return _refused(path.parent, error)
    fix = "Put the file back from a copy, or import the bars into a new store."
    return StoreError(Problem(str(path), f"cannot be read as a catalogue ({error}).", fix, code="damaged_catalog"))
