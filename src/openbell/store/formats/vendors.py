"""Vendors whose files are known by name or header: what their columns and stamps mean, from their own documentation."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError
from openbell.store.formats.delimited import MIDNIGHT, Layout, read_layout
from openbell.store.formats.format import Convention, Hints, Incoming
from openbell.store.formats.generic import header_names, layout_of
from openbell.store.formats.naming import interval_of, symbol_of
from openbell.store.formats.source import Source, unreadable

_PLAIN = {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
_DATED = re.compile(r"\d{8} \d{6};[\d.]+;[\d.]+;[\d.]+;[\d.]+;\d+")
_INSTANTS = Convention()
_DATABENTO_LENGTHS = {"32": "1s", "33": "1m", "34": "1h", "35": "1d"}
_YAHOOS = (
    "Yahoo adjusts open, high, low and close for splits, and they were taken as raw: if a split lies after the first "
    "bar, undo this import and say --adjusted"
)
_LEAN_LENGTHS = {"second": "1s", "minute": "1m"}


class Headed:
    """Reader of a vendor whose header has columns that no other has.

    Parameters
    ----------
    name
        Of the format.
    marks
        Columns that the header must have.
    convention
        What its stamps mean.
    """

    def __init__(self, name: str, marks: set[str], convention: Convention = _INSTANTS) -> None:
        self.name = name
        self._marks = marks
        self._convention = convention

    def recognises(self, source: Source) -> str | None:
        """By its header."""
        if not source.lines or not self._marks <= set(header_names(source.lines[0], ",")):
            return None
        return f"its header has {', '.join(sorted(self._marks))}"

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, or as many as its column of symbols names."""
        layout = layout_of(source)
        if layout is None:
            raise unreadable(str(source), self.name, "its header lacks open, high, low, close or the time")
        return read_layout(source, self._told(layout), hints)

    def _told(self, layout: Layout) -> Layout:
        return replace(layout, convention=self._convention)


class Yahoo(Headed):
    """Yahoo's days: open, high, low and close are adjusted for splits, the adjusted close for dividends as well."""

    def __init__(self) -> None:
        super().__init__("yahoo", {"date", "adj close", "open", "close"}, Convention(True, None, "open"))

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        return [replace(part, advice=_YAHOOS) for part in super().read(source, hints)]


class Databento(Headed):
    """Databento's OHLCV as CSV: ``ts_event`` is the start of the bar, prices may be whole billionths."""

    def __init__(self) -> None:
        super().__init__("databento", {"ts_event", "rtype", "open", "close"})

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """As many symbols as there are, by name or by number."""
        if self.recognises(source) is None:
            raise unreadable(str(source), self.name, "its header is another one")
        names = header_names(source.lines[0], ",")
        layout = layout_of(source)
        if layout is None:
            raise unreadable(str(source), self.name, "its header lacks open, high, low, close or the time")
        rows = [line.split(",") for line in source.lines[1:]]
        closes = [row[layout.columns["close"]] for row in rows if len(row) > layout.columns["close"]]
        fixed = bool(closes) and all(re.fullmatch(r"\d{7,}", close) for close in closes)
        lengths = {row[names.index("rtype")] for row in rows if len(row) == len(names)}
        length = _DATABENTO_LENGTHS.get(next(iter(lengths))) if len(lengths) == 1 else None
        columns = dict(layout.columns)
        if "symbol" not in columns and "instrument_id" in names and hints.symbol is None:
            columns["symbol"] = names.index("instrument_id")
        told = replace(
            layout, columns=columns, convention=_INSTANTS, scale=1e9 if fixed else 1.0,
            interval=Interval.parse(length) if length else None, time=(names.index("ts_event"),),
        )  # fmt: skip
        return read_layout(source, told, hints)


