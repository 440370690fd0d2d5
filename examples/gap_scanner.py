"""A scanner that promotes what opened far from its last close, and a strategy that trades what was promoted.

Run: python examples/gap_scanner.py [folder]. The market is synthetic and made at the first run.
"""

import sys
from pathlib import Path

import openbell as ob
from openbell.testing.market import SyntheticMarket


class GapUp(ob.Scanner):
    gap: float = 0.01

    def scan(self, market):
        gap = market.open / market.previous_close - 1
        return market.names((gap > self.gap) & ~market.held, by=gap, most=3)


class BuysTheGap(ob.Strategy):
    def on_symbol_added(self, symbol):
        self.buy(symbol, quantity=100, reason="promoted by the scanner")

    def on_day_end(self):
        for symbol in self.desk.symbols:
            if self.desk.symbol(symbol).meets_session_config_requirements:
                self.close(symbol, reason="end of day")


def main(folder: Path = Path("example-data")) -> "ob.api.Report":
    store = folder / "fifty"
    if not store.exists():
        SyntheticMarket(50, sessions=12).into_store(store)
    session = {
        "name": "gap-scanner",
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-04", "end": "2024-06-05"},
        "session": {"symbols": [], "intervals": ["1m", "5m"]},
        "history": [{"days": 3, "intervals": ["1m", "5m"]}],
        "scanners": [{"use": f"{__file__}:GapUp", "params": {"gap": 0.01}, "at": ["09:31", "09:35"], "most_held": 5}],
        "strategies": [{"use": f"{__file__}:BuysTheGap"}],
    }
    return ob.run(session)


if __name__ == "__main__":
    report = main(*map(Path, sys.argv[1:]))
    for day in report.days:
        for scan in day.scans:
            print(f"{scan['at']} looked at {scan['looked']} symbols, promoted {', '.join(scan['promoted']) or 'none'}")
    print(report.signals.frame("America/New_York").select("exchange_time", "symbol", "action", "reason"))
