"""A session file held against its market and its store: what it would run into, known before a bar is read."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from openbell.config.session_file import (
    AggregateRule,
    HistoryRule,
    IndicatorRule,
    ScannerRule,
    Schedule,
    SessionFile,
)
from openbell.engine.schedule import due_today
from openbell.errors import Problem, Severity, StoreError, nearest
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.market.time_manager import TimeManager
from openbell.store.catalog import Catalog, SymbolInfo

_SHOWN = 3
_NEVER_HERE = "no_shared_hours"


def against_store(file: SessionFile) -> list[Problem]:
    """What `check` tells beside the file's own faults."""
    try:
        catalog = Catalog.latest(file.store)
        known = catalog.symbols()
    except StoreError as error:
        return list(error.problems)
    return [*_unknown(file, known), *foreseen(file, known), *no_bars(file, catalog), *_never_scanning(file)]


def foreseen(file: SessionFile, known: Mapping[str, SymbolInfo]) -> list[Problem]:
    """What a run tells as well: symbols of other markets, and names in rules that nothing has.

    Parameters
    ----------
    known
        The symbols of the store.
    """
    return [*_other_markets(file, known), *_strange_names(file, known)]


def no_bars(file: SessionFile, catalog: Catalog) -> Iterator[Problem]:
    """That the store has no bars of these days."""
    span = catalog.span(file.symbols or None)
    if span is None or (span[0] <= file.end and span[1] >= file.start):
        return
    what = f"from {file.start} to {file.end} no symbol has a bar: the store has theirs from {span[0]} to {span[1]}."
    fix = "Choose days of that range, or import bars of these."
    yield Problem("backtest", what, fix, "no_bars_in_range", Severity.WARNING)


def _unknown(file: SessionFile, known: Mapping[str, SymbolInfo]) -> Iterator[Problem]:
    strange = [symbol for symbol in file.symbols if symbol not in known]
    if strange:
        what = f"the store does not know {_names(strange)}; it would be dropped."
        yield Problem("session.symbols", what, _meant(strange, known), "unknown_symbol", Severity.WARNING)


def _other_markets(file: SessionFile, known: Mapping[str, SymbolInfo]) -> Iterator[Problem]:
    mine = load_calendar(file.market)
    by_market: dict[str, list[str]] = {}
    for symbol in file.symbols:
        if symbol in known and known[symbol].market != mine.name:
            by_market.setdefault(known[symbol].market, []).append(symbol)
    for market, symbols in by_market.items():
        other = load_calendar(market)
        if _segments(other, file) == _segments(mine, file):
            continue
        shared = _share_hours(mine, other, file)
        are = f"{_names(symbols)} {'is' if len(symbols) == 1 else 'are'} stored as of {market}"
        tail = "bars outside its hours are not streamed." if shared else "none of these bars lies in its hours."
        fix = f'Write market = "{market}", or import the bars again with --market {file.market} if that is theirs.'
        code, severity = ("other_market", Severity.WARNING) if shared else (_NEVER_HERE, Severity.ERROR)
        yield Problem("market", f"was {file.market}; {are}: {tail}", fix, code, severity)


def _segments(calendar: Calendar, file: SessionFile) -> list[tuple[int, int]]:
    """When a market trades on the days of a session file, ns UTC."""
    days = TimeManager(calendar, file.hours).trading_days(file.start, file.end)
    return [(part.start, part.end) for day in days for part in calendar.session(day, file.hours).segments]


def _share_hours(mine: Calendar, other: Calendar, file: SessionFile) -> bool:
    """Whether a bar of the other market can lie in the hours of the session, its extended hours counted."""
    theirs = TimeManager(other, Hours.EXTENDED).trading_days(file.start, file.end)
    stretches = [(one.open, one.close) for day in theirs for one in [other.session(day, Hours.EXTENDED)]]
    ours = iter(_segments(mine, file))
    here = next(ours, None)
    for start, end in stretches:
        while here is not None and here[1] <= start:
            here = next(ours, None)
        if here is None:
            return False
        if here[0] < end:
            return True
    return False


def _strange_names(file: SessionFile, known: Mapping[str, SymbolInfo]) -> Iterator[Problem]:
    """Names in rules that no symbol of the session has, nor any that could be asked for."""
    users = [*file.scanners, *file.strategies]
    possible = {*file.symbols, *known} if users else {*file.symbols}
    rules: dict[str, Sequence[HistoryRule | IndicatorRule | AggregateRule]]
    rules = {"history": file.history, "indicators": file.indicators, "aggregates": file.aggregates}
    for section, each in rules.items():
        for place, rule in enumerate(each):
            yield from _strange(f"{section}[{place}].symbols", rule.symbols or (), possible)
    for place, scanner in enumerate(file.scanners):
        yield from _strange(f"scanners[{place}].universe", scanner.universe or (), known)


def _strange(where: str, names: Collection[str], possible: Collection[str]) -> Iterator[Problem]:
    strange = sorted(set(names).difference(possible))
    if strange:
        be = "is no symbol" if len(strange) == 1 else "are no symbols"
        what = f"{_names(strange)} {be} of this session, so nothing comes of it."
        yield Problem(where, what, _meant(strange, possible), "no_such_symbol", Severity.WARNING)


def _meant(strange: Sequence[str], possible: Collection[str]) -> str:
    near = dict.fromkeys(one for name in strange[:_SHOWN] if (one := nearest(name, possible)))
    otherwise = "import its bars, or take it out"
    return f"Did you mean {', '.join(near)}? Otherwise {otherwise}." if near else f"{otherwise.capitalize()}."


def _never_scanning(file: SessionFile) -> Iterator[Problem]:
    calendar = load_calendar(file.market)
    for place, rule in enumerate(file.scanners):
        if not (rule.schedule.pre_session or _scans(rule.schedule, calendar, file)):
            fix = f"Write times between the open and the close of {file.market}, or pre_session = true."
            what = "would never scan: no time of its schedule lies in the session's hours."
            yield Problem(f"scanners[{place}]", what, fix, "never_scans", Severity.WARNING)
        else:
            yield from _idle_times(rule, place, calendar, file)


def _idle_times(rule: ScannerRule, place: int, calendar: Calendar, file: SessionFile) -> Iterator[Problem]:
    for at in rule.schedule.at:
        if not _scans(Schedule(at=(at,)), calendar, file):
            what = f"{at:%H:%M} lies outside the session's hours on every day; nothing is scanned then."
            fix = f"Write a time between the open and the close of {file.market}, or take it out."
            yield Problem(f"scanners[{place}].at", what, fix, "never_scans", Severity.WARNING)


def _scans(schedule: Schedule, calendar: Calendar, file: SessionFile) -> bool:
    """Whether a schedule has any instant on the days of a session file."""
    time = TimeManager(calendar, file.hours)
    for day in time.trading_days(file.start, file.end):
        time.open_day(day)
        if due_today(schedule, time):
            return True
    return False


def _names(symbols: Sequence[str]) -> str:
    more = len(symbols) - _SHOWN
    return ", ".join(symbols[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
