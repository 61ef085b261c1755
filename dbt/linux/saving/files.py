"""What is kept of the guest's descriptors: which there are, what they are open on, and where."""

import contextlib
import fcntl
import os
import stat

from dbt.classes import attrs
from dbt.linux.saving.kept import Kept
from dbt.linux.state.fdtable import Descriptor
from dbt.linux.state.objects import Handle, duplicate
from dbt.stops import UsageError
from dbt.typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.linux.kernel import Kernel

_OF_FILE = ("tree", "made_up", "changeable", "entries", "listing", "position", "signals")


@attrs.define(eq=False)
class _One:
    """A descriptor of the guest. ``copy`` is one of the host's for the same open file, to be opened
    again when the guest has closed it; ``at`` is the offset, None where there is none; ``captured``
    what one that is captured holds."""

    descriptor: Descriptor
    copy: Handle
    cloexec: bool
    file: Kept
    flags: int
    at: int | None
    captured: bytes | None


class Files:
    """The descriptors of a process as they were when this was made."""

    def __init__(self, kernel: "Kernel") -> None:
        table = kernel.files
        self._limit = table.limit
        self._open: dict[int, _One] = {}
        try:
            for number in table:
                self._open[number] = _keep(table.get(number))
        except OSError as error:
            raise UsageError(f"snapshot: no descriptor is left ({error.strerror})") from None

    def put_back(self, kernel: "Kernel") -> None:
        """Close what was opened since, open what was closed, and set offsets and flags."""
        table = kernel.files
        table.limit = self._limit
        for number in table:
            one = self._open.get(number)
            if one is None or table.get(number) is not one.descriptor:
                with contextlib.suppress(OSError):
                    table.close(number)
        for number, one in self._open.items():
            if number not in table:
                host = duplicate(one.copy.fd)
                one.descriptor = Descriptor(host, one.descriptor.file, one.cloexec)
                table.put(number, one.descriptor)
            one.descriptor.cloexec = one.cloexec
            one.file.restore()
            if not one.descriptor.file.inherited and not one.flags & os.O_PATH:
                fcntl.fcntl(one.copy.fd, fcntl.F_SETFL, one.flags)
            if one.at is not None:
                os.lseek(one.copy.fd, one.at, os.SEEK_SET)
            if one.captured is not None:
                _fill(one.copy, one.captured)


def _keep(descriptor: Descriptor) -> _One:
    host = descriptor.host
    flags = fcntl.fcntl(host, fcntl.F_GETFL)
    has_offset = stat.S_ISREG(os.fstat(host).st_mode) and not flags & os.O_PATH
    own = not descriptor.file.inherited
    return _One(
        descriptor,
        Handle(duplicate(host)),
        descriptor.cloexec,
        Kept(descriptor.file, _OF_FILE),
        flags,
        os.lseek(host, 0, os.SEEK_CUR) if has_offset and own else None,
        os.pread(host, os.fstat(host).st_size, 0) if descriptor.file.captured else None,
    )


def _fill(file: Handle, content: bytes) -> None:
    """Have a file hold this, whatever was written there since: it may be less than this, if an
    earlier snapshot was restored meanwhile. What it holds already is not written again."""
    if os.fstat(file.fd).st_size != len(content):
        os.ftruncate(file.fd, len(content))
    if os.pread(file.fd, len(content), 0) != content:
        with open(file.reach, "r+b", buffering=0) as again:  # the guest's may append (O_APPEND)
            os.pwrite(again.fileno(), content, 0)
