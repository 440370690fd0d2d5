"""Parquet files of bars whose columns lie in them as they lie in memory.

Each column is one uncompressed ``PLAIN`` page of required values, aligned to 64 bytes, so that any Parquet tool reads
the file, and openbell reads any rows of a column with one system call straight into an array: no decoding, no copy.

1. `Symbols`: which rows belong to which symbol, written as a dictionary column of runs.
2. `bar_file`: the chunks of a whole file, in order, and where each column's values begin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openbell.bars.block import FIELDS, Block
from openbell.bars.interval import Interval
from openbell.store.thrift import Int32, Struct, Value, encode

COLUMNS = ("ts", *FIELDS)

_MAGIC = b"PAR1"
_ALIGNMENT = 64
_INT64, _DOUBLE, _BYTE_ARRAY = Int32(2), Int32(5), Int32(6)
_PLAIN, _RLE, _RLE_DICTIONARY = Int32(0), Int32(3), Int32(8)
_REQUIRED = Int32(0)
_DATA_PAGE, _DICTIONARY_PAGE = Int32(0), Int32(2)
_UTF8 = Int32(0)
_UNCOMPRESSED = Int32(0)

Chunk = bytes | memoryview


@dataclass(frozen=True, slots=True)
class BarFile:
    """The content of one file, ready to be written.

    Parameters
    ----------
    chunks
        Its bytes in order.
    offsets
        Where the values of each of `COLUMNS` begin.
    rows
        How many bars it holds.
    """

    chunks: tuple[Chunk, ...]
    offsets: tuple[int, ...]
    rows: int


def bar_file(interval: Interval, symbols: Sequence[str], counts: Sequence[int], block: Block) -> BarFile:
    """The file that holds the bars of some symbols, one after another.

    Parameters
    ----------
    interval
        Written beside the columns as the key ``openbell.interval``.
    symbols, counts
        In the order of the bars, and how many each has; at least one bar in all.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(3)
    >>> file = bar_file(Interval.parse("1m"), ["A"], [3], Block(np.arange(3), one, one, one, one, one))
    >>> file.rows, [offset % 64 for offset in file.offsets]
    (3, [0, 0, 0, 0, 0, 0])
    """
    layout = _Layout(len(block))
    layout.put_symbols(symbols, counts)
    for name, column in zip(COLUMNS, (block.ts, *block.columns), strict=True):
        layout.put_column(name, column)
    return layout.finished(interval)


class _Layout:
    """A file as it grows."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._chunks: list[Chunk] = [_MAGIC]
        self._size = len(_MAGIC)
        self._columns: list[Value] = []
        self._offsets: list[int] = []

    def put_symbols(self, symbols: Sequence[str], counts: Sequence[int]) -> None:
        words = [symbol.encode() for symbol in symbols]
        dictionary = b"".join(len(word).to_bytes(4, "little") + word for word in words)
        header = Struct(((1, Int32(len(words))), (2, _PLAIN)))
        start = self._size
        self._put(_page(_DICTIONARY_PAGE, len(dictionary), 7, header), dictionary)
        indices = b"".join(_runs(counts, (len(words) - 1).bit_length()))
        data_start = self._size
        self._put(_page(_DATA_PAGE, len(indices), 5, self._data_header(_RLE_DICTIONARY)), indices)
        self._describe("symbol", _BYTE_ARRAY, [_PLAIN, _RLE, _RLE_DICTIONARY], data_start, start)

    def put_column(self, name: str, values: np.ndarray) -> None:
        kind, dtype = (_INT64, "<i8") if name == "ts" else (_DOUBLE, "<f8")
        header = _page(_DATA_PAGE, 8 * self._rows, 5, self._data_header(_PLAIN))
        self._put(bytes(-(self._size + len(header)) % _ALIGNMENT))
        start = self._size
        self._put(header)
        self._offsets.append(self._size)
        self._put(np.ascontiguousarray(values, dtype).data.cast("B"))
        self._describe(name, kind, [_PLAIN], start)

    def finished(self, interval: Interval) -> BarFile:
        total = self._size - len(_MAGIC)
        group = Struct(((1, self._columns), (2, total), (3, self._rows)))
        pairs = [Struct(((1, "openbell.interval"), (2, str(interval))))]
        footer = Struct(((1, Int32(2)), (2, _schema()), (3, self._rows), (4, [group]), (5, pairs), (6, "openbell")))
        content = encode(footer)
        self._put(content, len(content).to_bytes(4, "little"), _MAGIC)
        return BarFile(tuple(self._chunks), tuple(self._offsets), self._rows)

    def _data_header(self, encoding: Int32) -> Struct:
        return Struct(((1, Int32(self._rows)), (2, encoding), (3, _RLE), (4, _RLE)))

    def _put(self, *chunks: Chunk) -> None:
        for chunk in chunks:
            self._chunks.append(chunk)
            self._size += len(chunk)

    def _describe(
        self, name: str, kind: Int32, encodings: list[Int32], data: int, dictionary: int | None = None
    ) -> None:
        start = data if dictionary is None else dictionary
        size = self._size - start
        fields: list[tuple[int, Value]] = [(1, kind), (2, encodings), (3, [name]), (4, _UNCOMPRESSED)]
        fields += [(5, self._rows), (6, size), (7, size), (9, data)]
        if dictionary is not None:
            fields.append((11, dictionary))
        self._columns.append(Struct(((2, start), (3, Struct(fields)))))


def _page(kind: Int32, size: int, header_field: int, header: Struct) -> bytes:
    return encode(Struct(((1, kind), (2, Int32(size)), (3, Int32(size)), (header_field, header))))


def _runs(counts: Sequence[int], width: int) -> Iterator[bytes]:
    """Indices 0, 1, 2 ... each repeated, as Parquet's run-length encoding with the width in front."""
    yield bytes([width])
    for index, count in enumerate(counts):
        length = count << 1
        while length > 0x7F:
            yield bytes([length & 0x7F | 0x80])
            length >>= 7
        yield bytes([length]) + index.to_bytes((width + 7) // 8, "little")


def _schema() -> list[Value]:
    root = Struct(((4, "schema"), (5, Int32(1 + len(COLUMNS)))))
    text = Struct(((1, _BYTE_ARRAY), (3, _REQUIRED), (4, "symbol"), (6, _UTF8), (10, Struct(((1, Struct()),)))))
    nanoseconds = Struct(((1, True), (2, Struct(((3, Struct()),)))))
    stamp = Struct(((1, _INT64), (3, _REQUIRED), (4, "ts"), (10, Struct(((8, nanoseconds),)))))
    numbers = [Struct(((1, _DOUBLE), (3, _REQUIRED), (4, name))) for name in FIELDS]
    return [root, text, stamp, *numbers]
