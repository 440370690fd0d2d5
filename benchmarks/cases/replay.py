"""Replay of one day: with nobody, with somebody who does nothing, and with readers, beside copying the bars."""

from benchmarks.days import Day
from benchmarks.documents import document
from benchmarks.limits import Copying, Reading
from benchmarks.lines import Line, Unit, least, most
from benchmarks.measure import Figures, interleaved
from benchmarks.setting import Setting

SLOTS, STEPS = 390, (5, 15)
RATES = {500: 20.0, 50: 5.0}
CONDITION, BY_NUMPY = "arrays, all indicators in a condition", "arrays, all indicators"
LISTENERS = {
    CONDITION: "Conditions",
    BY_NUMPY: "Reader",
    "arrays, empty": "Empty",
    "no callback": None,
    "per bar": "EachBar",
    "per bar, value by value": "EachValue",
    "per bar, empty": "EmptyEachBar",
}


def run(setting: Setting) -> list[Line]:
    """Rates and costs of dispatch, per market."""
    return [line for symbols in setting.sizes.markets for line in _lines(setting, symbols)]


def _lines(setting: Setting, symbols: int) -> list[Line]:
    market = setting.data.market(symbols, setting.sizes.sessions)
    counted: dict[str, int] = {}

    def replayed(listener: str | None) -> float:
        asked = document(market.store, market.symbols, market.last, days=setting.sizes.history, strategy=listener)
        day = Day(asked)
        seconds = day.stream()
        report = day.finish()
        counted.update(bars=report.bars, instants=report.instants)
        return seconds

    parts = {name: lambda listener=listener: replayed(listener) for name, listener in LISTENERS.items()}
    limits = {"copy": Copying(symbols, SLOTS, STEPS).seconds, "reader": Reading(symbols, SLOTS).seconds}
    figures = interleaved(setting.rounds, parts | limits)
    return [*_rates(symbols, figures, counted["bars"]), *_costs(symbols, figures, counted)]


def _rates(symbols: int, figures: Figures, bars: int) -> list[Line]:
    bars_to_reach = {
        CONDITION: least(RATES.get(symbols, 0), symbols in RATES),
        "per bar": least(1.5, symbols in RATES),
    }
    return [
        Line(
            f"replay {symbols}, {name}",
            figures[name],
            Unit.RATE,
            bars,
            limit=figures["reader" if name == BY_NUMPY else "copy"],
            limit_name="the reader's own numpy" if name == BY_NUMPY else "numpy copy",
            bar=bars_to_reach.get(name),
        )
        for name in LISTENERS
    ]


def _costs(symbols: int, figures: Figures, counted: dict[str, int]) -> list[Line]:
    none = figures["no callback"]
    arrays, each = (
        [with_ - without for with_, without in zip(figures[name], none, strict=True)]
        for name in ("arrays, empty", "per bar, empty")
    )
    return [
        Line(f"dispatch {symbols}, an instant", arrays, Unit.MICROSECONDS, counted["instants"], bar=most(10.0)),
        Line(f"dispatch {symbols}, a 1m bar", each, Unit.MICROSECONDS, counted["bars"], bar=most(0.6, symbols >= 50)),
    ]
