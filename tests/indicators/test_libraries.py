"""Answers of other libraries over SPY's days, once their starts have faded.

Each row is what the named version said, computed for this test over the same 2,500 bars and written down as numbers;
where libraries differ among themselves, docs/decisions/0006 says whom we follow.
"""

import numpy as np
import polars as pl
import pytest

from openbell.indicators.compute import compute

BARS, AT = 2500, [1799, 2499]
ANSWERS = [
    ("sma", {"period": 14}, "value", "tulipy 0.4.0", 276.495, 393.337857143),
    ("ema", {"period": 14}, "value", "tulipy 0.4.0", 276.188596047, 392.594671696),
    ("wma", {"period": 14}, "value", "tulipy 0.4.0", 277.187809524, 393.257047619),
    ("dema", {"period": 14}, "value", "tulipy 0.4.0", 277.978632391, 394.854970136),
    ("tema", {"period": 14}, "value", "talipp 2.7.0", 277.591920702, 395.269180058),
    ("trima", {"period": 14}, "value", "tulipy 0.4.0", 277.326964286, 392.200535714),
    ("trima", {"period": 9}, "value", "pandas-ta-classic 0.8.32", 278.0076, 391.9516),
    ("hma", {"period": 14}, "value", "tulipy 0.4.0", 277.746547619, 394.223246032),
    ("hma", {"period": 21}, "value", "talipp 2.7.0", 279.169208658, 393.535025974),
    ("kama", {"period": 14}, "value", "tulipy 0.4.0", 274.086523123, 387.783120478),
    ("kama", {"period": 9}, "value", "ta 0.11.0", 276.564027413, 391.441177642),
    ("t3", {"period": 14}, "value", "talipp 2.7.0", 276.823988942, 392.09580896),
    ("alma", {"period": 21}, "value", "talipp 2.7.0", 277.580381097, 392.764774739),
    ("zlema", {"period": 14}, "value", "tulipy 0.4.0", 277.563333118, 394.503925227),
    ("zlema", {"period": 9}, "value", "talipp 2.7.0", 276.672305559, 396.673142103),
    ("vwma", {"period": 14}, "value", "tulipy 0.4.0", 276.395899764, 393.187516361),
    ("linreg", {"period": 14}, "value", "tulipy 0.4.0", 278.573428571, 393.095428571),
    ("linreg", {"period": 14}, "slope", "tulipy 0.4.0", 0.319758241752, -0.03729670329),
    ("linreg", {"period": 14}, "intercept", "tulipy 0.4.0", 274.416571429, 393.580285714),
    ("psar", {}, "value", "tulipy 0.4.0", 279.3894, 383.9),
    ("psar", {}, "value", "talipp 2.7.0", 279.3894, 383.9),
    ("supertrend", {"period": 14}, "value", "talipp 2.7.0", 272.006002844, 381.05715674),
    ("ichimoku", {}, "conversion", "ta 0.11.0", 276.505, 390.95),
    ("ichimoku", {}, "base", "ta 0.11.0", 273.62, 385.0),
    ("ichimoku", {}, "span_a", "ta 0.11.0", 265.8325, 384.1975),
    ("ichimoku", {}, "span_b", "ta 0.11.0", 267.535, 378.095),
    ("adx", {"period": 14}, "adx", "ta 0.11.0", 13.716458392, 11.5995275242),
    ("adx", {"period": 14}, "plus_di", "tulipy 0.4.0", 21.4406399774, 23.7805882372),
    ("adx", {"period": 14}, "minus_di", "tulipy 0.4.0", 25.8126911251, 22.4901659218),
    ("adx", {"period": 14}, "dx", "tulipy 0.4.0", 9.25236601467, 2.78885083862),
    ("aroon", {"period": 14}, "up", "tulipy 0.4.0", 71.4285714286, 28.5714285714),
    ("aroon", {"period": 14}, "down", "tulipy 0.4.0", 7.14285714286, 71.4285714286),
    ("aroon", {"period": 14}, "oscillator", "tulipy 0.4.0", 64.2857142857, -42.8571428571),
    ("vortex", {"period": 14}, "plus", "talipp 2.7.0", 0.979003558719, 1.02125033204),
    ("vortex", {"period": 14}, "minus", "talipp 2.7.0", 0.762277580071, 0.928436381818),
    ("choppiness", {"period": 14}, "value", "talipp 2.7.0", 42.2269924289, 56.9983083347),
    ("rsi", {"period": 14}, "value", "tulipy 0.4.0", 53.5749351012, 58.1647964484),
    ("stochastic", {"period": 14}, "k", "tulipy 0.4.0", 68.3704984218, 82.3722456634),
    ("stochastic", {"period": 14}, "d", "tulipy 0.4.0", 78.6853528586, 78.8720075087),
    ("stoch_rsi", {"period": 14}, "k", "talipp 2.7.0", 34.2753031369, 66.1896491861),
    ("stoch_rsi", {"period": 14}, "d", "talipp 2.7.0", 57.4909099878, 62.6989014791),
    ("macd", {}, "macd", "talipp 2.7.0", 1.93700528405, 2.28102698405),
    ("macd", {}, "signal", "talipp 2.7.0", 2.16008077577, 2.04644207538),
    ("macd", {}, "histogram", "talipp 2.7.0", -0.223075491718, 0.23458490867),
    ("ppo", {}, "value", "tulipy 0.4.0", 0.705609805996, 0.583872001898),
    ("apo", {}, "value", "tulipy 0.4.0", 1.93700528405, 2.28102698405),
    ("roc", {"period": 14}, "value", "ta 0.11.0", 1.06012251935, 0.711508652453),
    ("mom", {"period": 14}, "value", "tulipy 0.4.0", 2.89, 2.8),
    ("williams_r", {"period": 14}, "value", "tulipy 0.4.0", -43.1670281996, -12.5879043601),
    ("cci", {"period": 14}, "value", "talipp 2.7.0", -51.109684404, 99.0699215886),
    ("cmo", {"period": 14}, "value", "tulipy 0.4.0", 19.8898830007, 8.75),
    ("cmo", {"period": 14}, "value", "stockstats 0.6.10", 19.8898830007, 8.75),
    ("trix", {"period": 14}, "value", "ta 0.11.0", 0.12317043556, 0.0731608690007),
    ("ultimate_oscillator", {}, "value", "tulipy 0.4.0", 57.2832996021, 57.3414512653),
    ("tsi", {}, "tsi", "ta 0.11.0", 21.0909234767, 10.7763784897),
    ("tsi", {}, "tsi", "talipp 2.7.0", 21.0909234767, 10.7763784897),
    ("tsi", {}, "signal", "pandas-ta-classic 0.8.32", 22.3596848314, 9.53563330931),
    ("awesome_oscillator", {}, "value", "tulipy 0.4.0", 4.32602941176, 3.57868735294),
    ("true_range", {}, "value", "tulipy 0.4.0", 3.03, 3.27),
    ("atr", {"period": 14}, "value", "tulipy 0.4.0", 2.35438614586, 5.20261442002),
    ("natr", {"period": 14}, "value", "talipp 2.7.0", 0.854586622817, 1.31269760554),
    ("stddev", {"period": 14}, "value", "tulipy 0.4.0", 2.18894217766, 3.12249025754),
    ("variance", {"period": 14}, "value", "tulipy 0.4.0", 4.79146785713, 9.7499454084),
    ("bbands", {"period": 14}, "lower", "tulipy 0.4.0", 272.117115645, 387.092876628),
    ("bbands", {"period": 14}, "middle", "tulipy 0.4.0", 276.495, 393.337857143),
    ("bbands", {"period": 14}, "upper", "tulipy 0.4.0", 280.872884355, 399.582837658),
    ("bbands", {"period": 14}, "percent_b", "ta 0.11.0", 0.386360634585, 0.739563826496),
    ("bbands", {"period": 14}, "bandwidth", "ta 0.11.0", 0.0316670055903, 0.0317537730051),
    ("keltner", {"period": 14}, "upper", "talipp 2.7.0", 280.664139065, 402.668624812),
    ("keltner", {"period": 14}, "middle", "talipp 2.7.0", 276.188596047, 392.594671696),
    ("keltner", {"period": 14}, "lower", "talipp 2.7.0", 271.71305303, 382.520718581),
    ("donchian", {"period": 14}, "upper", "ta 0.11.0", 279.48, 398.12),
    ("donchian", {"period": 14}, "middle", "ta 0.11.0", 274.87, 391.01),
    ("donchian", {"period": 14}, "lower", "ta 0.11.0", 270.26, 383.9),
    ("vwap", {}, "value", "talipp 2.7.0", 178.6352131, 205.18330742),
    ("obv", {}, "value", "talipp 2.7.0", 1478062712.0, 2279215035.0),
    ("ad", {}, "value", "tulipy 0.4.0", 16881919503.7, 19459451943.9),
    ("adosc", {}, "value", "tulipy 0.4.0", 67946211.1274, 42026031.02),
    ("cmf", {"period": 14}, "value", "ta 0.11.0", 0.286395301356, 0.128419058242),
    ("mfi", {"period": 14}, "value", "tulipy 0.4.0", 57.1122718384, 41.9599208358),
    ("force_index", {"period": 14}, "value", "ta 0.11.0", -18568108.9736, 53162187.7738),
    ("ease_of_movement", {"period": 14}, "value", "talipp 2.7.0", 7.03537947e-05, 0.000100534146685),
    ("highest", {"period": 14}, "value", "tulipy 0.4.0", 279.48, 398.12),
    ("lowest", {"period": 14}, "value", "tulipy 0.4.0", 270.26, 383.9),
    ("volume_sma", {"period": 14}, "value", "tulipy 0.4.0", 59675505.3571, 82610797.7143),
]


@pytest.fixture(scope="module")
def days(data):
    rows = pl.read_parquet(data / "lean_us_equity" / "1d" / "SPY.parquet").tail(BARS)
    return {name: rows[name].to_numpy() for name in ("open", "high", "low", "close", "volume")}


@pytest.mark.parametrize(
    ("name", "params", "output", "library", "then", "last"),
    ANSWERS,
    ids=[
        f"{name}-{output}-{library}-{'-'.join(map(str, params.values()))}"
        for name, params, output, library, *_ in ANSWERS
    ],
)
def test_agrees_with(days, name, params, output, library, then, last):
    values = compute(name, **days, **params)
    ours = values[output] if isinstance(values, dict) else values

    assert ours[AT] == pytest.approx(np.array([then, last]), rel=1e-9, abs=1e-11)
