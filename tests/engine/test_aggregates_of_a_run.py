"""Figures over past sessions in what a run leaves behind: report, receipt, differences, what is verified."""

import json
from pathlib import Path

import polars as pl
import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main
from openbell.config.loader import load
from openbell.engine.diff import diff
from openbell.engine.verify import verify

FIGURES = [
    {"name": "usual", "column": "volume", "days": 3},
    {"name": "curve", "column": "volume", "days": 2, "per": "minute"},
]
DECLARES = """
import openbell as ob

class Declares(ob.Strategy):
    def setup(self, needs):
        self.usual = needs.aggregate({name!r}, {column!r}, days=3)

    def on_bars(self, bars):
        self.said = bars.aggregate(self.usual)

class Also(Declares):
    pass

class Asks(ob.Scanner):
    def setup(self, needs):
        needs.aggregate("usual", "volume", days=3)

    def scan(self, market):
        return []
"""


def declared(folder: Path, *classes: str, name: str = "usual", column: str = "volume") -> list[dict[str, str]]:
    (folder / "mine.py").write_text(DECLARES.format(name=name, column=column))
    return [{"use": f"{folder / 'mine.py'}:{one}"} for one in classes]


def test_are_in_the_report_and_in_what_the_command_prints(store: Path, tmp_path: Path, capsys):
    (tmp_path / "session.json").write_text(json.dumps(document(store, aggregates=FIGURES), default=str))

    assert main(["run", str(tmp_path / "session.json"), "--json", "--quiet", "--out", str(tmp_path / "out")]) == 0

    printed = json.loads(capsys.readouterr().out)
    day = ob.SessionCoordinator.from_file(document(store, aggregates=FIGURES))
    for _ in printed["days"]:
        day.start_day()
        day.finish_day()
    figures = day.session_data.get_symbol_data("NVDA").aggregates
    shown = printed["days"][-1]["symbols"]["NVDA"]["aggregates"]
    assert shown["usual"] == figures["usual"]
    assert shown["curve"] == {"slots": 390, "known": 390, "sum": pytest.approx(figures["curve"].sum())}


def test_of_other_days_are_a_difference_of_two_runs(store: Path, tmp_path: Path):
    other = [FIGURES[0] | {"days": 4}, FIGURES[1] | {"days": 3}]
    for name, figures in {"one": FIGURES, "same": FIGURES, "two": other}.items():
        ob.run(document(store, aggregates=figures), out=tmp_path / name)

    values = pl.read_parquet(tmp_path / "one" / "receipt-values.parquet").filter(indicator="usual")
    found = [one for one in diff(tmp_path / "one", tmp_path / "two").effects if one.kind == "aggregate"]

    assert values["output"].unique().to_list() == ["figure over past sessions"]
    assert diff(tmp_path / "one", tmp_path / "same").same
    assert {one.where.split()[1] for one in found} == {"usual", "curve"}


def test_are_verified_with_all_else(store: Path, tmp_path: Path):
    verdict = verify(load(document(store, aggregates=FIGURES)), times=2)

    assert not verdict.findings
    assert verdict.outputs["aggregate:usual"] > 0
    assert verdict.outputs["aggregate:curve"] > 0


class TestAStrategyDeclaresThem:
    def test_and_reads_them(self, store: Path, tmp_path: Path):
        # Two that want the same figure share it, also with the session file.
        rules = declared(tmp_path, "Declares", "Also")
        day = ob.SessionCoordinator.from_file(document(store, strategies=rules, aggregates=FIGURES[:1]))
        day.start_day()
        day.advance_to("09:40")

        figure = day.session_data.get_symbol_data("NVDA").aggregates["usual"]
        assert figure in day._dispatcher.seats[1].user.said

    def test_and_another_of_that_name_is_refused(self, store: Path, tmp_path: Path):
        rules = declared(tmp_path, "Declares", column="close")

        with pytest.raises(ob.ConfigError, match=r"figure 'usual': declared twice, as volume_mean_3d and as close_"):
            ob.SessionCoordinator.from_file(document(store, strategies=rules, aggregates=FIGURES[:1]))

    def test_and_a_wrong_word_is_named_with_its_line(self, store: Path, tmp_path: Path):
        rules = declared(tmp_path, "Declares", column="volum")

        with pytest.raises(ob.ConfigError, match=r"(?s)'volum' is not known.*Did you mean volume\?.*mine.py line 6"):
            ob.SessionCoordinator.from_file(document(store, strategies=rules))

    def test_and_a_scanner_is_told_what_it_has_instead(self, store: Path, tmp_path: Path):
        rules = [rule | {"every": "30m"} for rule in declared(tmp_path, "Asks")]

        with pytest.raises(ob.ConfigError, match=r"needs.figure\(column, statistic, days\)"):
            ob.SessionCoordinator.from_file(document(store, scanners=rules))
