"""What a store holds, series by series, as the commands on stores need it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openbell.bars.interval import Interval
from openbell.errors import Problem, StoreError, nearest
from openbell.market.calendar import Calendar, load_calendar
from openbell.store.catalog import Catalog, SymbolInfo, day_of
from openbell.store.cutting import dates_of
from openbell.store.days import GridKind
from openbell.store.manager import DataManager
from openbell.store.series import SeriesDays, resolved


@dataclass(frozen=True, slots=True)
class Holding:
    """One series: its range and how many sessions and bars there are."""

    symbol: str
    interval: str
    grid: str
    market: str
    first: date
    last: date
    sessions: int
    bars: int


@dataclass(frozen=True, slots=True)
class Group:
    """Symbols of one market that have bars of one interval, and a range of its sessions.

    Parameters
    ----------
    first, last
        Ordinals of the calendar, both included.
    """

    data: DataManager
    interval: Interval
    symbols: tuple[str, ...]
    first: int
    last: int


def holdings(store: Path, symbol: str | None, interval: Interval | None) -> list[Holding]:
    """Every series of a store, or some, by symbol and then from short to long.

    Raises
    ------
    StoreError
        If there is no store, or it does not have the symbol or the interval.
    """
    catalog = Catalog.latest(store)
    chosen = _chosen(store, catalog, symbol, interval)
    made = [
        _holding(info, one, kind, found)
        for one, kind in _kinds(chosen, interval)
        for info, found in _series(catalog, chosen, one, kind)
    ]
    order = {str(one): one.rank for one, _ in _kinds(chosen, interval)}
    return sorted(made, key=lambda holding: (holding.symbol, order[holding.interval], holding.grid))


def groups(
    store: Path, symbol: str | None, interval: Interval | None, start: date | None, end: date | None
) -> Iterator[Group]:
    """The series on sessions' grids, by market and interval, each with the sessions to look at.

    Parameters
    ----------
    start, end
        Dates, both included; by default the first and the last one that the group has bars of.

    Raises
    ------
    StoreError
        If there is no store, it does not have the symbol or the interval, or nothing is asked for.
    """
    by_market: dict[tuple[str, Interval], list[Holding]] = {}
    for holding in holdings(store, symbol, interval):
        if holding.grid == GridKind.SESSION:
            by_market.setdefault((holding.market, Interval.parse(holding.interval)), []).append(holding)
    if not by_market:
        what = "has no bars on a session's grid here."
        raise StoreError(Problem(str(store), what, "openbell data list says what there is.", code="no_bars"))
    for (market, one), held in by_market.items():
        calendar = load_calendar(market)
        first = calendar.first_on_or_after(start or min(holding.first for holding in held))
        last = calendar.last_on_or_before(end or max(holding.last for holding in held))
        if first > last:
            what = f"has no session of {market} from {start} to {end}."
            raise StoreError(Problem("--start, --end", what, "Choose a longer range.", code="empty_range"))
        yield Group(DataManager(store, calendar), one, tuple(holding.symbol for holding in held), first, last)


def _chosen(store: Path, catalog: Catalog, symbol: str | None, interval: Interval | None) -> dict[str, SymbolInfo]:
    known = catalog.symbols()
    if symbol is not None and symbol.upper() not in known:
        close = nearest(symbol.upper(), known)
        fix = f"Did you mean {close}?" if close else "openbell data list names what is there."
        raise StoreError(Problem(symbol, f"is not in {store}.", fix, code="unknown_symbol"))
    chosen = known if symbol is None else {symbol.upper(): known[symbol.upper()]}
    if interval is not None and not any(interval in _intervals(info) for info in chosen.values()):
        stored = sorted({one for info in chosen.values() for one in _intervals(info)})
        what = f"{interval} is not stored{'' if symbol is None else f' for {symbol.upper()}'}."
        raise StoreError(Problem("--interval", what, f"Stored: {', '.join(map(str, stored))}.", code="no_interval"))
    return chosen


def _intervals(info: SymbolInfo) -> tuple[Interval, ...]:
    return (*info.intervals, *info.clock_intervals)


def _kinds(chosen: dict[str, SymbolInfo], interval: Interval | None) -> list[tuple[Interval, GridKind]]:
    found = {(one, GridKind.SESSION) for info in chosen.values() for one in info.intervals}
    found |= {(one, GridKind.CLOCK) for info in chosen.values() for one in info.clock_intervals}
    return sorted((pair for pair in found if interval in (None, pair[0])), key=lambda pair: (pair[0].rank, pair[1]))


def _series(
    catalog: Catalog, chosen: dict[str, SymbolInfo], interval: Interval, kind: GridKind
) -> Iterator[tuple[SymbolInfo, SeriesDays]]:
    by_market: dict[str, list[str]] = {}
    for info in chosen.values():
        if interval in (info.intervals if kind is GridKind.SESSION else info.clock_intervals):
            by_market.setdefault(info.market, []).append(info.symbol)
    for market, symbols in by_market.items():
        yield from _resolved(catalog, chosen, load_calendar(market), interval, kind, symbols)


def _resolved(
    catalog: Catalog,
    chosen: dict[str, SymbolInfo],
    calendar: Calendar,
    interval: Interval,
    kind: GridKind,
    symbols: Sequence[str],
) -> Iterator[tuple[SymbolInfo, SeriesDays]]:
    pieces = catalog.pieces(interval, kind, symbols)
    for symbol, found in resolved(catalog.root, calendar, pieces).items():
        yield chosen[symbol], found


def _holding(info: SymbolInfo, interval: Interval, kind: GridKind, found: SeriesDays) -> Holding:
    first, last = (day_of(date) for date in dates_of(found.days["midnight"][[0, -1]]).tolist())
    bars = int(found.days["rows"].sum())
    return Holding(info.symbol, str(interval), kind.value, info.market, first, last, len(found.days), bars)
