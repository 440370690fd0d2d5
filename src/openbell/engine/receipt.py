"""What a run was made of: versions, hashes of users' files and of every bar that was held, values at the end of days.

`openbell diff` compares two of them. Bars are hashed per symbol, interval and session; a session that later days hold
unchanged is written once.
"""

import hashlib
import json
import math
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from openbell.bars.block import Floats
from openbell.config.session_file import SessionFile
from openbell.engine.marks import BarMarks
from openbell.indicators.registry import module_of
from openbell.indicators.spec import IndicatorSpec
from openbell.market.calendar import load_calendar
from openbell.session.session_data import SessionData

PACKAGES = ("openbell", "numpy", "numba", "polars", "exchange-calendars", "tzdata")
RECEIPT, BARS, VALUES = "receipt.json", "receipt-bars.parquet", "receipt-values.parquet"

# What the outputs of figures over past sessions are called among those of indicators.
FIGURE = "figure over past sessions"


class Receipt:
    """Gathered while a session file runs, written at its end.

    Parameters
    ----------
    file
        What runs.
    """

    def __init__(self, file: SessionFile) -> None:
        self._file = file
        self._marks = BarMarks()
        self._values: list[tuple[str, str, str, str, float]] = []
        self._specs: dict[str, IndicatorSpec] = {}
        self._actions: dict[str, list[str]] = {}

    def note(self, session: SessionData) -> None:
        """Note what a day holds at its end."""
        day = session.time.today.date.isoformat()
        self._marks.note(session)
        shown = {spec: session.indicators.values(spec).T.tolist() for spec in _specs(session)}
        for name in session:
            record = session.records[name]
            if record.actions:
                self._actions[name] = [str(action) for action in record.actions]
            for key, spec in sorted(record.indicators.items()):
                self._specs[key] = spec
                outputs = spec.outputs if len(spec.outputs) > 1 else ("value",)
                values = zip(outputs, shown[spec][record.row], strict=True)
                self._values += [(day, name, key, output, number) for output, number in values]
            for key, figure in record.aggregates.items():
                self._values += [(day, name, key, output, number) for output, number in figure_outputs(figure)]

    def write(self, folder: Path) -> None:
        """Write ``receipt.json`` and its two tables into a run folder."""
        import polars as pl

        self._marks.frame().write_parquet(folder / BARS)
        words = dict.fromkeys(("day", "symbol", "indicator", "output"), pl.String)
        columns = list(zip(*self._values, strict=True)) or [()] * 5
        names = {**words, "value": pl.Float64}
        pl.DataFrame(dict(zip(names, columns, strict=True)), schema=names).write_parquet(folder / VALUES)
        (folder / RECEIPT).write_text(json.dumps(self.facts(), indent=1), encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What the run was made of, but for its bars."""
        calendar = load_calendar(self._file.market)
        return {
            "versions": versions(),
            "calendar": {"name": calendar.name, "version": calendar.version},
            "prices": self._file.prices.value,
            "actions": dict(sorted(self._actions.items())),
            "session": hashlib.sha256(self._file.text.encode()).hexdigest(),
            "indicators": {key: _described(spec) for key, spec in sorted(self._specs.items())},
            "files": {path.name: _file_hash(path) for path in user_files(self._file)},
        }


def _specs(session: SessionData) -> set[IndicatorSpec]:
    return {spec for record in session.records.values() for spec in record.indicators.values()}


def figure_outputs(figure: float | Floats) -> list[tuple[str, float]]:
    """A figure over past sessions as values of a receipt; of a curve its sum, and its sum weighted by place."""
    if isinstance(figure, float):
        return [(FIGURE, figure)]
    known = np.nan_to_num(figure)
    return [(f"{FIGURE} sum", math.fsum(known)), (f"{FIGURE} moment", math.fsum(known * np.arange(len(known))))]


def versions() -> dict[str, str]:
    """The versions of what computes."""
    found = {"python": platform.python_version(), "system": f"{sys.platform} {platform.machine()}"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def user_files(file: SessionFile) -> list[Path]:
    """The files that strategies, scanners and indicators come from, each once."""
    uses = [rule.use for rule in file.strategies] + [rule.use for rule in file.scanners]
    own = [link.definition for rule in file.indicators for link in rule.spec.chain]
    origins = [use.rpartition(":")[0] for use in uses]
    origins += [one.update.__code__.co_filename for one in own if module_of(one.name) == "own"]
    return [Path(origin) for origin in dict.fromkeys(origins) if origin.endswith(".py")]


def _described(spec: IndicatorSpec) -> dict[str, Any]:
    """As under ``[[indicators]]``."""
    plain: dict[str, Any] = {"name": spec.name, "params": dict(spec.params)}
    if spec.column is not None:
        plain["column"] = spec.column
    return plain if spec.input is None else plain | {"input": _described(spec.input)}


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
