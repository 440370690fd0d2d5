"""Loops that are written by hand: compiled once, then run by a process that loads no numba."""

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import json, sys
import numpy as np
from openbell.bars.folding import mark
from openbell.machine.kept import loop_of
from openbell.machine.watch import told
names = []
with told(names.append):
    flags = np.zeros(3, bool)
    mark(np.array([2, 5]), np.array([1, 2, 5]), 0, flags)
    for name in ("bars.fold", "bars.place", "session.mix", "session.mix_rows", "quality.tally"):
        room, _, loop = name.partition(".")
        loop_of(f"openbell.{room}.loops", loop)
print(json.dumps([flags.tolist(), names, "numba" in sys.modules]))
"""
LOOPS = ["mark", "fold", "place", "mix", "mix_rows", "tally"]


def test_every_loop_is_kept_and_needs_no_compiler_again(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("OPENBELL_CACHE", str(tmp_path))

    first, second = (
        json.loads(subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True).stdout)
        for _ in range(2)
    )

    assert first == [[False, True, True], LOOPS, True]
    assert second == [[False, True, True], [], False]
