"""Finds the file that has the debug information of another one.

It is looked for as gdb does: by the build id, below ``.build-id`` of the directories of debug
files; then by the name in ``.gnu_debuglink``, beside the file, in ``.debug`` beside it, and in the
directories below the path that the file has for the guest. A file of another build is passed over.
"""

import os
import stat
import zlib
from collections.abc import Iterator, Sequence

import attrs

LARGEST = 1 << 31
"""Bytes of the largest file that is taken for a debug file: all of it is read for its checksum."""
_BLOCK = 1 << 20
_LONGEST_ID = 64


@attrs.frozen
class Identity:
    """How a file names the one with its debug information. Each may be missing: empty, or None."""

    build_id: bytes = b""
    link: str = ""
    checksum: int | None = None
    """CRC-32 of the file that ``link`` names."""


def identity(elf: "object") -> Identity:
    """What an open ``ELFFile`` says of its debug information."""
    from elftools.elf.elffile import ELFFile

    assert isinstance(elf, ELFFile)
    found = Identity()
    for segment in elf.iter_segments("PT_NOTE"):
        for note in segment.iter_notes():
            if note["n_type"] == "NT_GNU_BUILD_ID" and note["n_descsz"] <= _LONGEST_ID:
                found = attrs.evolve(found, build_id=bytes.fromhex(note["n_desc"]))
    section = elf.get_section_by_name(".gnu_debuglink")
    data = b"" if section is None or section["sh_size"] > _BLOCK else section.data()
    name, end, _ = data.partition(b"\0")
    if end and len(data) >= len(name) + 5 and b"/" not in name and name not in (b"", b"..", b"."):
        checksum = int.from_bytes(data[-4:], "little")
        found = attrs.evolve(found, link=os.fsdecode(name), checksum=checksum)
    return found


def find(path: str, inside: str, names: Identity, directories: Sequence[str]) -> str:
    """The path of the debug file; empty if there is none. ``path`` is the file's, and ``inside``
    the same as the guest sees it."""
    for candidate in _by_id(names, directories):
        if _is_file(candidate) and _build_id(candidate) == names.build_id:
            return candidate
    for candidate in _by_link(path, inside, names, directories):
        same = _is_file(candidate) and not _is_same(candidate, path)
        if same and _checksum(candidate) == names.checksum:
            return candidate
    return ""


def _by_id(names: Identity, directories: Sequence[str]) -> Iterator[str]:
    if len(names.build_id) > 1:
        text = names.build_id.hex()
        for directory in directories:
            yield os.path.join(directory, ".build-id", text[:2], f"{text[2:]}.debug")


def _by_link(path: str, inside: str, names: Identity, directories: Sequence[str]) -> Iterator[str]:
    if names.link:
        beside = os.path.dirname(path)
        yield os.path.join(beside, names.link)
        yield os.path.join(beside, ".debug", names.link)
        for directory in directories:
            yield os.path.join(directory, os.path.dirname(inside).lstrip("/"), names.link)
            yield os.path.join(directory, names.link)


def _is_file(path: str) -> bool:
    """Whether there is a file that can be read, and not a FIFO, which would wait for its writer."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return True


def _checksum(path: str) -> int | None:
    """The CRC-32 of a file; None when it cannot be read."""
    checksum = 0
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                checksum = zlib.crc32(block, checksum)
    except OSError:
        return None
    return checksum


def _build_id(path: str) -> bytes:
    """The build id of a file; empty when it has none, or cannot be read."""
    from elftools.elf.elffile import ELFFile

    try:
        with open(path, "rb") as stream:
            elf = ELFFile(stream)
            for section in elf.iter_sections("SHT_NOTE"):
                for note in section.iter_notes():
                    if note["n_type"] == "NT_GNU_BUILD_ID":
                        return bytes.fromhex(note["n_desc"])
    except Exception:  # pyelftools raises anything for damaged files
        return b""
    return b""
