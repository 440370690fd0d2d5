"""A strategy that buys when a fast average crosses a slow one from below, and sells when it crosses back.

Run: python examples/moving_average_cross.py [folder]. The market is synthetic and made at the first run.
"""

import sys
from pathlib import Path

import openbell as ob
from openbell.testing.market import SyntheticMarket


class Cross(ob.Strategy):
    fast: int = 5
    slow: int = 20

    def setup(self, needs):
        self.quick = needs.indicator("sma", interval="5m", period=self.fast)
        self.steady = needs.indicator("sma", interval="5m", period=self.slow)

    def on_day_start(self):
        self.above = {}

    def on_bars(self, bars):
        if bars.interval != "5m":
            return
        above = bars.indicator(self.quick) > bars.indicator(self.steady)
        for name, now in zip(bars.symbols, above.tolist(), strict=True):
            if self.above.get(name, now) != now:
                if now:
                    self.buy(name, weight=0.25, reason="fast above slow")
                else:
                    self.close(name, reason="fast below slow")
            self.above[name] = now


def main(folder: Path = Path("example-data")) -> "ob.api.Report":
    store = folder / "small"
    if not store.exists():
        SyntheticMarket(("OAK", "ELM", "ASH", "YEW"), sessions=12).into_store(store)
    session = {
        "name": "moving-average-cross",
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-04", "end": "2024-06-06"},
        "session": {"symbols": ["OAK", "ELM", "ASH", "YEW"], "intervals": ["1m", "5m"]},
        "strategies": [{"use": f"{__file__}:Cross", "params": {"fast": 5, "slow": 20}}],
    }
    return ob.run(session)


if __name__ == "__main__":
    report = main(*map(Path, sys.argv[1:]))
    print(report)
    print(report.signals.frame("America/New_York").select("exchange_time", "symbol", "action", "reason"))
