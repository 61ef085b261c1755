"""Packets about registers: ``g``, ``G``, ``p``, ``P``."""

from dbt.gdb.context import BUSY, INVALID, OK, Answer, Context, first_part
from dbt.gdb.packets import bytes_of, number
from dbt.interfaces import State
from dbt.process.debugging import Busy


class Registers:
    """Reads and writes the registers of the selected thread."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._target = context.debuggee.target
        self.answers: dict[bytes, Answer] = {
            b"g": self._read_all,
            b"G": self._write_all,
            b"p": self._read_one,
            b"P": self._write_one,
        }

    def value(self, tid: int, register: int) -> bytes:
        """The bytes of a register of a thread."""
        target = self._target
        return self._context.debuggee.read(
            tid, lambda state, location: target.read(register, state, location)
        )

    def _read_all(self, rest: bytes) -> bytes:
        del rest
        tid = self._context.thread
        values = (self.value(tid, n) for n, size in enumerate(self._target.sizes) if size)
        return b"".join(values).hex().encode()

    def _read_one(self, rest: bytes) -> bytes:
        register = number(rest)
        if not self._size(register):
            return INVALID
        return self.value(self._context.thread, register).hex().encode()

    def _write_all(self, rest: bytes) -> bytes:
        data, values = bytes_of(rest), {}
        if len(data) != sum(self._target.sizes):
            return INVALID
        for register, size in enumerate(self._target.sizes):
            if size:
                values[register], data = data[:size], data[size:]
        return self._write(values)

    def _write_one(self, rest: bytes) -> bytes:
        register, value = first_part(rest, b"=")
        which, data = number(register), bytes_of(value)
        size = self._size(which)
        if not size or len(data) != size:
            return INVALID
        return self._write({which: data})

    def _write(self, values: dict[int, bytes]) -> bytes:
        def write(state: State, location: int) -> int:
            for register, value in values.items():
                location = self._target.write(register, value, state, location)
            return location

        try:
            self._context.debuggee.change(self._context.thread, write)
        except Busy:
            return BUSY
        return OK

    def _size(self, register: int) -> int:
        sizes = self._target.sizes
        return sizes[register] if register < len(sizes) else 0
