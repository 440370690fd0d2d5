"""Cases of the start of a day, the night, upgrade and removal, one by one, on real objects and files."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sessions import ATR, RSI, SMA, document, started, store_blocks

import openbell as ob
from openbell.testing.market import SyntheticMarket

ALIVE = """
import openbell as ob

class Alive(ob.Strategy):
    def setup(self, needs):
        self.sma = needs.indicator("sma", interval="5m", period=3)
        self.days = 0

    def on_day_start(self):
        self.days += 1
        self.said = False

    def on_bars(self, bars):
        if bars.interval == "5m" and not self.said:
            self.hold("NVDA", meta={"day": self.days, "sma": float(bars.indicator(self.sma)[0])})
            self.said = True
"""


@pytest.fixture(scope="module")
def year_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve sessions over Christmas and New Year; the first of the new year is 2025-01-02."""
    market = SyntheticMarket(("NVDA", "AAPL"), sessions=12, start=date(2024, 12, 17), defects=False)
    return store_blocks(tmp_path_factory.mktemp("year"), dict(market.blocks()))


class TestStartOfDay:
    def test_every_configured_symbol_goes_through_the_executor_as_one_batch(self, store: Path):
        day = ob.SessionCoordinator.from_file(document(store, session={"symbols": ["NVDA", "AAPL", "TSLA"]}))

        results = day.start_day()

        assert [(one.symbol, one.operation, one.source, one.status) for one in results] == [
            (name, "symbol", "config", "done") for name in ("NVDA", "AAPL", "TSLA")
        ]
        assert {event.at for event in day.story} == {day.time.now}
        assert [len(day.story.of(name)) for name in ("NVDA", "AAPL", "TSLA")] == [8, 8, 8]

    def test_one_bad_symbol_among_many_is_dropped_with_its_reasons(self, store: Path):
        many = started(store, "10:00", session={"symbols": ["NVDA", "APPL", "TSLA"]})
        without = started(store, "10:00", session={"symbols": ["NVDA", "TSLA"]})

        report = many.finish_day()

        without.finish_day()
        assert list(report.dropped) == ["APPL"]
        assert "AAPL" in report.dropped["APPL"][0]["fix"]
        assert many.digest() == without.digest()

    def test_everything_is_set_up_before_the_first_bar(self, store: Path, tmp_path: Path):
        (tmp_path / "alive.py").write_text(ALIVE)
        day = started(store, strategies=[{"use": f"{tmp_path}/alive.py:Alive"}])

        nvda = day.session_data.get_symbol_data("NVDA")

        assert (len(nvda.bars["1m"].today), len(nvda.bars["1m"].history) > 500) == (0, True)
        assert sorted(nvda.indicators) == ["rsi_14_5m", "sma_3_5m"]
        assert all(one.valid and one.settled for one in nvda.indicators.values())
        assert nvda.bars["5m"].history_quality > 90
        assert nvda.bars["5m"].session_quality is None or np.isnan(nvda.bars["5m"].session_quality)
        day.advance_to("09:31")
        assert len(nvda.bars["1m"].today) <= 1

    def test_many_symbols_at_once_are_like_one_after_the_other(self, tmp_path_factory: pytest.TempPathFactory):
        market = SyntheticMarket(70, sessions=8, start=date(2024, 5, 29))
        folder = store_blocks(tmp_path_factory.mktemp("many"), dict(market.blocks()))
        names = list(market.symbols)
        history = [{"days": 3, "intervals": ["1m"]}]
        batch = started(folder, "09:45", session={"symbols": names}, history=history)
        single = started(folder, session={"symbols": names[:1]}, history=history)

        for name in names[1:]:
            single.add_symbol(name)
        single.advance_to("09:45")

        assert batch.digest() == single.digest()
        assert len(batch.session_data) > 64


