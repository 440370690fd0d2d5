"""Whether a need can be had: every problem, with where, what and what to do instead."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from openbell.bars.interval import Interval
from openbell.errors import Problem, Severity, nearest
from openbell.market.time_manager import TimeManager
from openbell.provisioning.bases import base_of, derivable
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.reach import Reach
from openbell.store.manager import DataManager


def symbol_problems(
    symbol: str, need: SymbolNeed, stored: Sequence[Interval], data: DataManager, time: TimeManager
) -> list[Problem]:
    """What forbids a need before any history is looked at: the symbol itself, and intervals that cannot be made."""
    info = data.info(symbol)
    today = time.today.date
    if info is None or info.listed > today:
        return [_unknown(symbol, None if info is None else f"It is listed from {info.listed} on.", data, today)]
    problems = [
        _not_derivable(symbol, interval, stored)
        for interval in need.amounts
        if base_of(interval, tuple(stored)) is None
    ]
    if info.delisted is not None and info.delisted <= today:
        what = f"no longer traded from {info.delisted} on; there is nothing to stream on {today}."
        problems.append(Problem(symbol, what, "Leave it out, or choose an earlier day.", "delisted", Severity.WARNING))
    return problems


def history_problems(
    symbol: str, need: SymbolNeed, reaches: Mapping[Interval, Reach], data: DataManager, time: TimeManager
) -> list[Problem]:
    """What is missing before today: nothing at all forbids, a part of it warns."""
    info = data.info(symbol)
    today = time.today
    new = info is not None and info.listed >= today.date
    found: list[Problem] = []
    for interval, reach in sorted(reaches.items(), key=lambda item: item[0].rank):
        amount = need.amounts[interval]
        if not amount.some:
            continue
        if reach.bars == 0 and not new:
            found.append(_no_history(symbol, interval, need, time))
        elif reach.empty:
            what = f"{reach.empty} of the {amount.days} trading days before {today.date} have no bar."
            fix = "Import them, or go on with what is there: quality counts them as missing."
            found.append(Problem(f"{symbol}/{interval}", what, fix, "partial_history", Severity.WARNING))
    found += _short_warmups(symbol, need, reaches, time)
    return found


def _short_warmups(
    symbol: str, need: SymbolNeed, reaches: Mapping[Interval, Reach], time: TimeManager
) -> Iterable[Problem]:
    for key, spec in need.specs.items():
        reach = reaches.get(spec.interval)
        bars = need.amounts[spec.interval].bars
        if reach is None or reach.bars >= spec.needs.warmup or not bars:
            continue
        what = f"needs {spec.needs.warmup} bars before {time.today.date} to be settled; the store has {reach.bars}."
        fix = "Import earlier bars; until enough have come its value is there and not settled."
        yield Problem(f"{symbol}/{key}", what, fix, "short_warmup", Severity.WARNING)


def _unknown(symbol: str, known: str | None, data: DataManager, today: date) -> Problem:
    near = nearest(symbol, (name for name, other in data.symbols().items() if other.listed <= today))
    what = known or "the store does not know this symbol."
    hint = f"Did you mean {near}? Otherwise import" if near else "Import"
    fix = f"{hint} its bars: openbell import <interval>/{symbol}.parquet --store {data.root}"
    return Problem(symbol, what, fix, "unknown_symbol")


def _not_derivable(symbol: str, interval: Interval, stored: Sequence[Interval]) -> Problem:
    there = ", ".join(str(base) for base in sorted(stored)) or "nothing"
    near = derivable(stored, interval)
    what = f"{interval} bars cannot be made of what is stored: {there}."
    fix = f"Ask for {near}, or import finer bars." if near else "Import bars of this symbol."
    return Problem(f"{symbol}/{interval}", what, fix, "interval_not_derivable")


def _no_history(symbol: str, interval: Interval, need: SymbolNeed, time: TimeManager) -> Problem:
    what = f"the store has no bar before {time.today.date}; asked for because it is {need.reasons[interval]}."
    fix = "Import earlier bars, start on a later day, or ask for no history."
    return Problem(f"{symbol}/{interval}", what, fix, "no_history")
