"""Figures over past sessions, ready before the open: averages, extremes, gaps, and curves over the day.

1. `Aggregate.first_session` says how far back a figure reads, so that it can be asked for before anything is read.
2. `over_sessions` makes one number per symbol from a `Sessions` table; `over_day` makes a curve from bars by slot.
3. Neither can see today: tables that reach it are refused.

Sums go from the oldest session to the newest, one addition at a time: the same bits on every machine.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Floats
from openbell.errors import IndicatorError, Problem, nearest
from openbell.market.calendar import Calendar

Ints = npt.NDArray[np.int64]


class Early(StrEnum):
    """What becomes of sessions that closed early."""

    KEEP = "keep"
    SKIP = "skip"
    SCALE = "scale"


COLUMNS = (
    "open", "high", "low", "close", "volume", "bars", "turnover", "range", "relative_range", "true_range", "gap",
    "gap_percent", "change", "change_percent",
)  # fmt: skip
STATISTICS = ("mean", "min", "max", "sum", "stdev", "last", "first", "count", "since_max", "since_min", "share_up")
_GROWING = frozenset({"volume", "bars", "turnover"})
_BEFORE = frozenset({"true_range", "gap", "gap_percent", "change", "change_percent"})
_CURVES = ("mean", "min", "max", "sum", "stdev")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One figure over past sessions.

    Parameters
    ----------
    column
        Of each session: a column of its bar, ``bars`` (how many it has), ``turnover`` (close x volume), ``range`` (high
        - low), ``relative_range`` (range / close), ``true_range``, ``gap`` (open less the close before), ``change``
        (close less the close before); the last two also in percent.
    statistic
        ``mean min max sum stdev`` (of the whole), ``last`` and ``first`` (newest and oldest), ``count`` (sessions with
        bars), ``since_max since_min`` (sessions since the extreme; 0: the last one), ``share_up`` (of values above 0).
    days, weeks
        How far back: so many sessions before today, or all in so many weeks of seven days before it. Give one.
    per
        ``session``, or ``minute`` for a curve over the slots of the day (`over_day`).
    early
        Sessions that closed early: kept, skipped, or, for what grows with time, scaled to the whole length.

    Raises
    ------
    IndicatorError
        With every problem at once.

    Examples
    --------
    >>> Aggregate("volume", "mean", days=10).key
    'volume_mean_10d'
    >>> Aggregate("high", "max", weeks=52).key
    'high_max_52w'
    """

    column: str
    statistic: str = "mean"
    days: int | None = None
    weeks: int | None = None
    per: str = "session"
    early: Early = Early.KEEP

    def __post_init__(self) -> None:
        problems = [*self._words(), *self._amounts()]
        if problems:
            raise IndicatorError(*problems)
        object.__setattr__(self, "early", Early(self.early))

    @property
    def key(self) -> str:
        """A name that says what it is."""
        amount = f"{self.days}d" if self.days is not None else f"{self.weeks}w"
        more = ["per_minute"] if self.per == "minute" else []
        more += [] if self.early is Early.KEEP else [self.early.value]
        return "_".join([self.column, self.statistic, amount, *more])

    def first_session(self, calendar: Calendar, today: int) -> int:
        """Ordinal of the first session that counts, of those before ``today``."""
        if self.days is not None:
            return max(today - self.days, 0)
        start = calendar.session(today).date - timedelta(weeks=self.weeks or 0)
        return 0 if start < calendar.first_date else min(calendar.first_on_or_after(start), today)

    def first_read(self, calendar: Calendar, today: int) -> int:
        """Ordinal of the first session that must be read: one more where the close before it counts."""
        return max(self.first_session(calendar, today) - (self.column in _BEFORE), 0)

    def _words(self) -> list[Problem]:
        known = {"column": COLUMNS, "statistic": STATISTICS, "per": ("session", "minute"), "early": tuple(Early)}
        found = []
        for name, words in known.items():
            given = str(getattr(self, name))
            if given not in words:
                close = nearest(given, words)
                fix = f"Did you mean {close}?" if close else f"Use one of {', '.join(words)}."
                found.append(_problem(f"{name} {given!r} is not known", fix))
        if self.per == "minute" and self.statistic in STATISTICS and self.statistic not in _CURVES:
            found.append(_problem(f"{self.statistic} has no curve over the day", f"Use {', '.join(_CURVES)}."))
        if self.per == "minute" and self.column in _BEFORE:
            found.append(_problem(f"{self.column} has no curve over the day", "Use a column of bars."))
        return found

    def _amounts(self) -> list[Problem]:
        if (self.days is None) == (self.weeks is None):
            return [_problem(f"days={self.days} and weeks={self.weeks}", "Give one of the two.")]
        amount = self.days if self.days is not None else self.weeks
        if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
            return [_problem(f"reaches back {amount!r}", "Use a whole number of 1 or more.")]
        return []


