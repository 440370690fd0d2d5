"""Growth: what twice as much costs."""

from benchmarks.data import Market
from benchmarks.days import Day
from benchmarks.documents import FIVE, FIVE_MORE, Rules, document
from benchmarks.lines import Line, ratio_of
from benchmarks.measure import interleaved
from benchmarks.setting import Setting


def run(setting: Setting) -> list[Line]:
    """Twice the symbols, days and indicators, each beside the half."""
    sizes = setting.sizes
    market = setting.data.market(sizes.largest, sizes.sessions)
    symbols, days = sizes.largest // 2, sizes.history // 2
    parts = {
        "half": lambda: _day(market, symbols, days, FIVE),
        "symbols": lambda: _day(market, 2 * symbols, days, FIVE),
        "days": lambda: _day(market, symbols, 2 * days, FIVE),
        "indicators": lambda: _day(market, symbols, days, [*FIVE, *FIVE_MORE]),
    }
    figures = interleaved(max(setting.rounds, sizes.growth_rounds), parts)
    wide = {"symbols": f"{symbols} -> {2 * symbols}", "days": f"{days} -> {2 * days}", "indicators": "5 -> 10"}
    return [
        Line(
            f"growth, {name} {wide[name]}",
            figures[name],
            limit=figures["half"],
            limit_name="the half",
            bar=ratio_of(2.4, not sizes.lean),
        )
        for name in ("symbols", "days", "indicators")
    ]


def _day(market: Market, symbols: int, days: int, rules: Rules) -> float:
    """Start and stream of a day."""
    day = Day(document(market.store, market.symbols[:symbols], market.last, days=days, indicators=rules))
    seconds = day.start_seconds + day.stream()
    day.finish()
    return seconds
