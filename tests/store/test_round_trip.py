"""What comes back from a store is what went in, bit for bit."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours
from openbell.store.days import GridKind
from openbell.store.export import export
from openbell.store.importing import import_files
from openbell.store.manager import DataManager

MINUTE, DAY = Interval.parse("1m"), Interval.parse("1d")

DATASETS = {
    "alphavantage_us_2019": None,
    "bitfinex_2016q3": None,
    "blaizard_us_2024": None,
    "fxcm_forex": "FOREX",
    "histdata_forex": "FOREX",
    "lean_crypto": None,
    "lean_futures": "CMES",
    "lean_india": "XBOM",
    "lean_us_equity": None,
    "mplfinance_spx": None,
    "ninjatrader_spy_2011": None,
}


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_comes_back_bit_for_bit(data: Path, tmp_path: Path, name: str) -> None:
    files = [path for path in sorted((data / name).glob("*/*.parquet")) if path.parent.name[0].isdigit()]
    report = import_files(files, tmp_path / "store", market=DATASETS[name])

    assert not [str(problem) for problem in report.all_problems() if problem.code != "finding"]
    assert report.total("rows") == report.total("added")
    for path in files:
        export(tmp_path / "store", path.stem, Interval.parse(path.parent.name), tmp_path / "out.parquet")
        assert pl.read_parquet(tmp_path / "out.parquet").equals(pl.read_parquet(path), null_equal=True), path


def block_of(frame: pl.DataFrame) -> Block:
    return Block.of(frame["ts"].to_physical().to_numpy(), [frame[name].to_numpy() for name in FIELDS])


@pytest.fixture(scope="module")
def thin(data: Path, tmp_path_factory: pytest.TempPathFactory) -> DataManager:
    store = tmp_path_factory.mktemp("thin") / "store"
    import_files([data / "blaizard_us_2024"], store)
    return DataManager(store, load_calendar("XNYS"))


def test_reading_gives_the_bars_on_the_sessions_grid(data: Path, thin: DataManager) -> None:
    first, last = 0, len(thin.calendar) - 1
    first = thin.calendar.first_on_or_after(date(2024, 1, 2))
    last = thin.calendar.last_on_or_before(date(2024, 7, 12))
    grid = thin.calendar.grid(MINUTE, first, last)

    blocks = thin.read(list(thin.symbols()), MINUTE, first, last)
    presence = thin.presence(list(thin.symbols()), MINUTE, first, last)

    for row, symbol in enumerate(thin.symbols()):
        raw = block_of(pl.read_parquet(data / "blaizard_us_2024" / "1m" / f"{symbol}.parquet"))
        slots = grid.slots_of(raw.ts)
        assert np.array_equal(blocks[symbol].ts, raw.ts[slots >= 0])
        for column, expected in zip(blocks[symbol].columns, raw.columns, strict=True):
            assert np.array_equal(column, expected[slots >= 0])
        assert np.array_equal(np.flatnonzero(presence[row]), slots[slots >= 0])


def test_counts_and_summaries_agree_with_the_bars(thin: DataManager) -> None:
    first = thin.calendar.first_on_or_after(date(2024, 6, 24))
    last = thin.calendar.last_on_or_before(date(2024, 7, 5))
    symbols = list(thin.symbols())

    counts = thin.counts(symbols, MINUTE, first, last)
    summaries = thin.summaries(symbols, MINUTE, first, last)

    for row, symbol in enumerate(symbols):
        for session in range(first, last + 1):
            block = thin.read([symbol], MINUTE, session, session)[symbol]
            place = row, session - first
            assert counts[place] == summaries.bars[place] == len(block)
            assert summaries.open[place] == block.open[0]
            assert summaries.high[place] == block.high.max()
            assert summaries.low[place] == block.low.min()
            assert summaries.close[place] == block.close[-1]
            assert summaries.volume[place] == sum(block.volume.tolist())


def test_extended_hours_hold_the_regular_ones_and_more(thin: DataManager) -> None:
    session = thin.calendar.first_on_or_after(date(2024, 7, 12))

    regular = thin.read(["BKNG"], MINUTE, session, session)["BKNG"]
    extended = thin.read(["BKNG"], MINUTE, session, session, Hours.EXTENDED)["BKNG"]

    assert len(extended) > len(regular)
    assert np.isin(regular.ts, extended.ts).all()


def test_a_symbol_is_listed_from_its_first_bar_on(thin: DataManager) -> None:
    info = thin.info("CPAY")

    assert info is not None
    assert info.listed == date(2024, 3, 25)
    assert (info.market, info.intervals) == ("XNYS", (MINUTE,))
    assert thin.info("NONE") is None


def test_unknown_symbols_have_no_bars(thin: DataManager) -> None:
    session = thin.calendar.first_on_or_after(date(2024, 7, 1))

    assert thin.counts(["NONE"], MINUTE, session, session).tolist() == [[0]]
    assert not thin.presence(["NONE"], MINUTE, session).any()
    assert len(thin.read(["NONE"], MINUTE, session, session)["NONE"]) == 0


def test_days_are_read_by_their_sessions(data: Path, tmp_path: Path) -> None:
    import_files([data / "lean_us_equity" / "1d"], tmp_path / "store")
    manager = DataManager(tmp_path / "store", load_calendar("XNYS"))
    first = manager.calendar.first_on_or_after(date(2013, 10, 1))

    block = manager.read(["SPY"], DAY, first, first + 4)["SPY"]

    assert block.ts.tolist() == [manager.calendar.session(first + n).midnight for n in range(5)]
    assert manager.counts(["SPY"], DAY, first, first + 4).tolist() == [[1] * 5]


def test_bars_on_clock_hours_are_kept_apart(data: Path, tmp_path: Path) -> None:
    import_files([data / "lean_us_equity" / "1h"], tmp_path / "store")
    manager = DataManager(tmp_path / "store", load_calendar("XNYS"))

    assert manager.intervals("SPY") == ()
    assert [str(one) for one in manager.intervals("SPY", GridKind.CLOCK)] == ["60m"]


def test_days_are_made_of_clock_hours(data: Path, tmp_path: Path) -> None:
    import_files([data / "lean_us_equity" / "1h"], tmp_path / "store")
    ours, theirs = tmp_path / "ours.parquet", data / "lean_us_equity" / "1d" / "SPY.parquet"

    export(tmp_path / "store", "SPY", DAY, ours, start=date(2013, 1, 1), end=date(2013, 12, 31))

    both = pl.read_parquet(ours).join(pl.read_parquet(theirs), on="ts", suffix="_day")
    assert len(both) == 252
    assert (both["open"] == both["open_day"]).mean() > 0.99
