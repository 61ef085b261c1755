"""Values of a log as bytes, and back: None, truths, numbers of 64 bits, bytes, texts, tuples.

Reading makes such values and nothing else, whatever the bytes are.
"""

import struct

from dbt.typing import Any

_NUMBER = struct.Struct("<q")
_SIZE = struct.Struct("<I")
_DEEPEST = 16
_WORDS = {ord("N"): None, ord("T"): True, ord("F"): False}


class Damaged(ValueError):
    """The bytes are no values."""


def pack(value: Any, out: bytearray) -> None:
    """Append a value. Raises TypeError and struct.error for what is none."""
    match value:
        case None:
            out += b"N"
        case bool():
            out += b"T" if value else b"F"
        case int():
            out += b"i"
            out += _NUMBER.pack(value)
        case bytes():
            out += b"b"
            out += _SIZE.pack(len(value))
            out += value
        case str():
            text = value.encode("utf-8", "surrogateescape")
            out += b"s"
            out += _SIZE.pack(len(text))
            out += text
        case tuple() | list():
            out += b"t"
            out += _SIZE.pack(len(value))
            for item in value:
                pack(item, out)
        case _:
            raise TypeError(f"a log has no {type(value).__name__}")


def unpack(data: bytes) -> list[Any]:
    """All values that were packed one behind the other. Raises Damaged."""
    found, at = [], 0
    try:
        while at < len(data):
            value, at = _value(data, at, 0)
            found.append(value)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None
    return found


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    kind = data[at]
    at += 1
    if kind in _WORDS:
        return _WORDS[kind], at
    if kind == ord("i"):
        return _NUMBER.unpack_from(data, at)[0], at + _NUMBER.size
    (size,) = _SIZE.unpack_from(data, at)
    at += _SIZE.size
    if kind == ord("t") and depth < _DEEPEST:
        items = []
        for _ in range(size):
            item, at = _value(data, at, depth + 1)
            items.append(item)
        return tuple(items), at
    content = data[at : at + size]
    if kind not in b"bs" or len(content) != size:
        raise Damaged("no value")
    text: bytes | str = content
    if kind == ord("s"):
        text = content.decode("utf-8", "surrogateescape")
    return text, at + size
