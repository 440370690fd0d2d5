"""`import_files`: vendors' files into a store, as one change of it.

1. `_sources`: files and folders become a list of files; what a folder holds beside bars is skipped, and named.
2. `_reading`: each file is read by the reader of its format, several at a time, in order.
3. `Intake.take`: bars wait until all files are read; then intervals, markets and the meaning of stamps are decided.
4. `Intake.finish`: rows that cannot be bars are set aside, with reasons, and bars are laid over those stored.
5. `Writer`: files, then the catalogue, in one commit.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from openbell.bars.interval import Interval
from openbell.collector import collector_resting
from openbell.errors import OpenbellError, Problem, StoreError, nearest
from openbell.market.actions import Action
from openbell.market.calendar import load_calendar
from openbell.store import schema
from openbell.store.catalog import BARS
from openbell.store.clock import known_zone
from openbell.store.decisions import Taken
from openbell.store.formats import events
from openbell.store.formats.format import Format, Formats, Hints, Incoming
from openbell.store.formats.generic import GenericText, LayoutFile
from openbell.store.formats.naming import interval_in
from openbell.store.formats.preamble import broken_into_lines, without_preamble
from openbell.store.formats.source import Source, sources_of
from openbell.store.formats.tidy import TidyParquet, incoming_of
from openbell.store.formats.vendors import VENDORS
from openbell.store.intake import Intake
from openbell.store.quarantine import QUARANTINE
from openbell.store.report import ImportReport
from openbell.store.writer import Writer

Progress = Callable[[int, int, int], None]
"""Called with files done, files in all, and rows read so far."""

FORMATS = Formats((TidyParquet(), *VENDORS, GenericText()))

_SUFFIXES = {".parquet", ".csv", ".txt", ".tsv", ".json", ".zip", ".gz", ".zst"}
_OTHER_KINDS = {"unknown_format", "columns"}
_COMPANIONS = {"README", "SOURCE", "MANIFEST", "LICENSE", "LICENCE", "NOTICE", "CHANGES", "STATS", "INDEX"}
# What tells a run's folder.
_RECEIPT = "receipt.json"
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
    adjusted: bool = False,
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
    adjusted
        Whether the vendor adjusted the prices for splits or dividends.
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
        load_calendar(market).name if market else None,
        _known_stamp(stamp),
        known_zone(timezone) if timezone else None,
        adjusted,
    )
    runs = _run_folders(paths)
    sources, skipped, own = _sources(paths, Path(store), runs)
    with _reading(sources, hints) as read, _opened(Path(store), dry_run) as writer:
        intake = Intake(Path(store), hints, writer)
        rows = 0
        for done, outcomes in enumerate(read, start=1):
            skipped += [outcome.where for outcome in outcomes if outcome.foreign]
            with collector_resting():
                rows += sum(_take(intake, outcome) for outcome in outcomes if not outcome.foreign)
            if progress is not None:
                progress(done, len(sources), rows)
        with collector_resting():
            return replace(intake.finish(dry_run), skipped=tuple(skipped), own_files=own, runs=tuple(map(str, runs)))


# Any: frames of polars or pandas, which are not imported for their types.
def import_frames(
    frames: Mapping[tuple[str, str], Any],
    store: Path | str,
    *,
    market: str | None = None,
    adjusted: bool = False,
    origin: str = "frames",
) -> ImportReport:
    """Bring bars that are in memory into a store.

    Parameters
    ----------
    frames
        Of polars or pandas, by symbol and interval; each with the columns ``ts`` (moments in time), ``open``, ``high``,
        ``low``, ``close`` and perhaps ``volume``. With a column ``symbol`` a frame may hold many symbols; the symbol
        in the key is then ``""``.
    adjusted
        Whether the prices are adjusted for splits or dividends.
    origin
        What the log shall say.

    Raises
    ------
    StoreError
        If a frame has not these columns, or the store cannot be written.
    """
    hints = Hints(market=market, adjusted=adjusted)
    with collector_resting(), _opened(Path(store), dry_run=False) as writer:
        intake, whole = Intake(Path(store), hints, writer), Taken(origin, "frames")
        intake.file(whole)
        for interval, group in groupby(frames.items(), key=lambda item: item[0][1]):
            named = ((symbol, frame) for (symbol, _), frame in group)
            for part in incoming_of(origin, named, Interval.parse(interval)):
                intake.take(whole, part)
        intake.settle()
        if whole.problem is not None:
            raise StoreError(whole.problem)
        return intake.finish(dry_run=False)


def _known_format(name: str | None) -> str | None:
    known = [*FORMATS.names, events.NAME]
    if name is None or name in known or name.endswith(".toml"):
        return name
    closest = nearest(name, known)
    fix = f"Did you mean {closest}?" if closest else f"Known ones: {', '.join(known)}, or a layout.toml."
    raise StoreError(Problem("--format", f"{name!r} is no known format.", fix, code="unknown_format"))


def _known_stamp(stamp: str | None) -> str | None:
    if stamp in (None, "open", "close"):
        return stamp
    raise StoreError(Problem("--stamp", f"{stamp!r} is neither.", "Say open or close.", code="stamp"))


@dataclass(frozen=True, slots=True)
class _Named:
    """A file to read, and whether it was named by hand or found in a folder."""

    path: Path
    by_hand: bool


def _run_folders(paths: Sequence[Path | str]) -> list[Path]:
    """The folders of runs in those that are searched: bars that lie there came out of a store."""
    searched = [path for path in map(Path, paths) if path.is_dir()]
    return sorted({found.parent for path in searched for found in path.rglob(_RECEIPT) if found.is_file()})


def _sources(paths: Sequence[Path | str], store: Path, runs: Sequence[Path]) -> tuple[list[_Named], list[str], int]:
    """The files to read, those in folders that are skipped for their endings, and how many are the store's own."""
    chosen: list[_Named] = []
    skipped: list[str] = []
    own = 0
    for path in map(Path, paths):
        if not path.is_dir():
            chosen.append(_Named(path, by_hand=True))
            continue
        beneath = schema.holds_store(store) and store.resolve().is_relative_to(path.resolve())
        for found in sorted(_files_in(path)):
            if any(found.is_relative_to(run) for run in runs):
                continue
            if beneath and _is_own(found.resolve(), store.resolve()):
                own += 1
            elif found.suffix.lower() in _SUFFIXES:
                chosen.append(_Named(found, by_hand=False))
            else:
                skipped.append(str(found))
    return chosen, skipped, own