class Binance:
    """Binance's klines: twelve columns, the first the start of the bar, with or without a header."""

    name = "binance"

    def recognises(self, source: Source) -> str | None:
        """By twelve columns of which the seventh is the end of the bar."""
        rows = [line.split(",") for line in source.lines]
        if rows and rows[0][0].lower() in ("open_time", "open time"):
            rows = rows[1:]
        if not rows or any(len(row) != 12 for row in rows):
            return None
        if not all(row[0].isdigit() and row[6].isdigit() and int(row[6]) > int(row[0]) for row in rows):
            return None
        return "its lines are twelve columns with the start and the end of a bar"

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        if self.recognises(source) is None:
            raise unreadable(str(source), self.name, "its lines are not twelve columns with start and end of a bar")
        header = 0 if source.lines[0][0].isdigit() else 1
        layout = Layout(_PLAIN, (0,), 12, header=header, convention=_INSTANTS, market="24/7")
        return read_layout(source, layout, hints)


class HistData:
    """HistData's ASCII bars: no header, the start of the bar in UTC-5 all year, volume always 0."""

    name = "histdata"

    def recognises(self, source: Source) -> str | None:
        """By its name, or by the form of its lines and volumes of 0."""
        if not source.lines or not all(_DATED.match(line) for line in source.lines):
            return None
        if re.search(r"DAT_(ASCII|MT|NT)", source.name.upper()):
            return "its name has DAT_ASCII"
        quiet = all(line.rstrip().endswith(";0") for line in source.lines)
        return "its lines are yyyyMMdd HHmmss;o;h;l;c;0" if quiet else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        convention = Convention(True, "Etc/GMT+5", "open")
        layout = Layout(_PLAIN, (0,), 6, ";", pattern="%Y%m%d %H%M%S", convention=convention, market="FOREX")
        name = re.search(r"DAT_(?:ASCII|MT|NT)_([A-Z]+)_", source.name.upper())
        return read_layout(source, replace(layout, symbol=name[1] if name else None), hints)


class NinjaTrader:
    """NinjaTrader's export: no header, the end of the bar in UTC."""

    name = "ninjatrader"

    def recognises(self, source: Source) -> str | None:
        """By the form of its lines."""
        fits = bool(source.lines) and all(_DATED.match(line) for line in source.lines)
        return "its lines are yyyyMMdd HHmmss;o;h;l;c;v" if fits else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        convention = Convention(True, "UTC", "close")
        layout = Layout(_PLAIN, (0,), 6, ";", pattern="%Y%m%d %H%M%S", convention=convention)
        return read_layout(source, layout, hints)


class AlphaVantage:
    """Alpha Vantage's CSV: newest row first, New York's clock; intraday rows are stamped with the end of the bar."""

    name = "alphavantage"

    def recognises(self, source: Source) -> str | None:
        """By its header and by rows that go back in time."""
        names = header_names(source.lines[0], ",") if source.lines else []
        if len(names) != 6 or names[0] not in ("timestamp", "datetime") or names[1:] != list(_PLAIN):
            return None
        times = [line.split(",")[0] for line in source.lines[1:4]]
        if len(times) < 2 or times != sorted(times, reverse=True) or any("T" in time or "+" in time for time in times):
            return None
        return "its header is its own and the newest row comes first"

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        convention = Convention(True, "America/New_York", "close")
        return read_layout(source, Layout(_PLAIN, (0,), 6, header=1, convention=convention), hints)


