"""The code of armdbt's modules in one file, which a start reads in place of 200 files.

Python finds, checks and reads a file for each module. That takes an eighth of the time of a warm
start. The bundle is beside the files that Python keeps, in ``__pycache__``, made under the same
conditions, and trusted like them: code is used as long as the module's source has the size and the
time that it had. Everything else is imported as usual.

The modules that one import has brought about are a chunk: marshalled together, for they share most
of their names, in the order in which they were complete. When the import comes again, those of them
that are not there yet are made in this order, each from what is there by then, without Python's
search for it. ``import`` finds them, and does nothing.

The file begins with a line that says which Python reads it, and with an index of all modules.
``dbt/bundle_writing.py`` writes it.
"""

import contextlib
import marshal
import mmap
import os
import struct
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from io import FileIO
from types import CodeType, ModuleType

from dbt.typing import Any, NamedTuple, TypeAlias

PACKAGES = ("backends", "dbt", "frontends")
MANY = 16
"""So many modules that a start has imported from elsewhere are added to the bundle, or any if one
of those was changed that it has to hold."""
_COMPILER = "llvmlite"
"""A start that has imported it has made what the next one finds on disk, with modules that the next
one does not need."""
SIZES = struct.Struct("<QQ")
"""Behind the first line: the size of the file, and of the index that follows."""


class Entry(NamedTuple):
    """A module: its name, the time in nanoseconds and the size of its source, where Python keeps
    its code, and its code."""

    name: str
    time: int
    size: int
    cached: str
    code: CodeType


Row: TypeAlias = tuple[str, int, int, str, int]
"""A module in the index: as in ``Entry``, but the number of its chunk for its code. Nothing but a
tuple, for a start reads 200 of them."""
Chunk: TypeAlias = tuple[int, int, list[str]]
"""Where the codes of a chunk are, behind the index, how many bytes they have, and the sources. The
last one is that of the module whose import brings about the others."""


