"""How long calls on a socket wait (SO_RCVTIMEO and SO_SNDTIMEO, socket(7))."""

import os
import stat
import struct

from dbt.linux import host
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_SOL_SOCKET, _SO_RCVTIMEO, _SO_SNDTIMEO = 1, 20, 21
_TIMEVAL = struct.Struct("=qq")
_RECEIVES = {
    "read", "readv", "recv", "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "accept",
    "accept4", "preadv2",
}  # fmt: skip
_SENDS = {"write", "writev", "send", "sendto", "sendmsg", "sendmmsg", "connect", "pwritev2"}


def receiving(fd: int) -> int | None:
    """Nanoseconds that a call which takes from a socket of the host waits. None: for ever, as for
    what is no socket."""
    return _timeout(fd, _SO_RCVTIMEO)


def sending(fd: int) -> int | None:
    """The same of a call that gives to it."""
    return _timeout(fd, _SO_SNDTIMEO)


def _timeout(fd: int, option: int) -> int | None:
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return None
    value = memoryview(bytearray(_TIMEVAL.size))
    size = memoryview(bytearray(struct.pack("=I", _TIMEVAL.size)))
    pointers = host.address_of(value), host.address_of(size)
    host.call("getsockopt", fd, _SOL_SOCKET, option, *pointers)
    seconds, rest = _TIMEVAL.unpack(value)
    return (seconds * 1_000_000 + rest) * 1000 or None


def is_limited(kernel: "Kernel", name: str, fd: int) -> bool:
    """Whether a call on a descriptor of the guest has a limit: then a handler ends it with EINTR,
    whatever SA_RESTART says (sock_intr_errno)."""
    if fd not in kernel.files or name not in _RECEIVES | _SENDS:
        return False
    timeout = receiving if name in _RECEIVES else sending
    return timeout(kernel.files.host_fd(fd)) is not None
