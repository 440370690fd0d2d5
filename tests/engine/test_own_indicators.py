"""Users' own indicators, from a file beside the session file to the numbers of a run."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from sessions import document, make_store, started, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.config.loader import load
from openbell.config.writing import toml_text
from openbell.testing.market import SyntheticMarket

SWING = """from openbell.define import indicator, param

def scaled(x):
    return 2.0 * x

@indicator
class Swing:
    period: int = param(minimum=1)
    class State:
        last: float
    def lookback(p):
        return 2
    def update(state, bar, p):
        move, state.last = bar.value - state.last, bar.value
        return scaled(move) / p.period
"""
MINE = {"use": "own.py:Swing", "interval": "5m", "params": {"period": 4}}
RUN = "import sys, openbell as ob; ob.run(sys.argv[1], out=sys.argv[2])"


def written(folder: Path, store: Path, code: str = SWING, **changes: object) -> Path:
    """A session file with an indicator's file beside it."""
    (folder / "own.py").write_text(code)
    file = folder / "session.toml"
    file.write_text(toml_text(document(store, indicators=[MINE | changes])))
    return file


def problem_of(file: Path) -> ob.Problem:
    (problem,) = ob.check(file)
    return problem


def value_of(day: ob.SessionCoordinator, symbol: str = "NVDA") -> float:
    return day.session_data.get_symbol_data(symbol).indicators["swing_4_5m"].current_value


class TestAFileBesideTheSessionFile:
    def test_gives_an_indicator_like_any_other(self, tmp_path: Path, store: Path):
        day = ob.SessionCoordinator.from_file(written(tmp_path, store))
        day.start_day()
        before = value_of(day)

        day.advance_to("10:00")

        close = day.session_data.get_symbol_data("NVDA").bars["5m"].close
        assert before == 2.0 * (close[-7] - close[-8]) / 4
        assert value_of(day) == 2.0 * (close[-1] - close[-2]) / 4

    def test_works_on_others_and_others_on_it(self, tmp_path: Path, store: Path):
        inner = {"name": "sma", "input": {"use": "own.py:Swing", "params": {"period": 4}}, "params": {"period": 3}}
        (tmp_path / "own.py").write_text(SWING)
        file = tmp_path / "session.toml"
        wishes = [inner | {"interval": "5m"}, MINE | {"input": {"name": "ema", "params": {"period": 9}}}]
        file.write_text(toml_text(document(store, indicators=wishes)))
        day = ob.SessionCoordinator.from_file(file)

        day.start_day()

        indicators = day.session_data.get_symbol_data("NVDA").indicators
        assert sorted(indicators) == ["sma_3_of_swing_4_5m", "swing_4_of_ema_9_5m"]
        assert all(one.valid for one in indicators.values())

    def test_can_be_asked_for_in_the_middle_of_a_day(self, tmp_path: Path, store: Path):
        first = ob.SessionCoordinator.from_file(written(tmp_path, store, symbols=["NVDA"]))
        first.start_day()
        first.advance_to("11:00")

        result = first.add_indicator("TSLA", MINE)

        other = started(store, at="11:00", indicators=[])
        other.add_indicator("TSLA", MINE | {"use": f"{tmp_path / 'own.py'}:Swing"})
        assert result.ok, result.problems
        assert value_of(first, "TSLA") == value_of(other, "TSLA")

    def test_stands_in_the_file_of_a_run_with_its_whole_path(self, tmp_path: Path, store: Path):
        file = load(written(tmp_path, store))

        assert f'use = "{tmp_path}/own.py:Swing"' in file.text

    def test_is_read_anew_by_the_next_process_after_an_edit_of_a_helper(self, tmp_path: Path, store: Path):
        file = written(tmp_path, store)
        once = run_elsewhere(file, tmp_path / "one")
        again = run_elsewhere(file, tmp_path / "two")
        (tmp_path / "own.py").write_text(SWING.replace("2.0 * x", "6.0 * x"))

        edited = run_elsewhere(file, tmp_path / "three")

        assert once == again
        assert edited == pytest.approx(3.0 * once)
        assert "own.py" in json.loads((tmp_path / "three" / "receipt.json").read_text())["files"]


