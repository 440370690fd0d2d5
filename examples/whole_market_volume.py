"""Relative volume over a whole market, every five minutes: thousands of light symbols, a few in full.

Run: python examples/whole_market_volume.py [folder] [symbols]. The market is synthetic; 3,000 symbols take about a
minute to make at the first run and some 140 MB.
"""

import sys
from pathlib import Path

import openbell as ob
from openbell.testing.market import SyntheticMarket


def main(folder: Path = Path("example-data"), symbols: int = 3000) -> "ob.api.Report":
    store = folder / f"market-{symbols}"
    if not store.exists():
        SyntheticMarket(symbols, sessions=12).into_store(store)
    session = {
        "name": "whole-market-volume",
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-06", "end": "2024-06-06"},
        "session": {"symbols": [], "intervals": ["1m", "5m"]},
        "history": [{"days": 5, "intervals": ["1m", "5m"]}],
        "indicators": [{"name": "rsi", "interval": "5m", "params": {"period": 14}}],
        "scanners": [
            {
                "use": "openbell.scanners.ready:RelativeVolume",
                "params": {"ratio": 2.5, "days": 10, "most": 3},
                "every": "5m",
                "from": "10:00",
                "where": {"min_price": 5.0, "min_volume": 10_000.0, "days": 10},
                "most_held": 20,
                "minimum_stay": "30m",
                "cool_down": "1h",
            }
        ],
    }
    return ob.run(session)


if __name__ == "__main__":
    report = main(*(Path(word) for word in sys.argv[1:2]), *(int(word) for word in sys.argv[2:]))
    (day,) = report.days
    for name, funnel in day.funnels.items():
        print(name, " -> ".join(f"{step} {count:,}" for step, count in funnel.items()))
    for scan in day.scans:
        if scan["promoted"] or scan["dropped"]:
            print(
                f"{scan['at']} promoted {' '.join(scan['promoted']) or '-'}, let go {' '.join(scan['dropped']) or '-'}"
            )
