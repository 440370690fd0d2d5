"""What a run noted: what was promoted, what users' code raised, what stopped nothing, what was not streamed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from openbell.cli.figures import Sheet, amount, count

Values = Mapping[str, Any]  # a part of the report, as JSON has it

FAULTS_SHOWN, PROMOTED_SHOWN = 10, 8


def remarks(days: Sequence[Values]) -> Iterator[RenderableType]:
    """Tables of scans, faults and warnings, alike ones in one row, and a line for bars outside the session's hours.

    Parameters
    ----------
    days
        As in ``report.json``.
    """
    yield from _scans([scan for day in days for scan in day.get("scans", ())])
    yield from _faults([fault for day in days for fault in day.get("faults", ())])
    yield from _warnings([warning for day in days for warning in day.get("warnings", ())])
    outside = sum(day.get("outside", 0) for day in days)
    if outside:
        yield Text(f"\n{amount(outside, 'stored bar')} outside the session's hours: not streamed", "dim")


def _scans(scans: Sequence[Values]) -> Iterator[RenderableType]:
    by_scanner: dict[str, list[Values]] = {}
    for scan in scans:
        by_scanner.setdefault(scan["scanner"], []).append(scan)
    rows = []
    for name, mine in by_scanner.items():
        names = [symbol for scan in mine for symbol in scan["promoted"]]
        shown = list(dict.fromkeys(names))[:PROMOTED_SHOWN]
        more = "" if len(shown) == len(set(names)) else " ..."
        let_go = count(sum(len(scan["dropped"]) for scan in mine))
        rows.append(
            (name, " ".join(shown) + more, count(len(mine)), count(mine[-1]["looked"]), count(len(names)), let_go)
        )
    if rows:
        columns = ("scanner", "promoted to full", "scans", "looked at", "promotions", "let go")
        yield Sheet("scans", columns, rows, words=2)


def _faults(faults: Sequence[Values]) -> Iterator[RenderableType]:
    # What one line of a user's file raises differs in its figures from instant to instant.
    alike: dict[tuple[str, str], list[Values]] = {}
    for fault in faults:
        alike.setdefault((fault["name"], fault["fix"]), []).append(fault)
    rows = [(name, count(len(all_)), all_[0]["at"], all_[0]["what"], fix) for (name, fix), all_ in alike.items()]
    if rows:
        more = len(rows) - FAULTS_SHOWN
        title = f"raised by strategies and scanners: {len(faults)}" + (f", {more} kinds not shown" if more > 0 else "")
        columns = ("who", "times", "first at", "what", "what to do")
        yield Sheet(title, columns, rows[:FAULTS_SHOWN], words=5)


def _warnings(warnings: Sequence[Values]) -> Iterator[RenderableType]:
    alike: dict[str, list[Values]] = {}
    for warning in warnings:
        alike.setdefault(warning["code"], []).append(warning)
    rows = [
        (code, count(len({one["where"] for one in all_})), f"{all_[0]['where']}: {all_[0]['what']}", all_[0]["fix"])
        for code, all_ in alike.items()
    ]
    if rows:
        columns = ("kind", "places", "the first of them", "what to do")
        yield Sheet("warnings: report.json has them all", columns, rows, words=4)
