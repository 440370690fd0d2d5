"""The ready-made scanners, each against its own words worked out symbol by symbol."""

from pathlib import Path

import numpy as np
import pytest
from sessions import SYMBOLS, document, started

import openbell as ob
from openbell.scanners.sofar import Curves, VolumeSoFar
from openbell.store.importing import import_files

HOME = "openbell.scanners.ready"
RATIO = 0.95


def scanned(store: Path, name: str, at: str = "11:00", **params: object):
    """A day up to a time with one scan then, and what that scan promoted."""
    rule = {"use": f"{HOME}:{name}", "at": [at], "params": {"most": 99} | params}
    day = started(store, at=at, scanners=[rule], history=[{"days": 10, "intervals": ["1m", "5m"], "symbols": "all"}])
    records = day._dispatcher.doings()
    assert not records.faults, records.faults
    for symbol in SYMBOLS:
        day.add_symbol(symbol)
    assert len(traded(day)) >= 5
    return day, [name for one in records.scans for name in one["promoted"]]


def traded(day: ob.SessionCoordinator) -> list[str]:
    """The symbols that have bars today."""
    return [name for name in SYMBOLS if len(bars(day, name).today)]


def past(day: ob.SessionCoordinator, symbol: str, sessions: int):
    """The 1m bars of a symbol over the sessions before today."""
    first = day.time.calendar.session(day.time.today.ordinal - sessions).midnight
    block = bars(day, symbol).history
    return block[int(block.ts.searchsorted(first)) :]


def bars(day: ob.SessionCoordinator, symbol: str, interval: str = "1m"):
    return day.session_data.get_symbol_data(symbol).bars[interval]


def test_gap(store: Path):
    day, promoted = scanned(store, "Gap", gap=0.002, side="up")

    gaps = {s: bars(day, s).today.open[0] / bars(day, s).history.close[-1] - 1 for s in traded(day)}

    assert promoted == sorted((s for s in traded(day) if gaps[s] > 0.002), key=lambda s: -gaps[s])
    assert 0 < len(promoted) < len(traded(day))


