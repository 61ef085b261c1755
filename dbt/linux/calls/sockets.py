"""Sockets: pairs within the guest. There is no network: ``socket`` is EAFNOSUPPORT.

Descriptors cannot be passed (SCM_RIGHTS): control data is refused when sent, never received.
"""

import _socket as socket  # the constants: to import all of it takes 2 ms
import errno
import os
import stat
import struct
from typing import TYPE_CHECKING

from dbt.linux import host
from dbt.linux.calls.pipes import add_pair
from dbt.linux.errors import failure
from dbt.linux.guestio import pack_iovec, read_iovec, spans
from dbt.linux.structs import layout, load
from dbt.linux.table import syscall

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_TYPE_MASK = 0xF
_HOST_MSGHDR = struct.Struct("=QI4xQQQQi4x")
_TIMEOUTS = frozenset({20, 21, 66, 67})  # SO_RCVTIMEO, SO_SNDTIMEO, and those of 64 bits
_WIDE_TIMEOUTS = frozenset({66, 67})
_FOR_EVER = 0x7FFFFFFF // 100 - 1
"""Seconds that a kernel with 100 ticks a second and 32 bits for them cannot count."""
_OPTION_BYTES = 64
_SETTABLE = _TIMEOUTS | {
    getattr(socket, f"SO_{name}")
    for name in ("REUSEADDR", "DONTROUTE", "BROADCAST", "SNDBUF", "RCVBUF", "KEEPALIVE",
                 "OOBINLINE", "PRIORITY", "LINGER", "REUSEPORT", "PASSCRED", "RCVLOWAT")
}  # fmt: skip
_READABLE = _SETTABLE | {
    getattr(socket, f"SO_{name}")
    for name in ("TYPE", "ERROR", "PEERCRED", "SNDLOWAT", "ACCEPTCONN", "DOMAIN", "PROTOCOL")
}


@syscall("socket")
def socket_(kernel: "Kernel", family: int, kind: int, protocol: int) -> int:
    """No family is offered."""
    del kind, protocol
    if family != socket.AF_UNIX:  # by which C libraries only look for a cache of names
        kernel.unknown_syscalls["sockets (there is no network)"] += 1
    raise failure(errno.EAFNOSUPPORT)


@syscall("socketpair")
def socketpair(kernel: "Kernel", family: int, kind: int, protocol: int, pointer: int) -> int:
    if family != socket.AF_UNIX:
        raise failure(errno.EAFNOSUPPORT)
    flags = kernel.abi.open_flags_to_host(kind & ~_TYPE_MASK)
    if flags & ~(os.O_CLOEXEC | os.O_NONBLOCK):
        raise failure(errno.EINVAL)
    host_kind = kind & _TYPE_MASK | socket.SOCK_CLOEXEC | flags & os.O_NONBLOCK
    pair = memoryview(bytearray(8))
    host.call("socketpair", family, host_kind, protocol, host.address_of(pair))
    first, second = struct.unpack("=ii", pair)
    return add_pair(kernel, first, second, pointer, cloexec=bool(flags & os.O_CLOEXEC))


# -- data ------------------------------------------------------------------------------------------


@syscall("send")
def send(kernel: "Kernel", fd: int, buffer: int, count: int, flags: int) -> int:
    return _transfer(kernel, "sendmsg", fd, spans(kernel, buffer, count, writable=False), flags)[0]


@syscall("recv")
def recv(kernel: "Kernel", fd: int, buffer: int, count: int, flags: int) -> int:
    return _transfer(kernel, "recvmsg", fd, spans(kernel, buffer, count, writable=True), flags)[0]


@syscall("sendto")
def sendto(
    kernel: "Kernel", fd: int, buffer: int, count: int, flags: int, address: int, size: int
) -> int:
    del size
    if address:
        kernel.files.host_fd(fd)
        raise failure(errno.EISCONN)
    return send(kernel, fd, buffer, count, flags)


