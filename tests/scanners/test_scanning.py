"""Scanners on real objects: universe, funnel, schedule, promotion and letting go."""

from datetime import date, time
from pathlib import Path

import numpy as np
import pytest
from sessions import SYMBOLS, document, started

import openbell as ob
from openbell.config.session_file import Schedule
from openbell.engine.schedule import due_today
from openbell.market.calendar import load_calendar
from openbell.market.time_manager import TimeManager
from openbell.scanners.figures import Figure, Figures

NS = 60_000_000_000

SCANNERS = """
import numpy as np
import openbell as ob


class Script(ob.Scanner):
    '''Does at each time what a table says.'''
    plan: dict = {}

    def setup(self, needs):
        self.seen = []
        self.sma = needs.indicator("sma", interval="5m", period=20)

    def scan(self, market):
        at = market.time.strftime("%H:%M")
        self.seen.append((at, market.symbols, market.price.copy(), market.indicator(self.sma).copy(), market.held))
        do = self.plan.get(at, {})
        return self.picks(do.get("promote", ()), drop=do.get("drop", ()), watch=do.get("watch", ()))


class Filtered(ob.Scanner):
    def setup(self, needs):
        self.volume = needs.figure("volume", "mean", 5)

    def filter(self, universe):
        volume = universe.figure(self.volume)
        return volume >= np.nanmax(volume)

    def scan(self, market):
        return market.symbols


class Raises(ob.Scanner):
    def scan(self, market):
        raise KeyError("no")


class NoScan(ob.Scanner):
    pass
"""


def rule(folder: Path, name: str, **words: object) -> dict[str, object]:
    file = folder / "mine.py"
    file.write_text(SCANNERS)
    return {"use": f"{file}:{name}"} | words


def scanner_of(day: ob.SessionCoordinator):
    return day._dispatcher.scans[0].scanner


def test_candidates_come_light_before_the_first_bar_and_are_seen_as_arrays(store: Path, tmp_path: Path):
    day = started(store, at="10:00", scanners=[rule(tmp_path, "Script", pre_session=True, every="15m")])

    seen = scanner_of(day).seen

    assert [entry[0] for entry in seen] == ["09:30", "09:45", "10:00"]
    names = sorted(SYMBOLS)
    assert all(entry[1] == names for entry in seen)
    tsla = day.session_data.get_symbol_data("TSLA")
    assert (tsla.tier, tsla.added_by, list(tsla.bars)) == ("adhoc", "scanner:Script/light", ["1m", "5m"])
    place = names.index("TSLA")
    assert seen[0][2][place] == tsla.bars["5m"].history.close[-1]
    assert seen[2][2][place] == tsla.bars["5m"].close[-1]
    assert seen[2][3][place] == tsla.indicators["sma_20_5m"].current_value
    assert day.session_data.get_symbol_data("NVDA").tier == "full"


def test_promotion_is_full_and_dropping_lets_go(store: Path, tmp_path: Path):
    plan = {"09:45": {"promote": ["tsla", "ZZZZ"]}, "10:15": {"drop": ["TSLA"]}}
    scan = rule(tmp_path, "Script", every="15m", params={"plan": plan})
    day = started(store, at="09:45", scanners=[scan])
    held = day.session_data.get_symbol_data("TSLA")
    assert (held.tier, held.added_by, held.upgraded_from_adhoc) == ("full", "scanner:Script", True)

    day.advance_to("10:15")

    assert day.session_data.get_symbol_data("TSLA").tier == "adhoc"
    report = day.finish_day()
    first, _, third = report.scans[:3]
    assert (first["promoted"], list(first["refused"])) == (["TSLA"], ["ZZZZ"])
    assert third["dropped"] == ["TSLA"]
    assert scanner_of(day).seen[1][4].tolist() == [name == "TSLA" for name in scanner_of(day).seen[1][1]]
    assert report.funnels["scanner:Script"] == {"universe": 7, "where": 7, "filter": 7, "candidates": 7}
    assert [one["symbol"] for one in report.requests] == ["TSLA", "ZZZZ", "TSLA"]


