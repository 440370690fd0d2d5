# ruff: noqa: N805 (a definition's update has no self)
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from openbell.errors import IndicatorError
from openbell.indicators.compute import compute
from openbell.indicators.definition import indicator
from openbell.indicators.loops import loop_text

_DEFINITION = """
from openbell.indicators.definition import indicator
from {helper} import scaled

FACTOR = {factor}

@indicator
class Mine:
    class State:
        last: float

    def update(state, bar, p):
        state.last = scaled(bar.value) + FACTOR + {added}
        return state.last
"""
_HELPER = "def scaled(x):\n    return deeper(x) * {times}\n\ndef deeper(x):\n    return x + {plus}\n"


def _write(folder: Path, times=2.0, plus=0.0, factor=0.0, added=0.0, helper="aside"):
    (folder / f"{helper}.py").write_text(_HELPER.format(times=times, plus=plus))
    (folder / "mine.py").write_text(_DEFINITION.format(helper=helper, factor=factor, added=added))


def _run(folder: Path, code: str, **env: str) -> str:
    full = {**os.environ, "OPENBELL_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1", **env}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=full, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


_VALUE = "import mine; from openbell.indicators.compute import compute; print(compute(mine.Mine, close=[10.0])[0])"
_COMPILED = """
import sys, mine
from openbell.indicators.chain import Chain
from openbell.indicators.compute import indicator
from openbell.machine.watch import told
compiled = []
with told(compiled.append):
    Chain.of(indicator(mine.Mine, interval="1m")).compile()
print(len(compiled))
"""
# A package that says it is another numba, and is the one that is there.
_OTHER_NUMBA = """
import importlib.machinery, sys
here, sys.path[:] = __path__[0], [path for path in sys.path if path != {folder!r}]
__path__[:] = [importlib.machinery.PathFinder.find_spec("numba").submodule_search_locations[0]]
exec(compile(open(__path__[0] + "/__init__.py").read(), __path__[0] + "/__init__.py", "exec"))
"""
_FOR_NUMBA = """
import numpy as np
from openbell.indicators.definition import indicator

@indicator
class Mine:
    def update(state, bar, p):
        {body}
        return 2.0 * bar.value
"""
_ALLOCATES = _FOR_NUMBA.format(body="return np.full(int(bar.value), 2.0).sum()")
_RAISES = _FOR_NUMBA.format(body="if bar.value < 0.0: raise ValueError('below zero')")


class TestAnEditIsSeenByTheNextProcess:
    @pytest.mark.parametrize(
        ("edit", "value"),
        [
            ({"added": 5.0}, "25.0"),
            ({"times": 3.0}, "30.0"),
            ({"plus": 1.0}, "22.0"),
            ({"factor": 7.0}, "27.0"),
        ],
        ids=["of the definition", "of a helper", "of a helper's helper", "of a constant"],
    )
    def test_and_changes_the_numbers(self, tmp_path, edit, value):
        _write(tmp_path)
        assert _run(tmp_path, _VALUE) == "20.0"

        _write(tmp_path, **edit)

        assert _run(tmp_path, _VALUE) == value

    def test_and_nothing_is_compiled_again_without_one(self, tmp_path):
        _write(tmp_path)

        assert [_run(tmp_path, _COMPILED) for _ in range(2)] == ["1", "0"]

    def test_and_numba_is_not_even_loaded(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)

        assert _run(tmp_path, _COMPILED + "print('numba' in sys.modules)") == "0\nFalse"

    def test_a_comment_is_no_edit(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)

        for name in ("mine.py", "aside.py"):
            (tmp_path / name).write_text("# a comment\n" + (tmp_path / name).read_text())

        assert _run(tmp_path, _COMPILED) == "0"


