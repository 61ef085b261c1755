"""What is in a large file of the cache: read at once, and digested only when that is needed."""

import mmap
import os

from backends.native import cache, stamps


def read(name: str, key: bytes) -> memoryview | None:
    """As ``cache.read``. The digest is not computed while the file is the one of which it was right
    before, by what the host notes of it (``stamps``).

    The file is not mapped: who cuts it would take the memory away.
    """
    for path, handle in cache.opened(name, key):
        status = os.fstat(handle)
        whole = _whole(handle, status.st_size)
        if whole is None:
            continue
        head, content = bytes(whole[: cache.HEAD]), whole[cache.HEAD :]
        if not stamps.is_known(path, status, head):
            if head != cache.head_of(key, content):
                continue
            stamps.note(path, status, head)
        return content
    return None


def _whole(handle: int, size: int) -> memoryview | None:
    """The bytes of a file; None if there are not so many, or too few for a head."""
    if size < cache.HEAD:
        return None
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    memory = memoryview(mmap.mmap(-1, size, flags=flags))
    read = os.preadv(handle, [memory], 0)
    return memory.toreadonly() if read == size else None
