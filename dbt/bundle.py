"""The code of armdbt's modules in one file, which a start reads in place of 200 files.

Python finds, checks and reads a file for each module, with the same names in many of them. That
takes an eighth of the time of a warm start. The bundle is beside the files that Python keeps, in
``__pycache__``, made under the same conditions, and trusted like them: code is used as long as the
module's source has the size and the time that it had. Everything else is imported as usual.
"""

import contextlib
import marshal
import mmap
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import NamedTuple

PACKAGES = ("backends", "dbt", "frontends")
MANY = 16
"""So many modules that a start has imported from elsewhere are added to the bundle."""
_COMPILER = "llvmlite"
"""A start that has imported it has made what the next one finds on disk, with modules that the next
one does not need."""


class Entry(NamedTuple):
    """A module: the time in nanoseconds and the size of its source, where Python keeps its code,
    and its code."""

    time: int
    size: int
    cached: str
    code: CodeType


class _Loader(SourceFileLoader):
    """Loads a module whose code is known."""

    def __init__(self, name: str, source: str, code: CodeType) -> None:
        super().__init__(name, source)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module."""
        del fullname
        return self._code


class Bundle:
    """The modules in a file, by the path of their source. As a finder of ``sys.meta_path``, it
    finds those whose source has not changed."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._entries = _read(file)
        self._found: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        del target
        if not path or not name.startswith(PACKAGES):
            return None
        base = f"{path[0]}/{name.rpartition('.')[2]}"
        source = f"{base}.py"
        entry = self._entries.get(source)
        is_package = entry is None
        if is_package:
            source = f"{base}/__init__.py"
            entry = self._entries.get(source)
        if entry is None or _state(source) != (entry.time, entry.size):
            return None
        self._found.add(source)
        spec = ModuleSpec(
            name, _Loader(name, source, entry.code), origin=source, is_package=is_package
        )
        spec.has_location, spec.cached = True, entry.cached
        if is_package:
            spec.submodule_search_locations = [base]
        return spec

    def keep(self) -> None:
        """Add the modules that were imported from elsewhere, if they are many, and if the next
        start will need them and find them: to collect them takes as long as to import them."""
        if sys.dont_write_bytecode or _COMPILER in sys.modules:
            return
        if not os.access(os.path.dirname(self._file), os.W_OK):
            return
        added = {}
        for name, module in list(sys.modules.items()):
            source = getattr(module, "__file__", None)
            if name.partition(".")[0] in PACKAGES and source and source not in self._found:
                added[source] = module
        if len(added) < MANY:
            return
        made = {source: _entry(source, module) for source, module in added.items()}
        kept = {source: entry for source, entry in self._entries.items() if source not in made}
        _write(self._file, {**kept, **{source: entry for source, entry in made.items() if entry}})


def install() -> Bundle:
    """Import armdbt's modules from the bundle from now on."""
    cached = __spec__.cached if __spec__ else None
    bundle = Bundle(f"{cached}.bundle" if cached else "")
    sys.meta_path.insert(0, bundle)
    return bundle


def _state(source: str) -> tuple[int, int] | None:
    """The time and the size of a source; None if there is none."""
    try:
        status = os.stat(source)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _entry(source: str, module: ModuleType) -> Entry | None:
    """What to keep of a module that was imported as usual. None for one without code, and for one
    whose source has changed meanwhile, so that it may be wrong."""
    spec = module.__spec__
    before = _state(source)
    if before is None or spec is None or not isinstance(spec.loader, SourceFileLoader):
        return None
    try:
        code = spec.loader.get_code(spec.name)
    except (ImportError, OSError, SyntaxError, ValueError):
        return None
    if code is None or not spec.cached or _state(source) != before:
        return None
    return Entry(*before, spec.cached, code)


def _head() -> bytes:
    """What a file begins with that this Python can read."""
    return f"armdbt modules 1 {sys.implementation.cache_tag} {sys.hexversion:x}\n".encode()


def _read(file: str) -> dict[str, Entry]:
    """The entries in a file; none if it cannot be used."""
    head = _head()
    try:
        with (
            open(file, "rb", buffering=0) as stream,
            # To read it would take twice as long.
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            if content[: len(head)] != head:
                return {}
            with memoryview(content)[len(head) :] as code:
                entries = marshal.loads(code)
            return {source: Entry(*entry) for source, entry in entries.items()}
    except (OSError, EOFError, ValueError, TypeError, AttributeError, MemoryError):
        return {}


def _write(file: str, entries: dict[str, Entry]) -> None:
    """Write a file, which appears whole, if that is possible. Others may not write to it, whatever
    the umask is."""
    content = _head() + marshal.dumps({source: tuple(entry) for source, entry in entries.items()})
    temporary = f"{file}.{os.getpid()}"
    with contextlib.suppress(OSError):
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            with open(handle, "wb") as stream:
                stream.write(content)
            os.replace(temporary, file)
        except OSError:
            os.unlink(temporary)
            raise
