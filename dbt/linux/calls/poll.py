"""Waiting for descriptors: poll and select in all their forms.

All of them come down to the host's ppoll.
"""

import ctypes
import errno
import struct
import time

from dbt.linux import host
from dbt.linux.errors import failure
from dbt.linux.state import waiting
from dbt.linux.table import syscall
from dbt.linux.timespec import NANO, pack_timespec, pack_timeval, read_nanoseconds, read_timeval
from dbt.stops import GuestFault
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 1, 2, 4, 8, 16, 32
_RDNORM, _RDBAND, _WRNORM, _WRBAND = 0x40, 0x80, 0x100, 0x200
_READ_SET = _RDNORM | _RDBAND | POLLIN | POLLHUP | POLLERR
_WRITE_SET = _WRBAND | _WRNORM | POLLOUT | POLLERR
_EXCEPT_SET = POLLPRI

_SIGSET_BYTES = 8
_POLLFD = struct.Struct("<ihh")  # the same everywhere

Wanted = tuple[int, int]


class Deadline:
    """How long to wait, in nanoseconds; None is for ever."""

    def __init__(self, timeout: int | None) -> None:
        self._end = None if timeout is None else time.monotonic_ns() + timeout

    @property
    def end(self) -> int | None:
        """The moment of CLOCK_MONOTONIC at which it is over."""
        return self._end

    @property
    def is_ahead(self) -> bool:
        """Whether there is time left."""
        return self._end is None or self._end > time.monotonic_ns()

    def left(self) -> int:
        """Nanoseconds that remain; 0 when there is no end."""
        return max(0, self._end - time.monotonic_ns()) if self._end is not None else 0

    def host_timespec(self) -> bytes | None:
        """The remaining time for the host's kernel; None is for ever."""
        if self._end is None:
            return None
        return struct.pack("=qq", *divmod(self.left(), NANO))


def stop_if_interrupted(kernel: "Kernel") -> None:
    """EINTR when a signal already waits for the guest."""
    if kernel.signals.interrupted():
        raise failure(errno.EINTR)


def kept(kernel: "Kernel", timeout: int | None) -> Deadline:
    """A deadline that does not move when the call is restarted."""
    if timeout is None:
        return Deadline(None)
    now = time.monotonic_ns()
    return Deadline(kernel.sleep_until(now + timeout) - now)


def wait(kernel: "Kernel", wanted: list[Wanted], deadline: Deadline) -> list[int]:
    """ppoll on (host descriptor, events): what happened to each. EINTR for a guest's signal."""
    data = b"".join(_POLLFD.pack(fd, events, 0) for fd, events in wanted)
    buffer = ctypes.create_string_buffer(data, max(1, len(data)))
    while True:
        try:
            stop_if_interrupted(kernel)
            if kernel.threads.others and deadline.is_ahead and not any(waiting.ready(wanted)):
                waiting.block(kernel, fds=wanted, until=deadline.end)
            host.call("ppoll", buffer, len(wanted), deadline.host_timespec(), None)
            break
        except OSError as error:
            if error.errno != errno.EINTR or kernel.signals.interrupted() or kernel.overdue():
                raise
    return [fields[2] & 0xFFFF for fields in _POLLFD.iter_unpack(buffer.raw[: len(data)])]


def temporary_mask(kernel: "Kernel", address: int, size: int) -> None:
    """The signal mask argument of ppoll and its like: in force during this call."""
    if not address:
        return
    if size != _SIGSET_BYTES:
        raise failure(errno.EINVAL)
    kernel.signals.set_temporary_mask(kernel.memory.load(address, _SIGSET_BYTES))


# -- poll ------------------------------------------------------------------------------------------


def _poll(kernel: "Kernel", pointer: int, count: int, deadline: Deadline) -> int:
    if count > kernel.files.limit:
        raise failure(errno.EINVAL)
    entries = list(_POLLFD.iter_unpack(kernel.memory.read(pointer, _POLLFD.size * count)))
    wanted = []
    invalid = set()
    for index, (fd, events, _) in enumerate(entries):
        if fd >= 0 and fd not in kernel.files:
            invalid.add(index)
        wanted.append((kernel.files.host_fd(fd) if fd in kernel.files else -1, events))
    happened = wait(kernel, wanted, Deadline(0) if invalid else deadline)
    for index in invalid:
        happened[index] = POLLNVAL
    words = zip(entries, happened, strict=True)
    data = b"".join(struct.pack("<ihH", fd, events, found) for (fd, events, _), found in words)
    kernel.memory.write(pointer, data)
    return sum(1 for found in happened if found)


