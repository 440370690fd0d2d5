"""Every command as data: its words, its options, and where its work is done.

A handler is named, not imported, so that the help of all commands costs no more than their names.
"""

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf
from typing import Any

from openbell.bars.interval import Interval

_MOST_DAYS = 100_000

Options = Mapping[str, Any]  # what argparse's add_argument takes, which is of any type


@dataclass(frozen=True, slots=True)
class Argument:
    """One positional argument or option, as argparse takes it."""

    flags: tuple[str, ...]
    help: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, with either a handler (``module:function`` of this room) or commands below it.

    Parameters
    ----------
    name, help
        The word to type, and one sentence.
    handler
        Called with the parsed arguments and an `Output`; returns the exit code.
    """

    name: str
    help: str
    handler: str = ""
    arguments: tuple[Argument, ...] = ()
    commands: tuple["Command", ...] = ()


def _argument(*flags: str, help: str, **options: Any) -> Argument:
    return Argument(flags, help, options)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date like 2024-07-01") from None


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= _MOST_DAYS:
        raise ArgumentTypeError(f"{text!r} is not a number of days, 0 or more")
    return days


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < inf:
        raise ArgumentTypeError(f"{text!r} is not a speed: 0 for as fast as possible, or a multiple of real time")
    return speed


def _whole(least: int) -> Callable[[str], int]:
    """What reads a whole number that is not below another."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ArgumentTypeError(f"{text!r} is not a whole number, {least} or more")
        return number

    return read


def _interval(text: str) -> Interval:
    try:
        return Interval.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


_SESSION = _argument("session", metavar="SESSION", help="session file (TOML, JSON or YAML)")
_STORE = _argument("--store", metavar="DIR", required=True, help="the store's folder")
_SYMBOL = _argument("--symbol", metavar="S", help="this symbol only")
_INTERVAL = _argument("--interval", metavar="I", type=_interval, help="this interval only, like 1m or 1d")
_START = _argument("--start", metavar="D", type=_day, help="first date, like 2024-07-01")
_END = _argument("--end", metavar="D", type=_day, help="last date, inclusive")
_STRICT = _argument("--strict", action="store_true", help="exit 1 when symbols were dropped or rows set aside")

_IMPORT = Command(
    "import",
    "bring files of bars into a store",
    "stores:bring_in",
    (
        _argument(
            "files",
            metavar="FILE",
            nargs="+",
            help="files, or folders of <interval>/<SYMBOL>.parquet; tables of splits",
        ),
        _STORE,
        _argument("--symbol", metavar="S", help="the symbol, where the file's name does not say it"),
        _argument(
            "--interval", metavar="I", type=_interval, help="the interval, where the folder's name does not say it"
        ),
        _argument("--format", metavar="F", help="the file's format (tidy: Parquet as openbell writes it)"),
        _argument("--market", metavar="M", help="the symbols' calendar: an exchange's code or 24/7"),
        _argument("--stamp", choices=("open", "close"), help="whether stamps are the bars' starts or ends"),
        _argument("--timezone", metavar="Z", help="the zone of stamps that have none"),
        _argument("--adjusted", action="store_true", help="the vendor adjusted these prices for splits or dividends"),
        _argument("--dry-run", action="store_true", help="read and judge everything, write nothing"),
        _STRICT,
    ),
)

