"""What is called back while the day is replayed."""

from pathlib import Path

import numpy as np

import openbell as ob
from openbell.desk.bars import Bars
from openbell.desk.conditions import Condition
from openbell.desk.cursor import BarCursor
from openbell.desk.needs import Needs


class _Reading(ob.Strategy):
    """Knows the five indicators."""

    def on_day_start(self) -> None:
        self.sma = ob.indicator("sma", interval="5m", period=20)
        self.ema = ob.indicator("ema", interval="5m", period=20)
        self.rsi = ob.indicator("rsi", interval="5m", period=14)
        self.macd = ob.indicator("macd", interval="5m")
        self.atr = ob.indicator("atr", interval="15m", period=14)
        self.hits = 0

    def all_of_them(self, needs: Needs) -> Condition:
        """The close and five indicators compared."""
        self.on_day_start()
        return needs.condition(
            ("close", ">", self.sma),
            ("close", ">", self.ema),
            (self.rsi, "<", 70),
            (self.atr, ">", 0),
            (self.macd, ">", (self.macd, "signal")),
        )


class Reader(_Reading):
    """At every instant reads and compares all indicators of all symbols."""

    interval: str = "1m"

    def setup(self, needs: Needs) -> None:
        needs.calls(self.interval)

    def on_bars(self, bars: Bars) -> None:
        close = bars.close
        above = (close > bars.indicator(self.sma)) & (close > bars.indicator(self.ema))
        calm = (bars.indicator(self.rsi) < 70) & (bars.indicator(self.atr) > 0)
        rising = bars.indicator(self.macd) > bars.indicator(self.macd, "signal")
        self.hits += int(np.count_nonzero(above & calm & rising))


class Conditions(Reader):
    """Reads and compares the same as one condition."""

    def setup(self, needs: Needs) -> None:
        super().setup(needs)
        self.entry = self.all_of_them(needs)

    def on_bars(self, bars: Bars) -> None:
        self.hits += int(np.count_nonzero(bars.where(self.entry)))


class Empty(ob.Strategy):
    """Is called with every cross-section and does nothing."""

    def on_bars(self, bars: Bars) -> None:
        pass


class EachBar(_Reading):
    """For every bar compares its prices, and the indicators of its interval."""

    def setup(self, needs: Needs) -> None:
        self.on_day_start()
        self.trend = needs.condition(
            ("close", ">", self.sma),
            ("close", ">", self.ema),
            (self.rsi, "<", 70),
            (self.macd, ">", (self.macd, "signal")),
        )

    def on_bar(self, bar: BarCursor) -> None:
        if bar.interval == "1m":
            self.hits += bar.close > bar.open
        elif bar.interval == "5m":
            self.hits += bar.meets(self.trend)
        else:
            self.hits += bar.indicator(self.atr) > 0


class EachValue(_Reading):
    """The same, value by value."""

    def on_bar(self, bar: BarCursor) -> None:
        if bar.interval == "1m":
            self.hits += bar.close > bar.open
        elif bar.interval == "5m":
            self.hits += (
                bar.close > bar.indicator(self.sma)
                and bar.close > bar.indicator(self.ema)
                and bar.indicator(self.rsi) < 70
                and bar.indicator(self.macd) > bar.indicator(self.macd, "signal")
            )
        else:
            self.hits += bar.indicator(self.atr) > 0


class EmptyEachBar(ob.Strategy):
    """Is called for every bar and does nothing."""

    def on_bar(self, bar: BarCursor) -> None:
        pass


class _Counted(ob.Strategy):
    """Leaves the number of its hits in a file."""

    out: str = ""

    def on_day_end(self) -> None:
        Path(self.out).write_text(str(self.hits))


class Counted(_Counted, Reader):
    """A reader that tells how many hits it had."""


class CountedConditions(_Counted, Conditions):
    """The same with one condition."""


class CountedEachBar(_Counted, _Reading):
    """The same bar by bar."""

    def setup(self, needs: Needs) -> None:
        needs.calls("1m")
        self.entry = self.all_of_them(needs)

    def on_bar(self, bar: BarCursor) -> None:
        self.hits += bar.meets(self.entry)
