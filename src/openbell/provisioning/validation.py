"""Whether a need can be had: every problem, with where, what and what to do instead."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from openbell.bars.interval import Interval, Unit
from openbell.errors import Problem, Severity, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.market.time_manager import TimeManager
from openbell.provisioning.bases import base_of, derivable
from openbell.provisioning.needs import SymbolNeed
from openbell.provisioning.offers import Offer, with_days, with_interval, with_symbol
from openbell.provisioning.past import MINUTE
from openbell.provisioning.prices import across_actions, vendor_adjusted
from openbell.provisioning.reach import Reach
from openbell.session.asks import Ask
from openbell.store.days import GridKind
from openbell.store.manager import DataManager

Findings = tuple[Sequence[Problem], Sequence[Offer]]
NOTHING: Findings = ((), ())


class Validator:
    """Says what forbids a need, and what could be had instead.

    Parameters
    ----------
    data, time
        What can be had, and when it is.
    """

    def __init__(self, data: DataManager, time: TimeManager) -> None:
        self._data, self._time = data, time
        # By the identity of needs, which are held, so that no other takes their place: what was found to be in order,
        # and the bars that are enough.
        self._plain: dict[tuple[int, Sequence[Interval]], SymbolNeed] = {}
        self._least: dict[int, tuple[SymbolNeed, dict[Interval, int]]] = {}

    def symbol(self, ask: Ask, need: SymbolNeed, stored: tuple[Interval, ...]) -> Findings:
        """Before any history is looked at: the symbol itself, intervals that cannot be made, missing volume."""
        symbol, info, today = ask.symbol, self._data.info(ask.symbol), self._time.today.date
        if info is None or info.listed > today:
            return self._unknown(ask, None if info is None else info.listed)
        plain = (id(need), stored) in self._plain
        if plain and info.delisted is None and not info.adjusted_intervals:
            return NOTHING
        problems: list[Problem] = []
        offers: list[Offer] = []
        if not plain:
            for interval in need.amounts:
                if base_of(interval, stored) is None:
                    problems.append(self._not_derivable(symbol, interval, stored))
                    offers += filter(None, [with_interval(ask, stored)])
            problems += self._without_volume(symbol, need, stored)
            problems += self._aggregates(symbol, need, stored, max(info.listed, min(info.begins, default=info.listed)))
            if not problems and not need.aggregates and not _wanting_volume(need):
                self._plain[id(need), stored] = need
        problems += vendor_adjusted(self._data, symbol, need, stored)
        if info.delisted is not None and info.delisted <= today:
            what = f"no longer traded from {info.delisted} on; there is nothing to stream on {today}."
            fix = "Leave it out, or choose an earlier day."
            problems.append(Problem(symbol, what, fix, "delisted", Severity.WARNING))
        return problems, offers

    def history(self, ask: Ask, need: SymbolNeed, reaches: Mapping[Interval, Reach]) -> Findings:
        """What is missing before today: nothing at all forbids, a part of it warns."""
        info, today = self._data.info(ask.symbol), self._time.today
        new = info is not None and info.listed >= today.date
        problems: list[Problem] = []
        offers: list[Offer] = []
        for interval, reach in sorted(reaches.items(), key=lambda item: item[0].rank):
            amount = need.amounts[interval]
            if not amount.some:
                continue
            if reach.bars == 0 and not new:
                problems.append(self._no_history(ask.symbol, interval, need))
                offers += filter(None, [with_days(ask, 0)])
                continue
            if reach.empty and interval.unit is not Unit.WEEK:
                problems.append(self._partial(ask.symbol, interval, amount.days, reach.empty))
        problems += self._short_warmups(ask.symbol, need, reaches)
        problems += across_actions(self._data, self._time, ask.symbol, need, reaches)
        return problems, offers

    def enough(self, need: SymbolNeed, reaches: Mapping[Interval, Reach]) -> bool:
        """Whether nothing that is asked for is missing: every session has bars, and there are as many as are wanted."""
        if id(need) not in self._least:
            self._least[id(need)] = need, _least_bars(need)
        _, least = self._least[id(need)]
        return all(reach.bars >= least[interval] and not reach.empty for interval, reach in reaches.items())

    def _partial(self, symbol: str, interval: Interval, days: int, empty: int) -> Problem:
        """Some of the days that are asked for have no bar: before the first one, or missing."""
        today, info = self._time.today, self._data.info(symbol)
        assert info is not None
        calendar = self._time.calendar
        listed = calendar.first_on_or_after(max(info.listed, calendar.first_date))
        early = max(0, min(listed, today.ordinal) - max(today.ordinal - days, 0))
        parts = [f"{early} came before its first bar on {info.listed}"] if early else []
        parts += [f"{empty - early} have no bar"] if empty > early else []
        what = f"of the {days} trading days before {today.date}, {' and '.join(parts)}."
        fix = "Import earlier bars, or go on with what is there: quality counts from the first bar on."
        unfolded = self._unfolded(symbol, interval, max(today.ordinal - days, 0))
        if unfolded:
            what += f" {unfolded}: where days are stored they are taken as stored, today's as well, and not folded."
            fix = f"Import their {interval} bars, or go on without these sessions."
        return Problem(f"{symbol}/{interval}", what, fix, "partial_history", Severity.WARNING)

    def _unfolded(self, symbol: str, interval: Interval, first: int) -> str:
        """Which sessions from one on have finer bars, and none of an interval of days that is stored."""
        today, info = self._time.today, self._data.info(symbol)
        stored = () if info is None else info.intervals_on(today.date)
        if interval.intraday or interval not in stored or not stored[0].intraday:
            return ""
        span = first, today.ordinal - 1, self._time.hours
        fine, own = (self._data.sizes([symbol], one, *span)[0][0] > 0 for one in (stored[0], interval))
        places = np.flatnonzero(fine & ~own)
        if not len(places):
            return ""
        oldest, youngest = (self._time.calendar.session(first + int(places[at])).date for at in (0, -1))
        return f"{len(places)} of them, from {oldest} to {youngest}, have {stored[0]} bars and no {interval} bar"

    def _unknown(self, ask: Ask, listed: date | None) -> Findings:
        symbol, today = ask.symbol, self._time.today.date
        if listed is not None:
            # Before its listing a symbol is as unknown as any other; only the symbol table says when it comes.
            what, fix = f"is listed from {listed} on; today is {today}.", f"Ask on {listed} or later."
            return [Problem(symbol, what, fix, "not_listed")], [Offer(f"from {listed} on", day=listed)]
        near = nearest(symbol, (name for name, info in self._data.symbols().items() if info.listed <= today))
        command = f"openbell import <interval>/{symbol}.parquet --store {self._data.root}"
        hint = f"Did you mean {near}? Otherwise import" if near else "Import"
        offers = [with_symbol(ask, near)] if near is not None else []
        what, fix = "the store does not know this symbol.", f"{hint} its bars: {command}"
        return [Problem(symbol, what, fix, "unknown_symbol")], [*offers, Offer(command, command=command)]

    def _not_derivable(self, symbol: str, interval: Interval, stored: Sequence[Interval]) -> Problem:
        there = ", ".join(str(base) for base in sorted(stored)) or "nothing"
        near = derivable(stored, interval)
        clock = self._data.intervals(symbol, GridKind.CLOCK)
        what = f"{interval} bars cannot be made of what is stored: {there}."
        if interval in clock:
            what = f"the stored {interval} bars lie on clock hours, not on the session's grid; beside them is {there}."
        fix = f"Ask for {near}, or import finer bars." if near else "Import bars of this symbol."
        return Problem(f"{symbol}/{interval}", what, fix, "interval_not_derivable")

    def _without_volume(self, symbol: str, need: SymbolNeed, stored: Sequence[Interval]) -> Iterable[Problem]:
        wanting = _wanting_volume(need)
        if not wanting or not stored:
            return
        today = self._time.today.ordinal
        volume = self._data.summaries([symbol], min(stored), max(today - 5, 0), today - 1)
        if volume.bars.any() and np.isnan(volume.volume[volume.bars > 0]).all():
            for spec in wanting:
                fix = "Use an indicator of prices, or import bars with volume."
                yield Problem(f"{symbol}/{spec.key}", "needs volume, which this symbol's bars lack.", fix, "no_volume")

    def _aggregates(
        self, symbol: str, need: SymbolNeed, stored: Sequence[Interval], listed: date
    ) -> Iterable[Problem]:  # fmt: skip
        """Curves need minutes; what reaches back before the first bar is made of fewer sessions."""
        for name, aggregate in need.aggregates.items():
            where = f"{symbol}/{name}"
            if aggregate.per == "minute" and base_of(MINUTE, tuple(stored)) is None:
                what = f"is a curve over the minutes of the day, and stored is {', '.join(map(str, stored))}."
                yield Problem(where, what, "Leave the symbol out of it, or import minutes.", "no_minutes")
            first = self._time.calendar.session(
                aggregate.first_session(self._time.calendar, self._time.today.ordinal)
            ).date
            if first < listed < self._time.today.date:
                what = f"reaches back to {first}; the first bar is of {listed}."
                fix = "Import earlier bars, or go on: it is made of the sessions that are there."
                yield Problem(where, what, fix, "short_aggregate", Severity.WARNING)

    def _no_history(self, symbol: str, interval: Interval, need: SymbolNeed) -> Problem:
        reason = need.reasons[interval]
        days = need.amounts[interval].days
        stretch = f"in the {days} trading days before" if days else "before"
        later = self._data.later(symbol)
        if later is not None:
            what = f"import {later} brought its bars or wrote them anew after this session had opened the store, which "
            what += f"as it was then has none of it left {stretch} {self._time.today.date}; it is {reason}."
            fix = "Start the session anew; let sessions end before `openbell data clean` removes what was replaced."
            return Problem(f"{symbol}/{interval}", what, fix, "no_history")
        what = f"the store has no bar of it {stretch} {self._time.today.date}; it is {reason}."
        fix = "Import earlier bars, ask for more days or none, or start on a later day."
        return Problem(f"{symbol}/{interval}", what, fix, "no_history")

    def _short_warmups(self, symbol: str, need: SymbolNeed, reaches: Mapping[Interval, Reach]) -> Iterable[Problem]:
        for key, spec in need.specs.items():
            reach = reaches.get(spec.interval)
            if reach is None or reach.bars >= spec.needs.history:
                continue
            what = (
                f"needs {spec.needs.history} bars before {self._time.today.date} to be settled; "
                f"the store has {reach.bars}."
            )
            fix = "Import earlier bars; until enough have come its value is there and not settled."
            if reach.bars < spec.needs.lookback:
                shorter = ", or use a shorter period" if "period" in dict(spec.params) else ""
                fix = f"Import earlier bars{shorter}: it has no value before {spec.needs.lookback} have come."
            yield Problem(f"{symbol}/{key}", what, fix, "short_warmup", Severity.WARNING)


def _wanting_volume(need: SymbolNeed) -> list[IndicatorSpec]:
    return [spec for spec in need.specs.values() if "volume" in spec.needs.columns]


def _least_bars(need: SymbolNeed) -> dict[Interval, int]:
    """The bars of history with which nobody who needs an interval goes short: one, or a whole warm-up."""
    least = {interval: int(amount.some) for interval, amount in need.amounts.items()}
    for spec in need.specs.values():
        least[spec.interval] = max(least[spec.interval], spec.needs.history)
    return least
