"""Figures over past sessions: known before the open, whoever asks and when."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sessions import SMA, document, make_store, store_blocks
from sessions import started as begun

import openbell as ob
from openbell.bars.interval import Interval
from openbell.provisioning.codec import from_json, to_json

FIGURES = [
    {"name": "avg_volume", "column": "volume", "statistic": "mean", "days": 10},
    {"name": "high", "column": "high", "statistic": "max", "weeks": 52},
    {"name": "true_range", "column": "true_range", "days": 5, "symbols": ["AAPL", "TSLA"]},
    {"name": "curve", "column": "volume", "days": 7, "per": "minute"},
]
MINUTE = Interval.parse("1m")
STRATEGY = """
import openbell as ob

class Reader(ob.Strategy):
    def on_day_start(self):
        self.seen = []
    def on_bars(self, bars):
        if bars.interval == "5m":
            self.seen.append((bars.symbols, bars.aggregate("avg_volume"), bars.aggregate("curve")))
"""


def started(store: Path, at: str | None = None, **changes: object) -> ob.SessionCoordinator:
    return begun(store, at, **{"session": {"symbols": ["AAPL"]}} | changes)


def past_of(day: ob.SessionCoordinator, symbol: str, sessions: int):
    """Minutes of the sessions before today, each session apart."""
    today = day.time.today.ordinal
    return [day.data.read([symbol], MINUTE, one, one)[symbol] for one in range(today - sessions, today)]


def first_of(day: ob.SessionCoordinator) -> int:
    return day.time.calendar.ordinal_of(day.data.info("AAPL").listed)


def aggregates_of(day: ob.SessionCoordinator, symbol: str = "AAPL"):
    return day.session_data.get_symbol_data(symbol).aggregates


def test_are_there_before_the_first_bar_and_stay_as_they_are(store: Path):
    day = started(store, aggregates=FIGURES)
    before = dict(aggregates_of(day))

    day.advance_to("11:00")

    past = past_of(day, "AAPL", 10)
    assert before["avg_volume"] == pytest.approx(np.mean([block.volume.sum() for block in past]), rel=1e-12)
    assert before["high"] == max(
        block.high.max() for block in past_of(day, "AAPL", day.time.today.ordinal - first_of(day))
    )
    closes = [block.close[-1] for block in past_of(day, "AAPL", 6)]
    ranges = [
        max(block.high.max(), close) - min(block.low.min(), close)
        for block, close in zip(past[-5:], closes[:-1], strict=True)
    ]
    assert before["true_range"] == pytest.approx(np.mean(ranges), rel=1e-12)
    assert before.keys() == aggregates_of(day).keys()
    assert all(np.array_equal(before[name], value) for name, value in aggregates_of(day).items())


def test_a_curve_is_the_mean_of_each_minute(store: Path):
    day = started(store, aggregates=FIGURES)

    curve = aggregates_of(day)["curve"]

    volumes = np.zeros(390)
    for block in past_of(day, "AAPL", 7):
        opened = day.time.calendar.grid(MINUTE, *[day.time.calendar.ordinal_at(int(block.ts[0]))] * 2).stamps[0]
        volumes[(block.ts - opened) // 60_000_000_000] += block.volume
    assert curve.shape == (390,)
    assert np.allclose(curve, volumes / 7, rtol=1e-12)
    assert not curve.flags.writeable


def test_come_with_a_symbol_that_is_added_in_the_middle_of_a_day(store: Path):
    day = started(store, at="11:00", aggregates=FIGURES)
    asked = started(store, at="11:00", aggregates=FIGURES, session={"symbols": ["AAPL", "TSLA"]})

    result = day.add_symbol("TSLA")

    assert "calculate_aggregates" in [step.step for step in result.steps]
    assert day.digest() == asked.digest()


def test_come_with_an_upgrade_and_go_with_its_end(store: Path):
    day = started(store, at="10:00", aggregates=FIGURES)
    day.add_indicator("TSLA", SMA, source="user")
    light, without = day.digest(), dict(aggregates_of(day, "TSLA"))

    day.add_symbol("TSLA", source="strategy")
    full = set(aggregates_of(day, "TSLA"))
    day.owners.release("strategy", "TSLA")

    asked = started(store, at="10:00", aggregates=FIGURES, session={"symbols": ["AAPL", "TSLA"]})
    assert (without, full) == ({}, set(aggregates_of(asked, "TSLA")))
    assert (aggregates_of(day, "TSLA"), day.digest()) == ({}, light)


def test_are_for_those_symbols_that_have_them(store: Path):
    day = started(store, aggregates=FIGURES, session={"symbols": ["AAPL", "MSFT"]})

    assert set(aggregates_of(day, "AAPL")) - set(aggregates_of(day, "MSFT")) == {"true_range"}


def test_are_part_of_the_digest(store: Path):
    with_figures, without = started(store, aggregates=FIGURES), started(store)
    other = started(store, aggregates=[FIGURES[0] | {"days": 9}, *FIGURES[1:]])

    assert len({with_figures.digest(), without.digest(), other.digest()}) == 3
    assert started(store, aggregates=FIGURES).digest() == with_figures.digest()


def test_know_nothing_of_today_and_later(tmp_path: Path, store: Path):
    whole = started(store, aggregates=FIGURES)
    tape = {"AAPL": whole.data.read(["AAPL"], MINUTE, first_of(whole), whole.time.today.ordinal + 2)["AAPL"]}
    known = tape["AAPL"].between(0, int(whole.time.calendar.begins[whole.time.today.ordinal]))
    (tmp_path / "cut").mkdir()

    cut = started(store_blocks(tmp_path / "cut", {"AAPL": known}), aggregates=FIGURES)

    for name, value in aggregates_of(whole).items():
        assert np.array_equal(value, aggregates_of(cut)[name]), name


def test_the_plan_counts_minutes_once(store: Path):
    more = started(store, aggregates=FIGURES)
    plain, curve = (day.analyze_requirements("symbol", "TSLA", "user") for day in (started(store), more))
    step = next(step for step in curve.provisioning_steps if str(step) == "calculate_aggregates")
    (read,) = [read for read in curve.reads if read.stretch in step.stretches]

    # Five days are history; a curve of seven takes the two before.
    assert curve.bars - plain.bars == read.bars
    assert read.stretch.last - read.stretch.first + 1 == 2
    assert from_json(to_json(curve)) == curve


def test_strategies_read_them_side_by_side(tmp_path: Path, store: Path):
    (tmp_path / "reader.py").write_text(STRATEGY)
    rule = {"use": f"{tmp_path / 'reader.py'}:Reader"}
    names = {"symbols": ["MSFT", "AAPL", "TSLA"]}
    day = started(store, at="09:40", aggregates=FIGURES, strategies=[rule], session=names)

    symbols, volumes, curves = day._dispatcher.seats[0].user.seen[-1]

    assert volumes.tolist() == [aggregates_of(day, name)["avg_volume"] for name in symbols]
    assert np.array_equal(curves, [aggregates_of(day, name)["curve"] for name in symbols])


def test_an_unknown_one_says_so(store: Path):
    from openbell.desk.aggregates import by_row

    with pytest.raises(ob.SessionError, match="Did you mean avg_volume"):
        by_row(started(store, aggregates=FIGURES).session_data, "avg_volum")


def test_a_curve_without_minutes_drops_the_symbol(tmp_path: Path):
    day = ob.SessionCoordinator.from_file(
        document(
            make_store(tmp_path, ["AAPL"], interval="5m"),
            session={"symbols": ["AAPL"], "intervals": ["5m"]},
            history=[],
            indicators=[],
            aggregates=FIGURES[3:],
        )
    )

    with pytest.raises(ob.SessionError, match="curve over the minutes of the day, and stored is 5m"):
        day.start_day()


def test_of_days_that_only_a_daily_file_has(tmp_path: Path, store: Path):
    whole = started(store, aggregates=FIGURES)
    today = whole.time.today.ordinal
    minutes = {"AAPL": whole.data.read(["AAPL"], MINUTE, today - 3, today)["AAPL"]}
    from openbell.bars.block import Block

    past = past_of(whole, "AAPL", 10)
    stamps = [whole.time.calendar.session(one).midnight for one in range(today - 10, today)]
    rows = [(b.open[0], b.high.max(), b.low.min(), b.close[-1], b.volume.sum()) for b in past]
    days = Block(np.array(stamps, np.int64), *(np.array(column) for column in zip(*rows, strict=True)))
    made = store_blocks(tmp_path / "a", minutes)
    shutil.move(store_blocks(tmp_path / "b", {"AAPL": days}, "1d"), tmp_path / "days")
    ob_import(tmp_path / "b" / "tidy" / "1d", made)

    both = started(made, aggregates=FIGURES[:1], history=[], indicators=[])

    assert aggregates_of(both)["avg_volume"] == pytest.approx(aggregates_of(whole)["avg_volume"], rel=1e-12)


def ob_import(folder: Path, store: Path) -> None:
    from openbell.store.importing import import_files

    import_files([folder], store, interval="1d", market="XNYS")
