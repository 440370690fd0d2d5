"""A late or corrected bar of today: everything that depends on it is made anew from the open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import Block
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
    """

    symbol: str
    interval: Interval
    ts: int
    bar: Prices


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
    problems = _bar_problems(where, correction.bar)
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


def _bar_problems(where: str, bar: Prices) -> list[Problem]:
    opened, high, low, closed, volume = bar
    prices = (opened, high, low, closed)
    faults = []
    if any(not np.isfinite(price) or price < 0 for price in prices):
        faults.append(f"prices must be numbers of 0 or more, were {prices}")
    elif not low <= min(opened, closed) <= max(opened, closed) <= high:
        faults.append(f"open {opened} and close {closed} must lie between low {low} and high {high}")
    if volume < 0:
        faults.append(f"volume must not be negative, was {volume}")
    return [Problem(where, f"{fault}.", "Give the bar as it should have been.", code="bad_bar") for fault in faults]