class TestTheCache:
    def test_of_another_numba_is_made_anew(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)
        folder = tmp_path / "newer"
        (folder / "numba").mkdir(parents=True)
        (folder / "numba/__init__.py").write_text(_OTHER_NUMBA.format(folder=str(folder)))
        (folder / "numba/_version.py").write_text("version = '99.0'")

        assert _run(tmp_path, _COMPILED, PYTHONPATH=os.pathsep.join([str(folder), *sys.path])) == "1"

    def test_of_another_processor_is_made_anew(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)

        assert _run(tmp_path, _COMPILED, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == "1"

    def test_that_was_cut_off_is_made_anew(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)
        for file in (tmp_path / "cache/kernels").glob("*.code"):
            file.write_bytes(file.read_bytes()[:-100])

        assert [_run(tmp_path, _COMPILED), _run(tmp_path, _VALUE)] == ["1", "20.0"]

    def test_in_which_one_byte_is_another_is_made_anew(self, tmp_path):
        _write(tmp_path)
        _run(tmp_path, _COMPILED)
        for file in (tmp_path / "cache/kernels").glob("*.code"):
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 0xFF
            file.write_bytes(content)

        assert [_run(tmp_path, _COMPILED), _run(tmp_path, _VALUE), _run(tmp_path, _COMPILED)] == ["1", "20.0", "0"]

    def test_is_filled_by_many_processes_at_once(self, tmp_path):
        _write(tmp_path)
        full = {**os.environ, "OPENBELL_CACHE": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
        started = [
            subprocess.Popen(
                [sys.executable, "-c", _COMPILED + _VALUE], cwd=tmp_path, env=full, stdout=subprocess.PIPE, text=True
            )
            for _ in range(8)
        ]

        said = [process.communicate(timeout=120)[0].split() for process in started]

        assert [words[-1:] for words in said] == [["20.0"]] * 8
        assert _run(tmp_path, _COMPILED) == "0"
        assert not list((tmp_path / "cache/kernels").glob("*.part"))

    def test_of_another_processor_is_made_anew_with_the_same_bits(self, tmp_path):
        code = (
            "from openbell.indicators import registry; from openbell.testing.indicators import walk, values_of, cases\n"
            "import hashlib; digest = hashlib.sha256()\n"
            "for name in 'sma ema rsi macd bbands histvol alma adx psar choppiness'.split():\n"
            "    for case in cases(registry.definition(name), count=1):\n"
            "        digest.update(values_of(case.spec, walk(2000)).tobytes())\n"
            "print(digest.hexdigest())"
        )

        assert _run(tmp_path, code) == _run(tmp_path, code, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")

    def test_that_cannot_be_written_is_done_without(self, tmp_path):
        _write(tmp_path)
        (tmp_path / "cache").write_text("a file where the folder should be")

        assert _run(tmp_path, _VALUE) == "20.0"


class TestADefinitionThatAllocatesOrRaises:
    """Its machine code does not run by itself: numba has to load it."""

    def test_is_run_by_numba(self, tmp_path):
        (tmp_path / "mine.py").write_text(_ALLOCATES)

        assert [_run(tmp_path, _VALUE) for _ in range(2)] == ["20.0", "20.0"]
        _run(tmp_path, _COMPILED)
        assert _run(tmp_path, _COMPILED) == "0"

    def test_raises_what_it_raises(self, tmp_path):
        (tmp_path / "mine.py").write_text(_RAISES)

        caught = "import mine; from openbell.indicators.compute import compute\n"
        caught += "try: compute(mine.Mine, close=[-1.0])\nexcept ValueError as error: print(error)"

        assert _run(tmp_path, caught) == "below zero"


class TestADefinitionThatCannotBeCompiled:
    def test_is_named_with_its_line(self):
        @indicator
        class Words:
            def update(state, bar, p):
                text = "a"
                return text.no_such_method(bar.value)

        with pytest.raises(IndicatorError) as caught:
            compute(Words, close=[1.0])

        line = Words.update.__code__.co_firstlineno + 2
        assert caught.value.problems[0].where == f"{__file__}:{line}"
        assert "words cannot be compiled" in str(caught.value)

    def test_is_named_with_the_field_that_it_lacks(self):
        @indicator
        class Typo:
            class State:
                total: float

            def update(state, bar, p):
                state.totl = bar.value
                return state.totl

        with pytest.raises(IndicatorError, match=r"test_kernel.py:\d+: state.totl does not exist\n.*seen, total"):
            compute(Typo, close=[1.0])

    def test_is_named_when_it_hands_on_a_whole_record(self):
        @indicator
        class Whole:
            def update(state, bar, p):
                return len(bar)

        with pytest.raises(IndicatorError, match="uses bar as a whole"):
            compute(Whole, close=[1.0])

    def test_is_named_when_it_has_no_update(self):
        with pytest.raises(IndicatorError, match="has no update"):

            @indicator
            class Empty:
                pass


def test_the_loops_are_text_that_can_be_read():
    from openbell.indicators.averages import Ema

    text = loop_text(Ema.definition, False, "through")

    assert "state__mean = update(seen, state__mean, bar__value, p__period)" in text


def test_two_dimensions_are_symbols_and_bars():
    table = np.arange(12.0).reshape(2, 6)

    both = compute("sma", close=table, period=3)

    assert np.array_equal(both[1], compute("sma", close=table[1], period=3), equal_nan=True)


_CHAINED = """
import numpy as np
import openbell as ob
from openbell.indicators.chain import Chain

ema = ob.indicator("ema", interval="5m", period=9)
chain = Chain.of(ob.indicator("rsi", interval="5m", period=9, input=ema))
close = 100 + np.cumsum(np.random.default_rng(1).normal(size=400))
nowhere = np.zeros(400, np.int64)
values, _ = chain.run(chain.fresh(), (close,) * 5, nowhere, nowhere)
(whole,) = chain.table((close[None],) * 5, nowhere, nowhere)
print(values[0].tobytes() == whole[0].tobytes())
"""


def test_a_chain_works_on_what_its_links_made(tmp_path):
    """The C library fills memory that was given back, so what is read too late is not what it was."""
    assert _run(tmp_path, _CHAINED, MALLOC_PERTURB_="165") == "True"
