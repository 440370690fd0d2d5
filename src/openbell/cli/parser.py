"""From the table of commands to argparse, and from its complaints to problems."""

import argparse
from typing import NoReturn

import openbell
from openbell.cli.commands import COMMANDS, Command
from openbell.errors import OpenbellError, Problem, nearest

PROGRAM = "openbell"
DESCRIPTION = "Trading sessions: every symbol, bar and indicator ready at the bell."


class UsageError(OpenbellError):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's complaint into a problem."""
        raise UsageError(Problem(self.prog, f"{message}.", f"See {self.prog} --help.", "usage"))


def build() -> Parser:
    """The whole command line."""
    parser = Parser(prog=PROGRAM, description=DESCRIPTION, parents=[_shared()], allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {openbell.__version__}")
    _add(parser, COMMANDS)
    return parser


def parse(words: list[str]) -> argparse.Namespace:
    """The parsed command line.

    Raises
    ------
    UsageError
        If the words make no command; a misspelt one comes with the nearest that exists.
    """
    _suggest(words)
    arguments, rest = build().parse_known_args(words)
    if rest:
        raise UsageError(_unknown(rest[0], arguments))
    return arguments


def _shared() -> Parser:
    parent = Parser(add_help=False)
    text = "one JSON document on standard output, nothing else there"
    parent.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text)
    return parent


def _add(parser: argparse.ArgumentParser, commands: tuple[Command, ...]) -> None:
    places = parser.add_subparsers(metavar="COMMAND", required=True, title="commands", parser_class=Parser)
    for command in commands:
        child = places.add_parser(
            command.name, help=command.help, description=command.help, parents=[_shared()], allow_abbrev=False
        )
        for argument in command.arguments:
            child.add_argument(*argument.flags, help=argument.help, **argument.options)
        flags = [flag for argument in command.arguments for flag in argument.flags if flag.startswith("--")]
        words = child.prog.removeprefix(f"{PROGRAM} ")
        child.set_defaults(handler=command.handler, words=words, flags=[*flags, "--json"])
        if command.commands:
            _add(child, command.commands)


def _suggest(words: list[str]) -> None:
    known: tuple[Command, ...] = COMMANDS
    place = PROGRAM
    for word in (word for word in words if not word.startswith("-")):
        found = next((command for command in known if command.name == word), None)
        if found is None:
            close = nearest(word, [command.name for command in known])
            hint = f"Did you mean {close}?" if close else f"There are: {', '.join(c.name for c in known)}."
            raise UsageError(Problem(place, f"there is no command {word!r}.", hint, "usage"))
        known, place = found.commands, f"{place} {word}"
        if not known:
            return


def _unknown(word: str, arguments: argparse.Namespace) -> Problem:
    close = nearest(word, arguments.flags) if word.startswith("-") else None
    what = f"does not take {word!r}."
    hint = f"Did you mean {close}?" if close else f"See {PROGRAM} {arguments.words} --help."
    return Problem(f"{PROGRAM} {arguments.words}", what, hint, "usage")