def test_dropping_to_light_ends_as_if_never_promoted(store: Path, tmp_path: Path):
    plan = {"09:45": {"promote": ["TSLA"]}, "10:15": {"drop": ["TSLA"]}}
    day = started(store, at="11:00", scanners=[rule(tmp_path, "Script", every="15m", params={"plan": plan})])
    other = tmp_path / "other"
    other.mkdir()
    never = started(store, at="11:00", scanners=[rule(other, "Script", every="15m")])

    assert day.digest() == never.digest()


def test_minimum_stay_cool_down_and_most_held_make_names_wait(store: Path, tmp_path: Path):
    plan = {
        "09:45": {"promote": ["TSLA", "AAPL", "MSFT"]},
        "10:00": {"drop": ["TSLA"]},
        "10:15": {"drop": ["TSLA"]},
        "10:30": {"promote": ["TSLA", "MSFT"]},
        "11:15": {"drop": ["AAPL"], "promote": ["TSLA"]},
    }
    limits = {"most_held": 2, "minimum_stay": "30m", "cool_down": "1h"}
    day = started(store, scanners=[rule(tmp_path, "Script", every="15m", params={"plan": plan}, **limits)])

    scans = {one["at"][11:16]: one for one in day.finish_day().scans}

    assert (scans["13:45"]["promoted"], scans["13:45"]["waiting"]) == (
        ["TSLA", "AAPL"], {"MSFT": "as many are held as may be"},
    )  # fmt: skip
    assert (scans["14:00"]["dropped"], scans["14:00"]["waiting"]) == ([], {"TSLA": "stays at least"})
    assert scans["14:15"]["dropped"] == ["TSLA"]
    assert (scans["14:30"]["promoted"], scans["14:30"]["waiting"]) == (["MSFT"], {"TSLA": "cools down"})
    assert (scans["15:15"]["promoted"], scans["15:15"]["dropped"]) == (["TSLA"], ["AAPL"])


def test_watched_names_join_the_candidates(store: Path, tmp_path: Path):
    plan = {"09:45": {"watch": ["MSFT", "NOPE"]}}
    words = {"universe": ["TSLA"], "every": "15m", "params": {"plan": plan}}
    day = started(store, at="10:00", scanners=[rule(tmp_path, "Script", **words)])

    assert [entry[1] for entry in scanner_of(day).seen] == [["TSLA"], ["TSLA", "MSFT"]]
    assert day.session_data.get_symbol_data("MSFT").tier == "adhoc"


def test_the_universe_is_a_list_a_file_or_all_and_is_cut_down_by_figures(store: Path, tmp_path: Path):
    (tmp_path / "names.txt").write_text("tsla, aapl  # two\n\nMSFT\nNEVER\n")
    words = {"every": "5m", "universe": str(tmp_path / "names.txt"), "where": {"min_price": 0.01, "days": 5}}
    day = started(store, at="09:40", scanners=[rule(tmp_path, "Script", **words)])

    assert scanner_of(day).seen[0][1] == ["TSLA", "AAPL", "MSFT"]
    assert day._dispatcher.scans[0].funnel == {"universe": 4, "where": 3, "filter": 3, "candidates": 3}


def test_a_filter_reads_no_bars_and_what_it_keeps_is_all_that_comes(store: Path, tmp_path: Path):
    day = started(store, at="09:40", scanners=[rule(tmp_path, "Filtered", every="5m")], session={"symbols": []})

    assert len(day.session_data) == 1
    (name,) = day.session_data
    volumes = {}
    for one in SYMBOLS:
        day.add_bar(one, "1m", days=5)
        volumes[one] = day.session_data.get_symbol_data(one).bars["1m"].history.volume.sum()
    assert name == max(volumes, key=volumes.get)


def test_an_empty_universe_is_a_quiet_day(store: Path, tmp_path: Path):
    words = {"every": "5m", "where": {"min_price": 1e9}}
    day = started(store, scanners=[rule(tmp_path, "Script", **words)], session={"symbols": []})

    report = day.finish_day()

    assert (len(day.session_data), report.faults) == (0, [])


def test_a_scanner_that_raises_is_disabled_and_the_day_goes_on(store: Path, tmp_path: Path):
    day = started(store, scanners=[rule(tmp_path, "Raises", every="5m", faults_allowed=2)])

    report = day.finish_day()

    assert [fault["code"] for fault in report.faults] == ["scanner_raised", "scanner_raised", "scanner_disabled"]
    assert report.instants == 390


