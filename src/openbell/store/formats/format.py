"""What a reader of a vendor's format is given, and what it gives."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.store.formats.source import Source
from openbell.store.formats.times import DateOrder
from openbell.store.sound import are_sound, shortest_steps

COLUMNS = ("ts", *FIELDS)

UNREAD = -(2**63)
"""The stamp of a row whose time could not be read."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user says about files; None where nothing was said."""

    symbol: str | None = None
    interval: Interval | None = None
    format: str | None = None
    market: str | None = None
    stamp: str | None = None
    timezone: str | None = None
    adjusted: bool = False


@dataclass(frozen=True, slots=True)
class Convention:
    """What the stamps of a file mean, as far as it is known before they are held against the calendar.

    Parameters
    ----------
    wall
        Whether stamps are wall clock times, given as nanoseconds since 1970 as if the clock were in UTC.
    zone
        The clock's zone; None when it is not known, and the bars are to show it.
    stamp
        ``open`` or ``close``: which end of a bar is stamped; None when it is not known, as above.
    """

    wall: bool = False
    zone: str | None = "UTC"
    stamp: str | None = "open"


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """Bars of one symbol and interval, as a file gives them.

    Parameters
    ----------
    symbol, interval
        Whose bars they are; None for an interval that is to be found from the stamps.
    block
        One row per row of the file, in its order: starts of bars (ns UTC, `UNREAD` where the time could not be read),
        prices and volume (NaN where a value is absent or could not be read).
    notes
        What the reader decided, and why.
    adjusted
        Whether the vendor adjusted prices for splits or dividends.
    convention
        What the stamps mean.
    faults
        Rows that are no bars although their values could be read, with the reason.
    market
        The market that the format is of, if it is of one.
    sound
        Whether it is known that all rows are bars, and in order of time.
    step
        The shortest time between two stamps, where it is known.
    advice
        What whoever imports it should know of the vendor's prices, and what to do.
    form
        How the file is written: files that are written alike mean the same by their stamps.
    order
        Of day and month in its dates, where there is a choice.
    """

    symbol: str
    interval: Interval | None
    block: Block
    notes: tuple[str, ...] = ()
    adjusted: bool = False
    convention: Convention = Convention()
    faults: Mapping[int, str] = field(default_factory=dict)
    market: str | None = None
    sound: bool = False
    step: int | None = None
    advice: str | None = None
    form: str = ""
    order: DateOrder | None = None


class Format(Protocol):
    """A reader of one vendor's files."""

    name: str

    def recognises(self, source: Source) -> str | None:
        """Why this is a file of this format; None when it is not."""

    def read(self, source: Source, hints: Hints) -> Sequence[Incoming]:
        """The bars of a file.

        Raises
        ------
        StoreError
            If the file does not hold what the format says, or if its symbol or interval is nowhere to be found.
        """


@dataclass(frozen=True, slots=True)
class Formats:
    """Readers by their names, tried in order."""

    known: Sequence[Format] = field(default_factory=tuple)

    def named(self, name: str) -> Format | None:
        """The reader of that name."""
        return next((reader for reader in self.known if reader.name == name), None)

    @property
    def names(self) -> list[str]:
        """Every name, in order."""
        return [reader.name for reader in self.known]


def block_of(frame: pl.DataFrame) -> Block:
    """The columns of a frame as they are; ``ts`` holds int64 ns UTC, null where it could not be read."""
    return Block.of(_filled(frame["ts"], UNREAD), (_filled(frame[name], math.nan) for name in FIELDS))


# Any: numpy's types, of which polars says nothing.
def _filled(column: pl.Series, value: float) -> Any:
    # Asking first costs a hundredth of filling what is full.
    return (column.fill_null(value) if column.null_count() else column).to_numpy()


def names_of(texts: pl.Series) -> pl.Series:
    """Symbols in capitals, without spaces around them, ``""`` where there is none; most files have them like that."""
    known = texts.cast(pl.String).fill_null("")
    different = known.unique()
    if (different == different.str.strip_chars().str.to_uppercase()).all():
        return known
    return known.str.strip_chars().str.to_uppercase()


Part = tuple[str, Block, bool, int | None]
"""Rows of one symbol, whether it is known that they are sound, and their shortest step where that is known."""


def by_symbol(frame: pl.DataFrame) -> Iterator[Part]:
    """The rows of each symbol that a column ``symbol`` names, in order of names; rows keep their order."""
    runs = frame["symbol"].rle().struct.unnest()
    names = names_of(runs["value"])
    if names.n_unique() < len(names) or not names.is_sorted():
        frame = frame.with_columns(names_of(frame["symbol"]).alias("symbol")).sort("symbol", maintain_order=True)
        runs = frame["symbol"].rle().struct.unnest()
        names = runs["value"]
    return cut(block_of(frame), names.to_list(), runs["len"].to_numpy().astype(np.int64))


def cut(whole: Block, names: Sequence[str], lengths: npt.NDArray[np.int64]) -> Iterator[Part]:
    """Rows of many symbols, symbol after symbol, as the rows of each."""
    ends = np.cumsum(lengths)
    filled = lengths > 0
    heads = (ends - lengths)[filled]
    told = iter(zip(are_sound(whole, heads), shortest_steps(whole.ts, heads), strict=True)) if len(heads) else iter(())
    for name, length, end in zip(names, lengths.tolist(), ends.tolist(), strict=True):
        sound, step = next(told) if length else (False, None)
        yield name, whole[end - length : end], sound, step
