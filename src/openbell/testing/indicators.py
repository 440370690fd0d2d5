"""The contract of an indicator, for users' own as for those of openbell.

Each check is a function of a `Case`; it raises `AssertionError` and says what was expected. `check_indicator` runs all
of them over several parameters and over markets that break careless formulas.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.indicators.chain import Chain, Ints, Places
from openbell.indicators.definition import Bar, CalendarFigure, Definition, Kind, Param, Value, definition_of
from openbell.indicators.manager import IndicatorManager
from openbell.indicators.registry import parse
from openbell.indicators.settling import TOLERANCE
from openbell.indicators.spec import IndicatorSpec

_INTERVAL = Interval.parse("5m")
_BARS_OF_SESSION = 13
_LARGEST_PERIOD = 30


@dataclass(frozen=True, slots=True)
class Case:
    """One indicator with its parameters, and a seed for the bars that it is tried on."""

    spec: IndicatorSpec
    seed: int = 1

    @property
    def definition(self) -> Definition:
        """What is checked."""
        return self.spec.definition

    def __str__(self) -> str:
        return f"{self.spec.name}({', '.join(f'{name}={value}' for name, value in self.spec.params)})"


def cases(definition: Definition, count: int = 3, seed: int = 1) -> Iterator[Case]:
    """An indicator with its usual parameters, and with random ones.

    Parameters
    ----------
    definition
        Which indicator.
    count
        How many sets of parameters.
    seed
        Which random ones.
    """
    rng = np.random.default_rng(seed)
    given: dict[str, Value] = {p.name: min(10, int(p.maximum or 10)) for p in definition.params if p.required}
    yield Case(parse(definition, _INTERVAL, given), seed)
    made = 1
    for _ in range(100 * count):
        if made >= count or not definition.params:
            return
        params = {p.name: _random(p, rng) for p in definition.params}
        if definition.fault(params) is None:
            made += 1
            yield Case(parse(definition, _INTERVAL, params), seed + made)


def check_indicator(cls: type | Definition, *, count: int = 3, seed: int = 1) -> None:
    """Run the whole contract over an indicator.

    Parameters
    ----------
    cls
        A class that `openbell.indicators.definition.indicator` decorates.
    count
        How many sets of parameters are tried, the usual one among them.
    seed
        Which random parameters and bars.

    Raises
    ------
    AssertionError
        If one part of the contract does not hold; says which, and with which parameters.
    IndicatorError
        If it cannot be compiled; names the line.

    Examples
    --------
    >>> from openbell.indicators.averages import Sma
    >>> check_indicator(Sma, count=1)
    """
    definition = cls if isinstance(cls, Definition) else definition_of(cls)
    for case in cases(definition, count, seed):
        for check in CHECKS:
            check(case)


def walk(bars: int, seed: int = 1, scale: float = 100.0) -> Block:
    """A random walk of prices with volume, one bar a minute."""
    rng = np.random.default_rng(seed)
    close: Floats = scale * np.cumprod(1.0 + rng.normal(0.0, 0.004, bars), dtype=np.float64)
    opened: Floats = close * (1.0 + rng.normal(0.0, 0.002, bars))
    high: Floats = np.maximum(opened, close) * (1.0 + rng.uniform(0.0, 0.003, bars))
    low: Floats = np.minimum(opened, close) * (1.0 - rng.uniform(0.0, 0.003, bars))
    return _block(opened, high, low, close, rng.integers(0, 1000, bars).astype(np.float64))


def hard_markets(bars: int, seed: int = 1) -> dict[str, Block]:
    """Bars that break careless formulas, by name."""
    usual, flat = walk(bars, seed), np.ones(bars, np.float64)
    huge: Floats = np.where(np.arange(bars) < bars // 2, 1e12, 1e-6)
    steps: Floats = np.where(np.arange(bars) // 7 % 2, 100.0, 110.0)
    zero, rising = np.zeros(bars), np.cumsum(flat, dtype=np.float64)
    volume, jumps = usual.volume, np.where(np.arange(bars) % 20 < 10, 1.0, 3.0).astype(np.float64)
    return {
        "constant prices": _block(flat * 7.1, flat * 7.1, flat * 7.1, flat * 7.1, volume),
        "zero prices": _block(zero, zero, zero, zero, volume),
        "no volume": _block(usual.open, usual.high, usual.low, usual.close, zero),
        "nothing at all": _block(zero, zero, zero, zero, zero),
        "huge then tiny prices": _block(huge, huge * 1.01, huge * 0.99, huge, volume),
        "steps with flat bars": _block(steps, steps, steps, steps, volume),
        "rising without end": _block(rising, rising, rising, rising, volume),
        "gaps": _block(usual.open * jumps, usual.high * jumps, usual.low * jumps, usual.close * jumps, volume),
    }


def values_of(spec: IndicatorSpec, bars: Block, sessions: Ints | None = None) -> Floats:
    """Values over all bars from the first on, shape (outputs, bars)."""
    chain = Chain.of(spec, _figures)
    slots, days = places_of(len(bars), sessions)
    return chain.run(chain.fresh(), bars.columns, slots, days)[0]


def places_of(bars: int, sessions: Ints | None = None) -> tuple[Ints, Ints]:
    """Slots and sessions of bars that leave nothing out; by default sessions of 13 bars."""
    days = np.arange(bars) // _BARS_OF_SESSION if sessions is None else sessions
    first = np.searchsorted(days, days)
    return np.arange(bars) - first, days


def gives_numbers_from_its_lookback_on(case: Case) -> None:
    """NaN before the lookback, a number ever after, on every market."""
    bars = _enough(case)
    lookback = case.spec.needs.lookback
    for name, market in {"a random walk": walk(bars, case.seed), **hard_markets(bars, case.seed)}.items():
        values = values_of(case.spec, market, _one_session(case, bars))
        first = lookback - 1
        if case.spec.needs.sessions:
            first = int(np.argmax(np.isfinite(values[0])))
            _hold(np.isfinite(values[0]).any(), case, f"has no number on {name}")
        _hold(np.isnan(values[:, :first]).all(), case, f"has a number before its lookback of {lookback} on {name}")
        bad = np.flatnonzero(~np.isfinite(values[:, first:]).all(axis=0))
        at = first + int(bad[0]) if len(bad) else 0
        _hold(len(bad) == 0, case, f"is {values[:, at].tolist()} at bar {at} of {name}")


def computes_what_its_text_says(case: Case) -> None:
    """The compiled loops give the bits that the same lines give in plain Python."""
    bars = min(_enough(case), 400)
    market = walk(bars, case.seed)
    slots, sessions = places_of(bars)

    plain = _plain(case, market, slots, sessions)

    _same(case, values_of(case.spec, market), plain, "compiled and plain Python differ")


def is_the_same_bar_by_bar_and_across_symbols(case: Case) -> None:
    """One symbol equals many, and feeding one bar at a time equals feeding all, with bars missing here and there."""
    bars, symbols = min(_enough(case), 400), 3
    slots, sessions = places_of(bars)
    markets = [walk(bars, case.seed + row) for row in range(symbols)]
    present = np.random.default_rng(case.seed).random((bars, symbols)) < 0.8
    manager = IndicatorManager(symbols, _figures)
    manager.prepare(case.spec)
    for row in range(symbols):
        manager.adopt(case.spec, row, manager.warm(case.spec, Block.empty(), Block.empty(), _no_places()))

    seen = []
    for i in range(bars):
        instant = np.array([[market.columns[f][i] for market in markets] for f in range(5)])
        manager.update(_INTERVAL, instant, present[i], int(slots[i]), int(sessions[i]), end=i)
        seen.append(manager.values(case.spec).copy())

    for row, market in enumerate(markets):
        there = present[:, row]
        chain = Chain.of(case.spec, _figures)
        columns = tuple(np.ascontiguousarray(column[there]) for column in market.columns)
        batch, _ = chain.run(chain.fresh(), columns, slots[there], sessions[there])
        _same(case, np.array(seen)[there, :, row].T, batch, "bar by bar and in one go differ")


def is_the_same_when_symbols_stand_alike(case: Case) -> None:
    """Symbols that have every bar, taken several at a time, equal whole columns; also beside one that lacks a bar."""
    bars, symbols = min(_enough(case), 150), 21
    slots, sessions = places_of(bars)
    markets = [walk(bars, case.seed + row) for row in range(symbols)]
    fields = np.array([market.columns for market in markets]).transpose(1, 0, 2).copy()
    present = np.ones((bars, symbols), np.bool_)
    present[2 * bars // 3, -1] = False
    manager = IndicatorManager(symbols, _figures)
    manager.prepare(case.spec)
    for row in range(symbols):
        manager.adopt(case.spec, row, manager.warm(case.spec, Block.empty(), Block.empty(), _no_places()))

    seen = []
    for i in range(bars):
        instant = np.ascontiguousarray(fields[:, :, i])
        manager.update(_INTERVAL, instant, present[i], int(slots[i]), int(sessions[i]), end=i)
        seen.append(manager.values(case.spec)[:, :-1].copy())

    whole = Chain.of(case.spec, _figures).table(tuple(fields), slots, sessions)
    _same(
        case, np.array(seen).transpose(1, 2, 0), np.array(whole)[:, :-1], "several at a time and whole columns differ"
    )


def is_the_same_in_any_split(case: Case) -> None:
    """Feeding bars in two or more parts equals feeding them in one."""
    bars = min(_enough(case), 400)
    market, (slots, sessions) = walk(bars, case.seed), places_of(bars)
    cuts = [0, *sorted(np.random.default_rng(case.seed).integers(0, bars, 4).tolist()), bars]
    chain = Chain.of(case.spec, _figures)
    carried = chain.fresh()

    parts = [chain.run(carried, market[a:b].columns, slots[a:b], sessions[a:b])[0] for a, b in pairwise(cuts) if b > a]

    _same(case, np.concatenate(parts, axis=1), values_of(case.spec, market), "in parts and in one go differ")


def is_settled_after_its_warmup(case: Case) -> None:
    """With ``warmup`` bars it is within tolerance of ten times as many, and says so; one bar earlier it does not."""
    needs = case.spec.needs
    if needs.kind not in (Kind.WINDOW, Kind.FADING) or needs.sessions:
        return
    longest = 10 * needs.warmup
    market = walk(longest, case.seed)
    lately = values_of(case.spec, market, np.zeros(longest, np.int64))[:, -needs.warmup :]
    everything = lately[:, -1]

    enough = values_of(case.spec, market[longest - needs.warmup :], np.zeros(needs.warmup, np.int64))[:, -1]

    # Beside its size lately, not only now: it may just be crossing zero.
    scale = max(float(np.nanmax(np.abs(lately))), float(np.abs(market.close).max()))
    worst = float(np.abs(enough - everything).max()) / scale
    _hold(worst <= TOLERANCE, case, f"is off by {worst:.1e} after its warm-up of {needs.warmup} bars")
    _hold(_settles(case, market, needs.warmup), case, f"is not settled after its warm-up of {needs.warmup} bars")
    early = needs.warmup > 1 and _settles(case, market, needs.warmup - 1)
    _hold(not early, case, f"says that it is settled one bar before its warm-up of {needs.warmup}")


def starts_where_its_kind_says(case: Case) -> None:
    """Session kinds know nothing of yesterday; replayed ones start exactly ``warmup`` bars before today."""
    needs = case.spec.needs
    past = max(needs.warmup, 40) + 60
    market, today = walk(past, case.seed), walk(20, case.seed + 1)
    longer, shorter = (_warm(case, market[cut:], today) for cut in (0, 50))
    if needs.kind is Kind.SESSION:
        _same(case, longer, _warm(case, Block.empty(), today), "depends on an earlier session")
    if not needs.sessions:
        _same(case, longer, shorter, "depends on how much history is held")
    if needs.kind is Kind.REPLAYED:
        _hold(_settles(case, market, needs.warmup), case, f"is not settled after {needs.warmup} bars")


def is_another_with_other_parameters(case: Case) -> None:
    """Every parameter is part of the identity and of the key."""
    for p in case.definition.params:
        for other in _others(p, dict(case.spec.params)[p.name]):
            params = {**dict(case.spec.params), p.name: other}
            if case.definition.fault(params) is None:
                changed = parse(case.definition, _INTERVAL, params)
                _hold(changed != case.spec, case, f"equals itself with {p.name}={other}")
                _hold(changed.key != case.spec.key, case, f"has the key {changed.key} with {p.name}={other} too")
                break


CHECKS: tuple[Callable[[Case], None], ...] = (
    gives_numbers_from_its_lookback_on,
    computes_what_its_text_says,
    is_the_same_bar_by_bar_and_across_symbols,
    is_the_same_when_symbols_stand_alike,
    is_the_same_in_any_split,
    is_settled_after_its_warmup,
    starts_where_its_kind_says,
    is_another_with_other_parameters,
)


def _plain(case: Case, market: Block, slots: Ints, sessions: Ints) -> Floats:
    """The definition run as it is written, without a compiler."""
    definition = case.definition
    params = definition.resolved(dict(case.spec.params))
    for p in definition.params:
        if p.calendar is not None and getattr(params, p.name) == p.default:
            setattr(params, p.name, p.type(_figures(p.calendar, _INTERVAL)))
    lookback, resets = case.spec.needs.lookback, definition.kind is Kind.SESSION
    out = np.full((len(definition.outputs), len(market)), math.nan)
    state = _fresh(definition, params)
    source = market.columns[Chain.of(case.spec, _figures).links[0].column]
    for i in range(len(market)):
        if resets and i and sessions[i] != sessions[i - 1]:
            state = _fresh(definition, params)
        state.seen += 1
        opened, high, low, close, volume = (float(column[i]) for column in market.columns)
        bar = Bar(float(source[i]), opened, high, low, close, volume, int(slots[i]), int(sessions[i]))
        value = definition.update(state, bar, params)
        if state.seen >= lookback:
            out[:, i] = value
    return out


def _fresh(definition: Definition, params: SimpleNamespace) -> SimpleNamespace:
    scalars = {field.name: field.type(field.start) for field in definition.fields}
    windows = {one.name: [0.0] * int(one.size(params)) for one in definition.windows}
    return SimpleNamespace(seen=0, **scalars, **windows)


def _figures(wanted: CalendarFigure, _: Interval) -> float:
    return {CalendarFigure.BARS_PER_YEAR: 19656.0, CalendarFigure.BARS_PER_SESSION: float(_BARS_OF_SESSION)}[wanted]


def _enough(case: Case) -> int:
    needs = case.spec.needs
    return max(3 * needs.lookback + 60, (needs.sessions + 3) * _BARS_OF_SESSION)


def _one_session(case: Case, bars: int) -> Ints | None:
    return None if case.spec.needs.sessions else np.zeros(bars, np.int64)


def _settles(case: Case, market: Block, bars: int) -> bool:
    manager = IndicatorManager(1, _figures)
    manager.prepare(case.spec)
    places = _places(bars, 0)
    manager.adopt(case.spec, 0, manager.warm(case.spec, market[len(market) - bars :], Block.empty(), places))
    return manager.settled(case.spec, 0)


def _warm(case: Case, history: Block, today: Block) -> Floats:
    manager = IndicatorManager(1, _figures)
    manager.prepare(case.spec)
    warm = manager.warm(case.spec, history, today, _places(len(history), len(today)))
    return warm.values[:, None]


def _places(past: int, now: int) -> Places:
    """History in sessions of 13 bars that end with the last whole one, and today."""
    days = np.concatenate([1000 - (past - 1 - np.arange(past)) // _BARS_OF_SESSION, np.full(now, 1001)])
    slots, sessions = places_of(past + now, days)
    return Places(slots, sessions, np.arange(1, past + now + 1))


def _no_places() -> Places:
    return _places(0, 0)


def _block(*columns: Floats) -> Block:
    stamps = np.arange(len(columns[0])) * 60_000_000_000
    return Block(stamps, *(np.ascontiguousarray(column, np.float64) for column in columns))


def _random(p: Param, rng: np.random.Generator) -> Value:
    if p.choices:
        return str(rng.choice(list(p.choices)))
    low = 0.0 if p.minimum is None else p.minimum
    high = min(low + _LARGEST_PERIOD, math.inf if p.maximum is None else p.maximum)
    return int(rng.integers(int(low), int(high) + 1)) if p.type is int else float(round(rng.uniform(low, high), 2))


def _others(p: Param, value: Value) -> Iterator[Value]:
    if p.choices:
        yield from (word for word in p.choices if word != value)
    elif not isinstance(value, str):
        low = -math.inf if p.minimum is None else p.minimum
        high = math.inf if p.maximum is None else p.maximum
        yield from (p.type(v) for v in (value + 1, value - 1, value / 2) if low <= v <= high and p.type(v) != value)


def _same(case: Case, one: npt.ArrayLike, other: npt.ArrayLike, what: str) -> None:
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    different = (a != b) & ~(np.isnan(a) & np.isnan(b))
    if different.any():
        at = np.argwhere(different)[0]
        _hold(False, case, f"{what}: {a[tuple(at)]!r} and {b[tuple(at)]!r} at output {at[0]}, bar {at[-1]}")


def _hold(holds: bool | np.bool_, case: Case, what: str) -> None:
    if not holds:
        raise AssertionError(f"{case} {what}")
