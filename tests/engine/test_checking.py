"""What `check` tells of users' files: every problem at once, each with its file and the user's own line."""

from pathlib import Path

import pytest
from sessions import document

import openbell as ob
from openbell.config.loader import load

HEAD = "import openbell as ob\n\n\n"


@pytest.fixture
def problems(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The problems of a class in strategies.py, which more TOML may stand behind."""
    monkeypatch.chdir(tmp_path)

    def found(text: str, kind: str = "strategies", more: str = "") -> list[ob.Problem]:
        rule = f'\n[[{kind}]]\nuse = "mine.py:Mine"\n' + ('at = ["10:00"]\n' if kind == "scanners" else "")
        (tmp_path / "mine.py").write_text(HEAD + text)
        (tmp_path / "session.toml").write_text(load(document(store)).text + rule + more)
        return ob.check("session.toml")

    return found


def strategy(body: str) -> str:
    return f"class Mine(ob.Strategy):\n    {body}\n"


class TestTheUsersOwnLine:
    def test_of_a_syntax_error(self, problems):
        (problem,) = problems("class Mine(ob.Strategy)\n    pass\n")

        assert problem.where == "session.toml: strategies[0].use"
        assert problem.fix == "Mend mine.py line 4: class Mine(ob.Strategy)"

    def test_of_a_constructor_that_takes_other_arguments(self, problems):
        (problem,) = problems(strategy("def __init__(self, broker):\n        pass"))

        assert "Mine cannot be made: TypeError: Mine.__init__() missing 1 required" in problem.what
        assert problem.fix == "Mend class Mine in mine.py"

    def test_not_of_the_library_that_raised_for_it(self, problems):
        (problem,) = problems(strategy("def setup(self, needs):\n        import json; json.loads('{')"))

        assert problem.fix.startswith("Mend mine.py line 6, in setup: ")

    def test_of_what_a_day_raised_before_any_line_of_it_ran(self, store, tmp_path):
        (tmp_path / "mine.py").write_text(
            HEAD + "class Mine(ob.Scanner):\n    def scan(self, market):\n        return 'FICO'\n"
        )
        scanners = [{"use": f"{tmp_path / 'mine.py'}:Mine", "at": ["10:00"]}]

        report = ob.run(document(store, scanners=scanners))

        fault = report.days[0].faults[0]
        assert fault["what"].startswith("TypeError: scan returned 'FICO', which is no list of names; give a list")
        assert fault["fix"] == "See class Mine in mine.py"


class TestParameters:
    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("def on_bars(self): pass", "Mine.on_bars takes (), and is called with (bars)."),
            ("def on_bar(self, bar, now): pass", "Mine.on_bar takes (bar, now), and is called with (bar)."),
            ("def on_day_start(self, day): pass", "Mine.on_day_start takes (day), and is called with ()."),
            ("on_day_end = 3", "Mine.on_day_end is 3, not a method."),
        ],
    )
    def test_that_do_not_fit_are_told(self, problems, body, told):
        (problem,) = problems(strategy(body))

        assert (problem.what, problem.code) == (told, "wrong_parameters")
        assert problem.fix.startswith("Write def ")

    @pytest.mark.parametrize(
        "body",
        [
            "def on_bars(self, *all): pass",
            "def on_bars(self, b, more=None): pass",
            "@staticmethod\n    def on_bars(b): pass",
            "@classmethod\n    def on_quality(cls, *_): pass\n    def setup(self, needs): needs.quality(90)",
        ],
    )
    def test_may_have_other_names_and_defaults(self, problems, body):
        assert problems(strategy(body)) == []

    def test_of_scanners_count_as_well(self, problems):
        found = problems("class Mine(ob.Scanner):\n    def scan(self): pass\n    def filter(self): pass\n", "scanners")

        assert [problem.what for problem in found] == [
            "Mine.filter takes (), and is called with (universe).",
            "Mine.scan takes (), and is called with (market).",
        ]

    def test_every_callback_is_told_at_once(self, problems):
        found = problems(strategy("def on_barr(self, bar): pass\n    def on_day_end(self, day): pass"))

        assert [problem.code for problem in found] == ["never_called", "wrong_parameters"]

    def test_what_setup_raises_is_told_with_them(self, problems):
        found = problems(strategy("def setup(self): pass\n    def on_barr(self, bar): pass"))

        assert [problem.code for problem in found] == ["never_called", "user_code_raised"]
        assert "Mine.setup() takes 1 positional argument but 2 were given" in found[1].what
        assert found[1].fix == "Mend class Mine in mine.py"


class TestEveryProblemAtOnce:
    def test_of_the_keys_and_of_users_classes(self, problems):
        more = '\n[[scanners]]\nuse = "mine.py:Gone"\nevery = "5x"\n[[strategies]]\nuse = "mine.py:Gone"\n[qualty]\n'

        found = problems(strategy("def on_bars(self): pass"), more=more)

        assert {problem.where for problem in found} == {
            "session.toml: qualty",
            "session.toml: scanners[0].every",
            "session.toml: strategies[0].use",
            "session.toml: strategies[1].use",
        }

    def test_of_figures_that_differ_and_have_one_name(self, problems, store):
        figure = 'def setup(self, needs): needs.aggregate("v", column="volume", days=3)'
        more = '\n[[aggregates]]\nname = "v"\ncolumn = "volume"\ndays = 5\n'

        (problem,) = problems(strategy(figure), more=more)

        assert problem.code == "name_taken"

    def test_a_run_tells_them_with_the_file_as_well(self, problems):
        problems(strategy("def on_bars(self): pass"))

        with pytest.raises(ob.OpenbellError) as caught:
            ob.run("session.toml")

        assert caught.value.problems[0].where == "session.toml: strategies[0].use"
