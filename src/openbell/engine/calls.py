"""From a caller's words to an ask: parsed once, with every problem in words."""

from openbell.bars.interval import Interval
from openbell.errors import Problem, nearest
from openbell.indicators.spec import IndicatorSpec
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, Ask, Source

OPERATIONS = ("symbol", "bar", "indicator")


def ask_from(
    operation: str,
    symbol: str,
    source: str,
    *,
    interval: str | Interval | None = None,
    days: int = 0,
    indicator: IndicatorSpec | None = None,
) -> tuple[Ask, tuple[Problem, ...]]:
    """An ask, and what is wrong with the words it was made of."""
    name = symbol.strip().upper()
    where = name or "symbol"
    problems = [] if name else [Problem(where, f"{symbol!r} is no symbol.", "Give a name.", code="no_symbol")]
    problems += _source_problems(where, source)
    ask: Ask = AddSymbol(name, source)
    match operation:
        case "symbol":
            pass
        case "bar":
            parsed, faults = _interval(where, interval)
            problems += faults
            if not isinstance(days, int) or days < 0:
                what = f"days is {days!r}, not a whole number of trading days."
                problems.append(Problem(where, what, "Give 0 or more.", code="bad_days"))
            elif parsed is not None:
                ask = AddBars(name, source, parsed, days)
        case "indicator":
            if isinstance(indicator, IndicatorSpec):
                ask = AddIndicator(name, source, indicator)
            else:
                what = f"indicator is {indicator!r}."
                fix = 'Give one made by openbell.indicator("sma", interval="5m", period=20).'
                problems.append(Problem(where, what, fix, code="no_indicator"))
        case _:
            near = nearest(operation, OPERATIONS) or ", ".join(OPERATIONS)
            what = f"there is no operation {operation!r}."
            problems.append(Problem(where, what, f"Use {near}.", code="unknown_operation"))
    return ask, tuple(problems)


def _interval(where: str, interval: str | Interval | None) -> tuple[Interval | None, list[Problem]]:
    if isinstance(interval, Interval):
        return interval, []
    try:
        return Interval.parse(interval or ""), []
    except ValueError as error:
        return None, [Problem(where, f"{error}.", "Give an interval like 5m.", code="bad_interval")]


def _source_problems(where: str, source: str) -> list[Problem]:
    word = source.split(":", 1)[0]
    if word in set(Source):
        return []
    near = nearest(word, list(Source)) or ", ".join(Source)
    what = f"there is no source {source!r}."
    return [Problem(where, what, f"Use {near}, or a named owner like scanner:gap-up.", code="unknown_source")]
