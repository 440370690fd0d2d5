"""Loops beside Python: the same numbers, whoever runs them, and never longer than their block."""

import json
import os
import subprocess
import sys
from array import array

import numpy as np
import pytest

from openbell.machine.beside import beside
from openbell.machine.code import FLAG, INT, address
from openbell.machine.kept import run

LOOPS = "openbell.bars.loops"
MANY = 10**6
CODE = """
import json, os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
import numpy as np
from openbell.machine.beside import beside
from openbell.machine.code import FLAG, INT, address
ts, flags = np.arange(5), np.zeros(5, bool)
given = 5, 5, 0, address(ts, INT), address(ts, INT), address(flags, FLAG)
with beside("openbell.bars.loops", "mark", *given, bars=10**6):
    inside = flags.all()
print(json.dumps([bool(inside), flags.all().item(), "numba" in sys.modules]))
"""


def marking(bars: int) -> tuple[tuple[int, ...], np.ndarray, tuple[np.ndarray, ...]]:
    """Every second of so many stamps is to be marked; what lies at the addresses comes along."""
    stamps, flags = np.arange(bars), np.zeros(bars, bool)
    ts = stamps[::2].copy()
    given = len(ts), bars, 0, address(ts, INT), address(stamps, INT), address(flags, FLAG)
    return given, flags, (ts, stamps)


@pytest.mark.parametrize("bars", [1, 10, 1_000_000])
def test_a_loop_has_ended_when_the_block_is_left(bars):
    given, flags, _held = marking(bars)
    others, expected, _held_too = marking(bars)

    with beside(LOOPS, "mark", *given, bars=MANY):
        run(LOOPS, "mark", *others)

    assert flags.tolist() == expected.tolist()
    assert flags.sum() == (bars + 1) // 2


def test_a_loop_has_ended_when_the_block_raises():
    given, flags, _held = marking(1_000_000)

    with pytest.raises(KeyboardInterrupt), beside(LOOPS, "mark", *given, bars=MANY):
        raise KeyboardInterrupt

    assert flags.sum() == 500_000


def test_loops_run_beside_each_other():
    given = [marking(200_000) for _ in range(4)]

    with (
        beside(LOOPS, "mark", *given[0][0], bars=MANY),
        beside(LOOPS, "mark", *given[1][0], bars=MANY),
        beside(LOOPS, "mark", *given[2][0], bars=MANY),
        beside(LOOPS, "mark", *given[3][0], bars=MANY),
    ):
        numbers = array("q", range(1000))

    assert [flags.sum() for _, flags, _ in given] == [100_000] * 4
    assert sum(numbers) == 499_500


@pytest.mark.parametrize("processors", [1, 2])
def test_one_processor_runs_the_loop_first(processors, tmp_path):
    if len(os.sched_getaffinity(0)) < processors:
        pytest.skip("this machine gives the tests one processor")
    env = os.environ | {"OPENBELL_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", CODE, str(processors)]

    first, second = (
        json.loads(subprocess.run(command, capture_output=True, check=True, env=env).stdout) for _ in range(2)
    )

    assert first[1] is second[1] is True
    assert second[2] is False
    assert processors > 1 or first[0] is second[0] is True
