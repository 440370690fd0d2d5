"""What an import did, as values: per file, per series, and in all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from openbell.errors import Problem, Severity
from openbell.store.findings import Finding

_COUNTS = ("rows", "added", "replaced", "unchanged", "quarantined", "duplicates", "findings")
_FINDINGS_TOLD = 10

# Bars of every minute from 4:00 to 20:00 in New York lie outside the regular hours by 59 %.
_OUTSIDE_AT_MOST = 2 / 3


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: how it was read, or why it was not, and what is to be known of its vendor's prices."""

    path: str
    format: str | None
    notes: tuple[str, ...]
    rows: int
    problem: Problem | None = None
    advice: str | None = None


@dataclass(slots=True)
class SeriesReport:
    """One symbol and interval.

    ``rows = added + replaced + unchanged + quarantined + duplicates``, always.

    Parameters
    ----------
    grid
        ``session``, or ``clock`` for bars on clock hours.
    market, why
        The calendar and how it was decided.
    rows
        As found in the files.
    added, replaced, unchanged
        Stored: new, with other values than before, exactly as before.
    quarantined, duplicates
        Refused, and followed by a later row with the same stamp.
    outside, off_grid
        Of the stored rows: outside regular hours, and inside them but where no bar starts.
    unordered
        Whether the files were not in order of time.
    findings
        Defects of the bars that came in; they are stored as they are.
    first, last
        Start of the first and the last bar that came in, UTC.
    """

    symbol: str
    interval: str
    grid: str = "session"
    market: str = ""
    why: str = ""
    rows: int = 0
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    quarantined: int = 0
    duplicates: int = 0
    outside: int = 0
    off_grid: int = 0
    unordered: bool = False
    first: datetime | None = None
    last: datetime | None = None
    findings: int = 0
    problems: tuple[Problem, ...] = ()

    def note(self, found: Sequence[Finding]) -> None:
        """Note defects of the bars that came in: all are counted, the first ones told as warnings."""
        self.findings += len(found)
        room = max(0, _FINDINGS_TOLD - len(self.problems))
        self.problems += tuple(one.problem() for one in found[:room])

    def cover(self, first: datetime, last: datetime) -> None:
        """Note that bars from one moment to another came in."""
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    @property
    def misplaced(self) -> Problem | None:
        """A warning when most bars lie outside the hours of the market, None otherwise."""
        if self.outside <= _OUTSIDE_AT_MOST * self.stored:
            return None
        what = f"{self.outside:,} of {self.stored:,} bars lie outside the regular hours of {self.market} ({self.why})."
        fix = "Say which market they are of with --market, and in which zone with --timezone; data undo takes it back."
        return Problem(f"{self.symbol}/{self.interval}", what, fix, "outside_hours", Severity.WARNING)

    @property
    def stored(self) -> int:
        """Rows of the files that are in the store now."""
        return self.added + self.replaced + self.unchanged


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did.

    Parameters
    ----------
    number
        The import's number in the log, None when nothing was changed.
    files, series
        In order of paths; in order of symbols and intervals.
    quarantine
        The file with the refused rows and their reasons.
    skipped
        Files in folders that are no tables of bars: notes, licences.
    actions, new_actions
        Splits, dividends and listings in the files, and those of them that were not known before.
    own_files
        Files of the store itself, which lies in a folder that was searched; they are not read.
    runs
        Folders of runs in those that were searched; what lies in them is not read either.
    stamps
        What was found or assumed of stamps and dates.
    """

    number: int | None
    dry_run: bool
    files: tuple[FileReport, ...]
    series: tuple[SeriesReport, ...]
    quarantine: Path | None = None
    problems: tuple[Problem, ...] = field(default=())
    skipped: tuple[str, ...] = ()
    actions: int = 0
    new_actions: int = 0
    own_files: int = 0
    runs: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the store is, or would be, another one afterwards."""
        return bool(self.new_actions) or any(series.added or series.replaced for series in self.series)

    @property
    def ok(self) -> bool:
        """Whether there were files, and each of them could be imported."""
        return bool(self.files) and all(file.problem is None for file in self.files)

    def total(self, name: str) -> int:
        """The sum of a count (``rows added replaced unchanged quarantined duplicates``) over all series."""
        return sum(int(getattr(series, name)) for series in self.series)

    def all_problems(self) -> Sequence[Problem]:
        """Of the files, of the series, and of the import itself."""
        files = [file.problem for file in self.files if file.problem is not None]
        misplaced = [problem for series in self.series if (problem := series.misplaced) is not None]
        found = [problem for series in self.series for problem in series.problems]
        return [*files, *misplaced, *found, *self.problems]

    def summary(self) -> dict[str, int | str | None]:
        """The totals, for the log."""
        totals = {name: self.total(name) for name in _COUNTS}
        quarantine = None if self.quarantine is None else str(self.quarantine)
        counts = {"files": len(self.files), "series": len(self.series), "actions": self.new_actions}
        return {**counts, **totals, "quarantine": quarantine}

    # Any: a JSON document.
    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "import": self.number,
            "dry_run": self.dry_run,
            "changed": self.changed,
            "quarantine": None if self.quarantine is None else str(self.quarantine),
            "files": [_plain(asdict(file)) for file in self.files],
            "skipped": list(self.skipped),
            "own_files": self.own_files,
            "runs": list(self.runs),
            "stamps": list(self.stamps),
            "actions": self.actions,
            "new_actions": self.new_actions,
            "series": [_plain(asdict(series)) for series in self.series],
            "problems": [problem.as_dict() for problem in self.all_problems()],
        }


# Any: a JSON document.
def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return value
