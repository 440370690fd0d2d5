"""What the page of a run shows, as plain values: read from its folder, with charts worked out again from the store."""

import json
import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openbell.bars.interval import Interval
from openbell.config.loader import load
from openbell.config.session_file import IndicatorRule, SessionFile
from openbell.engine.coordinator import SessionCoordinator
from openbell.engine.receipt import BARS
from openbell.engine.story import Event, Story
from openbell.engine.strips import strips
from openbell.errors import ConfigError, IndicatorError, OpenbellError, Problem, SessionError, StoreError, nearest
from openbell.indicators import registry
from openbell.indicators.spec import IndicatorSpec
from openbell.market.calendar import load_calendar
from openbell.market.session import Hours
from openbell.session.views import SymbolSessionData

if TYPE_CHECKING:
    import polars as pl

CHARTED, CHART_BARS, MAPPED, TOLD = 6, 400, 400, 4000

Json = dict[str, Any]


def page_values(folder: Path, symbols: list[str]) -> Json:
    """Everything that the page shows.

    Parameters
    ----------
    folder
        A run folder.
    symbols
        Whose charts; by default those with most signals, then those of the session file.

    Raises
    ------
    SessionError
        If it is not the folder of a run, or a symbol is not in its report.
    """
    import polars as pl

    path = folder / "report.json"
    if not path.is_file():
        what = "is not the folder of a finished run: there is no report.json."
        raise SessionError(Problem(str(folder), what, "Give a folder that openbell run wrote.", code="no_run"))
    report: Json = json.loads(path.read_text(encoding="utf-8"))
    signals = pl.read_parquet(folder / "signals.parquet")
    wanted = [symbol.upper() for symbol in symbols]
    held = {name for day in report["days"] for name in day["symbols"]}
    problems = [_not_held(folder, name, held) for name in wanted if held and name not in held]
    if problems:
        raise SessionError(*problems)
    charts, problem = _charts(folder, report, signals, wanted)
    coverage = _coverage(folder, report)
    story = Story.read(folder / "story.parquet") if (folder / "story.parquet").is_file() else Story()
    return {
        "report": {key: value for key, value in report.items() if key != "days"},
        "days": [_day(day) for day in report["days"]],
        "coverage": coverage,
        "strips": _strips(folder, coverage),
        "charts": charts,
        "charts_problem": problem,
        "signals": _signals(signals),
        "story": _story(story),
        "steps": _steps(story),
        "callbacks": _callbacks(report["days"]),
        "zone": load_calendar(_market(folder)).timezone.key,
        "receipt": json.loads((folder / "receipt.json").read_text(encoding="utf-8")),
    }


def _market(folder: Path) -> str:
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    return str(receipt["calendar"]["name"])


def _day(day: Json) -> Json:
    kept = ("date", "digest", "instants", "bars", "signals", "dropped", "faults", "funnels", "scans")
    counts = {"requests": len(day["requests"]), "symbols": len(day["symbols"])}
    return {key: day[key] for key in kept} | counts | {"warnings": _warnings(day["warnings"])}


def _warnings(warnings: list[Json]) -> list[Json]:
    """Alike ones together: how many, and the first of them."""
    alike: dict[str, list[Json]] = defaultdict(list)
    for warning in warnings:
        alike[warning["code"]].append(warning)
    return [{"count": len(all_)} | all_[0] for all_ in alike.values()]


def _callbacks(days: list[Json]) -> Json:
    """What the calls of all days took, per strategy and scanner."""
    totals: dict[str, Json] = {}
    for day in days:
        for name, timing in day["callbacks"].items():
            total = totals.setdefault(name, {"calls": 0, "seconds": 0.0, "slow": 0, "slowest": 0.0, "slowest_at": 0})
            for key in ("calls", "seconds", "slow"):
                total[key] += timing[key]
            if timing["slowest"] > total["slowest"]:
                total |= {key: timing[key] for key in ("slowest", "slowest_at")}
    return totals


