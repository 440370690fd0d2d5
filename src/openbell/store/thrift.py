"""The little of Thrift's compact protocol that a Parquet footer is written in.

A struct is a list of ``(field id, value)`` in ascending order of ids; the Python type of the value decides how it
is written, so 32-bit and 64-bit numbers are told apart by `Int32` and plain ``int``. What is read back is plainer: a
struct is a dict, by field id, and whatever bytes somebody else wrote are either that or a `ValueError`.
"""

from collections.abc import Sequence

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
_LONGEST_NUMBER = 10
_DEEPEST = 16


class Int32(int):
    """A number that Thrift writes as i32."""


class Struct(tuple[tuple[int, "Value"], ...]):
    """The fields of a Thrift struct: pairs of id and value, ids ascending."""

    __slots__ = ()


Value = bool | int | str | bytes | Struct | Sequence["Value"]


def encode(struct: Struct) -> bytes:
    """The bytes of a struct.

    Examples
    --------
    >>> encode(Struct(((1, Int32(2)), (4, "ts")))).hex()
    '15043802747300'
    """
    out = bytearray()
    _put_struct(out, struct)
    return bytes(out)


def _put_struct(out: bytearray, struct: Struct) -> None:
    last = 0
    for field, value in struct:
        kind = _kind(value)
        if 0 < field - last < 16:
            out.append((field - last) << 4 | kind)
        else:
            out.append(kind)
            _put_varint(out, _zigzag(field))
        last = field
        if not isinstance(value, bool):
            _put(out, value)
    out.append(0)


def _kind(value: Value) -> int:
    match value:
        case bool():
            return _TRUE if value else _FALSE
        case Int32():
            return _I32
        case int():
            return _I64
        case str() | bytes():
            return _BINARY
        case Struct():
            return _STRUCT
        case _:
            return _LIST


def _put(out: bytearray, value: Value) -> None:
    match value:
        case int():
            _put_varint(out, _zigzag(value))
        case str():
            _put(out, value.encode())
        case bytes():
            _put_varint(out, len(value))
            out += value
        case Struct():
            _put_struct(out, value)
        case _:
            _put_list(out, value)


def _put_list(out: bytearray, values: Sequence[Value]) -> None:
    kind = _kind(values[0]) if values else _STRUCT
    if len(values) < 15:
        out.append(len(values) << 4 | kind)
    else:
        out.append(0xF0 | kind)
        _put_varint(out, len(values))
    for value in values:
        _put(out, value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _put_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


Read = bool | int | bytes | list["Read"] | dict[int, "Read"]
"""What is read: a struct is a dict, by field id; a double is its eight bytes."""


def decode(content: bytes, start: int = 0) -> tuple[dict[int, Read], int]:
    """The struct that begins at a place, and the place behind it.

    Raises
    ------
    ValueError
        If no whole struct is there.

    Examples
    --------
    >>> decode(encode(Struct(((1, Int32(-2)), (4, "ts")))))
    ({1: -2, 4: b'ts'}, 7)
    >>> decode(b"")
    Traceback (most recent call last):
    ...
    ValueError: it ends in the middle of its own description
    """
    try:
        return _read_struct(content, start, 0)
    except IndexError:
        raise ValueError("it ends in the middle of its own description") from None


def _read_struct(content: bytes, at: int, depth: int) -> tuple[dict[int, Read], int]:
    if depth > _DEEPEST:
        raise ValueError("its description is nested too deeply")
    fields: dict[int, Read] = {}
    field = 0
    while True:
        head = content[at]
        at += 1
        if head == 0:
            return fields, at
        if head >> 4:
            field += head >> 4
        else:
            number, at = _read_varint(content, at)
            field = _unzigzag(number)
        kind = head & 15
        if kind in (_TRUE, _FALSE):
            fields[field] = kind == _TRUE
        else:
            fields[field], at = _read(content, at, kind, depth)


def _read(content: bytes, at: int, kind: int, depth: int) -> tuple[Read, int]:
    if kind in (_I16, _I32, _I64):
        number, at = _read_varint(content, at)
        return _unzigzag(number), at
    if kind == _BINARY:
        size, at = _read_varint(content, at)
        return _read_bytes(content, at, size)
    if kind == _STRUCT:
        return _read_struct(content, at, depth + 1)
    if kind in (_LIST, _SET):
        return _read_list(content, at, depth + 1)
    if kind in (_TRUE, _FALSE, _BYTE):
        return content[at] == _TRUE if kind != _BYTE else content[at], at + 1
    if kind == _DOUBLE:
        return _read_bytes(content, at, 8)
    raise ValueError(f"its description holds a value of kind {kind}")


def _read_bytes(content: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(content):
        raise ValueError("a text is longer than the file")
    return content[at : at + size], at + size


def _read_list(content: bytes, at: int, depth: int) -> tuple[list[Read], int]:
    if depth > _DEEPEST:
        raise ValueError("its description is nested too deeply")
    head = content[at]
    at, count, kind = at + 1, head >> 4, head & 15
    if count == 15:
        count, at = _read_varint(content, at)
    if count > len(content) - at:
        raise ValueError("a list is longer than the file")
    values: list[Read] = []
    for _ in range(count):
        value, at = _read(content, at, kind, depth)
        values.append(value)
    return values, at


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_LONGEST_NUMBER):
        part = content[at + place]
        value |= (part & 0x7F) << 7 * place
        if part < 0x80:
            return value, at + place + 1
    raise ValueError("a number is longer than numbers are")


def _unzigzag(value: int) -> int:
    return value >> 1 ^ -(value & 1)
