"""Splits, dividends and listings: imported like bars, applied when read, as of a day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sessions import store_blocks

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import StoreError
from openbell.market.actions import Action, Kind, Prices
from openbell.market.calendar import Calendar, load_calendar
from openbell.store import history
from openbell.store.catalog import Catalog
from openbell.store.formats.events import actions_in, recognised
from openbell.store.formats.format import Hints
from openbell.store.formats.source import Source
from openbell.store.importing import import_files, import_frames
from openbell.store.manager import DataManager

MINUTE, DAY, WEEK = (Interval.parse(text) for text in ("1m", "1d", "1w"))
MONDAY = date(2024, 6, 24)
SPLIT = Action("AAA", date(2024, 6, 26), Kind.SPLIT, 4.0)
PAID = Action("AAA", date(2024, 6, 27), Kind.DIVIDEND, 0.5)

Minutes = Callable[..., Block]


def table(folder: Path, text: str, name: str = "actions.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def known(store: Path) -> list[str]:
    return [f"{action.symbol} {action}" for action in Catalog.latest(store).actions()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("symbol,date,kind,value\nAAPL,2020-08-31,split,4\n", ["AAPL 2020-08-31 split 4"]),
        ("Ticker;Ex-Date;Type;Ratio\naapl;31.08.2020;Stock Split;4:1\n", ["AAPL 2020-08-31 split 4"]),
        ("symbol,date,kind,value\nGE,20210802,reverse split,1-for-8\n", ["GE 2021-08-02 split 0.125"]),
        ("ticker,execution_date,split_from,split_to\nAAPL,2020-08-31,1,4\n", ["AAPL 2020-08-31 split 4"]),
        ("ticker,ex_dividend_date,cash_amount\nKO,2024-06-14,0.485\n", ["KO 2024-06-14 dividend 0.485"]),
        ("symbol\tdate\tdividends\tstock splits\nKO\t2012-08-13\t0.255\t2\n",
         ["KO 2012-08-13 split 2", "KO 2012-08-13 dividend 0.255"]),
        ("symbol,date,dividend_amount,split_coefficient\nKO,2012-08-13,0,1.0\n", []),
        ("symbol,ipoDate,delistingDate,status\nKO,1962-01-02,null,Active\n", ["KO 1962-01-02 listed"]),
        ("symbol,listed,delisted\nX,,2025-06-18\n", ["X 2025-06-18 delisted"]),
    ],
)  # fmt: skip
def test_tables_of_vendors_are_read_by_their_headers(tmp_path: Path, text: str, expected: list[str]) -> None:
    source = Source(table(tmp_path, text))

    found = [f"{action.symbol} {action}" for action in actions_in(source, Hints())]

    assert recognised(source)
    assert found == expected


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("KO,2020-13-01,split,2", "'2020-13-01' is not a date like 2020-08-31"),
        ("KO,2020-01-02,spilt,2", "'spilt' is no kind of action"),
        ("KO,2020-01-02,split,0", "'0' is not a split like 4, 4:1 or 0.125"),
        ("KO,2020-01-02,split,four", "'four' is not a split"),
        ("KO,2020-01-02,dividend,-1", "'-1' is not an amount per share of 0 or more"),
        (",2020-01-02,split,2", "names no symbol"),
    ],
)
def test_a_table_with_a_row_that_is_no_action_is_refused_as_a_whole(tmp_path: Path, row: str, words: str) -> None:
    path = table(tmp_path, f"symbol,date,kind,value\nKO,2012-08-13,split,2\n{row}\n")

    report = import_files([path], tmp_path / "store")

    (problem,) = report.all_problems()
    assert problem.where == f"{path}, line 3"
    assert words in problem.what
    assert not report.changed


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    base=st.sampled_from(
        [
            b"symbol,date,kind,value\nAAPL,2020-08-31,split,4\nKO,2012-08-13,dividend,0.5\n",
            b"ticker;execution_date;split_from;split_to\nAAPL;2020-08-31;1;4\n",
            b"symbol,listed,delisted\nX,1999-01-04,2025-06-18\n",
            b"20000620,0.86,0.0089,101\n20050225,0.86,0.0178,88.97\n20501231,1,1,0\n",
        ]
    ),
    changes=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=6)), max_size=6),
    form=st.sampled_from([None, "actions"]),
)
def test_whatever_a_table_holds_it_comes_in_or_is_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, base: bytes, changes: list[tuple[int, bytes]], form: str | None
) -> None:
    for at, what in changes:
        base = base[: at % (len(base) + 1)] + what + base[at % (len(base) + 1) + len(what) :]
    path = tmp_path_factory.mktemp("fuzz") / "factor_files" / "A.csv"
    path.parent.mkdir()
    path.write_bytes(base)

    report = import_files([path], path.parent.parent / "store", format=form, dry_run=True)

    assert all(problem.where and problem.what and problem.fix for problem in report.all_problems())
    assert report.actions or report.all_problems() or report.files


def test_bars_with_columns_of_splits_stay_bars(tmp_path: Path) -> None:
    text = "date,open,high,low,close,volume,dividends,stock splits\n2024-06-24,1,2,1,2,100,0,0\n"

    assert recognised(Source(table(tmp_path, text))) is None


def test_actions_are_an_import_that_is_repeated_overridden_and_undone_like_any_other(
    tmp_path: Path, minutes: Minutes
) -> None:
    store = store_blocks(tmp_path, {"AAA": minutes(MONDAY, 5)})
    first = table(tmp_path, "symbol,date,kind,value\nAAA,2024-06-26,split,4\nAAA,2024-06-27,dividend,0.5\n")
    second = table(tmp_path, "symbol,date,kind,value\nAAA,2024-06-26,split,5\n", "better.csv")

    two = import_files([first], store)
    again = import_files([first], store)
    three = import_files([second], store)
    corrected = known(store)
    taken_back = history.undo(store, three.number or 0)
    before = known(store)
    history.undo(store, taken_back)

    assert (two.actions, two.new_actions, again.number, again.new_actions) == (2, 2, None, 0)
    assert corrected == ["AAA 2024-06-26 split 5", "AAA 2024-06-27 dividend 0.5"] == known(store)
    assert before == ["AAA 2024-06-26 split 4", "AAA 2024-06-27 dividend 0.5"]


def test_what_an_undo_brings_back_does_not_cover_what_came_later(tmp_path: Path) -> None:
    header = "symbol,date,kind,value\n"
    store = tmp_path / "store"
    one = import_files([table(tmp_path, header + "AAA,2024-06-26,split,4\n", "one.csv")], store)
    import_files([table(tmp_path, header + "AAA,2024-06-26,split,5\n", "two.csv")], store)

    history.undo(store, history.undo(store, one.number or 0))

    assert known(store) == ["AAA 2024-06-26 split 5"]


def test_two_dividends_of_a_date_are_added_up_and_equal_rows_counted_once(tmp_path: Path) -> None:
    rows = "AAA,2024-06-27,dividend,0.5\nAAA,2024-06-27,dividend,2\nAAA,2024-06-27,dividend,2\n"

    import_files([table(tmp_path, f"symbol,date,kind,value\n{rows}")], tmp_path / "store")

    assert known(tmp_path / "store") == ["AAA 2024-06-27 dividend 2.5"]


def test_a_dry_run_says_what_would_be_known_and_changes_nothing(tmp_path: Path) -> None:
    report = import_files([table(tmp_path, "symbol,date,split\nA,2024-01-02,2\n")], tmp_path / "store", dry_run=True)

    assert (report.new_actions, report.number) == (1, None)
    assert not (tmp_path / "store").exists()


def with_actions(folder: Path, blocks: dict[str, Block], *actions: Action, interval: str = "1m") -> Path:
    store = store_blocks(folder, blocks, interval)
    rows = "".join(f"{one.symbol},{one.day},{one.kind},{one.value!r}\n" for one in actions)
    import_files([table(folder, f"symbol,date,kind,value\n{rows}")], store)
    return store


def test_a_split_divides_prices_before_it_and_multiplies_volumes(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    raw = minutes(MONDAY, 5)
    data = DataManager(with_actions(tmp_path, {"AAA": raw}, SPLIT, PAID), xnys)
    first = xnys.first_on_or_after(MONDAY)

    seen = data.as_of(first + 4, Prices.SPLITS)
    block = seen.read(["AAA"], MINUTE, first, first + 4)["AAA"]

    assert seen.actions("AAA") == (SPLIT,)
    assert np.array_equal(block.close[:780], raw.close[:780] / 4)
    assert np.array_equal(block.volume[:780], raw.volume[:780] * 4)
    assert np.array_equal(block.close[780:], raw.close[780:])
    assert np.array_equal(seen.summaries(["AAA"], MINUTE, first, first + 4).close[0], block.close[389::390])
    assert seen.summaries(["AAA"], MINUTE, first, first).volume[0, 0] == block.volume[:390].sum()


def test_a_dividend_lowers_prices_before_it_in_proportion(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    raw = minutes(MONDAY, 5)
    data = DataManager(with_actions(tmp_path, {"AAA": raw}, SPLIT, PAID), xnys)
    first = xnys.first_on_or_after(MONDAY)

    block = data.as_of(first + 4, Prices.ADJUSTED).read(["AAA"], MINUTE, first, first + 4)["AAA"]

    factor = 1 - 0.5 / raw.close[3 * 390 - 1]
    assert np.allclose(block.close[780:1170], raw.close[780:1170] * factor, rtol=1e-15)
    assert np.allclose(block.close[:780], raw.close[:780] * factor / 4, rtol=1e-15)
    assert np.array_equal(block.volume[780:1170], raw.volume[780:1170])


@pytest.mark.parametrize("prices", [Prices.RAW, Prices.SPLITS, Prices.ADJUSTED])
def test_an_action_of_tomorrow_is_not_known_today(
    tmp_path: Path, minutes: Minutes, xnys: Calendar, prices: Prices
) -> None:
    raw = minutes(MONDAY, 5)
    data = DataManager(with_actions(tmp_path, {"AAA": raw}, SPLIT), xnys)
    first = xnys.first_on_or_after(MONDAY)

    seen = data.as_of(first + 1, prices)
    block = seen.read(["AAA"], MINUTE, first, first + 1)["AAA"]

    assert (seen.actions("AAA"), seen.unapplied("AAA", 0)) == ((), ())
    assert np.array_equal(block.close, raw.close[:780])


def test_symbols_without_actions_are_handed_out_where_they_lie(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    blocks = {"AAA": minutes(MONDAY, 5), "BBB": minutes(MONDAY, 5, 50.0)}
    data = DataManager(with_actions(tmp_path, blocks, SPLIT), xnys)
    first = xnys.first_on_or_after(MONDAY)

    plain = data.read(["BBB", "AAA"], MINUTE, first, first + 4)
    seen = data.as_of(first + 4, Prices.ADJUSTED).read(["BBB", "AAA"], MINUTE, first, first + 4)

    assert np.shares_memory(plain["BBB"].close, seen["BBB"].close)
    assert not np.shares_memory(plain["AAA"].close, seen["AAA"].close)


def test_a_dividend_that_no_close_before_it_exceeds_is_left_out_and_named(
    tmp_path: Path, minutes: Minutes, xnys: Calendar
) -> None:
    first = xnys.first_on_or_after(MONDAY)
    huge, early = Action("AAA", date(2024, 6, 27), Kind.DIVIDEND, 1e6), Action("AAA", MONDAY, Kind.DIVIDEND, 0.5)
    data = DataManager(with_actions(tmp_path, {"AAA": minutes(MONDAY, 5)}, huge, early), xnys)

    seen = data.as_of(first + 4, Prices.ADJUSTED)

    assert seen.unapplied("AAA", 0) == (early, huge)
    assert seen.unapplied("AAA", first) == (huge,)
    assert np.array_equal(seen.read(["AAA"], MINUTE, first, first + 4)["AAA"].close, minutes(MONDAY, 5).close)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    ratios=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([2.0, 3.0, 0.125, 1.5])), max_size=4),
    dividends=st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 5.0)), max_size=4),
    span=st.tuples(st.integers(0, 9), st.integers(0, 9)),
)
def test_a_bar_has_one_value_however_much_is_read_around_it(
    tmp_path_factory: pytest.TempPathFactory,
    ratios: list[tuple[int, float]],
    dividends: list[tuple[int, float]],
    span: tuple[int, int],
) -> None:
    xnys = load_calendar("XNYS")
    first = xnys.first_on_or_after(MONDAY)
    ts = xnys.grid(MINUTE, first, first + 9).stamps
    close = 100.0 + np.arange(len(ts)) % 11
    block = Block(ts, close, close + 1, close - 1, close, close * 10)
    days = [xnys.session(first + place).date for place in range(10)]
    actions = [Action("AAA", days[at], Kind.SPLIT, ratio) for at, ratio in dict(ratios).items()]
    actions += [Action("AAA", days[at], Kind.DIVIDEND, amount) for at, amount in dict(dividends).items()]
    store = with_actions(tmp_path_factory.mktemp("actions"), {"AAA": block}, *actions)
    data = DataManager(store, xnys)
    left, right = sorted(span)

    seen = data.as_of(first + 9, Prices.ADJUSTED)
    whole = seen.read(["AAA"], MINUTE, first, first + 9)["AAA"]
    part = seen.read(["AAA"], MINUTE, first + left, first + right)["AAA"]
    cold = DataManager(store, xnys).as_of(first + 9, Prices.ADJUSTED).read(["AAA"], MINUTE, first + left, first + right)

    inside = whole.between(int(xnys.begins[first + left]), int(part.ts[-1]) + 1)
    for one, two, three in zip(inside.columns, part.columns, cold["AAA"].columns, strict=True):
        assert one.tobytes() == two.tobytes() == three.tobytes()


def test_leans_factor_files_give_leans_adjusted_prices(data: Path, tmp_path: Path, xnys: Calendar) -> None:
    folder = data / "lean_us_equity"
    store = tmp_path / "store"
    import_files([folder / "1d", folder / "factor_files"], store)
    manager = DataManager(store, xnys)
    first, last = xnys.first_on_or_after(date(1998, 1, 2)), xnys.first_on_or_after(date(2021, 3, 31))

    for symbol in ("AAPL", "IBM", "SPY"):
        raw = manager.read([symbol], DAY, first, last)[symbol]
        seen = manager.as_of(last, Prices.ADJUSTED).read([symbol], DAY, first, last)[symbol]
        factors = pl.read_csv(
            folder / "factor_files" / f"{symbol}.csv", has_header=False, new_columns=["day", "price", "split", "close"]
        )
        days = pl.Series(raw.ts).cast(pl.Datetime("ns")).dt.strftime("%Y%m%d").cast(pl.Int64).to_numpy()
        rows = np.searchsorted(factors["day"].to_numpy(), days)
        products = (factors["price"] * factors["split"]).to_numpy()

        assert len(raw) > 5000
        assert np.allclose(seen.close, raw.close * products[rows] / products[rows[-1]], rtol=2e-3)
    apple = {str(action) for action in manager.as_of(last, Prices.SPLITS).actions("AAPL")}
    assert apple == {"2000-06-21 split 2", "2005-02-28 split 2", "2014-06-09 split 7", "2020-08-31 split 4"}


def test_days_and_minutes_of_a_symbol_are_adjusted_alike(tmp_path: Path, minutes: Minutes, xnys: Calendar) -> None:
    first = xnys.first_on_or_after(MONDAY)
    fine = minutes(MONDAY, 5)
    daily = Block(xnys.grid(DAY, first, first + 4).stamps, *(column[389::390] for column in fine.columns))
    store = with_actions(tmp_path, {"AAA": fine}, SPLIT, PAID)
    store_blocks(tmp_path, {"AAA": daily}, "1d")

    seen = DataManager(store, xnys).as_of(first + 4, Prices.ADJUSTED)
    ones, days = (seen.read(["AAA"], interval, first, first + 4)["AAA"] for interval in (MINUTE, DAY))

    assert np.array_equal(days.close, ones.close[389::390])


def test_a_listing_and_a_delisting_are_dates_of_the_symbol(tmp_path: Path, minutes: Minutes) -> None:
    store = store_blocks(tmp_path, {"AAA": minutes(MONDAY, 3), "BBB": minutes(MONDAY, 3)})
    path = table(tmp_path, "symbol,listed,delisted\nAAA,1999-01-04,2024-07-01\nCCC,2000-01-03,\n")

    report = import_files([path], store)
    symbols = Catalog.latest(store).symbols()
    history.undo(store, report.number or 0)

    assert (symbols["AAA"].listed, symbols["AAA"].delisted) == (date(1999, 1, 4), date(2024, 7, 1))
    assert (symbols["BBB"].listed, symbols["BBB"].delisted) == (MONDAY, None)
    assert "CCC" not in symbols
    assert Catalog.latest(store).symbols()["AAA"].listed == MONDAY


def daily_frame(calendar: Calendar, first: date, sessions: int) -> pl.DataFrame:
    start = calendar.first_on_or_after(first)
    ts = pl.Series(calendar.grid(DAY, start, start + sessions - 1).stamps).cast(pl.Datetime("ns", "UTC"))
    level = np.linspace(100.0, 120.0, sessions)
    return pl.DataFrame({"ts": ts, "open": level, "high": level, "low": level, "close": level, "volume": level})


def test_raw_and_adjusted_prices_of_one_series_are_refused_with_what_to_do(
    tmp_path: Path, write: Callable[..., Path], xnys: Calendar
) -> None:
    store = tmp_path / "store"
    raw = write(daily_frame(xnys, MONDAY, 5), interval="1d")
    more = write(daily_frame(xnys, date(2024, 7, 1), 4), interval="1d")
    import_files([raw], store)

    refused = import_files([more], store, adjusted=True)
    beside = import_files([more], store, adjusted=True, symbol="AAA.ADJ")
    back = import_files([raw], store, symbol="AAA.ADJ")

    (problem,) = refused.all_problems()
    assert problem.code == "mixed_adjustment"
    assert "AAA 1d in the store are raw" in problem.what
    assert "--symbol NAME" in problem.fix
    assert refused.number is None
    assert beside.total("added") == 4
    assert "say --adjusted" in back.all_problems()[0].fix
    assert Catalog.latest(store).symbols()["AAA.ADJ"].adjusted_intervals == (DAY,)


def test_what_a_vendor_adjusted_is_not_adjusted_again(
    tmp_path: Path, write: Callable[..., Path], xnys: Calendar
) -> None:
    store = tmp_path / "store"
    import_files([write(daily_frame(xnys, MONDAY, 5), interval="1d")], store, adjusted=True)
    import_files([table(tmp_path, "symbol,date,split\nAAA,2024-06-26,4\n")], store)
    first = xnys.first_on_or_after(MONDAY)

    block = DataManager(store, xnys).as_of(first + 4, Prices.ADJUSTED).read(["AAA"], DAY, first, first + 4)["AAA"]

    assert block.close.tolist() == np.linspace(100.0, 120.0, 5).tolist()


def test_a_weeks_bar_counts_from_the_week_in_which_a_split_takes_effect(tmp_path: Path, xnys: Calendar) -> None:
    first = xnys.first_on_or_after(date(2024, 6, 10))
    ts = xnys.grid(WEEK, first, first + 13).stamps
    block = Block(ts, *(np.full(len(ts), 80.0) for _ in range(5)))
    store = with_actions(tmp_path, {"AAA": block}, SPLIT, interval="1w")

    weeks = DataManager(store, xnys).as_of(first + 13, Prices.SPLITS).read(["AAA"], WEEK, first, first + 13)["AAA"]

    assert weeks.close.tolist() == [20.0, 20.0, 80.0]


def test_a_folder_that_holds_the_store_is_imported_without_the_stores_own_files(
    tmp_path: Path, minutes: Minutes
) -> None:
    store = store_blocks(tmp_path, {"AAA": minutes(MONDAY, 2)})
    table(tmp_path, "a,b\n1,2\n", "store/quarantine/0123.csv")

    report = import_files([tmp_path], store)
    inside = import_files([store], store)

    assert report.own_files == 3
    assert [Path(file.path).name for file in report.files] == ["AAA.parquet"]
    assert report.total("unchanged") == 780
    assert not report.changed
    assert (inside.own_files, inside.files) == (3, ())


def test_frames_in_memory_may_be_adjusted_as_well_but_do_not_mix(tmp_path: Path, xnys: Calendar) -> None:
    store = tmp_path / "store"
    import_frames({("AAA", "1d"): daily_frame(xnys, MONDAY, 5)}, store, adjusted=True)

    with pytest.raises(StoreError, match="adjusted by their vendor"):
        import_frames({("AAA", "1d"): daily_frame(xnys, date(2024, 7, 1), 4)}, store)
