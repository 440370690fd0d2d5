import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from openbell.cli.main import main
from openbell.testing.market import SyntheticMarket

MARKET = SyntheticMarket(["SYNA", "SYNB", "SYNTHIN", "SYNNEW"], sessions=6)


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tidy")
    MARKET.write(folder)
    return folder


@pytest.fixture(scope="module")
def store(tidy: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("stores") / "data")
    assert main(["import", str(tidy), "--store", folder]) == 0
    return folder


def document(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


class TestImport:
    def test_says_what_became_of_each_series(self, tidy, tmp_path, capsys):
        report = document(["import", str(tidy), "--store", str(tmp_path / "new")], capsys)

        assert [one["symbol"] for one in report["series"]] == sorted(MARKET.symbols)
        added = {one["symbol"]: one["added"] for one in report["series"]}
        assert added["SYNA"] == len(MARKET.block("SYNA"))

    def test_again_changes_nothing_and_says_so(self, tidy, store, capsys):
        assert main(["import", str(tidy), "--store", store]) == 0

        assert "is as it was" in capsys.readouterr().out

    def test_of_a_dry_run_writes_nothing(self, tidy, tmp_path, capsys):
        assert main(["import", str(tidy), "--store", str(tmp_path / "new"), "--dry-run"]) == 0

        assert "dry run" in capsys.readouterr().out
        assert not (tmp_path / "new").exists()

    def test_refused_rows_are_success_unless_strict(self, tmp_path, capsys):
        file = tmp_path / "1m" / "SYNBAD.parquet"
        file.parent.mkdir()
        bars = MARKET.frame("SYNA").head(10)
        bars.with_columns(low=pl.when(pl.arange(0, 10) == 3).then(-1.0).otherwise("low")).write_parquet(file)

        assert main(["import", str(file), "--store", str(tmp_path / "a")]) == 0
        assert "refused rows" in capsys.readouterr().out
        assert main(["import", str(file), "--store", str(tmp_path / "b"), "--strict"]) == 1

    @pytest.mark.parametrize("said", [[], ["--adjusted"]])
    def test_tells_that_yahoo_adjusts_for_splits_unless_that_is_said(self, said, tmp_path, capsys):
        rows = [f"2024-03-0{day},10,11,9,10,5,100" for day in (4, 5, 6, 7, 8)]
        (tmp_path / "AAA.csv").write_text("\n".join(["Date,Open,High,Low,Close,Adj Close,Volume", *rows]))

        code = main(["import", str(tmp_path / "AAA.csv"), "--store", str(tmp_path / "s"), *said])

        told = "note: Yahoo adjusts open, high, low and close for splits" in capsys.readouterr().out
        assert (code, told) == (0, not said)

    def test_of_a_file_that_is_not_there_is_a_problem(self, tmp_path, capsys):
        failed = document(["import", str(tmp_path / "no.parquet"), "--store", str(tmp_path / "new")], capsys, code=1)

        assert "no.parquet" in failed["problems"][0]["where"]
        assert failed["problems"][0]["fix"]

    def test_of_nothing_says_so(self, tmp_path, capsys):
        (tmp_path / "empty").mkdir()

        assert main(["import", str(tmp_path / "empty"), "--store", str(tmp_path / "new")]) == 1

        said = capsys.readouterr()
        assert "nothing was imported" in said.out
        assert "no file of bars" in said.err

    def test_an_interval_that_is_none_is_wrong_usage(self, tidy, tmp_path, capsys):
        assert main(["import", str(tidy), "--store", str(tmp_path), "--interval", "fast"]) == 2

        assert "5m or 1d" in capsys.readouterr().err


class TestImportOfAFolder:
    @pytest.fixture
    def folder(self, tidy: Path, tmp_path: Path) -> Path:
        """Bars with what vendors put beside them."""
        folder = shutil.copytree(tidy, tmp_path / "bars")
        (folder / "README.md").write_text("# Bars\n")
        (folder / "README.txt").write_text("Bars of four symbols\nas they were\n")
        (folder / "SOURCE.json").write_text('{"vendor": "nobody"}')
        (folder / "symbols.csv").write_text("symbol,name\nSYNA,Synthetic A\n")
        (folder / "1m" / "LICENSE.txt").write_text("free\n")
        pl.DataFrame({"symbol": ["SYNA"], "shares": [10]}).write_parquet(folder / "shares.parquet")
        return folder

    def test_skips_what_is_no_table_of_bars_with_one_line(self, folder, tmp_path, capsys):
        assert main(["import", str(folder), "--store", str(tmp_path / "new")]) == 0

        said = capsys.readouterr()
        lines = [line for line in said.out.splitlines() if line.startswith("skipped")]
        assert len(lines) == 1
        assert "README.md" in lines[0]
        assert "and 1 more" in lines[0]
        assert "error" not in said.err

    def test_has_what_was_skipped_in_the_document(self, folder, tmp_path, capsys):
        report = document(["import", str(folder), "--store", str(tmp_path / "new"), "--strict"], capsys)

        skipped = {Path(path).name for path in report["skipped"]}
        assert skipped == {
            "README.md", "README.txt", "SOURCE.json", "symbols.csv", "LICENSE.txt", "shares.parquet",
        }  # fmt: skip
        assert len(report["files"]) == len(MARKET.symbols)
        assert report["problems"] == []

    @pytest.mark.parametrize("name", ["README.md", "SOURCE.json", "symbols.csv", "shares.parquet"])
    def test_is_lenient_and_a_file_that_is_named_by_hand_is_an_error(self, name, folder, tmp_path, capsys):
        words = ["import", str(folder / name), "--store", str(tmp_path / "new")]

        (problem,) = document(words, capsys, code=1)["problems"]

        assert name in problem["where"]
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize(("name", "content"), [("SYNX.parquet", b"PAR1 no more"), ("SYNX.csv", b"\x00\x01junk")])
    def test_never_passes_over_what_is_meant_to_be_bars(self, name, content, folder, tmp_path, capsys):
        (folder / "1m" / name).write_bytes(content)

        report = document(["import", str(folder), "--store", str(tmp_path / "new")], capsys, code=1)

        (problem,) = report["problems"]
        assert name in problem["where"]
        assert len(report["skipped"]) == 6
        assert len(report["series"]) == len(MARKET.symbols)
        assert main(["import", str(folder), "--store", str(tmp_path / "new")]) == 1
        assert "1 of 5 files could not be taken, see above; the others were" in capsys.readouterr().out

    def test_without_bars_fails_and_leaves_nothing(self, tmp_path, capsys):
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "README.txt").write_text("nothing here\n")

        words = ["import", str(tmp_path / "notes"), "--store", str(tmp_path / "new")]
        (problem,) = document(words, capsys, code=1)["problems"]

        assert "README.txt" in problem["fix"]
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize("source", ["blaizard_us_2024", "lean_us_equity"])
    def test_of_real_bars_needs_no_tidying_before(self, source, data, tmp_path, capsys):
        report = document(["import", str(data / source), "--store", str(tmp_path / "new")], capsys)

        assert any(path.endswith("SOURCE.json") for path in report["skipped"])
        assert all(file["problem"] is None for file in report["files"])


