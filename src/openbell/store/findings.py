"""Defects that bars can have although each row is a bar: found, counted and named, never repaired in silence.

Each check looks at one series in order of time and is silent on sound data: splits of raw prices, closing auctions and
quiet markets are no defects.

1. `_factor_errors`: prices off by a power of ten or by a split's factor, that come back.
2. `_spikes`: single bars far away from both neighbours.
3. `_frozen`: the same bar over and over.
4. `_volumes`: volumes out of all proportion, and sessions in which volume is missing.
5. `_prices`: zero prices, and opens and closes outside of high and low.

Of what is stored also the sessions are looked at: `_of_days` and `_missing_for_all` hold them against the calendar,
`_of_splits` against the table of corporate actions.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval, Unit
from openbell.errors import Problem, Severity
from openbell.market.actions import Action, Kind
from openbell.market.calendar import Calendar, load_calendar
from openbell.store.catalog import Catalog
from openbell.store.days import GridKind, Mask
from openbell.store.series import SeriesDays, resolved, whole

_FACTORS = (2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0, 1000.0)
_HUNDREDS = (100.0, 1000.0)
_NEAR = 0.15
_SPIKE = 0.25
_SPIKE_MOVES = 25.0
_FROZEN_BARS = 60
_FROZEN_DAYS = 15
_HUGE_VOLUME = 20_000.0
_LONGEST_DETOUR = 0.5
_FEW = 4
_STRAY_SHARE = 0.2
_HOLIDAY_BARS = 10
_SETTLED_BARS = 5
_CLOSE_TO = 0.03
_SMALL_SPLIT = 0.18  # the logarithm of 1.2: smaller ones drown in what a night does to prices


Progress = Callable[[int, int], None]
"""Called with series done and series in all."""


class Defect(StrEnum):
    """What can be wrong with bars."""

    HUNDREDFOLD = "100x error"
    SPLIT = "wrong split adjustment"
    SPIKE = "spike"
    FROZEN = "frozen prices"
    VOLUME = "volume out of proportion"
    NO_VOLUME = "volume missing"
    ZERO = "zero price"
    OUTSIDE_RANGE = "open or close outside high and low"
    OUTSIDE_HOURS = "bars outside hours"
    CLOSED_DAY = "bars on a day on which the market is closed"
    MISSING_DAY = "no bars of any symbol on a trading day"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of a series.

    Parameters
    ----------
    symbol, interval
        ``*`` for all symbols of an interval.
    start, last
        The first and the last bar that have it, UTC.
    bars
        How many.
    what
        In words, with the values that were seen.
    """

    symbol: str
    interval: str
    defect: Defect
    start: datetime
    last: datetime
    bars: int
    what: str

    def problem(self) -> Problem:
        """The finding as a warning."""
        where = f"{self.symbol}/{self.interval}/{self.start:%Y-%m-%d %H:%M}"
        fix = "Look at these bars; import them corrected, and the later import wins."
        return Problem(where, f"{self.defect}: {self.what}", fix, code="finding", severity=Severity.WARNING)


def defects_of(symbol: str, interval: Interval, block: Block) -> list[Finding]:
    """What is wrong with the bars of one series, in order of time."""
    if len(block) < _FEW:
        return []
    found = [
        Finding(symbol, str(interval), defect, _moment(block, rows[0]), _moment(block, rows[-1]), len(rows), what)
        for defect, rows, what in defective_rows(interval, block)
    ]
    return sorted(found, key=lambda one: (one.start, one.defect))


Rows = npt.NDArray[np.int64]
_Found = tuple[Defect, Rows, str]


def defective_rows(interval: Interval, block: Block) -> Iterator[_Found]:
    """Each defect of the bars of one series with the rows that have it, and what was seen."""
    if not float(block.high.max()) < float(block.low.min()) * np.exp(_SPIKE):
        detours = np.zeros(len(block), bool)
        for found in _factor_errors(block):
            detours[found[1]] = True
            yield found
        yield from _jumps_inside(interval, block, detours)
        yield from _spikes(block, detours)
    least = _FROZEN_BARS if interval.intraday else _FROZEN_DAYS
    if np.count_nonzero(block.close[1:] == block.close[:-1]) >= least - 1:
        yield from _frozen(interval, block)
    yield from _volumes(block)
    yield from _prices(block)


