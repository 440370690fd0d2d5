"""From a caller's words to an ask: parsed once, with every problem in words and, where there is one, a better ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from openbell.bars.interval import Interval
from openbell.errors import IndicatorError, Problem, nearest
from openbell.indicators import own, registry
from openbell.indicators.spec import IndicatorSpec
from openbell.provisioning.correction import Correction, correction_of
from openbell.provisioning.offers import Offer, indicator_offers
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, Ask, Source

OPERATIONS = ("symbol", "bar", "indicator")


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask, what is wrong with the words it was made of, and what could be asked instead."""

    ask: Ask
    problems: tuple[Problem, ...] = ()
    offers: tuple[Offer, ...] = ()


def ask_from(
    operation: str,
    symbol: str,
    source: str,
    *,
    interval: str | Interval | None = None,
    days: int = 0,
    indicator: IndicatorSpec | Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Asked:
    """An ask from the words of a call; an indicator's file is looked for in the folder, by default the present one."""
    name = symbol.strip().upper() if isinstance(symbol, str) else ""
    where = name or "symbol"
    problems = [] if name else [Problem(where, f"{symbol!r} is no symbol.", "Give a name.", code="no_symbol")]
    problems += _source_problems(where, source)
    match operation:
        case "symbol":
            asked = Asked(AddSymbol(name, source))
        case "bar":
            asked = _bars(name, source, interval, days)
        case "indicator":
            asked = _indicator(name, source, indicator, folder or Path.cwd())
        case _:
            near = nearest(operation, OPERATIONS) or ", ".join(OPERATIONS)
            unknown = Problem(where, f"there is no operation {operation!r}.", f"Use {near}.", code="unknown_operation")
            asked = Asked(AddSymbol(name, source), (unknown,))
    return Asked(asked.ask, (*problems, *asked.problems), asked.offers)


def day_from(day: date | str) -> date:
    """A date from the word of a call.

    Raises
    ------
    ValueError
        For text that is no date.
    """
    try:
        return date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise ValueError(f"{day!r} is not a date like 2024-07-01") from None


def correction_from(symbol: str, interval: str | Interval, ts: int, bar: Iterable[object]) -> Correction:
    """A correction from the words of a call.

    Raises
    ------
    ValueError
        For text that is no interval.
    """
    parsed = interval if isinstance(interval, Interval) else Interval.parse(interval)
    return correction_of(symbol.strip().upper(), parsed, ts, bar)


def _bars(name: str, source: str, interval: str | Interval | None, days: int) -> Asked:
    problems: list[Problem] = []
    try:
        parsed = interval if isinstance(interval, Interval) else Interval.parse(interval or "")
    except ValueError as error:
        problems.append(Problem(name, f"{error}.", "Give an interval like 5m.", code="bad_interval"))
        return Asked(AddSymbol(name, source), tuple(problems))
    if not isinstance(days, int) or days < 0:
        what = f"days is {days!r}, not a whole number of trading days."
        problems.append(Problem(name, what, "Give 0 or more.", code="bad_days"))
        return Asked(
            AddBars(name, source, parsed), tuple(problems), (Offer("no history", AddBars(name, source, parsed)),)
        )
    return Asked(AddBars(name, source, parsed, days))


def _indicator(name: str, source: str, indicator: IndicatorSpec | Mapping[str, Any] | None, folder: Path) -> Asked:
    if isinstance(indicator, IndicatorSpec):
        return Asked(AddIndicator(name, source, indicator))
    if isinstance(indicator, Mapping):
        words = dict(indicator)
        try:
            return Asked(AddIndicator(name, source, _parsed(words, folder), bool(words.get("keep", False))))
        except (IndicatorError, ValueError) as error:
            found = error.problems if isinstance(error, IndicatorError) else ()
            problems = found or (Problem(name, f"{error}.", "Give an interval like 5m.", code="bad_interval"),)
            return Asked(AddSymbol(name, source), problems, indicator_offers(name, source, words))
    what = f"indicator is {indicator!r}."
    fix = 'Give one made by openbell.indicator("sma", interval="5m", period=20).'
    return Asked(AddSymbol(name, source), (Problem(name, what, fix, code="no_indicator"),))


def _parsed(words: Mapping[str, Any], folder: Path) -> IndicatorSpec:
    """As under ``[[indicators]]``; an input has the interval of what it is the input of."""
    interval, inner = Interval.parse(str(words.get("interval", ""))), words.get("input")
    made = own.load(str(words["use"]), folder) if "use" in words else str(words.get("name", ""))
    input = None if inner is None else _parsed({**inner, "interval": interval}, folder)
    return registry.parse(made, interval, words.get("params", {}), words.get("column"), input)


def _source_problems(where: str, source: str) -> list[Problem]:
    word, colon, name = source.partition(":")
    if word in set(Source) and (name.strip() or not colon):
        return []
    near = nearest(word, list(Source)) or ", ".join(Source)
    what = f"there is no source {source!r}."
    return [Problem(where, what, f"Use {near}, or a named owner like scanner:gap-up.", code="unknown_source")]