class TestNight:
    def test_locks_and_asks_end_with_the_day(self, store: Path):
        day = started(store, "11:00")
        day.add_symbol("AAPL", source="strategy")
        day.owners.lock("AAPL", "open position of 100")
        day.owners.lock("NVDA", "open position of 5")
        day.finish_day()

        day.start_day()

        assert day.session_data.symbols == ("NVDA",)
        assert day.session_data.get_symbol_data("NVDA").locked is None
        assert day.owners.symbols_of("strategy") == ()
        assert day.remove_symbol("NVDA").ok

    def test_what_is_asked_at_the_last_instant_is_there_and_gone_in_the_morning(self, store: Path, tmp_path: Path):
        code = """
import openbell as ob

class Late(ob.Strategy):
    def on_bars(self, bars):
        if bars.interval == "1m" and f"{bars.time:%H:%M}" == "16:00":
            self.result = self.desk.add_symbol("AAPL")

    def on_day_end(self):
        self.hold("NVDA", meta={"was": str(self.result.status), "now": str(self.desk.add_symbol("TSLA").status)})
"""
        (tmp_path / "late.py").write_text(code)

        report = ob.run(document(store, strategies=[{"use": f"{tmp_path}/late.py:Late"}]), detail=True)

        assert [signal.meta["was"] for signal in report.signals] == ["done"] * 3
        assert [list(day.symbols) for day in report.days] == [["AAPL", "NVDA"]] * 3
        assert [day.requests[-1]["symbol"] for day in report.days] == ["AAPL"] * 3

    def test_the_clock_goes_to_the_next_open_over_holidays(self, year_end: Path):
        range_ = {"start": date(2024, 12, 24), "end": date(2025, 1, 2)}
        day = ob.SessionCoordinator.from_file(document(year_end, backtest=range_, history=[]))
        opens, closes = [], []

        for _ in day.days:
            day.start_day()
            opens.append(f"{day.time.at(day.time.now):%m-%d %H:%M}")
            day.finish_day()
            closes.append(f"{day.time.at(day.time.now):%H:%M}")

        assert opens == [f"{one} 09:30" for one in ("12-24", "12-26", "12-27", "12-30", "12-31", "01-02")]
        assert closes == ["13:00", *["16:00"] * 5]

    def test_the_first_day_of_a_year_has_the_last_days_of_the_old_one_as_history(self, year_end: Path):
        range_ = {"start": date(2025, 1, 1), "end": date(2025, 1, 2)}
        history = [{"days": 2, "intervals": ["1m"]}]
        day = ob.SessionCoordinator.from_file(document(year_end, backtest=range_, history=history))
        day.start_day()

        history = day.session_data.get_symbol_data("NVDA").bars["1m"].history

        assert len(history) == 780
        assert f"{day.time.at(int(history.ts[0])):%Y-%m-%d}" == "2024-12-30"

    @pytest.mark.parametrize("days", [3, 5, 10])
    def test_every_day_of_a_range_is_like_that_day_alone(self, store: Path, days):
        calendar = ob.SessionCoordinator.from_file(document(store)).time.calendar
        last = calendar.ordinal_of(date(2024, 6, 10))
        dates = [calendar.session(last - back).date for back in range(days - 1, -1, -1)]
        file = {"session": {"symbols": ["AAPL"]}, "history": [{"days": 1, "intervals": ["1m"]}]}
        whole = ob.run(document(store, backtest={"start": dates[0], "end": dates[-1]}, **file))

        edges = (dates[0], dates[-1])
        alone = [ob.run(document(store, backtest={"start": one, "end": one}, **file)).digest for one in edges]

        assert [one.date for one in whole.days] == [one.isoformat() for one in dates]
        assert [whole.days[0].digest, whole.days[-1].digest] == alone

    def test_strategies_are_alive_on_the_second_day(self, store: Path, tmp_path: Path):
        (tmp_path / "alive.py").write_text(ALIVE)

        report = ob.run(document(store, strategies=[{"use": f"{tmp_path}/alive.py:Alive"}]))

        assert [signal.meta["day"] for signal in report.signals] == [1, 2, 3]
        assert all(signal.meta["sma"] > 0 for signal in report.signals)