class Lean:
    """LEAN's zips: one member per day and symbol with milliseconds of the day, or one per symbol with dates."""

    name = "lean"
    _MEMBER = re.compile(r"(\d{8})_([a-z0-9.\-]+)_(second|minute)_(trade|quote|openinterest)(?:_(\d{6,8}))?$")

    def recognises(self, source: Source) -> str | None:
        """By the name inside the archive."""
        if not source.member:
            return None
        if self._MEMBER.match(source.name.lower()):
            return "the name in its archive is yyyymmdd_symbol_minute_trade"
        first = source.lines[0] if source.lines else ""
        return "its lines are yyyyMMdd HH:mm,o,h,l,c,v" if re.match(r"\d{8} \d{2}:\d{2}(,[\d.]+){5}$", first) else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name inside the archive; contracts of futures as ROOT_YYYYMM."""
        match = self._MEMBER.match(source.name.lower())
        zone, scale, market = self._security(source)
        convention = Convention(True, zone, "open")
        if match is None:
            layout = Layout(_PLAIN, (0,), 6, pattern="%Y%m%d %H:%M", convention=convention, scale=scale, market=market)
            return read_layout(source, replace(layout, symbol=source.name), hints)
        day, symbol, length, kind, contract = match.groups()
        if kind != "trade":
            what = f"holds {kind} data, not bars of trades."
            raise StoreError(Problem(str(source), what, "Import the _trade files.", code="not_bars"))
        midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        layout = Layout(
            _PLAIN, (0,), 6, pattern=MIDNIGHT, day=int(midnight.timestamp()) * 1_000_000_000, convention=convention,
            scale=scale, market=market, interval=Interval.parse(_LEAN_LENGTHS[length]),
            symbol=f"{symbol}_{contract}" if contract else symbol,
        )  # fmt: skip
        return read_layout(source, layout, hints)

    def _security(self, source: Source) -> tuple[str, float, str | None]:
        """Zone, price scale and market, by the words in the path; prices of equities are whole ten-thousandths."""
        words = set(re.split(r"[_/\\.\-]", str(source.path).lower()))
        prices = [value for line in source.lines for value in line.split(",")[1:5]]
        scale = 10_000.0 if prices and all(re.fullmatch(r"\d{4,}", value) for value in prices) else 1.0
        if "india" in words:
            return "Asia/Kolkata", scale, "XBOM"
        if words & {"future", "futures"}:
            return "UTC", 1.0, "CMES"
        if words & {"crypto", "cryptofuture", "coinbase", "binance", "bybit"}:
            return "UTC", 1.0, "24/7"
        return "America/New_York", scale, None


class Bitfinex:
    """Bitfinex' answers: a JSON list of ``[ms, open, close, high, low, volume]``."""

    name = "bitfinex"

    def recognises(self, source: Source) -> str | None:
        """By its first characters."""
        return "it is a JSON list of lists of six" if re.match(rb"\s*\[\s*(\[\s*\d{12,}\s*,|\])", source.head) else None

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """One symbol, from the name of the file."""
        try:
            rows = json.loads(source.bytes())
        except (ValueError, RecursionError) as error:
            raise unreadable(str(source), "JSON", str(error)) from error
        if not isinstance(rows, list) or not rows:
            raise unreadable(str(source), "candles", "it is no list of bars, or an empty one")
        table, faults = [], {}
        for place, row in enumerate(rows):
            fits = isinstance(row, list) and len(row) == 6 and all(_is_plain(value) for value in row)
            table.append([float(value) for value in row] if fits else [float("nan")] * 6)
            if not fits:
                faults[place] = "the row is not six numbers"
        columns = np.array(table)
        unread = np.isnan(columns[:, 0]) | (np.abs(columns[:, 0]) > 9e12)
        ts = np.where(unread, 0, columns[:, 0]).astype(np.int64) * 1_000_000
        block = Block(ts, columns[:, 1], columns[:, 3], columns[:, 4], columns[:, 2], columns[:, 5])
        faults |= {int(place): "the time could not be read" for place in np.flatnonzero(unread) if place not in faults}
        symbol = symbol_of(source, hints).upper()
        return [Incoming(symbol, interval_of(source, hints), block, faults=faults, market="24/7")]


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


VENDORS = (
    Lean(),
    Bitfinex(),
    Binance(),
    Databento(),
    Headed("polygon", {"ticker", "window_start", "open", "close"}),
    Headed("alpaca", {"timestamp", "open", "close", "trade_count", "vwap"}),
    AlphaVantage(),
    HistData(),
    NinjaTrader(),
    Yahoo(),
)
