"""Every refusal has a code, a place, a cause, and, where one exists, an alternative that is accepted when taken."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sessions import START, SYMBOLS, document, started, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.market.calendar import load_calendar
from openbell.provisioning.codec import from_json, to_json
from openbell.session.asks import AddBars, AddIndicator
from openbell.testing.market import SyntheticMarket

SMA = {"name": "sma", "interval": "5m", "params": {"period": 20}}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic bars; LATE is listed on 2024-06-07, a day after the day of these tests."""
    blocks = dict(SyntheticMarket(SYMBOLS, sessions=14, start=START).blocks())
    listed = load_calendar("XNYS").session(load_calendar("XNYS").first_on_or_after(date(2024, 6, 7))).open
    late = blocks["LATE"].between(listed, int(blocks["LATE"].ts[-1]) + 1)
    return store_blocks(tmp_path_factory.mktemp("refusals"), blocks | {"LATE": late})


def indicator(**changes: Any) -> dict[str, Any]:
    return {"indicator": SMA | changes}


# operation, symbol, words, code, whether an ask is offered instead
UNSATISFIABLE: list[tuple[str, str, dict[str, Any], str, bool]] = [
    ("symbol", "APPL", {}, "unknown_symbol", True),
    ("symbol", "ZZZZ", {}, "unknown_symbol", False),
    ("bar", "NVDIA", {"interval": "5m", "days": 2}, "unknown_symbol", True),
    ("indicator", "TSLAA", indicator(), "unknown_symbol", True),
    ("symbol", "LATE", {}, "not_listed", False),
    ("bar", "LATE", {"interval": "1m"}, "not_listed", False),
    ("indicator", "LATE", indicator(), "not_listed", False),
    ("bar", "AAPL", {"interval": "5s"}, "interval_not_derivable", True),
    ("bar", "AAPL", {"interval": "1s", "days": 3}, "interval_not_derivable", True),
    ("bar", "AAPL", {"interval": "90s", "days": 1}, "interval_not_derivable", True),
    ("bar", "AAPL", {"interval": "59s"}, "interval_not_derivable", True),
    ("indicator", "AAPL", indicator(interval="30s"), "interval_not_derivable", True),
    ("indicator", "AAPL", indicator(interval="1s"), "interval_not_derivable", True),
    ("bar", "AAPL", {"interval": "five"}, "bad_interval", False),
    ("bar", "AAPL", {"interval": ""}, "bad_interval", False),
    ("bar", "AAPL", {"interval": "0m"}, "bad_interval", False),
    ("bar", "AAPL", {"interval": "5m", "days": -1}, "bad_days", True),
    ("bar", "AAPL", {"interval": "5m", "days": 2.5}, "bad_days", True),
    ("indicator", "AAPL", indicator(name="smaa"), "unknown_indicator", True),
    ("indicator", "AAPL", indicator(name="moving_average_of_mine"), "unknown_indicator", False),
    ("indicator", "AAPL", indicator(params={"period": 0}), "bad_parameter", True),
    ("indicator", "AAPL", indicator(params={"period": -5}), "bad_parameter", True),
    ("indicator", "AAPL", indicator(params={"period": "ten"}), "bad_parameter", True),
    ("indicator", "AAPL", indicator(params={"perod": 10}), "unknown_parameter", True),
    ("indicator", "AAPL", indicator(params={}), "missing_parameter", True),
    ("indicator", "AAPL", indicator(name="rsi", params={"period": 0}), "bad_parameter", True),
    ("indicator", "AAPL", indicator(name="ema", params={"period": 20, "speed": 3}), "unknown_parameter", True),
    ("indicator", "AAPL", indicator(interval="soon"), "bad_interval", True),
    ("indicator", "AAPL", {"indicator": None}, "no_indicator", False),
    ("indicator", "AAPL", {"indicator": "sma"}, "no_indicator", False),
    ("symbol", "", {}, "no_symbol", False),
    ("symbol", "   ", {}, "no_symbol", False),
    ("simbol", "AAPL", {}, "unknown_operation", False),
    ("quotes", "AAPL", {}, "unknown_operation", False),
]


