"""NautilusTrader's backtest engine: 5m and 15m bars put together inside it, history given to the indicators by hand.

Warming by hand is its quickest way: bars of history that go through its message bus cost some microseconds each.
"""

from importlib.metadata import version
from time import perf_counter
from typing import Any

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import DataEngineConfig, LoggingConfig
from nautilus_trader.indicators import (
    AverageTrueRange,
    ExponentialMovingAverage,
    MovingAverageConvergenceDivergence,
    MovingAverageType,
    RelativeStrengthIndex,
    SimpleMovingAverage,
)
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from benchmarks.peers import nautilus_row
from benchmarks.peers.nautilus_row import DELAY, ONE, VENUE, Reading, later
from benchmarks.peers.work import MINUTE, Outcome, Work


class Row(nautilus_row.Row):
    """One symbol's indicators."""

    def __init__(self, work: Work, name: str) -> None:
        self.sma, self.ema = SimpleMovingAverage(20), ExponentialMovingAverage(20)
        self.rsi = RelativeStrengthIndex(14, MovingAverageType.WILDER)
        self.macd = MovingAverageConvergenceDivergence(12, 26, MovingAverageType.EXPONENTIAL)
        self.signal = ExponentialMovingAverage(9)
        self.atr = AverageTrueRange(14, MovingAverageType.WILDER)
        self.warm(work, name)


class Reader(Reading, Strategy):  # type: ignore[misc]  # the package has no types
    """Compares after each minute."""


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("nautilus_trader"), locked=False)
    config = BacktestEngineConfig(
        logging=LoggingConfig(bypass_logging=True),
        data_engine=DataEngineConfig(time_bars_build_delay=DELAY),
        run_analysis=False,
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(Venue(VENUE), OmsType.NETTING, AccountType.CASH, [Money(1_000_000, USD)], bar_execution=False)
    rows = {name: Row(work, name) for name in work.symbols}
    bars = [bar for name in work.symbols for bar in _bars(engine, work, name)]
    engine.add_data([*bars, later(bars[-1])])
    reader = Reader()
    reader.begin(BarType, rows, outcome)
    engine.add_strategy(reader)
    engine.run()
    outcome.end()
    outcome.values = {name: row.values() for name, row in rows.items()}
    began = perf_counter()
    Row(work, work.symbols[0])
    outcome.added = perf_counter() - began
    engine.dispose()
    outcome.write(work)


def _bars(engine: Any, work: Work, name: str) -> list[Bar]:
    instrument = TestInstrumentProvider.equity(symbol=name, venue=VENUE)
    engine.add_instrument(instrument)
    today = work.today(name)
    index = pd.DatetimeIndex((today["ts"] + MINUTE).to_numpy(), tz="UTC")
    columns = {field: today[field].to_numpy() for field in ("open", "high", "low", "close", "volume")}
    found: list[Bar] = BarDataWrangler(BarType.from_str(ONE.format(name)), instrument).process(
        pd.DataFrame(columns, index=index)
    )
    return found


if __name__ == "__main__":
    main()
