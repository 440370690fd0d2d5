"""The page of a run: complete in itself, and drawn by a real browser."""

import base64
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from datetime import date as Date  # noqa: N812
from pathlib import Path

import numpy as np
import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main
from openbell.config.loader import load
from openbell.engine.strips import strips
from openbell.testing.market import SyntheticMarket

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
        strategies=[{"use": f"{tmp_path}/mine.py:Cross", "slow_after": 1e-7}],
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


def test_every_slot_of_the_days_that_were_run_is_there_or_missing(page: Path, store: Path):
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert held is not None
    strips = json.loads(held[1])["strips"]

    assert [day["date"] for day in strips["days"]] == ["2024-06-06", "2024-06-07", "2024-06-10"]
    last = strips["days"][-1]
    open_ms = int(datetime(2024, 6, 10, 13, 30, tzinfo=UTC).timestamp() * 1000)
    assert (last["stretches"], strips["width"]) == ([[open_ms, 390]], 60_000)
    day = ob.SessionCoordinator.from_file(document(store, session={"symbols": ["NVDA", "THIN"]}))
    day.start_day("2024-06-10")
    day.advance_to("16:00")
    for name in ("NVDA", "THIN"):
        bits = np.unpackbits(np.frombuffer(base64.b64decode(last["rows"][strips["symbols"].index(name)]), np.uint8))
        stamps = day.session_data.get_symbol_data(name).bars["1m"].today.ts
        assert np.flatnonzero(bits[:390]).tolist() == ((stamps // 1_000_000 - open_ms) // 60_000).tolist()


@pytest.mark.parametrize(
    ("market", "date", "slots"), [("XTKS", "2024-06-10", [150, 150]), ("24/7", "2024-06-08", [1440])]
)
def test_a_break_parts_the_slots_of_a_day(tmp_path: Path, market: str, date: str, slots: list[int]):
    made = SyntheticMarket(("AAA",), sessions=3, start=Date.fromisoformat(date) - timedelta(days=2), calendar=market)
    made.into_store(tmp_path / "store")
    changes = {"market": market, "backtest": {"start": made.dates[-1], "end": made.dates[-1]}}
    file = load(document(tmp_path / "store", session={"symbols": ["AAA"]}) | changes)

    (day,) = strips(file, ["AAA", "NOBODY"], [str(made.dates[-1])], "1m")["days"]

    assert [many for _, many in day["stretches"]] == slots
    assert len(day["rows"]) == 1


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_a_browser_draws_all_of_it_without_an_error(page: Path, tmp_path: Path, width: int):
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--enable-logging=stderr", "--virtual-time-budget=5000", f"--window-size={width},900", "--dump-dom",
        page.as_uri(),
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
        "Which 1m bars of a day are missing",
        "calls took longer than 1e-07 s",
        "load_historical",
    ):
        assert text in done.stdout, text
    assert done.stdout.count("<svg") >= 3
    assert done.stdout.count("<canvas") == 1


def test_a_folder_that_is_no_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["report", str(tmp_path)]) == 1
    assert "openbell run wrote" in capsys.readouterr().err


def test_without_its_store_the_page_says_why_there_are_no_charts(store: Path, tmp_path: Path):
    shutil.copytree(store, tmp_path / "moved")
    ob.run(document(tmp_path / "moved"), out=tmp_path / "run")
    shutil.rmtree(tmp_path / "moved")

    assert main(["report", str(tmp_path / "run")]) == 0

    assert "need the session's store" in (tmp_path / "run" / "report.html").read_text()
