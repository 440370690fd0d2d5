"""What happens to the bars of an import between their file and the writer.

1. `Intake.take`: rows are checked, and wait for the other files of their series.
2. `_settle`: when many wait, each series gets its market and grid, and its bars are laid over those stored.
3. `finish`: the quarantine file, the log, the commit.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from openbell.store.cutting import day_number
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
from openbell.store.writer import Pending, Writer

_ROWS_AT_ONCE = 1 << 20
_SOURCE_CHARS = 200
_SYMBOLS_ASKED = 10
_LONG = 2_000

Key = tuple[str, Interval]


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """The bars of one series, in order, with what was decided about them."""

    series: Series
    block: Block
    calendar: Calendar
    adjusted: bool
    report: SeriesReport


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
        self._waiting: dict[Key, list[Incoming]] = {}
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
            self._waiting.setdefault(key, []).append(Incoming(part.symbol, interval, block, adjusted=adjusted))
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
        ready = [self._ready(key, parts) for key, parts in self._waiting.items()]
        for one in _suspects(ready):
            one.report.note(defects_of(one.series.symbol, one.series.interval, one.block))
        for one, (first, last) in zip(ready, _spans(ready), strict=True):
            self._lay(one, first, last)
        self._waiting.clear()
        self._rows = 0

    def _ready(self, key: Key, parts: list[Incoming]) -> _Ready:
        symbol, interval = key
        report = self._reports[key]
        block, duplicates = _combined([part.block for part in parts])
        report.duplicates += duplicates
        calendar = load_calendar(report.market)
        series = Series(symbol, interval, grid_kind(calendar, interval, block.ts))
        block, note = on_sessions(calendar, interval, block)
        report.why = f"{report.why}; {note}" if note else report.why
        report.grid = series.grid.value
        report.cover(_moment(block.ts[0]), _moment(block.ts[-1]))
        return _Ready(series, block, calendar, parts[-1].adjusted, report)

    def _choose(self, part: Incoming, interval: Interval, block: Block) -> MarketChoice:
        said = self._hints.market or (None if part.symbol in self._markets else part.market)
        choice = choose_market(interval, block, part.convention, said, self._markets.get(part.symbol))
        return choice if self._hints.market or said is None else MarketChoice(choice.market, "the format's own")

    def _remember(self, symbol: str, choice: MarketChoice) -> None:
        if self._markets.get(symbol) != choice.market:
            self._markets[symbol] = choice.market
            if self._writer is not None:
                self._writer.put_symbol(symbol, choice.market, choice.why, "import")

    def _lay(self, ready: _Ready, first: int, last: int) -> None:
        result = self._merge(ready, first, last)
        report = ready.report
        report.added += result.added
        report.replaced += result.replaced
        report.unchanged += result.unchanged
        if result.added or result.replaced:
            again = self._set_aside.among(report.symbol, report.interval, ready.block)
            report.problems += (told(report.symbol, report.interval, again),) if again else ()
        if self._writer is None or not len(result.block):
            return
        if result.whole:
            self._writer.retire(ready.series)
        if result.block is not ready.block:
            first, last = _spans([ready], result.block)[0]
        pending = Pending(ready.series, result.block, result.own, ready.adjusted, (first, last))
        self._writer.put(ready.calendar, pending)

    def _merge(self, ready: _Ready, first: int, last: int) -> Merged:
        series, calendar, block = ready.series, ready.calendar, ready.block
        if self._writer is not None:
            if not self._writer.overlaps(series, first, last):
                return Merged(block, None, len(block), 0, 0)
            stored = self._writer.stored(series, calendar)
        elif self._catalog is None:
            return Merged(block, None, len(block), 0, 0)
        else:
            pieces = self._catalog.pieces(series.interval, series.grid, [series.symbol])
            stored = resolved(self._store, calendar, pieces).get(series.symbol)
        return merged(self._store, stored, block, day_keys(calendar, series.interval, block.ts, series.grid))

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


def _suspects(ready: Sequence[_Ready]) -> Iterator[_Ready]:
    """Those whose bars have to be looked at for defects; many short series are looked over in one go."""
    groups: dict[Interval, list[_Ready]] = {}
    for one in ready:
        groups.setdefault(one.series.interval, []).append(one)
    for interval, group in groups.items():
        lengths = [len(one.block) for one in group]
        if len(group) < _SYMBOLS_ASKED or sum(lengths) > _LONG * len(group):
            yield from group
            continue
        heads = np.cumsum([0, *lengths[:-1]])
        found = may_have_defects(interval, laid_out([one.block for one in group]), heads)
        yield from (one for one, suspect in zip(group, found, strict=True) if suspect)


def _spans(ready: Sequence[_Ready], block: Block | None = None) -> list[tuple[int, int]]:
    """First and last date of each series, in days since 1970-01-01; looked up for all of a kind at once."""
    groups: dict[tuple[Calendar, Interval, GridKind], list[int]] = {}
    for place, one in enumerate(ready):
        groups.setdefault((one.calendar, one.series.interval, one.series.grid), []).append(place)
    spans = [(0, 0)] * len(ready)
    for (calendar, interval, grid), places in groups.items():
        blocks: Iterable[Block] = [block or ready[place].block for place in places]
        edges: Stamps = np.array([one.ts[row] for one in blocks for row in (0, -1)], np.int64)
        keys = day_keys(calendar, interval, edges, grid).tolist()
        for place, first, last in zip(places, keys[::2], keys[1::2], strict=True):
            spans[place] = day_number(first), day_number(last)
    return spans


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
    return datetime.fromtimestamp(int(ns) // 1_000_000_000, UTC)


def _origins(files: Sequence[FileReport]) -> str:
    text = ", ".join(file.path for file in files if file.problem is None)
    return text if len(text) <= _SOURCE_CHARS else f"{text[:_SOURCE_CHARS]}... ({len(files)} files)"
