"""The commands on what a store holds: import, data list, data export."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from openbell.cli.figures import Sheet, amount, count, shortened
from openbell.cli.holdings import Holding, holdings
from openbell.cli.output import Output
from openbell.cli.parser import UsageError
from openbell.cli.progress import Progress
from openbell.errors import Problem
from openbell.store.catalog import Catalog
from openbell.store.export import export as write_bars
from openbell.store.importing import import_files
from openbell.store.report import ImportReport, SeriesReport

DONE, FAILED = 0, 1
SKIPPED_SHOWN = 5


def bring_in(arguments: argparse.Namespace, output: Output) -> int:
    """Import files and say what became of each series."""
    with Progress() as progress:
        report = import_files(
            arguments.files,
            arguments.store,
            symbol=arguments.symbol,
            interval=None if arguments.interval is None else str(arguments.interval),
            format=arguments.format,
            market=arguments.market,
            stamp=arguments.stamp,
            timezone=arguments.timezone,
            adjusted=arguments.adjusted,
            dry_run=arguments.dry_run,
            progress=lambda done, total, _rows: progress("files", done, total),
        )
    problems = report.all_problems() or ([] if report.files else [_nothing(arguments.files, report.skipped)])
    output.problems(problems)
    output.document(report.as_dict() | {"problems": [problem.as_dict() for problem in problems]})
    output.show(*_imported(report, arguments.store))
    spoiled = report.total("quarantined") or any(problem.fatal for problem in problems)
    return FAILED if not report.ok or (arguments.strict and spoiled) else DONE


def listing(arguments: argparse.Namespace, output: Output) -> int:
    """Say which series a store has."""
    held = holdings(Path(arguments.store), arguments.symbol, arguments.interval)
    output.document({"series": [asdict(one) for one in held]})
    symbols = len({one.symbol for one in held})
    title = f"{arguments.store}: {amount(symbols, 'symbol')}, {amount(sum(one.bars for one in held), 'bar')}"
    columns = ("symbol", "interval", "market", "grid", "first", "last", "sessions", "bars")
    output.show(*shortened(Sheet(title, columns, [_listed(one) for one in held], words=4)))
    return DONE


def actions(arguments: argparse.Namespace, output: Output) -> int:
    """Say which splits, dividends and listings are known."""
    wanted = None if arguments.symbol is None else arguments.symbol.upper()
    known = [one for one in Catalog.latest(Path(arguments.store)).actions() if wanted in (None, one.symbol)]
    plain = [{"symbol": one.symbol, "date": one.day.isoformat(), "kind": one.kind, "value": one.value} for one in known]
    output.document({"actions": plain})
    rows = [(one.symbol, str(one.day), one.kind, f"{one.value:.10g}" if one.kind.moves_prices else "") for one in known]
    title = f"{arguments.store}: {amount(len(known), 'corporate action')}"
    output.show(*shortened(Sheet(title, ("symbol", "date", "kind", "value"), rows, words=3)))
    return DONE


def export(arguments: argparse.Namespace, output: Output) -> int:
    """Write the bars of one symbol to a file."""
    symbol, interval = arguments.symbol.upper(), arguments.interval
    if arguments.start and arguments.end and arguments.start > arguments.end:
        what = f"{arguments.start} to {arguments.end} is no range of days."
        raise UsageError(Problem("--start, --end", what, "Write the earlier day as --start.", "empty_range"))
    bars = write_bars(arguments.store, symbol, interval, arguments.out, start=arguments.start, end=arguments.end)
    output.document({"symbol": symbol, "interval": str(interval), "bars": bars, "out": arguments.out})
    output.show(f"{amount(bars, 'bar')} of {symbol} {interval} written to {arguments.out}")
    return DONE


def _listed(one: Holding) -> tuple[str, ...]:
    names = (one.symbol, one.interval, one.market, one.grid, str(one.first), str(one.last))
    return (*names, count(one.sessions), count(one.bars))


def _imported(report: ImportReport, store: str) -> Iterator[Sheet | str]:
    columns = ("symbol", "interval", "market", "first", "last", "added", "replaced", "unchanged", "refused", "outside")
    rows = [_taken(one) for one in report.series]
    yield from _passed_over(report)
    if not rows and not report.actions:
        yield "nothing was imported: no file could be read"
        return
    if rows:
        title = f"{amount(len(report.files), 'file')}, {amount(report.total('rows'), 'row')}"
        yield from shortened(Sheet(title, columns, rows, words=3))
        yield ""
    failed = sum(file.problem is not None for file in report.files)
    if failed:
        yield f"{failed:,} of {amount(len(report.files), 'file')} could not be taken, see above; the others were"
    if report.actions:
        yield f"{amount(report.actions, 'corporate action')}, {count(report.new_actions)} of them new"
    for line in dict.fromkeys(f"{one.market}: {one.why}" for one in report.series if one.market):
        yield f"market {line}"
    yield from report.stamps
    yield from dict.fromkeys(f"note: {file.advice}" for file in report.files if file.advice and not file.problem)
    if report.total("duplicates"):
        yield f"{count(report.total('duplicates'))} rows had the stamp of a later row, which was taken"
    if report.quarantine is not None:
        yield f"refused rows, with reasons: {report.quarantine}"
    if report.dry_run:
        yield "nothing was written: this was a dry run"
    elif report.changed:
        yield f"written to {store} as import {report.number}"
    else:
        yield f"{store} is as it was: every row was there already"


def _passed_over(report: ImportReport) -> Iterator[str]:
    if report.skipped:
        named = ", ".join(Path(path).name for path in report.skipped[:SKIPPED_SHOWN])
        more = f" and {len(report.skipped) - SKIPPED_SHOWN:,} more" if len(report.skipped) > SKIPPED_SHOWN else ""
        yield f"skipped, being no tables of bars: {named}{more}"
    if report.own_files:
        yield f"not read: {amount(report.own_files, 'file')} of the store itself, which lies in the folder"
    if report.runs:
        more = f" and {len(report.runs) - SKIPPED_SHOWN:,} more" if len(report.runs) > SKIPPED_SHOWN else ""
        yield f"not read: what runs have left in {', '.join(report.runs[:SKIPPED_SHOWN])}{more}"


def _nothing(files: Sequence[str], skipped: Sequence[str]) -> Problem:
    what = "there is no file of bars in it."
    fix = "Name files, or a folder that holds <interval>/<SYMBOL>.parquet."
    if skipped:
        fix = f"Name a file by hand to see why it is not read: {skipped[0]}."
    return Problem(", ".join(files), what, fix, "no_files")


def _taken(one: SeriesReport) -> tuple[str, ...]:
    dates = ["-" if stamp is None else str(stamp.date()) for stamp in (one.first, one.last)]
    figures = (one.added, one.replaced, one.unchanged, one.quarantined, one.outside)
    return (one.symbol, one.interval, one.market, *dates, *map(count, figures))
