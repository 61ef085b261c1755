"""A guest's world without an operating system: two services, and a console."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from dbt.environment import Loaded
from dbt.interfaces import FaultHit, HaltHit, State
from dbt.ir.block import BlockKey
from dbt.runtime.memory import GuestMemory
from dbt.stops import Exited, Killed, Stop
from dbt.syscalls import DecodedCall

EXIT, PRINT = 0, 1
"""Services: end with the status in a register; print the register's low byte."""
UNKNOWN, BAD_CODE, BAD_ACCESS = 31, 4, 11
"""What the guest is killed with (numbers of Linux's signals)."""


@attrs.define
class Labels:
    """Implements ``dbt.environment.Symbols``: the labels of a program."""

    known: dict[str, int]

    def name(self, pc: int) -> str:
        return hex(pc)

    def resolve(self, where: int | str) -> int:
        return self.known[where] if isinstance(where, str) else where

    def loaded(self) -> Sequence[Loaded]:
        return []

    def extent(self, name: str) -> range:
        return range(self.known[name], self.known[name])

    def functions(self) -> Iterable[int]:
        return self.known.values()


@attrs.define
class BareMetal:
    """Implements ``dbt.environment.Environment``. ``register`` has what a service is given."""

    state: State
    memory: GuestMemory
    register: str
    start: int
    stack_end: int
    symbolizer: Labels
    console: bytes = b""
    polls: int = 0

    def load(self, program: str, argv: Sequence[bytes], envp: Sequence[bytes]) -> int:
        del argv, envp
        self.memory.poke(self.start, Path(program).read_bytes())
        return self.start

    def syscall(self, number: int, resume: BlockKey, *, again: bool = False) -> int | Stop:
        del again
        value = self.state.get(self.register)
        if number == EXIT:
            return Exited(value)
        if number == PRINT:
            self.console += bytes([value & 0xFF])
            return resume.pc
        return Killed(UNKNOWN, resume.pc, location=resume.pc)

    def fault(self, hit: FaultHit) -> int | Stop:
        return Killed(BAD_ACCESS, hit.pc, location=hit.pc)

    def halt(self, hit: HaltHit) -> int | Stop:
        return Exited(0) if hit.reason == "halt" else Killed(BAD_CODE, hit.pc, location=hit.pc)

    thread = 0
    """There is one."""

    def has_thread(self, thread: int) -> bool:
        return thread == self.thread

    def turn_over(self, location: int, *, interruptible: bool) -> int | Stop:
        raise AssertionError("there is nobody else")

    def poll(self, location: int) -> int | Stop:
        self.polls += 1
        return location

    def symbolize(self, pc: int) -> str:
        return f"{pc:#x}"

    def place(self, pc: int) -> str:
        return f"{pc:#x}"

    def stack_bound(self, pointer: int) -> int:
        del pointer
        return self.stack_end

    def mapping(self, address: int) -> range:
        return range(1 << 32)

    def heap(self) -> range:
        return range(0)

    def call_name(self, given: int | str) -> str:
        return str(given)

    def decode(self, name: str, registers: Sequence[int], result: int | None = None) -> DecodedCall:
        raise AssertionError("hooks are not called for services")
