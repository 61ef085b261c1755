"""Programs of a few ARM instructions, as ELF files: no compiler, no assembler."""

import struct
from collections.abc import Sequence
from pathlib import Path

BASE = 0x10000
_HEADERS = 52 + 32
CODE = BASE + _HEADERS
"""Where the first instruction stands."""

EXIT = (0xE3A07001, 0xEF000000)  # mov r7, #1; swi 0: the status is r0


def program(directory: Path, words: Sequence[int], name: str = "words") -> Path:
    """A static program of these words, in pages that may be read, written and executed."""
    code = struct.pack(f"<{len(words)}I", *words)
    size = _HEADERS + len(code)
    head = b"\x7fELF\1\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIIIIIHHHHHH", 2, 40, 1, CODE, 52, 0, 0x05000000, 52, 32, 1, 40, 0, 0
    )
    load = struct.pack("<8I", 1, 0, BASE, BASE, size, -(-size // 0x1000) * 0x1000, 7, 0x1000)
    path = directory / f"{name}.elf"
    path.write_bytes(head + load + code)
    path.chmod(0o755)
    return path