@syscall("poll")
def poll(kernel: "Kernel", pointer: int, count: int, timeout: int) -> int:
    """The time-out is in milliseconds."""
    return _poll(kernel, pointer, count, kept(kernel, None if timeout < 0 else timeout * 1_000_000))


def _ppoll(kernel: "Kernel", pointer: int, count: int, timeout: int, *, wide: bool) -> int:
    deadline = kept(kernel, read_nanoseconds(kernel, timeout, wide=wide) if timeout else None)
    try:
        return _poll(kernel, pointer, count, deadline)
    finally:
        _give_back(kernel, timeout, pack_timespec(deadline.left(), wide=wide))


def _give_back(kernel: "Kernel", address: int, data: bytes) -> None:
    """Write the remaining time to the guest. An address that cannot be written is ignored
    (poll_select_finish)."""
    try:
        if address:
            kernel.memory.write(address, data)
    except GuestFault:
        return


@syscall("ppoll")
def ppoll(kernel: "Kernel", pointer: int, count: int, timeout: int, mask: int, size: int) -> int:
    temporary_mask(kernel, mask, size)
    return _ppoll(kernel, pointer, count, timeout, wide=False)


@syscall("ppoll_time64")
def ppoll_time64(
    kernel: "Kernel", pointer: int, count: int, timeout: int, mask: int, size: int
) -> int:
    temporary_mask(kernel, mask, size)
    return _ppoll(kernel, pointer, count, timeout, wide=True)


# -- select ----------------------------------------------------------------------------------------


def _read_set(kernel: "Kernel", address: int, size: int) -> int:
    return int.from_bytes(kernel.memory.read(address, size), "little") if address else 0


def _select(
    kernel: "Kernel", count: int, pointers: tuple[int, int, int], deadline: Deadline
) -> int:
    if count < 0:
        raise failure(errno.EINVAL)
    count = min(count, kernel.files.limit)
    size = -(-count // 32) * 4
    asked = [_read_set(kernel, pointer, size) for pointer in pointers]
    kinds = (_READ_SET, _WRITE_SET, _EXCEPT_SET)
    fds = [fd for fd in range(count) if any(bits >> fd & 1 for bits in asked)]
    wanted = []
    for fd in fds:
        events = 0
        for bits, kind in zip(asked, kinds, strict=True):
            events |= kind if bits >> fd & 1 else 0
        wanted.append((kernel.files.host_fd(fd), events))
    happened = wait(kernel, wanted, deadline)
    found = [0, 0, 0]
    for fd, events in zip(fds, happened, strict=True):
        for index, kind in enumerate(kinds):
            if events & kind and asked[index] >> fd & 1:
                found[index] |= 1 << fd
    for pointer, bits in zip(pointers, found, strict=True):
        if pointer:
            kernel.memory.write(pointer, bits.to_bytes(size, "little"))
    return sum(bits.bit_count() for bits in found)


@syscall("_newselect")
def newselect(kernel: "Kernel", count: int, r: int, w: int, x: int, timeout: int) -> int:
    deadline = kept(kernel, read_timeval(kernel, timeout) * 1000 if timeout else None)
    try:
        return _select(kernel, count, (r, w, x), deadline)
    finally:
        _give_back(kernel, timeout, pack_timeval(deadline.left() // 1000))


@syscall("select")
def old_select(kernel: "Kernel", arguments: int) -> int:
    """The OABI's call takes a pointer to the five arguments."""
    count, *rest = struct.unpack("<iIIII", kernel.memory.read(arguments, 20))
    return newselect(kernel, count, *rest)


def _pselect(
    kernel: "Kernel", count: int, sets: tuple[int, int, int], timeout: int, mask: int, *, wide: bool
) -> int:
    deadline = kept(kernel, read_nanoseconds(kernel, timeout, wide=wide) if timeout else None)
    if mask:
        address, size = struct.unpack("<II", kernel.memory.read(mask, 8))
        temporary_mask(kernel, address, size)
    try:
        return _select(kernel, count, sets, deadline)
    finally:
        _give_back(kernel, timeout, pack_timespec(deadline.left(), wide=wide))


@syscall("pselect6")
def pselect6(kernel: "Kernel", count: int, r: int, w: int, x: int, timeout: int, mask: int) -> int:
    return _pselect(kernel, count, (r, w, x), timeout, mask, wide=False)


@syscall("pselect6_time64")
def pselect6_time64(
    kernel: "Kernel", count: int, r: int, w: int, x: int, timeout: int, mask: int
) -> int:
    return _pselect(kernel, count, (r, w, x), timeout, mask, wide=True)
