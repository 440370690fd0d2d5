"""Start of day: everything that the session file promises is there, beside decoding the same files."""

from benchmarks.days import Day
from benchmarks.documents import document
from benchmarks.limits import decode
from benchmarks.lines import Line, ratio_of
from benchmarks.measure import interleaved
from benchmarks.setting import Setting


def run(setting: Setting) -> list[Line]:
    """One line per market."""
    return [_line(setting, symbols) for symbols in setting.sizes.markets]


def _line(setting: Setting, symbols: int) -> Line:
    market = setting.data.market(symbols, setting.sizes.sessions)
    asked = document(market.store, market.symbols, market.last, days=setting.sizes.history)
    parts = {"openbell": lambda: Day(asked).start_seconds, "polars": lambda: decode(market.files)}
    figures = interleaved(setting.rounds, parts, warm=True)
    return Line(
        f"start of day, {symbols} x {setting.sizes.sessions}",
        figures["openbell"],
        limit=figures["polars"],
        limit_name="polars, all columns",
        bar=ratio_of(2.0, symbols == 500),
    )
