"""What is in the records of a log.

A record is ``(kind, executed, place, registers, outcome, operations)``: what kind of event it was,
how many instructions were completed then, where it was, a sum of the registers, what it came to,
and what it did, in order.
"""

import zlib

from dbt.interfaces import CONTROL_BYTES, Frontend
from dbt.runtime.state import GuestState
from dbt.stops import Exited, Killed, Stop
from dbt.typing import Any

BEGIN, SYSCALL, FAULT, HALT, SIGNALS, TURN, REST, END = range(8)
"""Kinds: the program begins; events of the protocol ``Environment``; the rest of an event in a
forked process; nothing was recorded from here on, and why."""
NAMES = (
    "the beginning", "a system call", "a fault", "an instruction that cannot be executed",
    "a signal", "the end of a turn", "the beginning of a process", "the end of the recording",
)  # fmt: skip
ASYNCHRONOUS = (SIGNALS, TURN)
"""Events that no instruction causes: they come after a number of instructions."""

ADVICE_THAT_DROPS = (4, 8, 9, 24)
"""MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTNEED_LOCKED."""


class Registers:
    """The guest's registers in the state, without those of hooks."""

    def __init__(self, state: GuestState, frontend: Frontend) -> None:
        self._state = state
        self.size = frontend.layout.size - CONTROL_BYTES
        link = frontend.layout.by_name[frontend.call_abi.link]
        self._link, self._behind = link.offset - CONTROL_BYTES, link.end - CONTROL_BYTES

    def get(self) -> bytes:
        """All of them."""
        return self.cut(self._state.save())

    def cut(self, saved: bytes) -> bytes:
        """Those in what ``GuestState.save`` returned."""
        return saved[: self.size]

    def sum(self, registers: bytes) -> int:
        """A number that differs where registers differ. The link register is not in it: mechanisms
        of hooks may have another address there."""
        return zlib.crc32(registers[self._behind :], zlib.crc32(registers[: self._link]))

    def change(self, changes: tuple[tuple[int, bytes], ...]) -> None:
        """Make the changes that ``differences`` gave."""
        saved = bytearray(self._state.save())
        for at, data in changes:
            if not 0 <= at <= self.size - len(data):
                raise ValueError("no register")
            saved[at : at + len(data)] = data
        self._state.load(bytes(saved))


def differences(before: bytes, now: bytes) -> tuple[tuple[int, bytes], ...]:
    """Offsets and words of the registers that have changed."""
    return tuple(
        (at, now[at : at + 4])
        for at in range(0, len(now), 4)
        if before[at : at + 4] != now[at : at + 4]
    )


def packed_outcome(outcome: int | Stop) -> Any:
    """What an event came to, as a value of a log: a location, or how the guest ended."""
    match outcome:
        case Exited(status=status):
            return ("exited", status)
        case Killed(signal=signal, pc=pc, why=why, location=location, quiet=quiet):
            return ("killed", signal, pc, why, location, quiet)
    return outcome


def outcome_of(packed: Any) -> int | Stop:
    """The same back. Raises ValueError."""
    match packed:
        case int():
            return packed
        case ("exited", int(status)):
            return Exited(status)
        case ("killed", int(signal), int(pc), str(why), location, bool(quiet)):
            return Killed(signal, pc, why=why, location=location, quiet=quiet)
    raise ValueError("no outcome")
