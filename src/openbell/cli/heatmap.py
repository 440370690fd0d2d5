"""Coverage as a map: a row per symbol, a column per session, or per few sessions where there is no room."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from openbell.cli.figures import ROWS_SHOWN, share
from openbell.store.coverage import Coverage

LIMITS = (0.0, 40.0, 75.0, 100.0)
"""Levels in percent: none, above 0, from 40, from 75, all."""

NAMES = ("none", "below 40%", "40% and more", "75% and more", "all")
_MARKS, _PLAIN_MARKS = "·░▒▓█", ".:+%#"
_STYLES = ("red", "dark_orange", "yellow", "green", "bold green")
_LEAST_CELLS = 10
_DATE_WIDTH = 10
UNEXPECTED = -1

Levels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Bars there and expected, per symbol and stretch of sessions.

    Parameters
    ----------
    symbols
        The worst first.
    starts, ends
        The first and the last date of each stretch.
    present, expected
        Bars, shape (symbols, stretches).
    """

    symbols: tuple[str, ...]
    starts: tuple[date, ...]
    ends: tuple[date, ...]
    present: npt.NDArray[np.int64]
    expected: npt.NDArray[np.int64]

    @property
    def totals(self) -> npt.NDArray[np.float64]:
        """Percent per symbol, NaN where nothing is expected."""
        return _percent(self.present.sum(axis=1), self.expected.sum(axis=1))

    @property
    def percent(self) -> npt.NDArray[np.float64]:
        """Percent per symbol and stretch, NaN where nothing is expected."""
        return _percent(self.present, self.expected)

    @property
    def levels(self) -> Levels:
        """Places in `NAMES`, `UNEXPECTED` where nothing is expected."""
        percent = self.percent
        levels = (percent > 0).astype(np.int8)
        for limit in LIMITS[1:]:
            levels += percent >= limit
        return np.where(np.isnan(percent), UNEXPECTED, levels).astype(np.int8)


def heat_map(coverage: Coverage, columns: int) -> HeatMap:
    """The map of a coverage, in at most so many columns.

    Examples
    --------
    >>> bars = np.array([[4, 2, 0]], np.int32)
    >>> dates = tuple(date(2024, 7, day) for day in (1, 2, 3))
    >>> made = heat_map(Coverage("1m", ("A",), dates, bars, np.full((1, 3), 4, np.int32)), columns=2)
    >>> made.percent.tolist(), made.levels.tolist()
    ([[75.0, 0.0]], [[3, 0]])
    """
    width = -(-len(coverage.dates) // max(1, columns))
    edges = np.arange(0, len(coverage.dates), width)
    ends = np.append(edges[1:], len(coverage.dates)) - 1
    counted = np.where(coverage.expected > 0, coverage.present, 0)
    present = np.add.reduceat(counted.astype(np.int64), edges, axis=1)
    expected = np.add.reduceat(coverage.expected.astype(np.int64), edges, axis=1)
    percent = _percent(present.sum(axis=1), expected.sum(axis=1))
    order = sorted(range(len(coverage.symbols)), key=lambda row: (np.nan_to_num(percent[row], nan=1e9), row))
    return HeatMap(
        tuple(coverage.symbols[row] for row in order),
        tuple(coverage.dates[place] for place in edges.tolist()),
        tuple(coverage.dates[place] for place in ends.tolist()),
        present[order],
        expected[order],
    )


def _percent(present: npt.NDArray[np.int64], expected: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    share = np.full(present.shape, np.nan)
    np.divide(100.0 * present, expected, out=share, where=expected > 0)
    return share


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A coverage as rich prints it: as many columns as there is room for; marks tell without colours, too.

    Parameters
    ----------
    rows
        At most so many symbols, the worst ones.
    """

    coverage: Coverage
    rows: int = ROWS_SHOWN

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give rich the lines to print."""
        names = min(max(map(len, self.coverage.symbols)), max(1, options.max_width // 3))
        lead = names + len(" 100.0 ")
        made = heat_map(self.coverage, max(_LEAST_CELLS, options.max_width - lead - 1))
        marks = _MARKS if _can_draw(options.encoding) else _PLAIN_MARKS
        yield Text("")
        yield Text(f"{' ' * lead}{_axis(made)}", "dim", no_wrap=True)
        totals = made.totals
        for row in range(min(self.rows, len(made.symbols))):
            name = made.symbols[row][:names]
            line = Text(f"{name:<{names}} {share(float(totals[row])):>5} ", no_wrap=True)
            yield line.append_text(_cells(made.levels[row], marks))
        yield from _legend(made, marks, len(self.coverage.dates))


def _cells(levels: Levels, marks: str) -> Text:
    line = Text(no_wrap=True)
    for level in levels.tolist():
        line.append(" " if level == UNEXPECTED else marks[level], None if level == UNEXPECTED else _STYLES[level])
    return line


def _axis(made: HeatMap) -> str:
    """The first date and, where there is room, the last."""
    first, last = str(made.starts[0]), str(made.ends[-1])
    room = len(made.starts) - 2 * _DATE_WIDTH
    return f"{first}{' ' * room}{last}" if room > 0 else first


def _legend(made: HeatMap, marks: str, sessions: int) -> Iterator[Text]:
    told = ", ".join(f"{mark} {name}" for mark, name in zip(marks[::-1], NAMES[::-1], strict=True))
    width = -(-sessions // len(made.starts))
    each = "a column is a session" if width == 1 else f"a column is {width} sessions"
    yield Text(f"{told}, blank: not listed", "dim")
    yield Text(each, "dim")


def _can_draw(encoding: str) -> bool:
    try:
        _MARKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
