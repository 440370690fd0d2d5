"""The command line of the benchmarks."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import record
from benchmarks.cases import asks, crowd, growth, indicators, process, replay, running, seconds, start, store, years
from benchmarks.data import Data
from benchmarks.days import Day
from benchmarks.documents import document
from benchmarks.lines import Line
from benchmarks.setting import Setting
from benchmarks.sizes import FULL, SMALL, SMOKE, Sizes
from benchmarks.table import rendered

HERE = Path(__file__).parent
CASES: dict[str, Callable[[Setting], list[Line]]] = {
    "start": start.run,
    "replay": replay.run,
    "running": running.run,
    "asks": asks.run,
    "process": process.run,
    "crowd": crowd.run,
    "growth": growth.run,
    "indicators": indicators.run,
    "seconds": seconds.run,
    "years": years.run,
    "store": store.run,
}


def main(words: list[str] | None = None) -> int:
    """Measure, print, keep; 1 when the guard finds a regression."""
    arguments = _parser().parse_args(words)
    sizes = _sizes(arguments)
    rounds = 1 if arguments.smoke else arguments.rounds
    lines = _measured(arguments, sizes, rounds)
    print(rendered(lines))
    print(f"\nkept in {record.append(arguments.results, lines, sizes, rounds)}")
    if arguments.record:
        record.record(lines)
    worse = record.regressions(lines) if arguments.guard else []
    for text in worse:
        print(f"slower than recorded: {text}", file=sys.stderr)
    return 1 if worse else 0


def _measured(arguments: argparse.Namespace, sizes: Sizes, rounds: int) -> list[Line]:
    lines: list[Line] = []
    data = Data(arguments.data, _say)
    _warm(data)
    for name in arguments.only or CASES:
        _say(f"measuring {name}")
        with TemporaryDirectory(prefix="openbell-benchmarks-") as scratch:
            lines += CASES[name](Setting(sizes, data, rounds, Path(scratch), _say))
    return lines


def _warm(data: Data) -> None:
    """Have every kernel compiled and loaded before the first measurement."""
    market = data.market(SMOKE.markets[0], SMOKE.sessions)
    for listener in ("Reader", "EachBar"):
        day = Day(document(market.store, market.symbols, market.last, days=SMOKE.history, strategy=listener))
        day.stream()
        day.finish()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="tiny sizes, one round: does it work?")
    size.add_argument("--small", action="store_true", help="50 symbols instead of 500, 500 instead of 5,000")
    parser.add_argument("--only", action="append", choices=CASES, metavar="NAME", help=f"one of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything takes its turn (default 5)")
    parser.add_argument("--crowd", type=int, help="symbols of the whole market")
    parser.add_argument("--years", metavar="SYMBOLSxDAYS", help="the long run, such as 500x250")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the synthetic data is kept")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where results are kept")
    parser.add_argument("--guard", action="store_true", help="fail above 150 %% of the recorded ratios")
    parser.add_argument("--record", action="store_true", help="record this run's ratios for the guard")
    return parser


def _sizes(arguments: argparse.Namespace) -> Sizes:
    sizes = SMOKE if arguments.smoke else SMALL if arguments.small else FULL
    if arguments.crowd:
        present = tuple(number for number in sizes.present if number < arguments.crowd)
        sizes = replace(sizes, crowd=arguments.crowd, present=(*present, arguments.crowd))
    if arguments.years:
        symbols, _, days = arguments.years.partition("x")
        sizes = replace(sizes, years_symbols=int(symbols), years_days=int(days))
    return sizes


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
