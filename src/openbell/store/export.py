"""Bars out of a store, as tidy Parquet or CSV."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from openbell.bars.block import Block
from openbell.bars.derive import derive
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError, nearest
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store.catalog import Catalog, SymbolInfo
from openbell.store.cutting import dates_of
from openbell.store.days import GridKind, Mask, ordinals_of
from openbell.store.formats.format import COLUMNS
from openbell.store.series import SeriesDays, resolved, whole

_SUFFIXES = (".parquet", ".csv")


def export(
    store: Path | str,
    symbol: str,
    interval: Interval,
    out: Path | str,
    *,
    start: date | None = None,
    end: date | None = None,
    grid: GridKind | None = None,
) -> int:
    """Write every stored bar of a symbol and interval, those outside regular hours included, and count them.

    An interval that is not stored is derived from the next finer one that is; a derived file has the column
    ``completeness``.

    Parameters
    ----------
    out
        ``.parquet`` or ``.csv``; replaced when it is there.
    start, end
        Dates of the symbol's market, both included.
    grid
        Which of the two when bars of this interval are stored both on the session's grid and on clock hours.

    Raises
    ------
    StoreError
        If the symbol or interval is not stored and cannot be derived, or the file cannot be written.
    """
    out = Path(out)
    if out.suffix.lower() not in _SUFFIXES:
        what = f"ends in {out.suffix!r}, which is no known form."
        raise StoreError(Problem(str(out), what, f"Use one of {', '.join(_SUFFIXES)}.", code="suffix"))
    catalog = Catalog.latest(Path(store))
    symbols = catalog.symbols()
    if symbol not in symbols:
        close = nearest(symbol, symbols)
        fix = f"Did you mean {close}?" if close else "`openbell data list` names what is there."
        raise StoreError(Problem(symbol, f"is not in {store}.", fix, code="unknown_symbol"))
    block = _bars(catalog, symbols[symbol], interval, start, end, grid)
    _write(frame_of(block), out)
    return len(block)


def frame_of(block: Block) -> pl.DataFrame:
    """A block as a tidy frame; volume is null where there is none."""
    columns = dict(zip(COLUMNS, (block.ts, *block.columns), strict=True))
    if block.completeness is not None:
        columns["completeness"] = block.completeness
    frame = pl.DataFrame(columns)
    return frame.with_columns(pl.col("ts").cast(pl.Datetime("ns", "UTC")), pl.col("volume").fill_nan(None))


def _bars(
    catalog: Catalog, info: SymbolInfo, interval: Interval, start: date | None, end: date | None, grid: GridKind | None
) -> Block:
    calendar = load_calendar(info.market)
    on_session, on_clock = interval in info.intervals, interval in info.clock_intervals
    if on_session and grid is not GridKind.CLOCK:
        return _stored(catalog, calendar, info.symbol, interval, GridKind.SESSION, start, end)
    if on_clock and grid is not GridKind.SESSION:
        return _stored(catalog, calendar, info.symbol, interval, GridKind.CLOCK, start, end)
    base = max((one for one in info.intervals if interval.derivable_from(one)), default=None)
    if base is None and not interval.intraday and info.clock_intervals and grid is None:
        base = max(info.clock_intervals)
        bars = _stored(catalog, calendar, info.symbol, base, GridKind.CLOCK, start, end)
        return _derived(calendar, interval, base, bars, GridKind.CLOCK)
    if base is None or grid is GridKind.CLOCK:
        known = ", ".join(map(str, (*info.intervals, *info.clock_intervals)))
        fix = f"Stored: {known}. Export one of these, or import {interval.natural_base} bars."
        where = f"{info.symbol}/{interval}"
        raise StoreError(Problem(where, "is not stored, and no finer interval is.", fix, code="no_interval"))
    bars = _stored(catalog, calendar, info.symbol, base, GridKind.SESSION, start, end)
    return _derived(calendar, interval, base, bars)


def _stored(
    catalog: Catalog,
    calendar: Calendar,
    symbol: str,
    interval: Interval,
    grid: GridKind,
    start: date | None,
    end: date | None,
) -> Block:
    pieces = catalog.pieces(interval, grid, [symbol])
    series = resolved(catalog.root, calendar, pieces)[symbol]
    return whole(catalog.root, series, _between(series, start, end))


def _between(series: SeriesDays, start: date | None, end: date | None) -> Mask:
    numbers = dates_of(series.days["midnight"])
    epoch = date(1970, 1, 1)
    chosen = np.ones(len(numbers), bool)
    if start is not None:
        chosen &= numbers >= (start - epoch).days
    if end is not None:
        chosen &= numbers <= (end - epoch).days
    return chosen


def _derived(
    calendar: Calendar, interval: Interval, base: Interval, block: Block, kind: GridKind = GridKind.SESSION
) -> Block:
    sessions = ordinals_of(calendar, base, block.ts) if not base.intraday else calendar.ordinals_of(block.ts)
    known = sessions[sessions >= 0]
    if not len(known):
        return Block.empty()
    windows, slots = (calendar.grid(one, int(known.min()), int(known.max()), Hours.REGULAR) for one in (interval, base))
    if kind is GridKind.SESSION:
        on_grid = slots.slots_of(block.ts) >= 0
        block = Block(block.ts[on_grid], *(column[on_grid] for column in block.columns))
    # Days, and bars on clock hours, may be stamped before the session opens.
    lefts = windows.stamps if kind is GridKind.CLOCK or not base.intraday else None
    return derive(block, windows, windows.expected(slots), lefts=lefts)


def _write(frame: pl.DataFrame, out: Path) -> None:
    try:
        if out.suffix.lower() == ".csv":
            frame.write_csv(out, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
        else:
            frame.write_parquet(out)
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})."
        raise StoreError(Problem(str(out), what, "Choose another place.", code="unwritable")) from error
