import json
import subprocess
import sys
from pathlib import Path

import pytest

from openbell import api
from openbell.cli.main import main
from openbell.config.loader import load
from openbell.engine.verify import verify
from openbell.testing.market import SyntheticMarket

SESSION = """
name = "two names"
market = "XNYS"
mode = "backtest"
store = "data"

[backtest]
start = 2024-07-02
end = 2024-07-03

[session]
symbols = {symbols}
intervals = ["1m", "5m"]

[[history]]
days = 2
intervals = ["1m"]

[[indicators]]
name = "sma"
interval = "5m"
params = {{ period = 20 }}
"""

STRATEGY = """
[[strategies]]
use = "strategies.py:Mine"
"""

INTERRUPTING = """
import signal
import openbell as ob

class Mine(ob.Strategy):
    def on_bars(self, bars):
        print("a strategy's own words")
        if (bars.interval, bars.time.hour, bars.time.minute) == ("1m", 11, 1):
            signal.raise_signal(signal.SIGINT)
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "data"
    SyntheticMarket(["SYNA", "SYNB"], sessions=9, start=SyntheticMarket(1).dates[-9]).into_store(folder)
    return folder


@pytest.fixture
def here(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a store and a session file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(store)
    write(tmp_path)
    return tmp_path


def write(folder: Path, symbols: str = '["SYNA", "SYNB"]', more: str = "") -> None:
    (folder / "session.toml").write_text(SESSION.format(symbols=symbols) + more)


def document(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


class TestCheck:
    def test_is_content_with_a_good_file(self, here, capsys):
        assert main(["check", "session.toml"]) == 0

        assert "all is well" in capsys.readouterr().out

    def test_lists_every_problem_with_its_place(self, here, capsys):
        write(here, more='\n[qualty]\nhistory = true\n[[indicators]]\nname = "smaa"\ninterval = "5m"\n')

        listed = document(["check", "session.toml"], capsys, code=1)

        assert listed["ok"] is False
        assert len(listed["problems"]) == 2
        assert all(problem["where"] and problem["what"] and problem["fix"] for problem in listed["problems"])

    def test_ctrl_c_is_130_and_no_traceback(self, here, capsys):
        write(here, more=STRATEGY)
        (here / "strategies.py").write_text("import signal\n\nsignal.raise_signal(signal.SIGINT)\n")

        (problem,) = document(["check", "session.toml"], capsys, code=130)["problems"]

        assert problem["code"] == "interrupted"

    def test_loads_no_compiler_and_no_frames(self, here):
        write(here, more=STRATEGY)
        (here / "strategies.py").write_text("import openbell as ob\n\nclass Mine(ob.Strategy):\n    pass\n")
        code = "import sys; from openbell.cli.main import main; main(['check', 'session.toml']); print(*sys.modules)"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout.startswith("session.toml: all is well")
        assert not {"numba", "polars", "pandas"} & set(done.stdout.split())


class TestAFolder:
    @pytest.mark.parametrize("command", [["check"], ["plan"], ["run"], ["run", "--out", "out"]])
    def test_is_said_to_be_one_and_what_is_in_it(self, command, here, capsys):
        failed = document([*command, "."], capsys, code=1)

        (problem,) = failed["problems"]
        assert "is a folder" in problem["what"]
        assert "session.toml" in problem["fix"]


class TestPlan:
    def test_names_steps_and_bars_and_changes_nothing(self, here, capsys):
        before = sorted(here.rglob("*"))

        plan = document(["plan", "session.toml"], capsys)

        assert plan["date"] == "2024-07-02"
        assert list(plan["symbols"]) == ["SYNA", "SYNB"]
        assert plan["bars"] > 0
        assert sorted(here.rglob("*")) == before

    def test_of_another_day(self, here, capsys):
        assert document(["plan", "session.toml", "--day", "2024-07-03"], capsys)["date"] == "2024-07-03"

    def test_is_readable(self, here, capsys):
        assert main(["plan", "session.toml"]) == 0

        said = capsys.readouterr().out
        assert "create_symbol" in said
        assert "register_indicator" in said


class TestRun:
    def test_gives_a_program_what_the_contract_says(self, here, capsys):
        report = document(["run", "session.toml"], capsys)

        assert (report["name"], report["mode"]) == ("two names", "backtest")
        assert [day["date"] for day in report["days"]] == ["2024-07-02", "2024-07-03"]
        assert report["digest"] == report["days"][-1]["digest"]
        last = report["days"][-1]
        assert {"date", "digest", "instants", "bars", "symbols", "dropped", "requests", "signals"} <= set(last)
        symbol = last["symbols"]["SYNA"]
        assert {"tier", "added_by", "auto_provisioned", "upgraded_from_adhoc", "intervals", "indicators"} <= set(symbol)
        bars = symbol["intervals"]["5m"]
        assert {"base", "history_bars", "session_bars", "quality", "gaps"} <= set(bars)
        value = symbol["indicators"]["sma_20_5m"]
        assert {"value", "valid", "settled", "last_updated"} == set(value)

    def test_writes_its_folder_under_runs(self, here, capsys):
        report = document(["run", "session.toml"], capsys)

        (folder,) = (here / "runs" / "two-names").iterdir()
        assert report["folder"] == str(folder.relative_to(here))
        written = json.loads((folder / "report.json").read_text())
        assert written["digest"] == report["digest"]

    def test_prints_a_summary_for_a_person(self, here, capsys):
        assert main(["run", "session.toml", "--out", "mine"]) == 0

        said = capsys.readouterr().out
        for word in ("two names", "SYNA", "quality", "sma_20_5m", "written to mine"):
            assert word in said

    def test_is_silent_when_quiet(self, here, capsys):
        assert main(["run", "session.toml", "--quiet"]) == 0

        assert capsys.readouterr() == ("", "")

    def test_a_dropped_symbol_is_success_unless_strict(self, here, capsys):
        write(here, symbols='["SYNA", "SYNX"]')

        assert main(["run", "session.toml"]) == 0
        assert "SYNX" in capsys.readouterr().out
        assert main(["run", "session.toml", "--strict", "--quiet"]) == 1

    def test_ctrl_c_ends_with_130_and_a_report_of_what_was_done(self, here, capsys):
        write(here, more=STRATEGY)
        (here / "strategies.py").write_text(INTERRUPTING)

        report = document(["run", "session.toml", "--out", "mine"], capsys, code=130)

        assert report["interrupted"] is True
        assert [day["date"] for day in report["days"]] == ["2024-07-02"]
        assert 0 < report["days"][0]["instants"] < 390
        assert json.loads((here / "mine" / "report.json").read_text())["interrupted"] is True

    def test_no_store_is_a_problem_with_a_way_out(self, here, capsys):
        (here / "data").unlink()

        (problem,) = document(["run", "session.toml"], capsys, code=1)["problems"]

        assert problem["fix"]


class TestDemo:
    def test_makes_its_market_once_and_gives_the_same_digest_again(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)

        first = document(["demo"], capsys)
        second = document(["demo"], capsys)

        assert len(first["days"]) == 3
        assert first["digest"] == second["digest"]
        assert first["days"][-1]["symbols"]["SYNPINE"]["tier"] == "adhoc"
        assert (tmp_path / "demo" / "data").is_dir()

    def test_says_that_its_bars_are_synthetic_and_what_to_try_next(self, tmp_path, capsys):
        assert main(["demo", "--folder", str(tmp_path / "try")]) == 0

        said = capsys.readouterr()
        assert "synthetic" in said.err
        assert "To try next" in said.out

    def test_names_the_program_as_it_was_called(self, monkeypatch):
        from openbell.cli.demo import _program

        monkeypatch.setattr("sys.argv", ["/somewhere/openbell/__main__.py", "demo"])

        assert _program() == "python -m openbell"

    def test_keeps_a_session_file_that_was_changed(self, tmp_path, capsys):
        (tmp_path / "session.toml").write_text(SESSION.format(symbols='["SYNOAK"]'))

        shown = document(["demo", "--folder", str(tmp_path)], capsys)

        assert shown["name"] == "two names"
        assert list(shown["days"][-1]["symbols"]) == ["SYNOAK"]


class TestNumbersThatAreNone:
    @pytest.mark.parametrize("speed", ["nan", "-1", "inf", "1e400", "fast"])
    def test_no_speed_is_wrong_usage(self, speed, here, capsys):
        (problem,) = document(["run", "session.toml", f"--speed={speed}"], capsys, code=2)["problems"]

        assert f"'{speed}' is not a speed: 0 for as fast as possible, or a multiple" in problem["what"]

    @pytest.mark.parametrize("speed", [float("nan"), -1, float("inf")])
    def test_no_speed_is_a_wrong_argument_of_a_call(self, speed, here):
        with pytest.raises(ValueError, match="speed is 0 for as fast as possible, or a multiple of real time"):
            api.run("session.toml", speed=speed)

    @pytest.mark.parametrize("words", ["--times=-3", "--times=0", "--times=x", "--seed=-1"])
    def test_verify_needs_an_instant_at_least(self, words, here, capsys):
        (problem,) = document(["verify", "session.toml", words], capsys, code=2)["problems"]

        assert "is not a whole number" in problem["what"]

    def test_verify_proves_nothing_after_no_instant(self, here):
        with pytest.raises(ValueError, match="times is 1 or more"):
            verify(load("session.toml"), times=0)


def test_a_page_of_symbols_that_a_run_does_not_have_is_refused(here, capsys):
    assert main(["run", "session.toml", "--out", "run", "--quiet"]) == 0

    (problem,) = document(["report", "run", "--symbols", "SYNC", "syna"], capsys, code=1)["problems"]

    assert (problem["where"], problem["code"]) == ("SYNC", "unknown_symbol")
    assert problem["fix"].startswith("Did you mean SYN")
    assert not (here / "run" / "report.html").exists()
