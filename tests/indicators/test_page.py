# ruff: noqa: E741 (h, l, c, v are what everyone calls them)
from pathlib import Path

import numpy as np
import pytest
import talib

from openbell.indicators.compute import compute
from openbell.indicators.degenerate import DEGENERATE, Case
from openbell.indicators.page import page

ROOT = Path(__file__).resolve().parents[2]
FLAT, NONE, SESSION = np.full(200, 7.1), np.zeros(200), np.arange(200) // 50
MOVING = 7.0 + np.arange(200) % 3
BARS = {
    Case.CONSTANT: (FLAT, FLAT, FLAT, NONE),
    Case.NO_VOLUME: (MOVING + 1.0, MOVING - 1.0, MOVING, NONE),
    Case.NO_RANGE: (MOVING, MOVING, MOVING, np.full(200, 100.0)),
}
TALIB = {
    ("ad", "value"): lambda h, l, c, v: talib.AD(h, l, c, v),
    ("adosc", "value"): lambda h, l, c, v: talib.ADOSC(h, l, c, v),
    ("adx", "adx"): lambda h, l, c, v: talib.ADX(h, l, c, 5),
    ("adx", "plus_di"): lambda h, l, c, v: talib.PLUS_DI(h, l, c, 5),
    ("adx", "dx"): lambda h, l, c, v: talib.DX(h, l, c, 5),
    ("aroon", "up"): lambda h, l, c, v: talib.AROON(h, l, 5)[1],
    ("aroon", "down"): lambda h, l, c, v: talib.AROON(h, l, 5)[0],
    ("atr", "value"): lambda h, l, c, v: talib.ATR(h, l, c, 5),
    ("bbands", "upper"): lambda h, l, c, v: talib.BBANDS(c, 5)[0],
    ("cci", "value"): lambda h, l, c, v: talib.CCI(h, l, c, 5),
    ("cmo", "value"): lambda h, l, c, v: talib.CMO(c, 5),
    ("kama", "value"): lambda h, l, c, v: talib.KAMA(c, 5),
    ("linreg", "slope"): lambda h, l, c, v: talib.LINEARREG_SLOPE(c, 5),
    ("macd", "histogram"): lambda h, l, c, v: talib.MACD(c)[2],
    ("mfi", "value"): lambda h, l, c, v: talib.MFI(h, l, c, v, 5),
    ("natr", "value"): lambda h, l, c, v: talib.NATR(h, l, c, 5),
    ("obv", "value"): lambda h, l, c, v: talib.OBV(c, v),
    ("ppo", "value"): lambda h, l, c, v: talib.PPO(c, 12, 26, 1),
    ("psar", "value"): lambda h, l, c, v: talib.SAR(h, l),
    ("roc", "value"): lambda h, l, c, v: talib.ROC(c, 5),
    ("rsi", "value"): lambda h, l, c, v: talib.RSI(c, 5),
    ("stddev", "value"): lambda h, l, c, v: talib.STDDEV(c, 5),
    ("stoch_rsi", "k"): lambda h, l, c, v: talib.STOCHRSI(c, 5)[0],
    ("stoch_rsi", "d"): lambda h, l, c, v: talib.STOCHRSI(c, 5)[1],
    ("stochastic", "k"): lambda h, l, c, v: talib.STOCH(h, l, c, 1, 1, 0, 1, 0)[0],
    ("stochastic", "d"): lambda h, l, c, v: talib.STOCH(h, l, c, 5)[1],
    ("trix", "value"): lambda h, l, c, v: talib.TRIX(c, 5),
    ("ultimate_oscillator", "value"): lambda h, l, c, v: talib.ULTOSC(h, l, c),
    ("williams_r", "value"): lambda h, l, c, v: talib.WILLR(h, l, c, 5),
}


def test_the_catalogue_page_is_current():
    written = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")

    assert written == page(), "run: python -m openbell.indicators.page docs/indicators.md"


@pytest.mark.parametrize(
    ("case", "name", "params", "output", "ours", "theirs"),
    [(case, *row) for case, rows in DEGENERATE.items() for row in rows],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_degenerate_inputs_have_the_values_of_the_table(case, name, params, output, ours, theirs):
    high, low, close, volume = BARS[case]

    values = compute(name, open=close, high=high, low=low, close=close, volume=volume, session=SESSION, **params)

    got = values[output] if isinstance(values, dict) else values
    assert got[-1] == pytest.approx(ours, abs=1e-14)
    if theirs is not None:
        assert TALIB[name, output](high, low, close, volume)[-1] == pytest.approx(theirs, abs=1e-9)
    else:
        assert (name, output) not in TALIB
