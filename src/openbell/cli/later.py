"""Commands that a later release brings: refused, saying so."""

import argparse

from openbell.cli.output import Output
from openbell.errors import Problem

INSTEAD = {
    "data verify": "openbell data coverage says what is there.",
    "data compact": "Nothing needs it: import into a new store for fewer files.",
    "data clean": "Nothing needs it: import into a new store to leave old files behind.",
    "data log": "openbell data list says what is there now.",
    "data undo": "Import the former files again: the last import wins.",
}


def refuse(arguments: argparse.Namespace, output: Output) -> int:
    """Say that the command is not built yet, and what to do instead."""
    name = arguments.words
    output.fail([Problem(f"openbell {name}", "is not built yet.", INSTEAD[name], "not_built_yet")])
    return 1
