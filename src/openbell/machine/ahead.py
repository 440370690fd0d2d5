"""Loops that are needed later, compiled by a second process while this one is busy with what comes first."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PAUSE = 0.05
_CODE = """
import json, sys
path, loops = json.loads(sys.argv[1])
sys.path[:] = path
from openbell.machine.kept import loop_of
for words in loops:
    loop_of(*words)
"""
_pending: dict[Path, "subprocess.Popen[bytes]"] = {}


def begin(loops: Mapping[Path, Sequence[str]]) -> None:
    """Start a process that makes loops, if there are any.

    Parameters
    ----------
    loops
        By where they will be kept, the words that `openbell.machine.kept.loop_of` takes, in the order of their need.
    """
    import json

    wanted = {path: words for path, words in loops.items() if path not in _pending}
    if not wanted or not sys.executable:
        return
    given = json.dumps([sys.path, list(wanted.values())])
    with suppress(OSError):
        words = [sys.executable, "-c", _CODE, given]
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _pending.update(dict.fromkeys(wanted, process))


def awaited(path: Path) -> None:
    """Wait until a loop is there, or until the process that was to make it has ended."""
    process = _pending.pop(path, None)
    while process is not None and not path.exists():
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE)
            return
