"""The session file as values: what the rest of openbell reads, checked and with nothing left to guess."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from pathlib import Path

from openbell.bars.interval import Interval
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.market.actions import Prices
from openbell.market.session import Hours


class Mode(StrEnum):
    """Where today's bars come from: the store, or a live feed."""

    BACKTEST = "backtest"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class HistoryRule:
    """One ``[[history]]``: so many trading days before each session day.

    Parameters
    ----------
    days
        1 or more.
    intervals
        From short to long, none twice; they need not be among the session's.
    symbols
        The symbols it is for, None for all.
    bars
        The last so many bars besides, as strategies declare them.
    by
        Why it is there, in words.
    """

    days: int
    intervals: tuple[Interval, ...]
    symbols: frozenset[str] | None
    bars: int = 0
    by: str = "in the session file"


@dataclass(frozen=True, slots=True)
class QualityRule:
    """``[quality]``: for which part of the bars quality is calculated."""

    history: bool = True
    session: bool = True


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """``[budget]``: how much a session may hold; None is no limit.

    Parameters
    ----------
    max_symbols
        Symbols at once.
    max_megabytes
        Memory of their bars, 1 MB = 1,000,000 bytes.
    """

    max_symbols: int | None = None
    max_megabytes: float | None = None


@dataclass(frozen=True, slots=True)
class IndicatorRule:
    """One ``[[indicators]]``.

    Parameters
    ----------
    spec
        What is computed; its interval need not be among the session's.
    keep
        Whether every value of the day is kept, not only the current one.
    symbols
        The symbols it is for, None for all.
    """

    spec: IndicatorSpec
    keep: bool
    symbols: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class AggregateRule:
    """One ``[[aggregates]]``.

    Parameters
    ----------
    name
        What it is read by.
    aggregate
        What is computed.
    symbols
        The symbols it is for, None for all.
    """

    name: str
    aggregate: Aggregate
    symbols: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class StrategyRule:
    """One ``[[strategies]]``.

    Parameters
    ----------
    use
        ``FILE.py:Class`` with an absolute path, or ``package.module:Class``.
    params
        Arguments by name.
    faults_allowed
        After so many exceptions it is not called any more.
    slow_after
        Seconds after which a call counts as slow.
    """

    use: str
    params: Mapping[str, object]
    faults_allowed: int = 3
    slow_after: float = 0.1


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a scanner scans, on the exchange's clock; a time after an early close is left out.

    Parameters
    ----------
    pre_session
        Once before the first bar.
    every, start, until
        Every so many nanoseconds from one time of day to another; None for the open and the close.
    at
        At these times of day.
    """

    pre_session: bool = False
    every: int | None = None
    start: time | None = None
    until: time | None = None
    at: tuple[time, ...] = ()


@dataclass(frozen=True, slots=True)
class UniverseFilter:
    """Which symbols of a universe are looked at, by figures over the sessions before today.

    Parameters
    ----------
    days
        Over how many sessions.
    price, volume, range
        From and to, of the last close, of the mean daily volume, and of the mean of (high - low) / close.
    """

    days: int = 20
    price: tuple[float, float] = (0.0, math.inf)
    volume: tuple[float, float] = (0.0, math.inf)
    range: tuple[float, float] = (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class ScannerRule:
    """One ``[[scanners]]``.

    Parameters
    ----------
    use, params, faults_allowed, slow_after
        As for strategies.
    schedule
        When it scans.
    universe
        The symbols it looks at, None for everything in the store.
    where
        What a symbol of the universe must fulfil besides.
    most_held
        How many symbols it holds in full at once, None for any number.
    minimum_stay, cool_down
        Nanoseconds for which a promoted symbol stays at least, and for which a dropped one does not come back.
    """

    use: str
    params: Mapping[str, object]
    schedule: Schedule
    universe: tuple[str, ...] | None = None
    where: UniverseFilter = UniverseFilter()
    most_held: int | None = None
    minimum_stay: int = 0
    cool_down: int = 0
    faults_allowed: int = 3
    slow_after: float = 0.1


@dataclass(frozen=True, slots=True)
class SessionFile:
    """A whole session file.

    Parameters
    ----------
    path
        The file, None when it came as a mapping.
    name
        What the run is called.
    market
        As written: ``XNYS``, ``24/7``, ``FOREX``.
    mode
        Backtest or live.
    store
        The folder of bars, absolute.
    start, end
        First and last date, both included; they may be closed days, and at least one session lies between them.
    speed
        0: as fast as possible; otherwise a multiple of real time.
    symbols
        Upper-cased, none twice, in the order of the file.
    intervals
        From short to long, none twice.
    hours
        Which segments of a day are streamed.
    completeness
        The least share of its window's base bars that a derived bar needs, 0 to 1.
    prices
        What prices of earlier sessions are adjusted for, as of each session day.
    history, quality, budget, indicators, aggregates, scanners, strategies
        The rules, in the order of the file.
    text
        The same as TOML, with defaults written out and absolute paths, so that it can be run from anywhere.
    """

    path: Path | None
    name: str
    market: str
    mode: Mode
    store: Path
    start: date
    end: date
    speed: float
    symbols: tuple[str, ...]
    intervals: tuple[Interval, ...]
    hours: Hours
    completeness: float
    prices: Prices
    history: tuple[HistoryRule, ...]
    quality: QualityRule
    budget: BudgetRule
    indicators: tuple[IndicatorRule, ...]
    aggregates: tuple[AggregateRule, ...]
    scanners: tuple[ScannerRule, ...]
    strategies: tuple[StrategyRule, ...]
    text: str
