"""The examples, each run as a user runs it."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = (
    "moving_average_cross",
    "gap_scanner",
    "whole_market_volume",
    "own_indicator",
    "asking_mid_day",
    "upgrade_light_symbol",
)
MORE = {"whole_market_volume": ["200"]}
SAYS = {
    "moving_average_cross": "fast above slow",
    "gap_scanner": "promoted by the scanner",
    "whole_market_volume": "scanner:RelativeVolume universe",
    "own_indicator": "5 rises in a row",
    "asking_mid_day": "Did you mean OAK?",
    "upgrade_light_symbol": "upgraded: True",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_says_what_it_should(name: str, folder: Path):
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), str(folder), *MORE.get(name, [])]

    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 0, done.stderr
    assert SAYS[name] in done.stdout


def test_every_file_there_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(NAMES)


@pytest.mark.parametrize("name", ["moving_average_cross", "gap_scanner", "own_indicator"])
def test_nothing_is_dropped_or_raised(name: str, folder: Path):
    report = loaded(name).main(folder)

    assert [day.faults for day in report.days] == [[] for _ in report.days]
    assert [day.dropped for day in report.days] == [{} for _ in report.days]
    assert sum(day.signals for day in report.days) > 0


@pytest.mark.filterwarnings("ignore")
def test_the_cross_ends_in_an_equity_curve(folder: Path):
    pytest.importorskip("vectorbt")
    import openbell as ob

    report = loaded("moving_average_cross").main(folder)

    equity = ob.to_vectorbt(report, init_cash=100_000, fees=0.0005).value()

    assert equity.iloc[0] == pytest.approx(100_000)
    assert len(equity) == 3 * 390
    assert equity.nunique() > 100
