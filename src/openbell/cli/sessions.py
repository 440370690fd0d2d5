"""The commands on a session file: check, plan, run."""

import argparse
import re
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from time import gmtime, strftime
from typing import TYPE_CHECKING

from openbell import api
from openbell.cli.output import Output
from openbell.cli.parser import UsageError
from openbell.cli.progress import Progress
from openbell.config.loader import load
from openbell.errors import ConfigError, Problem

if TYPE_CHECKING:
    from openbell.api import Report
    from openbell.config.session_file import SessionFile
    from openbell.engine.control import Control

RUNS = Path("runs")
_ENDINGS = (".toml", ".json", ".yaml", ".yml")
DONE, FAILED, INTERRUPTED = 0, 1, 130


def check(arguments: argparse.Namespace, output: Output) -> int:
    """Say everything that is wrong with a session file."""
    try:
        problems = api.check(_file(arguments))
    except ConfigError as error:
        problems = list(error.problems)
    errors = sum(problem.fatal for problem in problems)
    output.problems(problems)
    output.document({"ok": not errors, "problems": [problem.as_dict() for problem in problems]})
    if not problems:
        output.show(f"{arguments.session}: all is well")
    else:
        from openbell.cli.figures import amount

        found = f"{amount(errors, 'error')}, {amount(len(problems) - errors, 'warning')}"
        output.show(f"{arguments.session}: {found}")
    return FAILED if errors or (arguments.strict and problems) else DONE


def plan(arguments: argparse.Namespace, output: Output) -> int:
    """Say what the start of a day would do."""
    made = api.plan(_file(arguments), arguments.day)
    output.document(made.as_dict())
    output.show(str(made))
    return FAILED if any(problem.fatal for problem in made.problems) else DONE


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Run a session file and print its summary."""
    from openbell.cli.keys import keys

    session = _file(arguments)
    file = load(session)
    folder = Path(arguments.out) if arguments.out else _new_folder(file.name)
    _must_be_free(folder, file)
    with Progress(quiet=arguments.quiet) as progress:

        def attend(control: "Control") -> AbstractContextManager[None]:
            if control.speed:
                progress.watch(lambda: control.standing)
            return keys(control)

        report = api.run(
            session,
            out=folder,
            speed=arguments.speed,
            progress=progress,
            keep_state=arguments.keep_state,
            detail=arguments.detail,
            attend=attend,
        )
    return conclude(report, output, quiet=arguments.quiet, strict=arguments.strict)


def conclude(report: "Report", output: Output, *, quiet: bool = False, strict: bool = False) -> int:
    """Print a report and give the exit code that it means."""
    values = report.as_dict()
    output.document(values)
    if not quiet and not output.as_json:
        from openbell.cli.summary import summary

        output.show(*summary(values, output.width))
        if report.folder:
            output.show(f"\nwritten to {report.folder}")
    if report.interrupted:
        return INTERRUPTED
    return FAILED if strict and any(day["dropped"] for day in values["days"]) else DONE


def _file(arguments: argparse.Namespace) -> str:
    """The session file that was named."""
    path: str = arguments.session
    if not Path(path).is_dir():
        return path
    inside = sorted(one.name for one in Path(path).iterdir() if one.suffix in _ENDINGS)
    fix = f"Name a session file in it: {', '.join(inside)}." if inside else "Name a session file, like session.toml."
    raise ConfigError(Problem(path, "is a folder, not a session file.", fix, code="folder"))


def _must_be_free(folder: Path, file: "SessionFile") -> None:
    """See that a run replaces nobody's files.

    Raises
    ------
    UsageError
        If it would.
    """
    from openbell.engine.folder import occupied

    problem = occupied(folder, file)
    if problem is not None:
        raise UsageError(problem)


def _new_folder(name: str) -> Path:
    """``runs/<name>/<time>``, the name fit for a folder, the time in UTC; never one that is there already."""
    home = RUNS / re.sub(r"[^\w.-]+", "-", name).strip("-.")
    stamp = strftime("%Y-%m-%dT%H-%M-%S", gmtime())
    candidates = (home / (f"{stamp}-{number}" if number else stamp) for number in count())
    return next(folder for folder in candidates if not folder.exists())
