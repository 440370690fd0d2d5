"""Whether what a foreign Parquet file says of itself can be true, before a decoder believes it.

A flipped bit that makes a page hold minus two hundred values makes a decoder ask for all the memory there is, and then
the process ends. So the footer and the head of every page are held against each other and against the file's size.

1. `check_pages`: the footer; its groups of rows add up to its rows.
2. `_check_chunk`: the pages of a column in a group hold what the footer says, and lie in the file.
3. `_check_page`: sizes and counts of one page are possible.
"""

import mmap
from pathlib import Path

from openbell.store.thrift import Read, decode

_MAGIC = b"PAR1"
_ENDING = 8
_MOST_BYTES = 8 << 30
_MOST_PAGE_BYTES = 1 << 30
_HEADER_BYTES = 1 << 16
_VALUES_PER_BYTE = 1 << 20
_DATA, _INDEX, _DICTIONARY, _DATA_V2 = 0, 1, 2, 3
_HEADERS = {_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}

Content = bytes | mmap.mmap
Fields = dict[int, Read]


def check_pages(content: Content) -> None:
    """Check the footer and the head of every page of a Parquet file.

    Raises
    ------
    ValueError
        If they cannot be true; the message says what.

    Examples
    --------
    >>> check_pages(b"PAR1PAR1")
    Traceback (most recent call last):
    ...
    ValueError: it has no footer
    """
    size = len(content)
    length = int.from_bytes(content[size - _ENDING : size - 4], "little") if size > _ENDING + 4 else 0
    if content[:4] != _MAGIC or content[size - 4 :] != _MAGIC or not 0 < length <= size - _ENDING - 4:
        raise ValueError("it has no footer")
    end = size - _ENDING - length
    footer, _ = decode(content[end : size - _ENDING])
    groups = _structs(footer, 4)
    rows = [_count(group, 3, "rows of a group") for group in groups]
    if sum(rows) != _count(footer, 3, "rows"):
        raise ValueError("its groups of rows do not add up to its rows")
    unpacked = 0
    for group, count in zip(groups, rows, strict=True):
        for chunk in _structs(group, 1):
            if 3 in chunk:  # else it is encrypted, and nobody here decodes it
                unpacked += _check_chunk(content, end, _fields(chunk, 3), count)
    if unpacked > _MOST_BYTES:
        raise ValueError("it unpacks to more than 8 GiB")


def check_file(path: Path) -> None:
    """`check_pages` of a file where it lies.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no sound Parquet file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        check_pages(content)


def _check_chunk(content: Content, end: int, about: Fields, rows: int) -> int:
    """Bytes that a column of a group unpacks to, eight for each value at least."""
    values = _count(about, 5, "values of a column")
    if values < rows:
        raise ValueError("a column has fewer values than there are rows")
    first = _count(about, 9, "place of a column")
    dictionary = about.get(11)
    at = dictionary if isinstance(dictionary, int) and 0 < dictionary < first else first
    seen = unpacked = 0
    while seen < values:
        if not len(_MAGIC) <= at < end:
            raise ValueError("a column has fewer values than its footer says")
        header, length = decode(content[at : min(at + _HEADER_BYTES, end)])
        found, size, packed = _check_page(header)
        seen, unpacked, at = seen + found, unpacked + size, at + length + packed
        if at > end:
            raise ValueError("a page reaches beyond the end of its file")
    if seen != values:
        raise ValueError("the pages of a column do not add up to its values")
    return max(unpacked, 8 * values)


def _check_page(header: Fields) -> tuple[int, int, int]:
    """Values that a page adds to its column, and its bytes, unpacked and packed."""
    kind = header.get(1)
    size, packed = _count(header, 2, "bytes of a page"), _count(header, 3, "packed bytes of a page")
    if size > _MOST_PAGE_BYTES:
        raise ValueError("a page unpacks to more than 1 GiB")
    if kind == _INDEX:
        return 0, size, packed
    if not isinstance(kind, int) or kind not in _HEADERS:
        raise ValueError(f"a page is of kind {kind!r}")
    about = _fields(header, _HEADERS[kind])
    values = _count(about, 1, "values of a page")
    if kind == _DATA_V2:
        levels = _count(about, 5, "bytes of levels") + _count(about, 6, "bytes of levels")
        if _count(about, 2, "nulls of a page") > values or levels > min(size, packed):
            raise ValueError("a page has more nulls than values, or more levels than bytes")
    if values > _VALUES_PER_BYTE * (size + 1):
        raise ValueError("a page is too small for its values")
    return 0 if kind == _DICTIONARY else values, size, packed


def _structs(fields: Fields, key: int) -> list[Fields]:
    found = fields.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("its footer is not that of a Parquet file")
    return [one for one in found if isinstance(one, dict)]


def _fields(fields: Fields, key: int) -> Fields:
    found = fields.get(key)
    if not isinstance(found, dict):
        raise ValueError("its footer is not that of a Parquet file")
    return found


def _count(fields: Fields, key: int, what: str) -> int:
    found = fields.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 1 << 62:
        raise ValueError(f"the number of {what} is {found!r}")
    return found
