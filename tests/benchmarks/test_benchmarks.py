import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lines import Line, Unit, least, most, ratio_of
from benchmarks.record import record, regressions
from benchmarks.table import rendered

ROOT = Path(__file__).resolve().parents[2]
LINES = """
start of day|replay 6, arrays, all indicators|replay 6, no callback|replay 6, per bar|dispatch 6, an instant|
dispatch 6, a 1m bar|scan of 12, start of day|scan of 12, the day|scan of 12, one scan|
on_bars of 6, an instant|on_bar of 6, a bar|full symbol into 2|full symbol into 12|full symbol into 12, growth|
light symbol into 12|
indicator on what is there|light symbol in a batch|process: openbell run|process: openbell run, no kernel cache|
process: import openbell|process: openbell --help|process: openbell check|whole market, start|
whole market, an instant|growth, symbols|growth, days|growth, indicators|replay of 1s bars|years, a later day|
years, memory on the last day|store: universe|store: one symbol|store: one more day|store: import
"""


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, object]]]:
    folder = tmp_path_factory.mktemp("benchmarks")
    done = ran("benchmarks", "--smoke", "--data", str(folder / "data"), "--results", str(folder / "results"))
    (results,) = (folder / "results").glob("*.jsonl")
    return done.stdout, json.loads(results.read_text().splitlines()[-1])["lines"]


@pytest.mark.parametrize("name", [name.strip() for name in LINES.split("|")])
def test_one_command_measures(smoke, name):
    table, lines = smoke

    assert any(line["name"].startswith(name) for line in lines)
    assert f"\n{name}" in table


def ran(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
    env = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_every_way_of_reading_sees_the_same_bars_values_and_hits(tmp_path):
    nobody = str(tmp_path / "no-python")

    done = ran("benchmarks.peers", "--symbols", "3", "--sessions", "4", "--data", str(tmp_path), "--python", nobody)

    rows = [line for line in done.stdout.splitlines() if line.startswith("openbell, ")]
    assert len(rows) == 3
    assert [row.split()[-3:] for row in rows] == [["yes", "yes", "yes"]] * 3
    assert "backtrader: no environment can do `import backtrader`" in done.stderr


class TestLine:
    def test_says_whether_its_bar_is_reached(self):
        ratio = Line("a", [2.0, 4.0, 3.0], limit=[1.0, 1.0, 1.0], bar=ratio_of(2.5))
        rate = Line("b", [0.5], Unit.RATE, work=2e6, bar=least(4.0))
        plain = Line("c", [0.003], bar=most(4.0))

        assert (ratio.ratio, ratio.met) == (3.0, False)
        assert (rate.figure, rate.met) == (4.0, True)
        assert (plain.figure, plain.met) == (3.0, True)
        assert Line("d", [1.0], bar=most(4.0, False)).met is None

    def test_compares_what_was_measured_in_the_same_turn(self):
        disturbed = Line("a", [1.0, 10.0, 1.0], limit=[0.5, 5.0, 0.25])

        assert disturbed.ratio == 2.0

    def test_shows_the_tail_where_the_tail_is_asked(self):
        line = Line("a", [0.001] * 99 + [0.05], tail=True, bar=most(15.0))

        assert (line.figure, line.met) == (50.0, False)
        assert "a (p99)" in rendered([line])


class TestGuard:
    def test_fails_above_half_as_much_again(self, tmp_path):
        path = tmp_path / "recorded.json"
        record([Line("a", [2.0], limit=[1.0], limit_name="polars")], path)

        assert regressions([Line("a", [2.9], limit=[1.0], limit_name="polars")], path) == []
        assert regressions([Line("a", [3.1], limit=[1.0], limit_name="polars")], path) == [
            "a: 3.10 times polars, recorded 2.00"
        ]
        assert regressions([Line("another", [9.0], limit=[1.0])], path) == []

    def test_keeps_what_a_run_did_not_measure(self, tmp_path):
        path = tmp_path / "recorded.json"
        record([Line("a", [2.0], limit=[1.0])], path)

        record([Line("b", [3.0], limit=[1.0])], path)

        assert json.loads(path.read_text()) == {"a": 2.0, "b": 3.0}
