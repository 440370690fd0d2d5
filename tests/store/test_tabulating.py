"""Day entries found from the sessions' edges are those that are found bar by bar."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.interval import NS_PER_MINUTE, Interval
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.session import Hours
from openbell.store import edges
from openbell.store.days import GridKind, Tabulated, tabulate

MONDAY = date(2024, 6, 24)
MARKETS = ("XNYS", "24/7", "FOREX", "XTKS", "XHKG")


def bars(calendar: Calendar, interval: Interval, seed: int, hours: Hours, *, strays: int, off_grid: bool) -> Block:
    """Some of the bars of some days, a few outside the sessions, and perhaps one that no window starts with."""
    random = np.random.default_rng(seed)
    first = calendar.first_on_or_after(MONDAY) + int(random.integers(0, 10))
    grid = calendar.grid(interval, first, first + int(random.integers(0, 6)), hours)
    ts = grid.stamps[random.random(len(grid)) < random.choice([0.05, 0.6, 1.0])]
    if strays:
        around = random.integers(-3 * 1440, 8 * 1440, strays) * NS_PER_MINUTE
        ts = np.union1d(ts, grid.stamps[0] + around)
    if off_grid and len(ts):
        ts = np.union1d(ts, [ts[len(ts) // 2] + 1_000_000_007])
    prices = [np.abs(random.normal(100, 1, len(ts))) for _ in range(5)]
    return Block.of(ts.astype(np.int64), prices)


def same(one: Tabulated, two: Tabulated) -> bool:
    names = ("days", "bits", "day_bounds", "byte_bounds")
    return all(getattr(one, name).tobytes() == getattr(two, name).tobytes() for name in names)


@given(
    seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=4),
    market=st.sampled_from(MARKETS),
    interval=st.sampled_from(["1m", "5m", "7m", "60m"]),
    hours=st.sampled_from(Hours),
    strays=st.sampled_from([0, 0, 3]),
    off_grid=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_both_ways_give_the_same_bytes(
    seeds: list[int], market: str, interval: str, hours: Hours, strays: int, off_grid: bool
) -> None:
    calendar, length = load_calendar(market), Interval.parse(interval)
    blocks = [bars(calendar, length, seed, hours, strays=strays, off_grid=off_grid) for seed in seeds]
    bounds = np.cumsum([0, *map(len, blocks)])
    block = Block.joined(blocks)

    found = edges.tabulated(calendar, length, block, bounds)

    assert same(found, tabulate(calendar, length, block, bounds))


@pytest.mark.parametrize(("interval", "kind"), [("1d", GridKind.SESSION), ("60m", GridKind.CLOCK)])
def test_days_and_clock_bars_go_the_general_way(xnys: Calendar, interval: str, kind: GridKind) -> None:
    length = Interval.parse(interval)
    ts = xnys.grid(Interval.parse("1d"), 100, 110).stamps + (0 if kind is GridKind.SESSION else 15 * 60 * NS_PER_MINUTE)
    block = Block.of(ts, [np.ones(len(ts))] * 5)
    bounds = np.array([0, len(ts)])

    assert same(edges.tabulated(xnys, length, block, bounds, kind), tabulate(xnys, length, block, bounds, kind))
