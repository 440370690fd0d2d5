"""An indicator of one's own: a few lines of plain Python over one bar, compiled like those of openbell.

Run: python examples/own_indicator.py [folder]. The market is synthetic and made at the first run.
"""

import sys
from pathlib import Path

import openbell as ob
from openbell.indicators.definition import indicator, param
from openbell.testing.market import SyntheticMarket


@indicator
class RisingStreak:
    """How many bars in a row closed higher than the one before, at most ``longest``.

    Source: arithmetic.
    """

    longest: int = param(minimum=1, maximum=1000, about="where counting ends")

    class State:
        seen: int
        last: float
        streak: float

    @staticmethod
    def lookback(p):
        return p.longest + 1

    @staticmethod
    def update(state, bar, p):
        if state.seen > 1 and bar.value > state.last:
            state.streak = min(state.streak + 1.0, float(p.longest))
        else:
            state.streak = 0.0
        state.last = bar.value
        return state.streak


class Streaks(ob.Strategy):
    longest: int = 5

    def setup(self, needs):
        self.streak = needs.indicator(RisingStreak, interval="5m", longest=self.longest)

    def on_bar(self, bar):
        if bar.interval == "5m" and bar.indicator(self.streak) >= self.longest:
            self.sell(bar.symbol, quantity=1, reason=f"{self.longest} rises in a row")


def main(folder: Path = Path("example-data")) -> "ob.api.Report":
    store = folder / "small"
    if not store.exists():
        SyntheticMarket(("OAK", "ELM", "ASH", "YEW"), sessions=12).into_store(store)
    session = {
        "name": "own-indicator",
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-04", "end": "2024-06-05"},
        "session": {"symbols": ["OAK", "ELM", "ASH", "YEW"], "intervals": ["1m", "5m"]},
        "strategies": [{"use": f"{__file__}:Streaks"}],
    }
    return ob.run(session)


if __name__ == "__main__":
    report = main(*map(Path, sys.argv[1:]))
    print(report.signals.frame("America/New_York").select("exchange_time", "symbol", "action", "reason"))
