"""Faults that lie between sections, each found whether or not the rest of the file is sound."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from openbell.config.findings import findings
from openbell.config.model import Backtest, Indicator, Input
from openbell.errors import MarketError, Problem
from openbell.indicators.definition import Definition
from openbell.market.calendar import Calendar, load_calendar
from openbell.market.time_manager import TimeManager


def faults_across(document: Mapping[str, object], folder: Path) -> Iterator[Problem]:
    """What no section can know alone; `where` is a key."""
    yield from _nobody_to_follow(document)
    yield from _no_trading_day(document)
    yield from _indicators(document, folder)
    yield from _twins(document)


def _nobody_to_follow(document: Mapping[str, object]) -> Iterator[Problem]:
    session = document.get("session")
    if (
        isinstance(session, Mapping)
        and session.get("symbols", []) == []
        and not (document.get("strategies") or document.get("scanners"))
    ):
        what, fix = (
            "names no symbol, and no strategy or scanner could add one.",
            'Write symbols like symbols = ["AAPL"].',
        )
        yield Problem("session.symbols", what, fix, code="no_symbols")


def _no_trading_day(document: Mapping[str, object]) -> Iterator[Problem]:
    calendar, backtest = _calendar(document), _backtest(document)
    if calendar is None or backtest is None:
        return
    try:
        days = TimeManager(calendar).trading_days(backtest.start, backtest.end)
    except MarketError as error:
        for problem in error.problems:
            yield Problem("backtest", problem.what, problem.fix, code=problem.code)
        return
    if not days:
        what = f"{calendar.name} is closed on every day from {backtest.start} to {backtest.end}."
        after = calendar.session(calendar.first_on_or_after(backtest.end)).date
        yield Problem("backtest", what, f"The next session is on {after}.", code="no_trading_day")


def _indicators(document: Mapping[str, object], folder: Path) -> Iterator[Problem]:
    """What is wrong with names and parameters, although another key of the same indicator is wrong as well."""
    named: dict[str, Definition] = {}
    wishes = document.get("indicators")
    for place, wish in enumerate(wishes if isinstance(wishes, list) else []):
        if isinstance(wish, Mapping):
            core = {key: wish[key] for key in Input.model_fields if key in wish}
            try:
                found = Indicator.model_validate({**core, "interval": "1m"}, context={"folder": folder})
                for link in found.spec.chain:
                    if named.setdefault(link.name, link.definition) is not link.definition:
                        what = f"{link.name}: another indicator of this file has this name."
                        fix = f'Give it another: name = "other_{link.name}" in the class.'
                        yield Problem(f"indicators[{place}].use", what, fix, code="name_taken")
            except ValidationError as error:
                yield from findings(error, ("indicators", place))


def _twins(document: Mapping[str, object]) -> Iterator[Problem]:
    """Figures over past sessions are read by name, so each must have its own."""
    tables = document.get("aggregates")
    names = [table.get("name") for table in tables if isinstance(table, Mapping)] if isinstance(tables, list) else []
    for place, name in enumerate(names):
        if isinstance(name, str) and name in names[:place]:
            what = f"was {name!r}, the name of aggregates[{names.index(name)}], too."
            yield Problem(f"aggregates[{place}].name", what, "Give each a name of its own.", code="name_taken")


def _calendar(document: Mapping[str, object]) -> Calendar | None:
    market = document.get("market")
    try:
        return load_calendar(market) if isinstance(market, str) else None
    except MarketError:
        return None


def _backtest(document: Mapping[str, object]) -> Backtest | None:
    given = document.get("backtest")
    if not isinstance(given, Mapping):
        return None
    try:
        return Backtest.model_validate({key: given[key] for key in ("start", "end") if key in given})
    except ValidationError:
        return None
