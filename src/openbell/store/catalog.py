"""What is in a store, as of one import: symbols, pieces of bars, and the files they lie in."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Self

from openbell.bars.interval import Interval
from openbell.market.actions import Action, Kind
from openbell.store import schema
from openbell.store.actions import acting_symbols, actions_of, visible_actions
from openbell.store.days import GridKind
from openbell.store.files import StoredFile
from openbell.store.kinds import kinds_of
from openbell.store.readers import Mark

BARS = "bars"
_EPOCH = date(1970, 1, 1)
_VISIBLE = "import <= :now AND (retired IS NULL OR retired > :now)"
_VISIBLE_PIECES = f"pieces.{_VISIBLE}"
# Symbol, market, why, listed, delisted, source; and of a series symbol, interval, grid, adjusted, first.
_Facts = tuple[str, str, str, int | None, int | None, str]
_Stored = tuple[str, str, str, int, int]


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """What is known of a symbol without reading a bar.

    Parameters
    ----------
    symbol
        Its name, in capitals.
    market
        The calendar that its bars were catalogued with.
    why
        How the market was decided.
    listed
        The date of its first stored bar, unless an import said otherwise.
    delisted
        The first date on which it no longer traded, None while it does.
    source
        Where its bars come from.
    intervals
        Stored on the grid of the session, short to long.
    clock_intervals
        Stored on clock hours: for export and for days, not for a session.
    adjusted
        Whether the vendor adjusted prices for splits or dividends.
    begins
        The date of the first stored bar of each of `intervals`.
    adjusted_intervals
        Those of `intervals` whose prices the vendor adjusted.
    """

    symbol: str
    market: str
    why: str
    listed: date
    delisted: date | None
    source: str
    intervals: tuple[Interval, ...]
    clock_intervals: tuple[Interval, ...] = ()
    adjusted: bool = False
    begins: tuple[date, ...] = ()
    adjusted_intervals: tuple[Interval, ...] = ()

    def intervals_on(self, day: date) -> tuple[Interval, ...]:
        """What was stored of it by a day: an interval whose first bar comes later is not known yet."""
        if max(self.begins, default=day) <= day:
            return self.intervals
        return tuple(interval for interval, begin in zip(self.intervals, self.begins, strict=True) if begin <= day)


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one symbol and interval, on one kind of grid."""

    symbol: str
    interval: Interval
    grid: GridKind = GridKind.SESSION

    def __hash__(self) -> int:
        return hash(self.symbol)  # it has few intervals, and hashing all three fields takes several times as long


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Consecutive rows of one file that belong to one series.

    Parameters
    ----------
    id
        Later pieces have larger ones; within one session the latest piece is the one that counts.
    row, rows
        Where in the file.
    first, last
        Its dates, in days since 1970-01-01.
    market, version, fingerprint
        The calendar that `days` was made with.
    days
        Its entries, see `openbell.store.days.DAY`, as bytes.
    own
        Packed bits of the rows that its import brought itself, None when these are all; the others were taken
        over from older pieces of the same sessions.
    bits
        The presence bits, where they were asked for.
    """

    id: int
    series: Series
    adjusted: bool
    file: StoredFile
    row: int
    rows: int
    first: int
    last: int
    market: str
    version: str
    fingerprint: str
    days: bytes
    own: bytes | None = None
    imported: int = 0
    bits: bytes | None = None


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One change of the store: an import, an undo, a compaction."""

    id: int
    at: str
    action: str
    source: str
    report: str
    undone: int | None


