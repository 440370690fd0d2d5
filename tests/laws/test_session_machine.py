"""A session driven at random against a plain model of what must be there.

After each step: laws 1, 2 (nothing after now), 3 and 6 hold, plans count what is loaded, nothing is loaded twice, and
no row, lane, ask or byte is left behind.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lawful import NIGHTS
from sessions import ATR, RSI, SMA, START, VWAP, document, make_store, store_blocks

import openbell as ob
from openbell.bars.interval import Interval
from openbell.config.loader import load
from openbell.engine.coordinator import SessionCoordinator
from openbell.session.asks import UNHELD, AddBars, AddIndicator, AddSymbol, Ask
from openbell.testing.market import SyntheticMarket

MINUTE = 60_000_000_000

NAMES = st.sampled_from(["AAPL", "TSLA", "TSLA", "MSFT", "MSFT", "THIN", "GONE", "LATE"])
OWNERS = st.sampled_from(["user", "scanner:a", "scanner:b", "strategy"])
SPECS = st.sampled_from(
    [SMA, RSI, ATR, VWAP, ob.indicator("ema", interval="1m", period=3), ob.indicator("macd", interval="15m")]
)
INTERVALS = st.sampled_from(["1m", "2m", "5m", "15m", "60m", "1d", "1w"])
DAYS = st.sampled_from([0, 1, 3, 5, 9, 12])


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Minutes of all, of TSLA bars of 5m beside them up to the eighth session, of MSFT days."""
    folder = tmp_path_factory.mktemp("mixed")
    fives = SyntheticMarket(("TSLA",), sessions=8, start=START, interval="5m", seed=2)
    days = SyntheticMarket(("MSFT",), sessions=14, start=START, interval="1d", seed=3)
    store_blocks(folder, dict(fives.blocks()), "5m")
    store_blocks(folder, dict(days.blocks()), "1d")
    return make_store(folder)


class Faults:
    """Raises at the step that it is armed for."""

    def __init__(self) -> None:
        self.at: int | None = None

    def __call__(self, _symbol: str, _step: str) -> None:
        if self.at is not None:
            self.at -= 1
            if self.at < 0:
                raise RuntimeError("planted")