class Priced(Protocol):
    """Anything that has the columns of bars."""

    @property
    def open(self) -> Floats:
        """First prices."""

    @property
    def high(self) -> Floats:
        """Highest prices."""

    @property
    def low(self) -> Floats:
        """Lowest prices."""

    @property
    def close(self) -> Floats:
        """Last prices."""

    @property
    def volume(self) -> Floats:
        """What was traded."""


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Past sessions of many symbols, oldest first; NaN where a symbol has no bar.

    Parameters
    ----------
    ordinals
        Shape (sessions,), ascending.
    open, high, low, close, volume, bars
        Shape (symbols, sessions).
    length
        Shape (sessions,): how long each session was, in any unit.
    """

    ordinals: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    bars: Floats
    length: Floats


def over_sessions(aggregate: Aggregate, sessions: Sessions, first: int, today: int) -> Floats:
    """One figure per symbol over its sessions that have bars.

    Parameters
    ----------
    aggregate
        Which figure.
    sessions
        From `Aggregate.first_read` on.
    first, today
        The first session that counts, and today's, which is not in the table.

    Returns
    -------
    Floats
        Shape (symbols,); NaN for a symbol without any value, a ``count`` of 0.

    Raises
    ------
    ValueError
        If the table reaches today.
    """
    _refuse_today(sessions.ordinals, today)
    values = _values(aggregate.column, sessions)[:, sessions.ordinals >= first]
    length = sessions.length[sessions.ordinals >= first]
    return statistic_of(aggregate.statistic, _early(values, length, aggregate))


def over_day(aggregate: Aggregate, slots: Floats, length: Floats, ordinals: Ints, today: int) -> Floats:
    """The curve of one symbol over the slots of the day.

    Parameters
    ----------
    aggregate
        Which figure, ``per="minute"``.
    slots
        The column's values, shape (sessions, slots), oldest session first, NaN where there is no bar. For volume, bars
        and turnover a slot without a bar counts as 0, as long as the session had it.
    length
        How many slots each session had.
    ordinals
        Session ordinals, ascending.
    today
        Today's ordinal.

    Returns
    -------
    Floats
        Shape (slots,), NaN where no session has a value.

    Raises
    ------
    ValueError
        If the sessions reach today.
    """
    _refuse_today(ordinals, today)
    had: npt.NDArray[np.bool_] = np.arange(slots.shape[1])[None, :] < length[:, None]
    traded = ~np.isnan(slots).all(axis=1, keepdims=True)
    values = np.where(had & traded & np.isnan(slots), 0.0, slots) if aggregate.column in _GROWING else slots
    if aggregate.early is Early.SKIP and len(length):
        values = np.where((length < length.max())[:, None], np.nan, values)
    return statistic_of(aggregate.statistic, np.ascontiguousarray(values.T))


def _values(column: str, sessions: Sessions) -> Floats:
    """The column per session; what needs the close before takes that of the symbol's last session with a bar."""
    if column not in _BEFORE:
        return sessions.bars if column == "bars" else column_of(column, sessions)
    before = _close_before(sessions.close)
    if column == "true_range":
        reach = np.fmax(sessions.high, before) - np.fmin(sessions.low, before)
        return np.where(np.isnan(sessions.close), np.nan, reach)
    moved = (sessions.open if column.startswith("gap") else sessions.close) - before
    if not column.endswith("percent"):
        return moved
    share = np.full_like(moved, np.nan)
    np.divide(100.0 * moved, before, out=share, where=before != 0.0)
    return share


