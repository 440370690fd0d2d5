"""NautilusTrader's engine in Rust, which its newer versions bring beside the older one; a Python actor reads."""

from importlib.metadata import version
from time import perf_counter
from typing import Any

from nautilus_trader.core import nautilus_pyo3 as nt

from benchmarks.peers import nautilus_row
from benchmarks.peers.nautilus_row import DELAY, ONE, VENUE, Reading, later
from benchmarks.peers.work import MINUTE, Outcome, Work

TICK = 2


class WilderRange:
    """Its AverageTrueRange averages simply whatever it is asked for, so its Wilder average is given true ranges."""

    def __init__(self, period: int) -> None:
        self.average = nt.WilderMovingAverage(period)
        self.before: float | None = None

    @property
    def value(self) -> float:
        return float(self.average.value)

    def update_raw(self, high: float, low: float, close: float) -> None:
        before = close if self.before is None else self.before
        self.average.update_raw(max(high, before) - min(low, before))
        self.before = close


class Row(nautilus_row.Row):
    """One symbol's indicators."""

    def __init__(self, work: Work, name: str) -> None:
        self.sma, self.ema = nt.SimpleMovingAverage(20), nt.ExponentialMovingAverage(20)
        self.rsi = nt.RelativeStrengthIndex(14, nt.MovingAverageType.Wilder)
        self.macd = nt.MovingAverageConvergenceDivergence(12, 26, nt.MovingAverageType.Exponential)
        self.signal = nt.ExponentialMovingAverage(9)
        self.atr = WilderRange(14)
        self.warm(work, name)


class Reader(Reading, nt.DataActor):  # type: ignore[misc]  # the package has no types
    """Compares after each minute."""

    def __new__(cls) -> "Reader":
        made: Reader = nt.DataActor.__new__(cls, nt.DataActorConfig(log_events=False, log_commands=False))
        return made


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("nautilus_trader"), locked=False)
    engine = nt.BacktestEngine(
        nt.BacktestEngineConfig(
            bypass_logging=True,
            data_engine=nt.data.DataEngineConfig(time_bars_build_delay=DELAY),
            run_analysis=False,
        )
    )
    cash = nt.Money.from_str("1000000 USD")
    engine.add_venue(nt.Venue(VENUE), nt.OmsType.NETTING, nt.AccountType.CASH, [cash], bar_execution=False)
    rows = {name: Row(work, name) for name in work.symbols}
    bars = [bar for name in work.symbols for bar in _bars(engine, work, name)]
    engine.add_data([*bars, later(bars[-1])])
    reader = Reader()
    reader.begin(nt.BarType, rows, outcome)
    engine.add_actor(reader)
    engine.run()
    outcome.end()
    outcome.values = {name: row.values() for name, row in rows.items()}
    began = perf_counter()
    Row(work, work.symbols[0])
    outcome.added = perf_counter() - began
    outcome.write(work)


def _bars(engine: Any, work: Work, name: str) -> list[Any]:
    symbol = nt.InstrumentId.from_str(f"{name}.{VENUE}")
    engine.add_instrument(nt.Equity(symbol, symbol.symbol, nt.Currency.from_str("USD"), TICK, _price(0.01), 0, 0))
    kind = nt.BarType.from_str(ONE.format(name))
    columns = work.today(name).select("ts", "volume", "open", "high", "low", "close")
    return [
        nt.Bar(kind, *map(_price, prices), nt.Quantity(volume, 0), ts + MINUTE, ts + MINUTE)
        for ts, volume, *prices in columns.iter_rows()
    ]


def _price(value: float) -> Any:
    return nt.Price(value, TICK)


if __name__ == "__main__":
    main()
