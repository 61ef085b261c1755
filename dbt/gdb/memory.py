"""Packets about memory: ``m``, ``M``, ``X``. A fault of an access is an error of its packet."""

from collections.abc import Callable

from dbt.gdb.context import INVALID, OK, Answer, Context, first_part
from dbt.gdb.packets import MOST, bytes_of, numbers, unescaped

_SPACE = 1 << 32


class Memory:
    """Reads and writes the guest's memory, whatever the guest may do with it itself."""

    def __init__(self, context: Context) -> None:
        self._debuggee = context.debuggee
        self.answers: dict[bytes, Answer] = {
            b"m": self._read,
            b"M": lambda rest: self._write(rest, bytes_of),
            b"X": lambda rest: self._write(rest, unescaped),
        }

    def _read(self, rest: bytes) -> bytes:
        address, size = numbers(rest)
        size = min(size, MOST // 2, _SPACE - address)
        return self._debuggee.memory(address, size).hex().encode()

    def _write(self, rest: bytes, decode: Callable[[bytes], bytes]) -> bytes:
        place, content = first_part(rest, b":")
        address, size = numbers(place)
        data = decode(content)
        if len(data) != size or address + size > _SPACE:
            return INVALID
        if data:
            self._debuggee.write(address, data)
        return OK
