"""Object code on disk, by digests of all that decides about it, for all test processes and days."""

import contextlib
import hashlib
import os
import tempfile
import zlib
from pathlib import Path

MOST = 1 << 30
"""Bytes that stay on disk from one run to the next."""
_DIGEST = 16


class ObjectStore:
    """Files in a directory. What is damaged was never there, and what cannot be written is lost."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def _file(self, key: bytes) -> Path:
        name = key.hex()
        return self._home / name[:2] / name[2:]

    def read(self, key: bytes) -> bytes | None:
        """What was written last by a key."""
        file = self._file(key)
        try:
            content = file.read_bytes()
            os.utime(file)  # used now: it is among the last that are removed
        except OSError:
            return None
        packed = content[_DIGEST:]
        return zlib.decompress(packed) if content[:_DIGEST] == _digest(packed) else None

    def write(self, key: bytes, content: bytes) -> None:
        """Keep a content. Other processes find all of it or nothing."""
        file = self._file(key)
        packed = zlib.compress(content, 1)
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            fd, name = tempfile.mkstemp(dir=file.parent)
            try:
                with open(fd, "wb") as out:
                    out.write(_digest(packed) + packed)
                os.replace(name, file)
            except OSError:
                os.unlink(name)

    def prune(self, most: int = MOST) -> None:
        """If there are more bytes, remove what was used longest ago, until half of them is left."""
        found = []
        with contextlib.suppress(OSError):
            for part in [*os.scandir(self._home)]:
                found += [(entry.stat(), entry.path) for entry in os.scandir(part.path)]
        total = sum(state.st_size for state, _ in found)
        if total <= most:
            return
        for state, path in sorted(found, key=lambda one: one[0].st_mtime_ns):
            if total <= most // 2:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            total -= state.st_size


def _digest(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()[:_DIGEST]
