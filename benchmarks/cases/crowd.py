"""The whole market: thousands of symbols with two indicators each, and a day of them."""

from benchmarks.days import Day
from benchmarks.documents import TWO, document
from benchmarks.limits import Copying, decode
from benchmarks.lines import Line, Unit, most, ratio_of
from benchmarks.measure import Part, interleaved
from benchmarks.setting import Setting


def run(setting: Setting) -> list[Line]:
    """Start of day and the cost of an instant."""
    sizes = setting.sizes
    market = setting.data.crowd(sizes.crowd, sizes.crowd_days, sizes.held, sizes.sessions)
    asked = document(
        market.store, market.symbols, market.last, intervals=("1m", "5m"), days=sizes.crowd_days, indicators=TWO
    )
    counted: dict[str, int] = {}

    def openbell() -> dict[str, float]:
        day = Day(asked)
        streamed = day.stream()
        counted["instants"] = day.finish().instants
        return {"start": day.start_seconds, "stream": streamed}

    copying = Copying(sizes.crowd, 390, (5,))
    parts: dict[str, Part] = {"openbell": openbell, "decode": lambda: decode(market.files), "copy": copying.seconds}
    figures = interleaved(setting.rounds, parts, warm=True)
    place, full = f"{sizes.crowd} x {sizes.crowd_days + 1}", sizes.crowd == 5000
    return [
        Line(
            f"whole market, start, {place}",
            figures["start"],
            limit=figures["decode"],
            limit_name="polars, all columns",
            bar=ratio_of(2.5, full),
        ),
        Line(
            f"whole market, an instant, {place}",
            figures["stream"],
            Unit.MICROSECONDS,
            counted["instants"],
            limit=figures["copy"],
            limit_name="numpy copy",
            bar=most(1000.0, full),
        ),
    ]
