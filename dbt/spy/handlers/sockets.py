"""Calls that connect sockets. What sockets carry is recorded by ``transfers.py``."""

import ipaddress
import struct
from typing import Any

from dbt.spy.tap import Call, Tap, after

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
LONGEST = 128  # struct sockaddr_storage
_GIVE_BACK = ("accept", "accept4", "recvfrom")
HOW = {"SHUT_RD": "read", "SHUT_WR": "write", "SHUT_RDWR": "both"}


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


def address_of(tap: Tap, call: Call) -> dict[str, str]:
    """The field ``address`` of a call that gives one, or got one back."""
    data = call.content("address")
    if call.name in _GIVE_BACK and not call.failed and call["address"] and call["size"]:
        (size,) = tap.guest.words(call["size"], 1)
        data = tap.guest.read(call["address"], min(size, LONGEST))
    return {"address": address_text(data)} if data else {}


@after("connect", "bind", "listen", "shutdown", "accept", "accept4")
def connection(tap: Tap, call: Call) -> None:
    fields: dict[str, Any] = address_of(tap, call) | call.error
    if call.name.startswith("accept") and not call.failed:
        tap.known(call.value)
        fields["accepted"] = call.value
    if call.has("how"):
        (how,) = call.flags("how")
        fields["how"] = HOW.get(how, how)
    about = tap.described(call.fd(), tap.known(call.fd()))
    tap.tell("socket", call.ended, syscall=call.name, op=call.name, **about, **fields)
