"""Loops that are needed later, compiled by a second process while this one is busy with what comes first."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PAUSE = 0.05
_CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from importlib import import_module
for line in sys.stdin:
    module, name, *words = json.loads(line)
    getattr(import_module(module), name)(*words)
"""
_pending: dict[Path, "subprocess.Popen[str]"] = {}
_at_work: list["subprocess.Popen[str]"] = []
# Held to the end: a process that is let go before it has ended is warned of.
_begun: list["subprocess.Popen[str]"] = []


def begin(loops: Mapping[Path, Sequence[str]]) -> None:
    """Have a second process make loops, if there are any; `end` lets it go.

    Parameters
    ----------
    loops
        By where they will be kept, in the order of their need: a module, its function, and what that is called with.
    """
    wanted = {path: words for path, words in loops.items() if path not in _pending}
    with suppress(OSError):
        process = _process() if wanted and sys.executable else None
        if process is not None and process.stdin is not None:
            process.stdin.writelines(f"{json.dumps(words)}\n" for words in wanted.values())
            process.stdin.flush()
            _pending.update(dict.fromkeys(wanted, process))


def end() -> None:
    """Nothing more will be asked of the second process: it ends when it has made what it was asked for."""
    while _at_work:
        process = _at_work.pop()
        _begun.append(process)
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()


def awaited(path: Path) -> None:
    """Wait until a loop is there, or until the process that was to make it has ended."""
    process = _pending.pop(path, None)
    while process is not None and not path.exists():
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE)
            return


def _process() -> "subprocess.Popen[str]":
    if not _at_work or _at_work[-1].poll() is not None:
        words = [sys.executable, "-c", _CODE, json.dumps(sys.path)]
        nowhere = subprocess.DEVNULL
        _at_work.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, text=True))
    return _at_work[-1]
