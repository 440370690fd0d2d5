"""What is kept of a run: a JSON line with versions, and the ratios that later runs are held against."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.lines import Line
from benchmarks.sizes import Sizes

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"
TOLERANCE = 1.5
PACKAGES = ("openbell", "numpy", "numba", "polars", "pandas", "exchange-calendars")


def append(folder: Path, lines: Sequence[Line], sizes: Sizes, rounds: int) -> Path:
    """Add a run to this month's file of results."""
    now = datetime.now(UTC)
    entry = {
        "at": now.isoformat(timespec="seconds"),
        "commit": _commit(),
        "versions": versions(),
        "machine": {"system": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()},
        "sizes": asdict(sizes),
        "rounds": rounds,
        "lines": [line.as_dict() for line in lines],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m}.jsonl"
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")
    return path


def versions() -> dict[str, str]:
    """Python's, and those of the packages that matter."""
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def record(lines: Sequence[Line], path: Path = RECORDED) -> None:
    """Keep this run's ratios beside those of lines that it did not have."""
    kept = _recorded(path) | {line.name: round(line.ratio, 3) for line in lines if line.ratio and not line.tail}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def regressions(lines: Sequence[Line], path: Path = RECORDED) -> list[str]:
    """Lines whose ratio to the limit is more than half as large again as the recorded one."""
    kept = _recorded(path)
    return [
        f"{line.name}: {line.ratio:.2f} times {line.limit_name}, recorded {kept[line.name]:.2f}"
        for line in lines
        if line.name in kept and line.ratio is not None and not line.tail and line.ratio > TOLERANCE * kept[line.name]
    ]


def _recorded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _commit() -> str:
    words = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
