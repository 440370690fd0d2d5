"""What symbols with the same wish have in common: worked out once, however many symbols ask for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openbell.bars.interval import Interval, Unit
from openbell.config.session_file import SessionFile
from openbell.market.time_manager import TimeManager
from openbell.provisioning.bases import base_of
from openbell.provisioning.needs import SymbolNeed, need_of
from openbell.provisioning.steps import AddInterval, CalculateQuality, CreateSymbol, RegisterIndicators, Step
from openbell.session.asks import Ask
from openbell.session.records import Amount
from openbell.store.manager import DataManager


@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """A need with the bases of its intervals, and the steps that a new symbol takes for it.

    Parameters
    ----------
    need
        Shared by all symbols of this blueprint; nobody changes it.
    bases
        What each interval is folded from, itself where it is streamed; without those that cannot be made.
    create
        The steps before history is loaded.
    register
        The steps after today is loaded.
    intervals, streamed
        All that must be there, and those that are not folded, from short to long.
    """

    need: SymbolNeed
    bases: Mapping[Interval, Interval]
    create: tuple[Step, ...]
    register: tuple[Step, ...]
    intervals: tuple[Interval, ...]
    streamed: tuple[Interval, ...]


class Blueprints:
    """Makes blueprints, each once per day.

    Parameters
    ----------
    file, data, time
        What is promised, what can be had, and when it is.
    """

    def __init__(self, file: SessionFile, data: DataManager, time: TimeManager) -> None:
        self._file, self._data, self._time = file, data, time
        self._made: dict[object, Blueprint] = {}
        named = [rule.symbols for rule in file.history] + [rule.symbols for rule in file.indicators]
        named += [rule.symbols for rule in file.aggregates]
        self._lists = [symbols for symbols in named if symbols is not None]

    def stored(self, symbol: str) -> tuple[Interval, ...]:
        """The intervals that the store has of a symbol today."""
        info = self._data.info(symbol)
        return () if info is None else info.intervals_on(self._time.today.date)

    def of(self, symbol: str, asks: Iterable[Ask], stored: tuple[Interval, ...]) -> Blueprint:
        """The blueprint of a symbol that is asked for in these ways, of which these intervals are stored."""
        rules = tuple([symbol in symbols for symbols in self._lists])
        key = (rules, stored, tuple([ask.wish for ask in asks]))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(symbol, asks, stored)
        return made

    def _make(self, symbol: str, asks: Iterable[Ask], stored: tuple[Interval, ...]) -> Blueprint:
        need = need_of(symbol, asks, self._file)
        bases: dict[Interval, Interval] = {}
        for interval in list(need.amounts):
            base = base_of(interval, stored)
            if base is not None:
                bases[interval] = base
                if base != interval:
                    need.want(base, self._so_far(interval), f"the base of {interval}")
                    bases[base] = base
        added = added_steps(need, bases, list(need.amounts))
        kind = "full" if need.full else "ad hoc"
        create, register = (CreateSymbol(f"it is new; {kind}"), *added), self._register(need)
        streamed = tuple(sorted(interval for interval, base in bases.items() if interval == base))
        return Blueprint(need, bases, create, register, tuple(sorted(need.amounts)), streamed)

    def _register(self, need: SymbolNeed) -> tuple[Step, ...]:
        quality = self._file.quality
        steps: list[Step] = register_steps(need, tuple(need.specs))
        if need.full and (quality.history or quality.session):
            steps.append(quality_step(self._file))
        return tuple(steps)

    def _so_far(self, interval: Interval) -> Amount:
        """A week is folded from all its days, so its base is held from the week's first session on."""
        if interval.unit is not Unit.WEEK:
            return Amount()
        today = self._time.today.ordinal
        return Amount(days=today - self._time.calendar.week_start(today))


def added_steps(need: SymbolNeed, bases: Mapping[Interval, Interval], missing: Sequence[Interval]) -> list[Step]:
    """A step for each interval that is missing: bases first, then from short to long."""
    there = [interval for interval in missing if interval in bases]
    ordered = sorted(there, key=lambda interval: (bases[interval] != interval, interval.rank))
    return [AddInterval(i, None if bases[i] == i else bases[i], need.reasons[i]) for i in ordered]


def register_steps(need: SymbolNeed, keys: Sequence[str]) -> list[Step]:
    """One step for all indicators that are to be registered, none when there are none."""
    if not keys:
        return []
    reason = f"warmed up and bound to their bars: {', '.join(keys)}"
    return [RegisterIndicators(tuple(need.specs[key] for key in keys), frozenset(need.kept), reason)]


def quality_step(file: SessionFile) -> Step:
    """Quality as the session file wants it."""
    return CalculateQuality(file.quality.history, file.quality.session, "every full symbol has its quality known")
