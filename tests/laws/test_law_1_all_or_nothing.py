"""Law 1: a request that fails at any step leaves the session as it was, and the same request can succeed later."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import Wish, begun, clock, lawful, reading, session_file, stored

import openbell as ob
from openbell.config.loader import load
from openbell.errors import Problem, StoreError
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.session.asks import AddSymbol

LIGHT = Wish("indicator", "BBB", spec=0)
# What was asked before, and what is asked under fault.
KINDS: dict[str, tuple[tuple[Wish, ...], Wish]] = {
    "full": ((), Wish("symbol", "BBB")),
    "full, listed today": ((), Wish("symbol", "FRESH")),
    "bars of a coarser base": ((), Wish("bar", "FIVE", "15m", 2)),
    "bars": ((), Wish("bar", "BBB", "15m", 3)),
    "bars without history": ((), Wish("bar", "BBB", "7m")),
    "indicator": ((), LIGHT),
    "indicator of days": ((), Wish("indicator", "AAA", spec=8)),
    "upgrade": ((LIGHT,), Wish("symbol", "BBB")),
    "deeper history": ((Wish("bar", "BBB", "5m", 1),), Wish("bar", "BBB", "5m", 4)),
    "another interval of a full symbol": ((), Wish("bar", "AAA", "60m", 4)),
    "another indicator": ((LIGHT,), Wish("indicator", "BBB", spec=5)),
}
FAULTS: tuple[Callable[[], Exception], ...] = (
    lambda: StoreError(Problem("bars/x", "the disk is gone.", "Plug it in.", code="gone")),
    lambda: ZeroDivisionError("a user's own fault"),
)


class Saboteur:
    """An observer that raises before one of the steps that it sees once it is armed."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._place: int | None = None
        self._fault: Exception | None = None
        self._victim: str | None = None

    def arm(self, place: int | None, fault: Exception | None = None, victim: str | None = None) -> None:
        self.seen, self._place, self._fault, self._victim = [], place, fault, victim

    def __call__(self, symbol: str, step: str) -> None:
        if self._victim not in (None, symbol):
            return
        self.seen.append(step)
        if self._place is not None and len(self.seen) == self._place + 1:
            assert self._fault is not None
            raise self._fault


def sabotaged(store: Path, at: int, before: tuple[Wish, ...] = ()) -> tuple[ob.SessionCoordinator, Saboteur]:
    saboteur = Saboteur()
    day = ob.SessionCoordinator(load(session_file(store)), observer=saboteur)
    day.start_day()
    for wish in before:
        assert wish.ask(day, "scanner").ok
    day.advance_to(clock(at))
    saboteur.arm(None)
    return day, saboteur


@pytest.mark.parametrize("kind", KINDS)
@lawful(3)
@given(at=st.integers(0, 389), later=st.integers(0, 389), fault=st.sampled_from(FAULTS))
def test_a_fault_at_any_step_changes_nothing_and_the_retry_is_as_if_undisturbed(market, kind, at, later, fault):
    before, wish = KINDS[kind]
    day, saboteur = sabotaged(market, at, before)
    assert wish.ask(day).ok
    steps, undisturbed = list(saboteur.seen), day.digest()
    day.advance_to(clock(max(at, later)))
    end = reading(day)

    for place, step in enumerate(steps):
        day, saboteur = sabotaged(market, at, before)
        was, read = day.fingerprint(), reading(day)
        saboteur.arm(place, fault())

        result = wish.ask(day)

        assert (result.ok, result.status, result.failed_step) == (False, "failed", step)
        assert [str(done) for done in result.steps] == steps[:place]
        assert any("disk is gone" in p.what or "a user's own fault" in p.what for p in result.problems)
        assert all(problem.where and problem.what and problem.fix for problem in result.problems)
        assert (day.fingerprint(), reading(day)) == (was, read)
        saboteur.arm(None)
        again = wish.ask(day)
        assert [str(done) for done in again.steps] == steps
        assert day.digest() == undisturbed
        day.advance_to(clock(max(at, later)))
        assert reading(day) == end


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_failed_and_is_not_repeated_leaves_no_trace_in_what_streams_later(market, kind):
    before, wish = KINDS[kind]
    day, saboteur = sabotaged(market, 77, before)
    day.advance_to("16:00")
    never = day.fingerprint()

    day, saboteur = sabotaged(market, 77, before)
    required = day.analyze_requirements(wish.operation, wish.symbol, "user", **wish.arguments())
    for place in range(len(required.provisioning_steps)):
        saboteur.arm(place, ZeroDivisionError("a fault"))
        assert wish.ask(day).status == "failed"
    day.advance_to("16:00")

    assert day.fingerprint() == never


