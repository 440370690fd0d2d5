"""The catalogue as a page: ``python -m openbell.indicators.page docs/indicators.md`` writes it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from openbell.bars.interval import Interval
from openbell.indicators import registry
from openbell.indicators.definition import Definition, Kind, Param
from openbell.indicators.degenerate import DEGENERATE

_INTERVAL = Interval.parse("5m")
_USUAL = {"period": 14}
_FAMILIES = {
    "averages": "Averages",
    "adaptive": "Averages with weights of their own",
    "trend": "Trend",
    "stops": "Stops",
    "momentum": "Momentum",
    "oscillators": "Oscillators",
    "volatility": "Volatility",
    "volume": "Volume",
    "levels": "Levels",
}
_KINDS = {
    Kind.WINDOW: "its last bars alone, exactly",
    Kind.FADING: "all bars, older ones less and less",
    Kind.SESSION: "today's bars of regular hours alone",
    Kind.REPLAYED: "all bars without a bound: exactly so many before today's open are replayed",
}
_HEAD = """# Indicators

Written by `python -m openbell.indicators.page docs/indicators.md`; a test holds it to the code.

An indicator is a number, or a few, that follows the bars of one interval. `openbell indicators NAME` prints one of
these entries, `ob.indicator(name, interval=..., period=...)` names one for a session, and `ob.compute(name, close=...)`
gives its values over arrays.

*Lookback* is how many bars it takes until there is a number; before that it is NaN, afterwards always a number.
*Warm-up* is how many until the number no longer depends on where it started: by at most a millionth of the price, or of
the range of one that has bounds. Both count present bars of the indicator's own interval. The state at today's open is
always that after the last *warm-up* bars before today, however much history is there.

Those marked *on any value* work on another column (`column="volume"`) and on another indicator (`input=...`) as well.
"""
"""Values for a price that stays at 7.1 without volume: name, parameters, output, ours, TA-Lib's (None: has it not)."""


def page() -> str:
    """The catalogue in Markdown."""
    parts = [_HEAD, *_overview(), *_parameters(), *_degenerate()]
    for family, title in _FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_entry(registry.definition(name)) for name in registry.names() if registry.module_of(name) == family]
    return "\n".join(parts)


def _overview() -> Iterator[str]:
    yield "| family | indicators |\n|---|---|"
    for family, title in _FAMILIES.items():
        names = [name for name in registry.names() if registry.module_of(name) == family]
        yield f"| {title.lower()} | {' '.join(f'[`{name}`](#{name})' for name in names)} |"
    yield ""


def _parameters() -> Iterator[str]:
    yield "## Every parameter\n\n| parameter | in | type | default | range |\n|---|---|---|---|---|"
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for name in (name for name in registry.names() if registry.module_of(name) in _FAMILIES):
        for p in registry.definition(name).params:
            found.setdefault((p.name, p.type.__name__, _default(p), p.range), []).append(name)
    for (name, kind, default, limits), users in sorted(found.items()):
        yield f"| `{name}` | {', '.join(users)} | {kind} | {default} | {limits} |"
    yield ""


def _degenerate() -> Iterator[str]:
    yield (
        "## Where a formula divides by nothing\n\n(Other libraries say 0 for want of a number; the middle of the range "
        "says that nothing has happened.)\n"
    )
    for case, rows in DEGENERATE.items():
        yield f"{case.value}:\n\n| indicator | output | openbell | TA-Lib |\n|---|---|---|---|"
        for name, params, output, ours, theirs in rows:
            shown = ", ".join([name, *(f"{key}={value}" for key, value in params.items() if value == 1)])
            yield f"| `{shown}` | {output} | {ours:g} | {'has it not' if theirs is None else f'{theirs:g}'} |"
        yield ""


def _entry(definition: Definition) -> str:
    usual = {p.name: _USUAL.get(p.name, p.minimum) if p.required else p.default for p in definition.params}
    params = {name: value for name, value in usual.items() if value is not None}
    spec = registry.parse(definition, _INTERVAL, params)
    needs = spec.needs
    lines = [
        f"### {definition.name}\n",
        f"{definition.summary}\n",
        f"{definition.notes}\n",
        f"- depends on {_KINDS[definition.kind]} ({definition.kind})",
        f"- outputs: {', '.join(f'`{name}`' for name in definition.outputs)}",
        f"- reads: {', '.join(needs.columns)}{', on any value' if definition.sourced else ''}",
    ]
    if needs.sessions:
        lines.append(f"- `{spec.key}` needs {needs.sessions} past session{'s' * (needs.sessions > 1)} with bars")
    else:
        lines.append(f"- `{spec.key}`: lookback {needs.lookback}, warm-up {needs.warmup} bars")
    if definition.params:
        lines += ["", "| parameter | type | default | range | |", "|---|---|---|---|---|"]
        lines += [
            f"| `{p.name}` | {p.type.__name__} | {_default(p)} | {p.range} | {p.about} |" for p in definition.params
        ]
    return "\n".join(lines) + "\n"


def _default(p: Param) -> str:
    if p.default is None:
        return "must be given"
    return f"{p.default:g}" if isinstance(p.default, float) else str(p.default)


def main(path: str) -> None:
    """Write the page."""
    Path(path).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
