"""The libraries on disk, as this process knows them.

Executors of one process begin with the content that was read or kept last: it is read from disk
once. What other processes have kept meanwhile is met when something is kept.
"""

import functools
import os
from collections.abc import Callable

from backends.native import cache, content, stamps

MOST = 8
"""Libraries of which the content is remembered."""
_contents: dict[tuple[str, ...], memoryview] = {}
"""By ``_key``, those used last at the end."""


def read(name: str, stamp: bytes) -> memoryview | None:
    """What was kept last by this name for a stamp, or None."""
    found = _contents.get(_key(name, stamp)) or content.read(name, stamp)
    if found is not None:
        _remember(_key(name, stamp), found)
    return found


def update(name: str, stamp: bytes, change: Callable[[bytes | None], bytes | None]) -> None:
    """Keep what ``change`` returns, which is given what is on disk. No other process does so in
    between. None is not kept."""

    def changed(content: bytes | None) -> bytes | None:
        after = change(content)
        if after is not None:
            _remember(_key(name, stamp), memoryview(after))
        return after

    cache.update(name, stamp, changed)


def _key(name: str, stamp: bytes) -> tuple[str, ...]:
    return (name, stamp.hex(), *map(str, cache.directories()))


def _remember(key: tuple[str, ...], found: memoryview) -> None:
    _contents.pop(key, None)
    if len(_contents) == MOST:
        del _contents[next(iter(_contents))]
    _contents[key] = found


@functools.lru_cache(maxsize=MOST)
def stamp(text: str, *sources: str) -> bytes:
    """The stamp (``stamps.stamp``) of what stencils depend on: a text, some files, and the modules
    of this backend. It is computed once, for the modules are those that were imported."""
    return stamps.stamp(sources, "llvmlite", text=repr((text, _modules())))


@functools.cache
def _modules() -> bytes:
    """The stamp of the modules of this backend."""
    here = os.path.dirname(__file__)
    above = os.path.dirname(here)
    return stamps.stamp(
        os.path.join(part, name)
        for part in (here, above, os.path.join(above, "units"))
        for name in sorted(os.listdir(part))
        if name.endswith(".py")
    )