def _is_own(path: Path, store: Path) -> bool:
    """Whether a file is the store's: its bars, its quarantine, its catalogue."""
    if not path.is_relative_to(store):
        return False
    top = path.relative_to(store).parts[0]
    return top in (BARS, QUARANTINE) or top.startswith(schema.CATALOG)


def _files_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


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


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a reader made of one file; `foreign` is one in a folder that no reader knows."""

    where: str
    parts: tuple[Incoming, ...] = ()
    format: str | None = None
    why: str = ""
    problem: Problem | None = None
    foreign: bool = False
    actions: tuple[Action, ...] = ()


@contextmanager
def _reading(sources: Iterable[_Named], hints: Hints) -> Iterator[Iterator[list[Outcome]]]:
    """What is in the files, in their order; some are read ahead from now on."""
    with ThreadPoolExecutor(_READERS) as pool:
        begun = (pool.submit(_read, named, hints) for named in sources)
        yield _in_turn(deque(islice(begun, _READ_AHEAD)), begun)


def _in_turn(waiting: deque[Future[list[Outcome]]], begun: Iterator[Future[list[Outcome]]]) -> Iterator[list[Outcome]]:
    while waiting:
        first = waiting.popleft()
        waiting.extend(islice(begun, 1))
        yield first.result()


def _read(named: _Named, hints: Hints) -> list[Outcome]:
    path = named.path
    try:
        return [_read_one(source, hints, named.by_hand) for source in sources_of(path)]
    except OSError as error:
        fix = "Check the path and its permissions."
        problem = Problem(str(path), f"cannot be read ({error.strerror or error}).", fix, code="unreadable")
        return [Outcome(str(path), problem=problem)]
    except OpenbellError as error:
        return [Outcome(str(path), problem=error.problems[0])]


def _read_one(source: Source, hints: Hints, by_hand: bool) -> Outcome:
    try:
        told = "as said" if hints.format == events.NAME else None
        if told or (hints.format is None and (told := events.recognised(source))):
            return Outcome(str(source), (), events.NAME, told, actions=tuple(events.actions_in(source, hints)))
        source, reader, why = _with_reader(source, hints)
        return Outcome(str(source), tuple(reader.read(source, hints)), reader.name, why)
    except OpenbellError as error:
        foreign = not by_hand and _is_foreign(source, error.problems[0].code, hints)
        return Outcome(str(source), problem=error.problems[0], foreign=foreign)


def _is_foreign(source: Source, code: str, hints: Hints) -> bool:
    """Whether a file that could not be read is something else than bars: no reader knows it, or it lacks their columns.

    A file in a folder that is named for an interval is meant to be bars, and so is one when its format is said.
    """
    if source.name.partition(".")[0].upper() in _COMPANIONS:
        return not any(reader.recognises(source) for reader in FORMATS.known)
    meant = hints.format is not None or interval_in(source.path.absolute().parent.name) is not None
    return code in _OTHER_KINDS and bool(source.head) and not meant


def _with_reader(source: Source, hints: Hints) -> tuple[Source, Format, str]:
    """The reader of a file, and the file from its header on."""
    if hints.format is not None:
        known = FORMATS.named(hints.format)
        return (source, LayoutFile(Path(hints.format)), "as said") if known is None else (
            without_preamble(source), known, "as said",
        )  # fmt: skip
    source = broken_into_lines(source)
    for trim in (False, True):
        tried = without_preamble(source) if trim else source
        for reader in FORMATS.known if not trim or tried is not source else ():
            why = reader.recognises(tried)
            if why is not None:
                return tried, reader, why
    what = "is empty." if not source.head else "is of no format that is known here."
    fix = f"Say which one, as in --format {FORMATS.names[0]}; known: {', '.join(FORMATS.names)}, or a layout.toml."
    raise StoreError(Problem(str(source), what, fix, code="unknown_format"))


def _take(intake: Intake, outcome: Outcome) -> int:
    """Hand what is in a file on; how many rows that are."""
    file = Taken(outcome.where, outcome.format, problem=outcome.problem)
    intake.file(file)
    if outcome.problem is not None:
        return 0
    file.notes = dict.fromkeys(
        (f"{outcome.format}: {outcome.why}", *(note for part in outcome.parts for note in part.notes))
    )
    file.rows = len(outcome.actions)
    if not intake.told_adjusted:
        file.advice = next((part.advice for part in outcome.parts if part.advice), None)
    intake.take_actions(outcome.actions)
    for part in outcome.parts:
        intake.take(file, part)
    return file.rows + sum(len(part.block) for part in outcome.parts)
