"""The little of Thrift's compact protocol that a Parquet footer is written in.

A struct is a list of ``(field id, value)`` in ascending order of ids; the Python type of the value decides how it
is written, so 32-bit and 64-bit numbers are told apart by `Int32` and plain ``int``.
"""

from collections.abc import Sequence

_TRUE, _FALSE, _I32, _I64, _BINARY, _LIST, _STRUCT = 1, 2, 5, 6, 8, 9, 12


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