def _factor_errors(block: Block) -> Iterator[_Found]:
    """Runs of bars whose price is that of their neighbours times or divided by a factor, and which come back."""
    logs = np.log(np.maximum(block.close, 1e-300))
    steps = np.diff(logs)
    jumps = np.flatnonzero(np.abs(steps) > np.log(1.7))
    at = 0
    while at + 1 < len(jumps):
        left, right = int(jumps[at]), int(jumps[at + 1])
        factor = _common_factor(float(steps[left]), float(steps[right]))
        inside = np.arange(left + 1, right + 1)
        if factor is None or len(inside) > _LONGEST_DETOUR * len(block) or not _whole_bars(block, left, inside, factor):
            at += 1
            continue
        defect = Defect.HUNDREDFOLD if factor in _HUNDREDS else Defect.SPLIT
        way = "above" if steps[left] > 0 else "below"
        what = f"the price is {factor:g} times {way} that before and after ({block.close[left]:g} to "
        yield defect, inside, f"{what}{block.close[left + 1]:g} and back to {block.close[right + 1]:g})."
        at += 2


def _jumps_inside(interval: Interval, block: Block, known: Mask) -> Iterator[_Found]:
    """Prices that become a half, a third, ... or twice as much from one bar to the next inside a session, and stay so.

    Splits take effect between sessions.
    """
    if not interval.intraday or len(block) < 2 * _SETTLED_BARS:
        return
    logs = np.log(np.maximum(block.close, 1e-300))
    steps = np.diff(logs)
    adjacent = (np.diff(block.ts) == interval.width_ns) & ~known[1:] & ~known[:-1]
    for row in (np.flatnonzero(adjacent & (np.abs(steps) > np.log(1.9))) + 1).tolist():
        before, after = logs[max(row - _SETTLED_BARS, 0) : row], logs[row : row + _SETTLED_BARS]
        move = float(np.median(after) - np.median(before))
        factor = min(_FACTORS, key=lambda one: abs(np.log(one) - abs(move)))
        if min(len(before), len(after)) < _SETTLED_BARS or abs(abs(move) - np.log(factor)) > _CLOSE_TO:
            continue
        what = f"the price goes from {block.close[row - 1]:g} to {block.close[row]:g} between two bars of a session, "
        yield Defect.SPLIT, np.array([row]), f"{what}{factor:g} times {'up' if move > 0 else 'down'}, and stays there."


def _common_factor(there: float, back: float) -> float | None:
    """The factor of two steps that undo each other."""
    if there * back > 0 or abs(there + back) > 2 * _NEAR:
        return None
    size = (abs(there) + abs(back)) / 2
    near = min(_FACTORS, key=lambda factor: abs(np.log(factor) - size))
    return near if abs(np.log(near) - size) <= _NEAR else None


def _whole_bars(block: Block, before: int, inside: Rows, factor: float) -> bool:
    """Whether also highs and lows are off, as no trade makes them."""
    limit = np.sqrt(factor)
    high, low = float(block.high[inside].max()), float(block.low[inside].min())
    level = float(block.close[before])
    return bool(high < level / limit or low > level * limit)


def _spikes(block: Block, known: Mask) -> Iterator[_Found]:
    close = block.close
    before, after = close[:-2], close[2:]
    top, bottom = np.maximum(before, after), np.minimum(before, after)
    moves = np.abs(np.diff(np.log(np.maximum(close, 1e-300))))
    usual = float(np.median(moves[moves > 0])) if (moves > 0).any() else 0.0
    limit = np.exp(max(_SPIKE, _SPIKE_MOVES * usual))
    steady = top < bottom * np.exp(max(_SPIKE, _SPIKE_MOVES * usual) / 3)
    far = (block.high[1:-1] > top * limit) | (block.low[1:-1] * limit < bottom)
    rows = np.flatnonzero(far & steady & ~known[1:-1] & ~known[:-2] & ~known[2:]) + 1
    for row in rows.tolist():
        worst = block.high[row] if block.high[row] > close[row - 1] * limit else block.low[row]
        what = f"a price of {worst:g} between closes of {close[row - 1]:g} and {close[row + 1]:g}."
        yield Defect.SPIKE, np.array([row]), what


