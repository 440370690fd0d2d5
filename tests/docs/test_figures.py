"""The tutorial's figures of one thin name, reckoned once more by other means: polars and plain loops."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import openbell as ob
from openbell.cli.main import main

DAY, HALF_DAY = date(2024, 7, 5), date(2024, 7, 3)
SESSION = {
    "market": "XNYS",
    "backtest": {"start": DAY, "end": DAY},
    "session": {"symbols": ["ERIE"], "intervals": ["1m", "5m", "15m"]},
    "history": [{"days": 30, "intervals": ["1m", "5m", "15m"]}],
    "indicators": [
        {"name": "rsi", "interval": "5m", "params": {"period": 14}},
        {"name": "ema", "interval": "1d", "params": {"period": 20}},
        {"name": "vwap", "interval": "1m"},
    ],
}


@pytest.fixture(scope="module")
def told(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """ERIE at the end of the tutorial, as the report has it."""
    store = tmp_path_factory.mktemp("thin") / "store"
    assert main(["import", str(data / "blaizard_us_2024" / "1m" / "ERIE.parquet"), "--store", str(store)]) == 0
    return ob.run(SESSION | {"store": str(store)}).days[-1].symbols["ERIE"]


@pytest.fixture(scope="module")
def minutes(data: Path) -> pl.DataFrame:
    """ERIE's minutes of regular hours up to the day, with their date and minute since the open."""
    bars = pl.read_parquet(data / "blaizard_us_2024" / "1m" / "ERIE.parquet")
    local = bars.with_columns(local=pl.col("ts").dt.convert_time_zone("America/New_York"))
    since = pl.col("local").dt.hour().cast(pl.Int32) * 60 + pl.col("local").dt.minute() - 570
    placed = local.with_columns(date=pl.col("local").dt.date(), minute=since)
    length = pl.when(pl.col("date") == HALF_DAY).then(210).otherwise(390)
    return placed.filter((pl.col("minute") >= 0) & (pl.col("minute") < length) & (pl.col("date") <= DAY))


@pytest.mark.parametrize("width", [1, 5, 15])
def test_bars_and_quality(told: dict, minutes: pl.DataFrame, width: int):
    dates = sorted(set(minutes["date"].to_list()))[-31:]
    windows = minutes.select("date", window=pl.col("minute") // width).unique()
    before = windows.filter(pl.col("date").is_in(dates[:-1])).height
    today = windows.filter(pl.col("date") == DAY).height
    expected = sum((210 if one == HALF_DAY else 390) // width for one in dates)

    bars = told["intervals"][f"{width}m"]

    assert (bars["history_bars"], bars["session_bars"]) == (before, today)
    assert bars["quality"] == pytest.approx(100 * (before + today) / expected, abs=0.05)


def test_indicators(told: dict, minutes: pl.DataFrame):
    five = minutes.group_by("date", window=pl.col("minute") // 5).agg(pl.col("close").last()).sort("date", "window")
    days = minutes.group_by("date").agg(pl.col("close").last()).sort("date")["close"].to_list()
    today = minutes.filter(pl.col("date") == DAY)
    typical = (today["high"] + today["low"] + today["close"]) / 3

    values = {key: one["value"] for key, one in told["indicators"].items()}

    assert values["rsi_14_5m"] == pytest.approx(wilder(five["close"].to_numpy(), 14), abs=1e-4)
    assert values["ema_20_1d"] == pytest.approx(faded(days, 20), rel=1e-12)
    assert values["vwap_1m"] == pytest.approx((typical * today["volume"]).sum() / today["volume"].sum(), rel=1e-12)


def wilder(closes: np.ndarray, period: int) -> float:
    moves = np.diff(closes)
    up, down = moves[:period].clip(min=0).mean(), -moves[:period].clip(max=0).mean()
    for move in moves[period:]:
        up = (up * (period - 1) + max(move, 0)) / period
        down = (down * (period - 1) + max(-move, 0)) / period
    return 100 * up / (up + down)


def faded(values: list[float], period: int) -> float:
    mean = sum(values[:period]) / period
    for value in values[period:]:
        mean += 2 / (period + 1) * (value - mean)
    return mean
