"""What a person reads after a run, from the same values that ``--json`` gives a program."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from openbell.cli.figures import NOTHING, UNSETTLED, Sheet, amount, count, outputs, share
from openbell.cli.remarks import remarks

Values = Mapping[str, Any]  # a part of the report, as JSON has it

SYMBOLS_SHOWN = 25
WORST_SHOWN = 10
DAYS_SHOWN = 12
DIGEST_SHOWN = 12
KINDS = ("days", "runs", "single")  # of gaps, as the report names them
_COLUMN_WIDTH = 13


def summary(report: Values, width: int) -> Iterator[RenderableType]:
    """Tables for a run: its days, and the last day's symbols.

    Parameters
    ----------
    report
        As in ``report.json``.
    width
        Columns of the terminal.
    """
    days = report["days"]
    yield _headline(report)
    if not days:
        return
    yield _days(days)
    last = days[-1]
    symbols = last.get("symbols", {})
    if len(symbols) > SYMBOLS_SHOWN:
        yield from _many(last["date"], symbols)
    elif symbols:
        yield _intervals(last["date"], symbols)
        yield Text("gaps: whole days missing, runs, and single bars (no trade, or missing)", "dim")
        yield from _indicators(symbols, width)
    yield from _dropped(days)
    yield from remarks(days)
    yield from _requests(days)


def _headline(report: Values) -> Text:
    bars = sum(day["bars"] for day in report["days"])
    parts = [
        report["mode"],
        amount(len(report["days"]), "day"),
        f"{bars:,} bars",
        f"digest {report['digest'][:DIGEST_SHOWN]}",
    ]
    text = Text.assemble((report["name"], "bold"), " | ", " | ".join(parts))
    if report.get("interrupted"):
        text.append(" | interrupted: this is what was done by then", "bold red")
    return text


def _days(days: Sequence[Values]) -> RenderableType:
    shown = days[-DAYS_SHOWN:]
    title = "days" if len(shown) == len(days) else f"the last {len(shown)} of {len(days)} days"
    rows = [
        (
            day["date"],
            count(day["instants"]),
            count(day["bars"]),
            count(len(day["dropped"])),
            count(len(day["requests"])),
            count(day["signals"]),
            day["digest"][:DIGEST_SHOWN],
        )
        for day in shown
    ]
    return Sheet(title, ("date", "instants", "bars", "dropped", "requests", "signals", "digest"), rows)


def _intervals(date: str, symbols: Values) -> RenderableType:
    rows = [
        (
            name if place == 0 else "",
            symbol["tier"] if place == 0 else "",
            interval,
            f"from {bars['base']}" if bars["base"] else "stored",
            count(bars["history_bars"]),
            count(bars["session_bars"]),
            share(bars["quality"]),
            count(bars["gaps"]),
            *_kinds(bars),
        )
        for name, symbol in symbols.items()
        for place, (interval, bars) in enumerate(symbol["intervals"].items())
    ]
    columns = ("symbol", "tier", "interval", "made", "history", "today", "quality", "gaps", *KINDS)
    return Sheet(f"symbols at the end of {date}", columns, rows, words=4)


def _kinds(bars: Values) -> tuple[str, ...]:
    kinds = bars.get("missing") or {}
    return tuple(count(kinds.get(kind)) for kind in KINDS)


def _indicators(symbols: Values, width: int) -> Iterator[RenderableType]:
    cells = {
        (symbol, f"{key} {output}".strip()): text
        for symbol, held in symbols.items()
        for key, indicator in held["indicators"].items()
        for output, text in outputs(indicator)
    }
    if not cells:
        return
    keys = list(dict.fromkeys(key for _, key in cells))
    if _COLUMN_WIDTH * (len(keys) + 1) <= width:
        having = {symbol for symbol, _ in cells}
        rows = [[name, *(cells.get((name, key), NOTHING) for key in keys)] for name in symbols if name in having]
        yield Sheet("indicators", ["symbol", *keys], rows)
    else:
        yield Sheet(
            "indicators", ["symbol", "indicator", "value"], [(*cell, text) for cell, text in cells.items()], words=2
        )
    if any(text.endswith(UNSETTLED) for text in cells.values()):
        yield Text(f"{UNSETTLED} not settled: the value still depends on where its history starts", "dim")


def _many(date: str, symbols: Values) -> Iterator[RenderableType]:
    tiers = Counter(symbol["tier"] for symbol in symbols.values())
    title = f"{amount(len(symbols), 'symbol')} at the end of {date}: " + ", ".join(
        f"{n:,} {tier}" for tier, n in tiers.items()
    )
    yield Sheet(title, ("interval", "symbols", "history", "today", "quality", "worst", "gaps"), _totals(symbols))
    settled = _settled(symbols)
    if settled:
        yield Sheet("indicators", ("indicator", "symbols", "with a value", "settled"), settled)
    graded = sorted((_worst(symbol), name) for name, symbol in symbols.items() if _worst(symbol) is not None)
    rows = [(name, share(quality)) for quality, name in graded[:WORST_SHOWN]]
    if rows:
        yield Sheet(f"the {len(rows)} lowest qualities", ("symbol", "quality"), rows)
    yield Text("Each symbol: --json, or report.json in the run's folder.", "dim")


def _totals(symbols: Values) -> list[tuple[str, ...]]:
    by_interval: dict[str, list[Values]] = {}
    for symbol in symbols.values():
        for interval, bars in symbol["intervals"].items():
            by_interval.setdefault(interval, []).append(bars)
    return [_total(interval, all_bars) for interval, all_bars in by_interval.items()]


def _total(interval: str, all_bars: Sequence[Values]) -> tuple[str, ...]:
    qualities = [bars["quality"] for bars in all_bars if bars["quality"] is not None]
    return (
        interval,
        count(len(all_bars)),
        count(sum(bars["history_bars"] for bars in all_bars)),
        count(sum(bars["session_bars"] for bars in all_bars)),
        share(mean(qualities) if qualities else None),
        share(min(qualities, default=None)),
        count(sum(bars["gaps"] or 0 for bars in all_bars)),
    )


def _settled(symbols: Values) -> list[tuple[str, ...]]:
    held, valid, settled = Counter[str](), Counter[str](), Counter[str]()
    for symbol in symbols.values():
        for key, indicator in symbol["indicators"].items():
            held[key] += 1
            valid[key] += bool(indicator["valid"])
            settled[key] += bool(indicator["settled"])
    return [(key, count(held[key]), count(valid[key]), count(settled[key])) for key in held]


def _worst(symbol: Values) -> float | None:
    known = [bars["quality"] for bars in symbol["intervals"].values() if bars["quality"] is not None]
    return min(known, default=None)


def _dropped(days: Sequence[Values]) -> Iterator[RenderableType]:
    reasons: dict[str, tuple[str, str, list[str]]] = {}
    for day in days:
        for symbol, problems in day["dropped"].items():
            what, fix = (problems[0]["what"], problems[0]["fix"]) if problems else (NOTHING, NOTHING)
            reasons.setdefault(symbol, (what, fix, []))[2].append(day["date"])
    rows = [(symbol, _range(dates), what, fix) for symbol, (what, fix, dates) in reasons.items()]
    if rows:
        more = len(rows) - SYMBOLS_SHOWN
        title = f"dropped: {len(rows)}" + (f", the first {SYMBOLS_SHOWN} here" if more > 0 else "")
        yield Sheet(title, ("symbol", "days", "why", "what to do"), rows[:SYMBOLS_SHOWN], words=4)


def _range(dates: Sequence[str]) -> str:
    return dates[0] if len(dates) == 1 else f"{len(dates)} days from {dates[0]}"


def _requests(days: Sequence[Values]) -> Iterator[RenderableType]:
    alike: dict[tuple[str, str, str], list[Values]] = {}
    for request in (request for day in days for request in day["requests"]):
        alike.setdefault((request["source"], request["operation"], request["status"]), []).append(request)
    if not alike:
        return
    took = mean(request["milliseconds"] for requests in alike.values() for request in requests)
    rows: list[tuple[str, ...]] = [
        (*outcome, _why(requests), count(len(requests))) for outcome, requests in sorted(alike.items())
    ]
    columns: tuple[str, ...] = ("asked by", "operation", "status", "the first reason", "requests")
    if not any(row[3] for row in rows):
        columns, rows = (*columns[:3], *columns[4:]), [(*row[:3], *row[4:]) for row in rows]
    yield Sheet(f"requests during the days, {took:.1f} ms on average", columns, rows, words=len(columns) - 1)


def _why(requests: Sequence[Values]) -> str:
    """Why the first one of some was not done as asked, and what to do."""
    problems = [problem for request in requests for problem in request.get("problems", ())]
    return f"{problems[0]['where']}: {problems[0]['what']} {problems[0]['fix']}" if problems else ""
