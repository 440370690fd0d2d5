"""Keys in a real terminal of their own."""

import os
import pty
import re
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sessions import document, started

from openbell.cli.keys import _listen, press
from openbell.config.writing import toml_text

WAIT = 40.0


def test_each_key_does_what_the_help_says(store: Path, capsys: pytest.CaptureFixture[str]):
    day = started(store)
    control = day.control

    press(" ", control)
    assert control.paused
    press("s", control)
    assert day.instants == 1
    press("m", control)
    assert day.instants == 6
    press(" ", control)
    assert not control.paused
    press("-", control)
    assert control.speed == 60.0
    press("+", control)
    assert control.speed == 120.0
    press("0", control)
    assert control.speed == 0.0
    press("?", control)
    assert "space pause" in capsys.readouterr().err
    press("q", control)
    assert day.stopping


def read(terminal: int, until: str) -> str:
    """What comes from a terminal until a text has come."""
    seen, end = "", time.monotonic() + WAIT
    while until not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # the other side is gone
                break
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)


def test_q_ends_a_run_in_a_terminal_with_a_report_that_says_so(store: Path, tmp_path: Path):
    made = document(store)
    made["backtest"]["speed"] = 10.0
    (tmp_path / "session.toml").write_text(toml_text(made))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "openbell", "run", str(tmp_path / "session.toml"), "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path) as process:
        os.close(theirs)

        before = read(ours, "keys: ")
        os.write(ours, b"q")
        after = read(ours, "written to")
        code = process.wait(WAIT)
        os.close(ours)

    assert "space pause" in before
    assert "interrupted: this is what was done by then" in re.sub(r"\s+", " ", after)
    assert code == 130
    assert (tmp_path / "run" / "report.json").exists()


def test_a_terminal_that_goes_away_is_listened_to_no_more(store: Path):
    control = started(store).control
    control.attended = True
    ours, theirs = pty.openpty()
    os.close(ours)

    _listen(theirs, control, threading.Event())

    assert not control.attended
    os.close(theirs)
