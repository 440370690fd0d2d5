"""The command on the catalogue of indicators."""

import argparse
import math
from collections.abc import Iterator
from typing import Any

from openbell.bars.interval import Interval
from openbell.cli.output import Output
from openbell.indicators import registry
from openbell.indicators.definition import Definition, Param, Value
from openbell.indicators.spec import IndicatorSpec

EXAMPLE_INTERVAL = Interval.parse("5m")
_EXAMPLE_VALUES = {int: 14.0, float: 2.0}


def show(arguments: argparse.Namespace, output: Output) -> int:
    """Show every indicator, or one of them in full."""
    if arguments.name is None:
        known = [registry.definition(name) for name in registry.names()]
        output.document({"indicators": [_described(one) for one in known]})
        if not output.as_json:
            _show_all(known, output)
    else:
        one = registry.definition(arguments.name.lower())
        output.document(_described(one))
        if not output.as_json:
            output.show(*_in_full(one))
    return 0


def _show_all(known: list[Definition], output: Output) -> None:
    from openbell.cli.figures import Sheet, amount

    rows = [(one.name, registry.module_of(one.name), _signature(one), _unmarked(one.summary)) for one in known]
    columns = ("name", "family", "parameters", "what it is")
    output.show(Sheet(amount(len(rows), "indicator"), columns, rows, words=4))
    output.show("\nOne in full, with its warm-up and the source of its formula: openbell indicators NAME")


def _signature(one: Definition) -> str:
    return ", ".join(p.name if p.required else f"{p.name}={p.default}" for p in one.params) or "none"


def _in_full(one: Definition) -> Iterator[Any]:  # whatever rich prints
    from openbell.cli.figures import Sheet

    yield f"{one.name}: {_unmarked(one.summary)}"
    if one.notes:
        yield f"\n{_unmarked(one.notes)}"
    if one.params:
        rows = [
            (p.name, p.type.__name__, "required" if p.required else str(p.default), p.range, p.about)
            for p in one.params
        ]
        yield Sheet("parameters", ("name", "type", "default", "range", "meaning"), rows, words=5)
    spec = _example(one)
    works_on = f"any column (by default {one.column}) or another indicator" if one.sourced else "the bar's own columns"
    facts = [
        ("family", registry.module_of(one.name)),
        ("kind", one.kind.value),
        ("works on", works_on),
        ("outputs", ", ".join(one.outputs)),
        (f"warm-up of {spec.key}", _warmup(spec)),
    ]
    yield Sheet("facts", ("fact", "value"), facts, words=2)
    yield f"\nIn a session file:\n\n{_entry(spec)}"


def _unmarked(text: str) -> str:
    return text.replace("``", "")


def _row(p: Param) -> tuple[str, ...]:
    return p.name, p.type.__name__, "required" if p.required else str(p.default), p.range, p.about


def _example(one: Definition) -> IndicatorSpec:
    return registry.parse(one, EXAMPLE_INTERVAL, {p.name: _example_value(p) for p in one.params if p.required})


def _example_value(p: Param) -> Value:
    if p.choices:
        return p.choices[0]
    low, high = (p.minimum, p.maximum)
    value = max(_EXAMPLE_VALUES[p.type], -math.inf if low is None else low)
    chosen: Value = p.type(min(value, math.inf if high is None else high))
    return chosen


def _warmup(spec: IndicatorSpec) -> str:
    needs = spec.needs
    if not needs.history:
        return "starts with the session"
    return f"a number after {needs.lookback} bars, settled after {needs.warmup}"


def _entry(spec: IndicatorSpec) -> str:
    lines = ["[[indicators]]", f'name = "{spec.name}"', f'interval = "{spec.interval}"']
    if spec.params:
        pairs = (
            f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}" for name, value in spec.params
        )
        lines.append(f"params = {{ {', '.join(pairs)} }}")
    return "\n".join(lines)


def _described(one: Definition) -> dict[str, object]:
    spec = _example(one)
    return {
        "name": one.name,
        "family": registry.module_of(one.name),
        "kind": one.kind.value,
        "summary": one.summary,
        "notes": one.notes,
        "outputs": list(one.outputs),
        "column": one.column if one.sourced else None,
        "columns": list(spec.needs.columns),
        "parameters": [_parameter(p) for p in one.params],
        "example": {"key": spec.key, "lookback": spec.needs.lookback, "warmup": spec.needs.history},
    }


def _parameter(p: Param) -> dict[str, object]:
    return {
        "name": p.name,
        "type": p.type.__name__,
        "default": p.default,
        "minimum": p.minimum,
        "maximum": p.maximum,
        "choices": list(p.choices),
        "about": p.about,
    }
