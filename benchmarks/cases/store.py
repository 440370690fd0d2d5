"""The store by itself: the universe, one symbol, one more day, and bringing files in, beside polars."""

import shutil
from functools import partial
from pathlib import Path

from benchmarks.data import Market
from benchmarks.limits import decode, decode_file
from benchmarks.lines import Line, most, ratio_of
from benchmarks.measure import Part, Samples, interleaved, timed
from benchmarks.setting import Setting
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.store.importing import import_files
from openbell.store.manager import DataManager

MINUTE = Interval.parse("1m")
SYMBOLS_A_ROUND = 20


def run(setting: Setting) -> list[Line]:
    """One line per load."""
    sizes = setting.sizes
    one = setting.data.market(sizes.largest, sizes.sessions)
    loose = setting.data.loose(sizes.largest, sizes.sessions, min(5, sizes.sessions - 2))
    tidy = setting.data.tidy(sizes.markets[0], sizes.sessions)
    parts: dict[str, Part] = {
        "universe": lambda: timed(lambda: _read(_manager(one), one)),
        "polars": lambda: decode(one.files),
        "symbol": lambda: _symbols(one),
        "loose symbol": lambda: _symbols(loose),
        "polars symbol": lambda: [decode_file(path) for path in sorted(tidy.glob("*.parquet"))[:SYMBOLS_A_ROUND]],
        "day": lambda: _one_more_day(loose),
        "import": lambda: _import(tidy, setting.scratch / "imported"),
        "polars import": lambda: _rewrite(tidy, setting.scratch / "rewritten"),
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
        Line(f"store: one more day, {place}", figures["day"], bar=most(100.0, full)),
        Line(
            f"store: import of tidy files, {sizes.markets[0]} x {sizes.sessions}",
            figures["import"],
            limit=figures["polars import"],
            limit_name="polars, read and write",
            bar=ratio_of(2.0, not sizes.lean),
        ),
    ]


def _manager(market: Market) -> DataManager:
    return DataManager(market.store, load_calendar("XNYS"))


def _read(manager: DataManager, market: Market, low: int = 0, high: int = -1) -> object:
    """Sessions of a market, by their places in it."""
    first, last = (manager.calendar.ordinal_of(market.dates[place]) for place in (low, high))
    assert first is not None
    assert last is not None
    return manager.read(market.symbols, MINUTE, first, last)


def _symbols(market: Market) -> Samples:
    """Some symbols one after the other, none read before."""
    manager = _manager(market)
    first, last = (manager.calendar.ordinal_of(market.dates[place]) for place in (0, -1))
    assert first is not None
    assert last is not None
    found = market.symbols[:: max(1, len(market.symbols) // SYMBOLS_A_ROUND)]
    manager.read(market.symbols[1:2], MINUTE, first, last)
    return [timed(partial(manager.read, [symbol], MINUTE, first, last)) for symbol in found]


def _one_more_day(market: Market) -> float:
    """The range that was read moves on by a day."""
    manager = _manager(market)
    _read(manager, market, 0, -2)
    return timed(lambda: _read(manager, market, 1, -1))


def _import(tidy: Path, store: Path) -> float:
    shutil.rmtree(store, ignore_errors=True)
    return timed(lambda: import_files([tidy], store, interval="1m", market="XNYS"))


def _rewrite(tidy: Path, folder: Path) -> float:
    import polars as pl

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def work() -> None:
        for path in sorted(tidy.glob("*.parquet")):
            pl.read_parquet(path).write_parquet(folder / path.name)

    return timed(work)