def _coverage(folder: Path, report: Json) -> Json:
    """Share of the expected bars per symbol and session, of the finest interval that is held."""
    import polars as pl

    bars = pl.read_parquet(folder / BARS)
    if not len(bars):
        return {"symbols": [], "sessions": [], "share": [], "interval": "", "runs": [], "held": 0}
    finest = min((Interval.parse(one) for one in bars["interval"].unique()), key=lambda one: one.rank)
    held = bars.filter(pl.col("interval") == str(finest)).group_by("symbol", "session").last()
    sessions = sorted(held["session"].unique())
    names = sorted(held["symbol"].unique())
    symbols = names[:MAPPED]
    expected = {one: _expected(folder, finest, one) for one in sessions}
    share: dict[str, dict[str, float]] = defaultdict(dict)
    for row in held.iter_rows(named=True):
        share[row["symbol"]][row["session"]] = row["bars"] / max(expected[row["session"]], 1)
    table = [[share[symbol].get(one) for one in sessions] for symbol in symbols]
    runs = [day["date"] for day in report["days"]]
    told = {"symbols": symbols, "sessions": sessions, "share": table, "interval": str(finest)}
    return told | {"runs": runs, "held": len(names)}


def _strips(folder: Path, coverage: Json) -> Json:
    """Slot by slot what the store has of the days that were run; nothing where there is no store any more."""
    if not coverage["symbols"]:
        return {"symbols": [], "days": []}
    try:
        return strips(_file(folder), coverage["symbols"], coverage["runs"], coverage["interval"])
    except (ConfigError, StoreError):
        return {"symbols": [], "days": []}


def _expected(folder: Path, interval: Interval, session: str) -> int:
    calendar = load_calendar(_market(folder))
    hours = Hours(_document(folder)["session"].get("hours", Hours.REGULAR))
    ordinal = calendar.ordinal_of(date.fromisoformat(session))
    return 0 if ordinal is None else len(calendar.grid(interval, ordinal, ordinal, hours))


def _document(folder: Path) -> Json:
    return tomllib.loads((folder / "session.toml").read_text(encoding="utf-8"))


def _file(folder: Path) -> SessionFile:
    """The session file as it was used; its users' code is not needed for bars."""
    document = _document(folder)
    document.pop("strategies", None)
    document.pop("scanners", None)
    document["session"] = document["session"] | {"symbols": document["session"].get("symbols") or ["-"]}
    return load(document)


def _not_held(folder: Path, name: str, held: Iterable[str]) -> Problem:
    near = nearest(name, held)
    fix = (
        f"Did you mean {near}?" if near else f"There are {', '.join(sorted(held)[:5])}; run with --detail for all days."
    )
    return Problem(name, f"is not in the report of {folder}.", fix, code="unknown_symbol")


def _charts(folder: Path, report: Json, signals: "pl.DataFrame", wanted: list[str]) -> tuple[list[Json], str]:
    """Bars and indicators of some symbols over the last days, and why there are none."""
    try:
        file = _file(folder)
    except (ConfigError, StoreError) as error:
        return [], f"The charts need the session's store: {error}"
    busiest = signals.group_by("symbol").len().sort(["len", "symbol"], descending=[True, False])["symbol"].to_list()
    named = [name for day in report["days"][-1:] for name in day["symbols"]]
    chosen = list(dict.fromkeys(wanted or [*busiest, *named]))[:CHARTED]
    dates = [day["date"] for day in report["days"]]
    if not (chosen and dates):
        return [], "The run held no symbol."
    interval = next((one for one in file.intervals if str(one) == "5m"), file.intervals[0])
    keep = tuple(IndicatorRule(spec, True, None) for spec in _specs(folder, interval))
    alone = replace(file, symbols=tuple(chosen), indicators=keep, speed=0.0)
    return _drawn(alone, interval, dates), ""


