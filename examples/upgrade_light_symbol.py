"""A light symbol becomes full in the middle of a day, and ends as if it had been full from the open.

Run: python examples/upgrade_light_symbol.py [folder]. The market is synthetic and made at the first run.
"""

import sys
from pathlib import Path

import openbell as ob
from openbell.testing.market import SyntheticMarket

SMA = ob.indicator("sma", interval="5m", period=20)


def session(folder: Path) -> dict[str, object]:
    store = folder / "small"
    if not store.exists():
        SyntheticMarket(("OAK", "ELM", "ASH", "YEW"), sessions=12).into_store(store)
    return {
        "market": "XNYS",
        "store": str(store),
        "backtest": {"start": "2024-06-05", "end": "2024-06-05"},
        "session": {"symbols": ["OAK"], "intervals": ["1m", "5m"]},
        "history": [{"days": 4, "intervals": ["1m", "5m"]}],
        "indicators": [{"name": "rsi", "interval": "5m", "params": {"period": 14}}],
    }


def main(folder: Path = Path("example-data")) -> tuple[str, str]:
    day = ob.SessionCoordinator.from_file(session(folder))
    day.start_day()
    day.advance_to("10:17")
    light = day.add_indicator("ELM", SMA, source="scanner:example")
    print(f"light at 10:17: {light.status}")
    day.advance_to("11:46")
    print(day.add_symbol("ELM", source="strategy:example"))
    elm = day.session_data.get_symbol_data("ELM")
    print(f"full: {elm.meets_session_config_requirements}, upgraded: {elm.upgraded_from_adhoc}, by {elm.added_by}")

    early = ob.SessionCoordinator.from_file(session(folder))
    early.start_day()
    early.add_symbol("ELM")
    early.add_indicator("ELM", SMA)
    return day.finish_day().digest, early.finish_day().digest


if __name__ == "__main__":
    late, early = main(*map(Path, sys.argv[1:]))
    print(f"upgraded at 11:46  {late}\nfull from the open {early}\nthe same: {late == early}")
