"""Corporate actions in the catalogue: recorded by imports, taken back like bars.

Of one symbol, kind and date the row of the latest import counts; of listings and delistings the latest of a symbol. The
table is made by the first import that brings any, so that a catalogue without one is a catalogue without actions.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from openbell.market.actions import Action, Kind

_EPOCH = date(1970, 1, 1)

_TABLE = """
CREATE TABLE IF NOT EXISTS actions (
    symbol TEXT NOT NULL,
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    value REAL NOT NULL,
    import INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    retired INTEGER,
    PRIMARY KEY (symbol, kind, day, import)
) WITHOUT ROWID
"""

_SEEN = "import <= :now AND (retired IS NULL OR retired > :now)"

_Key = tuple[str, Kind, int | None]


def visible_actions(db: sqlite3.Connection, now: int, kinds: Iterable[Kind] = Kind) -> list[Action]:
    """What counts after an import, by symbol, date and kind."""
    return sorted(_visible(db, now, "", {"kinds": json.dumps(list(kinds))}))


def actions_of(db: sqlite3.Connection, now: int, symbols: Iterable[str]) -> list[Action]:
    """What counts after an import of some symbols, by symbol, date and kind."""
    values = {"kinds": json.dumps(list(Kind)), "symbols": json.dumps(list(symbols))}
    return sorted(_visible(db, now, "AND symbol IN (SELECT value FROM json_each(:symbols))", values))


def acting_symbols(db: sqlite3.Connection, now: int) -> frozenset[str]:
    """The symbols of which a split or dividend is told."""
    if not _there(db):
        return frozenset()
    query = f"SELECT DISTINCT symbol FROM actions WHERE {_SEEN} AND kind IN (SELECT value FROM json_each(:kinds))"
    values = {"now": now, "kinds": json.dumps([kind for kind in Kind if kind.moves_prices])}
    return frozenset(row[0] for row in db.execute(query, values))


def new_among(actions: Sequence[Action], known: Iterable[Action]) -> list[Action]:
    """Those that say something else than what is known, each once; several dividends of a date are added up."""
    merged: dict[_Key, Action] = {}
    for action in dict.fromkeys(actions):
        there = merged.get(_key(action))
        if there is not None and action.kind is Kind.DIVIDEND:
            action = Action(action.symbol, action.day, action.kind, there.value + action.value)
        merged[_key(action)] = action
    before = {_key(action): action for action in known}
    return [action for key, action in sorted(merged.items(), key=lambda item: item[1]) if before.get(key) != action]


def record(db: sqlite3.Connection, number: int, actions: Iterable[Action]) -> None:
    """Let actions count from an import on."""
    db.execute(_TABLE)
    rows = ((one.symbol, one.kind.value, (one.day - _EPOCH).days, one.value, number, number) for one in actions)
    db.executemany("INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, NULL)", rows)


def take_back(db: sqlite3.Connection, now: int, number: int) -> None:
    """What an import or undo brought goes, what it took away counts again."""
    if not _there(db):
        return
    query = "SELECT symbol, kind, day, value, ?, origin FROM actions WHERE retired = ?"
    restored = [tuple(row) for row in db.execute(query, (now, number))]
    gone = "UPDATE actions SET retired = ? WHERE ? IN (import, origin) AND retired IS NULL"
    db.execute(gone, (now, number))
    db.executemany("INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, NULL)", restored)


def _visible(db: sqlite3.Connection, now: int, chosen: str, values: dict[str, str]) -> Iterable[Action]:
    if not _there(db):
        return ()
    query = (
        f"SELECT symbol, kind, day, value FROM actions WHERE {_SEEN} {chosen} "
        "AND kind IN (SELECT value FROM json_each(:kinds)) ORDER BY origin, symbol, day"
    )
    found = (
        Action(symbol, _EPOCH + timedelta(days=day), Kind(kind), value)
        for symbol, kind, day, value in db.execute(query, {"now": now, **values})
    )
    return {_key(action): action for action in found}.values()


def _key(action: Action) -> _Key:
    return (action.symbol, action.kind, (action.day - _EPOCH).days if action.kind.moves_prices else None)


def _there(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'actions'").fetchone() is not None
