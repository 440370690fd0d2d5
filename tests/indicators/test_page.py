from pathlib import Path

import numpy as np
import pytest
import talib

from openbell.indicators.compute import compute
from openbell.indicators.page import DEGENERATE, page

ROOT = Path(__file__).resolve().parents[2]
FLAT, NONE = np.full(200, 7.1), np.zeros(200)
TALIB = {
    ("adx", "adx"): lambda: talib.ADX(FLAT, FLAT, FLAT, 5),
    ("adx", "dx"): lambda: talib.DX(FLAT, FLAT, FLAT, 5),
    ("aroon", "up"): lambda: talib.AROON(FLAT, FLAT, 5)[1],
    ("bbands", "upper"): lambda: talib.BBANDS(FLAT, 5)[0],
    ("cci", "value"): lambda: talib.CCI(FLAT, FLAT, FLAT, 5),
    ("cmo", "value"): lambda: talib.CMO(FLAT, 5),
    ("kama", "value"): lambda: talib.KAMA(FLAT, 5),
    ("mfi", "value"): lambda: talib.MFI(FLAT, FLAT, FLAT, NONE, 5),
    ("rsi", "value"): lambda: talib.RSI(FLAT, 5),
    ("stddev", "value"): lambda: talib.STDDEV(FLAT, 5),
    ("stoch_rsi", "d"): lambda: talib.STOCHRSI(FLAT, 5)[1],
    ("stochastic", "k"): lambda: talib.STOCH(FLAT, FLAT, FLAT, 5)[0],
    ("ultimate_oscillator", "value"): lambda: talib.ULTOSC(FLAT, FLAT, FLAT),
    ("williams_r", "value"): lambda: talib.WILLR(FLAT, FLAT, FLAT, 5),
}


def test_the_catalogue_page_is_current():
    written = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")

    assert written == page(), "run: python -m openbell.indicators.page docs/indicators.md"


@pytest.mark.parametrize(
    ("name", "params", "output", "ours", "theirs"), DEGENERATE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_degenerate_inputs_have_the_values_of_the_table(name, params, output, ours, theirs):
    values = compute(name, open=FLAT, high=FLAT, low=FLAT, close=FLAT, volume=NONE, **params)

    got = values[output] if isinstance(values, dict) else values
    assert got[-1] == pytest.approx(ours, abs=1e-14)
    if theirs is not None:
        assert TALIB[name, output]()[-1] == pytest.approx(theirs, abs=1e-9)
    else:
        assert (name, output) not in TALIB