class Catalog:
    """The state of a store after one import; later ones do not show.

    Parameters
    ----------
    root
        The store's folder.
    now
        The import whose state is looked at.
    mark
        What keeps files of that state from being cleaned away.
    """

    def __init__(self, root: Path, now: int, mark: Mark | None = None) -> None:
        self.root = root
        self.now = now
        self._mark = mark
        self._looks = schema.Looks(root)

    @classmethod
    def latest(cls, root: Path) -> Self:
        """The state as it is now.

        Raises
        ------
        StoreError
            If there is no store.
        """
        # First the mark: what is replaced between the two would not be kept.
        mark = Mark(root / BARS)
        with schema.reading(root) as db:
            return cls(root, db.execute("SELECT coalesce(max(id), 0) FROM imports").fetchone()[0], mark)

    def symbols(self) -> dict[str, SymbolInfo]:
        """Every symbol that has bars, in order of names."""
        with self._looking() as db:
            db.row_factory = None
            told = db.execute(
                f"SELECT symbol, market, why, listed, delisted, source FROM symbols WHERE {_VISIBLE} ORDER BY import",
                self._now,
            ).fetchall()
            stored = db.execute(
                f"SELECT symbol, interval, grid, max(adjusted), min(first) FROM pieces "
                f"WHERE {_VISIBLE} GROUP BY symbol, interval, grid ORDER BY symbol",
                self._now,
            ).fetchall()
            events = visible_actions(db, self.now, (Kind.LISTED, Kind.DELISTED))
        facts = {row[0]: row for row in told}
        by_symbol = groupby(stored, key=itemgetter(0))
        known = {symbol: _info(facts[symbol], tuple(rows)) for symbol, rows in by_symbol}
        for action in events:
            if action.symbol in known:
                known[action.symbol] = _told(known[action.symbol], action)
        return known

    def actions(self, symbols: Iterable[str] | None = None) -> list[Action]:
        """Every corporate action, or those of some symbols, by symbol and date."""
        with self._looking() as db:
            return visible_actions(db, self.now) if symbols is None else actions_of(db, self.now, symbols)

    def acting(self) -> frozenset[str]:
        """The symbols of which a split or dividend is told."""
        with self._looking() as db:
            return acting_symbols(db, self.now)

    def holds_adjusted(self) -> bool:
        """Whether a vendor adjusted the prices of any series."""
        with self._looking() as db:
            query = f"SELECT 1 FROM pieces WHERE adjusted = 1 AND {_VISIBLE} LIMIT 1"
            return db.execute(query, self._now).fetchone() is not None

    def adjusted(self) -> dict[tuple[str, Interval], bool]:
        """Of every series whether a vendor adjusted its prices."""
        query = f"SELECT symbol, interval, max(adjusted) FROM pieces WHERE {_VISIBLE} GROUP BY symbol, interval"
        with self._looking() as db:
            rows = db.execute(query, self._now).fetchall()
        return {(symbol, Interval.parse(interval)): bool(adjusted) for symbol, interval, adjusted in rows}

    def markets(self) -> dict[str, str]:
        """The market of every symbol that was ever told of."""
        with self._looking() as db:
            query = f"SELECT symbol, market FROM symbols WHERE {_VISIBLE} ORDER BY import"
            db.row_factory = None
            return dict(db.execute(query, self._now).fetchall())

    def span(self, symbols: Iterable[str] | None = None) -> tuple[date, date] | None:
        """The dates of the first and the last bar of some symbols, or of all; None where there is none."""
        chosen = "" if symbols is None else " AND symbol IN (SELECT value FROM json_each(:symbols))"
        query = f"SELECT min(first), max(last) FROM pieces WHERE {_VISIBLE}{chosen}"
        names = {} if symbols is None else {"symbols": json.dumps(list(symbols))}
        with self._looking() as db:
            first, last = db.execute(query, {**self._now, **names}).fetchone()
        return None if first is None else (day_of(first), day_of(last))

    def pieces(
        self,
        interval: Interval,
        grid: GridKind = GridKind.SESSION,
        symbols: Iterable[str] | None = None,
        days: tuple[int, int] | None = None,
        *,
        bits: bool = False,
    ) -> list[Piece]:
        """The pieces of some symbols, or of all, by symbol and then by age, the latest last.

        Parameters
        ----------
        days
            Only pieces that have a date from the first to the last of these, in days since 1970-01-01.
        bits
            Whether the presence bits come with them.
        """
        with self._looking() as db:
            return list(visible_pieces(db, self.now, interval, grid, symbols, days, bits=bits))

    def presence(self, pieces: Sequence[int]) -> dict[int, bytes]:
        """The presence bits of some pieces, by their ids."""
        with self._looking() as db:
            query = "SELECT piece, bits FROM presence WHERE piece IN (SELECT value FROM json_each(?))"
            return {row["piece"]: row["bits"] for row in db.execute(query, (json.dumps(list(pieces)),))}

    def later(self, symbol: str) -> int | None:
        """The last import after this state that brought bars of a symbol or wrote them anew, if there is one."""
        query = "SELECT max(import) FROM pieces WHERE symbol = ? AND retired IS NULL AND import > ?"
        with self._looking() as db:
            # Mostly nothing came at all; to say so of one symbol means to go through the pieces of all.
            if db.execute("SELECT max(id) FROM imports").fetchone()[0] == self.now:
                return None
            number: int | None = db.execute(query, (symbol, self.now)).fetchone()[0]
            return number

    def imports(self) -> list[ImportRecord]:
        """Every change, oldest first."""
        with self._looking() as db:
            rows = db.execute("SELECT * FROM imports WHERE id <= :now ORDER BY id", self._now)
            return [ImportRecord(**dict(row)) for row in rows]

    def files(self) -> dict[StoredFile, str]:
        """Every file that the catalogue still names, also retired ones, with its checksum."""
        with self._looking() as db:
            query = "SELECT name, bytes, rows, offsets, checksum FROM files WHERE import <= :now ORDER BY id"
            rows = db.execute(query, self._now)
            return {_file(name, size, count, offsets): checksum for name, size, count, offsets, checksum in rows}

    def counting(self) -> frozenset[str]:
        """The names of the files that hold bars which count."""
        query = f"SELECT DISTINCT name FROM pieces JOIN files ON files.id = pieces.file WHERE {_VISIBLE_PIECES}"
        with self._looking() as db:
            return frozenset(row["name"] for row in db.execute(query, self._now))

    def holders(self) -> dict[str, tuple[str, ...]]:
        """The symbols whose bars each file holds, by the file's name."""
        query = "SELECT DISTINCT files.name, symbol FROM pieces JOIN files ON files.id = pieces.file ORDER BY 1, 2"
        found: dict[str, list[str]] = {}
        with self._looking() as db:
            for name, symbol in db.execute(query):
                found.setdefault(name, []).append(symbol)
        return {name: tuple(symbols) for name, symbols in found.items()}

    @property
    def _now(self) -> dict[str, int]:
        return {"now": self.now}

    @contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        with self._looks.look() as db:
            db.row_factory = sqlite3.Row
            yield db


