"""What is hashed of symbols, written down: lines that symbols share, and each one's own bytes between them.

1. `layout`: which intervals and indicators a symbol has; symbols of one layout have the same lines.
2. `Form.of`: the lines of symbols of one layout, and where what is between them is found.
3. `Form.digests`: the hash of what is written of each.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from openbell.bars.block import Block, Floats
from openbell.bars.interval import Interval
from openbell.indicators.spec import IndicatorSpec
from openbell.session.column import Column, Rows, Table
from openbell.session.records import SymbolRecord, Tier

Own = Callable[[SymbolRecord], bytes]
"""What is made for each symbol by itself."""

# So many lie beside each other in fast memory.
_BESIDE = 256


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers of symbols of one layout are found.

    Parameters
    ----------
    past
        The hashes of what history holds, part by part, in the order of `parts_of`.
    today, shown
        The hashes of an interval's bars of today; what an indicator shows.
    kept
        The series that is kept of an indicator, symbol by symbol: these are long.
    """

    past: Sequence[Column]
    today: Callable[[Interval], Column]
    shown: Callable[[IndicatorSpec], Column]
    kept: Callable[[IndicatorSpec], Own]


@dataclass(frozen=True, slots=True)
class Form:
    """The text of symbols of one layout.

    Parameters
    ----------
    records
        The symbols.
    pieces
        What is written of each, one after the other.
    """

    records: Sequence[SymbolRecord]
    pieces: Sequence[bytes | Column | Own]

    @classmethod
    def of(cls, records: Sequence[SymbolRecord], sources: Sources) -> "Form":
        """The form of symbols of one layout."""
        first, past, pieces = records[0], iter(sources.past), list[bytes | Column | Own]()
        held = {interval: [next(past) for _ in series.history.parts] for interval, series in first.series.items()}
        for interval in _by_rank(tuple(held)):
            series = first.series[interval]
            line = f"{interval} from {series.base} since {series.since}\n"
            pieces += [line.encode(), *held[interval], b"today\n", sources.today(interval)]
        for key, spec in sorted(first.indicators.items()):
            kept = key in first.kept
            pieces += [f"{key} {kept}\n".encode(), sources.shown(spec)]
            if kept:
                pieces.append(sources.kept(spec))
        if any(record.aggregates for record in records):
            pieces.append(_over_past_sessions)
        return cls(records, pieces)

    def digests(self) -> list[bytes]:
        """16 bytes of each symbol."""
        hashes = [hashlib.blake2b(_head(record), digest_size=16) for record in self.records]
        beside = list[bytes | Column]()
        for piece in self.pieces:
            if isinstance(piece, bytes | Column):
                beside.append(piece)
                continue
            _go_on(hashes, beside)
            beside = []
            for one, record in zip(hashes, self.records, strict=True):
                one.update(piece(record))
        _go_on(hashes, beside)
        return [one.digest() for one in hashes]


def _go_on(hashes: Sequence[hashlib.blake2b], pieces: Sequence[bytes | Column]) -> None:
    """Hash what stands side by side, if anything does."""
    for places, texts in _side_by_side(pieces, len(hashes)) if pieces else ():
        for place, text in zip(places.tolist(), texts, strict=True):
            hashes[place].update(text)


def _side_by_side(pieces: Sequence[bytes | Column], count: int) -> Iterator[tuple[Rows, Table]]:
    """What pieces are of so many symbols, of some at a time: which, and uint8 (symbols, bytes)."""
    lines = [np.frombuffer(piece, np.uint8) if isinstance(piece, bytes) else piece for piece in pieces]
    for alike in _of_one_size([piece.sizes for piece in lines if isinstance(piece, Column)], count):
        for at in range(0, len(alike), _BESIDE):
            some = alike[at : at + _BESIDE]
            texts = [
                line.side_by_side(some) if isinstance(line, Column) else np.broadcast_to(line, (len(some), len(line)))
                for line in lines
            ]
            # Row after row, whatever the order of what they are made of.
            whole = np.empty((len(some), sum(text.shape[1] for text in texts)), np.uint8)
            yield some, np.concatenate(texts, axis=1, out=whole)


def _of_one_size(sizes: Sequence[Rows], count: int) -> list[Rows]:
    """The places of those symbols that are alike in all sizes, together."""
    table, every = np.array(sizes).reshape(-1, count), np.arange(count)
    if (table == table[:, :1]).all():
        return [every]
    of = np.unique(table, axis=1, return_inverse=True)[1].reshape(-1)
    order = np.argsort(of, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(of[order])) + 1)


def layout(record: SymbolRecord) -> Hashable:
    """What the form of a symbol depends on."""
    held = [
        (interval, series.base, series.since, len(series.history.parts)) for interval, series in record.series.items()
    ]
    return (*held, *record.indicators.values(), *sorted(record.kept))


def parts_of(records: Sequence[SymbolRecord]) -> list[list[Block]]:
    """What history holds of symbols of one layout: per interval and part, the blocks of all of them."""
    held = records[0].series.items()
    return [
        [record.series[interval].history.parts[part] for record in records]
        for interval, series in held
        for part in range(len(series.history.parts))
    ]


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


def _over_past_sessions(record: SymbolRecord) -> bytes:
    """The figures over past sessions."""
    figures = sorted(record.aggregates.items())
    return b"".join([f"{key} over past sessions\n".encode() + number_bytes(figure) for key, figure in figures])
