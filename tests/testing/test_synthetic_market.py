import hashlib
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.errors import MarketError
from openbell.market.calendar import load_calendar
from openbell.testing.market import SyntheticMarket


def same(left: Block, right: Block) -> bool:
    return all(np.array_equal(a, b) for a, b in zip((left.ts, *left.columns), (right.ts, *right.columns), strict=True))


@pytest.fixture(scope="module")
def market() -> SyntheticMarket:
    return SyntheticMarket(6)


class TestEveryMarket:
    @settings(max_examples=25, deadline=None)
    @given(
        seed=st.integers(0, 2**32),
        count=st.integers(1, 12),
        sessions=st.integers(1, 12),
        calendar=st.sampled_from(["XNYS", "XTKS", "24/7"]),
        interval=st.sampled_from(["1m", "5m", "7m", "1d"]),
    )
    def test_has_valid_bars_on_the_grid_in_order(self, seed, count, sessions, calendar, interval):
        market = SyntheticMarket(count, sessions=sessions, calendar=calendar, interval=interval, seed=seed)
        days = load_calendar(calendar)
        first, last = days.ordinal_of(market.first_date), days.ordinal_of(market.last_date)
        grid = days.grid(Interval.parse(interval), first, last)

        for _, bars in market.blocks():
            assert (np.diff(bars.ts) > 0).all()
            assert (grid.slots_of(bars.ts) >= 0).all()
            assert (bars.low > 0).all()
            assert (bars.low <= np.minimum(bars.open, bars.close)).all()
            assert (bars.high >= np.maximum(bars.open, bars.close)).all()
            assert (bars.volume >= 1).all()
            for column in bars.columns[:4]:
                assert (np.rint(column * 100) / 100 == column).all()

    @settings(max_examples=10, deadline=None)
    @given(seed=st.integers(0, 1000), place=st.integers(0, 9))
    def test_gives_a_symbol_the_same_bars_however_many_others_there_are(self, seed, place):
        few = SyntheticMarket(10, sessions=4, seed=seed)
        many = SyntheticMarket([f"X{i}" for i in range(60)], sessions=4, seed=seed)

        assert same(few.block(few.symbols[place]), many.block(many.symbols[place]))

    def test_is_another_one_with_another_seed(self, market):
        other = SyntheticMarket(6, seed=2)

        assert not same(market.block("SYN0001"), other.block("SYN0001"))


class TestTheBytes:
    def test_are_these_on_every_machine(self):
        market = SyntheticMarket(5)
        total = hashlib.sha256()

        for _, bars in market.blocks():
            for column in (bars.ts, *bars.columns):
                total.update(column.tobytes())

        assert market.block("SYN0001").close[:4].tolist() == [330.17, 330.04, 330.15, 330.05]
        assert total.hexdigest() == DIGEST


class TestTheDefects:
    def test_one_hour_of_one_session_is_dark_for_all(self, market):
        hit = load_calendar("XNYS").session(load_calendar("XNYS").ordinal_of(market.dates[31 * 3 // 5]))
        dark = hit.open + 2 * 3_600_000_000_000

        inside = [len(bars.between(dark, dark + 3_600_000_000_000)) for _, bars in market.blocks()]
        before = [len(bars.between(hit.open, dark)) for _, bars in market.blocks()]

        assert inside == [0] * 6
        assert min(before) > 0

    def test_a_thin_name_trades_in_about_half_of_its_minutes_and_the_others_in_nearly_all(self, market):
        expected = 31 * 390 - 180

        shares = {symbol: len(bars) / expected for symbol, bars in market.blocks()}

        assert 0.3 < shares["SYN0003"] < 0.6
        assert shares["SYN0001"] > 0.9

    def test_one_symbol_is_listed_half_way_and_one_is_delisted(self, market):
        listed, never = market.listing("SYN0004")
        first, gone = market.listing("SYN0005")

        assert (listed, never) == (date(2024, 6, 12), None)
        assert (first, gone) == (date(2024, 5, 21), date(2024, 6, 20))
        assert day_of(market.block("SYN0004").ts[0]) == listed
        assert day_of(market.block("SYN0005").ts[-1]) < gone

    def test_an_early_close_is_kept(self, market):
        bars = market.block("SYN0001")
        half_day = load_calendar("XNYS").session(load_calendar("XNYS").ordinal_of(date(2024, 7, 3)))

        last = bars.between(half_day.open, half_day.midnight + 86_400_000_000_000).ts[-1]

        assert half_day.early_close
        assert last < half_day.close

    def test_can_be_left_out(self):
        market = SyntheticMarket(5, sessions=3, defects=False, calendar="24/7")

        assert [len(bars) for _, bars in market.blocks()] == [3 * 1440] * 5


class TestTheShape:
    def test_the_open_and_the_close_are_busier_than_noon(self, market):
        bars = market.block("SYN0001")
        day = load_calendar("XNYS").session(load_calendar("XNYS").ordinal_of(date(2024, 5, 21)))
        hour = 3_600_000_000_000

        volume = [bars.between(day.open + h * hour, day.open + (h + 1) * hour).volume.mean() for h in (0, 3)]

        assert volume[0] > 1.3 * volume[1]

    def test_nights_move_more_than_minutes(self, market):
        bars = market.block("SYN0001")
        night = np.diff(bars.ts) > 3_600_000_000_000
        moves = np.abs(bars.open[1:] / bars.close[:-1] - 1)

        assert moves[night].mean() > 3 * moves[~night].mean()

    def test_large_moves_come_in_clusters(self, market):
        size = np.abs(np.diff(np.log(market.block("SYN0001").close)))

        assert np.corrcoef(np.minimum(size[1:], 0.01), np.minimum(size[:-1], 0.01))[0, 1] > 0.05


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        "arguments",
        [{"symbols": 0}, {"symbols": ["A", "A"]}, {"sessions": 0}, {"sessions": 10**6}, {"interval": "1w"}],
    )
    def test_is_a_value_error(self, arguments):
        with pytest.raises(ValueError, match=r"must be"):
            SyntheticMarket(**{"symbols": 1, **arguments})

    def test_an_unknown_calendar_is_named(self):
        with pytest.raises(MarketError, match="XNYZ"):
            SyntheticMarket(1, calendar="XNYZ")


class TestFiles:
    def test_are_tidy_and_read_back_equal(self, tmp_path):
        market = SyntheticMarket(["SYNA", "SYNB"], sessions=2, interval="1s")
        told = []

        paths = market.write(tmp_path, tell=lambda done, total: told.append((done, total)))

        assert paths == [tmp_path / "1s" / "SYNA.parquet", tmp_path / "1s" / "SYNB.parquet"]
        assert told == [(1, 2), (2, 2)]
        frame = pl.read_parquet(paths[0])
        assert frame.schema["ts"] == pl.Datetime("ns", "UTC")
        assert frame.columns == ["ts", "open", "high", "low", "close", "volume"]
        assert np.array_equal(frame["close"].to_numpy(), market.block("SYNA").close)


def day_of(stamp: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(stamp) // 86_400_000_000_000)


# What every machine must get; a change of these bytes is a change of behaviour and goes into the changelog.
DIGEST = "93abd68aba8bb3cb093743edec7eed97adbfd8d4e73b22695adcb2895f81e20a"
