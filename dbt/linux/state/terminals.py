"""``/dev/pts`` as the guest sees it: the terminals that it holds a descriptor of, on either side.

The others are the user's. While a descriptor of a terminal is open, its number means no other one
(drivers/tty/pty.c: an index is free when both sides are closed).
"""

import os
import stat
import struct
from contextlib import suppress

from dbt.linux.state.places import Virtual
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

PTS = b"/dev/pts"
TIOCGPTN = 0x80045430
_MULTIPLEXER = os.makedev(5, 2)
_FIRST_MAJOR, _LAST_MAJOR, _MINORS = 136, 143, 1 << 20  # UNIX98_PTY_SLAVE_MAJOR
_DIRECTORY = stat.S_IFDIR | 0o755


class Terminals:
    """Answers for paths below /dev/pts (``View.made_up``)."""

    def __init__(self, kernel: "Kernel") -> None:
        self._kernel = kernel

    def look(self, path: bytes) -> Virtual | bytes | None:
        """The directory; the host's path of a terminal that the guest holds; or nothing."""
        if path == PTS:
            return Virtual(_DIRECTORY, names=self._names)
        name = path[len(PTS) + 1 :]
        if name == b"ptmx" or name in map(_numbered, self._held()):
            return path
        return None

    def _names(self) -> list[tuple[bytes, int]]:
        held = sorted(set(self._held()))
        return [(b"ptmx", stat.S_IFCHR), *((_numbered(n), stat.S_IFCHR) for n in held)]

    def _held(self) -> list[int]:
        files = self._kernel.files
        found = (number_of(files.host_fd(fd)) for fd in files)
        return [number for number in found if number is not None]


def _numbered(number: int) -> bytes:
    return b"%d" % number


def number_of(host_fd: int) -> int | None:
    """The number of the pseudoterminal that a descriptor is open on, either side; else None."""
    with suppress(OSError):
        status = os.fstat(host_fd)
        if not stat.S_ISCHR(status.st_mode):
            return None
        major, minor = os.major(status.st_rdev), os.minor(status.st_rdev)
        if _FIRST_MAJOR <= major <= _LAST_MAJOR:
            return (major - _FIRST_MAJOR) * _MINORS + minor
        if status.st_rdev == _MULTIPLEXER:
            import fcntl

            return int(struct.unpack("=I", fcntl.ioctl(host_fd, TIOCGPTN, bytes(4)))[0])
    return None