class TestUpgrade:
    @pytest.mark.parametrize(
        ("before", "missing"),
        [
            (lambda day: day.add_indicator("AAPL", RSI), ["load_historical", "calculate_quality"]),
            (lambda day: day.add_bar("AAPL", "5m", days=5), ["load_historical", "register_indicator"]),
            (lambda day: day.add_bar("AAPL", "1m", days=5), ["add_interval_5m", "register_indicator"]),
            (
                lambda day: (day.add_bar("AAPL", "5m", days=9), day.add_bar("AAPL", "1m", days=9)),
                ["register_indicator"],
            ),
        ],
        ids=["history and quality", "history of the base", "an interval", "indicators only"],
    )
    def test_only_what_is_missing_is_done(self, store: Path, before, missing):
        day = started(store, "10:00")
        before(day)
        held = {i: len(b.history) for i, b in day.session_data.get_symbol_data("AAPL").bars.items()}

        required = day.analyze_requirements("symbol", "AAPL", "strategy")
        result = day.execute_provisioning(required)

        steps = [str(step) for step in required.provisioning_steps]
        assert steps[0] == "upgrade_symbol"
        assert set(missing) < set(steps)
        assert steps[-1] == "calculate_quality"
        aapl = day.session_data.get_symbol_data("AAPL")
        assert result.ok
        assert all(isinstance(bars.quality, float) for bars in aapl.bars.values())
        assert result.bars == len(aapl.bars["1m"].history) - held.get("1m", 0) + (
            len(aapl.bars["1m"].today) if "1m" not in held else 0
        )

    def test_nothing_is_there_twice_and_what_was_there_stays(self, store: Path):
        day = started(store, "10:00")
        day.add_bar("AAPL", "1m", days=2)
        before = day.session_data.get_symbol_data("AAPL").bars["1m"].ts

        day.add_symbol("AAPL")

        after = day.session_data.get_symbol_data("AAPL").bars["1m"].ts
        assert np.isin(before, after).all()
        assert (np.diff(after) > 0).all()

    def test_extras_of_an_ad_hoc_symbol_survive(self, store: Path):
        day = started(store, "10:00")
        day.add_indicator("AAPL", ATR, source="scanner")
        day.add_bar("AAPL", "60m", days=2, source="user")

        day.add_symbol("AAPL", source="strategy")

        aapl = day.session_data.get_symbol_data("AAPL")
        assert list(aapl.bars) == ["1m", "5m", "15m", "60m"]
        assert sorted(aapl.indicators) == ["atr_5_15m", "rsi_14_5m"]
        assert len(aapl.bars["60m"].history) == 14

    def test_one_that_fails_half_way_stays_ad_hoc_and_can_be_had_later(self, store: Path):
        from openbell.config.loader import load

        armed = []

        def observer(symbol: str, step: str) -> None:
            if armed and step == "register_indicator":
                raise ZeroDivisionError("half-way")

        day = ob.SessionCoordinator(load(document(store)), observer=observer)
        day.start_day()
        day.advance_to("10:00")
        day.add_indicator("AAPL", SMA, source="scanner")
        before = day.fingerprint()
        armed.append(True)

        failed = day.add_symbol("AAPL", source="strategy")

        assert (failed.status, failed.failed_step) == ("failed", "register_indicator")
        assert "half-way" in failed.problems[-1].what
        assert day.session_data.get_symbol_data("AAPL").tier == "adhoc"
        assert day.fingerprint() == before
        armed.clear()
        assert day.add_symbol("AAPL", source="strategy").ok


class TestRemoval:
    def test_a_removed_symbol_leaves_no_data_no_metadata_and_a_free_row(self, store: Path):
        day = started(store, "10:00")
        before = day.fingerprint()
        day.add_symbol("AAPL")
        day.add_indicator("AAPL", ATR)
        held = day.session_data.bytes_held
        row = day.session_data.records["AAPL"].row

        removed = day.remove_symbol("aapl")

        assert removed.ok
        assert day.session_data.get_symbol_data("AAPL") is None
        assert (day.owners.why("AAPL"), day.owners.symbols_of("user")) == ((), ())
        assert day.session_data.bytes_held < held
        assert day.fingerprint() == before
        day.add_symbol("TSLA")
        assert day.session_data.records["TSLA"].row == row

    def test_a_symbol_that_is_not_there_is_success_without_work(self, store: Path):
        assert started(store).remove_symbol("AAPL").status == "nothing_to_do"

    def test_a_configured_symbol_comes_back_the_next_day(self, store: Path):
        day = started(store, "10:00", session={"symbols": ["NVDA", "AAPL"]})

        assert day.remove_symbol("AAPL").ok
        day.finish_day()
        day.start_day()

        assert day.session_data.symbols == ("AAPL", "NVDA")

    def test_a_locked_symbol_stays_also_when_its_last_owner_lets_go(self, store: Path):
        day = started(store, "10:00")
        day.add_symbol("AAPL", source="strategy")
        day.owners.lock("AAPL", "open position of 100")

        day.owners.release("strategy")

        aapl = day.session_data.get_symbol_data("AAPL")
        assert (aapl.tier, aapl.locked) == ("adhoc", "open position of 100")
        assert day.remove_symbol("AAPL").problems[0].code == "locked"

    def test_an_owner_who_lets_go_leaves_what_others_hold(self, store: Path):
        day, other = started(store, "10:00"), started(store, "10:00")
        for session in (day, other):
            session.add_indicator("AAPL", SMA, source="scanner:b")
        day.add_indicator("AAPL", SMA, source="scanner:a")
        day.add_bar("AAPL", "15m", days=3, source="scanner:a")

        day.owners.release("scanner:a")

        assert day.digest() == other.digest()
        assert [one.owner for one in day.owners.why("AAPL")] == ["scanner:b"]
