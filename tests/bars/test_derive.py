"""Coarser bars from finer ones: by hand, bit for bit between the two ways, and against what vendors publish."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from openbell.bars.block import FIELDS, Block
from openbell.bars.derive import derive, derive_all
from openbell.bars.grid import Grid, Span
from openbell.bars.interval import Interval
from openbell.bars.sheaf import Sheaf

MINUTE = 60_000_000_000
ONE = Interval.parse("1m")


def grids(length: str, minutes: int = 12) -> tuple[Grid, Grid]:
    """Windows and minutes of one segment."""
    spans = [Span(0, minutes * MINUTE, 0)]
    return Grid.of_spans(Interval.parse(length), spans), Grid.of_spans(ONE, spans)


def bars(places: list[int], prices: list[float] | None = None, volumes: list[float] | None = None) -> Block:
    """Minute bars with one price each."""
    column = np.array(prices or [float(place) for place in places])
    volume = np.array(volumes or [1.0] * len(places))
    return Block.of(np.array(places, np.int64) * MINUTE, [column, column + 0.5, column - 0.5, column, volume])


def rows(block: Block) -> list[tuple[float, ...]]:
    return [tuple(row) for row in np.column_stack([block.ts // MINUTE, *block.columns, block.shares]).tolist()]


def test_open_first_high_largest_low_smallest_close_last_volume_summed():
    windows, minutes = grids("5m")
    fine = bars([0, 1, 2, 3, 4, 5], [10.0, 12.0, 9.0, 11.0, 10.5, 7.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    made = derive(fine, windows, windows.expected(minutes))

    assert rows(made) == [(0, 10.0, 12.5, 8.5, 10.5, 15.0, 1.0), (5, 7.0, 7.5, 6.5, 7.0, 6.0, 0.2)]


def test_a_window_without_a_bar_makes_none():
    windows, minutes = grids("3m")

    made = derive(bars([0, 9]), windows, windows.expected(minutes))

    assert made.ts.tolist() == [0, 9 * MINUTE]


def test_the_short_last_window_counts_what_it_can_have():
    windows, minutes = grids("5m")

    made = derive(bars([10, 11]), windows, windows.expected(minutes))

    assert rows(made) == [(10, 10.0, 11.5, 9.5, 11.0, 2.0, 1.0)]
    assert [windows.is_short(slot) for slot in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    ("least", "made"), [(0.0, [0, 5, 10]), (0.4, [0, 5, 10]), (0.41, [5, 10]), (0.8, [5]), (1.0, [])]
)
def test_completeness_is_the_least_share_of_a_windows_own_bars(least, made):
    windows, minutes = grids("5m")
    fine = bars([1, 3, 5, 6, 7, 8, 10])

    found = derive(fine, windows, windows.expected(minutes), completeness=least)

    assert (found.ts // MINUTE).tolist() == made
    shares = {0: 0.4, 5: 0.8, 10: 0.5}
    assert found.shares.tolist() == [shares[start] for start in made]


def test_bars_outside_every_window_are_left_out():
    spans = [Span(2 * MINUTE, 4 * MINUTE, 0), Span(6 * MINUTE, 8 * MINUTE, 0)]
    windows, minutes = (Grid.of_spans(Interval.parse(length), spans) for length in ("2m", "1m"))

    made = derive(bars(list(range(12))), windows, windows.expected(minutes))

    assert rows(made) == [(2, 2.0, 3.5, 1.5, 3.0, 2.0, 1.0), (6, 6.0, 7.5, 5.5, 7.0, 2.0, 1.0)]


def test_a_volume_that_is_missing_makes_that_of_its_window_missing_and_no_other():
    windows, minutes = grids("2m", 4)

    made = derive(bars([0, 1, 2, 3], volumes=[1.0, np.nan, 2.0, 3.0]), windows, windows.expected(minutes))

    assert np.isnan(made.volume[0])
    assert made.volume[1] == 5.0
    assert made.close.tolist() == [1.0, 3.0]


def test_no_bars_and_no_windows_make_no_bars():
    windows, minutes = grids("5m")

    assert len(derive(Block.empty(), windows, windows.expected(minutes))) == 0
    assert len(derive(bars([1]), windows[:0], windows.expected(minutes)[:0])) == 0


def test_what_is_made_cannot_be_written():
    windows, minutes = grids("5m")
    made = derive(bars([0, 1]), windows, windows.expected(minutes))

    for column in (made.ts, *made.columns, made.shares):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


prices = st.floats(1e-3, 1e6, allow_nan=False)


@settings(deadline=None, derandomize=True, max_examples=60, database=None)
@given(present=hn.arrays(bool, 40), closes=hn.arrays(np.float64, 40, elements=prices), split=st.integers(0, 40))
def test_through_an_interval_between_the_prices_are_the_same(present, closes, split):
    five, minutes = grids("5m", 40)
    fifteen, _ = grids("15m", 40)
    at = np.flatnonzero(present)
    block = Block.of(minutes.stamps[at], [closes[at]] * 4 + [np.ones(len(at))])

    direct = derive(block, fifteen, fifteen.expected(minutes))
    stepwise = derive(derive(block, five, five.expected(minutes)), fifteen, fifteen.expected(five))

    assert direct.ts.tolist() == stepwise.ts.tolist()
    for field in range(5):
        assert direct.columns[field].tobytes() == stepwise.columns[field].tobytes()


def block_of(file: Path) -> Block:
    frame = pl.read_parquet(file)
    stamps = frame["ts"].cast(pl.Datetime("ns", "UTC")).to_physical().to_numpy()
    return Block.of(stamps, [frame[name].to_numpy() for name in FIELDS])


CASES = (
    "lean_spy_1h_to_1d",
    "lean_aapl_1h_to_1d",
    "lean_coinbase_btcusd_1s_to_1m",
    "alphavantage_spy_1m_to_15m",
    "alphavantage_jpm_1m_to_15m",
    "alphavantage_gld_1m_to_15m",
)


@pytest.mark.parametrize("case", CASES)
def test_what_vendors_publish_is_reproduced(data: Path, case: str):
    from openbell.market.calendar import load_calendar

    folder = data / "reference" / "aggregation"
    sample = next(one for one in json.loads((folder / "index.json").read_text())["cases"] if one["id"] == case)
    fine, answer = block_of(folder / sample["input"]), block_of(folder / sample["expected"])
    calendar = load_calendar("24/7" if "btc" in case else "XNYS")
    begins = calendar.begins
    first, last = (int(np.searchsorted(begins, fine.ts[end], side="right")) - 1 for end in (0, -1))
    length = Interval.parse(case.rsplit("_", 1)[1])
    windows = calendar.grid(length, first, last)
    lefts = None
    if not length.intraday:
        # The sample's days are those of the wall: clock hours begin before the open, and some lie after an early close.
        ends = windows.stamps + 23 * 60 * MINUTE
        windows, lefts = Grid(length, windows.stamps, windows.opens, ends, windows.sessions), windows.stamps
    expected = np.ones(len(windows), np.int32)

    made = derive(fine, windows, expected, lefts=lefts)

    assert made.ts.tolist() == answer.ts.tolist()
    for ours, theirs in zip(made.columns, answer.columns, strict=True):
        assert (np.abs(ours - theirs) <= 1e-9 * np.maximum(1.0, np.abs(theirs))).all()


@settings(derandomize=True, deadline=None, database=None)
@given(seed=st.integers(0, 2**32), symbols=st.integers(0, 5), left=st.integers(-2, 14), length=st.integers(0, 14))
def test_many_symbols_are_folded_as_each_alone(seed, symbols, left, length):
    random = np.random.default_rng(seed)
    windows, minutes = grids("5m")
    blocks = []
    for _ in range(symbols):
        stamps = minutes.stamps[random.random(len(minutes)) < random.random()]
        blocks.append(Block.of(stamps, random.random((5, len(stamps)))))
    within = (left * MINUTE, (left + length) * MINUTE)

    made = derive_all(Sheaf.of(blocks), windows, windows.expected(minutes), within=within, completeness=0.4)

    alone = [derive(b.between(*within), windows, windows.expected(minutes), completeness=0.4) for b in blocks]
    assert [rows(block) for block in made.blocks] == [rows(block) for block in alone]
