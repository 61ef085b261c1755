"""Options of sockets: those whose values mean the same to guest and host, and times.

Options that hold addresses or descriptors of the host, or lengths in other units
(SO_ATTACH_FILTER, SO_GET_FILTER, SO_PEERPIDFD), are ENOPROTOOPT.
"""

import errno
import struct

from dbt.linux import host
from dbt.linux.calls.socket_addresses import AF_UNIX, domain, socket_fd
from dbt.linux.errors import failure
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_TIMEOUTS = frozenset({20, 21, 66, 67})  # SO_RCVTIMEO, SO_SNDTIMEO, and those of 64 bits
_WIDE_TIMEOUTS = frozenset({66, 67})
_FOR_EVER = 0x7FFFFFFF // 100 - 1
"""Seconds that a kernel with 100 ticks a second and 32 bits for them cannot count."""
_OPTION_BYTES = 256
_SOCKET, _IP, _TCP, _IPV6 = 1, 0, 6, 41
_SETTABLE = {
    _SOCKET: _TIMEOUTS | {2, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16, 18, 29},
    _IP: frozenset({1, 2, 8, 10, 12, 13}),  # TOS TTL PKTINFO MTU_DISCOVER RECVTTL RECVTOS
    _TCP: frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 18}),
    _IPV6: frozenset({16, 26, 49, 51, 66, 67}),  # hops, V6ONLY, pktinfo, classes
}  # fmt: skip
"""Options by level, numbered as the guest does and every host that is not MIPS, SPARC or the like
(asm-generic/socket.h). Those of sockets: REUSEADDR DONTROUTE BROADCAST SNDBUF RCVBUF KEEPALIVE
OOBINLINE PRIORITY LINGER REUSEPORT PASSCRED RCVLOWAT TIMESTAMP. Those of TCP: NODELAY MAXSEG CORK
KEEPIDLE KEEPINTVL KEEPCNT SYNCNT LINGER2 DEFER_ACCEPT WINDOW_CLAMP QUICKACK USER_TIMEOUT."""
_READABLE = {
    **_SETTABLE,
    # TYPE ERROR PEERCRED SNDLOWAT ACCEPTCONN PROTOCOL DOMAIN
    _SOCKET: _SETTABLE[_SOCKET] | {3, 4, 17, 19, 30, 38, 39},
    _TCP: _SETTABLE[_TCP] | {11},  # TCP_INFO
}  # fmt: skip


def _check_option(host_fd: int, level: int, option: int, known: dict[int, frozenset[int]]) -> None:
    """EOPNOTSUPP for a level that unix sockets do not have, ENOPROTOOPT for other options."""
    if level != _SOCKET and domain(host_fd) == AF_UNIX:
        raise failure(errno.EOPNOTSUPP)
    if option not in known.get(level, ()):
        raise failure(errno.ENOPROTOOPT)


@syscall("setsockopt")
def setsockopt(kernel: "Kernel", fd: int, level: int, option: int, value: int, size: int) -> int:
    if size < 0:
        raise failure(errno.EINVAL)
    host_fd = socket_fd(kernel, fd)
    _check_option(host_fd, level, option, _SETTABLE)
    data = kernel.memory.read(value, min(size, _OPTION_BYTES))
    if level == _SOCKET and option in _TIMEOUTS:
        data = _host_timeout(data, "<qq" if option in _WIDE_TIMEOUTS else "<ii")
    return host.call("setsockopt", host_fd, level, option, data, len(data))


def _host_timeout(data: bytes, form: str) -> bytes:
    """A time-out as the host takes it. One that is too long for the guest's kernel to count lasts
    for ever (sock_set_timeout)."""
    if len(data) < struct.calcsize(form):
        raise failure(errno.EINVAL)
    seconds, rest = struct.unpack_from(form, data)
    if not 0 <= rest < 1_000_000:
        raise failure(errno.EDOM)
    return struct.pack("=qq", seconds, rest) if seconds < _FOR_EVER else bytes(16)


@syscall("getsockopt")
def getsockopt(kernel: "Kernel", fd: int, level: int, option: int, value: int, size: int) -> int:
    host_fd = socket_fd(kernel, fd)
    _check_option(host_fd, level, option, _READABLE)
    room = kernel.memory.load(size, 4)
    if room >> 31:
        raise failure(errno.EINVAL)
    narrow = level == _SOCKET and option in _TIMEOUTS - _WIDE_TIMEOUTS
    data = memoryview(bytearray(_OPTION_BYTES))
    length = memoryview(bytearray(struct.pack("=I", 16 if narrow else min(room, len(data)))))
    pointers = host.address_of(data), host.address_of(length)
    host.call("getsockopt", host_fd, level, option, *pointers)
    result = bytes(data[: struct.unpack("=I", length)[0]])
    if narrow:
        seconds, rest = struct.unpack("=qq", result)
        result = struct.pack("<II", seconds & 0xFFFFFFFF, rest)
    kernel.memory.write(value, result[:room])
    kernel.memory.store(size, 4, min(len(result), room))
    return 0
