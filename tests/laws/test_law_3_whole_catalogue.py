"""Path independence on real bars, bit for bit, with every indicator of the catalogue."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import openbell as ob
from openbell.indicators import registry
from openbell.session.digest import symbol_digest
from openbell.store.importing import import_files

MINUTE = 60_000_000_000
SYMBOLS = ("AZO", "BKNG", "CPAY", "ERIE", "FDS", "FICO", "GWW", "LII", "TPL")
CASES, DAYS = 200, (date(2024, 6, 24), date(2024, 7, 3), date(2024, 7, 5))


@pytest.fixture(scope="module")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine thin names of blaizard_us_2024."""
    store = tmp_path_factory.mktemp("real") / "store"
    import_files([data / "blaizard_us_2024"], store)
    return store


def catalogue() -> list[Any]:
    """Every indicator with its usual parameters, on 5m; a few on other intervals and inputs."""
    specs = []
    for name in registry.names():
        required = {param.name: 9 for param in registry.definition(name).params if param.required}
        specs.append(ob.indicator(name, interval="5m", **required))
    ema = ob.indicator("ema", interval="5m", period=9)
    specs.append(ob.indicator("rsi", interval="5m", period=9, input=ema))
    specs += [ob.indicator("sma", interval="15m", period=9), ob.indicator("vwap", interval="1m")]
    return specs


def coordinator(store: Path, day: date) -> ob.SessionCoordinator:
    made = ob.SessionCoordinator.from_file(
        {
            "market": "XNYS",
            "store": str(store),
            "backtest": {"start": DAYS[0], "end": DAYS[-1]},
            "session": {"symbols": ["FDS"], "intervals": ["1m"]},
        }
    )
    made.start_day(day)
    return made


def ask(day: ob.SessionCoordinator, symbol: str, specs: list[Any]) -> None:
    for spec in specs:
        assert day.add_indicator(symbol, spec, source="scanner").ok


@pytest.mark.parametrize("place", range(len(DAYS)), ids=str)
def test_asked_whenever_and_in_any_order_gives_the_same_bits(real: Path, place: int):
    # Thousands of sessions would do the same: one reference runs through the day, one other is asked at random.
    chance = random.Random(place)
    specs = catalogue()
    reference, other = coordinator(real, DAYS[place]), coordinator(real, DAYS[place])
    names = [symbol for symbol in SYMBOLS if symbol != "FDS"]
    for symbol in names:
        ask(reference, symbol, specs)
    minutes = len(other.time.grid(ob.indicator("sma", interval="1m", period=2).interval))
    moments = sorted(chance.choices(range(minutes + 1), k=CASES // len(DAYS) // 2 + 1))
    compared = 0
    for moment in moments:
        until = other.time.today.open + moment * MINUTE
        for session in (reference, other):
            session.stream_until(until)
        symbol = chance.choice(names)
        if symbol in other.session_data:
            assert other.remove_symbol(symbol).ok
        mixed = chance.sample(specs, k=len(specs))
        ask(other, symbol, mixed)
        for name in set(other.session_data.symbols) - {"FDS"}:
            assert state(other, name) == state(reference, name), (name, moment)
            compared += 1
    assert compared >= CASES // len(DAYS)


def state(day: ob.SessionCoordinator, symbol: str) -> bytes:
    return symbol_digest(day.session_data, day.session_data.records[symbol])
