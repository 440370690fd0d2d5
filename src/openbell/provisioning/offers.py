"""Counter-offers: what could be asked instead of what was refused, and would be accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from openbell.bars.interval import Interval
from openbell.errors import IndicatorError, nearest
from openbell.indicators import registry
from openbell.indicators.definition import Param
from openbell.provisioning.bases import derivable
from openbell.session.asks import AddBars, AddIndicator, Ask


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be had instead.

    Parameters
    ----------
    text
        In words.
    ask
        The ask that would be accepted now; None where another day or an import is what helps.
    day
        The first day on which what was asked for can be had, if that helps.
    command
        The command that would make it possible, if one does.
    """

    text: str
    ask: Ask | None = None
    day: date | None = None
    command: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain: dict[str, Any] = {"text": self.text}
        if self.ask is not None:
            plain["ask"] = repr(self.ask)
        if self.day is not None:
            plain["day"] = self.day.isoformat()
        if self.command is not None:
            plain["command"] = self.command
        return plain


def with_symbol(ask: Ask, symbol: str) -> Offer:
    """The same of another symbol."""
    return Offer(f"the same of {symbol}", replace(ask, symbol=symbol))


def with_interval(ask: Ask, stored: tuple[Interval, ...]) -> Offer | None:
    """The same of the nearest interval that can be made; None where nothing is stored, or no interval was asked for."""
    wanted = ask.interval if isinstance(ask, AddBars) else ask.spec.interval if isinstance(ask, AddIndicator) else None
    near = None if wanted is None else derivable(stored, wanted)
    if near is None:
        return None
    if isinstance(ask, AddBars):
        return Offer(f"{near} bars", replace(ask, interval=near))
    assert isinstance(ask, AddIndicator)
    spec = replace(ask.spec, interval=near)
    return Offer(f"{spec.key}", replace(ask, spec=spec))


def with_days(ask: Ask, days: int) -> Offer | None:
    """The same with less history; None where no days were asked for."""
    return Offer(f"with {days} days", replace(ask, days=days)) if isinstance(ask, AddBars) else None


def indicator_offers(symbol: str, owner: str, words: Mapping[str, Any]) -> tuple[Offer, ...]:
    """The nearest indicator to one that could not be made of a caller's words; empty where none is near."""
    name = str(words.get("name", ""))
    known = name if name in registry.names() else nearest(name, registry.names())
    if known is None:
        return ()
    definition = registry.definition(known)
    given = words.get("params", {})
    params = dict(given) if isinstance(given, Mapping) else {}
    mended = {param.name: _mended(param, params) for param in definition.params}
    try:
        spec = registry.parse(known, _interval(words.get("interval")), mended)
    except IndicatorError:
        return ()
    return (Offer(spec.key, AddIndicator(symbol, owner, spec)),)


def _mended(param: Param, params: Mapping[str, Any]) -> Any:
    """The value nearest to a given one that a parameter may have; its default, else its least, where none was given."""
    near = nearest(param.name, params)
    value = params.get(param.name, None if near is None else params[near])
    if param.choices:
        return value if value in param.choices else param.default or param.choices[0]
    if not isinstance(value, int | float) or isinstance(value, bool):
        value = param.default if param.default is not None else param.minimum or 1
    low = value if param.minimum is None else max(value, param.minimum)
    high = low if param.maximum is None else min(low, param.maximum)
    return param.type(high)


def _interval(text: object) -> Interval:
    try:
        return Interval.parse(str(text))
    except ValueError:
        return Interval.parse("5m")
