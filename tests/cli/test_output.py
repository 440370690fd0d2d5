import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from openbell.cli.output import Output, plain
from openbell.errors import Problem, Severity


class TestADocument:
    def test_is_alone_on_standard_output_whatever_others_print(self, capsys):
        with Output(as_json=True) as output:
            print("a strategy says hello")
            output.show("a table")
            output.document({"bars": 3})

        said = capsys.readouterr()
        assert json.loads(said.out) == {"bars": 3}
        assert "a strategy says hello" in said.err

    def test_is_not_there_for_a_person(self, capsys):
        with Output() as output:
            output.show("a table with [brackets]")
            output.document({"bars": 3})

        assert capsys.readouterr().out == "a table with [brackets]\n"

    def test_is_not_there_when_the_work_broke_off_unexplained(self, capsys):
        with pytest.raises(ZeroDivisionError), Output(as_json=True) as output:
            output.document({"bars": 1 // 0})

        assert capsys.readouterr().out == ""

    def test_of_a_failure_has_the_problems(self, capsys):
        with Output(as_json=True) as output:
            output.fail([Problem("a.toml", "is empty.", "Write something.", "empty")])

        said = capsys.readouterr()
        (problem,) = json.loads(said.out)["problems"]
        assert (problem["where"], problem["code"]) == ("a.toml", "empty")
        assert said.err.splitlines() == ["error: a.toml: is empty.", "    Write something."]


class TestPlain:
    def test_values_are_as_json_knows_them(self):
        value = {
            "nan": np.float64("nan"),
            "infinite": float("-inf"),
            "array": np.array([1.0, np.nan]),
            "count": np.int64(3),
            "flag": np.bool_(True),
            "day": date(2024, 7, 1),
            "instant": datetime(2024, 7, 1, 20, tzinfo=UTC),
            "path": Path("a") / "b",
            "word": Severity.WARNING,
            "values": (1, {"x": None}),
        }

        assert plain(value) == {
            "nan": None,
            "infinite": None,
            "array": [1.0, None],
            "count": 3,
            "flag": True,
            "day": "2024-07-01",
            "instant": "2024-07-01T20:00:00+00:00",
            "path": "a/b",
            "word": "warning",
            "values": [1, {"x": None}],
        }


class TestProblems:
    def test_are_printed_word_for_word_and_warnings_as_such(self, capsys):
        long = "has no bars " * 30

        with Output() as output:
            output.problems([Problem("[quality].x", long, "See [quality].", severity=Severity.WARNING)])

        assert capsys.readouterr().err == f"warning: [quality].x: {long}\n    See [quality].\n"
