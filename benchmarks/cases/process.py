"""Commands as processes of their own: the whole job, and how quickly a word is answered."""

import shutil
from itertools import count
from pathlib import Path

from benchmarks.documents import FIVE, document
from benchmarks.lines import Line, Unit, most
from benchmarks.measure import Part, interleaved
from benchmarks.processes import printed, python
from benchmarks.setting import Setting
from openbell.config.loader import load

IMPORT = "import time; t = time.perf_counter(); import openbell; print(time.perf_counter() - t)"
DECODE = "import sys, polars as pl; pl.scan_parquet(sys.argv[1:]).collect()"


def run(setting: Setting) -> list[Line]:
    """One line per command."""
    market = setting.data.market(setting.sizes.largest, setting.sizes.sessions)
    rules = FIVE[:1] if setting.sizes.lean else FIVE
    days = setting.sizes.history
    asked = document(market.store, market.symbols, market.last, days=days, indicators=rules, strategy="Reader")
    session = setting.scratch / "session.toml"
    session.write_text(load(asked | {"strategies": []} if setting.sizes.lean else asked).text)
    figures = interleaved(setting.rounds, _parts(setting, session, [str(file) for file in market.files]))
    first = interleaved(1, {"first": lambda: _first(session, setting.scratch)})
    whole, place = "process: openbell run", f"{setting.sizes.largest} x {setting.sizes.sessions}"
    full = setting.sizes.largest == 500
    limit, name = figures["decode"], "python, polars, decode"
    return [
        Line(f"{whole}, {place}", figures["run"], Unit.SECONDS, limit=limit, limit_name=name, bar=most(2.5, full)),
        Line(f"{whole}, {place}, memory", figures["memory"], Unit.MEGABYTES, bar=most(700.0, full)),
        Line(f"{whole}, no kernel cache", first["first"], Unit.SECONDS, bar=most(12.0, full)),
        Line("process: import openbell", figures["import"], bar=most(60.0)),
        Line(
            "process: openbell --help",
            figures["help"],
            limit=figures["python"],
            limit_name="python alone",
            bar=most(150.0),
        ),
        Line("process: openbell check", figures["check"], bar=most(800.0)),
    ]


def _parts(setting: Setting, session: Path, files: list[str]) -> dict[str, Part]:
    numbers = count()

    def whole() -> dict[str, float]:
        used = python(
            "-m", "openbell", "run", str(session), "--quiet", "--out", str(setting.scratch / f"{next(numbers)}")
        )
        return {"run": used.seconds, "memory": used.megabytes}

    whole()
    return {
        "run": whole,
        "decode": lambda: python("-c", DECODE, *files).seconds,
        "import": lambda: printed(IMPORT),
        "help": lambda: python("-m", "openbell", "--help").seconds,
        "python": lambda: python("-c", "pass").seconds,
        "check": lambda: python("-m", "openbell", "check", str(session)).seconds,
    }


def _first(session: Path, scratch: Path) -> float:
    empty = scratch / "empty"
    shutil.rmtree(empty, ignore_errors=True)
    more = {"OPENBELL_CACHE": str(empty), "NUMBA_CACHE_DIR": str(empty / "numba")}
    words = ("-m", "openbell", "run", str(session), "--quiet", "--out", str(scratch / "first"))
    return python(*words, more=more).seconds
