"""Sockets: unix sockets, and those of the network as far as the user allowed it. What is sent is in
``messages.py``, options are in ``socket_options.py``.

A path that a unix socket is bound to is a file of the guest, made where it may make files; it may
connect to sockets in those directories alone. Abstract names are the guest's own.
"""

import errno
import os
import struct
import time

from dbt.linux import host
from dbt.linux.calls.pipes import add_pair
from dbt.linux.calls.socket_addresses import (
    AF_UNIX,
    SOCK_DGRAM,
    SOCK_STREAM,
    destination,
    domain,
    from_host,
    is_network,
    pack_unix,
    read_address,
    socket_fd,
    unix_name,
    write_address,
)
from dbt.linux.calls.transfer import may_wait
from dbt.linux.descriptor_flags import only_flags
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.table import syscall
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_TYPE_MASK = 0xF
_AGAIN = 2_000_000
"""Nanoseconds until it is tried again to connect."""
_CLOEXEC = 0o2000000  # SOCK_CLOEXEC of the host
_PROTOCOLS = {SOCK_STREAM: (0, 6), SOCK_DGRAM: (0, 17)}
"""TCP and UDP: the protocols that any user may choose."""
_ADDRESS_BYTES = 128
_AUTOBIND_NAMES = 1 << 20


def _type_flags(kernel: "Kernel", kind: int) -> int:
    """SOCK_CLOEXEC and SOCK_NONBLOCK, which are open flags, for the host. EINVAL for others."""
    return only_flags(kernel, kind & ~_TYPE_MASK)


@syscall("socket")
def socket_(kernel: "Kernel", family: int, kind: int, protocol: int) -> int:
    flags = _type_flags(kernel, kind)
    network = is_network(family)
    if network and not kernel.network.allowed:
        kernel.unknown_syscalls["sockets of the network (--allow-net)"] += 1
        raise failure(errno.EAFNOSUPPORT)
    if not network and family != AF_UNIX:
        raise failure(errno.EAFNOSUPPORT)
    if network and protocol not in _PROTOCOLS.get(kind & _TYPE_MASK, ()):
        raise failure(errno.EPROTONOSUPPORT)
    host_kind = kind & _TYPE_MASK | flags & os.O_NONBLOCK | _CLOEXEC
    fd = host.call("socket", family, host_kind, protocol)
    try:
        if network:
            kernel.network.confine(fd)
    except OSError:
        os.close(fd)
        raise
    return kernel.files.add(fd, cloexec=bool(flags & os.O_CLOEXEC))


@syscall("socketpair")
def socketpair(kernel: "Kernel", family: int, kind: int, protocol: int, pointer: int) -> int:
    if family != AF_UNIX:
        known = is_network(family) and kernel.network.allowed
        raise failure(errno.EOPNOTSUPP if known else errno.EAFNOSUPPORT)
    flags = _type_flags(kernel, kind)
    host_kind = kind & _TYPE_MASK | _CLOEXEC | flags & os.O_NONBLOCK
    pair = memoryview(bytearray(8))
    host.call("socketpair", family, host_kind, protocol, host.address_of(pair))
    first, second = struct.unpack("=ii", pair)
    return add_pair(kernel, first, second, pointer, cloexec=bool(flags & os.O_CLOEXEC))


