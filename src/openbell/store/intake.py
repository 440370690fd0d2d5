"""What happens to the bars of an import between their file and the writer.

1. `Intake.take`: rows are checked, and wait for the other files of their series.
2. `_settle`: when many wait, each series gets its market and grid, and its bars are laid over those stored.
3. `finish`: the quarantine file, the log, the commit.
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
from openbell.errors import Problem, StoreError
from openbell.market.actions import Action
from openbell.market.calendar import Calendar, load_calendar
from openbell.store import schema
from openbell.store.actions import new_among
from openbell.store.catalog import Catalog, Series
from openbell.store.choice import MarketChoice, choose_market, grid_kind
from openbell.store.clock import Settled, interval_in_stamps, settle, unchecked
from openbell.store.cutting import dates_of
from openbell.store.daily import on_sessions
from openbell.store.days import GridKind, day_keys
from openbell.store.findings import defects_of
from openbell.store.formats.format import Hints, Incoming
from openbell.store.merging import Merged, merged
from openbell.store.quarantine import labelled, set_aside
from openbell.store.report import FileReport, ImportReport, SeriesReport
from openbell.store.returning import SetAside, told
from openbell.store.rows import Checked, checked, taken
from openbell.store.series import resolved
from openbell.store.sheets import laid_out
from openbell.store.sound import may_have_defects
from openbell.store.writer import Pending, Span, Writer, around

_ROWS_AT_ONCE = 1 << 20
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
        self._waiting: dict[Key, list[Block]] = {}
        self._rows = 0
        self._asked: dict[tuple[str, Interval], int] = {}
        self._reports: dict[Key, SeriesReport] = {}
        self._refused: list[pl.DataFrame] = []
        self._actions: list[Action] = []
        self._adjusted: dict[Key, bool] = {}
        self._holds_adjusted = self._catalog is not None and self._catalog.holds_adjusted()
        self._looked_up = self._catalog is None
        self._set_aside = SetAside(store)

    def take(self, origin: str, part: Incoming) -> list[str]:
        """The bars of one symbol and interval out of one file; returns what was decided about their stamps.

        Raises
        ------
        StoreError
            If the stamps contradict what is said of them, or raw prices would mix with adjusted ones; nothing is taken
            then.
        """
        sound = part.sound and not part.faults
        found = Checked(part.block, None, 0, False) if sound else checked(part.block, part.faults)
        if not len(found.block) and found.refused is not None and part.interval is None:
            raise _no_bars(origin, found.refused)
        said = part.interval
        known = sound and said is not None and said.intraday and part.step == said.width_ns
        interval = said if known and said is not None else interval_in_stamps(origin, found.block.ts, said)
        key = (part.symbol, interval)
        adjusted = part.adjusted or self._hints.adjusted
        self._keep_apart(origin, key, adjusted)
        choice = self._choose(part, interval, found.block)
        settled = self._settled(origin, load_calendar(choice.market), interval, part, found.block)
        self._remember(part.symbol, choice)
        report = self._reports.get(key)
        if report is None:
            report = self._reports[key] = SeriesReport(part.symbol, str(interval), market=choice.market, why=choice.why)
        report.rows += len(part.block)
        report.duplicates += found.duplicates
        report.unordered |= found.unordered
        if found.refused is not None:
            report.quarantined += len(found.refused)
            self._refused.append(labelled(found.refused, origin, part.symbol, str(interval)))
        if len(found.block):
            block = found.block if settled.ts is found.block.ts else Block.of(settled.ts, found.block.columns)
            self._waiting.setdefault(key, []).append(block)
            self._rows += len(found.block)
        if self._rows >= _ROWS_AT_ONCE:
            self._settle()
        return [settled.note] if settled.note else []

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

    def _settled(self, origin: str, calendar: Calendar, interval: Interval, part: Incoming, block: Block) -> Settled:
        """What the stamps mean. Symbols of one file share a convention: of many short ones only some are asked."""
        key = (origin, interval)
        self._asked[key] = self._asked.get(key, 0) + 1
        if part.convention.sure and self._asked[key] > _SYMBOLS_ASKED and len(block) < _LONG:
            return unchecked(interval, block, part.convention)
        return settle(origin, calendar, interval, block, part.convention)

    def finish(self, files: Sequence[FileReport], dry_run: bool) -> ImportReport:
        """Write what is left, commit, and say what was done."""
        self._settle()
        self._note_strays()
        series = tuple(self._reports[key] for key in sorted(self._reports, key=lambda key: (key[0], key[1].rank)))
        quarantine = None if dry_run else set_aside(self._store, self._refused)
        new = new_among(self._actions, self._catalog.actions() if self._catalog is not None and self._actions else ())
        report = ImportReport(None, dry_run, tuple(files), series, quarantine)
        report = replace(report, actions=len(self._actions), new_actions=len(new))
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
            block, note = on_sessions(calendar, interval, block)
            report.why = f"{report.why}; {note}" if note else report.why
            report.grid = grid.value
            lot = lots.get((report.market, interval, grid))
            if lot is None:
                lot = lots[report.market, interval, grid] = _Lot(calendar, interval, grid)
            lot.reports.append(report)
            lot.blocks.append(block)
        return lots.values()

    def _choose(self, part: Incoming, interval: Interval, block: Block) -> MarketChoice:
        said = self._hints.market or (None if part.symbol in self._markets else part.market)
        choice = choose_market(interval, block, part.convention, said, self._markets.get(part.symbol))
        return choice if self._hints.market or said is None else MarketChoice(choice.market, "the format's own")

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


def _no_bars(origin: str, refused: pl.DataFrame) -> StoreError:
    what = f"none of its {len(refused):,} rows can be a bar; of the first one {refused['reason'][0]}."
    return StoreError(
        Problem(origin, what, "Check its columns, or say them with --format layout.toml.", code="no_bars")
    )


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
