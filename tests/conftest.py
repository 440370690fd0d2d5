import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

_NO_DATA = "no market data"

# The same examples each time, so that a change is what a failure comes from; the long run draws others each night.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("others", deadline=None)
settings.load_profile("others" if os.environ.get("OPENBELL_NIGHTLY") else "same")


def _data_folder() -> Path:
    chosen = os.environ.get("OPENBELL_DATA")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_configure() -> None:
    # A shell that starts the tests in the background has Ctrl-C ignored, for our processes as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real market data, see its MANIFEST.md."""
    folder = _data_folder()
    if not (folder / "MANIFEST.md").is_file():
        pytest.skip(f"{_NO_DATA} in {folder}: set OPENBELL_DATA to the folder that holds MANIFEST.md")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    lacking = [reason for reason in reasons if _NO_DATA in reason]
    if lacking:
        terminalreporter.section("tests on real data")
        terminalreporter.line(f"{len(lacking)} tests were SKIPPED: there is {_NO_DATA} in {_data_folder()}.")
        terminalreporter.line("Set OPENBELL_DATA to the folder that holds MANIFEST.md to run them.")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of synthetic bars: see `sessions.make_store`."""
    from sessions import make_store

    return make_store(tmp_path_factory.mktemp("market"))
