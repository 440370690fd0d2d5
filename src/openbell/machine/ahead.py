"""Loops that are needed later, compiled by a second process while this one is busy with what comes first.

This process waits for none of them but the one that the second process is at: it makes what it needs first itself, and
the second process passes over what is there already, or being made. So neither is idle while there is anything to do.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from openbell.machine.claims import taken

_CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from openbell.machine.ahead import carry_out
carry_out()
"""
_at_work: list["subprocess.Popen[str]"] = []
# Held to the end: a process that is let go before it has ended is warned of.
_begun: list["subprocess.Popen[str]"] = []


def begin(loops: Mapping[Path, Sequence[str]]) -> None:
    """Have a second process make loops, if there are any; `end` lets it go.

    Parameters
    ----------
    loops
        By where they will be kept, in the order in which it takes them: a module, its function, and what that is called
        with.
    """
    with suppress(OSError):
        process = _process() if loops and sys.executable else None
        if process is not None and process.stdin is not None:
            process.stdin.writelines(f"{json.dumps([str(path), *words])}\n" for path, words in loops.items())
            process.stdin.flush()


def end() -> None:
    """Nothing more will be asked of the second process: it ends when it has made what it was asked for."""
    while _at_work:
        process = _at_work.pop()
        _begun.append(process)
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()


def carry_out() -> None:
    """The second process: make what its input asks for, but for what another process is making."""
    # It makes very many objects, and is gone soon.
    gc.disable()
    for line in sys.stdin:
        path, module, name, *words = json.loads(line)
        if not taken(Path(path)):
            getattr(import_module(module), name)(*words)


def _process() -> "subprocess.Popen[str]":
    if not _at_work or _at_work[-1].poll() is not None:
        words = [sys.executable, "-c", _CODE, json.dumps(sys.path)]
        nowhere = subprocess.DEVNULL
        _at_work.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, text=True))
    return _at_work[-1]
