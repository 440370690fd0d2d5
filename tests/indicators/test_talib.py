"""Every indicator that TA-Lib has agrees with it once TA-Lib's own start has faded."""

# ruff: noqa: E741 (o, h, l, c are what everyone calls them)
import numpy as np
import pytest
import talib

from openbell.indicators.compute import compute
from openbell.testing.indicators import walk

BARS = walk(5000, seed=7)
O, H, L, C, V = BARS.columns
COLUMNS = {"open": O, "high": H, "low": L, "close": C, "volume": V}
FADED = 1500


def _same_outputs(period):
    upper, middle, lower = talib.BBANDS(C, period, 2.5, 2.5)
    down, up = talib.AROON(H, L, period)
    slow_k, slow_d = talib.STOCH(H, L, C, period, 3, 0, 4, 0)
    return {
        "sma": talib.SMA(C, period),
        "ema": talib.EMA(C, period),
        "wma": talib.WMA(C, period),
        "dema": talib.DEMA(C, period),
        "tema": talib.TEMA(C, period),
        "trima": talib.TRIMA(C, period),
        "t3": talib.T3(C, period),
        "kama": talib.KAMA(C, period),
        "linreg": {
            "value": talib.LINEARREG(C, period),
            "slope": talib.LINEARREG_SLOPE(C, period),
            "intercept": talib.LINEARREG_INTERCEPT(C, period),
        },
        "adx": {
            "adx": talib.ADX(H, L, C, period),
            "plus_di": talib.PLUS_DI(H, L, C, period),
            "minus_di": talib.MINUS_DI(H, L, C, period),
            "dx": talib.DX(H, L, C, period),
        },
        "aroon": {"up": up, "down": down, "oscillator": talib.AROONOSC(H, L, period)},
        "stochastic": ({"smooth_k": 3, "smooth_d": 4}, {"k": slow_k, "d": slow_d}),
        "rsi": talib.RSI(C, period),
        "roc": talib.ROC(C, period),
        "mom": talib.MOM(C, period),
        "williams_r": talib.WILLR(H, L, C, period),
        "cci": talib.CCI(H, L, C, period),
        "trix": talib.TRIX(C, period),
        "atr": talib.ATR(H, L, C, period),
        "natr": talib.NATR(H, L, C, period),
        "stddev": talib.STDDEV(C, period),
        "variance": talib.VAR(C, period),
        "bbands": ({"num_std": 2.5}, {"upper": upper, "middle": middle, "lower": lower}),
        "mfi": talib.MFI(H, L, C, V, period),
        "highest": talib.MAX(H, period),
        "lowest": talib.MIN(L, period),
        "volume_sma": talib.SMA(V, period),
    }


def _without_period():
    macd, signal, histogram = talib.MACD(C, 10, 30, 7)
    k, d = talib.STOCHRSI(C, 14, 20, 3, 0)
    return [
        ("macd", {"fast": 10, "slow": 30, "signal": 7}, {"macd": macd, "signal": signal, "histogram": histogram}),
        ("stoch_rsi", {"period": 14, "stochastic": 20, "smooth_k": 1, "smooth_d": 3}, {"k": k, "d": d}),
        ("ppo", {"fast": 10, "slow": 30}, talib.PPO(C, 10, 30, 1)),
        ("apo", {"fast": 10, "slow": 30}, talib.APO(C, 10, 30, 1)),
        ("ultimate_oscillator", {"fast": 5, "medium": 12, "slow": 25}, talib.ULTOSC(H, L, C, 5, 12, 25)),
        ("psar", {}, talib.SAR(H, L, 0.02, 0.2)),
        ("true_range", {}, talib.TRANGE(H, L, C)),
        ("obv", {}, talib.OBV(C, V)),
        ("ad", {}, talib.AD(H, L, C, V)),
        ("adosc", {"fast": 4, "slow": 11}, talib.ADOSC(H, L, C, V, 4, 11)),
    ]


def _cases():
    for period in (2, 5, 14, 50):
        for name, answer in _same_outputs(period).items():
            params, outputs = answer if isinstance(answer, tuple) else ({}, answer)
            yield pytest.param(name, {"period": period, **params}, outputs, id=f"{name}-{period}")
    for name, params, outputs in _without_period():
        yield pytest.param(name, params, outputs, id=name)


@pytest.mark.parametrize(("name", "params", "theirs"), list(_cases()))
def test_agrees_with_talib(name, params, theirs):
    ours = compute(name, **COLUMNS, **params)

    pairs = [(ours[key], theirs[key]) for key in theirs] if isinstance(theirs, dict) else [(ours, theirs)]
    for mine, other in pairs:
        a, b = mine[FADED:], other[FADED:]
        # Relative to the answer, or to the usual size of the answers where one is next to nothing.
        scale = np.maximum(np.abs(b), np.abs(b).mean())
        assert np.max(np.abs(a - b) / scale) <= 1e-9


@pytest.mark.parametrize("period", [5, 14])
def test_wilders_form_of_chandes_oscillator_is_the_rsi_in_other_words(period):
    assert np.allclose(2 * compute("rsi", close=C, period=period)[FADED:] - 100, talib.CMO(C, period)[FADED:])
