"""Where the parts of the running program lie, as ``struct mm_struct`` keeps it for /proc."""

import struct
from collections.abc import Sequence

from dbt.classes import attrs
from dbt.interfaces import EXEC
from dbt.loader.elf import Elf


@attrs.frozen
class Image:
    """Addresses of code, data, stack pointer at the start, arguments and environment; and the
    auxiliary vector's bytes."""

    start_code: int = 0
    end_code: int = 0
    start_data: int = 0
    end_data: int = 0
    start_stack: int = 0
    arg_start: int = 0
    arg_end: int = 0
    env_start: int = 0
    env_end: int = 0
    auxv: bytes = b""
    flags: int = 0
    """e_flags of the program's ELF header."""


def describe(
    elf: Elf, bias: int, stack: bytes, sp: int, argv: Sequence[bytes], envp: Sequence[bytes]
) -> Image:
    """The image of an ELF program (fs/binfmt_elf.c) with the ``stack`` that lies at ``sp``."""
    code = [segment for segment in elf.segments if segment.perms & EXEC]
    words = struct.unpack(f"<{len(stack) // 4}I", stack[: len(stack) // 4 * 4])
    at = 1 + len(argv) + 1 + len(envp) + 1
    end = next(i for i in range(at, len(words), 2) if words[i] == 0)
    arg_start = words[1] if argv else 0
    arg_end = arg_start + sum(len(text) + 1 for text in argv)
    return Image(
        min((segment.vaddr + bias for segment in code), default=0),
        max((segment.vaddr + segment.filesz + bias for segment in code), default=0),
        max((segment.vaddr + bias for segment in elf.segments), default=0),
        max((segment.vaddr + segment.filesz + bias for segment in elf.segments), default=0),
        sp,
        arg_start,
        arg_end,
        arg_end,
        arg_end + sum(len(text) + 1 for text in envp),
        struct.pack(f"<{end + 2 - at}I", *words[at : end + 2]),
        elf.flags,
    )
