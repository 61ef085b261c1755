"""Opening a FIFO in a process with threads: it waits for the other end (fs/pipe.c: fifo_open), and
the other threads go on meanwhile."""

import errno
import os
import stat
import time
from collections.abc import Callable

from dbt.classes import attrs
from dbt.linux import host
from dbt.linux.state import waiting
from dbt.linux.state.fdtable import OpenFile
from dbt.linux.state.objects import Handle, duplicate
from dbt.linux.state.paths import Place
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_LOOK = 5_000_000
"""Nanoseconds between two looks for a writer that does not write."""
_PIPE = b"pipe:["
"""The beginning of what the host calls a pipe without a name, which waits for nothing."""


def waits(kernel: "Kernel", place: Place, flags: int) -> bool:
    """Whether to open what a path means could keep other threads from running. ``flags`` are the
    host's."""
    if not kernel.threads.others or flags & (os.O_NONBLOCK | os.O_PATH):
        return False
    if flags & os.O_ACCMODE not in (os.O_RDONLY, os.O_WRONLY):
        return False
    if place.descriptor is None or place.descriptor < 0:
        return stat.S_ISFIFO(place.mode)
    found = Handle(kernel.files.host_fd(place.descriptor), borrowed=True)
    return stat.S_ISFIFO(found.status().st_mode) and not os.readlink(found.reach).startswith(_PIPE)


@attrs.define(eq=False)
class Opening:
    """One end of a FIFO that is being opened. ``open`` does so, given flags, and ``finish`` makes a
    descriptor of the guest of what it returns. Calls give this or raise ``Blocked``, and go on
    where they were when they are made again: the name may be gone then."""

    kernel: "Kernel"
    flags: int
    open: Callable[[int], tuple[int, OpenFile]]
    finish: Callable[[int, OpenFile], int]
    end: Handle | None = None
    """Of a reader: it has to be there for writers to come."""
    file: OpenFile | None = None

    def __call__(self) -> int:
        if (call := self.kernel.call) is not None:
            call.again = self
        if self.flags & os.O_ACCMODE == os.O_WRONLY:
            fd, file = waiting.attempt(self.kernel, self._open_end, (errno.ENXIO,))
        else:
            fd, file = self._reader()
        os.set_blocking(fd, True)
        return self.finish(fd, file)

    def _open_end(self) -> tuple[int, OpenFile]:
        return self.open(self.flags | os.O_NONBLOCK)

    def _reader(self) -> tuple[int, OpenFile]:
        if self.end is None or self.file is None:
            fd, self.file = self._open_end()
            self.end = Handle(fd)
        fd = self.end.fd
        while not _had_writer(fd):
            self.kernel.signals.end_if_interrupted()
            waiting.pause(self.kernel, time.monotonic_ns() + _LOOK, [(fd, waiting.POLLIN)])
        return duplicate(fd), self.file


def _had_writer(fd: int) -> bool:
    """Whether a reading end that was opened without waiting has a writer, or had one since."""
    if waiting.ready([(fd, waiting.POLLIN)])[0]:
        return True
    try:
        host.call("read", fd, None, 1)  # no byte is taken, for there is no memory at 0
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EFAULT):
            raise
        return True  # there is a writer, and nothing to be read; or something is
    return bool(waiting.ready([(fd, waiting.POLLIN)])[0])
