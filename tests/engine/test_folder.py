"""The run folder: nobody's files are replaced, and nothing of an earlier run stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main
from openbell.config.loader import load


@pytest.fixture
def here(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "session.toml").write_text("# mine\n" + load(document(store)).text)
    return tmp_path


def one_day(store: Path, start: str, end: str) -> dict:
    return document(store, backtest={"start": start, "end": end})


class TestSomebodyElsesFiles:
    @pytest.mark.parametrize("out", [".", "../{name}", "{path}"])
    def test_the_users_own_session_file_is_never_replaced(self, out, here, capsys):
        before = (here / "session.toml").read_text()

        code = main(["run", "session.toml", "--out", out.format(name=here.name, path=here)])

        assert code == 2
        assert (here / "session.toml").read_text() == before
        said = capsys.readouterr().err
        assert "holds the session file that is run" in said
        assert "--out run" in said

    def test_a_folder_with_other_files_is_refused_before_anything_is_done(self, here, capsys):
        (here / "notes").mkdir()
        (here / "notes" / "signals.parquet").write_text("mine")

        assert main(["run", "session.toml", "--out", "notes"]) == 2

        assert "is no run's folder, and holds signals.parquet." in capsys.readouterr().err
        with pytest.raises(ob.OpenbellError, match="is no run's folder"):
            ob.run("session.toml", out="notes")
        assert [path.read_text() for path in (here / "notes").iterdir()] == ["mine"]

    def test_a_file_is_no_folder(self, here, capsys):
        assert main(["run", "session.toml", "--out", "session.toml"]) == 2

        assert "is a file" in capsys.readouterr().err

    def test_a_run_can_be_run_again_from_its_own_folder_only_into_another(self, here, capsys):
        assert main(["run", "session.toml", "--out", "first", "--quiet"]) == 0
        assert main(["run", "first/session.toml", "--out", "first"]) == 2
        assert main(["run", "first/session.toml", "--out", "second", "--quiet"]) == 0


class TestAnEarlierRun:
    def test_leaves_nothing_behind(self, store, tmp_path):
        folder = tmp_path / "run"
        ob.run(one_day(store, "2024-06-06", "2024-06-07"), out=folder, keep_state=True)
        (folder / "report.html").write_text("an old page")
        (folder / "notes.txt").write_text("mine")

        ob.run(one_day(store, "2024-06-10", "2024-06-10"), out=folder)

        assert not (folder / "state").exists()
        assert not (folder / "report.html").exists()
        assert (folder / "notes.txt").read_text() == "mine"
        ob.run(one_day(store, "2024-06-10", "2024-06-10"), out=folder, keep_state=True)
        assert [day.name for day in (folder / "state").iterdir()] == ["2024-06-10"]

    def test_that_broke_off_makes_room_as_well(self, store, tmp_path):
        (tmp_path / "run" / "state" / "2024-06-06").mkdir(parents=True)

        ob.run(one_day(store, "2024-06-10", "2024-06-10"), out=tmp_path / "run")

        assert not (tmp_path / "run" / "state").exists()


class TestALocaleThatIsNotUtf8:
    def test_loses_neither_the_run_nor_the_words(self, store, tmp_path):
        text = load(document(store, name="ünïcödé 日本")).text
        (tmp_path / "session.toml").write_text(text, encoding="utf-8")
        ascii_only = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        words = [sys.executable, "-m", "openbell", "run", "session.toml", "--out", "run"]

        for more in ([], ["--json"]):
            done = subprocess.run(
                [*words, *more], cwd=tmp_path, env=os.environ | ascii_only, capture_output=True, check=False
            )
            assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr

        assert ob.check(tmp_path / "run" / "session.toml") == []
        assert "日本" in (tmp_path / "run" / "session.toml").read_text(encoding="utf-8")
        assert main(["report", str(tmp_path / "run"), "--json"]) == 0
