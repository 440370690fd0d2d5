"""The commands that prove and compare."""

import argparse
from pathlib import Path

from openbell.cli.output import Output
from openbell.cli.progress import Progress
from openbell.config.loader import load

DONE, FAILED = 0, 1


def verify(arguments: argparse.Namespace, output: Output) -> int:
    """Run a session file again with the future altered, and with more history."""
    from openbell.engine.verify import verify as proven

    file = load(arguments.session)
    with Progress() as progress:
        verdict = proven(file, times=arguments.times, seed=arguments.seed, progress=progress)
    output.document(verdict.as_dict())
    output.show(str(verdict))
    return DONE if verdict.ok else FAILED


def diff(arguments: argparse.Namespace, output: Output) -> int:
    """Say where two runs part."""
    from openbell.engine.diff import diff as parted

    parting = parted(Path(arguments.one), Path(arguments.two))
    output.document(parting.as_dict())
    output.show(str(parting))
    return DONE if parting.same else FAILED
