"""Sending and receiving on sockets, with addresses and control data.

The guest's buffers are the host's: its kernel moves the bytes (``guestio.py``).
"""

import errno
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from dbt.classes import attrs
from dbt.linux import host
from dbt.linux.calls import control_messages
from dbt.linux.calls.poll import Deadline
from dbt.linux.calls.socket_addresses import (
    AF_UNIX,
    SOCK_DGRAM,
    SOCK_STREAM,
    HostAddress,
    destination,
    domain,
    from_host,
    kind,
    read_address,
    socket_fd,
    write_address,
)
from dbt.linux.calls.transfer import cut, may_wait, write_all
from dbt.linux.errors import failure
from dbt.linux.guestio import Span, pack_iovec, read_iovec, spans
from dbt.linux.state import waiting
from dbt.linux.structs import layout, load
from dbt.linux.table import syscall
from dbt.linux.timespec import read_nanoseconds
from dbt.typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_HOST_MSGHDR = struct.Struct("=QI4xQQQQi4x")
_MSG_PEEK, _MSG_DONTWAIT, _MSG_ERRQUEUE = 0x2, 0x40, 0x2000
_MSG_WAITALL, _MSG_WAITFORONE, _MSG_CMSG_CLOEXEC = 0x100, 0x10000, 0x40000000
_POLLRDHUP = 0x2000
T = TypeVar("T")
_ADDRESS_BYTES = 128
_MOST_MESSAGES = 1024
_UNUSED = HostAddress(b"")


@attrs.frozen
class Received:
    """What came: the bytes, where from, the host's control data and flags."""

    count: int
    address: bytes
    control: bytes
    flags: int


def _send(
    host_fd: int, parts: list[Span], flags: int, to: HostAddress = _UNUSED, control: bytes = b""
) -> int:
    """sendmsg on the host."""
    vector = memoryview(bytearray(pack_iovec(parts) or bytes(16)))
    name, pieces = memoryview(bytearray(to.data)), memoryview(bytearray(control))
    header = memoryview(bytearray(_HOST_MSGHDR.size))
    _HOST_MSGHDR.pack_into(
        header, 0, host.address_of(name), len(name), host.address_of(vector), len(parts),
        host.address_of(pieces), len(pieces), 0,
    )  # fmt: skip
    return host.call("sendmsg", host_fd, host.address_of(header), flags)


def _send_all(
    kernel: "Kernel",
    host_fd: int,
    parts: list[Span],
    flags: int,
    to: HostAddress,
    control: bytes = b"",
) -> int:
    """sendmsg, which lets other threads run while there is no room."""
    if flags & _MSG_DONTWAIT or not may_wait(kernel, host_fd):
        return _send(host_fd, parts, flags, to, control)
    if kind(host_fd) != SOCK_STREAM:
        at_once = partial(_send, host_fd, parts, flags | _MSG_DONTWAIT, to, control)
        return _attempt(kernel, host_fd, at_once, waiting.POLLOUT)
    left = control if kernel.call is None or not kernel.call.done else b""

    def send_piece(piece: list[Span]) -> int:
        nonlocal left
        sent = _send(host_fd, piece, flags | _MSG_DONTWAIT, to, left)
        left = b""  # it goes with the first byte
        return sent

    return write_all(kernel, host_fd, parts, send_piece)


def _attempt(kernel: "Kernel", host_fd: int, call: Callable[[], T], events: int) -> T:
    """Make a call that does not wait until it can do something, or the socket's time is over. No
    event tells that a unix socket takes a message again that it is not connected to."""
    try:
        return call()
    except BlockingIOError:
        end = waiting.end_of_time(kernel, host_fd, events)
        return waiting.attempt(kernel, call, until=end)


def _receive(
    kernel: "Kernel", host_fd: int, parts: list[Span], flags: int, room: int = 0
) -> Received:
    """recvmsg on the host, with room for control data. A message from a host that is not allowed is
    dropped, and the next one is received."""
    waits = not flags & (_MSG_DONTWAIT | _MSG_ERRQUEUE) and may_wait(kernel, host_fd)
    peeks_unix = flags & _MSG_PEEK and domain(host_fd) == AF_UNIX  # which does not wait for more
    if waits and flags & _MSG_WAITALL and kind(host_fd) == SOCK_STREAM and not peeks_unix:
        return _receive_all(kernel, host_fd, parts, flags, room)
    own = flags | _MSG_CMSG_CLOEXEC | (_MSG_DONTWAIT if waits else 0)
    while True:
        if waits:
            waiting.wait_for(kernel, host_fd, waiting.POLLIN)
        try:
            found = _receive_any(host_fd, parts, own, room)
        except BlockingIOError:  # another process was faster
            if waits:
                continue
            raise
        filtered = kernel.network.filters and not kernel.network.reaches(found.address)
        if not filtered:
            return found
        if flags & _MSG_PEEK:
            _receive_any(host_fd, [], flags & ~_MSG_PEEK, 0)


