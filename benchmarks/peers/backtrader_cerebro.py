"""backtrader: preloaded feeds, indicators in one go (``runonce``), longer intervals as feeds of their own."""

from datetime import datetime, timedelta
from importlib.metadata import version

import backtrader as bt
import polars as pl

from benchmarks.peers.work import MINUTE, STEPS, Outcome, Work, derived, is_hit

EPOCH = datetime(1970, 1, 1)


class Columns(bt.feed.DataBase):
    """A feed from columns, stamped with the bars' ends so that all intervals that end now come together."""

    params = (("frame", None), ("step", 1))

    def start(self) -> None:
        super().start()
        frame: pl.DataFrame = self.p.frame
        ends = (frame["ts"] + self.p.step * MINUTE).to_list()
        days = [bt.date2num(EPOCH + timedelta(microseconds=end // 1000)) for end in ends]
        columns = (frame[name].to_list() for name in ("open", "high", "low", "close", "volume"))
        self._rows = zip(days, *columns, strict=True)

    def _load(self) -> bool:
        row = next(self._rows, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0], lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row
        lines.openinterest[0] = 0.0
        return True


class Reader(bt.Strategy):
    """Compares after each minute of the last session."""

    params = (("work", None), ("outcome", None))

    def __init__(self) -> None:
        self.rows = []
        for place in range(len(self.p.work.symbols)):
            one, five, fifteen = self.datas[3 * place : 3 * place + 3]
            macd = bt.ind.MACD(five.close)
            self.rows.append(
                (
                    one,
                    bt.ind.SMA(five.close, period=20),
                    bt.ind.EMA(five.close, period=20),
                    bt.ind.RSI(five.close, period=14, safediv=True),
                    macd.macd,
                    macd.signal,
                    bt.ind.ATR(fifteen, period=14),
                )
            )
        self.opens = bt.date2num(EPOCH + timedelta(microseconds=self.p.work.opens // 1000))
        self.begun = False

    def next(self) -> None:
        if self.datas[0].datetime[0] <= self.opens:
            return
        outcome = self.p.outcome
        if not self.begun:
            outcome.begin()
            self.begun = True
        for one, sma, ema, rsi, macd, signal, atr in self.rows:
            outcome.bars += 1
            outcome.hits += is_hit(one.close[0], sma[0], ema[0], rsi[0], macd[0], signal[0], atr[0])

    def stop(self) -> None:
        self.p.outcome.end()
        names = ("sma", "ema", "rsi", "macd", "signal", "atr")
        for symbol, (_, *lines) in zip(self.p.work.symbols, self.rows, strict=True):
            self.p.outcome.values[symbol] = {name: line[0] for name, line in zip(names, lines, strict=True)}


def main() -> None:
    work = Work.given()
    outcome = Outcome(version=version("backtrader"))
    cerebro = bt.Cerebro(preload=True, runonce=True, stdstats=False)
    for symbol in work.symbols:
        bars = work.bars(symbol)
        for step in (1, *STEPS):
            feed = Columns(frame=derived(bars, step), step=step, timeframe=bt.TimeFrame.Minutes, compression=step)
            cerebro.adddata(feed, name=f"{symbol}-{step}")
    cerebro.addstrategy(Reader, work=work, outcome=outcome)
    cerebro.run()
    outcome.write(work)


if __name__ == "__main__":
    main()
