import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import openbell

ROOT = Path(__file__).parents[1]


class TestThePublicSurface:
    def test_every_promised_name_is_there(self):
        for name in openbell.__all__:
            assert getattr(openbell, name) is not None, name

    def test_is_at_most_twenty_names(self):
        assert len(openbell.__all__) <= 20
        assert openbell.__all__ == sorted(openbell.__all__)

    def test_is_what_dir_says(self):
        assert dir(openbell) == sorted(openbell.__all__)

    def test_an_unknown_name_is_an_attribute_error(self):
        assert not hasattr(openbell, "rnu")

    def test_importing_it_loads_nothing_heavy(self):
        code = "import sys, openbell; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

        assert not {"numpy", "numba", "polars", "pandas", "pydantic", "rich", "sqlite3"} & set(loaded)


class TestText:
    def test_is_read_and_written_in_one_encoding_whatever_the_locale(self):
        """The second argument of ``open`` is its mode; bytes have no encoding."""
        without = [
            f"{path.name}:{call.lineno}"
            for path in Path(openbell.__file__).parent.rglob("*.py")
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(call, ast.Call) and _opens_text(call)
        ]

        assert without == []


def _opens_text(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    words = [word.value for word in call.args if isinstance(word, ast.Constant)]
    told = any(keyword.arg == "encoding" for keyword in call.keywords) or "utf-8" in words
    binary = name == "open" and (isinstance(call.func, ast.Attribute) or any("b" in str(word) for word in words))
    return name in ("open", "read_text", "write_text") and not told and not binary


class TestTheVersion:
    def test_is_the_same_in_the_package_and_the_project_file(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

        assert project["version"] == openbell.__version__

    def test_is_the_newest_release_of_the_changelog_or_not_yet_released(self):
        headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

        assert headings[0] == "Unreleased"
        assert headings[1:2] in ([], [openbell.__version__])
