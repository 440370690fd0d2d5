"""Room in a session: made by symbols that nobody holds, given in order of asking, and never given twice."""

from pathlib import Path

import pytest
from sessions import SMA, document, started

from openbell.bars.interval import Interval
from openbell.config.loader import load
from openbell.engine.coordinator import SessionCoordinator
from openbell.session.asks import AddBars

MINUTE, FIVE = Interval.parse("1m"), Interval.parse("5m")
LIGHT = {"history": [], "indicators": [], "session": {"symbols": ["NVDA"], "intervals": ["1m"]}}
# Today's room of minutes is 18,720 bytes, of minutes and 5m 22,464.
ROOM = 390 * 48


def with_an_unheld(store: Path, bytes: int, failing: str = "", unheld: str = "AAPL") -> SessionCoordinator:
    """NVDA is held, another symbol is not; room for so many bytes in all. One symbol may fail at its first step."""

    def observer(symbol: str, _step: str) -> None:
        if symbol == failing:
            raise RuntimeError("planted")

    made = document(store, **LIGHT, budget={"max_megabytes": bytes / 1e6})
    day = SessionCoordinator(load(made), observer=observer)
    day.start_day()
    assert day.add_bar(unheld, "5m", source="scanner").ok
    day.owners.release("scanner", keep=True)
    return day


def provisioned(day: SessionCoordinator, *asks: AddBars) -> list[str]:
    with day.requests.turn:
        return [str(result.status) for result in day.provision(asks)]


def test_what_is_refused_leaves_the_room_that_it_could_not_have_to_others(store: Path):
    day = with_an_unheld(store, 4 * ROOM)

    asks = AddBars("MSFT", "user", MINUTE, 8), AddBars("TSLA", "user", MINUTE), AddBars("GONE", "user", MINUTE)
    told = provisioned(day, *asks, AddBars("LATE", "user", MINUTE))

    assert told == ["refused", "done", "done", "done"]
    assert day.session_data.symbols == ("GONE", "LATE", "NVDA", "TSLA")
    assert day.session_data.bytes_held <= 4 * ROOM


def test_room_that_was_not_made_in_the_end_is_not_counted_on(store: Path):
    day = with_an_unheld(store, 3 * ROOM, failing="TSLA", unheld="AAPL")
    before = day.session_data.bytes_held
    asks = AddBars("TSLA", "user", MINUTE), AddBars("MSFT", "user", MINUTE)

    told = provisioned(day, *asks)

    assert told[0] == "failed"
    assert day.session_data.bytes_held <= 3 * ROOM, before
    assert provisioned(day, asks[1]) == ["done"]


def test_a_refusal_for_want_of_room_says_whether_somebody_holds_it_all(store: Path):
    day = with_an_unheld(store, 3 * ROOM)

    (partly,) = day.analyze_requirements("bar", "MSFT", "user", interval="1m", days=8).problems
    day.remove_symbol("AAPL")
    (wholly,) = day.analyze_requirements("bar", "MSFT", "user", interval="1m", days=8).problems

    assert "what the 1 that nobody holds would leave is not enough" in partly.what
    assert "every symbol is held by somebody or locked" in wholly.what


@pytest.mark.parametrize("change", ["locked", "asked for"])
def test_a_plan_that_takes_a_symbol_out_is_stale_once_that_must_stay(store: Path, change: str):
    day = started(store, budget={"max_symbols": 2})
    day.add_indicator("AAPL", SMA, source="scanner")
    day.owners.release("scanner", keep=True)
    required = day.analyze_requirements("indicator", "TSLA", "user", indicator=SMA)
    assert str(required.provisioning_steps[0]) == "evict_symbol"

    if change == "locked":
        day.owners.lock("AAPL", "open position of 100")
    else:
        assert day.add_indicator("AAPL", SMA, source="user").ok
    result = day.execute_provisioning(required)

    assert result.status == "stale"
    assert day.session_data.symbols == ("AAPL", "NVDA")
    again = day.analyze_requirements("indicator", "TSLA", "user", indicator=SMA)
    assert [problem.code for problem in again.problems] == ["budget"]


def test_a_plan_that_was_refused_because_of_a_lock_is_made_anew_without_it(store: Path):
    day = started(store, budget={"max_symbols": 2})
    day.add_indicator("AAPL", SMA, source="scanner")
    day.owners.release("scanner", keep=True)
    day.owners.lock("AAPL", "open position of 100")
    kept = day.analyze_requirements("indicator", "TSLA", "user", indicator=SMA)
    day.owners.unlock("AAPL")

    assert not kept.can_proceed
    assert day.add_indicator("TSLA", SMA).ok
    assert day.session_data.symbols == ("NVDA", "TSLA")
