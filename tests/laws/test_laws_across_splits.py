"""The laws hold across splits and dividends: what is there follows from the actions up to today, not from the path."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawful import SYMBOLS, TODAY, Blocks, begun, clock, lawful, reading, session_file, wishes, with_actions

from openbell.config.loader import load
from openbell.engine.poison import poisoned
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours
from openbell.store.catalog import Catalog

PAST = [
    "AAA,2024-06-26,split,4", "AAA,2024-06-28,dividend,0.75", "AAA,2024-07-02,split,3:2",
    "BBB,2024-07-02,dividend,1.5", "THIN,2024-07-01,split,1:8", "FIVE,2024-06-27,split,2",
    "FRESH,2024-07-02,split,2", "MUTE,2024-06-30,split,7", "LATE,2024-07-01,dividend,0.01",
]  # fmt: skip
TO_COME = [
    "AAA,2024-07-03,split,5", "BBB,2024-07-05,dividend,2", "THIN,2024-07-03,dividend,0.3", "GONE,2024-07-08,split,9",
]  # fmt: skip


@pytest.fixture(scope="module")
def acted(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laws' market with actions up to the day under test."""
    return with_actions(tmp_path_factory.mktemp("acted"), blocks, PAST)


@pytest.fixture(scope="module")
def foretold(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with actions that are still to come."""
    return with_actions(tmp_path_factory.mktemp("foretold"), blocks, PAST + TO_COME)


def file(store: Path, prices: str = "adjusted") -> dict[str, Any]:
    rules = [{"name": "top", "column": "high", "statistic": "max", "days": 5}]
    return session_file(store, session={"prices": prices}, aggregates=rules)


@lawful(40)
@given(
    asked=st.lists(st.tuples(st.integers(0, 390), wishes()), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
    prices=st.sampled_from(("splits", "adjusted")),
)
def test_law_3_a_late_ask_ends_like_an_early_one(acted, asked, order, prices):
    day, met = begun(file(acted, prices)), []
    for minute, wish in sorted(asked, key=lambda one: one[0]):
        day.advance_to(clock(minute))
        met += [wish] if wish.ask(day).ok else []
    order.shuffle(met)

    early = begun(file(acted, prices))
    for wish in met:
        assert wish.ask(early).ok
    early.advance_to(clock(max(minute for minute, _ in asked)))

    assert reading(early) == reading(day)


@lawful(25)
@given(
    asked=st.lists(wishes(), max_size=3),
    until=st.integers(0, 390),
    prices=st.sampled_from(("raw", "splits", "adjusted")),
)
def test_law_2_an_action_that_is_still_to_come_does_not_show(acted, foretold, asked, until, prices):
    days = [begun(file(store, prices)) for store in (acted, foretold)]
    results = [[str(wish.ask(day).problems) for wish in asked] for day in days]
    for day in days:
        day.advance_to(clock(until))

    assert reading(days[0]) == reading(days[1])
    assert results[0] == results[1]


@pytest.mark.parametrize("prices", ["raw", "splits", "adjusted"])
def test_law_7_runs_of_all_days_give_one_digest(foretold, prices):
    digests = []
    for _ in range(2):
        day = begun(file(foretold, prices))
        found = [day.finish_day().digest]
        for _ in range(2):
            day.start_day()
            found.append(day.finish_day().digest)
        digests.append(found)

    assert digests[0] == digests[1]


@pytest.mark.parametrize("symbol", ["AAA", "THIN", "BBB"])
def test_a_symbol_added_late_equals_one_from_the_session_file_on_a_day_with_a_split(foretold, symbol):
    late, configured = begun(file(foretold)), begun(file(foretold))
    late.remove_symbol(symbol)
    late.advance_to("12:17")
    configured.advance_to("12:17")

    assert late.add_symbol(symbol).ok
    if symbol == "BBB":
        assert configured.add_symbol(symbol).ok

    assert reading(late) == reading(configured)


def test_the_future_that_verify_makes_up_has_other_actions(foretold, tmp_path):
    instant = load_calendar("XNYS").session(load_calendar("XNYS").first_on_or_after(TODAY), Hours.REGULAR).open

    altered = poisoned(load(file(foretold)), tmp_path, instant + 3_600 * 10**9, seed=3)

    before, after = (Catalog.latest(store).actions() for store in (foretold, altered.store))
    assert [one for one in before if one.day <= TODAY] == [one for one in after if one.day <= TODAY]
    assert {one.symbol for one in set(after) - set(before)} >= set(SYMBOLS) - {"GONE"}
    assert all(one.day > date(2024, 7, 2) for one in set(after) ^ set(before))
