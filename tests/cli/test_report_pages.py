"""The page of a run: complete in itself, and drawn by a real browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

CROSS = """
import openbell as ob


class Cross(ob.Strategy):
    def setup(self, needs):
        self.sma = needs.indicator("sma", interval="5m", period=5)

    def on_bars(self, bars):
        if bars.interval == "5m" and bars.time.minute == 30:
            self.buy("NVDA", quantity=1, reason="</script><b>half past")
        if bars.time.strftime("%H:%M") == "12:00":
            self.desk.symbol("NOBODY")
"""


@pytest.fixture
def page(store: Path, tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(CROSS)
    made = document(
        store,
        session={"symbols": ["NVDA", "THIN", "ZZZZ"]},
        strategies=[{"use": f"{tmp_path}/mine.py:Cross"}],
        scanners=[
            {"use": "openbell.scanners.ready:Gap", "pre_session": True, "every": "30m", "params": {"gap": 0.001}}
        ],
    )
    ob.run(made, out=tmp_path / "run")
    assert main(["report", str(tmp_path / "run"), "--symbols", "nvda", "thin"]) == 0
    return tmp_path / "run" / "report.html"


def test_it_loads_nothing_and_holds_everything(page: Path):
    text = page.read_text()

    assert set(re.findall(r"https?://[^\"'\s]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert '<link rel="icon" href="data:,">' in text
    assert text.count("</script>") == 2
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert held is not None
    values = json.loads(held[1])
    (nvda, thin) = values["charts"]
    assert (nvda["symbol"], thin["symbol"], nvda["interval"]) == ("NVDA", "THIN", "5m")
    assert set(nvda["lines"]) == {"rsi_14_5m", "sma_5_5m"}
    assert len(nvda["lines"]["sma_5_5m"]) == len(nvda["bars"])
    assert values["signals"][0]["reason"] == "</script><b>half past"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_a_browser_draws_all_of_it_without_an_error(page: Path, tmp_path: Path):
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
    assert 'data-drawn="yes"' in done.stdout
    for text in (
        "NVDA 5m:",
        "dropped ZZZZ",
        "scanner:Gap",
        "strategy:Cross",
        "NOBODY",
        "The thinnest",
        "load_historical",
    ):
        assert text in done.stdout, text
    assert done.stdout.count("<svg") >= 3


def test_a_folder_that_is_no_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["report", str(tmp_path)]) == 1
    assert "openbell run wrote" in capsys.readouterr().err


def test_without_its_store_the_page_says_why_there_are_no_charts(store: Path, tmp_path: Path):
    shutil.copytree(store, tmp_path / "moved")
    ob.run(document(tmp_path / "moved"), out=tmp_path / "run")
    shutil.rmtree(tmp_path / "moved")

    assert main(["report", str(tmp_path / "run")]) == 0

    assert "need the session's store" in (tmp_path / "run" / "report.html").read_text()