def _receive_all(
    kernel: "Kernel", host_fd: int, parts: list[Span], flags: int, room: int
) -> Received:
    """The same with MSG_WAITALL: fewer bytes than there is room for come at the end of the stream,
    at a signal, when the socket's time is over, and with the first control data."""
    call, total = kernel.call, sum(size for _, size in parts)
    done = 0 if call is None else call.done
    own = flags & ~_MSG_WAITALL | _MSG_DONTWAIT | _MSG_CMSG_CLOEXEC
    if flags & _MSG_PEEK:
        return _peek_all(kernel, host_fd, parts, own, room)
    while True:
        try:
            if call is not None:
                call.done = done
            waiting.wait_for(kernel, host_fd, waiting.POLLIN)
            found = _receive_any(host_fd, cut(parts, done, total), own, room)
        except OSError as error:
            if error.errno == errno.EAGAIN and waiting.has_time(kernel):
                continue  # another process was faster
            if not done:
                raise
            return Received(done, b"", b"", 0)
        done += found.count
        if done >= total or not found.count or found.control:
            return attrs.evolve(found, count=done)


def _peek_all(kernel: "Kernel", host_fd: int, parts: list[Span], flags: int, room: int) -> Received:
    """The same with MSG_PEEK: it waits until all are there. Nothing tells when."""
    total = sum(size for _, size in parts)
    waiting.wait_for(kernel, host_fd, waiting.POLLIN)
    found = _receive_any(host_fd, parts, flags, room)
    if found.count < total and not kernel.signals.interrupted():
        with suppress(BlockingIOError):
            waiting.end_of_time(kernel, host_fd, waiting.POLLIN)
            if not waiting.ready([(host_fd, _POLLRDHUP)])[0]:
                waiting.let_others_run(kernel)
    return found


def _receive_any(host_fd: int, parts: list[Span], flags: int, room: int) -> Received:
    vector = memoryview(bytearray(pack_iovec(parts) or bytes(16)))
    name, pieces = memoryview(bytearray(_ADDRESS_BYTES)), memoryview(bytearray(room))
    header = memoryview(bytearray(_HOST_MSGHDR.size))
    _HOST_MSGHDR.pack_into(
        header, 0, host.address_of(name), len(name), host.address_of(vector), len(parts),
        host.address_of(pieces), room, 0,
    )  # fmt: skip
    count = host.call("recvmsg", host_fd, host.address_of(header), flags)
    _, name_size, _, _, _, control_size, shown = _HOST_MSGHDR.unpack(header)
    control = bytes(pieces[:control_size])
    return Received(count, bytes(name[:name_size]), control, shown & ~_MSG_CMSG_CLOEXEC)


def _to(kernel: "Kernel", host_fd: int, address: int, size: int) -> HostAddress:
    """Where a message is to go. Unix sockets that are connected look at no address."""
    if not address or not size:
        return _UNUSED
    data = read_address(kernel, address, size)
    if domain(host_fd) == AF_UNIX and kind(host_fd) != SOCK_DGRAM:
        return HostAddress(data)
    return destination(kernel, host_fd, data)


# -- single buffers --------------------------------------------------------------------------------


@syscall("send")
def send(kernel: "Kernel", fd: int, buffer: int, count: int, flags: int) -> int:
    return sendto(kernel, fd, buffer, count, flags, 0, 0)


@syscall("sendto")
def sendto(
    kernel: "Kernel", fd: int, buffer: int, count: int, flags: int, address: int, size: int
) -> int:
    parts = spans(kernel, buffer, count, writable=False)
    host_fd = socket_fd(kernel, fd)
    return _send_all(kernel, host_fd, parts, flags, _to(kernel, host_fd, address, size))


@syscall("recv")
def recv(kernel: "Kernel", fd: int, buffer: int, count: int, flags: int) -> int:
    return recvfrom(kernel, fd, buffer, count, flags, 0, 0)


