"""The code of armdbt's modules in one file, which a start reads in place of 200 files.

Python finds, checks and reads a file for each module. That takes an eighth of the time of a warm
start. The bundle is beside the files that Python keeps, in ``__pycache__``, made under the same
conditions, and trusted like them: code is used as long as the module's source has the size and the
time that it had. Everything else is imported as usual.

The file begins with a line that says which Python reads it, and with an index of all modules. The
code of a module is unmarshalled when the module is imported.
"""

import contextlib
import marshal
import mmap
import os
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

from dbt.typing import Any, NamedTuple, TypeAlias

PACKAGES = ("backends", "dbt", "frontends")
MANY = 16
"""So many modules that a start has imported from elsewhere are added to the bundle, or any if one
of those was changed that it has to hold."""
_COMPILER = "llvmlite"
"""A start that has imported it has made what the next one finds on disk, with modules that the next
one does not need."""
_SIZES = struct.Struct("<QQ")
"""Behind the first line: the size of the file, and of the index that follows."""


class Entry(NamedTuple):
    """A module: the time in nanoseconds and the size of its source, where Python keeps its code,
    and its code, marshalled."""

    time: int
    size: int
    cached: str
    code: bytes


Row: TypeAlias = tuple[int, int, str, int, int]
"""A module in the index: as in ``Entry``, but where its code lies behind the index, and how many
bytes it has. Nothing but a tuple, for a start reads 200 of them."""


class _Loader(SourceFileLoader):
    """Loads a module whose code is known."""

    def __init__(self, name: str, source: str, code: CodeType) -> None:
        self.name, self.path, self._code = name, source, code  # as the base does, with less calls

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module."""
        del fullname
        return self._code


class Bundle:
    """The modules in a file, by the path of their source. As a finder of ``sys.meta_path``, it
    finds those whose source has not changed."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._content, self._identity = _mapped(file)
        self._index, self._codes = _read_index(self._content)
        self._found: set[str] = set()
        self._held: dict[str, bytes] = {}
        self._enough = MANY

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        del target
        if not path or not name.startswith(PACKAGES):
            return None
        base = f"{path[0]}/{name.rpartition('.')[2]}"
        source = f"{base}.py"
        found = self._index.get(source)
        is_package = found is None
        if found is None:
            source = f"{base}/__init__.py"
            found = self._index.get(source)
            if found is None:
                return None
        time, size, cached, at, length = found
        if _state(source) != (time, size):
            return None
        code = self._code(source, at, length)
        if code is None:
            return None
        self._found.add(source)
        spec = ModuleSpec(name, _Loader(name, source, code), origin=source)
        spec.has_location, spec.cached = True, cached
        if is_package:
            spec.submodule_search_locations = [base]
        return spec

    def _code(self, source: str, at: int, length: int) -> CodeType | None:
        """The code of a module; None if the file is not there any more, or damaged."""
        if source in self._held:
            with memoryview(self._held[source]) as code:
                found = _unmarshalled(code)
        elif self._content is not None:
            found = self._read(self._content, at, length)
        else:
            with self._opened() as content:
                found = None if content is None else self._read(content, at, length)
        return found if isinstance(found, CodeType) else None

    def _read(self, content: mmap.mmap, at: int, length: int) -> Any:
        at += self._codes
        with memoryview(content)[at : at + length] as code:
            return _unmarshalled(code)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[mmap.mmap | None]:
        """The content of the file; None if it is not there any more."""
        if self._content is not None:
            yield self._content
            return
        content, identity = _mapped(self._file)
        try:
            yield content if identity == self._identity else None
        finally:
            if content is not None:
                content.close()

    def hold(self, sources: Iterable[str]) -> bool:
        """Hold the code of modules in memory, so that they can be imported at any time, without a
        descriptor. Returns False if one of them is not here."""
        if self._content is None:
            return False
        for source in sources:
            time, size, _, at, length = self._index.get(source, (0, 0, "", 0, 0))
            if _state(source) != (time, size):
                self._enough = 1
                return False
            at += self._codes
            self._held[source] = self._content[at : at + length]
        return True

    def rest(self) -> None:
        """Give the file's descriptor back, until a module is imported again."""
        if self._content is not None:
            self._content.close()
            self._content = None

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
        if len(added) < self._enough:
            return
        made = {source: _entry(source, module) for source, module in added.items()}
        kept = {source: entry for source, entry in self._entries() if source not in made}
        _write(self._file, {**kept, **{source: entry for source, entry in made.items() if entry}})

    def _entries(self) -> Iterator[tuple[str, Entry]]:
        """What is in the file, by source."""
        with self._opened() as content:
            if content is None:
                return
            for source, (time, size, cached, at, length) in self._index.items():
                first = self._codes + at
                yield source, Entry(time, size, cached, content[first : first + length])


_installed: Bundle | None = None


def install() -> Bundle:
    """Import armdbt's modules from the bundle from now on."""
    global _installed  # noqa: PLW0603
    cached = __spec__.cached if __spec__ else None
    _installed = Bundle(f"{cached}.bundle" if cached else "")
    sys.meta_path.insert(0, _installed)
    return _installed


def rest() -> None:
    """See ``Bundle.rest``; nothing if none is installed."""
    if _installed is not None:
        _installed.rest()


def hold(sources: Iterable[str]) -> bool:
    """See ``Bundle.hold``; False if none is installed."""
    return _installed is not None and _installed.hold(sources)


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
    return Entry(*before, spec.cached, marshal.dumps(code))


def _head() -> bytes:
    """What a file begins with that this Python can read."""
    return f"armdbt modules 2 {sys.implementation.cache_tag} {sys.hexversion:x}\n".encode()


def _mapped(file: str) -> tuple[mmap.mmap | None, tuple[int, ...]]:
    """The content of a file, which is not read as a whole, and what tells it from the next one that
    is written there. None if there is none that this Python can read."""
    try:
        with open(file, "rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None, ()
    head = _head()
    if content[: len(head)] != head:
        content.close()
        return None, ()
    return content, (status.st_ino, status.st_mtime_ns, status.st_size)


def _read_index(content: mmap.mmap | None) -> tuple[dict[str, Row], int]:
    """The rows of a file by source, and where the codes begin. There are none if the file cannot be
    used, also because it was cut."""
    at = len(_head())
    if content is None or len(content) < at + _SIZES.size:
        return {}, 0
    size, length = _SIZES.unpack_from(content, at)
    if size != len(content):
        return {}, 0
    at += _SIZES.size
    with memoryview(content)[at : at + length] as index:
        found = _unmarshalled(index)
    return found if isinstance(found, dict) else {}, at + length


def _unmarshalled(content: memoryview) -> Any:
    """What was marshalled; None if it is damaged."""
    try:
        return marshal.loads(content)
    except (EOFError, ValueError, TypeError, MemoryError):
        return None


def _content(entries: Mapping[str, Entry]) -> bytes:
    """The content of a file."""
    rows: dict[str, Row] = {}
    at = 0
    for source, entry in entries.items():
        rows[source] = (entry.time, entry.size, entry.cached, at, len(entry.code))
        at += len(entry.code)
    head, index = _head(), marshal.dumps(rows)
    size = len(head) + _SIZES.size + len(index) + at
    codes = [entry.code for entry in entries.values()]
    return b"".join([head, _SIZES.pack(size, len(index)), index, *codes])


def _write(file: str, entries: Mapping[str, Entry]) -> None:
    """Write a file, which appears whole, if that is possible. Others may not write to it, whatever
    the umask is."""
    content = _content(entries)
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
