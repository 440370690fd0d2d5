import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import openbell
from openbell.cli.main import main

HEAVY = ("numba", "polars", "pandas", "numpy", "pydantic", "rich")


def imported_by(*words: str, cwd: Path | None = None) -> set[str]:
    code = (
        f"import sys; from openbell.cli.main import main; main({list(words)!r}); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=True)
    return set(done.stderr.splitlines()[-1].split())


def openbell_process(*words: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openbell", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


class TestHelp:
    @pytest.mark.parametrize("words", [["--help"], ["data", "--help"], ["run", "--help"], ["--version"]])
    def test_loads_nothing_that_it_does_not_need(self, words):
        assert not imported_by(*words) & set(HEAVY)

    def test_names_every_command_of_the_contract(self, capsys):
        assert main(["--help"]) == 0

        text = capsys.readouterr().out
        for command in ("demo", "check", "plan", "run", "import", "data", "indicators", "verify", "diff", "story"):
            assert command in text

    def test_says_which_version_this_is(self, capsys):
        assert main(["--version"]) == 0

        assert capsys.readouterr().out == f"openbell {openbell.__version__}\n"

    def test_is_the_same_for_the_module(self):
        done = openbell_process("--version")

        assert (done.returncode, done.stdout) == (0, f"openbell {openbell.__version__}\n")


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (["rnu"], "Did you mean run?"),
            (["data", "lst"], "Did you mean list?"),
            (["run", "x.toml", "--sped", "3"], "Did you mean --speed?"),
            (["run"], "SESSION"),
            (["plan", "x.toml", "--day", "tomorrow"], "not a date"),
            ([], "COMMAND"),
            (["run", "x.toml", "--speed", "fast"], "fast"),
            (["data", "undo", "last", "--store", "x"], "last"),
            (["data", "clean", "--store", "x", "--older-than", "-1"], "number of days"),
        ],
    )
    def test_is_refused_with_2_and_a_hint(self, words, hint, capsys):
        assert main(words) == 2

        said = capsys.readouterr()
        assert said.out == ""
        assert hint in said.err

    def test_is_one_document_for_a_program(self, capsys):
        assert main(["rnu", "--json"]) == 2

        (problem,) = json.loads(capsys.readouterr().out)["problems"]
        assert problem["code"] == "usage"
        assert problem["fix"] == "Did you mean run?"


class TestTheEdge:
    def test_a_reader_that_leaves_early_is_no_failure(self):
        reader, writer = os.pipe()
        os.close(reader)

        done = subprocess.run([sys.executable, "-m", "openbell", "--help"], stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)

        assert (done.returncode, done.stderr) == (0, b"")

    def test_a_missing_file_is_a_problem_and_no_traceback(self, tmp_path):
        done = openbell_process("check", str(tmp_path / "none.toml"), "--json")

        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert json.loads(done.stdout)["problems"][0]["fix"]


PIPED = "import sys; from openbell.cli.main import entry; sys.argv = ['openbell', *sys.argv[1:]]; entry()"


class TestStandardOutputThatIsGone:
    @pytest.mark.parametrize("more", [[], ["--json"]])
    def test_because_its_reader_left_is_no_failure(self, more):
        process = subprocess.Popen(
            [sys.executable, "-c", PIPED, "indicators", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.close()
        _, said = process.communicate()

        assert (process.returncode, said) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    @pytest.mark.parametrize("more", [[], ["--json"]])
    def test_because_the_disk_is_full_is_a_problem(self, more):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-c", PIPED, "indicators", *more], stdout=full, stderr=subprocess.PIPE, check=False
            )

        assert done.returncode == 1
        assert b"No space left" in done.stderr
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr
