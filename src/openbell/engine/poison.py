"""A copy of a store in which everything after an instant is altered, and everything before it is as it was."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Grid
from openbell.config.session_file import ScannerRule, SessionFile, StrategyRule
from openbell.market.actions import Action, Kind
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store import schema
from openbell.store.catalog import Catalog, Series
from openbell.store.cutting import dates_of
from openbell.store.days import GridKind, day_keys
from openbell.store.manager import DataManager
from openbell.store.writer import Pending, Writer

SESSIONS_AFTER = 3
LEFT_OUT, PUT_IN = 0.1, 0.3


def poisoned(file: SessionFile, folder: Path, instant: int, seed: int) -> SessionFile:
    """The session file on a copy of its store that was altered after an instant.

    A copy of the user's files comes along, so that code which reads files beside it reads the altered ones.

    Parameters
    ----------
    folder
        An empty folder for the copies.
    instant
        ns UTC: bars that end later are altered; up to three sessions after the last day.
    seed
        Another seed alters them otherwise.
    """
    home = None if file.path is None else file.path.parent
    moved = home is not None and file.store.is_relative_to(home) and file.store != home
    store = folder / file.store.relative_to(home) if moved and home is not None else folder / "store"
    if home is not None:
        _copy_code(home, folder, file.store)
    store.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(file.store, store, copy_function=_link_data)
    _alter(store, file, instant, np.random.default_rng(seed))
    return replace(
        file,
        store=store,
        strategies=tuple(replace(rule, use=_moved(rule, home, folder)) for rule in file.strategies),
        scanners=tuple(replace(rule, use=_moved(rule, home, folder)) for rule in file.scanners),
    )


def _copy_code(home: Path, folder: Path, store: Path) -> None:
    """The Python files of a folder and all below it, but for the store and hidden ones."""
    for path in sorted(home.rglob("*.py")):
        hidden = any(part.startswith(".") for part in path.relative_to(home).parts)
        if not hidden and not path.is_relative_to(store):
            target = folder / path.relative_to(home)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _moved(rule: StrategyRule | ScannerRule, home: Path | None, folder: Path) -> str:
    origin, _, name = rule.use.rpartition(":")
    path = Path(origin)
    if home is None or not origin.endswith(".py") or not path.is_relative_to(home):
        return rule.use
    return f"{folder / path.relative_to(home)}:{name}"


def _link_data(source: str, target: str) -> str:
    """Files of bars are never written again, so a second name does; the catalogue is copied."""
    if source.endswith(".parquet"):
        try:
            os.link(source, target)
            return target
        except OSError:  # another file system
            pass
    return str(shutil.copy2(source, target))


def _alter(store: Path, file: SessionFile, instant: int, random: np.random.Generator) -> None:
    calendar = load_calendar(file.market)
    data = DataManager(store, calendar, kept_bytes=0)
    first = max(int(np.searchsorted(calendar.begins, instant, side="right")) - 1, 0)
    last = min(calendar.last_on_or_before(file.end) + SESSIONS_AFTER, len(calendar.begins) - 1)
    with schema.writing(store) as db:
        writer = Writer(db, store)
        for series, block in _blocks(data, calendar, file.hours, (first, last), instant, random):
            first_day, last_day = dates_of(
                day_keys(calendar, series.interval, block.ts[[0, -1]], GridKind.SESSION)
            ).tolist()
            info = data.info(series.symbol)
            adjusted = info is not None and series.interval in info.adjusted_intervals
            writer.put(calendar, Pending(series, block, None, adjusted, (first_day, last_day)))
        writer.put_actions(_actions(store, data, calendar.session(min(first + 1, last)).date, random))
        writer.commit("import", "altered by openbell verify", "{}")


def _actions(store: Path, data: DataManager, day: date, random: np.random.Generator) -> Iterator[Action]:
    """A split of every symbol on the next session, and other figures in all splits and dividends from then on."""
    known = [one for one in Catalog.latest(store).actions() if one.kind.moves_prices and one.day >= day]
    coming = {(one.symbol, one.day, one.kind): one for one in known}
    coming |= {(symbol, day, Kind.SPLIT): Action(symbol, day, Kind.SPLIT, 1.0) for symbol in data.symbols()}
    for action in coming.values():
        yield replace(action, value=action.value * float(random.uniform(2.0, 9.0)))


def _blocks(
    data: DataManager,
    calendar: Calendar,
    hours: Hours,
    sessions: tuple[int, int],
    instant: int,
    random: np.random.Generator,
) -> Iterator[tuple[Series, Block]]:
    first, last = sessions
    intervals = {interval for symbol in data.symbols() for interval in data.intervals(symbol)}
    for interval in sorted(intervals, key=lambda one: one.rank):
        # A bar of a week that is not over began in an earlier session.
        start = first if interval.intraday else max(first - 5, 0)
        # A day ends with the session's hours; bars before and after them are altered by their own ends.
        grid = calendar.grid(interval, start, last, Hours.EXTENDED if interval.intraday else hours)
        names = [symbol for symbol in data.symbols() if interval in data.intervals(symbol)]
        blocks = data.read(names, interval, start, last, Hours.EXTENDED, keep=False)
        for name in names:
            block = altered(blocks[name], grid, instant, random)
            if len(block):
                yield Series(name, interval, GridKind.SESSION), block


def altered(block: Block, grid: Grid, instant: int, random: np.random.Generator) -> Block:
    """Bars as they were up to an instant; later ones with other prices and volumes, some left out, some put in.

    The last bar stays, altered, so that the symbol is traded for as long as before.

    Parameters
    ----------
    block, grid
        Bars of one symbol, and the windows over the same sessions.
    instant
        ns UTC: bars that end later are altered.
    """
    slots = grid.slots_of(block.ts)
    block, slots = block[slots >= 0], slots[slots >= 0]
    late = slots[grid.ends[slots] > instant]
    if not len(late):
        return block
    there = np.zeros(len(grid), np.bool_)
    there[slots] = True
    open_slots = np.flatnonzero((grid.ends > instant) & (np.arange(len(grid)) < late[-1]))
    turned = open_slots[random.random(len(open_slots)) < np.where(there[open_slots], LEFT_OUT, PUT_IN)]
    there[turned] = ~there[turned]
    places = np.flatnonzero(there)
    source = np.clip(np.searchsorted(block.ts, grid.stamps[places], side="right") - 1, 0, len(block) - 1)
    past = grid.ends[places] <= instant
    price = np.where(past, 1.0, random.uniform(0.5, 2.0, len(places)))
    volume = np.where(past, 1.0, random.uniform(0.1, 10.0, len(places)))
    columns = [column[source] * price for column in block.columns[:4]]
    traded = block.volume[source]
    columns.append(np.where(past, traded, np.floor(traded * volume)))
    return Block.of(grid.stamps[places].copy(), columns)
