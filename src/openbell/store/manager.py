"""`DataManager`: what is stored, and reading it, by symbols, intervals and sessions."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt

from openbell.bars.block import FIELDS, Block
from openbell.bars.grid import Ordinals
from openbell.bars.interval import Interval
from openbell.collector import collector_resting, give_back
from openbell.market.actions import Action, Prices
from openbell.market.calendar import Calendar
from openbell.market.session import Hours
from openbell.store.adjusting import Adjuster, Timelines
from openbell.store.catalog import Catalog, SymbolInfo
from openbell.store.days import GridKind
from openbell.store.entries import Found
from openbell.store.files import OpenFiles
from openbell.store.held import Reader, Wish
from openbell.store.loaded import LoadedSeries
from openbell.store.rolled import Make, Rolled
from openbell.store.series import COLUMN_COUNT, SeriesDays
from openbell.store.summaries import Counts, Summaries

BYTES_PER_BAR = 8 * COLUMN_COUNT
_KEPT_BYTES = 2 << 30
_CLOSE_WITHIN = 20
_DAILY = Interval.parse("1d")

Places = npt.NDArray[np.int64]


class DataManager:
    """Everything a session asks of a store. It looks at the state that the store had when it was made.

    Sessions are ordinals of the calendar, ranges include both ends, and symbols without bars are answered with
    zeros, NaN and empty blocks. Any number of threads may share one.

    Parameters
    ----------
    root
        The store's folder.
    calendar
        The market whose sessions are asked for.
    kept_bytes
        How much of what was read stays in memory for the next read of the same symbol.

    Raises
    ------
    StoreError
        If there is no store, or its catalogue cannot be read.
    """

    def __init__(self, root: Path, calendar: Calendar, *, kept_bytes: int = _KEPT_BYTES) -> None:
        self.root = Path(root)
        self.calendar = calendar
        self._catalog = Catalog.latest(self.root)
        acting = self._catalog.acting()
        self._timelines = Timelines(calendar, acting, self._catalog.actions, self._close_before)
        self._adjuster: Adjuster | None = None
        self._loaded = LoadedSeries(self.root, calendar, self._catalog)
        self._reader = Reader(calendar, kept_bytes)
        self._rolled = Rolled(calendar.begins, kept_bytes)
        self._files = OpenFiles(self.root)
        self._week = -1
        self._storing: dict[Interval, frozenset[str]] = {}

    def as_of(self, day: int, prices: Prices) -> Self:
        """The same store and what was read of it, with prices as they are looked at on a session day.

        Parameters
        ----------
        day
            The ordinal of the session; actions that take effect later are not known.
        prices
            Raw, or adjusted for splits, or for splits and dividends; what a vendor adjusted is left as it is.
        """
        _ = self._symbols  # looked up once, for every day
        self._rolled.turn(day)
        if self._week != self.calendar.week_start(day):
            self._week = self.calendar.week_start(day)
            # What the session before brought is folded on this day.
            self._files.rest(self._loaded.coming(day - 1))
            self._loaded.rest()
            give_back()
        seen = copy(self)
        seen._adjuster = Adjuster(self._timelines, day, prices)
        return seen

    def actions(self, symbol: str) -> tuple[Action, ...]:
        """The splits and dividends that bars of a symbol are adjusted for, by date."""
        return () if self._adjuster is None or not self.acts(symbol) else self._adjuster.applied(symbol)

    def unapplied(self, symbol: str, begin: int) -> tuple[Action, ...]:
        """Of the actions after a session the splits in raw prices, and dividends that cannot be applied, by date."""
        return () if self._adjuster is None or not self.acts(symbol) else self._adjuster.unapplied(symbol, begin)

    def acts(self, symbol: str) -> bool:
        """Whether a split or dividend of a symbol is told at all."""
        return symbol in self._timelines.symbols

    @cached_property
    def _symbols(self) -> Mapping[str, SymbolInfo]:
        with collector_resting():
            return MappingProxyType(self._catalog.symbols())

    def symbols(self) -> Mapping[str, SymbolInfo]:
        """Every symbol that has bars, by name, in order of names."""
        return self._symbols

    def later(self, symbol: str) -> int | None:
        """The last import since this state that brought bars of a symbol or wrote them anew: they are not seen here."""
        return self._catalog.later(symbol)

    def info(self, symbol: str) -> SymbolInfo | None:
        """What is known of a symbol, None when it has no bars."""
        return self._symbols.get(symbol)

    def intervals(self, symbol: str, grid: GridKind = GridKind.SESSION) -> tuple[Interval, ...]:
        """What is stored of a symbol, short to long; none for an unknown one."""
        info = self._symbols.get(symbol)
        if info is None:
            return ()
        return info.intervals if grid is GridKind.SESSION else info.clock_intervals

    def storing(self, interval: Interval) -> frozenset[str]:
        """The symbols of which bars of an interval are stored on the grid of the session."""
        known = self._storing.get(interval)
        if known is None:
            names = (symbol for symbol, info in self._symbols.items() if interval in info.intervals)
            known = self._storing[interval] = frozenset(names)
        return known

    def counts(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int, hours: Hours = Hours.REGULAR
    ) -> Counts:
        """Bars on the grid per symbol and session, shape (symbols, last - first + 1); reads no data."""
        (bars,) = self._spread(symbols, interval, first, last, (hours.value, "bars"))
        return bars

    def outside(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int, hours: Hours = Hours.REGULAR
    ) -> Counts:
        """Stored rows of each session that are not on the grid of the hours, shaped like `counts`; reads no data."""
        rows, bars = self._spread(symbols, interval, first, last, ("rows",), (hours.value, "bars"))
        return rows - bars

    def summaries(self, symbols: Sequence[str], interval: Interval, first: int, last: int) -> Summaries:
        """Open, high, low, close, volume and count per symbol and session; reads no data."""
        shape = (len(symbols), max(0, last - first + 1))
        figures = [np.full(shape, np.nan) for _ in FIELDS]
        rows, sessions, entries = self._entries(symbols, interval, first, last)
        for name, figure in zip(FIELDS, figures, strict=True):
            figure[rows, sessions] = entries.figure(name)
        if self._adjuster is not None:
            self._adjuster.summaries(self._unadjusted(symbols, interval), interval, first, last, figures)
        opens, highs, lows, closes, volumes = figures
        return Summaries(opens, highs, lows, closes, volumes, self.counts(symbols, interval, first, last))

    def presence(
        self,
        symbols: Sequence[str],
        interval: Interval,
        first: int,
        last: int | None = None,
        hours: Hours = Hours.REGULAR,
    ) -> npt.NDArray[np.bool_]:
        """Whether each slot of the grid over one session, or over some, has a bar; reads no data.

        Returns
        -------
        numpy.ndarray
            bool, shape (symbols, slots of ``calendar.grid(interval, first, last, hours)``).
        """
        last = first if last is None else last
        full = self.calendar.grid(interval, first, last, Hours.EXTENDED)
        starts = np.searchsorted(full.sessions, np.arange(first, last + 2))
        present = np.zeros((len(symbols), len(full)), bool)
        found = self._loaded.each(symbols, interval, GridKind.SESSION, first, last)
        known = self._loaded.bits([series for _, series in found], first, last)
        for row, series in found:
            for place, bits in _bits_of(series, known, first, last):
                present[row, starts[place] : starts[place] + len(bits)] = bits
        if hours is Hours.EXTENDED:
            return present
        return present[:, full.slots_of(self.calendar.grid(interval, first, last, hours).stamps)]

    def packed(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int
    ) -> list[tuple[int, SeriesDays, list[bytes]]]:
        """The sessions of those symbols that have some, with their places, and the presence bits of each piece."""
        found = self._loaded.each(symbols, interval, GridKind.SESSION, first, last)
        known = self._loaded.bits([series for _, series in found], first, last)
        none = b""
        packed = [
            [known.get(piece.id, none) for piece in series.pieces] if series.bits is None else [series.bits]
            for _, series in found
        ]
        return [(row, series, bits) for (row, series), bits in zip(found, packed, strict=True)]

    def sizes(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int, hours: Hours = Hours.REGULAR
    ) -> tuple[Counts, Counts]:
        """`counts`, and so also how many rows a read would take from the files, of `BYTES_PER_BAR` bytes each."""
        bars, spans = self._spread(symbols, interval, first, last, (hours.value, "bars"), (hours.value, "span"))
        return bars, spans

    def read(
        self,
        symbols: Sequence[str],
        interval: Interval,
        first: int,
        last: int,
        hours: Hours = Hours.REGULAR,
        *,
        grid: GridKind = GridKind.SESSION,
        keep: bool = True,
    ) -> dict[str, Block]:
        """The stored bars of sessions ``first`` to ``last`` on the grid of the hours.

        Parameters
        ----------
        keep
            Whether what was read stays in memory, so that a later read of these sessions and the next ones takes only
            what is new.

        Raises
        ------
        StoreError
            If a file is missing or damaged.
        """
        rows, found = self._loaded.entries(symbols, interval, grid, first, last)
        blocks = dict.fromkeys(symbols, Block.empty())
        wish = Wish(interval, first, last, hours)
        names = [symbols[row] for row in rows.tolist()]
        kind = (interval, grid, hours) if keep else None
        ready = self._reader.at_hand(kind, names, found, self._files, wish)
        series = found.series
        for place, (name, block) in enumerate(zip(names, ready, strict=True)):
            # One after the other: threads would wait for each other's Python longer than for memory.
            blocks[name] = self._reader.read(kind, name, series[place], self._files, wish) if block is None else block
        if self._adjuster is not None:
            self._adjuster.blocks(self._unadjusted(symbols, interval), interval, first, blocks)
        return blocks

    def read_chunks(
        self,
        symbols: Sequence[str],
        interval: Interval,
        first: int,
        last: int,
        hours: Hours = Hours.REGULAR,
        *,
        size: int = 64,
        keep: bool = True,
    ) -> Iterator[dict[str, Block]]:
        """`read`, some symbols at a time; the next ones are read while the caller works on these."""
        parts = [symbols[at : at + size] for at in range(0, len(symbols), size)]
        with ThreadPoolExecutor(1) as pool:

            def begin(part: Sequence[str]) -> Future[dict[str, Block]]:
                return pool.submit(self.read, part, interval, first, last, hours, keep=keep)

            coming = begin(parts[0]) if parts else None
            for following in [*parts[1:], None]:
                if coming is not None:
                    ready = coming.result()
                    coming = begin(following) if following is not None else None
                    yield ready

    def folded(self, symbols: Sequence[str], windows: Hashable, first: int, last: int, make: Make) -> list[Block]:
        """Bars of sessions ``first`` to ``last`` that the caller makes of stored ones, one block per symbol.

        What was made is kept for the next session day, so that this one makes only what is new.

        Parameters
        ----------
        windows
            What is made of what: equal for equal bars of a session, whatever range they were made in.
        make
            Called with a session and the places of those symbols of which bars are needed from there up to ``last``.
        """
        states = {symbol: self.actions(symbol) for symbol in self._timelines.symbols.intersection(symbols)}
        return self._rolled.blocks(windows, symbols, states, first, last, make)

    def _unadjusted(self, symbols: Sequence[str], interval: Interval) -> dict[str, int]:
        """The symbols that have actions and whose bars no vendor adjusted, with their places."""
        if not self._timelines.symbols:
            return {}
        places = {symbol: place for place, symbol in enumerate(symbols) if symbol in self._timelines.symbols}
        known = {symbol: self._symbols.get(symbol) for symbol in places}
        done = {symbol for symbol, info in known.items() if info is None or interval in info.adjusted_intervals}
        return {symbol: place for symbol, place in places.items() if symbol not in done}

    def _close_before(self, symbol: str, day: int) -> float:
        """The raw close of the last session with a bar before a day, of 1d bars where these are stored."""
        info = self._symbols.get(symbol)
        raw = [one for one in info.intervals if one not in info.adjusted_intervals] if info is not None else []
        for interval in sorted(raw, key=lambda one: (one != _DAILY, one.rank)):
            closes = np.full(_CLOSE_WITHIN, np.nan)
            first = max(day - _CLOSE_WITHIN, 0)
            for _, series in self._loaded.each([symbol], interval, GridKind.SESSION, first, day - 1):
                entries = series.inside(first, day - 1)
                closes[series.ordinals[entries] - first] = series.days["close"][entries]
            there = closes[~np.isnan(closes)]
            if len(there):
                return float(there[-1])
        return float("nan")

    def _spread(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int, *figures: tuple[str, ...]
    ) -> list[Counts]:
        """Figures of the catalogue by symbol and session."""
        found = [np.zeros((len(symbols), max(0, last - first + 1)), np.int32) for _ in figures]
        places, entries = self._loaded.entries(symbols, interval, GridKind.SESSION, first, last)
        end = 0
        for part in entries.parts:
            begin, end = end, end + len(part.places)
            for names, whole in zip(figures, found, strict=True):
                whole[places[begin:end]] = part.spread(first, last, *names)
        return found

    def _entries(
        self, symbols: Sequence[str], interval: Interval, first: int, last: int
    ) -> tuple[Places, Ordinals, Found]:
        """The entries of all symbols, each with its symbol's place and its session, counted from the first one."""
        places, found = self._loaded.entries(symbols, interval, GridKind.SESSION, first, last)
        return np.repeat(places, found.sizes), found.ordinals - first, found


