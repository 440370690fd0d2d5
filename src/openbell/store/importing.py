"""`import_files`: vendors' files into a store, as one change of it.

1. `_sources`: files and folders become a list of files.
2. `_read_all`: each file is read by the reader of its format, several at a time, in order.
3. `checked`: rows that cannot be bars are set aside, with reasons.
4. `_Import.take`: symbol by symbol the market and the grid are decided, and the bars are laid over those stored.
5. `Writer`: files, then the catalogue, in one commit.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openbell.bars.interval import Interval
from openbell.errors import OpenbellError, Problem, StoreError, nearest
from openbell.store import schema
from openbell.store.formats.format import Format, Formats, Hints, Incoming, Source
from openbell.store.formats.tidy import TidyParquet, incoming_of
from openbell.store.intake import Intake
from openbell.store.report import FileReport, ImportReport
from openbell.store.writer import Writer

Progress = Callable[[int, int, int], None]
"""Called with files done, files in all, and rows read so far."""

FORMATS = Formats((TidyParquet(),))

_HEAD_BYTES = 4096
_READERS = 2
_READ_AHEAD = 4


def import_files(
    paths: Sequence[Path | str],
    store: Path | str,
    *,
    symbol: str | None = None,
    interval: str | None = None,
    format: str | None = None,
    market: str | None = None,
    stamp: str | None = None,
    timezone: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring files of bars into a store, made if it is not there.

    Files that cannot be read are reported and the others go on; rows that cannot be bars go to a quarantine file.
    Everything becomes visible at once, at the end. Importing the same again changes nothing.

    Parameters
    ----------
    paths
        Files, and folders that are searched for files.
    symbol, interval, format, market, stamp, timezone
        What is known of the files; what is not said is found out, and the report says how.
    dry_run
        Say what would happen, and change nothing.
    progress
        Called after each file.

    Raises
    ------
    StoreError
        If nothing could be read at all, or the store cannot be written.
    ValueError
        If the interval is none.
    """
    hints = Hints(
        symbol.upper() if symbol else None,
        Interval.parse(interval) if interval else None,
        _known_format(format),
        market,
        stamp,
        timezone,
    )
    sources = list(_sources(paths))
    with _opened(Path(store), dry_run) as writer:
        intake = Intake(Path(store), hints, writer)
        files, rows = [], 0
        for source, outcome in _read_all(sources, hints):
            report = _taken(intake, source, outcome)
            files.append(report)
            rows += report.rows
            if progress is not None:
                progress(len(files), len(sources), rows)
        return intake.finish(files, dry_run)


# Any: frames of polars or pandas, which are not imported for their types.
def import_frames(
    frames: Mapping[tuple[str, str], Any],
    store: Path | str,
    *,
    market: str | None = None,
    origin: str = "frames",
) -> ImportReport:
    """Bring bars that are in memory into a store.

    Parameters
    ----------
    frames
        Of polars or pandas, by symbol and interval; each with the columns ``ts`` (moments in time), ``open``, ``high``,
        ``low``, ``close`` and perhaps ``volume``. With a column ``symbol`` a frame may hold many symbols; the symbol
        in the key is then ``""``.
    origin
        What the log shall say.

    Raises
    ------
    StoreError
        If a frame has not these columns, or the store cannot be written.
    """
    hints = Hints(market=market)
    with _opened(Path(store), dry_run=False) as writer:
        intake = Intake(Path(store), hints, writer)
        rows = 0
        for (symbol, interval), frame in frames.items():
            for part in incoming_of(origin, frame, Interval.parse(interval), symbol):
                intake.take(origin, part)
                rows += len(part.block)
        return intake.finish([FileReport(origin, "frames", (), rows)], dry_run=False)


def _known_format(name: str | None) -> str | None:
    if name is None or FORMATS.named(name) is not None:
        return name
    closest = nearest(name, FORMATS.names)
    fix = f"Did you mean {closest}?" if closest else f"Known ones: {', '.join(FORMATS.names)}."
    raise StoreError(Problem("--format", f"{name!r} is no known format.", fix, code="unknown_format"))


def _sources(paths: Sequence[Path | str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.is_file() and _is_data(found, path))
        else:
            yield path


def _is_data(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and path.suffix.lower() == ".parquet"


@contextmanager
def _opened(store: Path, dry_run: bool) -> Iterator[Writer | None]:
    if dry_run:
        yield None
        return
    with schema.writing(store) as db:
        writer = Writer(db, store)
        try:
            yield writer
        except BaseException:
            # Also when interrupted: files that no catalogue will name are of no use to anybody.
            writer.discard()
            raise


Outcome = tuple[Sequence[Incoming], str, str] | OpenbellError


def _read_all(sources: Sequence[Path], hints: Hints) -> Iterator[tuple[Path, Outcome]]:
    with ThreadPoolExecutor(_READERS) as pool:
        waiting: deque[tuple[Path, Future[Outcome]]] = deque()
        for path in sources:
            waiting.append((path, pool.submit(_read, path, hints)))
            if len(waiting) > _READ_AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _read(path: Path, hints: Hints) -> Outcome:
    try:
        with path.open("rb") as file:
            source = Source(path, file.read(_HEAD_BYTES))
        reader, why = _reader_for(source, hints)
        return reader.read(source, hints), reader.name, why
    except OSError as error:
        fix = "Check the path and its permissions."
        return StoreError(Problem(str(path), f"cannot be read ({error.strerror or error}).", fix, code="unreadable"))
    except OpenbellError as error:
        return error


def _reader_for(source: Source, hints: Hints) -> tuple[Format, str]:
    if hints.format is not None:
        named = FORMATS.named(hints.format)
        assert named is not None
        return named, "as said"
    for reader in FORMATS.known:
        why = reader.recognises(source)
        if why is not None:
            return reader, why
    what = "is of no format that is known here."
    fix = f"Say which one, as in --format {FORMATS.names[0]}; known: {', '.join(FORMATS.names)}."
    raise StoreError(Problem(str(source.path), what, fix, code="unknown_format"))


def _taken(intake: Intake, path: Path, outcome: Outcome) -> FileReport:
    if isinstance(outcome, OpenbellError):
        return FileReport(str(path), None, (), 0, outcome.problems[0])
    parts, name, why = outcome
    for part in parts:
        intake.take(str(path), part)
    notes = (f"{name}: {why}", *(note for part in parts for note in part.notes))
    return FileReport(str(path), name, notes, sum(len(part.block) for part in parts))
