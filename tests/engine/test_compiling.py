"""Whoever waits for the compiler is told so, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

from sessions import document

from openbell.config.writing import toml_text

RUN = """
import sys
import openbell as ob
from openbell.api import run
told = []
run(sys.argv[1], progress=lambda label, done, total: told.append((label, done)))
print(*(done for label, done in told if label == "compiling indicators"))
labels = list(dict.fromkeys(label for label, _ in told))
print(labels)
"""


def test_a_run_says_when_it_compiles_and_a_second_process_finds_it_compiled(tmp_path: Path, store: Path):
    file = tmp_path / "session.toml"
    file.write_text(toml_text(document(store)))
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    first, second = (
        subprocess.run(
            [sys.executable, "-c", RUN, str(file)], check=True, env=environment, capture_output=True, text=True
        )
        for _ in range(2)
    )

    assert first.stdout.split("\n")[0].split()[:1] == ["1"]
    assert first.stdout.split("\n")[1] == "['provisioning', 'compiling indicators', 'days']"
    assert second.stdout.split("\n")[:2] == ["", "['provisioning', 'days']"]
