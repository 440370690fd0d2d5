"""Requirements as values: what is needed of what, in which order, printable, and as good as their word."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import ATR, RSI, SMA, SYMBOLS, VWAP, document, started

import openbell as ob
from openbell.bars.interval import Interval
from openbell.config.loader import load
from openbell.provisioning.bases import base_of, derivable
from openbell.provisioning.needs import need_of, warmup_of
from openbell.session.asks import AddBars, AddIndicator, AddSymbol
from openbell.session.records import Amount

ORDER = (
    "evict_symbol",
    "create_symbol",
    "upgrade_symbol",
    "add_interval",
    "load_historical",
    "load_session",
    "register_indicator",
    "calculate_quality",
)
LENGTHS = ("1s", "5s", "90s", "1m", "3m", "5m", "7m", "15m", "60m", "90m", "1d", "1w")


def parsed(*lengths: str) -> tuple[Interval, ...]:
    return tuple(Interval.parse(length) for length in lengths)


@pytest.mark.parametrize(
    ("wanted", "stored", "base"),
    [
        ("5m", ("1m", "5m"), "1m"),
        ("5m", ("5m",), "5m"),
        ("5m", ("1s",), "1s"),
        ("15m", ("1s", "5m"), "5m"),
        ("7m", ("1s", "5m"), "1s"),
        ("3m", ("5m",), None),
        ("5s", ("1m",), None),
        ("1m", ("1s",), "1s"),
        ("1d", ("1m", "1d"), "1d"),
        ("1d", ("1m",), "1m"),
        ("1d", ("1m", "5m"), "1m"),
        ("1w", ("1s", "5m", "90m"), "90m"),
        ("1w", ("1m", "1d"), "1d"),
        ("1m", ("1d",), None),
        ("1m", (), None),
    ],
)
def test_the_base_is_the_natural_one_else_the_next_finer_that_is_stored(wanted, stored, base):
    found = base_of(Interval.parse(wanted), parsed(*stored))

    assert found == (None if base is None else Interval.parse(base))


@settings(derandomize=True, deadline=None, database=None)
@given(wanted=st.sampled_from(LENGTHS), stored=st.lists(st.sampled_from(LENGTHS), unique=True, max_size=4))
def test_a_base_can_make_the_interval_and_the_nearest_that_is_offered_has_one(wanted, stored):
    length, there = Interval.parse(wanted), tuple(sorted(parsed(*stored)))

    base = base_of(length, there)
    offered = derivable(there, length)

    assert base is None or (base in there and (base == length or length.derivable_from(base)))
    assert base is None or base_of(base, there) == base
    assert (base is None) == (not any(length == one or length.derivable_from(one) for one in there))
    assert (offered is None) == (not there)
    assert offered is None or base_of(offered, there) is not None


def test_the_need_of_several_asks_is_the_longest_of_each(store: Path):
    file = load(document(store))
    asks = [
        AddBars("X", "user", Interval.parse("5m"), 2),
        AddIndicator("X", "scanner", SMA),
        AddSymbol("X", "strategy"),
    ]

    need = need_of("X", asks, file)

    five, one = Interval.parse("5m"), Interval.parse("1m")
    assert need.full
    assert need.amounts[five] == Amount(days=5, bars=warmup_of(RSI).bars)
    assert need.amounts[one] == Amount(days=5)
    assert sorted(need.specs) == ["rsi_14_5m", "sma_20_5m"]
    assert need.reasons[five] == "asked for by user"


def test_an_indicator_of_the_session_needs_no_history(store: Path):
    need = need_of("X", [AddIndicator("X", "user", VWAP)], load(document(store)))

    assert need.amounts == {Interval.parse("1m"): Amount()}
    assert not need.full


@settings(derandomize=True, deadline=None, database=None)
@given(
    asks=st.permutations(
        [AddSymbol("X", "a"), AddBars("X", "b", Interval.parse("15m"), 3), AddIndicator("X", "c", ATR)]
    )
)
def test_the_need_does_not_depend_on_the_order_of_asking(store, asks):
    file = load(document(store))

    need, other = need_of("X", asks, file), need_of("X", asks[::-1], file)

    assert (need.amounts, need.specs, need.full) == (other.amounts, other.specs, other.full)


wishes = st.one_of(
    st.tuples(st.just("symbol"), st.just({})),
    st.tuples(
        st.just("bar"),
        st.builds(dict, interval=st.sampled_from(("1m", "5m", "7m", "60m", "1d")), days=st.integers(0, 9)),
    ),
    st.tuples(st.just("indicator"), st.builds(dict, indicator=st.sampled_from((SMA, RSI, ATR, VWAP)))),
)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(
    asked=st.lists(st.tuples(st.sampled_from((*SYMBOLS, "ZZZZ")), wishes), min_size=1, max_size=6),
    at=st.sampled_from(("09:30", "11:11", "16:00")),
)
def test_a_plan_is_in_order_has_no_step_twice_and_does_what_it_says(store, asked, at):
    day = started(store, at)
    for symbol, (operation, what) in asked:
        before = day.fingerprint()
        required = day.analyze_requirements(operation, symbol, "user", **what)
        steps = [str(step) for step in required.provisioning_steps]
        places = [ORDER.index("add_interval" if step.startswith("add_interval") else step) for step in steps]

        assert day.fingerprint() == before
        assert places == sorted(places)
        assert len(set(steps)) == len(steps)
        assert json.loads(json.dumps(required.as_dict())) == required.as_dict()
        assert all(step in str(required) for step in steps)
        assert all(step.reason for step in required.provisioning_steps)
        assert day.analyze_requirements(operation, symbol, "user", **what) == required
        result = day.execute_provisioning(required)
        assert result.ok == required.can_proceed
        assert [str(step) for step in result.steps] == steps
        assert result.bars == required.bars
        if result.ok:
            again = day.analyze_requirements(operation, symbol, "user", **what)
            assert (again.provisioning_steps, again.can_proceed) == ((), True)
            assert "nothing to do" in str(again)


def test_bases_come_before_what_is_folded_from_them_and_short_before_long(store: Path):
    day = started(store)

    required = day.analyze_requirements("bar", "AAPL", "user", interval="60m", days=1)
    added = [str(step) for step in required.provisioning_steps if str(step).startswith("add_interval")]

    assert added == ["add_interval_1m", "add_interval_60m"]
    assert str(required.base_interval) == "1m"
    assert [str(interval) for interval in required.required_intervals] == ["1m", "60m"]


def test_symbols_that_are_alike_share_their_steps_and_each_reads_its_own_bars(store: Path):
    symbols = {"symbols": ["AAPL", "TSLA", "THIN"]}
    day = ob.SessionCoordinator.from_file(document(store, session=symbols, indicators=[]))
    plan = {required.symbol: required for required in day.plan_day()}
    results = {result.symbol: result for result in day.start_day()}

    assert len({id(required.provisioning_steps) for required in plan.values()}) == 1
    assert len({required.bars for required in plan.values()}) == 3
    for symbol, required in plan.items():
        loading = [step.bars for step in results[symbol].steps if step.step.startswith("load")]
        assert loading == [read.bars for read in required.reads]


def test_requirements_cannot_be_changed(store: Path):
    required = started(store).analyze_requirements("symbol", "AAPL", "user")

    with pytest.raises(FrozenInstanceError):
        required.provisioning_steps = ()
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        required.provisioning_steps[0].reason = "none"


@pytest.mark.parametrize("moved", ["time", "session"])
def test_a_plan_for_another_state_is_stale_and_says_why(store: Path, moved):
    day = started(store, "10:00")
    required = day.analyze_requirements("symbol", "AAPL", "user")
    if moved == "time":
        day.advance_to("10:01")
    else:
        day.add_indicator("TSLA", SMA)
    before = day.fingerprint()

    result = day.execute_provisioning(required)

    assert (result.status, result.ok) == ("stale", False)
    assert result.problems[-1].code == "stale"
    assert moved in result.problems[-1].what
    assert day.fingerprint() == before
    assert day.execute_provisioning(day.analyze_requirements("symbol", "AAPL", "user")).ok


def test_a_plan_that_was_carried_out_is_not_carried_out_again(store: Path):
    day = started(store)
    required = day.analyze_requirements("symbol", "AAPL", "user")
    day.execute_provisioning(required)
    before = day.fingerprint()

    assert day.execute_provisioning(required).status == "stale"
    assert day.fingerprint() == before
    assert isinstance(day, ob.SessionCoordinator)
