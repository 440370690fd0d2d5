"""The four scenarios that must always pass."""

from pathlib import Path

import numpy as np
import pytest
from sessions import RSI, SMA, started

import openbell as ob


def test_full_brings_everything_that_the_session_file_promises(store: Path):
    day = started(store)

    required = day.analyze_requirements("symbol", "AAPL", "config")
    result = day.execute_provisioning(required)

    assert [str(step) for step in required.provisioning_steps] == [
        "create_symbol",
        "add_interval_1m",
        "add_interval_5m",
        "load_historical",
        "load_session",
        "register_indicator",
        "calculate_quality",
    ]
    assert result.ok
    assert result.status == "done"
    aapl = day.session_data.get_symbol_data("AAPL")
    assert aapl is not None
    assert aapl.meets_session_config_requirements
    assert not aapl.auto_provisioned
    assert aapl.added_by == "config"
    assert list(aapl.bars) == ["1m", "5m"]
    assert len(aapl.bars["1m"].history) == required.bars == result.bars
    assert len(aapl.bars["5m"].history) > 300
    assert all(isinstance(bars.quality, float) for bars in aapl.bars.values())
    assert aapl.indicators["rsi_14_5m"].settled


def test_lightweight_brings_just_what_an_indicator_needs(store: Path):
    day = started(store, at="10:30")

    required = day.analyze_requirements("indicator", "TSLA", "scanner", indicator=SMA)
    result = day.execute_provisioning(required)

    assert result.ok
    tsla = day.session_data.get_symbol_data("TSLA")
    assert tsla is not None
    assert not tsla.meets_session_config_requirements
    assert tsla.auto_provisioned
    assert tsla.added_by == "scanner"
    assert list(tsla.bars) == ["1m", "5m"]
    assert (tsla.bars["5m"].derived, tsla.bars["5m"].base) == (True, "1m")
    assert (len(tsla.bars["5m"].history), len(tsla.bars["1m"].history)) == (20, 0)
    assert tsla.indicators["sma_20_5m"].valid
    assert tsla.indicators["sma_20_5m"].current_value == pytest.approx(tsla.bars["5m"].close[-20:].mean())
    assert all(bars.quality is None for bars in tsla.bars.values())


def test_upgrade_brings_what_is_missing_and_ends_as_if_asked_before_the_open(store: Path):
    day = started(store, at="10:00")
    day.add_indicator("MSFT", SMA, source="scanner")
    day.advance_to("11:12")
    before = day.session_data.get_symbol_data("MSFT").bars["5m"].ts

    required = day.analyze_requirements("symbol", "MSFT", "strategy")
    result = day.execute_provisioning(required)

    steps = [str(step) for step in required.provisioning_steps]
    assert steps == ["upgrade_symbol", "load_historical", "register_indicator", "calculate_quality"]
    assert result.ok
    msft = day.session_data.get_symbol_data("MSFT")
    assert msft.meets_session_config_requirements
    assert msft.upgraded_from_adhoc
    assert msft.auto_provisioned
    assert (msft.added_by, msft.origin) == ("strategy", "scanner")
    assert set(before.tolist()) <= set(msft.bars["5m"].ts.tolist())
    assert len(np.unique(msft.bars["1m"].ts)) == len(msft.bars["1m"].ts)
    assert result.bars == len(msft.bars["1m"].history)
    early = started(store, session={"symbols": ["NVDA", "MSFT"]})
    early.add_indicator("MSFT", SMA, source="scanner")
    early.advance_to("11:12")
    assert day.digest() == early.digest()
    assert day.fingerprint() != early.fingerprint()


@pytest.mark.parametrize(
    ("operation", "symbol", "more", "code"),
    [
        ("symbol", "ZZZZ", {}, "unknown_symbol"),
        ("bar", "AAPL", {"interval": "5s", "days": 1}, "interval_not_derivable"),
        ("bar", "AAPL", {"interval": "five"}, "bad_interval"),
        ("bar", "AAPL", {"interval": "5m", "days": -1}, "bad_days"),
        ("indicator", "AAPL", {"indicator": None}, "no_indicator"),
        ("symbols", "AAPL", {}, "unknown_operation"),
        ("symbol", "", {}, "no_symbol"),
    ],
)
def test_what_cannot_be_met_is_refused_and_changes_nothing(store: Path, operation, symbol, more, code):
    day = started(store, at="10:00")
    before = day.fingerprint()

    required = day.analyze_requirements(operation, symbol, "user", **more)
    result = day.execute_provisioning(required)

    assert not required.can_proceed
    assert [problem.code for problem in required.problems] == [code]
    assert all(problem.where and problem.what and problem.fix for problem in required.problems)
    assert (result.ok, result.status) == (False, "refused")
    assert day.fingerprint() == before


def test_a_parameter_out_of_range_is_refused_where_the_indicator_is_made():
    with pytest.raises(ob.IndicatorError, match="period"):
        ob.indicator("sma", interval="5m", period=0)


def test_asking_twice_is_success_without_work(store: Path):
    day = started(store)
    day.add_indicator("AAPL", RSI)
    before = day.fingerprint()

    again = day.add_indicator("aapl", RSI)

    assert (again.ok, again.status, again.steps) == (True, "nothing_to_do", ())
    assert day.fingerprint() == before
