"""The commands that keep a store in order: data log, undo, compact, clean, verify."""

import argparse
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from openbell.cli.figures import NOTHING, Sheet, amount, count, shortened
from openbell.cli.output import Output
from openbell.cli.progress import Progress
from openbell.errors import Problem, Severity
from openbell.store import history, housekeeping
from openbell.store.catalog import ImportRecord
from openbell.store.findings import Defect, Finding, findings
from openbell.store.mending import Mended, mend
from openbell.store.repair import Repaired, repair
from openbell.store.verification import Verified
from openbell.store.verification import verify as verified

DONE, FAILED = 0, 1
FINDINGS_SHOWN = 20
_FIGURES = ("added", "replaced", "quarantined")
_KILO = 1000


def log(arguments: argparse.Namespace, output: Output) -> int:
    """Say what was done to a store, the latest change first."""
    records = history.log(arguments.store)[::-1]
    output.document({"imports": [_described(one) for one in records]})
    title = f"{arguments.store}: {amount(len(records), 'change')}, the latest first"
    columns = ("import", "time (UTC)", "what", "of", "added", "replaced", "refused", "undone by")
    output.show(*shortened(Sheet(title, columns, [_logged(one) for one in records], words=4)))
    return DONE


def undo(arguments: argparse.Namespace, output: Output) -> int:
    """Take one change back."""
    number = history.undo(arguments.store, arguments.number)
    output.document({"import": number, "undone": arguments.number})
    output.show(f"import {arguments.number} is taken back, as import {number}; nothing was deleted")
    output.show(f"to have it again: openbell data undo {number} --store {arguments.store}")
    return DONE


def compact(arguments: argparse.Namespace, output: Output) -> int:
    """Bring many small imports into few large pieces."""
    with Progress() as progress:
        made = housekeeping.compact(
            arguments.store, progress=lambda done, total: progress("series of a year", done, total)
        )
    output.document({"import": made.number, "before": made.before, "after": made.after, "rows": made.rows})
    if made.number is None:
        output.show(f"{arguments.store}: nothing to bring together")
        return DONE
    output.show(
        f"{amount(made.before, 'piece')} brought into {made.after:,}, {amount(made.rows, 'bar')}: import {made.number}"
    )
    output.show(f"the old files stay until: openbell data clean --store {arguments.store}")
    return DONE


def clean(arguments: argparse.Namespace, output: Output) -> int:
    """Delete files that no longer count."""
    with Progress() as progress:
        gone = housekeeping.clean(
            arguments.store,
            older_than=timedelta(days=arguments.older_than),
            progress=lambda done, total: progress("files", done, total),
        )
    if gone.kept:
        days = housekeeping.KEPT_FOR_READERS.days
        what = f"is open in a session or another reader: what was replaced in the last {days} days stays for it."
        fix = "Clean again when it has ended, to remove these files as well."
        output.problems([Problem(arguments.store, what, fix, code="being_read", severity=Severity.WARNING)])
    output.document({"files": gone.files, "bytes": gone.bytes})
    output.show(f"{amount(gone.files, 'file')} deleted, {size(gone.bytes)}")
    return DONE


def verify(arguments: argparse.Namespace, output: Output) -> int:
    """Say what is wrong with the files of a store, and with the bars in them."""
    store = Path(arguments.store)
    with Progress() as progress:
        result = verified(store, progress=lambda done, total: progress("files", done, total))
        found = findings(store, without=result.damaged, progress=lambda done, total: progress("series", done, total))
    made = repair(store, result.broken, result.miscounted) if arguments.repair and not result.ok else Repaired((), 0)
    mended = Mended(None)
    if arguments.repair or arguments.quarantine:
        mended = mend(store, remove=arguments.quarantine, without=result.damaged)
    numbers = [*made.numbers, *([mended.number] if mended.number is not None else [])]
    problems = [*result.problems, *_skipped(store, result)]
    output.problems([*problems, *(one.problem() for one in found[:FINDINGS_SHOWN])])
    told = [problem.as_dict() for problem in [*problems, *(one.problem() for one in found)]]
    output.document(
        {"ok": result.ok, "files": result.files, "bytes": result.bytes, "problems": told, "repairs": numbers}
        | {"widened": mended.widened, "removed": mended.removed}
        | {"quarantine": None if mended.quarantine is None else str(mended.quarantine)}
    )
    _show_verified(store, result, found, output)
    if mended.widened:
        output.show(f"{amount(mended.widened, 'bar')} whose high or low was rounded past open or close: moved to it")
    if mended.quarantine is not None:
        output.show(f"{amount(mended.removed, 'bar')} set aside, with reasons: {mended.quarantine}")
    for number in numbers:
        output.show(f"repaired as import {number}; to take it back: openbell data undo {number} --store {store}")
    return FAILED if not (result.ok or made.numbers) or (arguments.strict and (problems or found)) else DONE


def _show_verified(store: Path, result: Verified, found: Sequence[Finding], output: Output) -> None:
    if len(found) > FINDINGS_SHOWN:
        output.show(f"{len(found) - FINDINGS_SHOWN:,} more findings: --json has them all.")
    kinds: dict[Defect, list[Finding]] = {}
    for one in found:
        kinds.setdefault(one.defect, []).append(one)
    rows = [
        (str(defect), count(len(ones)), count(len({one.symbol for one in ones})), count(sum(one.bars for one in ones)))
        for defect, ones in kinds.items()
    ]
    if rows:
        output.show(Sheet("what the bars look like", ("finding", "times", "symbols", "bars"), rows))
    read = f"{amount(result.files, 'file')}, {size(result.bytes)}"
    state = "every file is as it was written, and catalogued rightly" if result.ok else "damaged, see above"
    output.show(f"{store}: {read}: {state}; {amount(len(found), 'finding')}")


def _skipped(store: Path, result: Verified) -> list[Problem]:
    if not result.damaged:
        return []
    named = ", ".join(sorted(result.damaged)[:5])
    what = (
        f"bars of {amount(len(result.damaged), 'symbol')} that are damaged or miscounted were not looked at ({named})."
    )
    fix = "Put the files back or import the bars again, then verify again."
    return [Problem(str(store), what, fix, code="not_verified", severity=Severity.WARNING)]


def _described(one: ImportRecord) -> dict[str, object]:
    return {
        "import": one.id,
        "at": one.at,
        "action": one.action,
        "source": one.source,
        "undone": one.undone,
        "report": json.loads(one.report),
    }


def _logged(one: ImportRecord) -> tuple[str, ...]:
    report = json.loads(one.report)
    figures = (count(report.get(name)) for name in _FIGURES)
    undone = NOTHING if one.undone is None else str(one.undone)
    time = one.at[:16].replace("T", " ")
    return (str(one.id), time, one.action, _origin(one.source, report.get("files", 1)), *figures, undone)


def _origin(source: str, files: int) -> str:
    """The first file with its folder, and how many there were; the document has the rest."""
    first = source.split(", ")[0]
    name = "/".join(Path(first).parts[-2:])
    return name if files == 1 else f"{name} and {files - 1:,} more"


def size(number: int) -> str:
    """Bytes as people read them.

    Examples
    --------
    >>> size(0), size(999), size(61_234_567)
    ('0 bytes', '999 bytes', '61.2 MB')
    """
    if number < _KILO:
        return f"{number} bytes"
    value, units = float(number), iter(("kB", "MB", "GB", "TB"))
    unit = ""
    while value >= _KILO and (larger := next(units, None)) is not None:
        value, unit = value / _KILO, larger
    return f"{value:.1f} {unit}"
