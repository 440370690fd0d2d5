"""The commands on how good a store is: data coverage, data gaps."""

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from openbell.cli.figures import NOTHING, Sheet, amount, count, share, shortened
from openbell.cli.heatmap import Picture
from openbell.cli.heatpage import heat_page
from openbell.cli.holdings import Group, groups
from openbell.cli.output import Output
from openbell.store.coverage import Coverage, Hole, SymbolGaps, find_gaps
from openbell.store.coverage import coverage as covered

HOLES_SHOWN = 5
DONE = 0


def coverage(arguments: argparse.Namespace, output: Output) -> int:
    """Say how many of the expected bars are there, the worst symbol first."""
    found = [covered(one.data, one.symbols, one.interval, one.first, one.last) for one in _groups(arguments)]
    page = _drawn(arguments, found)
    output.document({"coverage": [row for one in found for row in _described(one)]} | page)
    columns = ("symbol", "percent", "bars", "expected", "worst session", "percent then")
    for one in found:
        title = f"{one.interval} bars, {one.dates[0]} to {one.dates[-1]} ({amount(len(one.dates), 'session')})"
        by_quality = sorted(_described(one), key=lambda row: (row["percent"] is None, row["percent"], row["symbol"]))
        output.show(*shortened(Sheet(title, columns, [_graded(row) for row in by_quality])), Picture(one))
    if page:
        output.show(f"\nwritten to {arguments.html}")
    return DONE


def _drawn(arguments: argparse.Namespace, found: Sequence[Coverage]) -> dict[str, object]:
    if arguments.html is None:
        return {}
    text = heat_page(f"Coverage of {arguments.store}", found)
    Path(arguments.html).write_text(text, encoding="utf-8")
    return {"html": arguments.html, "bytes": len(text.encode())}


def gaps(arguments: argparse.Namespace, output: Output) -> int:
    """Say what is missing: whole sessions, runs, and scattered bars."""
    found = [
        gap for one in _groups(arguments) for gap in find_gaps(one.data, one.symbols, one.interval, one.first, one.last)
    ]
    output.document({"gaps": [asdict(one) | {"interval": str(one.interval), "holes": _listed(one)} for one in found]})
    columns = ("symbol", "interval", "missing", "of", "whole sessions", "in runs", "scattered")
    title = "missing bars (scattered: no trade, or missing)"
    output.show(*shortened(Sheet(title, columns, [_counted(one) for one in found], words=2)))
    holes = [_placed(hole) for one in found for hole in one.holes[:HOLES_SHOWN]]
    if holes:
        title = f"whole sessions and runs, UTC, the longest {HOLES_SHOWN} of each symbol"
        heads = ("symbol", "interval", "first missing", "last missing", "bars", "sessions")
        output.show(*shortened(Sheet(title, heads, holes, words=4)))
    return DONE


def _groups(arguments: argparse.Namespace) -> Iterator[Group]:
    store = Path(arguments.store)
    return groups(store, arguments.symbol, arguments.interval, arguments.start, arguments.end)


def _described(one: Coverage) -> Iterator[dict[str, object]]:
    percent = one.percent
    for row, symbol in enumerate(one.symbols):
        counted = one.expected[row] > 0
        yield {
            "symbol": symbol,
            "interval": str(one.interval),
            "percent": one.total(symbol),
            "bars": int(one.present[row][counted].sum()),
            "expected": int(one.expected[row].sum()),
            "sessions": {str(day): percent[row, place] for place, day in enumerate(one.dates) if counted[place]},
        }


def _graded(row: dict[str, object]) -> tuple[str, ...]:
    sessions = row["sessions"]
    assert isinstance(sessions, dict)
    day, percent = min(sessions.items(), key=lambda item: item[1], default=(NOTHING, math.nan))
    then = NOTHING if math.isnan(percent) else share(float(percent))
    return str(row["symbol"]), share(row["percent"]), count(row["bars"]), count(row["expected"]), day, then


def _counted(one: SymbolGaps) -> tuple[str, ...]:
    whole = sum(hole.bars for hole in one.holes if hole.whole)
    runs = sum(hole.bars for hole in one.holes if not hole.whole)
    figures = (one.missing, one.expected, whole, runs, one.scattered)
    return (one.symbol, str(one.interval), *map(count, figures))


def _listed(one: SymbolGaps) -> list[dict[str, object]]:
    return [
        {"start": hole.start, "last": hole.last, "bars": hole.bars, "sessions": hole.sessions} for hole in one.holes
    ]


def _placed(hole: Hole) -> tuple[str, ...]:
    stamps = (f"{stamp:%Y-%m-%d %H:%M:%S}" for stamp in (hole.start, hole.last))
    return (hole.symbol, str(hole.interval), *stamps, count(hole.bars), count(hole.sessions) if hole.whole else NOTHING)
