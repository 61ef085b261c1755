"""Installed distributions, found by the names of their directories on ``sys.path``.

``importlib.metadata`` finds the same, but to import it takes longer than to start a small guest. It
is used for what only it can find: archives, and what other finders than Python's own import.
"""

import contextlib
import functools
import importlib
import os
import sys
from collections.abc import Iterator

from dbt.typing import Any, NamedTuple

_INFO, _EGG, _END = ".dist-info", ".egg-info", "-info"
_POINTS = "entry_points.txt"
_AT_ONCE = 1 << 16
"""Bytes that are read at once: more than nearly all files of entry points have."""
_SEPARATORS = str.maketrans("-.", "__")


class EntryPoint(NamedTuple):
    """An object that a distribution gives a name: ``value`` is ``module:attribute``."""

    group: str
    name: str
    value: str

    def load(self) -> Any:
        """Import the module and get the object."""
        value, bracket, extras = self.value.partition("[")
        module, colon, attributes = map(str.strip, value.partition(":"))
        names = [*module.split("."), *(attributes.split(".") if colon else ())]
        if not all(map(str.isidentifier, names)) or (bracket and not extras.strip().endswith("]")):
            raise ImportError(f"{self.value!r} is not module:attribute")
        found: Any = importlib.import_module(module)
        for attribute in names[module.count(".") + 1 :]:
            found = getattr(found, attribute)
        return found


class _Foreign(Exception):
    """Only ``importlib.metadata`` can find what is on the path."""


def entry_points(group: str) -> list[EntryPoint]:
    """The entry points of a group. Of several distributions of one name, the first on the path
    counts."""
    try:
        texts = _texts(tuple(_directories().values()))
    except _Foreign:
        from importlib import metadata

        found = metadata.entry_points(group=group)
        return [EntryPoint(point.group, point.name, point.value) for point in found]
    return [point for text in texts for point in _points_in(text, group)]


def version(name: str) -> str:
    """The version of an installed distribution; empty when there is none."""
    wanted = _normal(name)
    with contextlib.suppress(_Foreign):
        rest = os.path.basename(_directories().get(wanted, "")).partition("-")[2]
        if rest.endswith(_INFO):
            return rest.removesuffix(_INFO)
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # put there by other means than an installer
        return ""


def _directories() -> dict[str, str]:
    """The directories of distributions, by their normal names. Raises _Foreign."""
    for finder in sys.meta_path:
        home = getattr(finder, "__module__", "")
        if home != "_frozen_importlib_external" and hasattr(finder, "find_distributions"):
            raise _Foreign
    return _on(tuple(sys.path))


@functools.cache
def _on(path: tuple[str, ...]) -> dict[str, str]:
    """The directories of distributions on a path, by their normal names and the rules of
    ``importlib.metadata``. The result is cached, because it takes the names of all files there.
    Raises _Foreign."""
    found: dict[str, str] = {}
    for entry in path:
        for name in _children(entry):
            if name[-5:].lower() == _END and name.lower().endswith((_INFO, _EGG)):
                normal = _normal(name.rpartition(".")[0].partition("-")[0])
                found.setdefault(normal, os.path.join(entry, name))
    return found


def _children(entry: str) -> list[str]:
    """The names in a directory of the path. Raises _Foreign for an archive and for an egg."""
    if not isinstance(entry, str) or entry.lower().endswith(".egg"):
        raise _Foreign
    try:
        return os.listdir(entry or ".")
    except NotADirectoryError:
        raise _Foreign from None
    except OSError:
        return []


def _normal(name: str) -> str:
    normal = name.lower().translate(_SEPARATORS)
    while "__" in normal:
        normal = normal.replace("__", "_")
    return normal


@functools.cache
def _texts(infos: tuple[str, ...]) -> tuple[bytes, ...]:
    """What the distributions that are described in these directories say of their entry points. The
    result is cached, because it takes a file of every distribution."""
    return tuple(text for info in infos if (text := _content(f"{info}/{_POINTS}")))


def _content(path: str) -> bytes:
    """What is in a file; nothing if it cannot be read. Descriptors take half as long as objects."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return b""
    try:
        parts = []
        while part := os.read(handle, _AT_ONCE):
            parts.append(part)
        return b"".join(parts)
    except IsADirectoryError:
        return b""
    finally:
        os.close(handle)


def _points_in(text: bytes, group: str) -> Iterator[EntryPoint]:
    """The entry points of a group that a distribution's text says."""
    if group.encode() not in text:  # as in nearly all
        return
    found = ""
    for line in map(str.strip, text.decode().splitlines()):
        if line.startswith("[") and line.endswith("]"):
            found = line.strip("[]")
        elif found == group and "=" in line and not line.startswith("#"):
            name, value = map(str.strip, line.split("=", 1))
            yield EntryPoint(group, name, value)
