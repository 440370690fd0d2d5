"""What a reader of a vendor's format is given, and what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from openbell.bars.block import FIELDS
from openbell.bars.interval import Interval

COLUMNS = ("ts", *FIELDS)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user says about files; None where nothing was said."""

    symbol: str | None = None
    interval: Interval | None = None
    format: str | None = None
    market: str | None = None
    stamp: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import.

    Parameters
    ----------
    path
        Where it is.
    head
        Its first bytes.
    """

    path: Path
    head: bytes

    @property
    def parent(self) -> str:
        """The name of the folder it lies in."""
        return self.path.absolute().parent.name


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """Bars of one symbol and interval, as a file gives them.

    Parameters
    ----------
    symbol, interval
        Whose bars they are.
    frame
        The columns ``ts`` (ns UTC, start of the bar), ``open high low close volume`` (float64), one row per row of
        the file, null where a value could not be read.
    notes
        What the reader decided, and why.
    adjusted
        Whether the vendor adjusted prices for splits or dividends.
    """

    symbol: str
    interval: Interval
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    adjusted: bool = False


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
