"""What the pages tell a reader to do works, and prints what they show.

With ``OPENBELL_RECORD`` set, blocks that do not agree any more are rewritten instead; read the difference before you
commit it.
"""

import os
import shutil
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).resolve().parents[2]
SYNTHETIC = [
    "README.md",
    "docs/python.md",
    "docs/provisioning.md",
    "docs/asking.md",
    "docs/own-indicators.md",
    "docs/scanners.md",
    "docs/running.md",
]
REAL = ["docs/tutorial.md", "docs/first-hour.md", "docs/strategies.md"]


@pytest.mark.parametrize("page", SYNTHETIC)
def test_a_page_runs_on_the_demo(page: str, demo: Path, here: Path):
    (here / "demo").symlink_to(demo)

    follow(ROOT / page)


@pytest.mark.parametrize("page", REAL)
def test_a_page_runs_on_real_bars(page: str, data: Path, here: Path):
    shutil.copytree(data / "blaizard_us_2024" / "1m", here / "bars" / "1m")

    follow(ROOT / page)


def follow(page: Path) -> None:
    if os.environ.get("OPENBELL_RECORD"):
        pages.record(page)
        return
    wrong = [passage for passage in pages.passages(page) if not passage.agrees]
    told = "\n".join(f"line {one.line} says\n{one.said}\nand this is printed:\n{one.printed}" for one in wrong)
    assert not wrong, f"{page.name}\n{told}"