class _Loader(SourceFileLoader):
    """Loads a module whose code is known."""

    def __init__(self, name: str, source: str, code: CodeType) -> None:
        self.name, self.path, self._code = name, source, code  # as the base does, with less calls

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module."""
        del fullname
        return self._code


class _Order:
    """Which imports of a run have brought about which others.

    Python's specs say whose import has begun and has not ended; an import that begins meanwhile is
    part of it."""

    def __init__(self) -> None:
        self.chunks: list[list[str]] = []
        """The sources of the modules that were complete when an import ended, in that order."""
        self._open: list[tuple[str, str]] = []
        self._complete: list[str] = []
        self.awaited = ""
        """The module that is not begun until others are made."""

    def begin(self, name: str, source: str) -> None:
        """The import of a module begins."""
        if not _is_alone():
            self.chunks.append([source])
            return
        self.end()
        self._open.append((name, source))

    def add(self, source: str) -> None:
        """A module was made for the one that is awaited."""
        self.end()
        self._complete.append(source)

    def end(self) -> None:
        """Find out which imports have ended."""
        while self._open and not self._is_open(self._open[-1][0]):
            name, source = self._open.pop()
            if name in sys.modules:
                self._complete.append(source)
            if not self._open:
                self.chunks.append(self._complete)
                self._complete = []

    def _is_open(self, name: str) -> bool:
        module = sys.modules.get(name)
        if module is None:
            return name == self.awaited
        return getattr(module.__spec__, "_initializing", False)


class Bundle:
    """The modules in a file, by the path of their source. As a finder of ``sys.meta_path``, it
    finds those whose source has not changed."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._stream, self._identity = _opened(file)
        self._index, self._chunks, self._codes = _read_index(self._stream)
        self._ready: dict[str, CodeType] = {}
        self._held: dict[int, bytes] = {}
        self._room: mmap.mmap | None = None
        self._found: set[str] = set()
        self._order = _Order()
        self._enough = MANY

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        del target
        if not path or not name.startswith(PACKAGES):
            return None
        source = f"{path[0]}/{name.rpartition('.')[2]}.py"
        if source not in self._index:
            package = f"{source[:-3]}/__init__.py"
            source = package if package in self._index or os.path.exists(package) else source
        self._order.begin(name, source)
        spec = self._spec(source)
        if spec is not None:
            *before, last = self._chunks[self._index[source][-1]][-1]
            if before and last == source and _is_alone():
                self._make(name, before)
        return spec

    def _spec(self, source: str) -> ModuleSpec | None:
        """What is known of a module; None if it is to be imported as usual."""
        row = self._index.get(source)
        if row is None:
            return None
        name, time, size, cached, number = row
        if state(source) != (time, size) or not self._unpack(source, number):
            return None
        self._found.add(source)
        spec = ModuleSpec(name, _Loader(name, source, self._ready.pop(source)), origin=source)
        spec.has_location, spec.cached = True, cached
        if source.endswith("/__init__.py"):
            spec.submodule_search_locations = [os.path.dirname(source)]
        return spec

    def _make(self, awaited: str, sources: Iterable[str]) -> None:
        """Make the modules that another one will import. What cannot be made is left to it."""
        self._order.awaited = awaited
        for source in sources:
            name = self._index[source][0]
            parent = sys.modules.get(name.rpartition(".")[0])
            if name in sys.modules or parent is None:
                continue
            spec = self._spec(source)
            if spec is not None and not _make(spec, parent):
                break
            self._order.add(source)
        self._order.awaited = ""

    def _unpack(self, source: str, number: int) -> bool:
        """Have the code of a module ready. False if the file is not there any more, or damaged."""
        if source in self._ready:
            return True
        at, length, sources = self._chunks[number]
        if number in self._held:
            codes = _unmarshalled(self._held[number])
        else:
            with self._readable() as stream:
                codes = None if stream is None else self._read(stream, self._codes + at, length)
        if not isinstance(codes, tuple) or len(codes) != len(sources):
            return False
        self._ready.update(zip(sources, codes, strict=True))
        return isinstance(self._ready.get(source), CodeType)

    def _read(self, stream: FileIO, at: int, length: int) -> Any:
        """As ``_part``, for a chunk. All chunks of a start are read into the same memory: to get
        new pages for each takes the host longer than to read it."""
        if self._stream is None or not _is_alone():
            return _part(stream, at, length)
        if self._room is None:
            most = max(length for _, length, _ in self._chunks)
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
            self._room = mmap.mmap(-1, most, flags=flags)
        with memoryview(self._room)[:length] as content:
            size = os.preadv(stream.fileno(), [content], at)
            return _unmarshalled(content) if size == length else None

    @contextlib.contextmanager
    def _readable(self) -> Iterator[FileIO | None]:
        """The file, open; None if it is not there any more."""
        if self._stream is not None:
            yield self._stream
            return
        stream, identity = _opened(self.file)
        try:
            yield stream if identity == self._identity else None
        finally:
            if stream is not None:
                stream.close()

    def hold(self, sources: Iterable[str]) -> bool:
        """Hold the code of modules in memory, so that they can be imported at any time, without a
        descriptor. Returns False if one of them is not here."""
        if self._stream is None:
            return False
        for source in sources:
            _, time, size, _, number = self._index.get(source, ("", 0, 0, "", 0))
            if state(source) != (time, size):
                self._enough = 1
                return False
            if number not in self._held:  # some of them share one
                at, length, _ = self._chunks[number]
                self._held[number] = os.pread(self._stream.fileno(), length, self._codes + at)
        return True

    def rest(self) -> None:
        """Give the file's descriptor back, until a module is imported again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._room is not None:
            self._room.close()
            self._room = None

    def added(self) -> dict[str, ModuleType]:
        """The modules that were imported from elsewhere, by source, if they are many, and if the
        next start will need them and find them: to collect them takes as long as to import them."""
        if sys.dont_write_bytecode or _COMPILER in sys.modules:
            return {}
        if not os.access(os.path.dirname(self.file), os.W_OK):
            return {}
        added = {}
        for name, module in list(sys.modules.items()):
            source = getattr(module, "__file__", None)
            if name.partition(".")[0] in PACKAGES and source and source not in self._found:
                added[source] = module
        return added if len(added) >= self._enough else {}

    def together(self) -> list[list[str]]:
        """The sources of each chunk, as this run has imported them, and then as they are in the
        file."""
        self._order.end()
        return [*self._order.chunks, *(sources for _, _, sources in self._chunks)]

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """What is in the file, by source."""
        with self._readable() as stream:
            if stream is None:
                return
            for at, length, sources in self._chunks:
                codes = _part(stream, self._codes + at, length)
                for source, code in zip(sources, codes or (), strict=False):
                    yield source, Entry(*self._index[source][:-1], code)


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


def head() -> bytes:
    """What a file begins with that this Python can read."""
    return f"armdbt modules 3 {sys.implementation.cache_tag} {sys.hexversion:x}\n".encode()


def _is_alone() -> bool:
    """Whether no other thread can find a module that is not complete."""
    return threading.active_count() == 1


def _make(spec: ModuleSpec, parent: ModuleType) -> bool:
    """Make a module, as ``import`` does. False if it fails: ``import`` will say how."""
    name, loader = spec.name, spec.loader
    assert isinstance(loader, _Loader)
    module = sys.modules[name] = ModuleType(name)
    parts = module.__dict__
    parts.update(__spec__=spec, __loader__=loader, __file__=spec.origin, __cached__=spec.cached)
    if spec.submodule_search_locations is None:
        parts["__package__"] = spec.parent
    else:
        parts.update(__package__=name, __path__=spec.submodule_search_locations)
    try:
        exec(loader.get_code(name), parts)
    except Exception:
        del sys.modules[name]
        return False
    setattr(parent, name.rpartition(".")[2], module)
    return True


def state(source: str) -> tuple[int, int] | None:
    """The time and the size of a source; None if there is none."""
    try:
        status = os.stat(source)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _opened(file: str) -> tuple[FileIO | None, tuple[int, ...]]:
    """A file, which is not read as a whole, and what tells it from the next one that is written
    there. None if there is none that this Python can read. (The file is not mapped: if another
    process cut it then, the host would end this one.)"""
    try:
        stream = FileIO(file)
    except OSError:
        return None, ()
    with contextlib.suppress(OSError):
        status = os.fstat(stream.fileno())
        first = head()
        if os.pread(stream.fileno(), len(first), 0) == first:
            return stream, (status.st_ino, status.st_mtime_ns, status.st_size)
    stream.close()
    return None, ()


def _read_index(stream: FileIO | None) -> tuple[dict[str, Row], list[Chunk], int]:
    """The rows of a file by source, the chunks, and where the codes begin. There are none if the
    file cannot be used, also because it was cut."""
    if stream is None:
        return {}, [], 0
    at = len(head())
    sizes = os.pread(stream.fileno(), SIZES.size, at)
    if len(sizes) < SIZES.size:
        return {}, [], 0
    size, length = SIZES.unpack(sizes)
    if size != os.fstat(stream.fileno()).st_size or length > size:
        return {}, [], 0
    at += SIZES.size
    rows, chunks = _part(stream, at, length) or ({}, [])
    return rows, chunks, at + length


def _part(stream: FileIO, at: int, length: int) -> Any:
    """What is marshalled in a part of the file; None if it is damaged."""
    return _unmarshalled(os.pread(stream.fileno(), length, at))


def _unmarshalled(content: bytes | memoryview) -> Any:
    """What was marshalled; None if it is damaged."""
    try:
        return marshal.loads(content)
    except (EOFError, ValueError, TypeError, MemoryError):
        return None
