"""What is decided of the files of an import, once all of them were seen: never file by file, never twice.

1. `_ordered`: which number of a date is the day, once for all files that are written alike.
2. `_spaced`: the interval, once per symbol.
3. `_placed`: the market, once per symbol, from all its bars.
4. `_clocked`: zone and end of the stamps, once for all files that are written alike.
5. `_held`: what contradicts the calendar is refused.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from openbell.bars.block import Block
from openbell.bars.grid import Stamps
from openbell.bars.interval import Interval
from openbell.errors import OpenbellError, Problem, Severity, StoreError
from openbell.market.calendar import load_calendar
from openbell.store.choice import MarketChoice, choose_market
from openbell.store.conventions import Settled, contradiction, mislabelled, settled
from openbell.store.dates import exchanged, shown_order
from openbell.store.evidence import DAY_NS, Evidence, evidence_of
from openbell.store.formats.format import Convention, Hints, Incoming
from openbell.store.report import FileReport
from openbell.store.rows import checked
from openbell.store.sound import LATEST, are_bars
from openbell.store.spacing import check_interval, shown_interval

_LONG_NS = 2 * DAY_NS
_ENOUGH_STEPS = 20

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True, eq=False)
class Taken:
    """One file of an import, as far as it is known what becomes of it."""

    path: str
    format: str | None = None
    notes: dict[str, None] = field(default_factory=dict)
    rows: int = 0
    problem: Problem | None = None
    advice: str | None = None
    folder: str = field(init=False)

    def __post_init__(self) -> None:
        self.folder = str(Path(self.path).parent)

    def refuse(self, problem: Problem) -> None:
        """Note why bars of it are not taken; the first reason is told."""
        self.problem = self.problem or problem

    def report(self) -> FileReport:
        """What is said of it in the end."""
        return FileReport(self.path, self.format, tuple(self.notes), self.rows, self.problem, self.advice)


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """Bars of one symbol out of one file, of which nothing is decided."""

    file: Taken
    part: Incoming


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Bars of one symbol out of one file, of which everything is decided."""

    file: Taken
    part: Incoming
    interval: Interval
    choice: MarketChoice
    convention: Convention


