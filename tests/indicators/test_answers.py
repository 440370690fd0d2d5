"""Answers of others: TA-Lib, and the samples of LEAN."""

import json

import numpy as np
import polars as pl
import pytest
import talib

from openbell.indicators.compute import compute
from openbell.testing.indicators import walk

_NAMES = {"SMA": "sma", "EMA": "ema", "RSI": "rsi", "ATR": "atr"}


@pytest.fixture(scope="module")
def bars():
    return walk(6000, seed=7)


def _agree(ours, theirs, start):
    a, b = np.asarray(ours)[start:], np.asarray(theirs)[start:]
    worst = np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-3))
    assert worst <= 1e-9, worst


class TestTaLibOnceItsSeedHasFaded:
    @pytest.mark.parametrize("period", [2, 14, 50])
    def test_averages(self, bars, period):
        _agree(compute("sma", close=bars.close, period=period), talib.SMA(bars.close, period), period)
        _agree(compute("ema", close=bars.close, period=period), talib.EMA(bars.close, period), period)

    @pytest.mark.parametrize("period", [2, 14, 50])
    def test_wilder(self, bars, period):
        atr = compute("atr", high=bars.high, low=bars.low, close=bars.close, period=period)

        _agree(compute("rsi", close=bars.close, period=period), talib.RSI(bars.close, period), 40 * period)
        _agree(atr, talib.ATR(bars.high, bars.low, bars.close, period), 40 * period)

    def test_macd(self, bars):
        ours = compute("macd", close=bars.close, fast=10, slow=30, signal=7)

        for mine, theirs in zip(ours.values(), talib.MACD(bars.close, 10, 30, 7), strict=True):
            _agree(mine, theirs, 1000)


class TestSamplesOfLean:
    @pytest.mark.parametrize("sample", ["sma_14", "ema_14", "rsi_14_wilder", "atr_14_wilder"])
    def test_agree_within_their_tolerance(self, data, sample):
        folder = data / "reference" / "indicators"
        index = json.loads((folder / "index.json").read_text())["cases"]
        case = next(case for case in index if case["id"] == sample)
        rows = pl.read_parquet(folder / case["file"])
        columns = {name: rows[name] for name in case["input_columns"]}

        ours = compute(_NAMES[case["indicator"]], **columns, period=case["params"]["period"])

        first = case["first_valid_row"]
        theirs = rows[case["expected_column"]].to_numpy()[first:]
        there = np.isfinite(theirs)
        assert there.sum() == case["compared_rows"]
        assert np.isnan(ours[:first]).all()
        assert np.abs(ours[first:] - theirs)[there].max() <= case["tolerance"]["abs"]
