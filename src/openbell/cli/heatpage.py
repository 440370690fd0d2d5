"""Coverage as a page of its own: a drawing in SVG that needs no network and no code."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

import numpy as np

from openbell.cli.figures import NOTHING, amount, share
from openbell.cli.heatmap import NAMES, UNEXPECTED, HeatMap, heat_map
from openbell.store.coverage import Coverage

MOST_COLUMNS = 1500
_ROOM = 1100
_ROW, _LABEL, _TOP = 14, 150, 22
_NARROWEST, _WIDEST = 1, 16
_TICK_ROOM = 70
_COLOURS = ("#c0392b", "#e07b39", "#e3c04a", "#8dbb5c", "#2e8b57")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px system-ui, sans-serif; margin: 2rem; }
svg { display: block; margin: 1rem 0 2rem; overflow: visible; }
text { font: 11px ui-monospace, monospace; fill: currentColor; }
.legend span { display: inline-block; margin-right: 1.2em; }
.legend i { display: inline-block; width: 12px; height: 12px; margin-right: .4em; vertical-align: -1px; }
"""


def heat_page(title: str, found: Sequence[Coverage]) -> str:
    """The page: a drawing per interval and market, the worst symbol on top; each stretch says its figures."""
    drawings = "".join(map(_section, found))
    style = _STYLE + "".join(f".l{level} {{ fill: {colour}; }}\n" for level, colour in enumerate(_COLOURS))
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{name}</span>'
        for colour, name in zip(_COLOURS[::-1], NAMES[::-1], strict=True)
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{style}</style></head><body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="legend">{legend}<span>blank: not listed</span></p>\n{drawings}</body></html>\n'
    )


def _section(coverage: Coverage) -> str:
    made = heat_map(coverage, MOST_COLUMNS)
    first, last = coverage.dates[0], coverage.dates[-1]
    sessions = amount(len(coverage.dates), "session")
    heading = f"{coverage.interval} bars, {first} to {last} ({sessions}, {amount(len(made.symbols), 'symbol')})"
    return f"<h2>{escape(heading)}</h2>\n{_drawing(made)}\n"


def _drawing(made: HeatMap) -> str:
    cell = max(_NARROWEST, min(_WIDEST, _ROOM // len(made.starts)))
    width, height = _LABEL + cell * len(made.starts) + 10, _TOP + _ROW * len(made.symbols)
    parts = [f'<svg width="{width}" height="{height}" role="img">']
    parts += _ticks(made, cell)
    percent, levels, totals = made.percent, made.levels, made.totals
    for row, symbol in enumerate(made.symbols):
        top = _TOP + _ROW * row
        total = NOTHING if np.isnan(totals[row]) else share(float(totals[row]))
        parts.append(f'<text x="0" y="{top + 11}">{escape(f"{symbol:<12} {total:>5}")}</text>')
        cuts = [0, *(np.flatnonzero(np.diff(percent[row])) + 1).tolist(), len(made.starts)]
        parts += [
            _stretch(made, row, start, end, cell, top)
            for start, end in pairwise(cuts)
            if levels[row, start] != UNEXPECTED
        ]
    return "\n".join([*parts, "</svg>"])


def _stretch(made: HeatMap, row: int, start: int, end: int, cell: int, top: int) -> str:
    """Columns of the same share, which say on asking what they are."""
    present, expected = int(made.present[row, start:end].sum()), int(made.expected[row, start:end].sum())
    first, last = made.starts[start], made.ends[end - 1]
    dates = str(first) if first == last else f"{first} to {last}"
    told = f"{made.symbols[row]}, {dates}: {share(100 * present / expected)}% ({present:,} of {expected:,} bars)"
    return (
        f'<rect class="l{made.levels[row, start]}" x="{_LABEL + cell * start}" y="{top}" '
        f'width="{cell * (end - start)}" height="{_ROW - 2}"><title>{escape(told)}</title></rect>'
    )


def _ticks(made: HeatMap, cell: int) -> Iterator[str]:
    """The first session of months, as many as there is room for."""
    free = 0
    for place, start in enumerate(made.starts):
        begins = place == 0 or start.month != made.starts[place - 1].month
        if begins and cell * place >= free:
            yield f'<text x="{_LABEL + cell * place}" y="12">{start}</text>'
            free = cell * place + _TICK_ROOM
