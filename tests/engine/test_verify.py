"""Verify: planted leaks are named, clean sessions are not."""

import shutil
from pathlib import Path

import pytest
from sessions import document

from openbell.cli.main import main
from openbell.config.loader import load
from openbell.config.writing import toml_text
from openbell.engine.verify import verify

CLEAN = """
import numpy as np
import openbell as ob


class Cross(ob.Strategy):
    def setup(self, needs):
        self.sma = needs.indicator("sma", interval="5m", period=5)
        self.was = {}

    def on_day_start(self):
        self.was = {}

    def on_bars(self, bars):
        if bars.interval != "5m":
            return
        above = bars.close > bars.indicator(self.sma)
        for name, now in zip(bars.symbols, above.tolist()):
            if now and self.was.get(name) is False:
                self.buy(name, quantity=1)
            self.was[name] = now


class Extreme(ob.Scanner):
    def setup(self, needs):
        self.rsi = needs.indicator("rsi", interval="5m", period=14)

    def scan(self, market):
        rsi = market.indicator(self.rsi)
        return self.picks(market.names(rsi > 60, by=rsi, most=1), drop=market.names(rsi < 50))
"""

LEAKS = """
from pathlib import Path

import numpy as np
import openbell as ob


def closes():
    from openbell.market.calendar import load_calendar
    from openbell.bars.interval import Interval
    from openbell.store.manager import DataManager
    calendar = load_calendar("XNYS")
    data = DataManager(Path(__file__).parent / "data", calendar)
    days = [calendar.ordinal_of(day) for day in np.array(["2024-06-06", "2024-06-10"], "M8[D]").tolist()]
    return data.read(["NVDA"], Interval.parse("1m"), *days)["NVDA"]


class Peeks(ob.Strategy):
    '''Buys when the price will be higher in ten minutes.'''

    def on_day_start(self):
        self.block = closes()

    def on_bars(self, bars):
        if bars.interval != "5m":
            return
        at = int(np.searchsorted(self.block.ts, bars.now + 600_000_000_000)) - 1
        if self.block.close[at] > bars.close[0] * 1.001:
            self.buy("NVDA", quantity=1)


class PeeksToo(ob.Scanner):
    '''Promotes what will have ended the day higher.'''

    def filter(self, universe):
        from openbell.store.manager import DataManager
        day = self.desk.session_data.time.today.ordinal
        data = DataManager(Path(__file__).parent / "data", self.desk.session_data.time.calendar)
        from openbell.bars.interval import Interval
        summary = data.summaries(universe.symbols, Interval.parse("1m"), day, day)
        return (summary.close > summary.open * 1.001)[:, 0]

    def scan(self, market):
        return market.symbols
"""

INDICATOR = """
from pathlib import Path

import numpy as np
import openbell as ob
from openbell.bars.interval import Interval
from openbell.indicators.definition import indicator
from openbell.market.calendar import load_calendar
from openbell.store.manager import DataManager

calendar = load_calendar("XNYS")
data = DataManager(Path(__file__).parent / "data", calendar)
day = calendar.ordinal_of(__import__("datetime").date(2024, 6, 6))
LAST = float(data.read(["NVDA"], Interval.parse("1m"), day, day)["NVDA"].close[-1])


@indicator
class Hindsight:
    '''How far the close is from the last one of the day.

    Source: none.
    '''

    class State:
        seen: int

    @staticmethod
    def lookback(p):
        return 1

    @staticmethod
    def update(state, bar, p):
        return bar.close - LAST


class Uses(ob.Strategy):
    def setup(self, needs):
        needs.indicator(Hindsight, interval="1m")
"""


@pytest.fixture
def home(store: Path, tmp_path: Path) -> Path:
    """A folder with a store of its own and a session file beside it."""
    shutil.copytree(store, tmp_path / "data")
    return tmp_path


def file_in(home: Path, code: str, **changes: object):
    (home / "mine.py").write_text(code)
    made = document(home / "data", **changes)
    made["store"] = "data"
    made["backtest"]["end"] = made["backtest"]["start"]
    (home / "session.toml").write_text(toml_text(made))
    return load(home / "session.toml")


def test_a_clean_session_shows_nothing(home: Path):
    file = file_in(
        home,
        CLEAN,
        strategies=[{"use": "mine.py:Cross"}],
        scanners=[{"use": "mine.py:Extreme", "every": "5m", "pre_session": True}],
        session={"symbols": ["NVDA", "AAPL", "THIN"]},
    )

    verdict = verify(file, times=4)

    assert verdict.ok, str(verdict)
    assert len(verdict.instants) == 4
    assert verdict.outputs["strategy:Cross"] > 5
    assert verdict.outputs["scanner:Extreme"] > 70
    assert verdict.outputs["indicator:rsi_14_5m"] > 390