@syscall("recvfrom")
def recvfrom(
    kernel: "Kernel", fd: int, buffer: int, count: int, flags: int, address: int, size: int
) -> int:
    parts = spans(kernel, buffer, count, writable=True)
    found = _receive(kernel, socket_fd(kernel, fd), parts, flags)
    if address:
        write_address(kernel, address, size, from_host(kernel, found.address))
    return found.count


# -- messages --------------------------------------------------------------------------------------


@syscall("sendmsg")
def sendmsg(kernel: "Kernel", fd: int, message: int, flags: int) -> int:
    host_fd = socket_fd(kernel, fd)
    wanted = load(kernel, "msghdr", message)
    to = _to(kernel, host_fd, wanted["name"], min(_signed(wanted["namelen"]), _ADDRESS_BYTES))
    parts = read_iovec(kernel, wanted["iov"], wanted["iovlen"], writable=False)
    control = b""
    if wanted["controllen"]:
        control = control_messages.to_host(kernel, wanted["control"], wanted["controllen"])
    return _send_all(kernel, host_fd, parts, flags, to, control)


@syscall("recvmsg")
def recvmsg(kernel: "Kernel", fd: int, message: int, flags: int) -> int:
    host_fd = socket_fd(kernel, fd)
    wanted = load(kernel, "msghdr", message)
    named = bool(wanted["name"])
    if named and _signed(wanted["namelen"]) < 0:
        raise failure(errno.EINVAL)
    parts = read_iovec(kernel, wanted["iov"], wanted["iovlen"], writable=True)
    room = wanted["controllen"] if wanted["control"] else 0
    found = _receive(kernel, host_fd, parts, flags, control_messages.host_room(room))
    control, truncated = control_messages.to_guest(
        kernel, found.control, room, cloexec=bool(flags & _MSG_CMSG_CLOEXEC)
    )
    if control:
        kernel.memory.write(wanted["control"], control)
    if named:
        address = from_host(kernel, found.address)
        kernel.memory.write(wanted["name"], address[: wanted["namelen"]])
        wanted["namelen"] = len(address)
    shown = found.flags | truncated | flags & _MSG_CMSG_CLOEXEC
    wanted.update(controllen=len(control), flags=shown)
    kernel.memory.write(message, layout(kernel, "msghdr").pack(**wanted))
    return found.count


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


# -- several messages ------------------------------------------------------------------------------


def _length_at(kernel: "Kernel", messages: int, index: int) -> tuple[int, int]:
    """The address of a message in an array of struct mmsghdr, and of its length."""
    size = layout(kernel, "msghdr").size
    message = messages + index * (size + 4)
    return message, message + size


@syscall("sendmmsg")
def sendmmsg(kernel: "Kernel", fd: int, messages: int, count: int, flags: int) -> int:
    """Send messages until one fails. An error is that of the first (net/socket.c)."""
    socket_fd(kernel, fd)
    for index in range(min(count, _MOST_MESSAGES)):
        message, length = _length_at(kernel, messages, index)
        try:
            kernel.memory.store(length, 4, sendmsg(kernel, fd, message, flags))
        except OSError:
            if index:
                return index
            raise
    return min(count, _MOST_MESSAGES)


def _recvmmsg(
    kernel: "Kernel", fd: int, messages: int, count: int, flags: int, deadline: Deadline
) -> int:
    """Receive messages until one fails, or the time is over after one (do_recvmmsg)."""
    socket_fd(kernel, fd)
    ends = deadline.host_timespec() is not None
    for index in range(count):
        message, length = _length_at(kernel, messages, index)
        try:
            one = flags & ~_MSG_WAITFORONE
            if index and flags & _MSG_WAITFORONE:
                one |= _MSG_DONTWAIT
            kernel.memory.store(length, 4, recvmsg(kernel, fd, message, one))
        except OSError:
            if index:
                return index
            raise
        if ends and not deadline.left():
            return index + 1
    return count


@syscall("recvmmsg")
def recvmmsg(kernel: "Kernel", fd: int, messages: int, count: int, flags: int, timeout: int) -> int:
    wait = read_nanoseconds(kernel, timeout, wide=False) if timeout else None
    return _recvmmsg(kernel, fd, messages, count, flags, Deadline(wait))


@syscall("recvmmsg_time64")
def recvmmsg_time64(
    kernel: "Kernel", fd: int, messages: int, count: int, flags: int, timeout: int
) -> int:
    wait = read_nanoseconds(kernel, timeout, wide=True) if timeout else None
    return _recvmmsg(kernel, fd, messages, count, flags, Deadline(wait))
