"""The demo's strategy: edit it, and run the session again."""

import numpy as np

import openbell as ob
from openbell.desk.bars import Bars


class Breadth(ob.Strategy):
    """When most names trade above their average, ask for one that the session file does not name."""

    def on_day_start(self) -> None:
        """Nothing was asked yet today."""
        self.sma = ob.indicator("sma", interval="5m", period=20)
        self.asked = False

    def on_bars(self, bars: Bars) -> None:
        """All symbols at once, as arrays; NaN is never above."""
        if bars.interval != "5m" or self.asked:
            return
        above = bars.close > bars.indicator(self.sma)
        if np.count_nonzero(above) > len(bars) / 2:
            self.desk.add_indicator("SYNPINE", self.sma, source="strategy")
            self.asked = True