def _bits_of(
    series: SeriesDays, known: Mapping[int, bytes], first: int, last: int
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Runs of presence bits, each with the session that it begins at, counted from the first one."""
    entries = np.arange(len(series.days))[series.inside(first, last)]
    if not len(entries):
        return
    days, owners, places = series.days[entries], series.owners[entries], series.ordinals[entries] - first
    slots, starts = days["slots"], days["byte"]
    if len(entries) == 1:
        yield int(places[0]), _unpacked(series, known, int(owners[0]), int(starts[0]), int(slots[0]))
        return
    joined = (slots[:-1] % 8 == 0) & (starts[1:] == starts[:-1] + slots[:-1] // 8)
    joined &= (owners[1:] == owners[:-1]) & (places[1:] == places[:-1] + 1)
    heads = [0, *(np.flatnonzero(~joined) + 1).tolist(), len(entries)]
    for head, end in pairwise(heads):
        slots_there = int(slots[head:end].sum())
        yield int(places[head]), _unpacked(series, known, int(owners[head]), int(starts[head]), slots_there)


def _unpacked(
    series: SeriesDays, known: Mapping[int, bytes], owner: int, start: int, count: int
) -> npt.NDArray[np.uint8]:
    packed = series.bits if series.bits is not None else known[series.pieces[owner].id]
    return np.unpackbits(np.frombuffer(packed, np.uint8, (count + 7) // 8, start), count=count)
