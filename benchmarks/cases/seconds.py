"""A 1s base: many instants, of which few are somebody's business."""

from benchmarks.days import Day
from benchmarks.documents import document
from benchmarks.limits import Copying
from benchmarks.lines import Line, Unit, least
from benchmarks.measure import interleaved
from benchmarks.setting import Setting

INTERVALS, STEPS = ("1s", "5s", "1m", "5m", "15m"), (5, 60, 300, 900)


def run(setting: Setting) -> list[Line]:
    """The rate of a day, with a callback that reads on 1m."""
    symbols = setting.sizes.seconds
    market = setting.data.seconds(symbols)
    asked = document(market.store, market.symbols, market.last, intervals=INTERVALS, days=1, strategy="Reader")
    counted: dict[str, int] = {}

    def openbell() -> dict[str, float]:
        day = Day(asked)
        streamed = day.stream()
        counted["bars"] = day.finish().bars
        return {"stream": streamed}

    copying = Copying(symbols, 23_400, STEPS)
    figures = interleaved(setting.rounds, {"openbell": openbell, "copy": copying.seconds})
    return [
        Line(
            f"replay of 1s bars, {symbols}, arrays on 1m",
            figures["stream"],
            Unit.RATE,
            counted["bars"],
            limit=figures["copy"],
            limit_name="numpy copy",
            bar=least(4.0, symbols == 50),
        )
    ]
