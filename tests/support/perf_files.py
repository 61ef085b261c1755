"""Reads what is written for Linux perf: maps, and jitdumps as their specification has them."""

import struct
from pathlib import Path

import attrs


@attrs.frozen
class Load:
    """A piece of code that a jitdump holds."""

    since: int
    pid: int
    tid: int
    address: int
    number: int
    name: str
    code: bytes

    @property
    def end(self) -> int:
        return self.address + len(self.code)


@attrs.frozen
class Dump:
    """A jitdump. ``closed``: its last record says that it is complete."""

    pid: int
    since: int
    loads: list[Load]
    closed: bool


def read_jitdump(path: Path) -> Dump:
    """Parse a jitdump. Raises AssertionError or struct.error for what is not as specified."""
    data = path.read_bytes()
    magic, version, size, machine, zero, pid, since, flags = struct.unpack_from("<6I2Q", data)
    assert (magic, version, size, machine) == (0x4A695444, 1, 40, 62)
    assert (zero, flags) == (0, 0)
    at, loads, closed = size, list[Load](), False
    while at < len(data):
        assert not closed
        kind, size, time = struct.unpack_from("<2IQ", data, at)
        record = data[at : at + size]
        assert len(record) == size
        if kind == 0:
            pid_, tid, virtual, address, code_size, number = struct.unpack_from("<2I4Q", record, 16)
            assert virtual == address
            name, _, code = record[56:].partition(b"\0")
            code = code if code_size else b""
            assert len(code) == code_size
            loads.append(Load(time, pid_, tid, address, number, name.decode(), code))
        else:
            assert (kind, size) == (3, 16)
            closed = True
        at += size
    return Dump(pid, since, loads, closed)


def read_map(path: Path) -> list[tuple[int, int, str]]:
    """Address, size and name of each line of a map, by address."""
    rows = []
    for line in path.read_text().splitlines():
        address, size, name = line.split(" ", 2)
        rows.append((int(address, 16), int(size, 16), name))
    return sorted(rows)
