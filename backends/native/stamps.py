"""Stamps: digests of everything that object code on disk depends on.

The digests of sources are remembered on disk, because to read some 160 files takes milliseconds of
every start. A source has not changed while it is the same file, of the same size, and the host has
noted no later change (``ctime``, which no program can set). What was changed just now is read, for
it may change again before the host's clock shows another time.

What this process has imported is what sources were when it began. Where one has changed since, a
stamp is of this process alone, for what it makes is not what the source says now.
"""

import contextlib
import functools
import marshal
import os
import sys
import time
from collections.abc import Iterable

from backends.native import cache
from backends.native.cache import Path, digest_of
from dbt.distributions import version
from dbt.typing import TypeAlias

SETTLED = 2_000_000_000
"""Nanoseconds after which a source that changes again has another time."""
BEGUN = time.time_ns()
"""When this process began to import what stamps are made of."""
MOST = 2000
"""Sources whose digests are remembered."""
_NAME = "sources"
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
"""Sources below it are remembered."""

State: TypeAlias = tuple[int, int, int]
"""A file's number, its size, and when it was changed, in nanoseconds."""
Digests: TypeAlias = dict[str, tuple[State, bytes]]
"""What sources were at the time and their digests, by path."""


def stamp(sources: Iterable[Path], *packages: str, text: str = "") -> bytes:
    """A digest of everything object code depends on: sources, versions, Python, the processor, and
    a text that says what else."""
    head = sys.version, os.uname().machine, _processor(), text, [*map(version, packages)]
    learned: Digests = {}
    known, digests, last = _known(), [], 0
    for source in sources:  # hundreds in each start
        path = os.fspath(source)
        state, found = known.get(path, _UNKNOWN)
        now = _state(os.stat(path))
        if not found or state != now:
            found = _digest_of(path, learned)
        digests.append(found)
        last = max(last, now[2])
    if last > BEGUN:
        digests.append(f"{os.getpid()} {BEGUN}".encode())
    if learned:
        _remember(learned)
    return digest_of(repr(head).encode(), *digests)


def _digest_of(source: str, learned: Digests) -> bytes:
    """The digest of a source that is read. It goes into ``learned`` if it is to be remembered."""
    with open(source, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        found = digest_of(file.read())
    if source.startswith(_ROOT) and _is_settled(status):
        learned[source] = _state(status), found
    return found


_UNKNOWN: tuple[State, bytes] = (0, 0, 0), b""


def is_known(path: str, status: os.stat_result, digest: bytes) -> bool:
    """Whether ``note`` was told of this file, and it has not changed since."""
    return _known().get(path) == (_state(status), digest)


def note(path: str, status: os.stat_result, digest: bytes) -> None:
    """Remember a file that its digest fits."""
    if _is_settled(status):
        _remember({path: (_state(status), digest)})


def _is_settled(status: os.stat_result) -> bool:
    return time.time_ns() - status.st_ctime_ns > SETTLED


def _state(status: os.stat_result) -> State:
    return status.st_ino, status.st_size, status.st_ctime_ns


@functools.cache
def _known() -> Digests:
    """What is remembered, by path."""
    return _read(cache.read(_NAME, _key()))


def _read(content: bytes | None) -> Digests:
    with contextlib.suppress(EOFError, TypeError, ValueError):
        found = marshal.loads(content or b"")
        return found if isinstance(found, dict) else {}
    return {}


def _remember(learned: Digests) -> None:
    _known().update(learned)

    def changed(content: bytes | None) -> bytes:
        before = _read(content)
        kept = before if len(before) < MOST else {}
        return marshal.dumps({**kept, **learned})

    cache.update(_NAME, _key(), changed)


@functools.cache
def _key() -> bytes:
    """What the file depends on: that another Python writes is not to be read."""
    text = repr((_ROOT, sys.implementation.cache_tag))
    return digest_of(text.encode())


def has_feature(name: str) -> bool:
    """Whether the host's processor has a feature, by Linux's name."""
    flags = (line for line in _processor().splitlines() if line.startswith("flags"))
    return any(name in line.split() for line in flags)


@functools.cache
def _processor() -> str:
    """The description of the host's first processor. The others are taken to be alike."""
    kept = ("vendor_id", "cpu family", "model", "stepping", "flags")
    lines = []
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line == "\n":
                break
            if line.startswith(kept):
                lines.append(line)
    return "".join(lines)