@lawful(12)
@given(place=st.integers(0, 6), victim=st.sampled_from(("AAA", "BBB", "THIN")), fault=st.sampled_from(FAULTS))
def test_in_the_batch_of_a_morning_one_symbol_falls_alone(market, place, victim, fault):
    names = ["AAA", "BBB", "THIN"]
    others = begun(session_file(market, session={"symbols": [name for name in names if name != victim]}))
    whole = begun(session_file(market, session={"symbols": names}))
    saboteur = Saboteur()
    day = ob.SessionCoordinator(load(session_file(market, session={"symbols": names})), observer=saboteur)
    saboteur.arm(place, fault(), victim)

    results = day.start_day()

    assert [result.ok for result in results] == [name != victim for name in names]
    assert next(result for result in results if not result.ok).failed_step == saboteur.seen[-1]
    assert day.digest() == others.digest()
    saboteur.arm(None)
    assert day.add_symbol(victim, source="config").ok
    assert day.digest() == whole.digest()


def batch(day: ob.SessionCoordinator, *symbols: str) -> tuple[ProvisioningRequirements, ...]:
    return day._executor.analyst.analyze([AddSymbol(symbol, "user") for symbol in symbols])


@lawful(8)
@given(place=st.integers(0, 6), victim=st.sampled_from(("BBB", "LATE")), at=st.integers(0, 389))
def test_all_or_none_means_none(market, place, victim, at):
    day, saboteur = sabotaged(market, at)
    before = day.fingerprint()
    saboteur.arm(place, ZeroDivisionError("a fault"), victim)

    results = day._executor.execute(batch(day, "BBB", "LATE"), all_or_none=True)

    assert [result.ok for result in results] == [False, False]
    assert day.fingerprint() == before
    saboteur.arm(None)
    assert all(result.ok for result in day._executor.execute(batch(day, "BBB", "LATE"), all_or_none=True))
    alone, _ = sabotaged(market, at, ())
    for symbol in ("LATE", "BBB"):
        assert alone.add_symbol(symbol).ok
    assert day.digest() == alone.digest()


def test_all_or_none_means_none_also_when_one_is_refused(market):
    day, _ = sabotaged(market, 30)
    before = day.fingerprint()

    results = day._executor.execute(batch(day, "BBB", "ZZZZ"), all_or_none=True)

    assert [result.status for result in results] == ["refused", "refused"]
    assert [result.problems[-1].code for result in results] == ["all_or_none", "unknown_symbol"]
    assert day.fingerprint() == before


def _missing(file: Path, whole: bytes) -> None:
    file.unlink()


def _cut_short(file: Path, whole: bytes) -> None:
    file.write_bytes(whole[: len(whole) // 2])


def _empty(file: Path, whole: bytes) -> None:
    file.write_bytes(b"")


def _too_long(file: Path, whole: bytes) -> None:
    file.write_bytes(whole + b"more")


@pytest.mark.parametrize("harm", [_missing, _cut_short, _empty, _too_long])
@pytest.mark.parametrize(
    "wish",
    [Wish("bar", "FIVE", "60m", 3), Wish("bar", "FIVE", "5m"), Wish("indicator", "FIVE", spec=0)],
    ids=["history", "today only", "indicator"],
)
def test_a_harmed_file_fails_the_request_and_a_mended_one_serves_it(market, blocks, tmp_path, harm, wish):
    store = stored(tmp_path, blocks)
    (file,) = (store / "bars" / "5m").glob("*.parquet")
    whole = file.read_bytes()
    day = begun(session_file(store), 45)
    undisturbed = begun(session_file(store), 45)
    assert wish.ask(undisturbed).ok
    before = day.fingerprint()
    harm(file, whole)

    result = wish.ask(day)

    assert (result.status, result.failed_step) in {("failed", "load_historical"), ("failed", "load_session")}
    assert any(file.name in problem.where for problem in result.problems)
    assert day.fingerprint() == before
    file.unlink(missing_ok=True)
    file.write_bytes(whole)
    assert wish.ask(day).ok
    assert day.digest() == undisturbed.digest()


def test_a_harmed_file_drops_its_symbols_in_the_morning_with_the_reason(market, blocks, tmp_path):
    store = stored(tmp_path, blocks)
    (file,) = (store / "bars" / "5m").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:100])
    day = ob.SessionCoordinator.from_file(
        session_file(store, session={"symbols": ["AAA", "FIVE"], "intervals": ["5m"]}, history=[])
    )

    aaa, five = day.start_day()

    assert (aaa.ok, five.ok) == (True, False)
    assert day.session_data.symbols == ("AAA",)
    assert any(problem.fix for problem in five.problems)
