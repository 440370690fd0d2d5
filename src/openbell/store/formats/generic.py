"""Delimited text of any vendor: the columns are known by their names, or by what is in them."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from openbell.bars.block import FIELDS
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError, nearest
from openbell.store.formats.delimited import Layout, columns_by_name, read_layout
from openbell.store.formats.format import Convention, Hints, Incoming
from openbell.store.formats.source import Source
from openbell.store.formats.times import time_form

_SEPARATORS = (",", ";", "\t", "|", " ")
_NAMES = {
    "open": ("open", "o", "open_price", "openprice", "first", "eröffnung", "eroeffnung", "erster"),
    "high": ("high", "h", "high_price", "highprice", "max", "hoch"),
    "low": ("low", "l", "low_price", "lowprice", "min", "tief"),
    "close": ("close", "c", "close_price", "closeprice", "last", "close/last", "schlusskurs", "schluss", "price"),
    "volume": (
        "volume", "v", "vol", "vol.", "period volume", "tick_volume", "tickvol", "base_volume", "total_volume",
        "volumen", "stücke",
    ),
    "symbol": ("symbol", "ticker", "instrument", "sym"),
    "epoch": ("timestamp", "ts", "time", "unix", "open_time", "epoch", "window_start", "ts_event", "t", "datetime"),
    "time": (
        "ts", "datetime", "date_time", "timestamp", "window_start", "ts_event", "open_time", "gmt time", "local time",
        "time stamp", "time (utc)", "t", "bar_start", "start", "date", "time", "day", "dtyyyymmdd", "datum",
    ),
    "clock": ("time", "clock", "hour", "tod", "zeit", "uhrzeit"),
}  # fmt: skip
_ENOUGH_ROWS = 10
_YFINANCES = (
    "yfinance adjusts prices for splits, and for dividends too unless it was told auto_adjust=False, and they were "
    "taken as raw: undo this import and say --adjusted"
)
_KEYS = (
    "separator", "header", "columns", "time", "time_format", "timezone", "stamp", "price_scale", "symbol", "interval",
    "market", "adjusted",
)  # fmt: skip


class GenericText:
    """Reader of delimited text whose columns have usual names, or stand in the usual order."""

    name = "csv"

    def recognises(self, source: Source) -> str | None:
        """By a header that names open, high, low and close, or by lines of a time and numbers."""
        layout = layout_of(source)
        if layout is None:
            return None
        return "its header names the columns" if layout.header else "its lines are a time and four or five numbers"

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, or as many as a column of symbols names."""
        layout = layout_of(source)
        if layout is None:
            names = ", ".join(FIELDS[:4])
            what = f"no columns for a time and {names} are found; its first line is {_first(source)!r}."
            fix = "Say where they are with a layout file: --format layout.toml."
            raise StoreError(Problem(str(source), what, fix, code="columns"))
        incoming = read_layout(source, layout, hints)
        _check_order(source, layout, incoming)
        return [replace(part, advice=_YFINANCES) for part in incoming] if _is_of_yfinance(source) else incoming


def _is_of_yfinance(source: Source) -> bool:
    """Whether the program `yfinance` wrote it: three headers, or columns of dividends and splits."""
    return source.symbol is not None or ",dividends,stock splits" in source.lines[0].lower()


def _check_order(source: Source, layout: Layout, incoming: Sequence[Incoming]) -> None:
    """Refuse columns that are in another order than they seem: open or close lie outside high and low in most rows."""
    seen = wrong = 0
    for part in incoming:
        open_, high, low, close, _ = part.block.columns
        known = np.isfinite(open_ + high + low + close)
        outside = (np.maximum(open_, close) > high) | (np.minimum(open_, close) < low)
        seen, wrong = seen + int(known.sum()), wrong + int((known & outside).sum())
    if seen >= _ENOUGH_ROWS and 2 * wrong > seen:
        share = f"in {wrong:,} of {seen:,} rows open or close are outside high and low"
        what = f"its columns are others than they seem: {share}."
        places = ", ".join(f"{name} = {layout.columns[name]}" for name in FIELDS[:4])
        fix = (
            f"Say where they are with a layout file: --format layout.toml; they were taken as columns = {{ {places} }}."
        )
        raise StoreError(Problem(str(source), what, fix, code="order"))


def layout_of(source: Source) -> Layout | None:
    """Where everything is, as far as header and first lines tell."""
    return _layout(tuple(source.lines)) if source.lines else None


@lru_cache(maxsize=16)
def _layout(lines: tuple[str, ...]) -> Layout | None:
    for separator in _SEPARATORS:
        names = header_names(lines[0], separator)
        columns = columns_by_name(names, _NAMES)
        if all(name in columns for name in FIELDS[:4]):
            return _named(names, columns, separator, lines)
    return _unnamed(lines)


def header_names(line: str, separator: str) -> list[str]:
    """The names in a header line, in lower case, without quotes, brackets and numbering.

    Examples
    --------
    >>> header_names('<DATE>;"1. open";High ', ";")
    ['date', 'open', 'high']
    """
    return [re.sub(r"^\d+[a-z]?\. ", "", name.strip().strip('"<>').strip().lower()) for name in line.split(separator)]