def column_of(column: str, bars: Priced) -> Floats:
    """A column of bars, or what is made of each bar alone: ``turnover``, ``range``, ``relative_range``.

    Examples
    --------
    >>> from openbell.bars.block import Block
    >>> one = Block.of(np.zeros(1, np.int64), [np.array([x]) for x in (4.0, 5.0, 3.0, 4.0, 10.0)])
    >>> [column_of(name, one).item() for name in ("high", "turnover", "range", "relative_range")]
    [5.0, 40.0, 2.0, 0.5]
    """
    if column == "turnover":
        return bars.close * bars.volume
    if column == "range":
        return bars.high - bars.low
    if column == "relative_range":
        share = np.full_like(bars.close, np.nan)
        np.divide(bars.high - bars.low, bars.close, out=share, where=bars.close != 0.0)
        return share
    values: Floats = getattr(bars, column)
    return values


def _close_before(close: Floats) -> Floats:
    before, last = np.full_like(close, np.nan), np.full(len(close), np.nan)
    for session in range(close.shape[1]):
        before[:, session] = last
        last = np.where(np.isnan(close[:, session]), last, close[:, session])
    return before


def _early(values: Floats, length: Floats, aggregate: Aggregate) -> Floats:
    if aggregate.early is Early.KEEP or len(length) == 0:
        return values
    whole = length.max()
    if aggregate.early is Early.SKIP:
        return np.where(length < whole, np.nan, values)
    return values * (whole / length) if aggregate.column in _GROWING else values


def statistic_of(statistic: str, values: Floats) -> Floats:
    """One figure per row over its numbers, added up from the oldest to the newest.

    Parameters
    ----------
    statistic
        As of `Aggregate`.
    values
        Float64 (symbols, sessions), oldest first, NaN where there is nothing.

    Examples
    --------
    >>> table = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])
    >>> [statistic_of(name, table)[0].item() for name in ("last", "mean", "min", "max", "sum", "stdev")]
    [3.0, 2.0, 1.0, 3.0, 4.0, 1.0]
    >>> statistic_of("sum", table)[1].item()
    nan
    """
    there = ~np.isnan(values)
    count = _added(there.astype(np.float64))
    if statistic == "count":
        return count
    filled = np.where(there, values, 0.0)
    known = np.where(count > 0, count, np.nan)
    if statistic in ("mean", "sum", "stdev"):
        total = _added(filled)
        if statistic == "sum":
            return np.where(count > 0, total, np.nan)
        mean = total / known
        if statistic == "mean":
            return mean
        away = np.where(there, values - mean[:, None], 0.0)
        return np.sqrt(_added(away * away) / known)
    if statistic == "share_up":
        return _added((filled > 0.0).astype(np.float64)) / known
    return _picked(statistic, values, there)


def _picked(statistic: str, values: Floats, there: npt.NDArray[np.bool_]) -> Floats:
    best, since = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for session in range(values.shape[1]):
        value, known = values[:, session], there[:, session]
        unset = np.isnan(best)
        better = {
            "last": known,
            "first": known & unset,
            "max": known & (unset | (value > best)),
            "min": known & (unset | (value < best)),
            "since_max": known & (unset | (value >= best)),
            "since_min": known & (unset | (value <= best)),
        }[statistic]
        best = np.where(better, value, best)
        since = np.where(better, 0.0, since + 1.0)
    return since if statistic.startswith("since") else best


def _added(table: Floats) -> Floats:
    total = np.zeros(len(table))
    for session in range(table.shape[1]):
        total += table[:, session]
    return total


def _refuse_today(ordinals: Ints, today: int) -> None:
    if len(ordinals) and int(ordinals[-1]) >= today:
        raise ValueError(
            f"the table reaches session {int(ordinals[-1])}, and today is {today}: only earlier ones count"
        )


def _problem(what: str, fix: str) -> Problem:
    return Problem("aggregate", what, fix, code="bad_aggregate")