def _frozen(interval: Interval, block: Block) -> Iterator[_Found]:
    same = np.ones(len(block) - 1, bool)
    for column in block.columns:
        same &= (column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1]))
    edges = np.flatnonzero(np.diff(same.astype(np.int8), prepend=0, append=0))
    least = _FROZEN_BARS if interval.intraday else _FROZEN_DAYS
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start + 1 >= least:
            rows = np.arange(start, end + 1)
            yield Defect.FROZEN, rows, f"{len(rows)} bars in a row are the same, at {block.close[start]:g}."


def _volumes(block: Block) -> Iterator[_Found]:
    volume = block.volume
    if float(volume.min()) > 0 and float(volume.max()) <= _HUGE_VOLUME * float(volume.min()):
        return
    traded = volume[volume > 0]
    if len(traded) < _FEW:
        return
    if traded.max() > _HUGE_VOLUME * traded.min():
        usual = float(np.median(traded))
        for row in np.flatnonzero(volume > _HUGE_VOLUME * usual).tolist():
            yield Defect.VOLUME, np.array([row]), f"a volume of {volume[row]:g}, where {usual:g} is usual."
    missing = np.flatnonzero(np.isnan(volume))
    if len(missing) and len(missing) < len(volume):
        yield Defect.NO_VOLUME, missing, f"{len(missing)} bars have no volume, the others have one."


def _prices(block: Block) -> Iterator[_Found]:
    zero = np.flatnonzero(block.low == 0)
    zero = zero if len(zero) < len(block) / 2 else zero[:0]
    if len(zero):
        yield Defect.ZERO, zero, f"{len(zero)} bars have a price of 0."
    # Rounding by the vendor is no defect.
    high, low = block.high * (1 + 1e-9), block.low * (1 - 1e-9)
    outside: Rows = np.flatnonzero(_beyond(block.open, high, low) | _beyond(block.close, high, low))
    if len(outside):
        row = int(outside[0])
        what = f"{len(outside)} bars, the first with open {block.open[row]:g}, high {block.high[row]:g}, "
        yield Defect.OUTSIDE_RANGE, outside, f"{what}low {block.low[row]:g}, close {block.close[row]:g}."


def _beyond(price: Floats, high: Floats, low: Floats) -> Mask:
    beyond: Mask = (price > high) | (price < low)
    return beyond


def findings(store: Path | str, *, without: Set[str] = frozenset(), progress: Progress | None = None) -> list[Finding]:
    """Every defect of everything that is stored, and what conflicts with the calendar.

    Parameters
    ----------
    without
        Symbols that are not looked at, as those whose files are damaged.
    progress
        Called with series done and series in all.

    Raises
    ------
    StoreError
        If there is no store, or a file is damaged.
    """
    catalog = Catalog.latest(Path(store))
    found: list[Finding] = []
    work: list[tuple[str, Interval, SeriesDays]] = []
    splits: dict[str, list[Action]] = {}
    for action in catalog.actions():
        if action.kind is Kind.SPLIT:
            splits.setdefault(action.symbol, []).append(action)
    for interval, grid, market, own in _kinds(catalog, without):
        here = resolved(catalog.root, load_calendar(market), catalog.pieces(interval, grid, own))
        found += [one for symbol, days in here.items() for one in _of_days(symbol, interval, grid, days)]
        found += _missing_for_all(interval, grid, market, here)
        for symbol in here.keys() & splits.keys():
            found += _of_splits(splits[symbol], interval, load_calendar(market), here[symbol])
        work += [(symbol, interval, days) for symbol, days in here.items()]
    for done, (symbol, interval, days) in enumerate(work, start=1):
        found += defects_of(symbol, interval, whole(catalog.root, days))
        if progress is not None:
            progress(done, len(work))
    return found


def _kinds(catalog: Catalog, without: Set[str]) -> Iterator[tuple[Interval, GridKind, str, list[str]]]:
    """Intervals, grids and markets that are stored, with their symbols, from short to long."""
    kinds: dict[tuple[Interval, GridKind, str], list[str]] = {}
    for symbol, info in catalog.symbols().items():
        held = [(one, GridKind.SESSION) for one in info.intervals] + [
            (one, GridKind.CLOCK) for one in info.clock_intervals
        ]
        for interval, grid in held if symbol not in without else ():
            kinds.setdefault((interval, grid, info.market), []).append(symbol)
    for interval, grid, market in sorted(kinds, key=lambda kind: (kind[0].rank, *kind[1:])):
        yield interval, grid, market, kinds[interval, grid, market]


