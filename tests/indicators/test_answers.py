"""The samples of LEAN in the folder of real data."""

import json

import numpy as np
import polars as pl
import pytest

from openbell.indicators.compute import compute

_NAMES = {"SMA": "sma", "EMA": "ema", "RSI": "rsi", "ATR": "atr"}


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