def _named(names: list[str], columns: dict[str, int], separator: str, lines: Sequence[str]) -> Layout | None:
    rows = [[value.strip().strip('"') for value in line.split(separator)] for line in lines[1:]]
    time = _time_columns(columns, rows)
    if time is None:
        return None
    kept = {name: place for name, place in columns.items() if name in (*FIELDS, "symbol")}
    kept |= _volume(names, kept, rows)
    notes: tuple[str, ...] = ()
    if any(name.startswith(("adj", "adjusted")) for name in names):
        notes = ("prices are taken as they are, the adjusted close is left out",)
    return Layout(kept, time, len(names), separator, header=1, notes=notes)


def _volume(names: list[str], columns: dict[str, int], rows: list[list[str]]) -> dict[str, int]:
    """The column of volumes where its name is not plain: the first ``volume btc``, or ticks where nothing is traded."""
    if "volume" not in columns:
        named = [place for place, name in enumerate(names) if name.startswith("volume ")]
        return {"volume": named[0]} if named else {}
    ticks = [names.index(name) for name in ("tickvol", "tick_volume") if name in names]
    still = all(row[columns["volume"]] in ("0", "0.0") for row in rows if len(row) > columns["volume"])
    return {"volume": ticks[0]} if ticks and still else {}


def _time_columns(columns: dict[str, int], rows: list[list[str]]) -> tuple[int, ...] | None:
    """The column of numbers since 1970 where there is one, else that of dates, with its clock if that is apart."""

    def values(place: int) -> list[str]:
        return [row[place] for row in rows if len(row) > place]

    epoch = columns.get("epoch")
    if epoch is not None:
        form = time_form(values(epoch))
        if form is not None and form.instant:
            return (epoch,)
    date = columns.get("time")
    if date is None:
        return None
    form = time_form(values(date))
    clock = columns.get("clock")
    if form is not None and form.dated_only and clock is not None and clock != date:
        return date, clock
    return (date,)


def _unnamed(lines: Sequence[str]) -> Layout | None:
    """A time in the first column or in the first two, then open, high, low, close, and perhaps volume."""
    for separator in _SEPARATORS[:4]:
        rows = [line.split(separator) for line in lines]
        width = len(rows[0])
        if not 5 <= width <= 16 or sum(len(row) == width for row in rows) < len(rows) - 1:
            continue
        times: tuple[int, ...] = (0,)
        form = time_form([row[0] for row in rows])
        if form is not None and form.dated_only and time_form([f"{row[0]} {row[1]}" for row in rows if len(row) > 1]):
            times = (0, 1)
        if form is None:
            continue
        first = len(times)
        if width < first + 4 or not all(_is_number(row[first + 3]) for row in rows if len(row) > first + 3):
            continue
        names = FIELDS[: min(5, width - first)]
        columns = {name: first + place for place, name in enumerate(names)}
        return Layout(columns, times, width, separator)
    return None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*|\s*", text) is not None


def _first(source: Source) -> str:
    return source.lines[0][:80] if source.lines else ""


class LayoutFile:
    """Reader of text as a TOML file says: ``--format layout.toml``.

    Parameters
    ----------
    path
        The TOML file, with keys ``separator header columns time time_format timezone stamp price_scale symbol interval
        market adjusted``; columns by their names in the header, or by their places from 0.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def recognises(self, source: Source) -> str | None:
        """Only when it is named."""
        del source
        return None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """The bars of a file with that layout."""
        return read_layout(source, self._layout(source), hints)

    def _layout(self, source: Source) -> Layout:
        said = self._said()
        header = int(said.get("header", 1))
        separator = str(said.get("separator", ","))
        lines = source.lines
        names = header_names(lines[header - 1], separator) if header and len(lines) >= header else []
        width = max(len(line.split(separator)) for line in lines) if lines else 0
        columns = {field: self._place(source, names, key) for field, key in dict(said.get("columns", {})).items()}
        if not columns:
            columns = columns_by_name(names, {name: _NAMES[name] for name in (*FIELDS, "symbol")})
        times = said.get("time", "time")
        times = times if isinstance(times, list) else [times]
        time = tuple(self._place(source, names, key) for key in times)
        missing = [name for name in FIELDS[:4] if name not in columns]
        if missing:
            raise self._wrong(f"columns.{missing[0]}", "is not given.", "Give the name or the place of the column.")
        told = Layout(columns, time, width, separator, header, said.get("time_format"))
        convention = Convention(True, said.get("timezone"), said.get("stamp"))
        interval = Interval.parse(said["interval"]) if "interval" in said else None
        return replace(
            told, convention=convention, scale=float(said.get("price_scale", 1.0)), market=said.get("market"),
            interval=interval, symbol=said.get("symbol"), adjusted=bool(said.get("adjusted", False)),
        )  # fmt: skip

    # Any: whatever a TOML file may hold.
    def _said(self) -> dict[str, Any]:
        try:
            said = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise self._wrong("", f"cannot be read ({error}).", "Write it as TOML.") from error
        for key in said:
            if key not in _KEYS:
                close = nearest(key, _KEYS)
                raise self._wrong(key, "is no key of a layout.", f"Known ones: {', '.join(_KEYS)}." if close is None
                                  else f"Did you mean {close}?")  # fmt: skip
        return said

    def _place(self, source: Source, names: list[str], key: object) -> int:
        if isinstance(key, int):
            return key
        if str(key).lower() in names:
            return names.index(str(key).lower())
        raise self._wrong(f"columns: {key!r}", f"is no column of {source}: {', '.join(names)}.", "Name one of these.")

    def _wrong(self, key: str, what: str, fix: str) -> StoreError:
        return StoreError(Problem(f"{self._path}/{key}" if key else str(self._path), what, fix, code="layout"))
