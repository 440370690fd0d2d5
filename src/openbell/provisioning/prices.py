"""What prices across splits and dividends make of a need: what forbids it, and what is to be known."""

from collections.abc import Iterator, Mapping, Sequence

from openbell.bars.interval import Interval, Unit
from openbell.errors import Problem, Severity
from openbell.market.actions import Action, Kind
from openbell.market.time_manager import TimeManager
from openbell.provisioning.bases import base_of
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.reach import Reach
from openbell.store.manager import DataManager


def vendor_adjusted(data: DataManager, symbol: str, need: SymbolNeed, stored: Sequence[Interval]) -> Iterator[Problem]:
    """Prices that a vendor adjusted: beside raw ones they are refused, alone they are told."""
    info = data.info(symbol)
    if info is None or not info.adjusted_intervals:
        return
    bases = {base_of(interval, tuple(stored)) for interval in need.amounts}
    used = {interval for interval in stored if interval in bases or interval in need.amounts}
    adjusted = sorted(used & {*info.adjusted_intervals}, key=lambda one: one.rank)
    raw = sorted(used - {*adjusted}, key=lambda one: one.rank)
    if adjusted and raw:
        what = f"prices of {_words(adjusted)} were adjusted by their vendor, those of {_words(raw)} are raw."
        fix = f"Import {_words(adjusted)} raw, or ask for one of the kinds only."
        yield Problem(symbol, what, fix, "mixed_adjustment")
    elif adjusted:
        what = (
            f"prices of {_words(adjusted)} were adjusted by their vendor on the day they were fetched; "
            "they may know of splits and dividends that are still to come."
        )
        fix = "Import raw prices and a table of corporate actions, or go on with what is there."
        yield Problem(symbol, what, fix, "vendor_adjusted", Severity.WARNING)


def across_actions(
    data: DataManager, time: TimeManager, symbol: str, need: SymbolNeed, reaches: Mapping[Interval, Reach]
) -> Iterator[Problem]:
    """Splits that lie inside history that is read raw, and actions that could not be applied as they should."""
    begin = min((reach.first for reach in reaches.values()), default=time.today.ordinal)
    for action in data.unapplied(symbol, begin):
        spanned = _spanning(data, time, symbol, need, reaches, action)
        if spanned and action.kind is Kind.SPLIT:
            what = f"{_split(action)} on {action.day} lies inside the history of {_words(spanned)}, and prices are raw."
            fix = 'Write prices = "splits" or "adjusted" under [session], or ask for history from that day on.'
            yield Problem(symbol, what, fix, "split_in_history", Severity.WARNING)
        elif spanned:
            what = f"the dividend of {action.value:.10g} on {action.day} is not applied: no close before it is larger."
            fix = "Import the session before it, or correct the dividend."
            yield Problem(symbol, what, fix, "dividend_not_applied", Severity.WARNING)
    for action in data.actions(symbol):
        ordinal = time.calendar.first_on_or_after(action.day)
        weekly = [one for one in _spanning(data, time, symbol, need, reaches, action) if one.unit is Unit.WEEK]
        info = data.info(symbol)
        stored = [one for one in weekly if info is not None and one in info.intervals]
        if action.kind is Kind.SPLIT and stored and time.calendar.week_start(ordinal) != ordinal:
            what = f"{_split(action)} on {action.day} lies inside a week whose {_words(stored)} bar is stored as one."
            fix = "Leave that bar out of what is decided; weeks are exact where they are made of days."
            yield Problem(symbol, what, fix, "split_inside_week", Severity.WARNING)


def _spanning(
    data: DataManager,
    time: TimeManager,
    symbol: str,
    need: SymbolNeed,
    reaches: Mapping[Interval, Reach],
    action: Action,
) -> list[Interval]:
    """The intervals whose history begins before an action takes effect, but for those that a vendor adjusted."""
    info = data.info(symbol)
    if info is None:
        return []
    ordinal = time.calendar.first_on_or_after(max(action.day, time.calendar.first_date))
    return [
        interval
        for interval, reach in sorted(reaches.items(), key=lambda item: item[0].rank)
        if need.amounts[interval].some and reach.bars and reach.first < ordinal
        and base_of(interval, info.intervals) not in info.adjusted_intervals
    ]  # fmt: skip


def _split(action: Action) -> str:
    ratio = f"{action.value:.10g} for 1" if action.value >= 1 else f"1 for {1 / action.value:.10g}"
    return f"the split of {ratio}"


def _words(intervals: Sequence[Interval]) -> str:
    return " and ".join(map(str, intervals)) if len(intervals) < 3 else ", ".join(map(str, intervals))