@pytest.mark.parametrize(("operation", "symbol", "words", "code", "offered"), UNSATISFIABLE)
def test_a_refusal_says_what_to_do_and_its_offers_are_accepted(store: Path, operation, symbol, words, code, offered):
    day = started(store, at="10:00")
    before = day.fingerprint()

    required = day.analyze_requirements(operation, symbol, "scanner:x", **words)
    result = day.execute_provisioning(required)

    fatal = [problem for problem in required.problems if problem.fatal]
    assert code in {problem.code for problem in fatal}
    assert all(problem.where and problem.what and problem.fix for problem in fatal)
    assert (result.ok, result.status) == (False, "refused")
    assert day.fingerprint() == before
    asks = [offer.ask for offer in required.offers if offer.ask is not None]
    assert bool(asks) == offered
    for ask in asks:
        taken = take(started(store, at="10:00"), ask)
        assert taken.ok, taken


def take(day: ob.SessionCoordinator, ask: Any) -> Any:
    match ask:
        case AddBars():
            return day.add_bar(ask.symbol, ask.interval, days=ask.days, source=ask.owner)
        case AddIndicator():
            return day.add_indicator(ask.symbol, ask.spec, source=ask.owner)
    return day.add_symbol(ask.symbol, source=ask.owner)


def test_a_symbol_that_is_not_listed_yet_names_its_first_day_and_is_accepted_then(store: Path):
    day = started(store, at="10:00")

    required = day.analyze_requirements("symbol", "LATE", "user")

    first = next(offer.day for offer in required.offers if offer.day is not None)
    later = ob.SessionCoordinator.from_file(document(store))
    later.start_day(first)
    assert later.add_symbol("LATE").ok


def test_an_unknown_symbol_names_the_command_that_would_bring_it(store: Path):
    required = started(store).analyze_requirements("symbol", "ZZZZ", "user")

    assert any("openbell import" in (offer.command or "") for offer in required.offers)


def test_of_many_symbols_with_one_need_those_that_go_short_are_told_and_no_others(tmp_path: Path):
    sessions = load_calendar("XNYS")
    opens = [sessions.session(sessions.ordinal_of(date(2024, 6, day))).open for day in (4, 5)]
    blocks = dict(SyntheticMarket(("AAPL", "MSFT", "NVDA", "TSLA"), sessions=14, start=START).blocks())
    whole, late, last = blocks["MSFT"], blocks["TSLA"], int(blocks["TSLA"].ts[-1]) + 1
    holed = Block.joined([whole.between(int(whole.ts[0]), opens[0]), whole.between(opens[1], last)])
    store = store_blocks(tmp_path, blocks | {"MSFT": holed, "TSLA": late.between(opens[1], last)})

    day = started(
        store,
        session={"symbols": ["AAPL", "MSFT", "TSLA", "NVDA"]},
        indicators=[{"name": "sma", "interval": "5m", "params": {"period": 200}}],
    )

    warned = [(one["where"], one["code"]) for one in day.finish_day(detail=False).warnings]
    assert warned == [
        ("MSFT/1m", "partial_history"),
        ("MSFT/5m", "partial_history"),
        ("TSLA/1m", "partial_history"),
        ("TSLA/5m", "partial_history"),
        ("TSLA/sma_200_5m", "short_warmup"),
    ]


def test_an_unknown_source_is_refused_with_the_nearest(store: Path):
    required = started(store).analyze_requirements("symbol", "AAPL", "scaner:gap")

    assert [problem.code for problem in required.problems] == ["unknown_source"]
    assert "scanner" in required.problems[0].fix


