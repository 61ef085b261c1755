"""Host system calls that a signal interrupts.

Python's ``os`` functions retry after EINTR; the guest must see it. ``call`` goes to libc and raises
OSError with the errno.
"""

import ctypes
import os
import stat
import struct

from dbt.linux.errors import failure
from dbt.typing import Any

_SIGSET_BYTES = 128
_SIG_SETMASK = 2

_libc = ctypes.CDLL(None, use_errno=True)
_functions: dict[str, Any] = {}
_OPENAT2 = 437  # the same number on every architecture
_openat2 = _libc["syscall"]
_openat2.argtypes = [
    ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t,
]  # fmt: skip
_openat2.restype = ctypes.c_long


def call(name: str, *args: Any) -> int:
    """Call a libc function that returns -1 and sets errno; the result, or OSError.

    Pass ints for ints and pointers (64-bit safe: pointers, sizes and offsets go as c_uint64 or
    c_int64 when they do not fit an int, which ``call`` does for plain Python ints).
    """
    function = _functions.get(name)
    if function is None:
        function = _functions[name] = getattr(_libc, name)
        function.restype = ctypes.c_int64 if name in _LONG else ctypes.c_int
    result = function(*[ctypes.c_int64(a) if isinstance(a, int) else a for a in args])
    if result == -1:
        raise failure(ctypes.get_errno())
    return int(result)


def openat2(directory: int, path: bytes, how: bytes) -> int:
    """See openat2(2), for which libc has no function: a descriptor, or a negative errno. A look-up
    of the guest's may need it several times, so it is called without preparations."""
    fd: int = _openat2(_OPENAT2, directory, path, how, len(how))
    return fd if fd >= 0 else -ctypes.get_errno()


def is_stream(fd: int) -> bool:
    """Whether a descriptor carries a stream: anything but a socket for messages."""
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return True
    import socket  # costs start-up time

    found = socket.socket(fileno=fd)
    try:
        return found.type == socket.SOCK_STREAM
    finally:
        found.detach()


def nap(seconds: float) -> None:
    """Sleep a while. Any signal that has a handler on the host ends it with EINTR (OSError)."""
    nanoseconds = max(0, int(seconds * 1e9))
    call("ppoll", None, 0, struct.pack("=qq", *divmod(nanoseconds, 1_000_000_000)), None)


def set_signal_mask(mask: int) -> int:
    """Block exactly these signals (bit n - 1 for signal n) in this thread: the old mask."""
    new = mask.to_bytes(_SIGSET_BYTES, "little")
    old = ctypes.create_string_buffer(_SIGSET_BYTES)
    error = _libc.pthread_sigmask(_SIG_SETMASK, new, old)
    if error:
        raise failure(error)
    return int.from_bytes(old.raw[:8], "little")


_LONG = {
    "read", "write", "pread", "pwrite", "readv", "writev", "lseek", "sendfile", "splice", "tee",
    "copy_file_range", "readlink", "readlinkat", "recv", "recvfrom", "recvmsg", "send", "sendto",
    "sendmsg", "getrandom", "syscall", "preadv", "pwritev", "vmsplice", "pread64", "pwrite64",
    "msgrcv",
}  # fmt: skip


def address_of(view: memoryview) -> int:
    """Host address of a writable, contiguous view (of guest memory)."""
    return ctypes.addressof(ctypes.c_char.from_buffer(view)) if len(view) else 0
