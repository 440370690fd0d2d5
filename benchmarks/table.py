"""The table that is printed."""

from collections.abc import Sequence

from benchmarks.lines import Line

HEADS = ("line", "median", "spread", "unit", "ratio", "to", "to reach", "met")


def rendered(lines: Sequence[Line]) -> str:
    """Lines as a table of text."""
    rows = [HEADS, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    rule = "  ".join("-" * width for width in widths)
    texts = ["  ".join(_placed(row[place], place, widths[place]) for place in range(len(HEADS))) for row in rows]
    notes = [f"{line.name}: {line.note}" for line in lines if line.note]
    return "\n".join([texts[0], rule, *(text.rstrip() for text in texts[1:]), *([""] if notes else []), *notes])


def _cells(line: Line) -> tuple[str, ...]:
    low, high = line.spread
    met = {True: "yes", False: "NO", None: ""}[line.met]
    return (
        line.name + (" (p99)" if line.tail else ""),
        _figure(line.figure),
        f"{_figure(low)} .. {_figure(high)}",
        line.unit.value,
        "" if line.ratio is None else f"{line.ratio:.2f}",
        line.limit_name,
        "" if line.bar is None else str(line.bar),
        met,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _placed(text: str, place: int, width: int) -> str:
    return text.rjust(width) if place in (1, 4) else text.ljust(width)
