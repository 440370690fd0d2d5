"""Whole processes: how long they take and how much memory they need at most."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took."""

    seconds: float
    megabytes: float


def used_by(command: Sequence[str], more: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it fails, with the end of what it said.
    """
    env = _environment() | dict(more or {})
    words = [sys.executable, "-IS", str(LAUNCH), *command]
    done = subprocess.run(words, env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    found = json.loads(done.stdout) if done.stdout else {"code": done.returncode}
    if found["code"]:
        raise RuntimeError(f"{' '.join(command)} ended with {found['code']}:\n{done.stderr[-3000:]}")
    return Usage(found["seconds"], found["megabytes"])


def python(*words: str, more: Mapping[str, str] | None = None) -> Usage:
    """The same for this Python."""
    return used_by([sys.executable, *words], more)


def printed(code: str) -> float:
    """The number that a piece of Python prints."""
    env = _environment()
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, cwd=ROOT, check=True)
    return float(done.stdout)


def _environment() -> dict[str, str]:
    """This process's, with the project on the path, and with bytecode kept as everybody's Python keeps it."""
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*([before] if before else []), str(ROOT)])
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPATH": path
    }
