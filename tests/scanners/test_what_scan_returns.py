"""What a scanner may give back, and how it is told otherwise."""

from pathlib import Path

import pytest
from sessions import document

import openbell as ob

CLASS = """
import openbell as ob


class Mine(ob.Scanner):
    def filter(self, universe):
        return {filter}

    def scan(self, market):
        return {scan}
"""


def faults(store: Path, folder: Path, scan: str, filter: str = "None") -> list[str]:
    (folder / "mine.py").write_text(CLASS.format(scan=scan, filter=filter))
    scanners = [{"use": f"{folder / 'mine.py'}:Mine", "at": ["10:00"]}]
    report = ob.run(document(store, scanners=scanners, backtest={"start": "2024-06-06", "end": "2024-06-06"}))
    return [fault["what"] for fault in report.days[0].faults]


@pytest.mark.parametrize(
    ("scan", "told"),
    [
        ("market.price > 5", "scan returned names of which one is "),
        ("market.price", "scan returned names of which one is "),
        ("['NVDA', 5]", "names of which one is 5"),
        ("5", "scan returned 5, which is no list of names"),
        ("'NVDA'", "scan returned 'NVDA', which is no list of names"),
        ("self.picks('NVDA')", "picks got as promote 'NVDA'"),
        ("self.picks(drop=[None])", "picks got as drop names of which one is None"),
    ],
)
def test_what_is_no_names_is_a_fault_that_says_what_to_give(scan, told, store, tmp_path):
    (what,) = faults(store, tmp_path, scan)

    assert told in what
    assert "market.names(flags)" in what


@pytest.mark.parametrize("scan", ["None", "[]", "market.names(market.price > 5)", "(name for name in ['nvda'])"])
def test_names_and_nothing_are_taken(scan, store, tmp_path):
    assert faults(store, tmp_path, scan) == []


@pytest.mark.parametrize("filter", ["universe.previous_close", "[True, False]", "'NVDA'"])
def test_a_filter_takes_flags_or_names(filter, store, tmp_path):
    (what,) = faults(store, tmp_path, "[]", filter)

    assert "an array of flags or a list of names" in what