def usual_by_polars(bars, days: list[tuple[int, int]], minutes: int) -> float:
    """The mean over sessions, given as open and close, of the volume up to so many minutes after their open."""
    import polars as pl

    minute = ((pl.col("ts") - pl.col("open")) // 60_000_000_000).alias("minute")
    sessions = pl.DataFrame({"open": [opened for opened, _ in days], "close": [close for _, close in days]})
    traded = (
        pl.DataFrame({"ts": bars.ts, "volume": bars.volume})
        .join_asof(sessions, left_on="ts", right_on="open")
        .filter(pl.col("ts") < pl.col("close"))
    )
    every_minute = (
        traded.select("open", "close")
        .unique()
        .with_columns(ts=pl.int_ranges("open", "close", 60_000_000_000))
        .explode("ts")
    )
    return (
        every_minute.join(traded.select("ts", "volume"), on="ts", how="left")
        .group_by(minute)
        .agg(pl.col("volume").fill_null(0).mean())
        .filter(pl.col("minute") < minutes)["volume"]
        .sum()
    )


@pytest.mark.parametrize("at", ["09:35", "11:00", "15:30"])
def test_relative_volume_is_held_against_the_same_minutes_of_past_sessions(store: Path, at: str):
    day, promoted = scanned(store, "RelativeVolume", at=at, ratio=RATIO, days=5)
    minutes = (day.time.now - day.time.today.open) // 60_000_000_000
    before = [day.time.calendar.session(day.time.today.ordinal - back) for back in range(5, 0, -1)]

    ratios = {}
    for s in traded(day):
        usual = usual_by_polars(past(day, s, 5), [(one.open, one.close) for one in before], minutes)
        ratios[s] = bars(day, s).today.volume.sum() / usual if usual else np.nan

    assert promoted == sorted((s for s in traded(day) if ratios[s] > RATIO), key=lambda s: -ratios[s])
    assert 0 < len(promoted) < len(traded(day))


def test_minutes_after_an_early_close_are_no_quiet_minutes(data: Path, tmp_path: Path):
    import_files([data / "blaizard_us_2024" / "1m"], tmp_path / "store", market="XNYS")
    made = {
        "market": "XNYS",
        "store": str(tmp_path / "store"),
        "backtest": {"start": "2024-07-05", "end": "2024-07-05"},
        "session": {"symbols": ["FDS"], "intervals": ["1m"]},
        "history": [{"days": 5, "intervals": ["1m"]}],
    }
    day = ob.SessionCoordinator.from_file(made)
    day.start_day()
    curves, wanted = Curves(day.data, day.time), VolumeSoFar(4)
    before = [day.time.calendar.session(day.time.today.ordinal - back) for back in range(4, 0, -1)]
    spans = [(one.open, one.close) for one in before]
    assert {(close - opened) // 60_000_000_000 for opened, close in spans} == {210, 390}

    for at, minutes in (("09:40", 10), ("12:59", 209), ("15:00", 330), ("16:00", 390)):
        day.advance_to(at)
        expected = usual_by_polars(past(day, "FDS", 4), spans, minutes)
        assert curves.of(wanted, ["FDS"]).tolist() == pytest.approx([expected], rel=1e-12)

    assert np.isnan(curves.of(wanted, ["FDS", "NOBODY"])).tolist() == [False, True]


def test_usual_volume_sees_nothing_before_the_first_minute_is_over(store: Path):
    day = started(store)

    assert Curves(day.data, day.time).of(VolumeSoFar(5), ["NVDA"]).tolist() == [0.0]


@pytest.mark.parametrize("side", ["high", "low", "both"])
def test_new_high_low(store: Path, side: str):
    day, promoted = scanned(store, "NewHighLow", days=3, side=side)

    higher = {s for s in traded(day) if bars(day, s).today.high.max() > past(day, s, 3).high.max()}
    lower = {s for s in traded(day) if bars(day, s).today.low.min() < past(day, s, 3).low.min()}

    assert set(promoted) == {"high": higher, "low": lower, "both": higher | lower}[side]


def test_rsi_extreme(store: Path):
    day, promoted = scanned(store, "RsiExtreme", low=45.0, high=55.0)

    rsi = {s: day.session_data.get_symbol_data(s).indicators["rsi_14_5m"].current_value for s in SYMBOLS}

    far = {s: max(rsi[s] - 55, 45 - rsi[s]) for s in SYMBOLS}
    assert promoted == sorted((s for s in SYMBOLS if far[s] > 0), key=lambda s: -far[s])
    assert 0 < len(promoted) < len(SYMBOLS)


def test_opening_range_break(store: Path):
    day, promoted = scanned(store, "OpeningRangeBreak", minutes=15)

    broken = set()
    for s in traded(day):
        today = bars(day, s).today
        first = today.ts < day.time.today.open + 15 * 60_000_000_000
        if not today.low[first].min() <= today.close[-1] <= today.high[first].max():
            broken.add(s)

    assert set(promoted) == broken
    assert 0 < len(promoted) <= len(traded(day))


def test_an_opening_range_that_is_not_over_breaks_nowhere(store: Path):
    _, promoted = scanned(store, "OpeningRangeBreak", at="09:40", minutes=15)

    assert promoted == []


def test_squeeze(store: Path):
    day, promoted = scanned(store, "Squeeze", multiplier=1.6)

    narrow = set()
    for s in traded(day):
        block = bars(day, s, "5m").block
        width = 4 * block.close[-20:].std()
        whole = ob.compute("keltner", high=block.high, low=block.low, close=block.close, period=20,
                           multiplier=1.6, atr_period=20)  # fmt: skip
        if width < (whole["upper"] - whole["lower"])[-1]:
            narrow.add(s)

    assert set(promoted) == narrow


def test_composite_needs_all_or_so_many_of_its_parts(store: Path):
    parts = {"gap": {"gap": 0.002, "side": "up"}, "rsi_extreme": {"low": 45.0, "high": 55.0}}
    gap, rsi = (set(scanned(store, name, **parts[key])[1]) for key, name in
                (("gap", "Gap"), ("rsi_extreme", "RsiExtreme")))  # fmt: skip

    assert set(scanned(store, "Composite", parts=parts)[1]) == gap & rsi
    assert set(scanned(store, "Composite", parts=parts, need=1)[1]) == gap | rsi


def test_what_no_longer_scores_is_let_go(store: Path):
    rule = {"use": f"{HOME}:RsiExtreme", "every": "15m", "params": {"low": 45.0, "high": 55.0}}
    day = started(store, scanners=[rule])

    scans = day.finish_day().scans

    dropped = [name for one in scans for name in one["dropped"]]
    assert dropped
    assert set(dropped) <= {name for one in scans for name in one["promoted"]}


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"parts": {"gpa": {}}}, "parts.gpa"),
        ({"parts": {"gap": {"gpa": 1.0}}}, "parts.gap.gpa"),
        ({"parts": {}}, "scanners[0]"),
    ],
)
def test_a_composite_of_what_is_not_there_is_told(store: Path, params, place):
    rule = {"use": f"{HOME}:Composite", "every": "15m", "params": params}

    (problem,) = ob.check(document(store, scanners=[rule]))

    assert place in f"{problem.where} {problem.what}"
