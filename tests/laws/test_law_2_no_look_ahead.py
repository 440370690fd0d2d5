"""Law 2: nothing that can be read, planned or refused at a moment depends on anything that is stored after it."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import (
    SPECS,
    SYMBOLS,
    Blocks,
    Wish,
    begun,
    clock,
    ends_of,
    lawful,
    reading,
    session_file,
    stored,
    wishes,
    with_columns,
)

import openbell as ob
from openbell.bars.block import Block
from openbell.bars.interval import Interval

HARMS = ("dropped", "altered", "thinned", "added")
EVERYTHING = [
    Wish("symbol", "ZZZZ"),
    *(Wish("symbol", symbol) for symbol in SYMBOLS),
    *(
        Wish("bar", symbol, interval, 3)
        for symbol in SYMBOLS
        for interval in ("1m", "5m", "7m", "60m", "1d", "1w", "5s")
    ),
    *(Wish("bar", symbol, "15m") for symbol in SYMBOLS),
    *(Wish("indicator", symbol, spec=spec) for symbol in SYMBOLS for spec in range(len(SPECS))),
]


def changed(block: Block, future: np.ndarray, full: np.ndarray, harm: str, random: np.random.Generator) -> Block:
    """The same bars where they are known, others where they are not; at least one bar stays, so that a symbol does."""
    factor = random.uniform(0.5, 2.0, len(block))
    match harm:
        case "altered":
            columns = [np.where(future, column * factor, column) for column in block.columns]
            return Block.of(block.ts, columns)
        case "dropped" | "thinned":
            gone = future & (harm == "dropped" or random.random(len(block)) < 0.6)
            gone[0] = False
            return block[~gone]
        case _:
            news = full[~np.isin(full, block.ts)]
            made = Block.of(news, [random.uniform(1.0, 900.0, len(news))] * 4 + [np.full(len(news), 5.0)])
            both = Block.joined((block, made))
            return both[np.argsort(both.ts)]


def another_future(blocks: Blocks, day: ob.SessionCoordinator, harm: str, seed: int) -> Blocks:
    """Bars that agree with these up to now and with nothing afterwards."""
    random = np.random.default_rng(seed)
    calendar, now = day.time.calendar, day.time.now
    first = day.time.today.ordinal - 6
    made: Blocks = {}
    for interval, symbols in blocks.items():
        stamps = calendar.grid(Interval.parse(interval), first, first + 8).stamps
        full = stamps[ends_of(interval, stamps, day) > now]
        made[interval] = {
            name: changed(block, ends_of(interval, block.ts, day) > now, full[full > block.ts[0]], harm, random)
            for name, block in symbols.items()
        }
    return made


def plans(day: ob.SessionCoordinator, store: Path) -> list[tuple[str, str]]:
    """Every plan and every refusal, as values and as text, for all that might be asked now."""
    made = [day.analyze_requirements(w.operation, w.symbol, "user", **w.arguments()) for w in EVERYTHING]
    return [(str(one.as_dict()).replace(str(store), "."), str(one).replace(str(store), ".")) for one in made]


@lawful(10)
@given(
    at=st.integers(0, 390),
    harm=st.sampled_from(HARMS),
    seed=st.integers(0, 2**16),
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), max_size=5),
)
def test_another_future_changes_nothing_that_can_be_known(market, blocks, at, harm, seed, asked):
    asked = sorted(((minute, wish) for minute, wish in asked if minute <= at), key=lambda one: one[0])

    def lived(store: Path) -> tuple[Any, ...]:
        day = ob.SessionCoordinator.from_file(session_file(store, session={"symbols": ["AAA", "THIN", "LATE", "ZZZZ"]}))
        told = [str(result.problems).replace(str(store), ".") for result in day.start_day()]
        for minute, wish in asked:
            day.advance_to(clock(minute))
            told.append(str(wish.ask(day).problems).replace(str(store), "."))
        day.advance_to(clock(at))
        return day, told, reading(day), day.digest(), day.fingerprint(), plans(day, store)

    day, *known = lived(market)
    with tempfile.TemporaryDirectory() as folder:
        other = stored(Path(folder), another_future(blocks, day, harm, seed))
        _, *also = lived(other)

    assert also == known


@pytest.mark.parametrize("interval", ["1d", "5m", "15m"])
def test_an_interval_that_is_stored_only_for_later_days_is_not_known_yet(market, blocks, tmp_path, interval):
    day = begun(session_file(market), 60)
    calendar = day.time.calendar
    later = calendar.grid(Interval.parse(interval), day.time.today.ordinal + 1, day.time.today.ordinal + 2).stamps
    news = Block.of(later, [np.full(len(later), 7.0)] * 5)
    with_news = {key: dict(symbols) for key, symbols in blocks.items()}
    with_news.setdefault(interval, {})["BBB"] = news
    other = begun(session_file(stored(tmp_path, with_news)), 60)

    for wish in (Wish("bar", "BBB", "60m", 2), Wish("bar", "BBB", interval, 2), Wish("symbol", "BBB")):
        results = [wish.ask(one) for one in (day, other)]

        assert results[0].ok == results[1].ok
        assert reading(other) == reading(day)
    assert plans(other, tmp_path / "store") == plans(day, market)


def test_a_symbol_that_is_listed_later_is_not_known_yet(market, blocks, tmp_path):
    tomorrow = int(begun(session_file(market)).time.today.close)
    late = blocks["1m"]["FRESH"].between(tomorrow, 2**62)
    day = begun(session_file(stored(tmp_path, {**blocks, "1m": {**blocks["1m"], "FRESH": late}})), 60)

    found = [day.analyze_requirements(w.operation, w.symbol, "user", **w.arguments()) for w in EVERYTHING]

    assert {p.code for one in found if one.symbol == "FRESH" for p in one.problems if p.fatal} == {"not_listed"}
    assert not any("FRESH" in str(one) for one in found if one.symbol != "FRESH")


def test_the_daily_bar_of_today_is_not_read_before_the_close(market, blocks):
    day = begun(session_file(market), 389)
    wish = Wish("bar", "AAA", "1d", 3)
    assert wish.ask(day).ok
    bars = day.session_data.get_symbol_data("AAA").bars["1d"]
    stamp = blocks["1d"]["AAA"].ts[6]

    assert stamp not in bars.ts
    assert bars.running.close == day.session_data.get_symbol_data("AAA").bars["1m"].close[-1]
    day.advance_to("16:00")
    assert day.session_data.get_symbol_data("AAA").bars["1d"].ts[-1] == stamp


def test_the_law_would_notice_a_leak(market, blocks, tmp_path):
    day = begun(session_file(market), 100)
    minutes = blocks["1m"]
    past = minutes["AAA"].ts < day.time.now - 60_000_000_000
    raised = with_columns(minutes["AAA"], close=np.where(past, minutes["AAA"].close, minutes["AAA"].close + 0.01))
    high = np.maximum(raised.high, raised.close)
    store = stored(tmp_path, {**blocks, "1m": {**minutes, "AAA": with_columns(raised, high=high)}})

    other = begun(session_file(store), 100)

    assert other.digest() != day.digest()
