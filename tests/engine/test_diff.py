"""Run folders, their receipts, and where two of them part."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from sessions import document

import openbell as ob
from openbell.cli.main import main
from openbell.engine.diff import diff
from openbell.store.importing import import_frames

TRADER = """
import openbell as ob


class Trader(ob.Strategy):
    hour: str = "11:00"

    def on_bars(self, bars):
        if bars.interval == "1m" and bars.time.strftime("%H:%M") == self.hour:
            self.buy("NVDA", price=float(bars.close[0]))
"""


@pytest.fixture
def run(store: Path, tmp_path: Path):
    """Runs a session into a folder of a name."""
    shutil.copytree(store, tmp_path / "store")
    (tmp_path / "mine.py").write_text(TRADER)

    def ran(name: str, hour: str = "11:00", **words) -> Path:
        rules = [{"use": f"{tmp_path}/mine.py:Trader", "params": {"hour": hour}}]
        ob.run(document(tmp_path / "store", strategies=rules), out=tmp_path / name, **words)
        return tmp_path / name

    return ran


def restate(folder: Path, ts: str, close: float) -> None:
    """A vendor's correction of one bar of NVDA."""
    frame = pl.DataFrame(
        {"ts": [ts], "open": [close], "high": [close], "low": [close], "close": [close], "volume": [1.0]}
    )
    frame = frame.with_columns(pl.col("ts").str.to_datetime(time_unit="ns", time_zone="UTC"))
    import_frames({("NVDA", "1m"): frame}, folder / "store", market="XNYS")


def test_a_receipt_says_what_ran(run):
    folder = run("one")

    receipt = json.loads((folder / "receipt.json").read_text())
    bars = pl.read_parquet(folder / "receipt-bars.parquet")

    assert receipt["versions"]["openbell"] == ob.__version__
    assert list(receipt["files"]) == ["mine.py"]
    assert set(bars["interval"]) == {"1m", "5m"}
    days = json.loads((folder / "report.json").read_text())["days"]
    assert bars.filter(interval="1m", session="2024-06-06")["bars"].to_list() == [days[0]["bars"]]
    assert len(bars) == len(bars.unique(["symbol", "interval", "session"]))


def test_the_same_twice_is_the_same(run):
    parting = diff(run("one"), run("two"))

    assert parting.same
    assert str(parting) == "The two runs are the same."


def test_a_restated_bar_is_named_with_all_that_follows(run, tmp_path: Path):
    one = run("one", keep_state=True)
    restate(tmp_path, "2024-06-07 14:30:00", 5.0)

    parting = diff(one, run("two", keep_state=True))

    first = parting.causes[0]
    assert (first.kind, first.where) == ("bars", "NVDA 1m of 2024-06-07, bar 2024-06-07 14:30:00 UTC")
    assert "close 5.0" in first.two
    assert "close 5.0" not in first.one
    assert {(one.kind, one.where) for one in parting.causes} == {
        ("bars", "NVDA 1m of 2024-06-07, bar 2024-06-07 14:30:00 UTC"),
        ("bars", "NVDA 5m of 2024-06-07, bar 2024-06-07 14:30:00 UTC"),
    }
    assert "digest" in parting.counts
    assert parting.why == "They part because of other bars."


def test_without_kept_state_the_session_is_named(run, tmp_path: Path):
    one = run("one")
    restate(tmp_path, "2024-06-07 14:30:00", 5.0)

    parting = diff(one, run("two"))

    assert parting.causes[0].where == "NVDA 1m of 2024-06-07"
    assert "--keep-state" in parting.causes[0].one


def test_other_parameters_are_a_cause_and_other_signals_an_effect(run):
    parting = diff(run("one"), run("two", hour="12:00"))

    assert [one.kind for one in parting.causes] == ["session file"]
    assert ('hour = "11:00"' in parting.causes[0].one, 'hour = "12:00"' in parting.causes[0].two) == (True, True)
    assert [one.kind for one in parting.effects] == ["signal"]
    assert "2024-06-06 11:00:00-04:00" in parting.effects[0].one


def test_an_edited_strategy_is_a_cause(run, tmp_path: Path):
    one = run("one")
    (tmp_path / "mine.py").write_text(TRADER.replace("self.buy", "self.sell"))

    parting = diff(one, run("two"))

    assert [(found.kind, found.where) for found in parting.causes] == [("file", "mine.py")]
    assert "sell" in parting.effects[0].two


def test_the_command_says_so_and_exits_accordingly(run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one, two = run("one"), run("two", hour="12:00")

    codes = [main(["diff", str(one), str(other), "--json"]) for other in (one, two)]

    same, parted = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert codes == [0, 1]
    assert (same["same"], parted["same"]) == (True, False)
    assert main(["diff", str(one), str(tmp_path / "nothing")]) == 1
    assert "openbell run wrote" in capsys.readouterr().err
