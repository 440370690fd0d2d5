"""Cases of analysis, validation and execution, one by one, on real objects and files."""

from datetime import date
from pathlib import Path

import pytest
from sessions import RSI, SMA, document, started, store_blocks

import openbell as ob
from openbell.market.calendar import load_calendar
from openbell.testing.market import SyntheticMarket

SOURCES = ["config", "scanner", "strategy", "user", "scanner:gap-up"]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One symbol over 100 sessions, every bar there; the last session is 2024-10-11."""
    market = SyntheticMarket(("LONG",), sessions=100, start=date(2024, 5, 21), defects=False)
    return store_blocks(tmp_path_factory.mktemp("long"), dict(market.blocks()))


def steps(required) -> list[str]:
    return [str(step) for step in required.provisioning_steps]


class TestAnalysisOfASymbol:
    @pytest.mark.parametrize("source", SOURCES)
    def test_a_new_one_is_full_for_every_source(self, store: Path, source):
        required = started(store).analyze_requirements("symbol", "AAPL", source)

        assert (required.can_proceed, required.symbol_exists, required.source) == (True, False, source)
        assert steps(required)[0] == "create_symbol"
        assert steps(required)[-1] == "calculate_quality"

    @pytest.mark.parametrize("source", SOURCES)
    def test_one_that_is_full_needs_nothing_for_every_source(self, store: Path, source):
        required = started(store, "10:00").analyze_requirements("symbol", "NVDA", source)

        assert (required.was_full, required.provisioning_steps, required.bars) == (True, (), 0)
        assert "nothing to do" in str(required)

    @pytest.mark.parametrize(
        ("intervals", "derived"),
        [
            (["1m"], []),
            (["1m", "5m"], ["5m"]),
            (["1m", "5m", "7m", "15m", "60m", "1d"], ["5m", "7m", "15m", "60m", "1d"]),
        ],
        ids=["none", "one", "many"],
    )
    def test_derived_intervals_come_after_their_base(self, store: Path, intervals, derived):
        session = {"symbols": ["NVDA"], "intervals": intervals}

        day = started(store, session=session, indicators=[], history=[])

        required = day.analyze_requirements("symbol", "AAPL", "user")

        added = [step for step in steps(required) if step.startswith("add_interval")]
        assert added == ["add_interval_1m", *(f"add_interval_{one}" for one in derived)]
        assert str(required.base_interval) == "1m"

    def test_configured_indicators_belong_to_it_and_may_bring_an_interval(self, store: Path):
        wanted = [{"name": "atr", "interval": "15m", "params": {"period": 3}}]

        required = started(store, indicators=wanted).analyze_requirements("symbol", "AAPL", "user")

        assert "add_interval_15m" in steps(required)
        assert [spec.key for spec in required.provisioning_steps[-2].specs] == ["atr_3_15m"]

    @pytest.mark.parametrize("days", [0, 30, 90])
    def test_history_is_so_many_trading_days(self, long: Path, days):
        history = [{"days": days, "intervals": ["1m"]}] if days else []
        range_ = {"start": date(2024, 10, 11), "end": date(2024, 10, 11)}
        session = {"symbols": [], "intervals": ["1m"]}
        strategies = [{"use": "openbell.strategies.strategy:Strategy"}]
        file = document(long, backtest=range_, session=session, history=history, indicators=[], strategies=strategies)
        day = ob.SessionCoordinator.from_file(file)
        day.start_day()

        required = day.analyze_requirements("symbol", "LONG", "user")

        calendar = load_calendar("XNYS")
        today = calendar.ordinal_of(date(2024, 10, 11))
        expected = [len(full_day(calendar, one)) for one in range(today - days, today)]
        assert required.bars == sum(expected)
        assert ("load_historical" in steps(required)) == bool(days)
        assert day.execute_provisioning(required).bars == sum(expected)


def full_day(calendar, ordinal):
    from openbell.bars.interval import Interval

    return calendar.grid(Interval.parse("1m"), ordinal, ordinal)


class TestAnalysisOfBars:
    def test_a_new_interval_of_a_symbol_that_is_there_is_just_that(self, store: Path):
        required = started(store, "10:00").analyze_requirements("bar", "NVDA", "user", interval="15m")

        assert steps(required) == ["add_interval_15m", "load_session"]
        assert required.bars == 0

    def test_an_interval_that_is_there_needs_nothing(self, store: Path):
        required = started(store, "10:00").analyze_requirements("bar", "NVDA", "user", interval="5m", days=5)

        assert steps(required) == []

    def test_only_history_is_loaded_where_only_history_is_missing(self, store: Path):
        day = started(store, "10:00")
        day.add_bar("AAPL", "5m", days=1)

        required = day.analyze_requirements("bar", "AAPL", "user", interval="5m", days=4)

        assert steps(required) == ["load_historical"]

    @pytest.mark.parametrize("days", [0, 5, 30])
    def test_history_is_asked_in_trading_days_and_what_lacks_is_told(self, store: Path, days):
        day = started(store, "10:00")

        required = day.analyze_requirements("bar", "AAPL", "user", interval="1m", days=days)
        result = day.execute_provisioning(required)

        assert result.ok
        codes = [problem.code for problem in required.problems]
        assert codes == (["partial_history"] if days == 30 else [])
        assert ("load_historical" in steps(required)) == bool(days)
        assert len(day.session_data.get_symbol_data("AAPL").bars["1m"].history) >= 300 * min(days, 11)

    def test_a_bar_request_leaves_a_full_symbol_full(self, store: Path):
        day = started(store, "10:00")

        day.add_bar("NVDA", "60m", days=2, source="scanner")

        nvda = day.session_data.get_symbol_data("NVDA")
        assert (nvda.tier, nvda.auto_provisioned, nvda.added_by) == ("full", False, "config")


class TestAnalysisOfAnIndicator:
    def test_its_interval_is_there(self, store: Path):
        spec = ob.indicator("sma", interval="5m", period=3)

        assert steps(started(store).analyze_requirements("indicator", "NVDA", "user", indicator=spec)) == [
            "register_indicator"
        ]

    def test_its_interval_is_missing(self, store: Path):
        spec = ob.indicator("sma", interval="15m", period=3)

        required = started(store).analyze_requirements("indicator", "NVDA", "user", indicator=spec)

        assert steps(required) == ["add_interval_15m", "load_historical", "load_session", "register_indicator"]

    def test_a_duplicate_needs_nothing(self, store: Path):
        assert steps(started(store).analyze_requirements("indicator", "NVDA", "user", indicator=RSI)) == []

    def test_the_same_with_another_parameter_is_another_one(self, store: Path):
        day = started(store, "10:00")

        day.add_indicator("NVDA", ob.indicator("rsi", interval="5m", period=7))

        assert list(day.session_data.get_symbol_data("NVDA").indicators) == ["rsi_14_5m", "rsi_7_5m"]


class TestAnalysisAtAnyTime:
    @pytest.mark.parametrize("at", [None, "10:30", "16:00"], ids=["before the first bar", "during", "at the close"])
    def test_it_changes_nothing(self, store: Path, at):
        day = started(store, at)
        before = day.fingerprint()

        for operation, words in (("symbol", {}), ("bar", {"interval": "15m"}), ("indicator", {"indicator": SMA})):
            assert day.analyze_requirements(operation, "AAPL", "user", **words).can_proceed

        assert day.fingerprint() == before

    def test_after_the_day_it_still_tells_and_execution_is_refused(self, store: Path):
        day = started(store)
        day.finish_day()
        before = day.fingerprint()

        required = day.analyze_requirements("symbol", "AAPL", "user")
        result = day.execute_provisioning(required)

        assert steps(required)[0] == "create_symbol"
        assert (result.status, result.problems[0].code) == ("refused", "session_ended")
        assert day.fingerprint() == before


class TestValidation:
    def test_a_store_without_data_before_the_day_is_refused_and_no_history_is_accepted(self, long: Path):
        file = document(
            long,
            backtest={"start": date(2025, 3, 3), "end": date(2025, 3, 3)},
            session={"symbols": [], "intervals": ["1m"]},
            strategies=[{"use": "openbell.strategies.strategy:Strategy"}],
        )
        day = ob.SessionCoordinator.from_file(file)
        day.start_day()

        required = day.analyze_requirements("bar", "LONG", "user", interval="5m", days=5)

        assert [problem.code for problem in required.problems] == ["no_history"]
        offered = next(offer.ask for offer in required.offers if offer.ask is not None)
        assert offered.days == 0
        assert day.add_bar("LONG", "5m", days=offered.days).ok

    def test_a_short_warm_up_is_a_warning_and_the_value_is_not_settled(self, store: Path):
        spec = ob.indicator("ema", interval="60m", period=20)
        day = started(store, "15:59")

        required = day.analyze_requirements("indicator", "AAPL", "user", indicator=spec)
        result = day.execute_provisioning(required)

        assert (required.can_proceed, [problem.code for problem in required.problems]) == (True, ["short_warmup"])
        assert result.problems == required.problems
        ema = day.session_data.get_symbol_data("AAPL").indicators["ema_20_60m"]
        assert (ema.valid, ema.settled) == (True, False)

    def test_too_few_bars_for_any_value_say_so(self, store: Path):
        day = started(store, "10:00")
        sma = ob.indicator("sma", interval="1d", period=200)

        (problem,) = day.analyze_requirements("indicator", "AAPL", "user", indicator=sma).problems

        assert problem.code == "short_warmup"
        assert problem.fix == "Import earlier bars, or use a shorter period: it has no value before 200 have come."


class TestExecution:
    def test_an_empty_plan_succeeds_and_changes_nothing_that_can_be_read(self, store: Path):
        day = started(store, "10:00")
        before = day.digest()

        result = day.execute_provisioning(day.analyze_requirements("symbol", "NVDA", "user"))

        assert (result.ok, result.status, result.steps, result.bars) == (True, "nothing_to_do", (), 0)
        assert day.digest() == before

    def test_every_step_is_reported_once_with_its_time_and_its_bars(self, store: Path):
        day = started(store, "11:00")
        required = day.analyze_requirements("symbol", "AAPL", "user")

        result = day.execute_provisioning(required)

        assert [report.step for report in result.steps] == steps(required)
        assert all(report.seconds >= 0 for report in result.steps)
        bars = {report.step: report.bars for report in result.steps}
        aapl = day.session_data.get_symbol_data("AAPL").bars["1m"]
        assert (bars["load_historical"], bars["load_session"]) == (len(aapl.history), len(aapl.today))
        assert result.as_dict()["steps"] == steps(required)

    def test_a_refused_record_is_refused_again_and_again(self, store: Path):
        day = started(store, "10:00")
        before = day.fingerprint()
        required = day.analyze_requirements("symbol", "ZZZZ", "user")

        for _ in range(3):
            assert day.execute_provisioning(required).status == "refused"

        assert day.fingerprint() == before
