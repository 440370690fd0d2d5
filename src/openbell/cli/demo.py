"""The demo: a synthetic market, and a session on it that can be changed and run again."""

import argparse
import os
import sys
from importlib.resources import files
from pathlib import Path
from shutil import which

from openbell import api
from openbell.cli.output import Output
from openbell.cli.progress import Progress
from openbell.cli.sessions import conclude
from openbell.testing.market import SyntheticMarket

SYMBOLS = ("SYNOAK", "SYNELM", "SYNTHIN", "SYNNEW", "SYNGONE", "SYNASH", "SYNFIR", "SYNYEW", "SYNPINE")
SAMPLES = ("session.toml", "strategies.py")
STORE = "data"


def show(arguments: argparse.Namespace, output: Output) -> int:
    """Make what is not there yet, run the session, and say what to try next."""
    folder = Path(arguments.folder)
    with Progress() as progress:
        _prepare(folder, output, progress)
        output.note(f"running {folder / SAMPLES[0]} (all bars are synthetic)")
        report = api.run(folder / SAMPLES[0], out=folder / "run", progress=progress)
    code = conclude(report, output)
    output.show(_next_steps(folder))
    return code


def _prepare(folder: Path, output: Output, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        if not (folder / name).exists():
            (folder / name).write_bytes((files("openbell.cli") / "sample" / name).read_bytes())
    if (folder / STORE).exists():
        output.note(f"using the synthetic market that is in {folder / STORE}")
        return
    market = SyntheticMarket(SYMBOLS)
    output.note(
        f"making a synthetic market in {folder / STORE}: {len(SYMBOLS)} invented symbols, 1m bars,"
        f" {market.first_date} to {market.last_date}"
    )
    market.into_store(folder / STORE, tell=lambda done, total: progress("synthetic symbols", done, total))


def _next_steps(folder: Path) -> str:
    session, store = folder / SAMPLES[0], folder / STORE
    program = _program()
    tries = {
        f"{program} plan {session}": "what the start of a day does, step by step",
        f"{program} data coverage --store {store}": "how complete the bars are",
        f"{program} data gaps --store {store} --symbol SYNTHIN": "what is missing of a thin name",
        f"{program} indicators": "what can be computed",
        f"{program} run {session}": f"again, after a change of it or of {folder / SAMPLES[1]}",
    }
    width = max(map(len, tries))
    return "\n".join(["\nTo try next:", *(f"  {command:{width}}  {why}" for command, why in tries.items())])


def _program() -> str:
    """What to type: the bare word where the shell finds it, else the path or module that was called."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m openbell"
    return called.name if which(called.name) else os.path.relpath(called)