class TestList:
    def test_names_every_series_with_its_range(self, store, capsys):
        listed = document(["data", "list", "--store", store], capsys)["series"]

        first = next(one for one in listed if one["symbol"] == "SYNA")
        assert first["interval"] == "1m"
        assert first["market"] == "XNYS"
        assert (first["first"], first["last"]) == (str(MARKET.first_date), str(MARKET.last_date))
        assert first["bars"] == len(MARKET.block("SYNA"))
        assert first["sessions"] == 6

    def test_can_be_of_one_symbol_in_any_case(self, store, capsys):
        listed = document(["data", "list", "--store", store, "--symbol", "synb"], capsys)["series"]

        assert [one["symbol"] for one in listed] == ["SYNB"]

    @pytest.mark.parametrize("command", ["list", "coverage", "gaps"])
    def test_an_unknown_symbol_gets_the_nearest_one(self, command, store, capsys):
        (problem,) = document(["data", command, "--store", store, "--symbol", "SYNNE"], capsys, code=1)["problems"]

        assert "SYNNEW" in problem["fix"]

    @pytest.mark.parametrize("command", ["list", "coverage", "gaps"])
    def test_an_interval_that_is_not_stored_is_refused_with_those_that_are(self, command, store, capsys):
        (problem,) = document(["data", command, "--store", store, "--interval", "5m"], capsys, code=1)["problems"]

        assert "1m" in problem["fix"]

    @pytest.mark.parametrize("command", ["list", "coverage", "gaps"])
    def test_no_store_is_a_problem_and_makes_none(self, command, tmp_path, capsys):
        (problem,) = document(["data", command, "--store", str(tmp_path / "no")], capsys, code=1)["problems"]

        assert problem["fix"]
        assert not (tmp_path / "no").exists()