def visible_pieces(
    db: sqlite3.Connection,
    now: int,
    interval: Interval,
    grid: GridKind,
    symbols: Iterable[str] | None = None,
    days: tuple[int, int] | None = None,
    *,
    bits: bool = False,
) -> Iterator[Piece]:
    """Pieces of a series, by symbol and then by age, through an open connection."""
    values: dict[str, int | str] = {"now": now, "interval": str(interval), "grid": grid.value}
    chosen = ""
    names = None if symbols is None else list(symbols)
    if names is not None and len(names) == 1:
        chosen, values["symbol"] = "AND symbol = :symbol", names[0]
    elif names is not None:
        chosen, values["symbols"] = "AND symbol IN (SELECT value FROM json_each(:symbols))", json.dumps(names)
    if days is not None:
        chosen += " AND last >= :from_day AND first <= :to_day"
        values["from_day"], values["to_day"] = days
    query = (
        f"SELECT pieces.id, symbol, adjusted, row, pieces.rows, first, last, market, version, fingerprint, days, own, "
        f"pieces.import, {'bits' if bits else 'NULL'}, files.id, name, bytes, files.rows, offsets "
        f"FROM pieces JOIN files ON files.id = pieces.file "
        f"{'LEFT JOIN presence ON presence.piece = pieces.id ' if bits else ''}"
        f"WHERE interval = :interval AND grid = :grid {chosen} AND {_VISIBLE_PIECES} ORDER BY symbol, pieces.id"
    )
    cursor = db.cursor()
    cursor.row_factory = None
    files: dict[int, StoredFile] = {}
    for row in cursor.execute(query, values):
        number, symbol, vendor, *told = row[:14]
        file, name, size, count, offsets = row[14:]
        if file not in files:
            files[file] = _file(name, size, count, offsets)
        yield Piece(number, Series(symbol, interval, grid), bool(vendor), files[file], *told)


@lru_cache(maxsize=4096)
def _file(name: str, size: int, rows: int, offsets: str) -> StoredFile:
    return StoredFile(name, size, rows, tuple(map(int, offsets.split())))


def _info(facts: _Facts, series: Sequence[_Stored]) -> SymbolInfo:
    symbol, market, why, listed, delisted, source = facts
    kinds = kinds_of(tuple(row[1:4] for row in series))
    return SymbolInfo(
        symbol,
        market,
        why,
        day_of(min(row[4] for row in series) if listed is None else listed),
        None if delisted is None else day_of(delisted),
        source,
        kinds.session,
        kinds.clock,
        any(row[3] for row in series),
        tuple([day_of(series[place][4]) for place in kinds.places]),
        kinds.adjusted,
    )


def _told(info: SymbolInfo, event: Action) -> SymbolInfo:
    return replace(info, listed=event.day) if event.kind is Kind.LISTED else replace(info, delisted=event.day)


@lru_cache(maxsize=65536)
def day_of(number: int) -> date:
    """The date that is so many days after 1970-01-01."""
    return _EPOCH + timedelta(days=number)