class Decisions:
    """Decides for the files of one import; what was decided for some of them goes for those that follow.

    Parameters
    ----------
    hints
        What the user says.
    markets
        The markets of symbols as earlier imports left them.
    """

    def __init__(self, hints: Hints, markets: dict[str, str]) -> None:
        self._hints = hints
        self._stored = markets
        self._intervals: dict[str, Interval] = {}
        self._choices: dict[str, MarketChoice] = {}
        self._orders: dict[str, bool] = {}
        self._clocks: dict[Hashable, Settled] = {}
        self.warnings: dict[Problem, None] = {}
        self.stamps: dict[str, None] = {}

    def open_to(self, part: Incoming) -> bool:
        """Whether something of a part is to be decided, so that more files of its kind are worth waiting for."""
        convention = part.convention
        market = self._hints.market or part.market or self._stored.get(part.symbol)
        unsaid = convention.zone is None or convention.stamp is None
        return unsaid or market is None or part.interval is None or part.order is not None

    def made(self, waiting: Sequence[Waiting]) -> list[Decided]:
        """What is decided of parts; those that are refused are left out, and their files say why."""
        spaced = self._spaced(self._ordered(waiting))
        return self._held(self._clocked(self._placed(spaced)))

    def _ordered(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """Parts with the dates that they mean, where day and month could be exchanged."""
        result = list(waiting)
        unsure = [place for place, one in enumerate(waiting) if one.part.order is not None]
        for form, places in _grouped(unsure, lambda place: waiting[place].part.form).items():
            orders = [(waiting[place].part.order, waiting[place].part.block.ts) for place in places]
            day_first = self._orders.get(form)
            if day_first is None:
                day_first = shown_order([(order, ts) for order, ts in orders if order is not None])
            if day_first is not None:
                self._orders[form] = day_first
            for place in places:
                result[place] = self._in_order(waiting[place], day_first)
        return result

    def _in_order(self, one: Waiting, day_first: bool | None) -> Waiting:
        order, block = one.part.order, one.part.block
        if order is None or order.shown:
            return one
        turned = day_first is not None and day_first != order.day_first
        first = "day" if order.day_first != turned else "month"
        one.file.notes[f"dates read with the {first} first"] = None
        self.stamps[f"dates read with the {first} first"] = None
        if day_first is None and (exchanged(block.ts) != block.ts).any():
            fix = (
                'If that is wrong, undo this import and say --format layout.toml, with time_format = "%d/%m/%Y" or so.'
            )
            what = f"its dates do not show whether day or month comes first; taken with the {first} first."
            self.warnings[Problem(one.file.path, what, fix, "date_order", Severity.WARNING)] = None
        if not turned:
            return one
        return replace(one, part=replace(one.part, block=Block.of(exchanged(block.ts), block.columns)))

    def _spaced(self, waiting: Sequence[Waiting]) -> list[tuple[Waiting, Interval]]:
        unsaid = [one for one in waiting if one.part.interval is None]
        refused: set[int] = set()
        for symbol, parts in _grouped(unsaid, lambda one: one.part.symbol).items():
            if symbol not in self._intervals and not self._decide_interval(symbol, parts):
                refused.update(map(id, parts))
        found = ((one, self._interval_of(one)) for one in waiting if id(one) not in refused)
        return [(one, interval) for one, interval in found if interval is not None]

    def _decide_interval(self, symbol: str, parts: Sequence[Waiting]) -> bool:
        """Decide the interval of a symbol; whether its parts may be taken."""
        stamps = _ascending([one.part for one in parts])
        try:
            if len(stamps) > 1:
                self._intervals[symbol] = shown_interval(symbol, stamps)
        except StoreError as error:
            for one in parts:
                one.file.refuse(replace(error.problems[0], where=one.file.path))
            return False
        return True

    def _interval_of(self, one: Waiting) -> Interval | None:
        """The interval of a part; None when it is refused."""
        part, said = one.part, one.part.interval
        if part.sound and said is not None and said.intraday and part.step == said.width_ns:
            return said
        stamps = _ascending([part])
        try:
            if said is None:
                return self._unsaid_interval(one, stamps)
            check_interval(one.file.path, stamps, said)
        except OpenbellError as error:
            one.file.refuse(error.problems[0])
            return None
        return said

    def _unsaid_interval(self, one: Waiting, stamps: Stamps) -> Interval:
        """That of the symbol, unless the file is clearly of a longer one."""
        if not len(stamps):
            raise _no_bars(one)
        pooled = self._intervals.get(one.part.symbol)
        steps = np.diff(stamps)
        if pooled is None:
            return shown_interval(one.file.path, stamps)
        longer = pooled.intraday and len(steps) >= _ENOUGH_STEPS and int(np.gcd.reduce(steps)) >= 2 * pooled.width_ns
        return shown_interval(one.file.path, stamps) if longer else pooled

    def _placed(self, spaced: Sequence[tuple[Waiting, Interval]]) -> list[Decided]:
        for symbol, parts in _grouped(spaced, lambda one: one[0].part.symbol).items():
            if symbol not in self._choices:
                finest = min((interval for _, interval in parts), key=lambda interval: interval.rank)
                chosen = [one.part for one, interval in parts if interval == finest]
                self._choices[symbol] = self._choose(symbol, finest, chosen)
        return [
            Decided(one.file, one.part, interval, self._choices[one.part.symbol], one.part.convention)
            for one, interval in spaced
        ]

    def _choose(self, symbol: str, interval: Interval, parts: Sequence[Incoming]) -> MarketChoice:
        stored = self._stored.get(symbol)
        own = next((part.market for part in parts if part.market is not None), None) if stored is None else None
        said = self._hints.market or own
        known = said is not None or stored is not None
        stamps = np.empty(0, np.int64) if known else _ascending(parts)
        choice = choose_market(interval, stamps, parts[0].convention, said, stored)
        return choice if self._hints.market or said is None else MarketChoice(choice.market, "the format's own")

    def _clocked(self, parts: list[Decided]) -> list[Decided]:
        unsaid = [one for one in parts if one.interval.intraday and None in (one.convention.zone, one.convention.stamp)]
        for group in _grouped(unsaid, lambda one: (one.part.form, one.convention)).values():
            folders = _grouped(group, _kind)
            new = {kind: members for kind, members in folders.items() if kind not in self._clocks}
            if new:
                shared = settled(_evidence(group), group[0].convention)
                self._clocks |= {kind: self._own(members, shared, len(folders)) for kind, members in new.items()}
        return [self._on_its_clock(one) for one in parts]

    def _own(self, members: Sequence[Decided], shared: Settled, folders: int) -> Settled:
        """What all files that are written alike mean, unless those of one folder clearly mean something else."""
        if folders == 1 or members[0].convention.zone is not None:
            return shared
        evidence = _evidence(members)
        if contradiction(evidence, shared.convention) is None:
            return shared
        own = settled(evidence, members[0].convention)
        return shared if own.doubt else own

    def _on_its_clock(self, one: Decided) -> Decided:
        if not one.interval.intraday:
            return one
        found = self._clocks.get(_kind(one))
        if found is None:
            return one
        if found.note is not None:
            one.file.notes[found.note] = None
            self.stamps[found.note] = None
        if found.doubt is not None:
            fix = "If that is wrong, undo this import and say --timezone ZONE, and --market if it is another one."
            self.warnings[Problem(one.file.folder, found.doubt, fix, "timezone", Severity.WARNING)] = None
        return replace(one, convention=found.convention)

    def _held(self, parts: list[Decided]) -> list[Decided]:
        """Series of some days are held against the calendar each, shorter ones together."""
        refused: set[int] = set()
        intraday = [one for one in parts if one.interval.intraday]
        alike = _grouped(intraday, lambda one: (one.choice.market, one.interval, one.convention))
        for group in alike.values():
            short = []
            for series in _grouped(group, lambda one: one.part.symbol).values():
                if _span(series) > _LONG_NS:
                    refused |= self._refused(series)
                else:
                    short += series
            refused |= self._refused(short)
        return [one for one in parts if id(one) not in refused]

    def _refused(self, parts: Sequence[Decided]) -> set[int]:
        found = contradiction(_evidence(parts), parts[0].convention) if parts else None
        if found is None:
            return set()
        fatal = set()
        for one in parts:
            problem = mislabelled(one.file.path, found, self._hints)
            if problem.fatal:
                one.file.refuse(problem)
                fatal.add(id(one))
            else:
                self.warnings[problem] = None
        return fatal


def _kind(one: Decided) -> Hashable:
    """Files that mean the same by their stamps: of one form, in one folder."""
    return one.part.form, one.part.convention, one.file.folder


def _evidence(parts: Sequence[Decided]) -> list[Evidence]:
    groups = _grouped(parts, lambda one: (one.choice.market, one.interval))
    return [_evidence_of(market, interval, group) for (market, interval), group in groups.items()]


def _evidence_of(market: str, interval: Interval, parts: Sequence[Decided]) -> Evidence:
    series = _grouped(parts, lambda one: one.part.symbol)
    return evidence_of(load_calendar(market), interval, [[one.part.block for one in own] for own in series.values()])


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _ascending(parts: Sequence[Incoming]) -> Stamps:
    """All stamps of parts, each once."""
    if len(parts) == 1 and parts[0].sound:
        return parts[0].block.ts
    ts = np.concatenate([part.block.ts[are_bars(part.block)] for part in parts])
    return ts if (ts[1:] > ts[:-1]).all() else np.unique(ts)


def _span(parts: Sequence[Decided]) -> int:
    """How long a series is, from its parts' ends; exact enough to tell days from a year."""
    ends = [int(one.part.block.ts[place]) for one in parts if len(one.part.block) for place in (0, -1)]
    known = [end for end in ends if abs(end) <= LATEST]
    return max(known) - min(known) if known else 0


def _no_bars(one: Waiting) -> StoreError:
    refused = checked(one.part.block, one.part.faults).refused
    reason = "" if refused is None else f"; of the first one {refused['reason'][0]}"
    what = f"none of its {len(one.part.block):,} rows can be a bar{reason}."
    fix = "Check its columns, or say them with --format layout.toml."
    return StoreError(Problem(one.file.path, what, fix, code="no_bars"))
