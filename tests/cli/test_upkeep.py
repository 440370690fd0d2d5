import json
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from openbell.cli.main import main
from openbell.testing.market import SyntheticMarket

MARKET = SyntheticMarket(["SYNA", "SYNB"], sessions=3)
COMMANDS = [["log"], ["undo", "1"], ["compact"], ["clean"], ["verify"]]


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store into which one symbol came twice, the second time with other closes in its first hour."""
    folder = tmp_path_factory.mktemp("corrected")
    MARKET.write(folder / "first")
    assert main(["import", str(folder / "first"), "--store", str(folder / "data")]) == 0
    bars = MARKET.frame("SYNA").head(50).with_columns(close=pl.col("low"))
    (folder / "second" / "1m").mkdir(parents=True)
    bars.write_parquet(folder / "second" / "1m" / "SYNA.parquet")
    assert main(["import", str(folder / "second"), "--store", str(folder / "data")]) == 0
    return folder / "data"


@pytest.fixture
def store(corrected: Path, tmp_path: Path) -> Path:
    return shutil.copytree(corrected, tmp_path / "data")


def document(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def data_command(store: Path, *words: str) -> list[str]:
    return ["data", *words, "--store", str(store)]


def closes(store: Path, capsys: pytest.CaptureFixture[str]) -> list[float]:
    file = store.parent / "out.parquet"
    words = data_command(store, "export", "--symbol", "SYNA", "--interval", "1m", "--out", str(file))
    document(words, capsys)
    return pl.read_parquet(file)["close"].to_list()


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
class TestEveryCommand:
    def test_without_a_store_is_a_problem_and_makes_none(self, words, tmp_path, capsys):
        (problem,) = document(data_command(tmp_path / "no", *words), capsys, code=1)["problems"]

        assert problem["code"] == "no_store"
        assert problem["fix"]
        assert not (tmp_path / "no").exists()

    def test_beside_something_else_makes_nothing(self, words, tmp_path, capsys):
        assert main(data_command(tmp_path, *words)) == 1

        assert not list(tmp_path.iterdir())


class TestLog:
    def test_has_every_change_the_latest_first(self, store, capsys):
        imports = document(data_command(store, "log"), capsys)["imports"]

        assert [(one["import"], one["action"], one["undone"]) for one in imports] == [
            (2, "import", None),
            (1, "import", None),
        ]
        assert imports[0]["report"]["replaced"] > 0
        assert imports[1]["report"]["added"] == sum(len(MARKET.block(symbol)) for symbol in MARKET.symbols)

    def test_fits_a_terminal(self, store, capsys):
        assert main(data_command(store, "log")) == 0

        lines = capsys.readouterr().out.splitlines()
        assert "2 changes" in lines[1]
        assert all(len(line) <= 120 for line in lines)
        assert any("1m/SYNA.parquet and 1 more" in line for line in lines)


class TestUndo:
    def test_brings_back_what_was_replaced_and_can_be_undone(self, store, capsys):
        later = closes(store, capsys)

        undone = document(data_command(store, "undo", "2"), capsys)

        assert undone == {"import": 3, "undone": 2}
        before = closes(store, capsys)
        assert before == MARKET.block("SYNA").close.tolist()
        assert before != later
        assert main(data_command(store, "undo", "3")) == 0
        assert closes(store, capsys) == later

    def test_says_which_import_took_it_back(self, store, capsys):
        main(data_command(store, "undo", "2"))

        assert "data undo 3" in capsys.readouterr().out
        imports = document(data_command(store, "log"), capsys)["imports"]
        assert [(one["import"], one["undone"]) for one in imports] == [(3, None), (2, 3), (1, None)]

    @pytest.mark.parametrize(("number", "hint"), [("1", "data undo 2"), ("9", "data log")])
    def test_that_is_not_possible_says_what_is(self, number, hint, store, capsys):
        (problem,) = document(data_command(store, "undo", number), capsys, code=1)["problems"]

        assert hint in problem["fix"]
        assert len(document(data_command(store, "log"), capsys)["imports"]) == 2


class TestCompactAndClean:
    def test_keep_every_bar(self, store, capsys):
        before = closes(store, capsys)

        made = document(data_command(store, "compact"), capsys)
        assert (made["import"], made["before"], made["after"]) == (3, 2, 1)
        files = len(list(store.glob("bars/*/*.parquet")))
        gone = document(data_command(store, "clean", "--older-than", "0"), capsys)

        assert len(list(store.glob("bars/*/*.parquet"))) == files - gone["files"]
        assert gone["bytes"] > 0
        assert closes(store, capsys) == before
        assert document(data_command(store, "verify"), capsys)["ok"]

    def test_have_nothing_to_do_the_second_time(self, store, capsys):
        main(data_command(store, "compact"))

        assert document(data_command(store, "compact"), capsys)["import"] is None
        assert main(data_command(store, "compact")) == 0
        assert "nothing to bring together" in capsys.readouterr().out

    def test_deletes_nothing_of_this_week_unless_told(self, store, capsys):
        main(data_command(store, "compact"))

        assert document(data_command(store, "clean"), capsys) == {"files": 0, "bytes": 0}
        assert main(data_command(store, "undo", "3")) == 0


class TestVerify:
    def test_of_a_sound_store_says_so(self, store, capsys):
        assert document(data_command(store, "verify"), capsys)["problems"] == []

        assert main(data_command(store, "verify")) == 0
        assert "every file is as it was written" in capsys.readouterr().out

    def test_names_a_damaged_file_and_fails(self, store, capsys):
        file = next(store.glob("bars/1m/000002-*.parquet"))
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.chmod(0o644)
        file.write_bytes(content)

        found = document(data_command(store, "verify"), capsys, code=1)

        assert not found["ok"]
        damaged, skipped = found["problems"]
        assert file.name in damaged["where"]
        assert "SYNA" in damaged["fix"]
        assert (skipped["code"], skipped["severity"]) == ("not_verified", "warning")

    def test_a_file_that_nobody_names_is_a_warning(self, store, capsys):
        (store / "bars" / "1m" / "stray.parquet").write_bytes(b"PAR1")

        (problem,) = document(data_command(store, "verify"), capsys)["problems"]
        assert problem["code"] == "orphan"
        assert main(data_command(store, "verify", "--strict")) == 1

    def test_works_in_a_folder_that_may_only_be_read(self, store, capsys):
        store.chmod(0o555)
        try:
            assert main(data_command(store, "verify")) == 0
        finally:
            store.chmod(0o755)
        assert "catalog.sqlite-journal" not in os.listdir(store)


def spoil(file: Path) -> bytes:
    """Flip a bit of a file; returns what it held before."""
    before = file.read_bytes()
    content = bytearray(before)
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return before


class TestRepair:
    def test_lets_what_was_replaced_count_again_and_can_be_undone(self, store, capsys):
        later = closes(store, capsys)
        file = next(store.glob("bars/1m/000002-*.parquet"))
        content = spoil(file)

        assert document(data_command(store, "verify", "--repair"), capsys)["repairs"] == [3]

        assert closes(store, capsys) == MARKET.block("SYNA").close.tolist()
        again = document(data_command(store, "verify", "--repair"), capsys)
        assert again["ok"]
        assert again["repairs"] == []
        file.write_bytes(content)
        assert main(data_command(store, "undo", "3")) == 0
        assert closes(store, capsys) == later

    def test_of_a_compacted_file_brings_the_former_files_back(self, store, capsys):
        before = closes(store, capsys)
        main(data_command(store, "compact"))
        spoil(next(store.glob("bars/1m/000003-*.parquet")))

        assert document(data_command(store, "verify", "--repair"), capsys)["repairs"] == [4]

        assert closes(store, capsys) == before
        assert document(data_command(store, "verify"), capsys)["ok"]

    def test_of_a_sound_store_changes_nothing(self, store, capsys):
        assert document(data_command(store, "verify", "--repair"), capsys)["repairs"] == []

        assert len(document(data_command(store, "log"), capsys)["imports"]) == 2


class TestRealBars:
    @pytest.mark.parametrize("sample", ["AET-L-1d-100x-error", "MOB-ST-1d-bad-stock-split"])
    def test_a_known_defect_is_a_finding_and_stays_as_it_is(self, sample, data, tmp_path, capsys):
        file = data / "reference" / "quality" / "data" / f"{sample}.parquet"
        store = tmp_path / "data"
        words = ["--store", str(store), "--symbol", "BAD", "--interval", "1d", "--market", "XLON"]
        assert main(["import", str(file), *words]) == 0

        found = document(data_command(store, "verify"), capsys)

        assert found["ok"]
        assert "finding" in {problem["code"] for problem in found["problems"]}
        assert main(data_command(store, "verify", "--strict")) == 1

    def test_clean_bars_raise_no_finding(self, data, tmp_path, capsys):
        store = tmp_path / "data"
        assert main(["import", str(data / "blaizard_us_2024" / "1m"), "--store", str(store)]) == 0

        assert document(data_command(store, "verify"), capsys)["problems"] == []
