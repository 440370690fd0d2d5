"""Users' code over a day: a scan of the whole market that promotes a few, and what it costs to call anybody at all."""

from pathlib import Path

from benchmarks.days import Day
from benchmarks.documents import STRATEGIES, document
from benchmarks.limits import Copying, decode
from benchmarks.lines import Line, Unit, most
from benchmarks.measure import Part, Samples, interleaved
from benchmarks.setting import Setting

SCANNERS = Path(__file__).parents[1] / "scanners.py"
DAYS, SESSIONS, PROMOTED = 5, 12, 20
LISTENERS = {"nobody": None, "arrays": "Empty", "each bar": "EmptyEachBar"}
Counted = dict[str, int]


def run(setting: Setting) -> list[Line]:
    """The whole market every five minutes, and an empty callback per instant and per bar."""
    return [*_scan(setting), *_dispatch(setting)]


def _scan(setting: Setting) -> list[Line]:
    symbols = setting.sizes.scanned
    market = setting.data.market(symbols, min(SESSIONS, setting.sizes.sessions))
    asked = document(
        market.store, [], market.last, intervals=("1m", "5m"), days=min(DAYS, setting.sizes.history), indicators=[]
    )
    asked["scanners"] = [{"use": f"{SCANNERS.resolve()}:Strong", "every": "5m", "most_held": PROMOTED}]
    counted: Counted = {}

    def scanned() -> dict[str, float]:
        day = Day(asked)
        streamed = day.stream()
        report = day.finish()
        counted.update(scans=len(report.scans), promoted=sum(len(scan["promoted"]) for scan in report.scans))
        return {"start": day.start_seconds, "day": streamed, "scans": report.callbacks["scanner:Strong"]["seconds"]}

    copying = Copying(symbols, 390, (5,))
    parts: dict[str, Part] = {"openbell": scanned, "decode": lambda: decode(market.files), "copy": copying.seconds}
    figures = interleaved(setting.rounds, parts, warm=True)
    note = f"{counted['scans']} scans, {counted['promoted']} of {symbols:,} promoted to full"
    copied: dict[str, object] = {"limit": figures["copy"], "limit_name": "numpy copy"}
    return [
        Line(
            f"scan of {symbols}, start of day",
            figures["start"],
            limit=figures["decode"],
            limit_name="polars, all columns",
        ),
        Line(
            f"scan of {symbols}, the day",
            figures["day"],
            Unit.SECONDS,
            bar=most(1.5, symbols == 3000),
            note=note,
            **copied,
        ),
        Line(f"scan of {symbols}, one scan", figures["scans"], Unit.MICROSECONDS, counted["scans"]),
    ]


def _dispatch(setting: Setting) -> list[Line]:
    symbols = setting.sizes.largest
    market = setting.data.market(symbols, setting.sizes.sessions)
    counted: Counted = {}

    def replayed(listener: str | None) -> float:
        asked = document(market.store, market.symbols, market.last, intervals=("1m",), days=1, indicators=[])
        asked["strategies"] = [] if listener is None else [{"use": f"{STRATEGIES}:{listener}"}]
        day = Day(asked)
        seconds = day.stream()
        report = day.finish()
        counted.update(bars=report.bars, instants=report.instants)
        return seconds

    parts: dict[str, Part] = {name: lambda one=one: replayed(one) for name, one in LISTENERS.items()}
    figures = interleaved(2 * setting.rounds, parts, warm=True)
    arrays, each = (_over(figures[name], figures["nobody"]) for name in ("arrays", "each bar"))
    full = symbols >= 50
    return [
        Line(f"on_bars of {symbols}, an instant", arrays, Unit.MICROSECONDS, counted["instants"], bar=most(10.0, full)),
        Line(f"on_bar of {symbols}, a bar", each, Unit.MICROSECONDS, counted["bars"], bar=most(0.6, full)),
    ]


def _over(with_: Samples, without: Samples) -> Samples:
    return [a - b for a, b in zip(with_, without, strict=True)]