def _of_days(symbol: str, interval: Interval, grid: GridKind, series: SeriesDays) -> Iterator[Finding]:
    """Bars where the calendar has no session, or outside its hours."""
    days = series.days
    closed = np.flatnonzero((series.ordinals < 0) & ((days["rows"] >= _HOLIDAY_BARS) | (not interval.intraday)))
    if len(closed):
        bars = int(days["rows"][closed].sum())
        what = f"{bars} bars on {len(closed)} days without a session."
        first, last = (_instant(int(days["midnight"][closed[place]])) for place in (0, -1))
        yield Finding(symbol, str(interval), Defect.CLOSED_DAY, first, last, bars, what)
    traded = days[series.ordinals >= 0]
    rows = int(traded["rows"].sum())
    outside = rows - int(traded["extended"]["span"].sum())
    if interval.intraday and grid is GridKind.SESSION and outside > _STRAY_SHARE * rows:
        what = f"{outside} of {rows} bars are outside the market's hours; is it another market?"
        first, last = (_instant(int(days["midnight"][place])) for place in (0, -1))
        yield Finding(symbol, str(interval), Defect.OUTSIDE_HOURS, first, last, outside, what)


def _of_splits(
    splits: Sequence[Action], interval: Interval, calendar: Calendar, series: SeriesDays
) -> Iterator[Finding]:
    """Raw prices that do not jump where a split is told, and adjusted ones that do; looks at daily summaries only."""
    known = np.flatnonzero((series.ordinals >= 0) & ~np.isnan(series.days["close"]))
    days, ordinals = series.days[known], series.ordinals[known]
    adjusted = bool(series.pieces) and series.pieces[-1].adjusted
    for split in splits:
        expected = float(np.log(split.value))
        if abs(expected) < _SMALL_SPLIT or not calendar.first_date <= split.day <= calendar.last_date:
            continue
        place = int(np.searchsorted(ordinals, calendar.first_on_or_after(split.day)))
        if (
            not 0 < place < len(days)
            or interval.unit is Unit.WEEK
            or min(days["close"][place - 1], days["open"][place]) <= 0
        ):
            continue
        before, after = float(days["close"][place - 1]), float(days["open"][place])
        jumps = abs(np.log(before / after) - expected) < abs(np.log(before / after))
        if jumps != adjusted:
            continue
        kind = "adjusted by their vendor, and yet jump" if adjusted else "raw, and yet do not jump"
        what = f"prices are {kind} at the split of {split.value:.10g} on {split.day} ({before:g} to {after:g})."
        first, last = _instant(int(days["midnight"][0])), _instant(int(days["midnight"][place - 1]))
        yield Finding(split.symbol, str(interval), Defect.SPLIT, first, last, int(days["rows"][:place].sum()), what)


def _missing_for_all(
    interval: Interval, grid: GridKind, market: str, series: dict[str, SeriesDays]
) -> Iterator[Finding]:
    """Sessions of which no symbol has a bar although several have some before and after: a holiday, it seems."""
    if len(series) < _FEW or grid is GridKind.CLOCK or interval.natural_base != interval:
        return
    calendar = load_calendar(market)
    firsts = [int(days.ordinals[days.ordinals >= 0].min(initial=len(calendar))) for days in series.values()]
    lasts = [int(days.ordinals.max(initial=-1)) for days in series.values()]
    held = np.zeros(len(calendar) + 1, np.int64)
    there = np.zeros(len(calendar) + 1, np.int64)
    for first, last, days in zip(firsts, lasts, series.values(), strict=True):
        held[first : last + 1] += 1
        there[days.ordinals[days.ordinals >= 0]] += 1
    for ordinal in np.flatnonzero((held >= _FEW) & (there == 0)).tolist():
        session = calendar.session(ordinal)
        what = f"no symbol has a bar on {session.date}, a trading day of {market}; {held[ordinal]} have bars around it."
        moment = _instant(session.midnight)
        yield Finding("*", str(interval), Defect.MISSING_DAY, moment, moment, 0, what)


def _moment(block: Block, row: int) -> datetime:
    return _instant(int(block.ts[row]))


def _instant(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC)