def run_elsewhere(file: Path, out: Path) -> float:
    """The value at the end of a run in a process of its own, with a cache of its own beside the file."""
    environment = os.environ | {"XDG_CACHE_HOME": str(file.parent / "cache"), "COVERAGE_PROCESS_START": ""}
    subprocess.run([sys.executable, "-c", RUN, str(file), str(out)], check=True, env=environment)
    last = json.loads((out / "report.json").read_text())["days"][-1]
    return last["symbols"]["NVDA"]["indicators"]["swing_4_5m"]["value"]


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("changes", "key", "what"),
        [
            ({"use": "nowhere.py:Swing"}, "use", "there is no file"),
            ({"use": "own.py:Swnig"}, "use", "has no class 'Swnig'"),
            ({"use": "no.such.module:Swing"}, "use", "No module named 'no'"),
            ({"name": "sma"}, "use", "an indicator has one of the two"),
            ({"params": {}}, "params.period", "needs period"),
            ({"params": {"perod": 4, "period": 4}}, "params.perod", "has no parameter 'perod'"),
            ({"column": "clsoe"}, "column", "does not exist"),
        ],
    )
    def test_in_the_session_file_is_told_with_its_key(
        self, tmp_path: Path, store: Path, changes: dict[str, object], key: str, what: str
    ):
        problem = problem_of(written(tmp_path, store, **changes))

        assert problem.where == f"{tmp_path / 'session.toml'}: indicators[0].{key}"
        assert what in problem.what

    @pytest.mark.parametrize(
        ("code", "what"),
        [
            (SWING.replace("2.0 * x", "2.0 *"), "own.py:4: cannot be loaded: SyntaxError"),
            (SWING + "\nx = 1 / 0\n", "own.py:17: cannot be loaded: ZeroDivisionError"),
            (SWING.replace("@indicator", ""), "is not an indicator"),
            (SWING.replace("last: float", "last: str"), "own.py:6: state field last"),
            (SWING.replace("state.last = bar.value", "state.lst = bar.value"), "own.py:14: state.lst does not exist"),
            (SWING.replace("return 2\n", "return p.perod\n"), "own.py:12: lookback(p) of swing failed"),
            (SWING.replace("period: int", "period: list"), "own.py:6: parameter period"),
            (SWING.replace("class Swing", "class Sma"), "has no class 'Swing'"),
            (SWING.replace("class Swing:", "class Swing:\n    name = 'sma'"), "belongs to an indicator of openbell"),
        ],
    )
    def test_in_the_code_is_told_with_its_line(self, tmp_path: Path, store: Path, code: str, what: str):
        problem = problem_of(written(tmp_path, store, code=code))

        assert problem.where == f"{tmp_path / 'session.toml'}: indicators[0].use"
        assert what in problem.what

    def test_two_of_one_name_cannot_stand_in_one_file(self, tmp_path: Path, store: Path):
        (tmp_path / "own.py").write_text(SWING)
        (tmp_path / "other.py").write_text(SWING.replace("2.0", "3.0"))
        file = tmp_path / "session.toml"
        file.write_text(toml_text(document(store, indicators=[MINE, MINE | {"use": "other.py:Swing"}])))

        problem = problem_of(file)

        assert (problem.where, problem.code) == (f"{file}: indicators[1].use", "name_taken")

    def test_what_cannot_be_compiled_drops_the_symbol_and_names_the_line(self, tmp_path: Path, store: Path):
        code = SWING.replace("return scaled(move)", "return len(move)")
        day = ob.SessionCoordinator.from_file(written(tmp_path, store, code=code, symbols=["NVDA"]))

        with pytest.raises(ob.SessionError) as caught:
            day.start_day()

        (problem,) = caught.value.problems
        assert problem.where == f"{tmp_path / 'own.py'}:15"
        assert problem.code == "not_compilable"

    def test_what_raises_drops_those_symbols_whose_bars_make_it_raise(self, tmp_path: Path):
        names = [f"S{number}" for number in range(12)]
        prices = make_store(tmp_path, names, 3)
        check = "if bar.value > 100.0: raise ValueError('too much')\n        return scaled"
        (tmp_path / "own.py").write_text(SWING.replace("return scaled", check))
        rule = MINE | {"use": f"{tmp_path / 'own.py'}:Swing"}

        def left(symbols: list[str]) -> tuple[str, ...]:
            wanted = document(prices, session={"symbols": symbols}, indicators=[rule], history=[])
            day = ob.SessionCoordinator.from_file(wanted)
            with suppress(ob.SessionError):
                results.extend(day.start_day())
            return day.session_data.symbols

        results: list[ob.ProvisioningResult] = []
        together = left(names)

        assert 0 < len(together) < len(names)
        failed = [result for result in results if not result.ok]
        assert {result.failed_step for result in failed} == {"register_indicator"}
        assert {result.steps[-1].step for result in failed} == {"load_session"}
        assert together == tuple(sorted(name for name in names if left([name])))

    def test_a_refused_ask_changes_nothing(self, tmp_path: Path, store: Path):
        day = started(store, at="10:00")
        before = day.fingerprint()

        result = day.add_indicator("NVDA", MINE | {"use": str(tmp_path / "nowhere.py:Swing")})

        assert (result.status, day.fingerprint()) == ("refused", before)
        assert "there is no file" in result.problems[0].what


