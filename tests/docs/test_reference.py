"""The reference pages leave nothing out."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import openbell as ob
from openbell.config.model import Document, Table
from openbell.provisioning.result import Status
from openbell.provisioning.steps import Step

DOCS = Path(__file__).resolve().parents[2] / "docs"


def keys_of(table: type[Table]) -> Iterator[str]:
    for name, field in table.model_fields.items():
        yield field.alias or name
        for inner in re.findall(r"openbell\.config\.model\.(\w+)", str(field.annotation)):
            import openbell.config.model as model

            if inner != table.__name__ and inner != "Input":
                yield from keys_of(getattr(model, inner))


@pytest.mark.parametrize("key", sorted({*keys_of(Document)}))
def test_every_key_of_the_session_file_is_on_its_page(key: str):
    page = (DOCS / "session-file.md").read_text()

    assert re.search(rf"`(\[\[|\[)?{key}(\]\]|\])?`", page)


@pytest.mark.parametrize("name", [name for name in ob.__all__ if not name.startswith("_")])
def test_every_public_name_is_on_the_page_about_python(name: str):
    assert name in (DOCS / "python.md").read_text()


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_explained(status: Status):
    assert f"`{status.value}`" in (DOCS / "provisioning.md").read_text()


@pytest.mark.parametrize("step", [kind.__name__ for kind in Step.__args__])
def test_every_step_is_explained(step: str):
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", step).lower().removesuffix("s")

    assert words in (DOCS / "provisioning.md").read_text()


def test_every_test_on_the_page_of_cases_exists():
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "cases.md").read_text()))
    written = {
        name
        for file in DOCS.parent.joinpath("tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text())
    }

    assert named
    assert named <= written