@syscall("recvfrom")
def recvfrom(
    kernel: "Kernel", fd: int, buffer: int, count: int, flags: int, address: int, size: int
) -> int:
    result = recv(kernel, fd, buffer, count, flags)
    if address and size:
        kernel.memory.store(size, 4, 0)  # a pair has no names
    return result


def _transfer(
    kernel: "Kernel", name: str, fd: int, parts: list[tuple[int, int]], flags: int
) -> tuple[int, int]:
    """Move bytes through a socket. Returns their number, and the flags that the host sets
    (MSG_TRUNC)."""
    vector = memoryview(bytearray(pack_iovec(parts) or bytes(16)))
    header = memoryview(bytearray(_HOST_MSGHDR.size))
    _HOST_MSGHDR.pack_into(header, 0, 0, 0, host.address_of(vector), len(parts), 0, 0, 0)
    count = host.call(name, kernel.files.host_fd(fd), host.address_of(header), flags)
    return count, _HOST_MSGHDR.unpack(header)[-1]


@syscall("sendmsg")
def sendmsg(kernel: "Kernel", fd: int, message: int, flags: int) -> int:
    kernel.files.get(fd)
    wanted = load(kernel, "msghdr", message)
    if wanted["controllen"]:
        raise failure(errno.EOPNOTSUPP)
    if wanted["name"] and wanted["namelen"]:
        raise failure(errno.EISCONN)
    parts = read_iovec(kernel, wanted["iov"], wanted["iovlen"], writable=False)
    return _transfer(kernel, "sendmsg", fd, parts, flags)[0]


@syscall("recvmsg")
def recvmsg(kernel: "Kernel", fd: int, message: int, flags: int) -> int:
    kernel.files.get(fd)
    wanted = load(kernel, "msghdr", message)
    parts = read_iovec(kernel, wanted["iov"], wanted["iovlen"], writable=True)
    result, shown = _transfer(kernel, "recvmsg", fd, parts, flags)
    wanted.update(namelen=0, controllen=0, flags=shown)
    kernel.memory.write(message, layout(kernel, "msghdr").pack(**wanted))
    return result


@syscall("shutdown")
def shutdown(kernel: "Kernel", fd: int, how: int) -> int:
    return host.call("shutdown", kernel.files.host_fd(fd), how)


# -- options and names -----------------------------------------------------------------------------


def _socket(kernel: "Kernel", fd: int) -> int:
    """The host descriptor of a socket. EBADF, ENOTSOCK."""
    found = kernel.files.host_fd(fd)
    if not stat.S_ISSOCK(os.fstat(found).st_mode):
        raise failure(errno.ENOTSOCK)
    return found


def _check_option(level: int, option: int, known: frozenset[int]) -> None:
    """Refuse options whose values hold addresses or descriptors of the host, or have a length in
    other units (SO_ATTACH_FILTER, SO_GET_FILTER, SO_PEERPIDFD): only plain values are passed on."""
    if level != socket.SOL_SOCKET:  # no unix socket has options at another level
        raise failure(errno.EOPNOTSUPP)
    if option not in known:
        raise failure(errno.ENOPROTOOPT)


@syscall("setsockopt")
def setsockopt(kernel: "Kernel", fd: int, level: int, option: int, value: int, size: int) -> int:
    if size < 0:
        raise failure(errno.EINVAL)
    host_fd = _socket(kernel, fd)
    _check_option(level, option, _SETTABLE)
    data = kernel.memory.read(value, min(size, _OPTION_BYTES))
    if option in _TIMEOUTS:
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
    host_fd = _socket(kernel, fd)
    _check_option(level, option, _READABLE)
    room = kernel.memory.load(size, 4)
    if room >> 31:
        raise failure(errno.EINVAL)
    narrow = option in _TIMEOUTS and option not in _WIDE_TIMEOUTS
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


@syscall("getsockname", "getpeername")
def getsockname(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    """The sockets of a pair have no name: only the family is returned."""
    _socket(kernel, fd)
    room = kernel.memory.load(size, 4)
    kernel.memory.write(address, struct.pack("<H", socket.AF_UNIX)[:room])
    kernel.memory.store(size, 4, 2)
    return 0
