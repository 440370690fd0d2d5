"""A late or corrected bar of today: everything that depends on it is made anew from the open."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import numpy as np

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.errors import Problem
from openbell.feeds.replay import ReplayFeed
from openbell.indicators.spec import IndicatorSpec
from openbell.indicators.warm import Warm
from openbell.provisioning.staging import Stager
from openbell.session.records import SymbolRecord
from openbell.session.session_data import SessionData

Prices = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Correction:
    """One bar as it should have been.

    Parameters
    ----------
    symbol, interval
        A streamed interval of a symbol that is there.
    ts
        The bar's start, ns UTC.
    bar
        Open, high, low, close, volume.
    faults
        What is wrong with the words that the bar was made of; the bar says nothing then.
    """

    symbol: str
    interval: Interval
    ts: int
    bar: Prices
    faults: tuple[Problem, ...] = ()


def correction_problems(session: SessionData, correction: Correction) -> list[Problem]:
    """What forbids a correction."""
    where = f"{correction.symbol}/{correction.interval}"
    record = session.records.get(correction.symbol)
    if record is None:
        return [Problem(where, "this symbol is not in the session.", "Add it first.", code="unknown_symbol")]
    series = record.series.get(correction.interval)
    if series is None or series.base is not None:
        streamed = ", ".join(str(interval) for interval, one in record.series.items() if one.base is None)
        what = "only streamed bars can be corrected; derived ones follow from them."
        return [Problem(where, what, f"Correct {streamed or 'the base'} instead.", code="not_streamed")]
    problems = list(correction.faults)
    grid = session.time.grid(correction.interval)
    slot = int(grid.slots_of(np.array([correction.ts]))[0])
    if slot < 0:
        what = f"{session.time.iso(correction.ts)} starts no {correction.interval} bar of today."
        problems.append(Problem(where, what, "Give the start of one of today's bars.", code="off_grid"))
    elif grid.ends[slot] > session.time.now:
        what = (
            f"the bar of {session.time.iso(correction.ts)} has not ended; it is {session.time.iso(session.time.now)}."
        )
        problems.append(Problem(where, what, "Correct it once it is over.", code="not_ended"))
    return problems


class Corrector:
    """Carries corrections out: stages what depends on the bar, then puts it in place.

    Parameters
    ----------
    session, feed, stager
        What is changed, where today's bars wait, and what makes dependants.
    """

    def __init__(self, session: SessionData, feed: ReplayFeed, stager: Stager) -> None:
        self._session, self._feed, self._stager = session, feed, stager

    def correct(self, correction: Correction) -> None:
        """Make today's bars of a symbol what they would have been with this bar."""
        record = self._session.records[correction.symbol]
        grid = self._session.time.grid(correction.interval)
        lane = self._session.lanes[correction.interval]
        block = _replaced(lane.panel.block(record.row), correction)
        made = {correction.interval: block}
        for interval, series in record.series.items():
            if series.base == correction.interval:
                past = record.series[correction.interval].history
                made[interval] = self._stager.folded_today(block, past, interval, correction.interval)
        warm = [
            (spec, self._stager.warm(record, spec, keep=key in record.kept, today=made[spec.interval]))
            for key, spec in record.indicators.items()
            if spec.interval in made
        ]
        self._put(record, made, warm)
        self._feed.write(correction.interval, record.row, grid.slots_of(np.array([correction.ts])), _one(correction))

    def _put(
        self, record: SymbolRecord, made: Mapping[Interval, Block], warm: Sequence[tuple[IndicatorSpec, Warm]]
    ) -> None:
        for interval, today in made.items():
            panel = self._session.lanes[interval].panel
            panel.erase(record.row)
            panel.write(record.row, panel.grid.slots_of(today.ts), today)
        for spec, state in warm:
            self._session.indicators.adopt(spec, record.row, state)
            if state.kept is not None:
                self._session.keep(spec, record.row, state.kept)
        self._session.revision += 1


def _replaced(today: Block, correction: Correction) -> Block:
    others = today[today.ts != correction.ts]
    both = Block.joined((others, _one(correction)))
    return Block.of(both.ts, both.columns)[np.argsort(both.ts, kind="stable")].freeze()


def _one(correction: Correction) -> Block:
    return Block.of(np.array([correction.ts]), [np.array([value]) for value in correction.bar])


def correction_of(symbol: str, interval: Interval, ts: int, bar: Iterable[object]) -> Correction:
    """A correction from the words of a call, with all that is wrong with them.

    Examples
    --------
    >>> made = correction_of("AAPL", Interval.parse("1m"), 0, (10.0, 11.0, None, 10.5, float("inf")))
    >>> [problem.what for problem in made.faults]
    ['low must be a number of 0 or more, was None.', 'volume must be 0 or more, or NaN for none, was inf.']
    """
    values = list(bar) if isinstance(bar, Iterable) and not isinstance(bar, str) else [bar]
    found = _faults(values)
    fix = "Give the bar as it should have been."
    problems = tuple(Problem(f"{symbol}/{interval}", f"{fault}.", fix, code="bad_bar") for fault in found)
    opened, high, low, closed, volume = [math.nan] * 5 if found else map(_number, values)
    return Correction(symbol, interval, ts, (opened, high, low, closed, volume), problems)


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real | Decimal) else math.nan


def _faults(bar: Sequence[object]) -> list[str]:
    """What is wrong with the values of a bar, each with its field."""
    if len(bar) != len(FIELDS):
        return [f"a bar is {', '.join(FIELDS)}; {len(bar)} values were given: {', '.join(map(repr, bar))}"]
    opened, high, low, closed, volume = map(_number, bar)
    named = zip(FIELDS, bar, (opened, high, low, closed), strict=False)
    faults = [
        f"{name} must be a number of 0 or more, was {given}"
        for name, given, price in named
        if not 0 <= price < math.inf
    ]
    if not faults and not low <= min(opened, closed) <= max(opened, closed) <= high:
        faults.append(f"open {opened} and close {closed} must lie between low {low} and high {high}")
    if not isinstance(bar[-1], Real | Decimal) or volume < 0 or volume == math.inf:
        faults.append(f"volume must be 0 or more, or NaN for none, was {bar[-1]}")
    return faults
