"""Sessions across splits and dividends: raw with a warning, or adjusted as of each day."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sessions import document, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.engine.diff import diff
from openbell.market.calendar import load_calendar
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

SPLIT_DAY = date(2024, 6, 6)
SPLIT = "symbol,date,kind,value\nNVDA,2024-06-06,split,8\n"


@pytest.fixture(scope="module")
def whole() -> Block:
    """NVDA as it would be without a split."""
    return dict(SyntheticMarket(("NVDA",), sessions=14, start=date(2024, 5, 21)).blocks())["NVDA"]


def split_before(block: Block, day: date, ratio: float) -> Block:
    """Bars as they were traded when a split of that day is still to come."""
    calendar = load_calendar("XNYS")
    early = block.ts < calendar.begins[calendar.first_on_or_after(day)]
    prices = [np.where(early, column * ratio, column) for column in block.columns[:4]]
    return Block.of(block.ts, [*prices, np.where(early, block.volume / ratio, block.volume)])


@pytest.fixture
def store(tmp_path: Path, whole: Block) -> Path:
    """A split of 8 for 1 on the first day of the session file."""
    made = store_blocks(tmp_path, {"NVDA": split_before(whole, SPLIT_DAY, 8.0)})
    told(made, SPLIT)
    return made


def told(store: Path, text: str) -> None:
    path = store.parent / f"actions{len(text)}.csv"
    path.write_text(text)
    assert import_files([path], store).ok


def day_one(store: Path, prices: str, at: str = "11:00", **changes: Any) -> ob.SessionCoordinator:
    day = ob.SessionCoordinator.from_file(document(store, session={"prices": prices}, **changes))
    day.start_day()
    day.advance_to(at)
    return day


def test_a_split_inside_raw_history_is_a_warning_that_names_symbol_day_and_ratio(store: Path) -> None:
    plan = ob.plan(document(store))

    (problem,) = [problem for one in plan.plan for problem in one.problems if problem.code == "split_in_history"]
    assert problem.where == "NVDA"
    assert "the split of 8 for 1 on 2024-06-06 lies inside the history of 1m and 5m" in problem.what
    assert 'prices = "splits"' in problem.fix
    assert not problem.fatal


@pytest.mark.parametrize("prices", ["splits", "adjusted"])
def test_adjusted_history_is_what_it_would_be_without_the_split(
    store: Path, whole: Block, tmp_path: Path, prices: str
) -> None:
    plain = store_blocks(tmp_path / "plain", {"NVDA": whole})

    across, without = day_one(store, prices), day_one(plain, prices)

    assert [one.problems for one in ob.plan(document(store, session={"prices": prices})).plan] == [()]
    for name in ("1m", "5m"):
        one, two = (day.session_data.get_symbol_data("NVDA").bars[name] for day in (across, without))
        assert np.array_equal(one.close, two.close)
        assert np.array_equal(one.volume, two.volume)
    rsi = [day.session_data.get_symbol_data("NVDA").indicators["rsi_14_5m"].current_value for day in (across, without)]
    assert rsi[0] == rsi[1]


def test_raw_prices_jump_at_the_split_and_so_do_their_indicators(store: Path, whole: Block, tmp_path: Path) -> None:
    plain = store_blocks(tmp_path / "plain", {"NVDA": whole})

    values = [
        day_one(one, "raw", at="09:40").session_data.get_symbol_data("NVDA").indicators["rsi_14_5m"].current_value
        for one in (store, plain)
    ]

    assert values[0] < 5 < values[1]


def test_the_day_before_a_split_knows_nothing_of_it(tmp_path: Path, whole: Block) -> None:
    plain = store_blocks(tmp_path / "plain", {"NVDA": whole})
    coming = store_blocks(tmp_path / "coming", {"NVDA": whole})
    told(coming, "symbol,date,kind,value\nNVDA,2024-06-07,split,4\nNVDA,2024-06-07,dividend,1\n")

    for prices in ("raw", "splits", "adjusted"):
        one, two = day_one(coming, prices), day_one(plain, prices)
        assert one.digest() == two.digest()
        assert [one.problems for one in ob.plan(document(coming, session={"prices": prices})).plan] == [()]


def test_each_day_of_a_run_is_adjusted_as_of_itself(tmp_path: Path, whole: Block) -> None:
    store = store_blocks(tmp_path, {"NVDA": split_before(whole, date(2024, 6, 7), 8.0)})
    told(store, "symbol,date,kind,value\nNVDA,2024-06-07,split,8\n")
    day = ob.SessionCoordinator.from_file(document(store, session={"prices": "splits"}))
    lasts = []

    for _ in range(2):
        day.start_day()
        lasts.append(day.session_data.get_symbol_data("NVDA").bars["1m"].history.close[-1])
        day.finish_day()

    last_before = whole.close[whole.ts < load_calendar("XNYS").begins[day.time.today.ordinal - 1]][-1]
    assert lasts == [
        last_before * 8.0,
        whole.close[whole.ts < load_calendar("XNYS").begins[day.time.today.ordinal]][-1],
    ]


def test_the_digest_names_the_mode_and_the_actions_that_were_applied(tmp_path: Path, whole: Block) -> None:
    stores = [store_blocks(tmp_path / name, {"NVDA": whole}) for name in ("none", "one", "late")]
    told(stores[1], "symbol,date,kind,value\nNVDA,2024-06-06,split,2\n")
    told(stores[2], "symbol,date,kind,value\nNVDA,2024-07-06,split,2\n")
    nothing: dict[str, Any] = {"history": [], "indicators": []}

    raw, splits, adjusted = (day_one(stores[0], prices, **nothing).digest() for prices in ("raw", "splits", "adjusted"))
    applied, late = (day_one(store, "splits", **nothing).digest() for store in stores[1:])

    assert len({raw, splits, adjusted, applied}) == 4
    assert late == splits


def test_the_receipt_names_the_mode_and_the_actions(store: Path, tmp_path: Path) -> None:
    ob.run(document(store, session={"prices": "splits"}), out=tmp_path / "run")

    told(store, "symbol,date,split\nNVDA,2024-06-06,4\n")
    ob.run(document(store, session={"prices": "splits"}), out=tmp_path / "other")

    receipt = json.loads((tmp_path / "run" / "receipt.json").read_text())
    assert receipt["prices"] == "splits"
    assert receipt["actions"] == {"NVDA": ["2024-06-06 split 8"]}
    cause = diff(tmp_path / "run", tmp_path / "other").causes[0]
    assert (cause.kind, cause.where, cause.two) == ("actions", "NVDA", "['2024-06-06 split 4']")


def test_aggregates_and_universe_filters_see_adjusted_sessions(store: Path, whole: Block, tmp_path: Path) -> None:
    plain = store_blocks(tmp_path / "plain", {"NVDA": whole})
    rules = [
        {"name": "high", "column": "high", "statistic": "max", "days": 5},
        {"name": "volume", "column": "volume", "statistic": "mean", "days": 5},
        {"name": "curve", "column": "volume", "statistic": "mean", "days": 3, "per": "minute"},
    ]

    one, two = (day_one(store_, "splits", aggregates=rules).session_data for store_ in (store, plain))

    for name in ("high", "volume", "curve"):
        first, second = (data.get_symbol_data("NVDA").aggregates[name] for data in (one, two))
        assert np.array_equal(first, second)


def test_daily_prices_that_a_vendor_adjusted_are_refused_beside_raw_minutes(tmp_path: Path, whole: Block) -> None:
    calendar = load_calendar("XNYS")
    store = store_blocks(tmp_path, {"NVDA": whole})
    days = SyntheticMarket(("NVDA",), sessions=14, start=date(2024, 5, 21), interval="1d", seed=2)
    alone = store_blocks(tmp_path / "alone", {"OTHER": whole})
    for made, symbol in ((store, "NVDA"), (alone, "DAYS")):
        block = dict(days.blocks())["NVDA"]
        folder = store_blocks(tmp_path / symbol, {symbol: block}, "1d").parent / "tidy"
        import_files([folder], made, adjusted=True)
    session = {"symbols": ["NVDA"], "intervals": ["1m", "1d"]}
    history = [{"days": 3, "intervals": ["1d"], "symbols": "all"}]

    (mixed,) = ob.plan(document(store, session=session, history=history)).plan
    (alone_,) = ob.plan(
        document(alone, session={"symbols": ["DAYS"], "intervals": ["1d"]}, history=history, indicators=[])
    ).plan

    assert calendar.name == "XNYS"
    assert [problem.code for problem in mixed.problems if problem.fatal] == ["mixed_adjustment"]
    assert "prices of 1d were adjusted by their vendor, those of 1m are raw" in str(mixed.problems[0])
    assert [problem.code for problem in alone_.problems] == ["vendor_adjusted"]


def test_a_listing_long_before_the_first_bar_makes_what_is_missing_count(tmp_path: Path, whole: Block) -> None:
    calendar = load_calendar("XNYS")
    late = whole[whole.ts >= calendar.begins[calendar.first_on_or_after(date(2024, 6, 4))]]
    plain, listed = (store_blocks(tmp_path / name, {"NVDA": late}) for name in ("plain", "listed"))
    told(listed, "symbol,listed\nNVDA,1980-12-12\n")
    rules = [{"name": "top", "column": "high", "statistic": "max", "days": 5}]

    views = [day_one(store, "raw").session_data.get_symbol_data("NVDA").bars["1m"] for store in (plain, listed)]
    problems = {problem.code for one in ob.plan(document(listed, aggregates=rules)).plan for problem in one.problems}

    assert views[1].history_quality == pytest.approx(views[0].history_quality * 2 / 5)
    assert problems >= {"partial_history", "short_aggregate"}


def test_a_symbol_is_known_from_the_listing_that_was_said(tmp_path: Path, whole: Block) -> None:
    store = store_blocks(tmp_path, {"NVDA": whole})
    told(store, "symbol,listed,delisted\nNVDA,2024-06-07,2024-06-10\n")

    first, second, third = (ob.plan(document(store), day=date(2024, 6, day)).plan for day in (6, 7, 10))

    assert [[problem.code for problem in one.problems if problem.fatal] for one in first] == [["not_listed"]]
    assert [one.can_proceed for one in second] == [True]
    assert "delisted" in {problem.code for one in third for problem in one.problems}