class SessionMachine(RuleBasedStateMachine):
    """Random requests, owners, releases, failures, time and nights."""

    store: Path

    @initialize(symbols=st.lists(st.sampled_from(["NVDA", "MSFT"]), min_size=1, unique=True))
    def begin(self, symbols: list[str]) -> None:
        self.faults = Faults()
        made = document(self.store, session={"symbols": symbols})
        self.document = made
        self.day: Any = SessionCoordinator(load(made), observer=self.faults)
        self.model: dict[str, dict[Ask, None]] = defaultdict(dict)
        self.locked: set[str] = set()
        self._start()

    def _start(self) -> None:
        self.day.start_day()
        self.model.clear()
        self.locked.clear()
        for symbol in self.document["session"]["symbols"]:
            self.model[symbol][AddSymbol(symbol, "config")] = None

    @rule(symbol=NAMES, owner=OWNERS)
    def ask_symbol(self, symbol: str, owner: str) -> None:
        self._ask(AddSymbol(symbol, owner))

    @rule(symbol=NAMES, owner=OWNERS, interval=INTERVALS, days=DAYS)
    def ask_bars(self, symbol: str, owner: str, interval: str, days: int) -> None:
        self._ask(AddBars(symbol, owner, Interval.parse(interval), days))

    @rule(symbol=NAMES, owner=OWNERS, spec=SPECS)
    def ask_indicator(self, symbol: str, owner: str, spec: Any) -> None:
        self._ask(AddIndicator(symbol, owner, spec))

    @rule(symbol=NAMES, owner=OWNERS, step=st.integers(0, 6), spec=SPECS)
    def ask_and_fail(self, symbol: str, owner: str, step: int, spec: Any) -> None:
        ask = AddSymbol(symbol, owner) if step % 2 else AddIndicator(symbol, owner, spec)
        required = self._analyze(ask)
        before = self.day.fingerprint()
        self.faults.at = step
        result = self.day.execute_provisioning(required)
        reached = step < len(required.provisioning_steps)
        self.faults.at = None
        if reached:
            assert result.status == "failed"
            assert result.failed_step == str(required.provisioning_steps[step])
            assert "planted" in result.problems[-1].what
            assert self.day.fingerprint() == before
        elif result.ok:
            self.model[symbol][ask] = None

    @rule(symbol=st.sampled_from(["ZZZZ", "APPL"]))
    def ask_what_cannot_be(self, symbol: str) -> None:
        before = self.day.fingerprint()
        assert self.day.add_symbol(symbol).status == "refused"
        assert self.day.fingerprint() == before

    @rule(owner=OWNERS, symbol=NAMES)
    def release(self, owner: str, symbol: str) -> None:
        results = self.day.owners.release(owner, symbol)
        held = [ask for ask in self.model[symbol] if ask.owner == owner]
        assert [result.status for result in results] == ["done" if held else "nothing_to_do"]
        if symbol in self.locked and held and len(held) == len(self.model[symbol]):
            self.model[symbol] = dict.fromkeys(self.day.session_data.asks.of(symbol))
        for ask in held:
            self.model[symbol].pop(ask, None)

    @rule(symbol=NAMES)
    def remove(self, symbol: str) -> None:
        result = self.day.remove_symbol(symbol)
        assert result.ok == (symbol not in self.locked)
        if result.ok:
            self.model.pop(symbol, None)

    @rule(symbol=NAMES)
    def lock(self, symbol: str) -> None:
        if symbol in self.day.session_data and symbol not in self.locked:
            self.day.owners.lock(symbol, "a position")
            self.locked.add(symbol)
        elif symbol in self.locked:
            self.day.owners.unlock(symbol)
            self.locked.discard(symbol)

    @rule(minutes=st.sampled_from([1, 4, 17, 60]))
    def advance(self, minutes: int) -> None:
        self.day.stream_until(min(self.day.time.now + minutes * MINUTE, self.day.time.today.close))

    @rule()
    def stand_still(self) -> None:
        before = self.day.fingerprint()
        self.day.stream_until(self.day.time.now)
        assert self.day.fingerprint() == before

    @precondition(lambda self: self.day._next_day < len(self.day.days))
    @rule()
    def night(self) -> None:
        self.day.finish_day()
        self._start()

    @invariant()
    def what_is_there_is_what_is_held(self) -> None:
        if not hasattr(self, "day"):
            return
        session = self.day.session_data
        held = {symbol for symbol, asks in self.model.items() if asks}
        assert set(session.symbols) == held
        for symbol in held:
            assert set(session.asks.of(symbol)) == set(self.model[symbol])
            full = any(isinstance(ask, AddSymbol) and ask.owner != UNHELD for ask in self.model[symbol])
            view = session.get_symbol_data(symbol)
            assert view.meets_session_config_requirements == full
            assert any(bars.quality is not None for bars in view.bars.values()) == full

    @invariant()
    def nothing_of_the_future_and_nothing_left_behind(self) -> None:
        if not hasattr(self, "day"):
            return
        session = self.day.session_data
        rows = {record.row for record in session.records.values()}
        assert len(rows) == len(session.records)
        used = {interval for record in session.records.values() for interval in record.series}
        assert set(session.lanes) == used
        for interval, lane in session.lanes.items():
            members = {r.row for r in session.records.values() if interval in r.series}
            assert set(lane.members.array.tolist()) == members
            assert not lane.panel.present[lane.panel.cursor :].any()
            others = np.setdiff1d(np.arange(lane.panel.capacity), sorted(members))
            assert not lane.panel.present[:, others].any()
        assert session.bytes_held == sum(session.weights.values())
        assert set(session.weights) == set(session.records)

    @precondition(lambda self: hasattr(self, "day"))
    @rule()
    def the_same_asked_at_the_open_gives_the_same_state(self) -> None:
        other = SessionCoordinator(load(self.document))
        other.start_day(self.day.time.today.date)
        for symbol in self.document["session"]["symbols"]:
            if AddSymbol(symbol, "config") not in self.model.get(symbol, {}):
                other.remove_symbol(symbol)
        for asks in self.model.values():
            for ask in asks:
                if ask.owner != "config":
                    assert _asked(other, ask).ok
        other.stream_until(self.day.time.now)
        assert other.digest() == self.day.digest()

    def teardown(self) -> None:
        if hasattr(self, "day"):
            self.the_same_asked_at_the_open_gives_the_same_state()

    def _analyze(self, ask: Ask) -> Any:
        before = self.day.fingerprint()
        required = self.day._executor.analyst.analyze([ask])[0]
        assert self.day.fingerprint() == before
        return required

    def _ask(self, ask: Ask) -> None:
        required = self._analyze(ask)
        result = self.day.execute_provisioning(required)
        assert result.ok == required.can_proceed
        if not result.ok:
            return
        self.model[ask.symbol][ask] = None
        assert result.bars == required.bars
        assert [step.step for step in result.steps] == [str(step) for step in required.provisioning_steps]
        again = self._analyze(ask)
        assert again.provisioning_steps == ()
        assert again.bars == 0


def _asked(day: SessionCoordinator, ask: Ask) -> Any:
    with day.requests.turn:
        return day.provision([ask])[0]


@pytest.mark.parametrize("number", range(4 * NIGHTS or 4))
def test_a_session_is_what_is_held_whatever_happens(mixed: Path, number: int) -> None:
    class OnStore(SessionMachine):
        pass

    OnStore.store = mixed
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    # The same examples whenever it runs; each night others, and longer ones.
    machine = OnStore if NIGHTS else seed(number)(OnStore)
    examples, steps = (1000, 25) if NIGHTS else (300, 12)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=checks,
        ),
    )
