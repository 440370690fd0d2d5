"""What indicators say of bars in which nothing happens: a table, held to by a test and shown in the catalogue."""

from enum import StrEnum

from openbell.indicators.definition import Value

# Name, parameters, output, ours, and TA-Lib's where it has it.
Row = tuple[str, dict[str, Value], str, float, float | None]

_FIVE: dict[str, Value] = {"period": 5}


class Case(StrEnum):
    """Bars in which a formula may divide by nothing."""

    CONSTANT = "A price that stays at 7.1, and no volume"
    NO_VOLUME = "A price that goes 7, 8, 9, 7, ... and ends at 8, in bars from one below to one above, and no volume"
    NO_RANGE = "The same prices in bars without a range, of 100 each"


DEGENERATE: dict[Case, tuple[Row, ...]] = {
    Case.CONSTANT: (
        ("ad", {}, "value", 0.0, 0.0),
        ("adosc", {}, "value", 0.0, 0.0),
        ("adx", _FIVE, "adx", 0.0, 0.0),
        ("adx", _FIVE, "plus_di", 0.0, 0.0),
        ("adx", _FIVE, "dx", 0.0, 0.0),
        ("alma", _FIVE, "value", 7.1, None),
        ("aroon", _FIVE, "up", 100.0, 100.0),
        ("aroon", _FIVE, "down", 100.0, 100.0),
        ("atr", _FIVE, "value", 0.0, 0.0),
        ("bbands", _FIVE, "upper", 7.1, 7.1),
        ("bbands", _FIVE, "percent_b", 0.5, None),
        ("bbands", _FIVE, "bandwidth", 0.0, None),
        ("cci", _FIVE, "value", 0.0, 0.0),
        ("choppiness", _FIVE, "value", 100.0, None),
        ("cmf", _FIVE, "value", 0.0, None),
        ("cmo", _FIVE, "value", 0.0, 0.0),
        ("ease_of_movement", _FIVE, "value", 0.0, None),
        ("force_index", _FIVE, "value", 0.0, None),
        ("histvol", {"period": 5, "per_year": 252.0}, "value", 0.0, None),
        ("kama", _FIVE, "value", 7.1, 7.1),
        ("linreg", _FIVE, "slope", 0.0, 0.0),
        ("linreg", _FIVE, "r2", 0.0, None),
        ("macd", {}, "histogram", 0.0, 0.0),
        ("mfi", _FIVE, "value", 50.0, 0.0),
        ("natr", _FIVE, "value", 0.0, 0.0),
        ("obv", {}, "value", 0.0, 0.0),
        ("ppo", {}, "value", 0.0, 0.0),
        ("psar", {}, "value", 7.1, 7.1),
        ("relative_volume", {"period": 2, "slots": 50}, "value", 1.0, None),
        ("roc", _FIVE, "value", 0.0, 0.0),
        ("rsi", _FIVE, "value", 50.0, 0.0),
        ("stddev", _FIVE, "value", 0.0, 0.0),
        ("stoch_rsi", _FIVE, "k", 50.0, 0.0),
        ("stoch_rsi", _FIVE, "d", 50.0, 0.0),
        ("stochastic", _FIVE, "k", 50.0, 0.0),
        ("stochastic", _FIVE, "d", 50.0, 0.0),
        ("supertrend", _FIVE, "value", 7.1, None),
        ("supertrend", _FIVE, "direction", -1.0, None),
        ("trix", _FIVE, "value", 0.0, 0.0),
        ("tsi", {}, "tsi", 0.0, None),
        ("tsi", {}, "signal", 0.0, None),
        ("ultimate_oscillator", {}, "value", 50.0, 0.0),
        ("vortex", _FIVE, "plus", 0.0, None),
        ("vortex", _FIVE, "minus", 0.0, None),
        ("vwap", {}, "value", 7.1, None),
        ("vwma", _FIVE, "value", 7.1, None),
        ("williams_r", _FIVE, "value", -50.0, 0.0),
    ),
    Case.NO_VOLUME: (
        ("ad", {}, "value", 0.0, 0.0),
        ("adosc", {}, "value", 0.0, 0.0),
        ("cmf", _FIVE, "value", 0.0, None),
        ("ease_of_movement", _FIVE, "value", 0.0, None),
        ("force_index", _FIVE, "value", 0.0, None),
        ("mfi", _FIVE, "value", 50.0, 0.0),
        ("obv", {}, "value", 0.0, 0.0),
        ("relative_volume", {"period": 2, "slots": 50}, "value", 1.0, None),
        ("vwap", {}, "value", 8.0, None),
        ("vwma", _FIVE, "value", 8.0, None),
    ),
    Case.NO_RANGE: (
        ("ad", {}, "value", 0.0, 0.0),
        ("adosc", {}, "value", 0.0, 0.0),
        ("cmf", _FIVE, "value", 0.0, None),
        ("ease_of_movement", _FIVE, "value", 0.0, None),
        ("stochastic", {"period": 1, "smooth_k": 1, "smooth_d": 1}, "k", 50.0, 0.0),
        ("vortex", _FIVE, "plus", 1.0, None),
    ),
}
