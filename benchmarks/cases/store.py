"""The store by itself: the universe, one symbol, one more day, gaps, and bringing bars in, beside polars."""

from functools import partial

from benchmarks.cases import imports
from benchmarks.data import Market
from benchmarks.limits import decode, decode_file
from benchmarks.lines import Line, most, ratio_of
from benchmarks.measure import Part, Samples, interleaved, timed
from benchmarks.setting import Setting
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.store.coverage import find_gaps
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")
SYMBOLS_A_ROUND = 20
YEAR = 252


def run(setting: Setting) -> list[Line]:
    """One line per load, and one per kind of import."""
    return [*_loads(setting), *imports.run(setting)]


def _loads(setting: Setting) -> list[Line]:
    sizes = setting.sizes
    one = setting.data.market(sizes.largest, sizes.sessions)
    loose = setting.data.loose(sizes.largest, sizes.sessions, min(5, sizes.sessions - 2))
    tidy = setting.data.tidy(sizes.markets[0], sizes.sessions)
    year = setting.data.market(sizes.largest, sizes.sessions if sizes.lean else YEAR)
    parts: dict[str, Part] = {
        "universe": lambda: timed(lambda: _read(_manager(one), one)),
        "loose universe": lambda: timed(lambda: _read(_manager(loose), loose)),
        "polars": lambda: decode(one.files),
        "symbol": lambda: _symbols(one),
        "first symbol": lambda: _first(one),
        "loose symbol": lambda: _symbols(loose),
        "polars symbol": lambda: [decode_file(path) for path in sorted(tidy.glob("*.parquet"))[:SYMBOLS_A_ROUND]],
        "day": lambda: _one_more_day(loose),
        "gaps": lambda: timed(lambda: _gaps(year)),
    }
    return _lines(setting, interleaved(setting.rounds, parts, warm=True))


def _lines(setting: Setting, figures: dict[str, Samples]) -> list[Line]:
    sizes = setting.sizes
    place, full = f"{sizes.largest} x {sizes.sessions}", sizes.largest == 500
    plain, symbol = figures["polars"], figures["polars symbol"]
    return [
        Line(
            f"store: universe, {place}", figures["universe"], limit=plain, limit_name="polars", bar=ratio_of(1.5, full)
        ),
        Line(f"store: universe, loose days, {place}", figures["loose universe"], limit=plain, limit_name="polars"),
        Line(
            f"store: one symbol, {place}",
            figures["symbol"],
            limit=symbol,
            limit_name="polars, own file",
            bar=most(1.5, full),
        ),
        Line(
            f"store: one symbol, loose days, {place}",
            figures["loose symbol"],
            limit=figures["symbol"],
            limit_name="in one import",
            bar=ratio_of(2.0, full),
        ),
        Line(f"store: one symbol in a store just opened, {place}", figures["first symbol"], bar=most(5.0, full)),
        Line(f"store: one more day read, {place}", figures["day"], bar=most(100.0, full)),
        Line(f"store: gaps, {sizes.largest} symbol-years", figures["gaps"], bar=most(1000.0, full)),
    ]


def _manager(market: Market) -> DataManager:
    return DataManager(market.store, load_calendar("XNYS"))


def _span(market: Market, low: int = 0, high: int = -1) -> tuple[int, int]:
    """Sessions of a market, by their places in it."""
    first, last = (load_calendar("XNYS").ordinal_of(market.dates[place]) for place in (low, high))
    assert first is not None
    assert last is not None
    return first, last


def _read(manager: DataManager, market: Market, low: int = 0, high: int = -1) -> object:
    first, last = _span(market, low, high)
    return manager.read(market.symbols, MINUTE, first, last)


def _symbols(market: Market) -> Samples:
    """Some symbols one after the other, none read before."""
    manager = _manager(market)
    first, last = _span(market)
    found = market.symbols[:: max(1, len(market.symbols) // SYMBOLS_A_ROUND)]
    manager.read(market.symbols[1:2], MINUTE, first, last)
    return [timed(partial(manager.read, [symbol], MINUTE, first, last)) for symbol in found]


def _one_more_day(market: Market) -> float:
    """The range that was read moves on by a day."""
    manager = _manager(market)
    _read(manager, market, 0, -2)
    return timed(lambda: _read(manager, market, 1, -1))


def _first(market: Market) -> float:
    """One symbol of a store that was not opened before."""
    first, last = _span(market)
    return timed(lambda: _manager(market).read(market.symbols[2:3], MINUTE, first, last))


def _gaps(market: Market) -> object:
    first, last = _span(market)
    return find_gaps(_manager(market), market.symbols, MINUTE, first, last)
