"""NautilusTrader's backtest engine: 5m and 15m bars put together inside it, history given to the indicators by hand.

Warming by hand is its quickest way: bars of history that go through its message bus cost some microseconds each.
"""

from importlib.metadata import version
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

from benchmarks.peers.work import MINUTE, Outcome, Work, is_hit

VENUE = "SIM"


class Row:
    """One symbol's indicators, warmed by hand."""

    def __init__(self, work: Work, name: str) -> None:
        self.sma, self.ema = SimpleMovingAverage(20), ExponentialMovingAverage(20)
        self.rsi = RelativeStrengthIndex(14, MovingAverageType.WILDER)
        self.macd = MovingAverageConvergenceDivergence(12, 26, MovingAverageType.EXPONENTIAL)
        self.signal = ExponentialMovingAverage(9)
        self.atr = AverageTrueRange(14, MovingAverageType.WILDER)
        for close in work.history(name, 5)["close"].to_list():
            self.close(close)
        for high, low, close in work.history(name, 15).select("high", "low", "close").iter_rows():
            self.atr.update_raw(high, low, close)

    def close(self, close: float) -> None:
        """A 5m bar has ended."""
        for indicator in (self.sma, self.ema, self.rsi, self.macd):
            indicator.update_raw(close)
        self.signal.update_raw(self.macd.value)

    def hit(self, close: float) -> bool:
        rsi, macd = self.rsi.value * 100, self.macd.value
        return is_hit(close, self.sma.value, self.ema.value, rsi, macd, self.signal.value, self.atr.value)

    def values(self) -> dict[str, float]:
        return {
            "sma": self.sma.value,
            "ema": self.ema.value,
            "rsi": self.rsi.value * 100,
            "macd": self.macd.value,
            "signal": self.signal.value,
            "atr": self.atr.value,
        }


class Reader(Strategy):  # type: ignore[misc]  # the package has no types
    """Compares after each minute."""

    def __init__(self, rows: dict[str, Row], outcome: Outcome) -> None:
        super().__init__()
        self.rows, self.outcome = rows, outcome
        self.one: dict[BarType, Row] = {}
        self.five: dict[BarType, Row] = {}
        self.fifteen: dict[BarType, Row] = {}

    def on_start(self) -> None:
        for name, row in self.rows.items():
            self._subscribe(f"{name}.{VENUE}-1-MINUTE-LAST-EXTERNAL", self.one, row)
            self._subscribe(f"{name}.{VENUE}-5-MINUTE-LAST-INTERNAL@1-MINUTE-EXTERNAL", self.five, row)
            self._subscribe(f"{name}.{VENUE}-15-MINUTE-LAST-INTERNAL@1-MINUTE-EXTERNAL", self.fifteen, row)

    def _subscribe(self, text: str, rows: dict[BarType, Row], row: Row) -> None:
        kind = BarType.from_str(text)
        self.subscribe_bars(kind)
        rows[kind.standard()] = row

    def on_bar(self, bar: Bar) -> None:
        row = self.one.get(bar.bar_type)
        if row is not None:
            if not self.outcome.bars:
                self.outcome.begin()
            self.outcome.bars += 1
            self.outcome.hits += row.hit(bar.close.as_double())
            return
        row = self.five.get(bar.bar_type)
        if row is not None:
            row.close(bar.close.as_double())
        else:
            high, low, close = bar.high.as_double(), bar.low.as_double(), bar.close.as_double()
            self.fifteen[bar.bar_type].atr.update_raw(high, low, close)


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("nautilus_trader"), locked=False)
    # The last 1m bar of a window comes at the instant at which the window ends, so the window waits for it.
    config = BacktestEngineConfig(
        logging=LoggingConfig(bypass_logging=True),
        data_engine=DataEngineConfig(time_bars_build_delay=15),
        run_analysis=False,
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(Venue(VENUE), OmsType.NETTING, AccountType.CASH, [Money(1_000_000, USD)], bar_execution=False)
    rows = {name: Row(work, name) for name in work.symbols}
    bars = [bar for name in work.symbols for bar in _bars(engine, work, name)]
    bars.sort(key=lambda bar: bar.ts_init)
    engine.add_data([*bars, _later(bars[-1])], sort=False)
    engine.add_strategy(Reader(rows, outcome))
    engine.run()
    outcome.end()
    outcome.values = {name: row.values() for name, row in rows.items()}
    engine.dispose()
    outcome.write(work)


def _bars(engine: Any, work: Work, name: str) -> list[Bar]:
    instrument = TestInstrumentProvider.equity(symbol=name, venue=VENUE)
    engine.add_instrument(instrument)
    today = work.today(name)
    index = pd.DatetimeIndex((today["ts"] + MINUTE).to_numpy(), tz="UTC")
    columns = {field: today[field].to_numpy() for field in ("open", "high", "low", "close", "volume")}
    kind = BarType.from_str(f"{name}.{VENUE}-1-MINUTE-LAST-EXTERNAL")
    found: list[Bar] = BarDataWrangler(kind, instrument).process(pd.DataFrame(columns, index=index))
    return found


def _later(bar: Bar) -> Bar:
    """A bar that nobody subscribed to: the engine's clock stops at its last data, before the last windows end."""
    kind = BarType.from_str(str(bar.bar_type).replace("LAST", "BID"))
    later = bar.ts_init + MINUTE
    return Bar(kind, bar.open, bar.high, bar.low, bar.close, bar.volume, later, later)


if __name__ == "__main__":
    main()