@syscall("bind")
def bind(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    host_fd = socket_fd(kernel, fd)
    data = read_address(kernel, address, size)
    if domain(host_fd) != AF_UNIX:
        return host.call("bind", host_fd, data, len(data))
    if data == pack_unix(b""):
        return _bind_unnamed(kernel, host_fd)
    name = unix_name(data)
    if name.startswith(b"\0"):
        return _bind_abstract(kernel, host_fd, name)
    return _bind_path(kernel, host_fd, name)


def _bind_abstract(kernel: "Kernel", host_fd: int, name: bytes) -> int:
    ours = kernel.process.socket_names.abstract(name)
    data = pack_unix(ours)
    host.call("bind", host_fd, data, len(data))
    kernel.process.socket_names.add(ours, name)
    return 0


def _bind_unnamed(kernel: "Kernel", host_fd: int) -> int:
    """Bind to an abstract name of five digits (unix_autobind)."""
    first = int.from_bytes(os.urandom(4), "little")
    for number in range(_AUTOBIND_NAMES):
        name = b"\0%05x" % ((first + number) % _AUTOBIND_NAMES)
        try:
            return _bind_abstract(kernel, host_fd, name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise failure(errno.ENOSPC)


def _bind_path(kernel: "Kernel", host_fd: int, path: bytes) -> int:
    """Make a socket in the directory that was looked up. It is made under a name of ours, because
    the host's kernel takes 107 bytes, and gets its own by a link, which replaces nothing."""
    try:
        place = kernel.paths.creatable(path)
    except FileExistsError:
        raise failure(errno.EADDRINUSE) from None
    directory, name = place.parent
    made = b".armdbt-" + os.urandom(16).hex().encode()
    ours = b"/proc/self/fd/%d/%s" % (directory, made)
    data = pack_unix(ours + b"\0")
    host.call("bind", host_fd, data, len(data))
    try:
        os.link(made, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except FileExistsError:
        raise failure(errno.EADDRINUSE) from None
    finally:
        os.unlink(made, dir_fd=directory)
    kernel.process.socket_names.add(ours + b"\0", path + b"\0")
    return 0


@syscall("connect")
def connect(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    host_fd = socket_fd(kernel, fd)
    found = destination(kernel, host_fd, read_address(kernel, address, size))
    if may_wait(kernel, host_fd):
        return _connect_in_turn(kernel, host_fd, found.data)
    return host.call("connect", host_fd, found.data, len(found.data))


def _connect_in_turn(kernel: "Kernel", host_fd: int, address: bytes) -> int:
    """connect, which lets other threads run until it will not wait. Nothing tells when a unix
    socket whose queue was full takes another connection: it is tried again."""
    call = kernel.call
    assert call is not None
    if not call.done:
        os.set_blocking(host_fd, False)
        try:
            return host.call("connect", host_fd, address, len(address))
        except BlockingIOError as error:
            if error.errno == errno.EAGAIN:
                kernel.signals.end_if_interrupted()
                again = time.monotonic_ns() + _AGAIN
                end = waiting.end_of_time(kernel, host_fd, waiting.POLLOUT)
                waiting.block(kernel, until=again if end is None else min(again, end))
        finally:
            os.set_blocking(host_fd, True)
        call.done = 1
    try:
        waiting.wait_for(kernel, host_fd, waiting.POLLOUT)
    except BlockingIOError:
        raise failure(errno.EINPROGRESS) from None
    return host.call("connect", host_fd, address, len(address))


@syscall("listen")
def listen(kernel: "Kernel", fd: int, backlog: int) -> int:
    return host.call("listen", socket_fd(kernel, fd), backlog)


@syscall("accept")
def accept(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    return accept4(kernel, fd, address, size, 0)


@syscall("accept4")
def accept4(kernel: "Kernel", fd: int, address: int, size: int, guest_flags: int) -> int:
    """Take a connection. One of a host that is not allowed is closed, and the next is taken."""
    flags = _type_flags(kernel, guest_flags)
    if guest_flags & _TYPE_MASK:
        raise failure(errno.EINVAL)
    host_fd = socket_fd(kernel, fd)
    kernel.files.lowest()
    while True:
        waiting.wait_for(kernel, host_fd, waiting.POLLIN)
        new, peer = _accept(host_fd, flags & os.O_NONBLOCK | _CLOEXEC)
        if not kernel.network.filters or kernel.network.reaches(peer):
            break
        os.close(new)
    if address:
        try:
            write_address(kernel, address, size, from_host(kernel, peer))
        except BaseException:
            os.close(new)
            raise
    return kernel.files.add(new, cloexec=bool(flags & os.O_CLOEXEC))


def _accept(host_fd: int, flags: int) -> tuple[int, bytes]:
    """The host descriptor of a new connection, and the address of its peer."""
    buffer, length = _room()
    pointers = host.address_of(buffer), host.address_of(length)
    return host.call("accept4", host_fd, *pointers, flags), _filled(buffer, length)


def _room() -> tuple[memoryview, memoryview]:
    """Room for an address of the host, and for its length."""
    length = memoryview(bytearray(struct.pack("=I", _ADDRESS_BYTES)))
    return memoryview(bytearray(_ADDRESS_BYTES)), length


def _filled(buffer: memoryview, length: memoryview) -> bytes:
    return bytes(buffer[: struct.unpack("=I", length)[0]])


def _name(kernel: "Kernel", function: str, fd: int, address: int, size: int) -> int:
    buffer, length = _room()
    pointers = host.address_of(buffer), host.address_of(length)
    host.call(function, socket_fd(kernel, fd), *pointers)
    write_address(kernel, address, size, from_host(kernel, _filled(buffer, length)))
    return 0


@syscall("getsockname")
def getsockname(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    return _name(kernel, "getsockname", fd, address, size)


@syscall("getpeername")
def getpeername(kernel: "Kernel", fd: int, address: int, size: int) -> int:
    return _name(kernel, "getpeername", fd, address, size)


@syscall("shutdown")
def shutdown(kernel: "Kernel", fd: int, how: int) -> int:
    return host.call("shutdown", socket_fd(kernel, fd), how)
