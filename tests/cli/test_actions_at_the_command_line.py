"""`import` of tables of actions, `data actions`, `data verify --quarantine`."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.cli.main import main
from openbell.testing.market import SyntheticMarket

MARKET = SyntheticMarket(["SYNA", "SYNB"], sessions=3)


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    MARKET.write(tmp_path / "market")
    assert main(["import", str(tmp_path / "market"), "--store", str(tmp_path / "data")]) == 0
    capsys.readouterr()
    return tmp_path / "data"


def spoken(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert main(words) == code
    return capsys.readouterr().out


def document(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict:
    return json.loads(spoken([*words, "--json"], capsys, code))


def splits(folder: Path, *rows: str) -> str:
    path = folder / "splits.csv"
    path.write_text("symbol,date,kind,value\n" + "\n".join(rows) + "\n")
    return str(path)


def test_a_table_of_actions_comes_in_and_is_listed(store, tmp_path, capsys):
    path = splits(tmp_path, "syna,2024-06-25,split,4:1", "SYNB,2024-06-26,dividend,0.25", "SYNB,2001-05-07,listed,")

    said = spoken(["import", path, "--store", str(store)], capsys)
    listed = document(["data", "actions", "--store", str(store)], capsys)["actions"]
    shown = spoken(["data", "actions", "--store", str(store), "--symbol", "synb"], capsys)

    assert "3 corporate actions, 3 of them new" in said
    assert "as import 2" in said
    assert listed[0] == {"symbol": "SYNA", "date": "2024-06-25", "kind": "split", "value": 4.0}
    assert [one["kind"] for one in listed] == ["split", "listed", "dividend"]
    assert "2 corporate actions" in " ".join(shown.split())
    assert "SYNA" not in shown


def test_a_store_without_actions_lists_none(store, capsys):
    assert document(["data", "actions", "--store", str(store)], capsys) == {"actions": []}


def test_a_bad_row_is_told_with_its_line_and_nothing_comes_in(store, tmp_path, capsys):
    path = splits(tmp_path, "SYNA,2024-06-25,split,4", "SYNA,yesterday,split,4")

    told = document(["import", path, "--store", str(store)], capsys, code=1)

    assert [problem["where"] for problem in told["problems"]] == [f"{path}, line 3"]
    assert document(["data", "actions", "--store", str(store)], capsys) == {"actions": []}


def test_a_table_of_something_else_that_is_called_actions_is_refused(store, tmp_path, capsys):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")

    told = document(["import", str(path), "--format", "actions", "--store", str(store)], capsys, code=1)

    assert "no columns for a symbol, a date" in told["problems"][0]["what"]
    assert "symbol,date,kind,value" in told["problems"][0]["fix"]


def test_adjusted_prices_beside_raw_ones_are_refused(store, tmp_path, capsys):
    words = ["import", str(tmp_path / "market"), "--adjusted", "--store", str(store)]

    told = document(words, capsys, code=1)

    assert {problem["code"] for problem in told["problems"]} == {"mixed_adjustment"}


def test_bars_with_wrong_prices_are_set_aside_on_demand(store, tmp_path, capsys):
    bad = MARKET.frame("SYNA").slice(100, 20)
    bad = bad.with_columns(pl.col("open", "high", "low", "close") * 100)
    (tmp_path / "bad" / "1m").mkdir(parents=True)
    bad.write_parquet(tmp_path / "bad" / "1m" / "SYNA.parquet")
    assert main(["import", str(tmp_path / "bad"), "--store", str(store)]) == 0
    capsys.readouterr()

    repaired = document(["data", "verify", "--repair", "--store", str(store)], capsys)
    aside = document(["data", "verify", "--quarantine", "--store", str(store)], capsys)
    after = document(["data", "verify", "--store", str(store)], capsys)

    assert (repaired["repairs"], repaired["removed"]) == ([], 0)
    assert (aside["repairs"], aside["removed"]) == ([3], 20)
    rows = pl.read_csv(aside["quarantine"])
    assert np.allclose(rows["close"].to_numpy(), bad["close"].to_numpy())
    assert after["problems"] == []


def test_a_folder_with_the_store_in_it_says_that_its_files_are_not_read(store, tmp_path, capsys):
    said = spoken(["import", str(tmp_path), "--store", str(store)], capsys)

    assert "not read: 2 files of the store itself, which lies in the folder" in said
