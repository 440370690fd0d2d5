"""Processes that fill one cache: a loop is made by one of them at a time, and a claim ends with its process."""

import subprocess
import sys
from pathlib import Path

import pytest

from openbell.machine import ahead
from openbell.machine.claims import claimed, taken
from openbell.machine.kept import place_of

LOOPS = (("openbell.bars.loops", "mark"), ("openbell.quality.loops", "tally"))
HOLD = """
import sys
from pathlib import Path
from openbell.machine.claims import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""
WAIT = """
import sys
from pathlib import Path
from openbell.machine.claims import claimed, taken
path = Path(sys.argv[1])
print("taken" if taken(path) else "free", flush=True)
with claimed(path):
    print("claimed", path.exists(), flush=True)
"""


def _python(code: str, path: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", code, str(path)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_who_comes_second_waits_and_finds_what_was_made(tmp_path: Path):
    path = tmp_path / "kernels" / "fold.code"
    with claimed(path):
        second = _python(WAIT, path)
        assert second.stdout is not None
        assert second.stdout.readline() == "taken\n"
        path.write_text("made")

    assert second.communicate()[0] == "claimed True\n"


@pytest.mark.parametrize("ends", ["by itself", "killed"])
def test_a_claim_ends_with_its_process(tmp_path: Path, ends: str):
    path = tmp_path / "fold.code"
    first = _python(HOLD, path)
    assert first.stdout is not None
    assert first.stdout.readline() == "claimed\n"
    assert taken(path)
    assert not taken(tmp_path / "mark.code")

    if ends == "killed":
        first.kill()
    first.communicate()

    assert not taken(path)


def test_who_was_stopped_in_the_middle_is_not_waited_for_for_ever(tmp_path: Path):
    path = tmp_path / "fold.code"
    first = _python(HOLD, path)
    assert first.stdout is not None
    first.stdout.readline()

    with claimed(path, patience_seconds=0.05):
        assert taken(path)

    assert taken(path)
    first.communicate()


def test_where_nothing_can_be_locked_nobody_waits(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("no folder")

    with claimed(file / "fold.code"):
        assert not taken(file / "fold.code")


def test_the_second_process_passes_over_what_another_one_is_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENBELL_CACHE", str(tmp_path))
    loops = {place_of(*words): ("openbell.machine.kept", "loop_of", *words) for words in LOOPS}
    first, second = loops
    with claimed(first):
        ahead.begin(loops)
        process = ahead._at_work[-1]
        ahead.end()
        assert process.wait() == 0

    assert second.exists()
    assert not first.exists()
