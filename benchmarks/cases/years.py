"""Years: many days in one run; nothing but the first day reads history, and memory does not grow."""

import json

from benchmarks.documents import document
from benchmarks.lines import Line, Unit, ratio_of
from benchmarks.measure import Samples
from benchmarks.processes import python
from benchmarks.setting import Setting
from openbell.config.loader import load


def run(setting: Setting) -> list[Line]:
    """Later days beside the first, and memory beside that of the fifth."""
    sizes = setting.sizes
    market = setting.data.market(sizes.years_symbols, sizes.history + sizes.years_days)
    start = market.dates[-sizes.years_days]
    asked = document(market.store, market.symbols, start, market.last, days=sizes.history)
    session, out = setting.scratch / "years.toml", setting.scratch / "years.json"
    session.write_text(load(asked).text)
    first: Samples = []
    later: Samples = []
    early: Samples = []
    last: Samples = []
    long = sizes.years_days >= 100
    for _ in range(1 if long else setting.rounds):
        python("-m", "benchmarks.worker", str(session), str(out))
        found = json.loads(out.read_text())
        first += found["seconds"][:1]
        later += found["seconds"][1:]
        early += [found["megabytes"][min(4, sizes.years_days - 1)]]
        last += found["megabytes"][-1:]
    for _ in range(setting.rounds - 1 if long else 0):
        python("-m", "benchmarks.worker", str(session), str(out), "1")
        first += json.loads(out.read_text())["seconds"]
    place = f"{sizes.years_symbols} x {sizes.years_days} days"
    return [
        Line(f"years, a later day, {place}", later, limit=first, limit_name="day 1", bar=ratio_of(0.2, not sizes.lean)),
        Line(
            f"years, memory on the last day, {place}",
            last,
            Unit.MEGABYTES,
            limit=early,
            limit_name="day 5",
            bar=ratio_of(1.05, not sizes.lean),
        ),
    ]
