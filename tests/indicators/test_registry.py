# ruff: noqa: N805 (a definition's update has no self)
import subprocess
import sys

import pytest

from openbell.bars.interval import Interval
from openbell.errors import IndicatorError
from openbell.indicators import registry
from openbell.indicators.compute import indicator
from openbell.indicators.definition import Kind
from openbell.indicators.definition import indicator as define

FIVE = Interval.parse("5m")


class TestKey:
    @pytest.mark.parametrize(
        ("name", "params", "key"),
        [
            ("sma", {"period": 20}, "sma_20_5m"),
            ("macd", {}, "macd_5m"),
            ("macd", {"fast": 12, "slow": 26, "signal": 5}, "macd_12_26_5_5m"),
            ("sma", {"period": 20, "column": "volume"}, "sma_20_volume_5m"),
            ("sma", {"period": 20, "column": "close"}, "sma_20_5m"),
            ("vwap", {}, "vwap_5m"),
        ],
    )
    def test_shows_what_differs_from_the_usual(self, name, params, key):
        assert indicator(name, interval="5m", **params).key == key

    def test_names_the_input(self):
        ema = indicator("ema", interval="5m", period=20)

        assert indicator("rsi", interval="5m", period=14, input=ema).key == "rsi_14_of_ema_20_5m"

    def test_names_the_output_of_the_input_unless_it_is_the_first(self):
        macd = indicator("macd", interval="5m")

        assert indicator("sma", interval="5m", period=3, input=macd, column="macd").key == "sma_3_of_macd_5m"
        assert indicator("sma", interval="5m", period=3, input=macd, column="signal").key == "sma_3_signal_of_macd_5m"

    def test_has_the_interval_in_its_canonical_form(self):
        assert indicator("vwap", interval="1h").key == "vwap_60m"


class TestIdentity:
    def test_all_parameters_count_and_nothing_else(self):
        assert indicator("sma", interval="1h", period=20) == indicator("sma", interval="60m", period=20.0)
        assert hash(indicator("macd", interval="5m")) == hash(indicator("macd", interval="5m", fast=12))
        assert indicator("sma", interval="5m", period=20) != indicator("sma", interval="5m", period=21)


class TestNeeds:
    def test_of_a_window_are_its_lookback(self):
        needs = indicator("sma", interval="5m", period=20).needs

        assert (needs.lookback, needs.warmup, needs.history) == (20, 20, 20)

    def test_of_a_fading_one_go_on_until_the_start_weighs_a_millionth(self):
        needs = indicator("ema", interval="5m", period=20).needs

        left = (1 - 2 / 21) ** (needs.warmup - 20)
        assert left <= 1e-6 < left / (1 - 2 / 21)

    def test_of_a_session_kind_are_no_history(self):
        needs = indicator("vwap", interval="5m").needs

        assert (needs.lookback, needs.warmup, needs.history, needs.regular) == (1, 1, 0, True)

    def test_add_up_along_a_chain(self):
        ema = indicator("ema", interval="5m", period=20)
        chained = indicator("sma", interval="5m", period=10, input=ema).needs

        assert chained.lookback == 20 + 10 - 1
        assert chained.warmup == ema.needs.warmup + 10 - 1
        assert chained.kind is Kind.FADING

    def test_name_the_columns_that_are_read(self):
        assert indicator("atr", interval="5m", period=3).needs.columns == ("high", "low", "close")
        assert indicator("sma", interval="5m", period=3, column="volume").needs.columns == ("volume",)


class TestRefusals:
    def test_tell_every_problem_at_once(self):
        with pytest.raises(IndicatorError) as caught:
            indicator("macd", interval="5m", fst=3, slow="x", signal=0)

        assert [problem.code for problem in caught.value.problems] == [
            "unknown_parameter",
            "bad_parameter",
            "bad_parameter",
        ]
        assert "Did you mean fast?" in str(caught.value)

    @pytest.mark.parametrize("period", [0, -1, 2.5, "3", True, float("nan"), float("inf"), 10**9])
    def test_a_parameter_out_of_range(self, period):
        with pytest.raises(IndicatorError, match="whole number >= 1"):
            indicator("sma", interval="5m", period=period)

    def test_a_period_that_is_not_given(self):
        with pytest.raises(IndicatorError, match="needs period"):
            indicator("sma", interval="5m")

    def test_a_name_that_is_not_known_with_the_nearest(self):
        with pytest.raises(IndicatorError, match="Did you mean macd"):
            indicator("mcad", interval="5m")

    def test_parameters_that_contradict_each_other(self):
        with pytest.raises(IndicatorError, match="fast=30 is not below slow=26"):
            indicator("macd", interval="5m", fast=30)

    def test_a_column_for_a_formula_of_whole_bars(self):
        with pytest.raises(IndicatorError, match="cannot work on volume"):
            indicator("atr", interval="5m", period=3, column="volume")

    def test_an_input_of_another_interval(self):
        with pytest.raises(IndicatorError, match="not of 5m"):
            indicator("sma", interval="5m", period=3, input=indicator("vwap", interval="1m"))

    def test_a_name_of_ours_for_a_users_own(self):
        @define
        class Sma:
            def update(state, bar, p):
                return bar.value

        with pytest.raises(IndicatorError, match="belongs to an indicator of openbell"):
            registry.register(Sma)


def test_the_registry_loads_neither_numba_nor_frames():
    code = (
        "import sys; from openbell.indicators import registry; registry.names();"
        "from openbell.bars.interval import Interval;"
        "registry.parse('sma', Interval.parse('5m'), {'period': 3}).needs;"
        "sys.exit(any(m in sys.modules for m in ('numba', 'polars', 'pandas')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