def test_a_leak_in_a_strategy_is_named_with_its_first_instant(home: Path):
    verdict = verify(file_in(home, LEAKS, strategies=[{"use": "mine.py:Peeks"}]), times=4)

    first = verdict.findings[0]
    assert (first.check, first.who) == ("future", "strategy:Peeks")
    assert first.altered_after is not None
    assert first.first <= first.altered_after
    assert {finding.who for finding in verdict.findings} == {"strategy:Peeks"}


def test_a_leak_in_a_scanner_is_named(home: Path):
    verdict = verify(file_in(home, LEAKS, scanners=[{"use": "mine.py:PeeksToo", "every": "30m"}]), times=4)

    assert (verdict.findings[0].check, verdict.findings[0].who) == ("future", "scanner:PeeksToo")
    assert f"{verdict.findings[0].first:%H:%M}" == "09:30"


def test_a_leak_in_a_users_indicator_is_named(home: Path):
    verdict = verify(file_in(home, INDICATOR, strategies=[{"use": "mine.py:Uses"}]), times=2)

    (finding,) = verdict.findings
    assert (finding.check, finding.who.split(":")[0]) == ("future", "indicator")
    assert "hindsight" in finding.who.lower()
    assert f"{finding.first:%H:%M}" == "09:31"
    assert "NVDA" in finding.was


def test_what_depends_on_how_much_history_was_loaded_is_named(home: Path):
    code = """
import openbell as ob


class Deep(ob.Strategy):
    def on_bars(self, bars):
        if bars.interval == "5m" and bars.time.minute == 30:
            mean = self.desk.symbol("AAPL").bars["5m"].close.mean()
            self.hold("AAPL", meta={"mean": float(mean)})
"""
    verdict = verify(file_in(home, code, strategies=[{"use": "mine.py:Deep"}], session={"symbols": ["AAPL"]}), times=1)

    assert [(finding.check, finding.who) for finding in verdict.findings] == [("history depth", "strategy:Deep")]


def test_the_command_says_it_and_exits_accordingly(home: Path, capsys: pytest.CaptureFixture[str]):
    file_in(home, LEAKS, strategies=[{"use": "mine.py:Peeks"}])

    code = main(["verify", str(home / "session.toml"), "--times", "3"])

    out = capsys.readouterr().out
    assert code == 1
    assert "strategy:Peeks at 2024-06-06" in out
    assert "was altered" in out


def test_a_poisoned_store_is_the_same_up_to_the_instant_and_another_after_it(home: Path):
    import numpy as np

    from openbell.engine.poison import poisoned
    from openbell.market.calendar import load_calendar
    from openbell.store.manager import DataManager

    file = file_in(home, CLEAN)
    calendar = load_calendar("XNYS")
    day = calendar.ordinal_of(file.start)
    at = calendar.session(day).open + 97 * 60_000_000_000

    other = poisoned(file, home / "copy", at, seed=3)

    assert other.store == home / "copy" / "data"
    for symbol in DataManager(file.store, calendar).symbols():
        (one,), (two,) = (
            [DataManager(store, calendar).read([symbol], file.intervals[0], day - 8, day + 2)[symbol]]
            for store in (file.store, other.store)
        )
        width = 60_000_000_000
        before, same = one.ts + width <= at, two.ts + width <= at
        np.testing.assert_array_equal(one.ts[before], two.ts[same])
        for left, right in zip(one.columns, two.columns, strict=True):
            np.testing.assert_array_equal(left[before], right[same])
        if len(one.ts[~before]):
            later, others = one[~before], two[~same]
            common = np.intersect1d(later.ts, others.ts)
            assert len(common) < len(np.union1d(later.ts, others.ts))
            assert (later.close[np.isin(later.ts, common)] != others.close[np.isin(others.ts, common)]).all()


def test_stored_days_that_hold_the_future_are_not_read_before_their_close(tmp_path: Path):
    from datetime import date

    from sessions import store_blocks

    from openbell.testing.market import SyntheticMarket

    for interval in ("1m", "1d"):
        market = SyntheticMarket(("NVDA", "AAPL"), sessions=14, start=date(2024, 5, 21), interval=interval)
        store = store_blocks(tmp_path, dict(market.blocks()), interval)
    made = document(store, session={"symbols": ["NVDA", "AAPL"], "intervals": ["1m", "5m", "1d"]})
    made["indicators"] = [{"name": "sma", "interval": "1d", "params": {"period": 3}}]
    made["scanners"] = [{"use": "openbell.scanners.ready:NewHighLow", "every": "30m", "params": {"days": 3}}]
    made["backtest"]["end"] = date(2024, 6, 7)

    verdict = verify(load(made), times=4)

    assert verdict.ok, str(verdict)
    assert verdict.outputs["indicator:sma_3_1d"] > 0
