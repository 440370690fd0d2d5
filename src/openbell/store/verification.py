"""`verify`: whether every file is what the catalogue says, bit by bit, its figures those of the bars, and nothing lies
about."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from openbell.errors import Problem, Severity
from openbell.store import schema
from openbell.store.catalog import Catalog
from openbell.store.files import StoredFile, checksum_of
from openbell.store.housekeeping import orphans
from openbell.store.recount import Miscount, miscounts

Progress = Callable[[int, int], None]
"""Called with files done and files in all."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what is wrong with it.

    Parameters
    ----------
    files, bytes
        How much was read.
    problems
        Damaged and missing files with the symbols that they hold, and pieces that are catalogued wrongly; files that
        nobody names are warnings.
    damaged
        The symbols that have rows which count in damaged or missing files, or that are catalogued wrongly.
    broken
        The names of all damaged and missing files inside the store, also of those none of whose rows count.
    miscounted
        What the catalogue has other figures of than its bars.
    """

    files: int
    bytes: int
    problems: tuple[Problem, ...]
    damaged: frozenset[str] = frozenset()
    broken: tuple[str, ...] = ()
    miscounted: tuple[Miscount, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be."""
        return not any(problem.fatal for problem in self.problems)


def verify(store: Path | str, *, progress: Progress | None = None) -> Verified:
    """Read every file and compare its checksum, look for files that nobody names, and check the catalogue itself.

    What the catalogue says of the bars in sound files is made anew from them and compared.

    Raises
    ------
    StoreError
        If there is no store, or its catalogue cannot be read.
    """
    catalog = Catalog.latest(Path(store))
    problems = _catalog_problems(catalog)
    files = catalog.files()
    holders = catalog.holders()
    counting = catalog.counting()
    damaged: set[str] = set()
    broken: list[str] = []
    for done, (file, checksum) in enumerate(files.items(), start=1):
        problem = _file_problem(catalog.root, file, checksum, holders.get(file.name, ()))
        if problem is not None:
            broken.append(file.name)
            problems.append(problem if file.name in counting else _harmless(problem))
        if problem is not None and file.name in counting:
            damaged.update(holders.get(file.name, ()))
        if progress is not None:
            progress(done, len(files))
    wrong = tuple(miscounts(catalog, without=frozenset(broken)))
    problems += [one.problem(catalog) for one in wrong]
    damaged.update(one.piece.series.symbol for one in wrong)
    problems += [_orphan(path) for path in orphans(catalog.root, {file.name for file in files})]
    size = sum(file.size for file in files)
    return Verified(len(files), size, tuple(problems), frozenset(damaged), tuple(broken), wrong)


def _catalog_problems(catalog: Catalog) -> list[Problem]:
    path = catalog.root / schema.CATALOG
    with schema.reading(catalog.root) as db:
        lines = [row[0] for row in db.execute("PRAGMA integrity_check").fetchall()]
    if lines == ["ok"]:
        return []
    fix = "Put the catalogue back from a copy, or import the bars into a new store."
    return [Problem(str(path), f"is damaged: {line}.", fix, code="damaged_catalog") for line in lines[:5]]


def _file_problem(root: Path, file: StoredFile, checksum: str, symbols: tuple[str, ...]) -> Problem | None:
    path = root / file.name
    held = f"{', '.join(symbols[:5])}{f' and {len(symbols) - 5} more' if len(symbols) > 5 else ''}"
    fix = f"Put it back from a copy, or import the bars of {held or 'its symbols'} again."
    try:
        size = path.stat().st_size
        if size != file.size:
            return Problem(str(path), f"has {size:,} bytes instead of {file.size:,}.", fix, code="damaged_file")
        if checksum_of(path) != checksum:
            return Problem(str(path), "has other bytes than when it was written.", fix, code="damaged_file")
    except FileNotFoundError:
        return Problem(str(path), "is missing.", fix, code="missing_file")
    except OSError as error:
        return Problem(str(path), f"cannot be read ({error.strerror or error}).", fix, code="damaged_file")
    return None


def _harmless(problem: Problem) -> Problem:
    what = f"{problem.what} None of its bars count now; what replaced them cannot be undone."
    return replace(problem, what=what, severity=Severity.WARNING)


def _orphan(path: Path) -> Problem:
    what = "is named by no import: one was interrupted, or is under way."
    fix = "`openbell data clean` removes it once it is old."
    return Problem(str(path), what, fix, code="orphan", severity=Severity.WARNING)