_DATA = Command(
    "data",
    "what is in a store and how good it is",
    commands=(
        Command("list", "symbols and intervals, with their ranges", "stores:listing", (_STORE, _SYMBOL, _INTERVAL)),
        Command(
            "actions",
            "splits, dividends and listings that are known",
            "stores:actions",
            (_STORE, _SYMBOL),
        ),
        Command(
            "coverage",
            "share of the expected bars that are there, as a table and a map by symbol and day",
            "completeness:coverage",
            (
                _STORE,
                _SYMBOL,
                _INTERVAL,
                _START,
                _END,
                _argument("--html", metavar="FILE", help="draw the map as a page that needs no network"),
            ),
        ),
        Command(
            "gaps",
            "days missing, runs missing, minutes without a bar",
            "completeness:gaps",
            (_STORE, _SYMBOL, _INTERVAL, _START, _END),
        ),
        Command(
            "export",
            "bars of one symbol as a tidy Parquet or CSV file",
            "stores:export",
            (
                _STORE,
                _argument("--symbol", metavar="S", required=True, help="the symbol"),
                _argument("--interval", metavar="I", type=_interval, required=True, help="the interval, like 1m or 1d"),
                _START,
                _END,
                _argument("--out", metavar="FILE", required=True, help="ends in .parquet or .csv"),
            ),
        ),
        Command("log", "the history of imports, the latest first", "upkeep:log", (_STORE,)),
        Command(
            "undo",
            "take an import back; nothing is deleted, and the undo can be undone",
            "upkeep:undo",
            (_argument("number", metavar="IMPORT", type=int, help="its number, as data log names it"), _STORE),
        ),
        Command("compact", "fewer, larger pieces; deletes nothing", "upkeep:compact", (_STORE,)),
        Command(
            "clean",
            "delete files that no longer count, and files that nobody names",
            "upkeep:clean",
            (
                _STORE,
                _argument(
                    "--older-than",
                    metavar="DAYS",
                    type=_days,
                    default=7.0,
                    help="replaced so many days ago or earlier (default: 7); such imports can no longer be undone",
                ),
            ),
        ),
        Command(
            "verify",
            "read every file, compare it with the catalogue, and look for defects of the bars",
            "upkeep:verify",
            (
                _STORE,
                _argument(
                    "--repair",
                    action="store_true",
                    help="let nothing in damaged files count, and put right what is safe in bars; can be undone",
                ),
                _argument(
                    "--quarantine",
                    action="store_true",
                    help="set bars with wrong prices aside, with reasons; can be undone",
                ),
                _argument("--strict", action="store_true", help="exit 1 also when there are findings only"),
            ),
        ),
    ),
)

COMMANDS = (
    Command(
        "demo",
        "make a synthetic market and run a session on it",
        "demo:show",
        (_argument("--folder", metavar="DIR", default="demo", help="where to put it (default: ./demo)"),),
    ),
    Command("check", "every problem of a session file, at once", "sessions:check", (_SESSION, _STRICT)),
    Command(
        "plan",
        "what the start of a day would do, changing nothing",
        "sessions:plan",
        (_SESSION, _argument("--day", metavar="D", type=_day, help="the day (default: the first)")),
    ),
    Command(
        "run",
        "run a session file: the main job",
        "sessions:run",
        (
            _SESSION,
            _argument("--out", metavar="DIR", help="the run's folder (default: runs/<name>/<time>)"),
            _argument("--speed", metavar="X", type=_speed, help="0: as fast as possible; N: N times real time"),
            _argument("--detail", action="store_true", help="symbols of every day in the report, not of the last only"),
            _argument("--keep-state", action="store_true", help="keep each day's bars and indicators as Parquet"),
            _argument("--quiet", action="store_true", help="no progress, no summary"),
            _STRICT,
        ),
    ),
    _IMPORT,
    _DATA,
    Command(
        "indicators",
        "the catalogue of indicators, or one of them",
        "catalogue:show",
        (_argument("name", metavar="NAME", nargs="?", help="one indicator"),),
    ),
    Command(
        "verify",
        "prove that a session does not look ahead",
        "proof:verify",
        (
            _SESSION,
            _argument(
                "--times", metavar="N", type=_whole(1), default=8, help="how many instants to alter the future of"
            ),
            _argument("--seed", metavar="N", type=_whole(0), default=1, help="another seed chooses other instants"),
        ),
    ),
    Command(
        "diff",
        "where two runs part, and why",
        "proof:diff",
        tuple(_argument(name, metavar="RUN", help="the folder of a run") for name in ("one", "two")),
    ),
    Command(
        "report",
        "a run as one HTML page that needs no network",
        "pages:report",
        (
            _argument("run", metavar="RUN", help="the folder of a run"),
            _argument(
                "--symbols", metavar="S", nargs="+", default=[], help="chart these (default: those with signals)"
            ),
            _argument("--out", metavar="FILE", help="the page (default: report.html in the run's folder)"),
        ),
    ),
    Command(
        "story",
        "what happened to one symbol of a run",
        "stories:tell",
        (
            _argument("run", metavar="RUN", help="the folder of a run"),
            _argument("symbol", metavar="SYMBOL", help="the symbol"),
        ),
    ),
)
