"""The sizes of mapped files: what lies past the end of a file is SIGBUS, until the file grows."""

import contextlib
import os
import weakref

from dbt.classes import attrs

_MOST = 128
"""Files that are kept open at most, so that the guest is left its descriptors."""


class MappedFile:
    """An open file whose size can be read, whatever happens to its names.

    The descriptor is an O_PATH one: to close any other would release the record locks that the
    guest holds on the file (fs/locks.c: locks_remove_posix).
    """

    def __init__(self, fd: int) -> None:
        self._fd = os.open(f"/proc/self/fd/{fd}", os.O_PATH | os.O_CLOEXEC)

    @property
    def size(self) -> int:
        """The size in bytes, now."""
        return os.fstat(self._fd).st_size

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self._fd)


@attrs.define
class MappedFiles:
    """The files of mappings, one descriptor each while a mapping remembers it."""

    _known: "weakref.WeakValueDictionary[tuple[int, int], MappedFile]" = attrs.field(
        factory=weakref.WeakValueDictionary, init=False
    )

    def get(self, key: tuple[int, int], fd: int) -> MappedFile | None:
        """The file with this device and inode, which is open as ``fd``. None when too many are
        kept: its size can then only be found out page by page."""
        found = self._known.get(key)
        if found is None and len(self._known) < _MOST:
            with contextlib.suppress(OSError):
                found = self._known[key] = MappedFile(fd)
        return found
