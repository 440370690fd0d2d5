"""What is safe is put right, what is wrong is set aside when that is asked for, and all of it can be undone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sessions import store_blocks

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import Calendar
from openbell.store import history
from openbell.store.export import frame_of
from openbell.store.findings import Defect, findings
from openbell.store.importing import import_frames
from openbell.store.manager import DataManager
from openbell.store.mending import mend, widened
from openbell.store.verification import verify

MINUTE = Interval.parse("1m")
MONDAY = date(2024, 6, 24)

Minutes = Callable[..., Block]


def with_column(block: Block, name: str, rows: slice, value: float) -> Block:
    columns = dict(zip(("open", "high", "low", "close", "volume"), (one.copy() for one in block.columns), strict=True))
    columns[name][rows] = value
    return Block(block.ts, **columns)


def read(store: Path, calendar: Calendar, sessions: int = 3) -> Block:
    first = calendar.first_on_or_after(MONDAY)
    return DataManager(store, calendar).read(["AAA"], MINUTE, first, first + sessions - 1)["AAA"]


@pytest.fixture
def rounded(minutes: Minutes, tmp_path: Path) -> Path:
    """Highs and lows of whole cents, and one close with more decimals beyond its high."""
    block = minutes(MONDAY, 3)
    return store_blocks(tmp_path, {"AAA": with_column(block, "close", slice(10, 11), block.high[10] + 0.4)})


def test_a_high_that_was_rounded_below_the_close_is_moved_to_it(rounded: Path, xnys: Calendar) -> None:
    before = read(rounded, xnys)
    assert [one.defect for one in findings(rounded)] == [Defect.OUTSIDE_RANGE]

    made = mend(rounded)

    after = read(rounded, xnys)
    assert (made.widened, made.removed, made.quarantine) == (1, 0, None)
    assert after.high[10] == after.close[10] == before.close[10]
    assert np.array_equal(np.delete(after.high, 10), np.delete(before.high, 10))
    assert findings(rounded) == []
    assert verify(rounded).ok


def test_a_mended_store_is_what_it_was_when_that_is_undone(rounded: Path, xnys: Calendar) -> None:
    before = read(rounded, xnys)

    made = mend(rounded)
    history.undo(rounded, made.number or 0)

    assert read(rounded, xnys).high.tobytes() == before.high.tobytes()
    assert history.log(rounded)[1].action == "repair"


def small(minutes: Minutes, level: float, step: float) -> Block:
    """Bars of a coin whose price is far below a cent, with as many digits as floats have."""
    random = np.random.default_rng(1)
    close = level * np.exp(np.cumsum(random.normal(0, 1e-3, 600)))
    return Block(minutes(MONDAY, 3).ts[:600], close, close * (1 + step), close * (1 - step), close, np.ones(600))


@pytest.mark.parametrize("level", [2e-8, 3e-4, 0.5, 2e5])
@pytest.mark.parametrize("beyond", [1.0002, 1.01, 10.0])
def test_a_high_is_not_moved_where_no_rounding_explains_it(minutes: Minutes, level: float, beyond: float) -> None:
    block = small(minutes, level, 1e-3)

    wrong = with_column(block, "close", slice(300, 301), block.high[300] * beyond)
    wrong = with_column(wrong, "open", slice(400, 401), block.low[400] / beyond)

    assert widened(wrong)[1] == 0


@pytest.mark.parametrize(("level", "decimals"), [(2e-8, 11), (3e-4, 7), (0.5, 3), (100, 2), (2e5, 0)])
def test_highs_of_any_size_are_moved_by_what_they_were_rounded(minutes: Minutes, level: float, decimals: int) -> None:
    exact = small(minutes, level, 1e-7)
    block = Block(
        exact.ts, exact.open, exact.high.round(decimals), exact.low.round(decimals), exact.close, exact.volume
    )

    fixed, count = widened(block)

    beyond = (block.close > block.high) | (block.close < block.low)
    assert count == beyond.sum() > 100
    assert ((fixed.low <= fixed.close) & (fixed.close <= fixed.high)).all()


def test_a_high_is_not_moved_by_more_than_a_hundredth_of_itself(minutes: Minutes) -> None:
    exact = small(minutes, 0.064, 1e-5)

    block = Block(exact.ts, exact.open, exact.high.round(2), exact.low.round(2), exact.close, exact.volume)

    assert np.abs(widened(block)[0].high / block.high - 1).max() <= 0.01
    assert (widened(block)[0].close > widened(block)[0].high * 1.01).any()


def test_a_close_further_beyond_the_high_than_it_was_rounded_stays(minutes: Minutes, tmp_path: Path) -> None:
    block = minutes(MONDAY, 3)
    store = store_blocks(tmp_path, {"AAA": with_column(block, "close", slice(10, 11), block.high[10] + 0.6)})

    made = mend(store)

    assert made.number is None
    assert [one.defect for one in findings(store)] == [Defect.OUTSIDE_RANGE]


def test_bars_with_wrong_prices_are_set_aside_with_reasons_and_come_back_with_an_undo(
    minutes: Minutes, tmp_path: Path, xnys: Calendar
) -> None:
    block = minutes(MONDAY, 3)
    for name in ("open", "high", "low", "close"):
        wrong = dict(zip(("open", "high", "low", "close"), block.columns, strict=False))[name][100:130] * 100
        block = Block(
            block.ts,
            *(
                np.concatenate([one[:100], wrong, one[130:]]) if label == name else one
                for label, one in zip(("open", "high", "low", "close", "volume"), block.columns, strict=True)
            ),
        )
    store = store_blocks(tmp_path, {"AAA": block, "BBB": minutes(MONDAY, 3)})

    made = mend(store, remove=True)

    assert made.removed == 30
    assert made.quarantine is not None
    aside = pl.read_csv(made.quarantine)
    assert aside["symbol"].unique().to_list() == ["AAA"]
    assert aside["reason"].str.starts_with("100x error: the price is 100 times above").all()
    assert len(aside) == 30
    assert len(read(store, xnys)) == len(block) - 30
    assert findings(store) == []
    assert verify(store).ok
    history.undo(store, made.number or 0)
    assert len(read(store, xnys)) == len(block)
    assert [one.defect for one in findings(store)] == [Defect.HUNDREDFOLD]


def test_a_session_of_which_every_bar_is_wrong_is_gone(minutes: Minutes, tmp_path: Path, xnys: Calendar) -> None:
    block = minutes(MONDAY, 3)
    columns = [np.concatenate([one[:390], one[390:780] / 4, one[780:]]) for one in block.columns[:4]]
    store = store_blocks(tmp_path, {"AAA": Block(block.ts, *columns, block.volume)})

    made = mend(store, remove=True)

    first = xnys.first_on_or_after(MONDAY)
    assert made.removed == 390
    assert DataManager(store, xnys).counts(["AAA"], MINUTE, first, first + 2).tolist() == [[390, 0, 390]]


def test_a_sound_store_is_left_as_it_is(minutes: Minutes, tmp_path: Path) -> None:
    store = store_blocks(tmp_path, {"AAA": minutes(MONDAY, 3)})

    assert mend(store, remove=True).number is None
    assert len(history.log(store)) == 1


def test_prices_that_do_not_jump_at_a_split_are_named(minutes: Minutes, tmp_path: Path) -> None:
    from openbell.store.importing import import_files

    store = store_blocks(tmp_path, {"AAA": minutes(MONDAY, 5)})
    path = tmp_path / "splits.csv"
    path.write_text("symbol,date,split\nAAA,2024-06-26,4\n")
    import_files([path], store)

    (found,) = findings(store)

    assert (found.defect, found.symbol, found.bars) == (Defect.SPLIT, "AAA", 780)
    assert "raw, and yet do not jump at the split of 4 on 2024-06-26" in found.what


def test_raw_prices_that_jump_at_a_split_are_sound(data: Path, tmp_path: Path) -> None:
    from openbell.store.importing import import_files

    folder = data / "lean_us_equity"
    import_files([folder / "1d", folder / "factor_files"], tmp_path / "store")

    assert [one for one in findings(tmp_path / "store") if one.defect is Defect.SPLIT] == []


def test_a_split_in_the_middle_of_a_session_is_named(minutes: Minutes, tmp_path: Path) -> None:
    block = minutes(MONDAY, 3)
    columns = [np.concatenate([one[:500], one[500:] / 2]) for one in block.columns[:4]]
    store = store_blocks(tmp_path, {"AAA": Block(block.ts, *columns, block.volume)})

    (found,) = findings(store)

    assert found.defect is Defect.SPLIT
    assert "between two bars of a session, 2 times down, and stays there" in found.what


def test_bars_that_were_set_aside_and_come_in_again_count_and_are_told(minutes: Minutes, tmp_path: Path) -> None:
    block = minutes(MONDAY, 3)
    bad = with_column(with_column(block, "close", slice(100, 101), 12_000.0), "high", slice(100, 101), 12_000.0)
    store = store_blocks(tmp_path, {"AAA": bad})
    mended = mend(store, remove=True)
    frames = {("AAA", "1m"): frame_of(bad)}

    again, third = import_frames(frames, store), import_frames(frames, store)
    history.undo(store, again.number or 0)
    right = import_frames({("AAA", "1m"): frame_of(block)}, store)

    assert mended.removed == again.total("added") == right.total("added") == 1
    (problem,) = [one for one in again.all_problems() if one.code == "set_aside"]
    assert problem.what.startswith("1 of its bars had been set aside")
    assert not any(one.code == "set_aside" for one in (*third.all_problems(), *right.all_problems()))