def test_several_problems_are_all_told(store: Path):
    required = started(store).analyze_requirements("bar", "", "nobody", interval="x")

    assert [problem.code for problem in required.problems] == ["no_symbol", "unknown_source", "bad_interval"]


def test_requests_outside_a_day_are_refused_with_the_reason(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))
    early = day.add_symbol("AAPL")
    day.start_day()
    day.finish_day()
    late = day.add_symbol("AAPL")
    day.close()
    closed = day.add_symbol("AAPL")

    codes = [result.problems[0].code for result in (early, late, closed)]
    assert codes == ["session_idle", "session_ended", "session_closed"]


def test_a_stale_plan_is_refused_with_the_reason_and_a_new_one_is_accepted(store: Path):
    day = started(store, at="10:00")
    first = day.analyze_requirements("symbol", "AAPL", "user")
    second = day.analyze_requirements("symbol", "MSFT", "user")

    done = day.execute_provisioning(first)
    stale = day.execute_provisioning(second)
    day.advance_to("10:05")
    moved = day.execute_provisioning(day.analyze_requirements("symbol", "MSFT", "user"))

    assert done.ok
    assert (stale.status, stale.problems[-1].code) == ("stale", "stale")
    assert "has changed" in stale.problems[-1].what
    assert moved.ok


@pytest.mark.parametrize(
    ("operation", "words"),
    [("symbol", {}), ("bar", {"interval": "15m", "days": 3}), ("indicator", indicator()), ("bar", {"interval": "5s"})],
)
def test_requirements_round_trip_through_json(store: Path, operation, words):
    day = started(store, at="10:00", budget={"max_symbols": 4})
    day.add_indicator("TSLA", ob.indicator("rsi", interval="5m", period=14))

    required = day.analyze_requirements(operation, "TSLA", "scanner:x", **words)

    assert from_json(to_json(required)) == required
    assert from_json(to_json(required)).provisioning_steps == required.provisioning_steps


def test_a_plan_of_another_session_is_stale_also_from_text(store: Path):
    ours, others = started(store, at="10:00"), started(store, at="10:00")
    assert ours.add_bar("TSLA", "5m").ok
    assert others.add_bar("MSFT", "5m").ok
    before = others.fingerprint()
    required = from_json(to_json(ours.analyze_requirements("bar", "TSLA", "user", interval="15m")))

    foreign = others.execute_provisioning(required)

    assert foreign.status == "stale"
    assert "another session" in foreign.problems[-1].what
    assert others.fingerprint() == before
    assert ours.execute_provisioning(required).ok


@pytest.mark.parametrize("change", [{"name": "another"}, {"history": []}])
def test_a_plan_for_another_session_file_is_stale(store: Path, change):
    required = started(store, at="10:00").analyze_requirements("symbol", "TSLA", "user")

    foreign = started(store, at="10:00", **change).execute_provisioning(required)

    assert foreign.status == "stale"
    assert "another session" in foreign.problems[-1].what


def test_a_plan_made_in_an_equal_session_is_as_good_as_ones_own(store: Path):
    required = to_json(started(store, at="10:00").analyze_requirements("symbol", "TSLA", "user"))

    assert started(store, at="10:00").execute_provisioning(from_json(required)).ok


def test_what_is_no_requirements_document_is_refused():
    for text in ("[]", "{}", '{"is": "Nonsense"}', "3"):
        with pytest.raises(ValueError, match="not a document"):
            from_json(text)


def test_a_plan_counts_exactly_what_is_loaded_and_says_what_is_there(store: Path):
    day = started(store, at="11:00")
    day.add_indicator("TSLA", ob.indicator("sma", interval="5m", period=20))

    required = day.analyze_requirements("symbol", "TSLA", "user")
    result = day.execute_provisioning(required)

    assert result.bars == required.bars > 1500
    assert required.bytes >= 48 * required.bars
    assert required.already[:2] == ("1m with 0 bars of history", "5m with 20 bars of history")
    assert "there already" in str(required)
    assert "reads" in str(required)
