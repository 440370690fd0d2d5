"""From a session file, or a mapping with its keys, to checked values.

1. read (`reading.read_document`),
2. what is not built yet is told and put aside (`unbuilt.take_out`),
3. every key is checked (`model.Document`), and what lies between sections (`across.faults_across`),
4. values are made of it (`_session_file`), and the text that would give the same again (`writing.toml_text`).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from openbell.bars.interval import Interval
from openbell.config import model
from openbell.config.across import faults_across
from openbell.config.findings import findings
from openbell.config.reading import plain, read_document
from openbell.config.session_file import (
    AggregateRule,
    BudgetRule,
    HistoryRule,
    IndicatorRule,
    QualityRule,
    ScannerRule,
    Schedule,
    SessionFile,
    StrategyRule,
    UniverseFilter,
)
from openbell.config.unbuilt import take_out
from openbell.config.writing import toml_text
from openbell.errors import ConfigError, Problem

M = TypeVar("M", bound=BaseModel)


def load(source: str | Path | Mapping[str, object]) -> SessionFile:
    """A session file as values.

    Parameters
    ----------
    source
        The path of a TOML, JSON or YAML file, whose folder relative paths begin at; or a mapping with the same keys,
        whose relative paths begin at the working folder.

    Raises
    ------
    ConfigError
        With every problem at once, each with its place like ``session.toml: indicators[0].params.period``.
    """
    if isinstance(source, Mapping):
        return _checked(source, None)
    return _checked(read_document(Path(source)), Path(source))


def schema() -> dict[str, object]:
    """The JSON schema of a session file, for editors."""
    return model.Document.model_json_schema()


def _checked(source: Mapping[str, object], path: Path | None) -> SessionFile:
    document = {key: plain(value) for key, value in source.items()}
    problems = [Problem(key, what, fix, code="not_built") for key, what, fix in take_out(document)]
    if path is not None:
        document.setdefault("name", path.stem)
    folder = _folder(path)
    checked = None
    try:
        checked = model.Document.model_validate(document, context={"folder": folder})
    except ValidationError as error:
        problems += findings(error)
    problems += faults_across(document, folder)
    if checked is None or problems:
        raise ConfigError(*(placed(problem, path) for problem in dict.fromkeys(problems)))
    return _session_file(checked, path)


def placed(problem: Problem, path: Path | None) -> Problem:
    """A problem with its file before its key; the file as from the working folder, where it lies beneath that."""
    if path is None:
        return problem
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return replace(problem, where=f"{shown}: {problem.where}")


def sound_rules(
    source: str | Path | Mapping[str, object],
) -> tuple[list[StrategyRule | None], list[ScannerRule | None]]:
    """The strategies and scanners of a session file of which another part is wrong; None for those that are unsound.

    Raises
    ------
    ConfigError
        If it cannot be read at all.
    """
    document = source if isinstance(source, Mapping) else read_document(Path(source))
    folder = _folder(None if isinstance(source, Mapping) else Path(source))
    strategies = [_one(table, model.Strategy, folder) for table in _tables(document, "strategies")]
    scanners = [_one(table, model.Scanner, folder) for table in _tables(document, "scanners")]
    return (
        [None if made is None else _strategy(made) for made in strategies],
        [None if made is None else _scanner(made) for made in scanners],
    )


def _tables(document: Mapping[str, object], section: str) -> list[object]:
    tables = plain(document.get(section))
    return tables if isinstance(tables, list) else []


def _one(table: object, kind: type[M], folder: Path) -> M | None:
    try:
        return kind.model_validate(table, context={"folder": folder})
    except ValidationError:
        return None


def _folder(path: Path | None) -> Path:
    """Where relative paths begin."""
    return Path.cwd() if path is None else path.absolute().parent


def _session_file(checked: model.Document, path: Path | None) -> SessionFile:
    session, backtest = checked.session, checked.backtest
    return SessionFile(
        path=None if path is None else path.absolute(),
        name=checked.name,
        market=checked.market,
        mode=checked.mode,
        store=checked.store,
        start=backtest.start,
        end=backtest.end,
        speed=backtest.speed,
        symbols=tuple(session.symbols),
        intervals=tuple(session.intervals),
        hours=session.hours,
        completeness=session.completeness,
        prices=session.prices,
        history=tuple(HistoryRule(rule.days, tuple(rule.intervals), _some(rule.symbols)) for rule in checked.history),
        quality=QualityRule(checked.quality.history, checked.quality.session),
        budget=BudgetRule(checked.budget.max_symbols, checked.budget.max_megabytes),
        indicators=tuple(IndicatorRule(rule.spec, rule.keep, _some(rule.symbols)) for rule in checked.indicators),
        aggregates=tuple(AggregateRule(rule.name, rule.aggregate, _some(rule.symbols)) for rule in checked.aggregates),
        scanners=tuple(_scanner(rule) for rule in checked.scanners),
        strategies=tuple(_strategy(rule) for rule in checked.strategies),
        text=toml_text(
            {key: value for key, value in checked.model_dump(exclude_none=True, by_alias=True).items() if value != []}
        ),
    )


def _strategy(rule: model.Strategy) -> StrategyRule:
    return StrategyRule(rule.use, rule.params, rule.faults_allowed, rule.slow_after)


def _scanner(rule: model.Scanner) -> ScannerRule:
    where = rule.where
    return ScannerRule(
        use=rule.use,
        params=rule.params,
        schedule=Schedule(rule.pre_session, _nanoseconds(rule.every), rule.from_, rule.until, tuple(sorted(rule.at))),
        universe=None if rule.universe is None else tuple(rule.universe),
        where=UniverseFilter(
            where.days,
            (where.min_price, where.max_price),
            (where.min_volume, where.max_volume),
            (where.min_range, where.max_range),
        ),
        most_held=rule.most_held,
        minimum_stay=_nanoseconds(rule.minimum_stay) or 0,
        cool_down=_nanoseconds(rule.cool_down) or 0,
        faults_allowed=rule.faults_allowed,
        slow_after=rule.slow_after,
    )


def _nanoseconds(span: Interval | None) -> int | None:
    return None if span is None else span.width_ns


def _some(symbols: list[str] | None) -> frozenset[str] | None:
    return None if symbols is None else frozenset(symbols)
