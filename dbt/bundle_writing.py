"""Writes the bundle of ``dbt/bundle.py``. Few starts do."""

import contextlib
import marshal
import os
from collections.abc import Iterable, Mapping
from importlib.machinery import SourceFileLoader
from types import ModuleType

from dbt.bundle import SIZES, Bundle, Chunk, Entry, Row, head, state


def keep(bundle: Bundle, added: Mapping[str, ModuleType]) -> None:
    """Write the bundle anew, with these modules."""
    made = {source: entry(source, module) for source, module in added.items()}
    kept = {source: entry for source, entry in bundle.entries() if source not in made}
    entries = {**kept, **{source: entry for source, entry in made.items() if entry}}
    write(bundle.file, entries, bundle.together())


def entry(source: str, module: ModuleType) -> Entry | None:
    """What to keep of a module that was imported as usual. None for one without code, and for one
    whose source has changed meanwhile, so that it may be wrong."""
    spec = module.__spec__
    before = state(source)
    if before is None or spec is None or not isinstance(spec.loader, SourceFileLoader):
        return None
    try:
        code = spec.loader.get_code(spec.name)
    except (ImportError, OSError, SyntaxError, ValueError):
        return None
    if code is None or not spec.cached or state(source) != before:
        return None
    return Entry(spec.name, *before, spec.cached, code)


def write(file: str, entries: Mapping[str, Entry], together: Iterable[Iterable[str]] = ()) -> None:
    """Write a file, which appears whole, if that is possible. Others may not write to it, whatever
    the umask is. ``together``: the sources of each chunk; the first chunk that has a source counts,
    and sources of none make one each."""
    content = _content(entries, together)
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


def _content(entries: Mapping[str, Entry], together: Iterable[Iterable[str]]) -> bytes:
    """The content of a file."""
    rows: dict[str, Row] = {}
    chunks: list[Chunk] = []
    codes: list[bytes] = []
    at = 0
    for wanted in [*together, *([source] for source in entries)]:
        sources = [s for s in wanted if s in entries and s not in rows]
        if not sources:
            continue
        rows |= {source: (*entries[source][:-1], len(chunks)) for source in sources}
        codes.append(marshal.dumps(tuple(entries[source].code for source in sources)))
        chunks.append((at, len(codes[-1]), sources))
        at += len(codes[-1])
    first, index = head(), marshal.dumps((rows, chunks))
    size = len(first) + SIZES.size + len(index) + at
    return b"".join([first, SIZES.pack(size, len(index)), index, *codes])
