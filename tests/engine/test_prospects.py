"""A session file held against its store: markets, names, days and schedules that nothing can come of."""

import json
from pathlib import Path
from typing import Any

import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main
from openbell.config.loader import load
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

SCANNER = """
import openbell as ob


class Mine(ob.Scanner):
    def scan(self, market):
        return []
"""


def codes(problems: list[ob.Problem]) -> list[str]:
    return [problem.code for problem in problems]


def told(store: Path, **changes) -> list[dict]:
    return ob.run(document(store, **changes)).days[0].warnings


LATE: dict[str, Any] = {"backtest": {"start": "2025-07-01", "end": "2025-07-02"}, "history": [], "indicators": []}


def scanning(folder: Path, **rule) -> list[dict]:
    (folder / "mine.py").write_text(SCANNER)
    return [{"use": f"{folder / 'mine.py'}:Mine", **rule}]


class TestAnotherMarket:
    def test_is_a_warning_where_hours_are_shared(self, store):
        (problem,) = ob.check(document(store, market="XLON"))

        assert (problem.where, problem.code, problem.fatal) == ("market", "other_market", False)
        assert problem.what == ("was XLON; NVDA is stored as of XNYS: bars outside its hours are not streamed.")
        assert problem.fix.startswith('Write market = "XNYS"')
        assert codes(ob.plan(document(store, market="XLON")).problems) == ["other_market"]
        assert "XLON; NVDA is stored as of XNYS" in str(ob.plan(document(store, market="XLON")))
        assert told(store, market="XLON")[0]["code"] == "other_market"

    def test_is_an_error_where_none_are(self, store):
        (problem,) = ob.check(document(store, market="XTKS"))

        assert problem.fatal
        assert "none of these bars lies in its hours" in problem.what
        with pytest.raises(ob.OpenbellError, match="none of these bars lies in its hours"):
            ob.run(document(store, market="XTKS"))

    @pytest.mark.parametrize("market", ["XNAS", "XNYS"])
    def test_of_the_same_hours_is_none(self, market, store):
        assert ob.check(document(store, market=market)) == []

    def test_that_was_told_wrongly_to_an_import_is_a_warning(self, tmp_path):
        market = SyntheticMarket(["SYNA"], sessions=3)
        market.write(tmp_path / "tidy")

        wrong = import_files([tmp_path / "tidy"], tmp_path / "a", market="XTKS")
        right = import_files([tmp_path / "tidy"], tmp_path / "b", market="XNYS")

        (problem,) = wrong.all_problems()
        assert (problem.where, problem.code, problem.fatal) == ("SYNA/1m", "outside_hours", False)
        assert "lie outside the regular hours of XTKS" in problem.what
        assert "--market" in problem.fix
        assert right.all_problems() == []


class TestNames:
    @pytest.mark.parametrize(
        ("section", "rule"),
        [
            ("history", {"days": 2, "intervals": ["1m"]}),
            ("indicators", {"name": "rsi", "interval": "5m", "params": {"period": 3}}),
            ("aggregates", {"name": "v", "column": "volume", "days": 2}),
        ],
    )
    def test_misspelt_in_a_rule_are_told(self, section, rule, store):
        changes = {section: [rule | {"symbols": ["NVDAA"]}]}

        (problem,) = ob.check(document(store, **changes))

        assert problem.where == f"{section}[0].symbols"
        assert problem.what == "NVDAA is no symbol of this session, so nothing comes of it."
        assert problem.fix.startswith("Did you mean NVDA?")
        assert told(store, **changes)[0]["code"] == "no_such_symbol"

    def test_that_could_be_asked_for_are_none(self, store, tmp_path):
        rule = {"name": "rsi", "interval": "5m", "params": {"period": 3}, "symbols": ["TSLA"]}

        assert codes(ob.check(document(store, indicators=[rule]))) == ["no_such_symbol"]
        assert ob.check(document(store, indicators=[rule], scanners=scanning(tmp_path, at=["10:00"]))) == []

    def test_of_the_session_and_of_universes_are_told_together(self, store, tmp_path):
        names = ["AAPLE", "B1", "B2", "B3", "B4"]
        scanners = scanning(tmp_path, at=["10:00"], universe=["TSLLA", "TSLA"])

        universe, unknown = sorted(
            ob.check(document(store, session={"symbols": ["NVDA", *names]}, scanners=scanners)),
            key=lambda problem: problem.where,
        )

        assert "TSLLA is no symbol" in universe.what
        assert unknown.what == "the store does not know AAPLE, B1, B2 and 2 more; it would be dropped."
        assert unknown.fix.startswith("Did you mean AAPL?")


class TestDays:
    def test_without_any_bar_are_told_with_those_that_have_some(self, store, capsys, tmp_path):
        for problem in (*ob.check(document(store, **LATE)), *self.planned(store)):
            assert problem.code == "no_bars_in_range"
            assert "no symbol has a bar: the store has theirs from 2024-05-31 to 2024-06-10" in problem.what
        assert "no_bars_in_range" in [one["code"] for one in told(store, **LATE)]
        (tmp_path / "session.toml").write_text(load(document(store, **LATE)).text)
        main(["run", str(tmp_path / "session.toml"), "--out", str(tmp_path / "run")])
        assert "no_bars_in_range" in capsys.readouterr().out

    def planned(self, store):
        return ob.plan(document(store, **LATE)).problems


class TestSchedules:
    @pytest.mark.parametrize(
        ("rule", "where"),
        [
            ({"at": ["08:00", "17:00"]}, "scanners[0]"),
            ({"every": "5m", "from": "16:30"}, "scanners[0]"),
            ({"at": ["08:00", "10:00"]}, "scanners[0].at"),
            ({"at": ["08:00"], "pre_session": True}, "scanners[0].at"),
        ],
    )
    def test_that_never_come_are_told(self, rule, where, store, tmp_path):
        (problem,) = ob.check(document(store, scanners=scanning(tmp_path, **rule)))

        assert (problem.where, problem.code, problem.fatal) == (where, "never_scans", False)

    def test_limits_that_nothing_passes_are_refused(self, store, tmp_path):
        scanners = scanning(tmp_path, at=["10:00"], where={"min_price": 30, "max_price": 3})

        (problem,) = ob.check(document(store, scanners=scanners))

        assert problem.where == "scanners[0].where.max_price"
        assert problem.what == "was 3, which is below min_price = 30: no symbol would pass."


class TestTheStore:
    def test_without_a_catalogue_is_a_problem(self, tmp_path, capsys):
        (tmp_path / "data").mkdir()
        (tmp_path / "session.toml").write_text(load(document(tmp_path / "data")).text)

        assert main(["check", str(tmp_path / "session.toml"), "--json"]) == 1

        (problem,) = json.loads(capsys.readouterr().out)["problems"]
        assert "data" in problem["where"]
        assert "openbell import" in problem["fix"]

    def test_that_is_a_file_is_said_to_be_one(self, tmp_path):
        (tmp_path / "bars.csv").write_text("ts,close\n")

        (problem,) = ob.check(document(tmp_path / "bars.csv"))

        assert "is a file; a store is a folder" in problem.what

    def test_a_name_that_no_folder_can_have_is_refused(self, store):
        (problem,) = ob.check(document(store, name="n" * 400))

        assert "a name of 400 bytes" in problem.what
