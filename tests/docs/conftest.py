"""Folders in which the docs' pages run."""

from pathlib import Path

import pytest

from openbell.cli.main import main


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``make demo`` leaves it."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["demo", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, whose modules can be imported, and a terminal of 110 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    return tmp_path
