"""openbell on the same bars: the readers of `benchmarks.strategies`."""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.peers.work import Outcome, Work


def main() -> None:
    import openbell as ob

    work = Work.given()
    facts = json.loads(Path(sys.argv[1]).read_text())
    outcome = Outcome(version=ob.__version__)
    day = ob.SessionCoordinator.from_file(facts["session"])
    day.start_day()
    outcome.begin()
    day.advance_to("12:00")
    began = perf_counter()
    added = day.add_symbol(facts["held"], source="user")
    outcome.added = perf_counter() - began
    day.remove_symbol(facts["held"])
    paused = perf_counter() - began
    day.advance_to("23:00")
    outcome.end()
    outcome.stream -= paused
    outcome.values = {name: _values(day, name) for name in work.symbols}
    report = day.finish_day(detail=False)
    if report.faults or not added.ok:
        raise RuntimeError(f"not everything worked: {report.faults} {added.problems}")
    outcome.bars = report.bars
    outcome.hits = int(Path(facts["hits"]).read_text())
    outcome.write(work)


def _values(day: Any, name: str) -> dict[str, float]:
    found = day.session_data.get_symbol_data(name).indicators
    plain = {"sma": "sma_20_5m", "ema": "ema_20_5m", "rsi": "rsi_14_5m", "atr": "atr_14_15m"}
    macd = found["macd_5m"].current_value
    both = {output: macd[output] for output in ("macd", "signal")}
    return {word: found[key].current_value for word, key in plain.items()} | both


if __name__ == "__main__":
    main()
