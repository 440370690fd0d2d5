"""talipp's indicators in a hand-written loop: objects per symbol, windows closed at their ends."""

from importlib.metadata import version
from time import perf_counter
from typing import Any

from talipp.indicators import ATR, EMA, MACD, RSI, SMA
from talipp.ohlcv import OHLCV

from benchmarks.peers.work import MINUTE, Outcome, Work, instants, is_hit


class Window:
    """A bar that is being put together."""

    __slots__ = ("close", "high", "low", "open")

    def __init__(self, bar: tuple[Any, ...]) -> None:
        _, self.open, self.high, self.low, self.close, _ = bar

    def add(self, bar: tuple[Any, ...]) -> None:
        if bar[2] > self.high:
            self.high = bar[2]
        if bar[3] < self.low:
            self.low = bar[3]
        self.close = bar[4]


class Symbol:
    """One symbol's indicators, warm."""

    def __init__(self, work: Work, name: str) -> None:
        short, long = work.history(name, 5), work.history(name, 15)
        closes = short["close"].to_list()
        bars = [OHLCV(*row) for row in long.select("open", "high", "low", "close").iter_rows()]
        self.sma, self.ema, self.rsi = SMA(20, closes), EMA(20, closes), RSI(14, closes)
        self.macd, self.atr = MACD(12, 26, 9, closes), ATR(14, bars)
        self.closes = (self.sma, self.ema, self.rsi, self.macd)
        self.short: Window | None = None
        self.long: Window | None = None

    def take(self, bar: tuple[Any, ...]) -> None:
        """Put a 1m bar into both windows."""
        if self.short is None:
            self.short = Window(bar)
        else:
            self.short.add(bar)
        if self.long is None:
            self.long = Window(bar)
        else:
            self.long.add(bar)

    def close_short(self) -> None:
        if self.short is not None:
            for indicator in self.closes:
                indicator.add(self.short.close)
            self.short = None

    def close_long(self) -> None:
        if self.long is not None:
            one = self.long
            self.atr.add(OHLCV(one.open, one.high, one.low, one.close))
            self.long = None

    def hit(self, close: float) -> bool:
        macd = self.macd[-1]
        return is_hit(close, self.sma[-1], self.ema[-1], self.rsi[-1], macd.macd, macd.signal, self.atr[-1])

    def values(self) -> dict[str, float]:
        macd = self.macd[-1]
        return {
            "sma": self.sma[-1],
            "ema": self.ema[-1],
            "rsi": self.rsi[-1],
            "macd": macd.macd,
            "signal": macd.signal,
            "atr": self.atr[-1],
        }


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("talipp"))
    symbols = [Symbol(work, name) for name in work.symbols]
    stream = instants([work.today(name) for name in work.symbols])
    outcome.begin()
    for now, bars in stream:
        for bar in bars:
            symbols[bar[0]].take(bar)
        if now % (5 * MINUTE) == 0:
            for symbol in symbols:
                symbol.close_short()
        if now % (15 * MINUTE) == 0:
            for symbol in symbols:
                symbol.close_long()
        outcome.bars += len(bars)
        outcome.hits += sum(symbols[bar[0]].hit(bar[4]) for bar in bars)
    outcome.end()
    outcome.values = {name: symbol.values() for name, symbol in zip(work.symbols, symbols, strict=True)}
    began = perf_counter()
    Symbol(work, work.symbols[0])
    outcome.added = perf_counter() - began
    outcome.write(work)


if __name__ == "__main__":
    main()
