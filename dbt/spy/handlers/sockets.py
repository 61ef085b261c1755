"""Calls that connect sockets. What they carry is told by ``transfers.py``."""

import ipaddress
import struct

from dbt.spy.tap import Call, Tap, after

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
LONGEST = 128  # struct sockaddr_storage
HOW = {0: "read", 1: "write", 2: "both"}


def address_text(data: bytes) -> str:
    """A socket address as people write it: ``1.2.3.4:80``, ``[::1]:80``, a path, or ``@name``."""
    if len(data) < 2:
        return ""
    (family,) = struct.unpack_from("<H", data)
    if family == AF_INET and len(data) >= 8:
        (port,) = struct.unpack_from(">H", data, 2)
        return f"{ipaddress.IPv4Address(data[4:8])}:{port}"
    if family == AF_INET6 and len(data) >= 24:
        (port,) = struct.unpack_from(">H", data, 2)
        return f"[{ipaddress.IPv6Address(data[8:24])}]:{port}"
    if family == AF_UNIX:
        name = data[2:]
        if name.startswith(b"\0"):
            return "@" + name[1:].decode(errors="replace")
        return name.partition(b"\0")[0].decode(errors="replace")
    return f"family {family}: {data[2:].hex()}"


def _address(tap: Tap, at: int, size: int) -> dict[str, str]:
    return {"address": address_text(tap.guest.read(at, min(size, LONGEST)))} if at else {}


@after("connect", "bind")
def connect(tap: Tap, call: Call) -> None:
    _told(tap, call, **_address(tap, call[1], call[2]))


@after("listen")
def listen(tap: Tap, call: Call) -> None:
    _told(tap, call)


@after("shutdown")
def shutdown(tap: Tap, call: Call) -> None:
    _told(tap, call, how=HOW.get(call[1], str(call[1])))


@after("accept", "accept4")
def accept(tap: Tap, call: Call) -> None:
    if call.failed:
        _told(tap, call)
        return
    (size,) = tap.guest.words(call[2], 1) if call[2] else (0,)
    tap.known(call.value)
    _told(tap, call, accepted=call.value, **_address(tap, call[1], size))


def _told(tap: Tap, call: Call, **fields: object) -> None:
    fd = call.fd(0)
    about = tap.described(fd, tap.known(fd))
    tap.tell("socket", call.ended, syscall=call.name, op=call.name, **about, **fields, **call.error)