def test_a_scanner_without_scan_is_told_by_check(store: Path, tmp_path: Path):
    (problem,) = ob.check(document(store, scanners=[rule(tmp_path, "NoScan", every="5m")]))

    assert (problem.where, problem.code) == ("scanners[0].use", "no_scan")


@pytest.mark.parametrize(
    ("words", "where", "code"),
    [
        ({}, "scanners[0]", "no_schedule"),
        ({"until": "10:00", "at": ["10:00"]}, "scanners[0]", "no_every"),
        ({"every": "5m", "from": "10:00", "until": "09:00"}, "scanners[0].until", "times"),
        ({"every": "5q"}, "scanners[0].every", "bad_value"),
        ({"every": "5m", "from": "25:00"}, "scanners[0].from", "bad_value"),
        ({"every": "5m", "universe": "nowhere.txt"}, "scanners[0].universe", "no_universe"),
        ({"every": "5m", "where": {"min_prize": 5}}, "scanners[0].where.min_prize", "unknown_key"),
        ({"evry": "5m", "at": ["10:00"]}, "scanners[0].evry", "unknown_key"),
    ],
)
def test_what_is_wrong_with_a_scanners_table_is_told_with_its_key(store: Path, tmp_path: Path, words, where, code):
    (problem,) = ob.check(document(store, scanners=[rule(tmp_path, "Script", **words)]))

    assert (problem.where, problem.code) == (where, code)
    assert problem.fix


class TestSchedule:
    def due(self, day: date, **words) -> list[str]:
        clock = TimeManager(load_calendar("XNYS"))
        clock.open_day(clock.calendar.ordinal_of(day))
        return [f"{clock.at(at):%H:%M}" for at in due_today(Schedule(**words), clock)]

    def test_every_so_often_between_two_times(self):
        due = self.due(date(2024, 7, 2), every=30 * NS, start=time(10, 0), until=time(11, 15))

        assert due == ["10:00", "10:30", "11:00"]

    def test_by_default_from_the_first_step_to_the_close(self):
        due = self.due(date(2024, 7, 2), every=60 * NS)

        assert due == ["10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]

    def test_nothing_is_due_after_an_early_close(self):
        due = self.due(date(2024, 7, 3), every=60 * NS, until=time(15, 55), at=(time(12, 0), time(14, 0)))

        assert due == ["10:30", "11:30", "12:00", "12:30"]


def test_a_schedule_finer_than_the_bars_scans_once_per_instant_and_says_so(store: Path, tmp_path: Path):
    day = started(store, scanners=[rule(tmp_path, "Script", every="20s", **{"from": "09:31", "until": "09:33"})])

    scans = day.finish_day().scans

    assert [(one["at"][11:16], one["late"]) for one in scans] == [("13:31", 0), ("13:32", 2), ("13:33", 2)]


def test_scanners_are_alive_on_the_second_day(store: Path, tmp_path: Path):
    made = document(store, scanners=[rule(tmp_path, "Script", at=["10:00"])])

    report = ob.run(made)

    assert [[one["at"][:10] for one in day.scans] for day in report.days] == [
        ["2024-06-06"], ["2024-06-07"], ["2024-06-10"],
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["high", "bars", "turnover", "range", "relative_range"])
def test_a_figure_is_the_aggregate_of_that_name(store: Path, column: str):
    day = started(store, aggregates=[{"name": "mean", "column": column, "statistic": "mean", "days": 2}])
    names = day.session_data.symbols

    figures = Figures(day.data, day.time).of(Figure(column, "mean", 2), names)

    aggregates = [day.session_data.get_symbol_data(name).aggregates["mean"] for name in names]
    assert figures.tolist() == aggregates


def test_statistics_agree_with_numpy():
    from openbell.indicators.aggregates import statistic_of
    from openbell.scanners.figures import STATISTICS

    table = np.random.default_rng(1).normal(size=(50, 20))
    table[np.random.default_rng(2).random(table.shape) < 0.3] = np.nan
    expected = {"mean": np.nanmean, "min": np.nanmin, "max": np.nanmax, "sum": np.nansum, "stdev": np.nanstd}

    for name in set(STATISTICS) - {"last"}:
        np.testing.assert_allclose(statistic_of(name, table), expected[name](table, axis=1), rtol=1e-12)
