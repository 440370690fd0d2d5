"""Law 3: what is there follows from what is stored, the session file and the asks held, not from their path."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import INTERVALS, SYMBOLS, Wish, begun, clock, lawful, reading, session_file, wishes

from openbell.store.importing import import_files

REAL = ("AZO", "BKNG", "CPAY", "ERIE", "FDS", "FICO", "GWW", "LII", "TPL")


def by_path(source: dict[str, Any], asked: list[tuple[int, Wish]], until: int) -> Any:
    """A session in which each wish is asked at its minute."""
    day = begun(source)
    met = []
    for minute, wish in sorted(asked, key=lambda one: one[0]):
        day.advance_to(clock(minute))
        if wish.ask(day).ok:
            met.append(wish)
    day.advance_to(clock(until))
    return day, met


def at_the_open(source: dict[str, Any], asked: list[Wish], until: int) -> Any:
    """A session in which all wishes are asked before the first bar."""
    return by_path(source, [(0, wish) for wish in asked], until)


@lawful(60)
@given(
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), min_size=1, max_size=7),
    later=st.integers(0, 390),
    order=st.randoms(use_true_random=False),
)
def test_when_and_in_which_order_something_was_asked_does_not_show(market, asked, later, order):
    source = session_file(market)
    until = max(later, *(minute for minute, _ in asked))

    day, met = by_path(source, asked, until)
    order.shuffle(met)
    early, also = at_the_open(source, met, until)

    assert len(also) == len(met)
    assert reading(early) == reading(day)


@lawful(25)
@given(
    symbol=st.sampled_from(SYMBOLS),
    light=st.lists(wishes(), min_size=1, max_size=3),
    minutes=st.tuples(st.integers(0, 390), st.integers(0, 390), st.integers(0, 390)),
)
def test_light_first_and_full_later_equals_full_in_the_session_file(market, symbol, light, minutes):
    first, second, until = sorted(minutes)
    light = [wish.of(symbol) for wish in light]
    day, met = by_path(
        session_file(market), [(first, wish) for wish in light] + [(second, Wish("symbol", symbol))], until
    )
    symbols = ["AAA", "THIN"] + [symbol] * (Wish("symbol", symbol) in met and symbol not in ("AAA", "THIN"))

    configured, _ = at_the_open(session_file(market, session={"symbols": symbols}), met, until)

    assert reading(configured) == reading(day)


@lawful(150)
@given(
    symbol=st.sampled_from(SYMBOLS),
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), min_size=1, max_size=4),
    passing=st.lists(st.tuples(st.integers(0, 390), wishes()), max_size=2),
    day_of=st.sampled_from((date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 5))),
    order=st.randoms(use_true_random=False),
)
def test_neither_the_order_of_asking_nor_what_was_let_go_of_shows_in_a_symbol(
    market, symbol, asked, passing, day_of, order
):
    source = session_file(market, backtest={"start": day_of, "end": day_of}, history=[])
    of_symbol = [(minute, order.random(), wish.of(symbol), "strategy") for minute, wish in asked]
    of_symbol += [(minute, order.random(), wish.of(symbol), "scanner:passing") for minute, wish in passing]
    day, met = begun(source), []
    for minute, _, wish, owner in sorted(of_symbol, key=lambda one: one[:2]):
        day.advance_to(clock(minute))
        if wish.ask(day, owner).ok and owner == "strategy":
            met.append(wish)
    day.owners.release("scanner:passing")
    day.advance_to("16:00")
    order.shuffle(met)

    early, _ = at_the_open(source, met, 390)

    assert reading(early) == reading(day)


@lawful(80)
@given(
    symbol=st.sampled_from(SYMBOLS),
    interval=st.sampled_from(INTERVALS),
    days=st.lists(st.integers(0, 9), min_size=2, max_size=3),
    day_of=st.sampled_from((date(2024, 7, 2), date(2024, 7, 3), date(2024, 7, 5))),
)
def test_history_that_grows_is_the_history_that_was_asked_for_at_once(market, symbol, interval, days, day_of):
    source = session_file(market, backtest={"start": day_of, "end": day_of}, history=[])
    grown, whole = begun(source), begun(source)
    had = [count for count in days if grown.add_bar(symbol, interval, days=count).ok]

    assert all(whole.add_bar(symbol, interval, days=count).ok for count in sorted(had, reverse=True))

    assert reading(whole) == reading(grown)


@lawful(8)
@given(days=st.integers(3, 6), at=st.integers(0, 390), symbol=st.sampled_from(("AAA", "THIN")))
def test_however_much_history_is_held_an_indicator_shows_the_same(market, days, at, symbol):
    little, much = begun(session_file(market)), begun(session_file(market))
    for interval in ("1m", "5m", "15m"):
        assert much.add_bar(symbol, interval, days=days).ok

    little.advance_to(clock(at))
    much.advance_to(clock(at))

    views = [day.session_data.get_symbol_data(symbol) for day in (little, much)]
    assert len(views[1].bars["5m"].history) > len(views[0].bars["5m"].history)
    values = [{key: repr(data.current_value) for key, data in view.indicators.items()} for view in views]
    assert values[0] == values[1]


@lawful(30)
@given(
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), max_size=4),
    doomed=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 100), wishes()), min_size=1, max_size=3),
    again=st.booleans(),
)
def test_what_was_removed_is_as_if_it_had_never_been_asked(market, asked, doomed, again):
    gone = {wish.symbol for _, _, wish in doomed} - {"AAA", "THIN"}
    asked = [(minute, wish) for minute, wish in asked if wish.symbol not in gone]
    source = session_file(market)
    moves = [(minute, 1, wish) for minute, wish in asked]
    moves += [(minute, 1, wish) for minute, _, wish in doomed if wish.symbol in gone]
    moves += [(minute + after, 0, wish) for minute, after, wish in doomed if wish.symbol in gone]
    day, met, held = begun(source), [], set()
    for minute, comes, wish in sorted(moves, key=lambda move: move[:2]):
        day.advance_to(clock(minute))
        if comes and wish.ask(day).ok and wish.symbol not in gone:
            met.append(wish)
        if not comes:
            day.remove_symbol(wish.symbol)
    for symbol in gone:
        day.remove_symbol(symbol)
    if again and gone:
        held = {Wish("bar", symbol, "15m", 1) for symbol in sorted(gone)}
        met += [wish for wish in held if wish.ask(day).ok]
    day.advance_to("16:00")

    never, _ = at_the_open(source, met, 390)

    assert reading(never) == reading(day)


@lawful(15)
@given(
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), min_size=1, max_size=5),
    completeness=st.sampled_from((0.0, 0.3, 0.5, 0.9, 1.0)),
    hours=st.sampled_from(("regular", "extended")),
)
def test_it_holds_for_every_completeness_and_for_extended_hours(market, asked, completeness, hours):
    extra = {"symbols": ["AAA", "THIN"], "completeness": completeness, "hours": hours}
    source = session_file(market, session=extra)
    if hours == "extended":
        asked = [(minute // 2, wish) for minute, wish in asked]

    day, met = by_path(source, asked, 390)
    early, _ = at_the_open(source, met[::-1], 390)

    assert reading(early) == reading(day)


@pytest.fixture(scope="session")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of nine American names of 2024, some of them without a trade in half of their minutes."""
    store = tmp_path_factory.mktemp("real") / "store"
    import_files([data / "blaizard_us_2024" / "1m"], store, interval="1m", market="XNYS")
    return store


@lawful(25)
@given(
    day_of=st.sampled_from(
        (date(2024, 3, 11), date(2024, 3, 27), date(2024, 5, 28), date(2024, 7, 3), date(2024, 7, 5))
    ),
    asked=st.lists(st.tuples(st.integers(0, 209), wishes(REAL)), min_size=1, max_size=8),
    later=st.integers(0, 210),
    order=st.randoms(use_true_random=False),
)
def test_it_holds_on_real_bars(real, day_of, asked, later, order):
    source = session_file(
        real,
        backtest={"start": day_of, "end": day_of},
        session={"symbols": ["GWW", "TPL"]},
        history=[{"days": 10, "intervals": ["1m", "5m", "15m"], "symbols": "all"}],
    )
    until = max(later, *(minute for minute, _ in asked))

    day, met = by_path(source, asked, until)
    order.shuffle(met)
    early, _ = at_the_open(source, met, until)

    assert reading(early) == reading(day)
    assert early.digest() == day.digest()
