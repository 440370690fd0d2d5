"""Requirements as JSON text and back, nothing lost."""

import json
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from openbell.bars.interval import Interval
from openbell.errors import Problem, Severity
from openbell.indicators import registry
from openbell.indicators.aggregates import Aggregate
from openbell.indicators.spec import IndicatorSpec
from openbell.provisioning import steps
from openbell.provisioning.offers import Offer
from openbell.provisioning.requirements import Moment, ProvisioningRequirements
from openbell.session.asks import AddBars, AddIndicator, AddSymbol
from openbell.session.records import Amount

_TAG = "is"
_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        *(ProvisioningRequirements, Moment, Offer, Problem, Amount, AddSymbol, AddBars, AddIndicator),
        *(steps.Stretch, steps.Read, steps.Load, steps.EvictSymbol, steps.CreateSymbol, steps.UpgradeSymbol),
        *(steps.AddInterval, steps.LoadHistorical, steps.LoadSession, steps.RegisterIndicators),
        *(steps.CalculateQuality, steps.CalculateAggregates, Aggregate),
    )
}


def to_json(requirements: ProvisioningRequirements) -> str:
    """Requirements as JSON text that `from_json` reads."""
    return json.dumps(_plain(requirements))


def from_json(text: str) -> ProvisioningRequirements:
    """The requirements that `to_json` wrote.

    Raises
    ------
    ValueError
        For text that is no such document.
    """
    try:
        made = _value(json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is not a document of requirements: {error}") from error
    if not isinstance(made, ProvisioningRequirements):
        raise ValueError("this is not a document of requirements")
    return made


# Any: JSON's values, and the values that they stand for, are of many kinds.
def _plain(value: Any) -> Any:
    match value:
        case Interval():
            return {_TAG: "Interval", "text": str(value)}
        case IndicatorSpec():
            inner = None if value.input is None else _plain(value.input)
            named = {"name": value.name, "interval": str(value.interval), "params": dict(value.params)}
            return {_TAG: "IndicatorSpec", **named, "column": value.column, "input": inner}
        case Severity():
            return {_TAG: "Severity", "text": value.value}
        case Enum() | str() | int() | float() | None:
            return value
        case date():
            return {_TAG: "date", "text": value.isoformat()}
        case frozenset():
            return {_TAG: "frozenset", "items": sorted(value)}
        case tuple():
            return [_plain(item) for item in value]
    assert is_dataclass(value), value
    held = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return {_TAG: type(value).__name__, **held}


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_value(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    match plain[_TAG]:
        case "Interval":
            return Interval.parse(plain["text"])
        case "IndicatorSpec":
            inner = _value(plain["input"])
            return registry.parse(
                plain["name"], Interval.parse(plain["interval"]), plain["params"], plain["column"], inner
            )
        case "Severity":
            return Severity(plain["text"])
        case "date":
            return date.fromisoformat(plain["text"])
        case "frozenset":
            return frozenset(plain["items"])
    return _CLASSES[plain[_TAG]](**{name: _value(item) for name, item in plain.items() if name != _TAG})
