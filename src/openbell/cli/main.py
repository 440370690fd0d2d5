"""The process's edge: words in, exit code out.

0 done, 1 could not be done, 2 wrong usage, 130 interrupted.
"""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from openbell.cli.output import Output
from openbell.cli.parser import PROGRAM, UsageError, parse
from openbell.errors import OpenbellError, Problem

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
_SELDOM = 100_000
"""New objects between two looks of the cyclic collector."""


def entry() -> None:
    """What the installed command calls; leaves the process.

    A command makes many objects that stay and hardly a cycle. Python's cyclic collector looks through them seldom, and
    at the end, where all of them go with the process, not at all.
    """
    gc.set_threshold(_SELDOM)
    code = main()
    gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Parameters
    ----------
    argv
        The words after the program's name; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with Output(as_json="--json" in words) as output:
            return _guarded(words, output)
    except BrokenPipeError:
        # Whoever read has gone (head, a pager): nothing failed.
        _close_output()
        return DONE
    except OSError as error:
        _close_output()
        Output().problems([_of_system(error)])
        return FAILED


def _close_output() -> None:
    """Write no more: the interpreter flushes once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _guarded(words: list[str], output: Output) -> int:
    try:
        return _dispatch(words, output)
    except UsageError as error:
        output.fail(error.problems)
        return USAGE
    except OpenbellError as error:
        output.fail(error.problems)
    except KeyboardInterrupt:
        stopped = Problem(PROGRAM, "interrupted.", "What was committed before is whole; run it again.", "interrupted")
        output.fail([stopped])
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        output.fail([_of_system(error)])
    except Exception as error:
        traceback.print_exc()
        output.fail([_of_fault(words, error)])
    return FAILED


def _dispatch(words: list[str], output: Output) -> int:
    try:
        arguments = parse(words)
    except SystemExit as leaving:
        # argparse leaves after --help and --version, which have been printed by then.
        return DONE if leaving.code is None else int(leaving.code)
    module, function = arguments.handler.split(":")
    handler = getattr(import_module(f"openbell.cli.{module}"), function)
    code: int = handler(arguments, output)
    return code


def _of_system(error: OSError) -> Problem:
    where = str(error.filename or PROGRAM)
    fix = "See that the path exists, that it may be read or written, and that the disk has room."
    return Problem(where, f"{error.strerror or error}.", fix, "system")


def _of_fault(words: list[str], error: Exception) -> Problem:
    where = " ".join([PROGRAM, *words[:2]])
    what = f"stopped on an unexpected {type(error).__name__}: {error}"
    return Problem(where, what, "The traceback above says where: in a file of yours, or please report it.", "fault")
