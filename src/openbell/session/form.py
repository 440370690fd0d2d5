"""What is hashed of a symbol, written down: lines that many symbols share, and each one's own numbers behind them.

1. `layout`: which intervals and indicators a symbol has; symbols of one layout share a form.
2. `Form.of`: the lines of a layout, and where the numbers behind them are found.
3. `Form.text`: the lines with the numbers of one symbol.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import Protocol

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.indicators.spec import IndicatorSpec
from openbell.session.records import SymbolRecord, Tier

Bytes = bytes | memoryview
Layout = tuple[list[tuple[Interval, Interval | None, int | None, int]], dict[str, IndicatorSpec], set[str]]
Parts = defaultdict[Interval, list[Block]]


class Column(Protocol):
    """The numbers of many symbols, each in its row."""

    def __getitem__(self, row: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A column whose numbers are made when somebody asks for them."""

    of: Callable[[int], bytes]

    def __getitem__(self, row: int, /) -> bytes:
        return self.of(row)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers of some symbols are found.

    Parameters
    ----------
    past
        Per interval the hashes of what history holds, part by part, of symbol after symbol.
    today, shown, kept
        The hashes of an interval's bars of today; what an indicator shows; the series that is kept of it.
    """

    past: Mapping[Interval, Iterator[Bytes]]
    today: Callable[[Interval], Column]
    shown: Callable[[IndicatorSpec], Column]
    kept: Callable[[IndicatorSpec], Column]


@dataclass(frozen=True, slots=True)
class Form:
    """The text of symbols of one layout.

    Parameters
    ----------
    lines
        The text with nothing in the places of what is a symbol's own: the first one and every second from there.
    bars
        Per interval the hashes of history, how many of them are a symbol's, and those of today.
    figures
        What comes of the indicators.
    """

    lines: list[Bytes]
    bars: list[tuple[Iterator[Bytes], int, Column]]
    figures: list[Column]

    @classmethod
    def of(cls, record: SymbolRecord, sources: Sources) -> "Form":
        """The form of a symbol and of all that have its layout."""
        lines, bars, figures = list[str](), [], list[Column]()
        for interval in _by_rank(tuple(record.series)):
            series = record.series[interval]
            line, parts = f"{interval} from {series.base} since {series.since}\n", len(series.history.parts)
            lines += [line, *[""] * (parts - 1), "today\n"] if parts else [line + "today\n"]
            bars.append((sources.past[interval], parts, sources.today(interval)))
        for key, spec in sorted(record.indicators.items()):
            kept = key in record.kept
            lines += [f"{key} {kept}\n", ""] if kept else [f"{key} {kept}\n"]
            figures += [sources.shown(spec), sources.kept(spec)] if kept else [sources.shown(spec)]
        return cls([b"", *chain.from_iterable((line.encode(), b"") for line in lines)], bars, figures)

    def text(self, record: SymbolRecord) -> bytes:
        """All that is hashed of a symbol; the hashes of its history are the next ones."""
        row, numbers = record.row, list[Bytes]([_head(record)])
        for past, parts, today in self.bars:
            numbers += islice(past, parts)
            numbers.append(today[row])
        numbers += [column[row] for column in self.figures]
        text = self.lines.copy()
        text[::2] = numbers
        return b"".join(text + _over_past_sessions(record) if record.aggregates else text)


def layout(record: SymbolRecord, parts: Parts) -> Layout:
    """What the form of a symbol depends on; puts the blocks of its history behind those of other symbols."""
    held = []
    for interval, series in record.series.items():
        blocks = series.history.parts
        parts[interval].extend(blocks)
        held.append((interval, series.base, series.since, len(blocks)))
    return held, record.indicators, record.kept


@lru_cache(maxsize=256)
def _by_rank(intervals: tuple[Interval, ...]) -> list[Interval]:
    """From short to long."""
    return sorted(intervals)


def number_bytes(numbers: float | Floats) -> bytes:
    """The bits of numbers, every NaN written as the same one."""
    return np.where(np.isnan(numbers), np.nan, numbers).tobytes()


def _head(record: SymbolRecord) -> bytes:
    head = record.name.encode() + _standing(
        record.tier, (record.history_quality, record.session_quality), record.listed
    )
    for action in record.actions:
        head += f"adjusted for {action}\n".encode()
    return head


@lru_cache(maxsize=4096)
def _standing(tier: Tier, quality: tuple[bool, bool], listed: date) -> bytes:
    return f" {tier} {quality} {listed}\n".encode()


def _over_past_sessions(record: SymbolRecord) -> list[Bytes]:
    """The figures over past sessions."""
    figures = sorted(record.aggregates.items())
    return [f"{key} over past sessions\n".encode() + number_bytes(figure) for key, figure in figures]