class TestCoverage:
    def test_is_the_share_of_expected_bars_per_symbol_and_session(self, store, capsys):
        rows = {row["symbol"]: row for row in document(["data", "coverage", "--store", store], capsys)["coverage"]}

        bars = len(MARKET.block("SYNA"))
        assert rows["SYNA"]["bars"] == bars
        assert rows["SYNA"]["expected"] == 6 * 390
        assert rows["SYNA"]["percent"] == pytest.approx(100 * bars / (6 * 390))
        assert len(rows["SYNA"]["sessions"]) == 6

    def test_expects_nothing_before_a_symbol_was_listed(self, store, capsys):
        rows = {row["symbol"]: row for row in document(["data", "coverage", "--store", store], capsys)["coverage"]}

        assert rows["SYNNEW"]["expected"] == 3 * 390

    def test_can_be_of_some_days(self, store, capsys):
        words = ["data", "coverage", "--store", store, "--start", "2024-05-22", "--end", "2024-05-23"]

        rows = document(words, capsys)["coverage"]

        assert list(rows[0]["sessions"]) == ["2024-05-22", "2024-05-23"]

    def test_shows_the_worst_symbol_first(self, store, capsys):
        assert main(["data", "coverage", "--store", store]) == 0

        lines = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("SYN")]
        assert lines[0] == "SYNTHIN"

    def test_of_days_that_are_no_sessions_is_a_problem(self, store, capsys):
        words = ["data", "coverage", "--store", store, "--start", "2024-05-25", "--end", "2024-05-26"]

        assert "longer range" in document(words, capsys, code=1)["problems"][0]["fix"]


class TestGaps:
    def test_add_up_to_what_is_missing(self, store, capsys):
        found = document(["data", "gaps", "--store", store], capsys)["gaps"]

        for one in found:
            assert one["missing"] == sum(hole["bars"] for hole in one["holes"]) + one["scattered"]
        synb = next(one for one in found if one["symbol"] == "SYNB")
        assert synb["missing"] == 6 * 390 - len(MARKET.block("SYNB"))

    def test_show_the_hour_in_which_nobody_traded(self, store, capsys):
        assert main(["data", "gaps", "--store", store, "--symbol", "SYNA"]) == 0

        assert "2024-05-24 15:3" in capsys.readouterr().out


class TestExport:
    @pytest.mark.parametrize("suffix", ["parquet", "csv"])
    def test_gives_back_what_was_imported(self, suffix, store, tmp_path, capsys):
        file = tmp_path / f"bars.{suffix}"

        words = ["data", "export", "--store", store, "--symbol", "syna", "--interval", "1m", "--out", str(file)]
        said = document(words, capsys)

        frame = pl.read_parquet(file) if suffix == "parquet" else pl.read_csv(file, try_parse_dates=True)
        bars = MARKET.block("SYNA")
        assert said["bars"] == len(frame) == len(bars)
        assert np.array_equal(frame["close"].to_numpy(), bars.close)
        assert frame["ts"].dt.epoch("ns").to_list() == bars.ts.tolist()

    def test_derives_an_interval_that_is_not_stored(self, store, tmp_path, capsys):
        file = tmp_path / "bars.parquet"

        main(["data", "export", "--store", store, "--symbol", "SYNA", "--interval", "1h", "--out", str(file)])

        frame = pl.read_parquet(file)
        assert len(frame) == 6 * 7 - 1  # the hour in which nobody traded is one window
        assert frame["volume"].sum() == MARKET.block("SYNA").volume.sum()


class TestRealBars:
    def test_nine_symbols_of_which_half_of_the_minutes_had_no_trade(self, data, tmp_path, capsys):
        store = str(tmp_path / "data")
        assert main(["import", str(data / "blaizard_us_2024"), "--store", store]) == 0

        listed = document(["data", "list", "--store", store], capsys)["series"]
        rows = document(["data", "coverage", "--store", store], capsys)["coverage"]

        assert sum(one["bars"] for one in listed) == 158_380
        assert sum(one["sessions"] for one in listed) == 1140
        assert all(10 < row["percent"] < 70 for row in rows)


class TestFoldersOfRuns:
    def test_are_not_taken_for_bars_and_told(self, tidy, tmp_path, capsys):
        shutil.copytree(tidy / "1m", tmp_path / "here" / "1m")
        for folder in ("run", "runs/mine/later"):
            state = tmp_path / "here" / folder / "state" / "2024-07-01"
            state.mkdir(parents=True)
            MARKET.frame("SYNA").write_parquet(state / "1m.parquet")
            (tmp_path / "here" / folder / "receipt.json").write_text("{}")

        report = document(["import", str(tmp_path / "here"), "--store", str(tmp_path / "a")], capsys)

        assert [Path(run).name for run in report["runs"]] == ["run", "later"]
        assert len(report["files"]) == len(MARKET.symbols)
        assert main(["import", str(tmp_path / "here"), "--store", str(tmp_path / "b")]) == 0
        assert "not read: what runs have left in" in capsys.readouterr().out


def test_an_export_of_days_that_are_no_range_is_wrong_usage(store, tmp_path, capsys):
    words = [
        "data",
        "export",
        "--store",
        store,
        "--symbol",
        "SYNA",
        "--interval",
        "1m",
        "--out",
        str(tmp_path / "e.csv"),
    ]

    (problem,) = document([*words, "--start", "2024-07-05", "--end", "2024-07-01"], capsys, code=2)["problems"]

    assert problem["what"] == "2024-07-05 to 2024-07-01 is no range of days."
    assert not (tmp_path / "e.csv").exists()