def _specs(folder: Path, interval: Interval) -> Iterator[IndicatorSpec]:
    """The indicators of an interval that the run had, but for users' own: their code is not kept."""
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    for key, described in receipt["indicators"].items():
        if key.endswith(f"_{interval}"):
            try:
                yield _spec(described, interval)
            except IndicatorError:
                continue


def _spec(described: Json, interval: Interval) -> IndicatorSpec:
    inner = None if "input" not in described else _spec(described["input"], interval)
    return registry.parse(described["name"], interval, described["params"], described.get("column"), inner)


def _drawn(file: SessionFile, interval: Interval, dates: list[str]) -> list[Json]:
    """The days once more, with these symbols alone and every value kept: the same numbers, by law."""
    day = SessionCoordinator(file)
    slots = max(len(day.time.calendar.grid(interval, day.days[-1], day.days[-1], file.hours)), 1)
    charts: dict[str, Json] = {}
    for which in dates[-max(CHART_BARS // slots, 1) :]:
        try:
            day.start_day(which)
        except OpenbellError:
            continue
        day.finish_day(detail=False)
        for name in day.session_data:
            view = day.session_data.get_symbol_data(name)
            if view is not None and str(interval) in view.bars:
                _append(charts, name, interval, view)
    return list(charts.values())


def _append(charts: dict[str, Json], name: str, interval: Interval, view: SymbolSessionData) -> None:
    block = view.bars[str(interval)].today
    chart = charts.setdefault(
        name,
        {"symbol": name, "interval": str(interval), "width": interval.width_ns // 1_000_000, "bars": [], "lines": {}},
    )
    for key, data in view.indicators.items():
        if data.series is None:
            continue
        for place, output in enumerate(data.spec.outputs):
            label = key if len(data.spec.outputs) == 1 else f"{key} {output}"
            past = chart["lines"].setdefault(label, [None] * len(chart["bars"]))
            series = data.series[place]
            past += [_number(value) for value in series[len(series) - len(block) :].tolist()]
    stamps = (block.ts // 1_000_000).tolist()
    chart["bars"] += [
        [at, *map(_number, row)] for at, row in zip(stamps, np.column_stack(block.columns).tolist(), strict=True)
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")


def _signals(signals: "pl.DataFrame") -> list[Json]:
    rows = signals.tail(TOLD).iter_rows(named=True)
    return [
        {key: row[key] for key in ("symbol", "action", "quantity", "weight", "price", "reason", "source")}
        | {"at": int(row["ts"].timestamp() * 1000), "when": f"{row['exchange_time']:%Y-%m-%d %H:%M:%S}"}
        for row in rows
    ]


def _story(story: Story) -> list[Json]:
    """Requests by instant, owner and outcome: how many, of which symbols, how long they took."""
    grouped: dict[tuple[int, str, str, str], list[Event]] = defaultdict(list)
    for event in story:
        grouped[event.at, event.owner, event.operation, event.status].append(event)
    told = []
    for (at, owner, operation, status), events in list(grouped.items())[:TOLD]:
        decisions = [event for event in events if not event.step]
        told.append(
            {
                "at": at // 1_000_000,
                "owner": owner,
                "operation": operation,
                "status": status,
                "count": len(decisions),
                "symbols": [event.symbol for event in decisions[:12]],
                "ms": round(1e3 * sum(event.seconds for event in events), 3),
                "notes": [event.note for event in decisions if event.note][:3],
            }
        )
    return told


def _steps(story: Story) -> list[Json]:
    """Seconds and bars per kind of step."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0])
    for event in story:
        if event.step:
            name = "add_interval" if event.step.startswith("add_interval_") else event.step.split(" ")[0]
            total = totals[name]
            total[0], total[1], total[2] = total[0] + 1, total[1] + event.seconds, total[2] + event.bars
    return [
        {"step": name, "count": int(count), "ms": round(seconds * 1e3, 2), "bars": int(bars)}
        for name, (count, seconds, bars) in sorted(totals.items(), key=lambda item: -item[1][1])
    ]