def test_the_same_numbers_come_out_of_the_plain_function(tmp_path: Path, store: Path):
    day = ob.SessionCoordinator.from_file(written(tmp_path, store, keep=True))
    day.start_day()
    day.advance_to("12:00")

    view = day.session_data.get_symbol_data("NVDA")

    alone = ob.compute("swing", close=view.bars["5m"].close, period=4)
    assert np.array_equal(view.indicators["swing_4_5m"].series[0], alone, equal_nan=True)


PICKY = """from openbell.define import indicator, param


@indicator
class Picky:
    kind = "window"
    period: int = param(minimum=1)

    class State:
        last: float

    def lookback(p):
        return p.period

    def update(state, bar, p):
        if bar.value > 10_000.0:
            raise ValueError("too dear")
        state.last = bar.value
        return bar.value
"""


def spiked(folder: Path, symbols: tuple[str, ...], day: str, minute: int) -> Path:
    """A store in which the second symbol is dear for four minutes."""
    market = SyntheticMarket(symbols, sessions=10)
    blocks = dict(market.blocks())
    block = blocks[symbols[1]]
    opened = int(np.datetime64(f"{day}T13:30", "ns").astype(np.int64)) + minute * 60_000_000_000
    place = int(np.searchsorted(block.ts, opened))
    assert block.ts[place] == opened
    columns = [column.copy() for column in block.columns]
    columns[1][place : place + 4] = columns[3][place : place + 4] = 20_000.0
    blocks[symbols[1]] = Block(block.ts, *columns)
    return store_blocks(folder, blocks)


class TestOneThatRaisesInTheMiddleOfADay:
    SYMBOLS = ("SYNA", "SYNB", "SYNC")

    def file(self, folder: Path, interval: str) -> Path:
        dates = SyntheticMarket(self.SYMBOLS, sessions=10).dates
        (folder / "own.py").write_text(PICKY)
        changes = {
            "session": {"symbols": list(self.SYMBOLS), "intervals": ["1m", "5m"]},
            "backtest": {"start": dates[6], "end": dates[7]},
            "history": [],
            "indicators": [{"use": "own.py:Picky", "interval": interval, "params": {"period": 2}}],
        }
        store = spiked(folder, self.SYMBOLS, dates[6].isoformat(), 31)
        (folder / "session.toml").write_text(toml_text(document(store, **changes)))
        return folder / "session.toml"

    @pytest.mark.parametrize(("interval", "at", "bars"), [("1m", "10:02", 32), ("5m", "10:05", 35)])
    @pytest.mark.parametrize("way", ["in one go", "step by step"])
    def test_ends_the_day_at_that_instant_and_is_named(self, interval, at, bars, way, tmp_path):
        day = ob.SessionCoordinator.from_file(self.file(tmp_path, interval))
        day.start_day()
        day.advance_to("10:00")
        if way == "step by step":
            day.on_instant = lambda now: None

        with pytest.raises(ob.OpenbellError) as caught:
            day.advance_to("11:00")

        (problem,) = caught.value.problems
        assert problem.where == f"SYNB/picky_2_{interval}"
        assert problem.code == "indicator_raised"
        assert f"{at}:00: ValueError: too dear" in problem.what
        assert "own.py line 17, in update" in problem.fix
        assert f"{day.time.at(day.time.now):%H:%M}" == at
        assert day.instants == bars
        for symbol in self.SYMBOLS[:2]:
            series = day.session_data.get_symbol_data(symbol).bars
            assert series["1m"].ts[-1] == day.time.now - 60_000_000_000
            assert len(series["5m"].today) == bars // 5
        with pytest.raises(ob.OpenbellError, match="no day is active"):
            day.advance_to("11:00")

    def test_leaves_the_next_day_as_good_as_any(self, tmp_path):
        file = self.file(tmp_path, "1m")
        day, other = (ob.SessionCoordinator.from_file(file) for _ in range(2))
        day.start_day()
        with pytest.raises(ob.OpenbellError, match="too dear"):
            day.advance_to("16:00")

        day.start_day()
        other.start_day(day.time.today.date)

        assert day.finish_day().digest == other.finish_day().digest
