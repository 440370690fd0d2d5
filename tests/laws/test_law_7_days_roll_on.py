"""A day of a long run is that day alone: what rolls on from day to day in the store's cache is never seen."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import Blocks, Fact, Wish, clock, lawful, reading, session_file, stored, wishes, with_actions, with_columns

import openbell as ob
from openbell.session.digest import symbol_digest
from openbell.store.export import frame_of
from openbell.store.importing import import_frames

# The half day of 3 July and the holiday after it are among them.
DAYS = [date(2024, 6, 27), date(2024, 6, 28), *(date(2024, 7, day) for day in (1, 2, 3, 5))]
ACTIONS = (
    "AAA,2024-06-28,split,4",
    "AAA,2024-07-02,dividend,0.75",
    "THIN,2024-07-03,split,1:8",
    "FIVE,2024-07-01,split,2",
)


@pytest.fixture(scope="module")
def acted(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laws' market with splits and a dividend between the days."""
    return with_actions(tmp_path_factory.mktemp("rolling"), blocks, ACTIONS)


def file(store: Path, prices: str = "raw") -> dict[str, Any]:
    """Half of the symbols from the first day on, three days of history of each interval."""
    symbols = {"symbols": ["AAA", "THIN", "FIVE", "GONE"], "intervals": ["5m", "15m", "1d"], "prices": prices}
    history = [{"days": 3, "intervals": ["5m", "15m", "60m", "1d"], "symbols": "all"}]
    return session_file(store, session=symbols, history=history, backtest={"start": DAYS[0], "end": DAYS[-1]})


def lived(day: ob.SessionCoordinator, when: date, asked: Sequence[tuple[int, Wish]] = ()) -> dict[str, Fact]:
    """Everything that can be read at the end of a day on which something was asked."""
    day.start_day(when)
    for minute, wish in sorted(asked, key=lambda one: one[0]):
        day.advance_to(clock(minute))
        wish.ask(day)
    day.finish_day(detail=False)
    return reading(day)


@lawful(12)
@given(
    asked=st.lists(st.lists(st.tuples(st.integers(0, 200), wishes()), max_size=3), min_size=6, max_size=6),
    skipped=st.sets(st.sampled_from(DAYS[1:]), max_size=2),
    prices=st.sampled_from(("raw", "splits", "adjusted")),
)
def test_every_day_of_a_run_is_that_day_alone(acted, asked, skipped, prices):
    run = ob.SessionCoordinator.from_file(file(acted, prices))
    for when, wanted in zip(DAYS, asked, strict=True):
        if when not in skipped:
            alone = ob.SessionCoordinator.from_file(file(acted, prices))
            assert lived(run, when, wanted) == lived(alone, when, wanted)


def test_an_import_meanwhile_is_seen_by_the_next_run_only(blocks: Blocks, tmp_path: Path):
    source = file(stored(tmp_path, blocks))
    run, waiting = (ob.SessionCoordinator.from_file(source) for _ in range(2))
    for when in DAYS[:3]:
        lived(run, when)

    bars = blocks["1m"]["AAA"]
    corrected = with_columns(bars, close=bars.close + 0.01, high=bars.high + 0.01)
    import_frames({("AAA", "1m"): frame_of(corrected)}, tmp_path / "store")

    fresh, later = (ob.SessionCoordinator.from_file(source) for _ in range(2))
    for when in DAYS[:3]:
        lived(later, when)
    assert lived(run, DAYS[3]) == lived(waiting, DAYS[3])
    assert lived(later, DAYS[3]) == lived(fresh, DAYS[3])
    before, after = digests(run), digests(fresh)
    assert {name for name in before if before[name] != after[name]} == {"AAA"}


def digests(day: ob.SessionCoordinator) -> dict[str, bytes]:
    """What is there of each symbol."""
    session = day.session_data
    return {name: symbol_digest(session, record) for name, record in session.records.items()}
