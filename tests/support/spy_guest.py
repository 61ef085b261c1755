"""A guest made of plain data, for tests of the record without a program."""

import struct

import attrs

from dbt.linux.typed.decode import Decoder
from dbt.spy.events import Event, Who
from dbt.spy.guest import Behind
from dbt.spy.tap import Tap
from dbt.stops import Access, GuestFault
from dbt.syscalls import DecodedCall
from frontends.arm.linux_abi import ArmLinuxAbi

ABI = ArmLinuxAbi()


@attrs.define
class FakeGuest:
    """Memory is a dictionary of blocks by address; files are contents by descriptor."""

    pid: int = 100
    name: str = "guest"
    memory: dict[int, bytes] = attrs.field(factory=dict)
    inodes: dict[int, tuple[str, int]] = attrs.field(factory=dict)
    files: dict[int, bytes] = attrs.field(factory=dict)
    positions: dict[int, int] = attrs.field(factory=dict)
    time: int = 0

    def now(self) -> int:
        self.time += 1
        return self.time

    def who(self) -> Who:
        return Who(self.pid, 1, 0, self.name)

    def cwd(self) -> str:
        return "/home"

    def decode(self, name: str, registers: list[int], result: int | None) -> DecodedCall:
        words = [register & 0xFFFFFFFF for register in registers]
        return Decoder(ABI, _Memory(self)).decode(name, words, result)  # type: ignore[arg-type]

    def read(self, address: int, size: int) -> bytes:
        for base, block in self.memory.items():
            if base <= address < base + len(block):
                found = block[address - base : address - base + size]
                return found if len(found) == size else b""
        return b""

    def words(self, address: int, count: int) -> tuple[int, ...]:
        data = self.read(address, 4 * count)
        return struct.unpack(f"<{count}I", data) if data else (0,) * count

    def behind(self, fd: int) -> Behind | None:
        return Behind(*self.inodes[fd]) if fd in self.inodes else None

    def position(self, fd: int) -> int | None:
        return self.positions.get(fd)

    def contents(self, fd: int, offset: int, size: int) -> bytes | None:
        return self.files[fd][offset : offset + size] if fd in self.files else None


@attrs.frozen
class _Memory:
    """The guest's memory as the decoder wants it: zeros follow each block, all else faults."""

    guest: FakeGuest

    def read(self, address: int, size: int) -> bytes:
        for base, block in self.guest.memory.items():
            if base <= address < base + len(block):
                return block[address - base :][:size].ljust(size, b"\0")
        raise GuestFault(address, Access.READ)


class Spied:
    """A tap on a fake guest, and the events it told."""

    def __init__(self, guest: FakeGuest | None = None, limit: int = 4096) -> None:
        self.guest = guest or FakeGuest()
        self.events: list[Event] = []
        self.tap = Tap(self.guest, self.events.append, limit)

    def call(self, name: str, *registers: int, result: int) -> list[Event]:
        """One system call; the events it made."""
        before = len(self.events)
        self.tap.entering(name, list(registers))
        self.tap.leaving(name, list(registers), result)
        return self.events[before:]

    def put(self, address: int, data: bytes) -> int:
        """Data in the guest's memory: its address."""
        self.guest.memory[address] = data
        return address
