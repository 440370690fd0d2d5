"""Asking in the middle of the day: full symbols, light ones, indicators, batches."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import openbell as ob
from benchmarks.data import Market
from benchmarks.days import Day
from benchmarks.documents import document
from benchmarks.limits import decode_file
from benchmarks.lines import Line, most, ratio_of
from benchmarks.measure import Samples, interleaved
from benchmarks.setting import Setting
from openbell.session.asks import AddIndicator

OWNER = "scanner:benchmark"
AT = "10:47"


def run(setting: Setting) -> list[Line]:
    """One line per kind of ask and number of symbols that are there."""
    sizes = setting.sizes
    market = setting.data.crowd(sizes.crowd, sizes.crowd_days, sizes.held, sizes.sessions)
    parts = {"all": lambda: _round(setting, market)}
    figures = interleaved(setting.rounds, parts)
    lines = []
    for present in sizes.present:
        full = figures[f"full {present}"]
        name = f"full symbol into {present}"
        lines.append(
            Line(name, full, limit=figures["decode"], limit_name="polars, its own file", bar=most(4.0, not sizes.lean))
        )
        lines.append(Line(name, full, bar=most(15.0, not sizes.lean), tail=True))
    lines += [_against_fewest(figures, present, sizes.present[0]) for present in sizes.present[1:]]
    middle = sizes.present[min(1, len(sizes.present) - 1)]
    return [*lines, *_light_lines(figures, middle, lean=sizes.lean)]


def _against_fewest(figures: dict[str, Samples], present: int, fewest: int) -> Line:
    return Line(
        f"full symbol into {present}, growth",
        figures[f"full {present}"],
        limit=figures[f"full {fewest}"],
        limit_name=f"into {fewest}",
        bar=ratio_of(1.3, present >= 500),
    )


def _light_lines(figures: dict[str, Samples], present: int, *, lean: bool) -> list[Line]:
    return [
        Line(f"light symbol into {present}", figures["light"], bar=most(4.0, not lean)),
        Line(f"indicator on what is there, {present}", figures["indicator"], bar=most(1.0, not lean)),
        Line(f"light symbol in a batch, into {present}", figures["batch"], bar=most(0.6, not lean)),
    ]


def _round(setting: Setting, market: Market) -> dict[str, Samples]:
    """Everything once; sessions are new, so that no bars of the held symbols are in memory yet."""
    days = {present: _at_work(setting, market, present) for present in setting.sizes.present}
    found: dict[str, Samples] = {"decode": []}
    tidy = setting.data.held(setting.sizes.held, setting.sizes.sessions)
    orders = list(days)
    for number, symbol in enumerate(market.held):
        turn = number % len(orders)
        for present in orders[turn:] + orders[:turn]:
            found.setdefault(f"full {present}", []).append(_added(days[present], symbol))
        found["decode"].append(decode_file(tidy / f"{symbol}.parquet"))
    middle = setting.sizes.present[min(1, len(setting.sizes.present) - 1)]
    del days
    return found | _light(setting, market, middle)


def _at_work(setting: Setting, market: Market, present: int) -> ob.SessionCoordinator:
    asked = document(market.store, market.symbols[:present], market.last, days=setting.sizes.history)
    session = Day(asked).session
    session.advance_to(AT)
    return session


def _added(session: ob.SessionCoordinator, symbol: str) -> float:
    began = perf_counter()
    result = session.add_symbol(symbol, source=OWNER)
    seconds = perf_counter() - began
    _must(result)
    session.remove_symbol(symbol)
    return seconds


def _light(setting: Setting, market: Market, present: int) -> dict[str, Samples]:
    rsi = ob.indicator("rsi", interval="5m", period=14)
    other = ob.indicator("rsi", interval="5m", period=10)
    session = _at_work(setting, market, present)
    there = [symbol for symbol in session.session_data.symbols if symbol in market.symbols][: setting.sizes.held]
    light = [_asked(session, symbol, rsi) for symbol in market.held]
    on_present = [_asked(session, symbol, other) for symbol in there]
    return {"light": light, "indicator": on_present, "batch": [_batch(setting, market, present, rsi)]}


def _asked(session: ob.SessionCoordinator, symbol: str, spec: Any) -> float:
    began = perf_counter()
    result = session.add_indicator(symbol, spec, source=OWNER)
    seconds = perf_counter() - began
    _must(result)
    session.owners.release(OWNER, symbol)
    return seconds


def _batch(setting: Setting, market: Market, present: int, spec: Any) -> float:
    """Seconds a symbol."""
    session = _at_work(setting, market, present)
    asks: Sequence[AddIndicator] = [AddIndicator(symbol, OWNER, spec) for symbol in market.held[: setting.sizes.batch]]
    began = perf_counter()
    with session.requests.turn:
        results = session.provision(asks)
    seconds = perf_counter() - began
    for result in results:
        _must(result)
    return seconds / len(asks)


def _must(result: Any) -> None:
    if not result.ok:
        raise RuntimeError(f"{result.symbol} could not be had: {'; '.join(map(str, result.problems))}")
