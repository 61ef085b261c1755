"""Reads and writes of a process with threads: they never wait on the host while others can run."""

import errno
import os
import stat
from collections.abc import Callable

from dbt.linux import host
from dbt.linux.guestio import Span
from dbt.linux.state import waiting
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

Write = Callable[[list[Span]], int]
PIPE_BUF = 4096
"""A pipe that is not full takes so many bytes at once."""


def may_wait(kernel: "Kernel", fd: int) -> bool:
    """Whether a call on a descriptor of the host could keep other threads from running."""
    if not kernel.threads.others or stat.S_ISREG(os.fstat(fd).st_mode):
        return False
    return waiting.blocks(fd)


def write_all(kernel: "Kernel", fd: int, parts: list[Span], write: Write) -> int:
    """Write all of the parts, a piece whenever there is room. Returns how many bytes were written:
    fewer when a signal or an error came in between."""
    call, total = kernel.call, sum(size for _, size in parts)
    done = 0 if call is None else call.done
    most = PIPE_BUF if host.is_stream(fd) else total
    while True:
        if not waiting.ready([(fd, waiting.POLLOUT)])[0]:
            if kernel.signals.interrupted() or kernel.overdue():
                return _ended(done, errno.EINTR)
            try:
                end = waiting.end_of_time(kernel, fd, waiting.POLLOUT)
            except BlockingIOError as error:
                return _ended(done, error.errno or errno.EAGAIN)
            if call is not None:
                call.done = done
            waiting.block(kernel, fds=[(fd, waiting.POLLOUT)], until=end)
        try:
            done += write(cut(parts, done, most))
        except OSError as error:
            return _ended(done, error.errno or errno.EIO)
        if done >= total:
            return done


def _ended(done: int, code: int) -> int:
    if done:
        return done
    raise OSError(code, os.strerror(code))


def cut(parts: list[Span], start: int, most: int) -> list[Span]:
    """What is from ``start`` on, at most so many bytes."""
    found: list[Span] = []
    for address, size in parts:
        skipped = min(start, size)
        start -= skipped
        taken = min(size - skipped, most)
        most -= taken
        if taken or not size:
            found.append((address + skipped, taken))
    return found
