import io
import json
import os
import pty
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from openbell.bars.interval import Interval
from openbell.cli.heatmap import UNEXPECTED, Picture, heat_map
from openbell.cli.heatpage import heat_page
from openbell.cli.main import main
from openbell.store.coverage import Coverage

MINUTE = Interval.parse("1m")
BLOCKS = set("·░▒▓█")


@pytest.fixture(scope="module")
def store(data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("stores") / "data")
    assert main(["import", str(data / "blaizard_us_2024" / "1m"), "--store", folder]) == 0
    return folder


def coverage_of(present: list[list[int]], expected: int = 10, listed: int = 0) -> Coverage:
    """Rows of bars per session; symbols S00, S01, ...; nothing expected in the first sessions of the last symbol."""
    bars = np.array(present, np.int32)
    wanted = np.full(bars.shape, expected, np.int32)
    wanted[-1, :listed] = 0
    dates = tuple(date(2024, 1, 1) + timedelta(days=day) for day in range(bars.shape[1]))
    return Coverage(MINUTE, tuple(f"S{row:02}" for row in range(len(bars))), dates, bars, wanted)


def printed(coverage: Coverage, width: int, encoding: str = "utf-8", rows: int = 40) -> list[str]:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, write_through=True) as stream:
        Console(file=stream, width=width).print(Picture(coverage, rows))
        return raw.getvalue().decode(encoding).splitlines()


class TestTheMap:
    def test_tells_none_some_much_and_all_apart(self):
        levels = heat_map(coverage_of([[0, 1, 4, 9, 10]]), 5).levels

        assert levels.tolist() == [[0, 1, 2, 3, 4]]

    def test_leaves_out_what_is_not_expected_and_puts_the_worst_first(self):
        made = heat_map(coverage_of([[10] * 4, [0, 0, 0, 5]], listed=3), 4)

        assert made.symbols == ("S01", "S00")
        assert made.levels[0].tolist() == [UNEXPECTED] * 3 + [2]
        assert made.totals.tolist() == [50.0, 100.0]

    @pytest.mark.parametrize("columns", [1, 2, 3, 7, 99, 100, 500])
    def test_in_fewer_columns_loses_no_bar(self, columns):
        coverage = coverage_of([list(range(100)), [3] * 100], expected=100)

        made = heat_map(coverage, columns)

        assert len(made.starts) <= columns
        assert made.present.sum() == coverage.present.sum()
        assert made.expected.sum() == coverage.expected.sum()
        assert (made.starts[0], made.ends[-1]) == (coverage.dates[0], coverage.dates[-1])


class TestThePicture:
    @pytest.mark.parametrize("width", [20, 40, 80, 200])
    def test_fits_the_terminal(self, width):
        lines = printed(coverage_of([[5] * 300, [10] * 300]), width)

        assert all(len(line) <= width for line in lines)
        cells = [sum(letter in BLOCKS for letter in line) for line in lines if line.startswith("S0")]
        assert cells[0] == cells[1] >= 10

    def test_has_a_column_per_session_where_there_is_room(self):
        lines = printed(coverage_of([[0, 1, 4, 9, 10]]), 80)

        assert any(line.endswith("·░▒▓█") for line in lines)
        assert "a column is a session" in lines[-1]

    def test_is_readable_where_blocks_cannot_be_written(self):
        lines = printed(coverage_of([[0, 1, 4, 9, 10]]), 80, encoding="ascii")

        assert any(line.endswith(".:+%#") for line in lines)

    def test_shows_the_worst_of_many(self):
        lines = printed(coverage_of([[row] for row in range(10)]), 80, rows=3)

        assert [line[:3] for line in lines if line.startswith("S")] == ["S00", "S01", "S02"]


class TestThePage:
    def test_is_well_formed_and_asks_nobody(self):
        coverage = coverage_of([[5] * 40, [10] * 40])
        page = heat_page("<data> & more", [coverage])

        assert "http" not in page
        assert "<script" not in page
        assert "<data>" not in page
        drawing = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
        shapes = drawing.findall("rect")
        assert len(shapes) == 2  # a run of the same is one shape
        assert shapes[0].find("title").text == "S00, 2024-01-01 to 2024-02-09: 50.0% (200 of 400 bars)"

    def test_of_ten_years_of_days_stays_small(self):
        page = heat_page("days", [coverage_of([[1] * 2520] * 500, expected=1)])

        assert len(page) < 300_000


class TestTheCommand:
    def test_draws_real_bars(self, store, capsys):
        assert main(["data", "coverage", "--store", store]) == 0

        said = capsys.readouterr().out
        assert sum(bool(BLOCKS & set(line)) for line in said.splitlines()) == 9 + 1
        assert "\x1b" not in said

    def test_draws_in_colour_on_a_terminal(self, store):
        terminal, child = pty.openpty()
        words = [sys.executable, "-m", "openbell", "data", "coverage", "--store", store]
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "60"}
        environment.pop("NO_COLOR", None)
        process = subprocess.Popen(words, stdout=child, env=environment)
        os.close(child)
        said = b""
        try:
            while part := os.read(terminal, 65536):
                said += part
        except OSError:  # the terminal's other end is closed: all has been read
            pass
        os.close(terminal)

        assert process.wait() == 0
        assert b"\x1b[" in said

    def test_writes_a_page(self, store, tmp_path, capsys):
        file = tmp_path / "coverage.html"
        words = ["data", "coverage", "--store", store, "--html", str(file), "--json"]

        assert main(words) == 0

        said = json.loads(capsys.readouterr().out)
        assert said["html"] == str(file)
        assert said["bytes"] == file.stat().st_size
        assert len(said["coverage"]) == 9
        assert "ERIE, 2024-01-02: " in file.read_text()

    def test_where_a_page_cannot_be_written_says_so(self, store, tmp_path: Path, capsys):
        file = tmp_path / "no" / "coverage.html"

        assert main(["data", "coverage", "--store", store, "--html", str(file)]) == 1
        assert str(file) in capsys.readouterr().err
