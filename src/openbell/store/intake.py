"""What happens to the bars of an import between their file and the writer."""

import hashlib
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.store import schema
from openbell.store.catalog import Catalog, Series
from openbell.store.choice import choose_market, grid_kind
from openbell.store.daily import on_sessions
from openbell.store.days import day_keys
from openbell.store.files import sync_folder, unwritable, write_new
from openbell.store.formats.format import Hints, Incoming
from openbell.store.merging import Merged, merged
from openbell.store.report import FileReport, ImportReport, SeriesReport
from openbell.store.rows import checked
from openbell.store.series import resolved
from openbell.store.writer import Pending, Writer, day_number

QUARANTINE = "quarantine"
_ROWS_AT_ONCE = 1 << 20
_SOURCE_CHARS = 200


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
        self._writer = writer
        self._catalog = _catalog_of(store)
        self._symbols = self._catalog.symbols() if self._catalog is not None else {}
        self._markets: dict[str, str] = {}
        self._waiting: dict[tuple[str, Interval], list[Block]] = {}
        self._adjusted: dict[tuple[str, Interval], bool] = {}
        self._rows = 0
        self._reports: dict[tuple[str, Interval], SeriesReport] = {}
        self._refused: list[pl.DataFrame] = []

    def take(self, path: Path, part: Incoming) -> None:
        """The bars of one symbol and interval out of one file."""
        key = (part.symbol, part.interval)
        report = self._reports.setdefault(key, SeriesReport(part.symbol, str(part.interval)))
        found = checked(part.frame)
        report.rows += len(part.frame)
        report.quarantined += len(found.refused)
        report.duplicates += found.duplicates
        report.unordered |= found.unordered
        if len(found.refused):
            self._refused.append(_labelled(found.refused, path, part))
        self._adjusted[key] = part.adjusted
        self._waiting.setdefault(key, []).append(found.block)
        self._rows += len(found.block)
        if self._rows >= _ROWS_AT_ONCE:
            self._settle()

    def finish(self, files: Sequence[FileReport], dry_run: bool) -> ImportReport:
        """Write what is left, commit, and say what was done."""
        self._settle()
        self._note_strays()
        series = tuple(self._reports[key] for key in sorted(self._reports, key=lambda key: (key[0], key[1].rank)))
        changed = any(one.added or one.replaced for one in series)
        quarantine = None if dry_run else self._write_quarantine()
        number = None
        if changed and self._writer is not None:
            number = self._writer.number
        report = ImportReport(number, dry_run, tuple(files), series, quarantine)
        if changed and self._writer is not None:
            paths = ", ".join(file.path for file in files if file.problem is None)
            source = paths if len(paths) <= _SOURCE_CHARS else f"{paths[:_SOURCE_CHARS]}..."
            self._writer.commit("import", source, json.dumps(report.as_dict()))
        return report

    def _settle(self) -> None:
        for (symbol, interval), blocks in self._waiting.items():
            if any(map(len, blocks)):
                self._settle_one(symbol, interval, blocks)
        self._waiting.clear()
        self._rows = 0

    def _settle_one(self, symbol: str, interval: Interval, blocks: list[Block]) -> None:
        report = self._reports[symbol, interval]
        block, duplicates = _combined(blocks)
        report.duplicates += duplicates
        calendar = self._calendar(symbol, block, report)
        kind = grid_kind(calendar, interval, block.ts)
        block, note = on_sessions(calendar, interval, block)
        report.why = f"{report.why}; {note}" if note else report.why
        series = Series(symbol, interval, kind)
        result = self._merge(calendar, series, block)
        report.grid = kind.value
        if result.whole and self._writer is not None:
            self._writer.retire(series)
        report.added += result.added
        report.replaced += result.replaced
        report.unchanged += result.unchanged
        _note_span(report, block)
        if self._writer is not None and len(result.block):
            self._writer.put(calendar, Pending(series, result.block, result.own, self._adjusted[symbol, interval]))

    def _calendar(self, symbol: str, block: Block, report: SeriesReport) -> Calendar:
        known = self._symbols.get(symbol)
        stored = self._markets.get(symbol) or (known.market if known is not None else None)
        choice = choose_market(block, self._hints.market, stored)
        report.market, report.why = choice.market, report.why or choice.why
        if self._writer is not None and stored != choice.market:
            self._writer.put_symbol(symbol, choice.market, choice.why, "import")
        self._markets[symbol] = choice.market
        return load_calendar(choice.market)

    def _merge(self, calendar: Calendar, series: Series, block: Block) -> Merged:
        keys = day_keys(calendar, series.interval, block.ts, series.grid)
        if self._writer is not None:
            if not self._writer.overlaps(series, day_number(int(keys[0])), day_number(int(keys[-1]))):
                return Merged(block, None, len(block), 0, 0)
            return merged(self._store, self._writer.stored(series, calendar), block, keys)
        if self._catalog is None:
            return Merged(block, None, len(block), 0, 0)
        pieces = self._catalog.pieces(series.interval, series.grid, [series.symbol])
        return merged(self._store, resolved(self._store, calendar, pieces).get(series.symbol), block, keys)

    def _note_strays(self) -> None:
        if self._writer is None:
            return
        self._writer.flush()
        for series, (outside, off_grid) in self._writer.strays.items():
            report = self._reports[series.symbol, series.interval]
            report.outside, report.off_grid = outside, off_grid

    def _write_quarantine(self) -> Path | None:
        """The refused rows as CSV, under a name that follows from them: the same rows make one file, however often."""
        if not self._refused:
            return None
        text = io.BytesIO()
        pl.concat(self._refused).write_csv(text)
        content = text.getvalue()
        path = self._store / QUARANTINE / f"{hashlib.sha256(content).hexdigest()[:16]}.csv"
        if path.exists():
            return path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        write_new(path, [content])
        sync_folder(path.parent)
        return path


def _catalog_of(store: Path) -> Catalog | None:
    return Catalog.latest(store) if (store / schema.CATALOG).is_file() else None


def _combined(blocks: list[Block]) -> tuple[Block, int]:
    """Blocks of several files as one in order of time; of equal stamps the later file's bar is taken."""
    filled = [block for block in blocks if len(block)]
    if all(one.ts[-1] < two.ts[0] for one, two in pairwise(filled)):
        return Block.joined(filled), 0
    ts = np.concatenate([block.ts for block in filled])
    order = np.argsort(ts, kind="stable")
    latest = order[np.append(ts[order][1:] != ts[order][:-1], True)]
    columns = [np.concatenate([block.columns[i] for block in filled])[latest] for i in range(5)]
    return Block(ts[latest], *columns), len(ts) - len(latest)


def _note_span(report: SeriesReport, block: Block) -> None:
    first, last = (datetime.fromtimestamp(int(ts) / 1e9, UTC) for ts in (block.ts[0], block.ts[-1]))
    report.first = first if report.first is None else min(report.first, first)
    report.last = last if report.last is None else max(report.last, last)


def _labelled(refused: pl.DataFrame, path: Path, part: Incoming) -> pl.DataFrame:
    labels = (
        pl.lit(str(path)).alias("file"),
        pl.lit(part.symbol).alias("symbol"),
        pl.lit(str(part.interval)).alias("interval"),
    )
    moment = pl.col("ts").cast(pl.Datetime("ns", "UTC"))
    return refused.select(labels[0], "row", *labels[1:], moment, pl.exclude("row", "ts"))
