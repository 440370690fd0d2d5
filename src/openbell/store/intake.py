"""What happens to the bars of an import between their file and the writer.

1. `Intake.take`: bars wait for the other files of the import, as long as something of them is to be decided.
2. `settle`: when all are there, or very many, everything is decided (`Decisions`), and rows are checked.
3. `_lay`: each series gets its grid, and its bars are laid over those stored.
4. `finish`: the quarantine file, the log, the commit.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval
from openbell.errors import OpenbellError, Problem, StoreError
from openbell.market.actions import Action
from openbell.market.calendar import Calendar, load_calendar
from openbell.store import schema
from openbell.store.actions import new_among
from openbell.store.catalog import Catalog, Series
from openbell.store.choice import MarketChoice, grid_kind
from openbell.store.clock import instants_of
from openbell.store.cutting import dates_of
from openbell.store.daily import on_sessions
from openbell.store.days import GridKind, day_keys
from openbell.store.decisions import Decided, Decisions, Taken, Waiting
from openbell.store.findings import defects_of
from openbell.store.formats.format import Convention, Hints, Incoming
from openbell.store.merging import Merged, merged
from openbell.store.quarantine import labelled, set_aside
from openbell.store.report import FileReport, ImportReport, SeriesReport
from openbell.store.returning import SetAside, told
from openbell.store.rows import Checked, checked, taken
from openbell.store.series import resolved
from openbell.store.sheets import laid_out
from openbell.store.sound import LATEST, may_have_defects
from openbell.store.writer import Pending, Span, Writer, around

_ROWS_AT_ONCE = 1 << 20
_ROWS_AWAITED = 1 << 22  # a market's weeks and hours show in fewer
_SOURCE_CHARS = 200
_SYMBOLS_ASKED = 10
_LONG = 2_000

Key = tuple[str, Interval]


@dataclass(frozen=True, slots=True, eq=False)
class _Lot:
    """Series of one market, interval and grid, with the bars of each in order, and what is told of them."""

    calendar: Calendar
    interval: Interval
    grid: GridKind
    reports: list[SeriesReport] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


class Intake:
    """Takes the bars of file after file, and hands whole series to the writer.

    Parameters
    ----------
    store
        The store's folder.
    hints
        What the user says.
    writer
        None when nothing is to be changed.
    """

    def __init__(self, store: Path, hints: Hints, writer: Writer | None) -> None:
        self._store = store
        self._hints = hints
        self.told_adjusted = hints.adjusted
        self._writer = writer
        self._catalog = Catalog.latest(store) if schema.holds_store(store) else None
        self._markets = self._catalog.markets() if self._catalog is not None else {}
        self._decisions = Decisions(hints, dict(self._markets))
        self._undecided: list[Waiting] = []
        self._is_open = False
        self._waiting: dict[Key, list[Block]] = {}
        self._rows = 0
        self._files: list[Taken] = []
        self._reports: dict[Key, SeriesReport] = {}
        self._refused: list[pl.DataFrame] = []
        self._actions: list[Action] = []
        self._adjusted: dict[Key, bool] = {}
        self._holds_adjusted = self._catalog is not None and self._catalog.holds_adjusted()
        self._looked_up = self._catalog is None
        self._set_aside = SetAside(store)

    def file(self, taken: Taken) -> None:
        """A file of the import, to be reported in this order."""
        self._files.append(taken)

    def take(self, file: Taken, part: Incoming) -> None:
        """The bars of one symbol and interval out of one file; the file says later what became of them."""
        self._undecided.append(Waiting(file, part))
        self._rows += len(part.block)
        self._is_open = self._is_open or self._decisions.open_to(part)
        if self._rows >= (_ROWS_AWAITED if self._is_open else _ROWS_AT_ONCE):
            self.settle()

    def settle(self) -> None:
        """Decide what waits, and hand it to the writer."""
        for one in self._decisions.made(self._undecided):
            try:
                self._enter(one)
            except OpenbellError as error:
                one.file.refuse(error.problems[0])
        self._undecided.clear()
        self._is_open = False
        self._settle()

    def _enter(self, one: Decided) -> None:
        """The rows of a part that are bars, at their instants."""
        part, key = one.part, (one.part.symbol, one.interval)
        adjusted = part.adjusted or self._hints.adjusted
        self._keep_apart(one.file.path, key, adjusted)
        self._remember(part.symbol, one.choice)
        found = _checked(part, one.interval, one.convention)
        report = self._reports.get(key)
        if report is None:
            report = SeriesReport(part.symbol, str(one.interval), market=one.choice.market, why=one.choice.why)
            self._reports[key] = report
        one.file.rows += len(part.block)
        report.rows += len(part.block)
        report.duplicates += found.duplicates
        report.unordered |= found.unordered
        if found.refused is not None:
            report.quarantined += len(found.refused)
            self._refused.append(labelled(found.refused, one.file.path, part.symbol, str(one.interval)))
        if len(found.block):
            self._waiting.setdefault(key, []).append(found.block)

    def take_actions(self, actions: Sequence[Action]) -> None:
        """Splits, dividends and listings out of one file."""
        self._actions += actions

    def _keep_apart(self, origin: str, key: Key, adjusted: bool) -> None:
        """One series holds raw prices or adjusted ones: beside each other they would look like jumps."""
        if not self._looked_up and self._catalog is not None and (adjusted or self._holds_adjusted):
            self._adjusted = self._catalog.adjusted() | self._adjusted
            self._looked_up = True
        if self._adjusted.setdefault(key, adjusted) == adjusted:
            return
        kinds = ("raw", "adjusted by their vendor")
        what = (
            f"its prices are {kinds[adjusted]}, and those of {key[0]} {key[1]} in the store are {kinds[not adjusted]}."
        )
        fix = "Import them under another name (--symbol NAME), or into another store; or undo the other import first."
        if not adjusted:
            fix = f"If these are adjusted, too, say --adjusted. {fix}"
        raise StoreError(Problem(origin, what, fix, code="mixed_adjustment"))

    def finish(self, dry_run: bool) -> ImportReport:
        """Write what is left, commit, and say what was done."""
        self.settle()
        self._note_strays()
        files = [file.report() for file in self._files]
        series = tuple(self._reports[key] for key in sorted(self._reports, key=lambda key: (key[0], key[1].rank)))
        quarantine = None if dry_run else set_aside(self._store, self._refused)
        new = new_among(self._actions, self._catalog.actions() if self._catalog is not None and self._actions else ())
        report = ImportReport(None, dry_run, tuple(files), series, quarantine)
        report = replace(
            report, actions=len(self._actions), new_actions=len(new), stamps=tuple(self._decisions.stamps),
            problems=tuple(self._decisions.warnings),
        )  # fmt: skip
        if not report.changed or self._writer is None:
            return report
        report = replace(report, number=self._writer.number)
        self._writer.put_actions(new)
        self._writer.commit("import", _origins(files), json.dumps(report.summary()))
        return report

    def _settle(self) -> None:
        for lot in self._lots():
            for place in _suspects(lot):
                report = lot.reports[place]
                report.note(defects_of(report.symbol, lot.interval, lot.blocks[place]))
            self._lay(lot)
        self._waiting.clear()
        self._rows = 0

    def _lots(self) -> Iterable[_Lot]:
        """What waits, series that are alike together."""
        lots: dict[tuple[str, Interval, GridKind], _Lot] = {}
        for key, blocks in self._waiting.items():
            report, interval = self._reports[key], key[1]
            block, duplicates = _combined(blocks)
            report.duplicates += duplicates
            calendar = load_calendar(report.market)
            grid = grid_kind(calendar, interval, block.ts)
            block, duplicates, note = on_sessions(calendar, interval, block)
            report.duplicates += duplicates
            report.why = f"{report.why}; {note}" if note else report.why
            report.grid = grid.value
            lot = lots.get((report.market, interval, grid))
            if lot is None:
                lot = lots[report.market, interval, grid] = _Lot(calendar, interval, grid)
            lot.reports.append(report)
            lot.blocks.append(block)
        return lots.values()

    def _remember(self, symbol: str, choice: MarketChoice) -> None:
        if self._markets.get(symbol) != choice.market:
            self._markets[symbol] = choice.market
            if self._writer is not None:
                self._writer.put_symbol(symbol, choice.market, choice.why, "import")

    def _lay(self, lot: _Lot) -> None:
        edges = _edges(lot.blocks)
        spans = _spans(lot, edges)
        there = {} if self._writer is None else self._writer.reaching_into(lot.interval, lot.grid, around(spans))
        for report, block, start, end, span in zip(lot.reports, lot.blocks, *edges.T.tolist(), spans, strict=True):
            report.cover(_moment(start), _moment(end))
            series = Series(report.symbol, lot.interval, lot.grid)
            result = self._merge(lot, series, block, _meet(there.get(report.symbol), span))
            report.added += result.added
            report.replaced += result.replaced
            report.unchanged += result.unchanged
            if result.added or result.replaced:
                again = self._set_aside.among(report.symbol, report.interval, block)
                report.problems += (told(report.symbol, report.interval, again),) if again else ()
            if self._writer is None or not len(result.block):
                continue
            if result.whole:
                self._writer.retire(series)
            if result.block is not block:
                span = _spans(lot, _edges([result.block]))[0]
            adjusted = self._adjusted[series.symbol, lot.interval]
            self._writer.put(lot.calendar, Pending(series, result.block, result.own, adjusted, span))

    def _merge(self, lot: _Lot, series: Series, block: Block, meets: bool) -> Merged:
        if self._writer is not None:
            if not meets:
                return Merged(block, None, len(block), 0, 0)
            stored = self._writer.stored(series, lot.calendar)
        elif self._catalog is None:
            return Merged(block, None, len(block), 0, 0)
        else:
            pieces = self._catalog.pieces(series.interval, series.grid, [series.symbol])
            stored = resolved(self._store, lot.calendar, pieces).get(series.symbol)
        return merged(self._store, stored, block, day_keys(lot.calendar, series.interval, block.ts, series.grid))

    def _note_strays(self) -> None:
        if self._writer is None:
            return
        self._writer.flush()
        for series, (outside, off_grid) in self._writer.strays.items():
            report = self._reports[series.symbol, series.interval]
            report.outside, report.off_grid = outside, off_grid


def _checked(part: Incoming, interval: Interval, convention: Convention) -> Checked:
    """The rows of a part that are bars, at the instants that a convention makes of their stamps."""
    ts, faults = part.block.ts, part.faults
    if interval.intraday and convention.wall and convention.zone is not None:
        ts, unclear = instants_of(ts, convention.zone)
        faults = {**unclear, **faults} if unclear else faults
    if interval.intraday and convention.stamp == "close":
        ts = np.where(ts >= -LATEST, ts - interval.width_ns, ts)
    block = part.block if ts is part.block.ts else Block.of(ts, part.block.columns)
    sound = part.sound and not faults and (block is part.block or bool((ts[1:] > ts[:-1]).all()))
    return Checked(block, None, 0, False) if sound else checked(block, faults)


def _suspects(lot: _Lot) -> Iterable[int]:
    """The places of those whose bars have to be looked at for defects; many short ones are looked over in one go."""
    lengths = [len(block) for block in lot.blocks]
    if len(lengths) < _SYMBOLS_ASKED or sum(lengths) > _LONG * len(lengths):
        return range(len(lengths))
    found = may_have_defects(lot.interval, laid_out(lot.blocks), np.cumsum([0, *lengths[:-1]]))
    return [place for place, suspect in enumerate(found) if suspect]


def _edges(blocks: Sequence[Block]) -> Stamps:
    """The first and the last stamp of each block, shape (blocks, 2)."""
    return np.array([block.ts[row] for block in blocks for row in (0, -1)], np.int64).reshape(-1, 2)


def _spans(lot: _Lot, edges: Stamps) -> list[Span]:
    """The dates of first and last stamps."""
    dates = dates_of(day_keys(lot.calendar, lot.interval, edges.reshape(-1), lot.grid)).tolist()
    return list(zip(dates[::2], dates[1::2], strict=True))


def _meet(there: Span | None, span: Span) -> bool:
    return there is not None and there[0] <= span[1] and span[0] <= there[1]


def _combined(blocks: list[Block]) -> tuple[Block, int]:
    """Blocks of several files as one in order of time; of equal stamps the later file's bar is taken."""
    if all(one.ts[-1] < two.ts[0] for one, two in pairwise(blocks)):
        return Block.joined(blocks), 0
    ts = np.concatenate([block.ts for block in blocks])
    order = np.argsort(ts, kind="stable")
    latest = order[np.append(ts[order][1:] != ts[order][:-1], True)]
    columns = (np.concatenate(parts) for parts in zip(*(block.columns for block in blocks), strict=True))
    return taken(Block.of(ts, columns), latest), len(ts) - len(latest)


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC)


def _origins(files: Sequence[FileReport]) -> str:
    text = ", ".join(file.path for file in files if file.problem is None)
    return text if len(text) <= _SOURCE_CHARS else f"{text[:_SOURCE_CHARS]}... ({len(files)} files)"
