"""Figures as people read them, and plain tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

NOTHING = "-"
UNSETTLED = "~"
ROWS_SHOWN = 40
_GAP = 3
_FOLDED = 24  # a longer word, such as a path, may be broken


def count(value: object) -> str:
    """A whole number with thousands apart.

    Examples
    --------
    >>> count(1234567), count(None)
    ('1,234,567', '-')
    """
    return f"{value:,}" if isinstance(value, int) else NOTHING


def amount(number: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> amount(1, "day"), amount(3, "day")
    ('1 day', '3 days')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def share(value: object) -> str:
    """A share in percent with one decimal; the last tenth is never rounded away.

    Examples
    --------
    >>> share(98.04), share(99.97), share(100.0), share(None)
    ('98.0', '99.9', '100.0', '-')
    """
    if not isinstance(value, int | float):
        return NOTHING
    return f"{min(value, 99.9):.1f}" if value < 100 else f"{value:.1f}"


def number(value: object) -> str:
    """A price or an indicator's value.

    Examples
    --------
    >>> number(361.2), number(0.123456), number(12345678.0), number(None), number(float("nan"))
    ('361.20', '0.1235', '12,345,678', '-', '-')
    """
    if not isinstance(value, int | float) or value != value:
        return NOTHING
    size = abs(value)
    return f"{value:,.0f}" if size >= 1e6 else f"{value:,.2f}" if size >= 100 else f"{value:.4f}"


def outputs(indicator: Mapping[str, object]) -> list[tuple[str, str]]:
    """An indicator's outputs as name and text, the name empty when there is one only; unsettled values are marked.

    Examples
    --------
    >>> outputs({"value": 50.0, "settled": False}), outputs({"value": {"macd": 1.0}, "settled": True})
    ([('', '50.0000~')], [('macd', '1.0000')])
    """
    value = indicator.get("value")
    parts = value if isinstance(value, Mapping) else {"": value}
    mark = "" if indicator.get("settled") else UNSETTLED
    texts = ((str(name), number(item)) for name, item in parts.items())
    return [(name, text if text == NOTHING else f"{text}{mark}") for name, text in texts]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A titled table; where the terminal is too narrow for its figures, a line of named values per row.

    Parameters
    ----------
    title, columns, rows
        All texts. A figure is never broken.
    words
        So many of the first columns are text, which may be broken between words.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give rich the lines to print."""
        yield Text(f"\n{self.title}", "bold")
        if self._least_width() <= options.max_width:
            yield self._table()
        else:
            yield from self._lines()

    def _least_width(self) -> int:
        lengths = [
            max(
                min(max(map(len, text.split()), default=0), _FOLDED) if place < self.words else len(text)
                for text in column
            )
            for place, column in enumerate(zip(self.columns, *self.rows, strict=True))
        ]
        return sum(lengths) + _GAP * len(lengths)

    def _table(self) -> Table:
        made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
        for place, column in enumerate(self.columns):
            text = place < self.words
            made.add_column(column, justify="left" if text else "right", overflow="fold", no_wrap=not text)
        for row in self.rows:
            made.add_row(*row)
        return made

    def _lines(self) -> Iterator[Text]:
        for row in self.rows:
            named = zip(self.columns[self.words :], row[self.words :], strict=True)
            parts = [*filter(None, row[: self.words]), *(f"{name} {text}" for name, text in named)]
            yield Text(" | ".join(parts))


def shortened(sheet: Sheet, most: int = ROWS_SHOWN) -> Iterator[Sheet | str]:
    """A sheet of at most so many rows, and a line that says how many are not shown.

    Examples
    --------
    >>> [len(part.rows) if isinstance(part, Sheet) else part for part in shortened(Sheet("", ("a",), [("1",)] * 3), 2)]
    [2, '1 more: --json has them all.']
    """
    more = len(sheet.rows) - most
    yield replace(sheet, rows=sheet.rows[:most]) if more > 0 else sheet
    if more > 0:
        yield f"{more:,} more: --json has them all."
