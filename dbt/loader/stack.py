"""The initial stack of a program: argc, argv, envp, the auxiliary vector, and the strings.

From low to high, as fs/binfmt_elf.c lays it out: ``argc argv[] NULL envp[] NULL auxv[] AT_NULL``,
padding, platform and random bytes, the strings, the file name, a zero word at the very top.
"""

import struct
from collections.abc import Mapping, Sequence

AT_NULL, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY = (
    0,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
AT_UID, AT_EUID, AT_GID, AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK = 11, 12, 13, 14, 15, 16, 17
AT_SECURE, AT_RANDOM, AT_HWCAP2, AT_EXECFN = 23, 25, 26, 31

STACK_ALIGNMENT = 16


class StackOverflow(Exception):
    """Arguments and environment do not fit on the stack."""


def build_stack(
    top: int,
    argv: Sequence[bytes],
    envp: Sequence[bytes],
    auxv: Mapping[int, int],
    *,
    execfn: bytes,
    platform: bytes,
    random: bytes,
    limit: int,
) -> tuple[int, bytes]:
    """Returns the stack pointer, and the bytes from there to ``top``.

    ``auxv`` holds the entries whose values are known; AT_PLATFORM, AT_RANDOM and AT_EXECFN
    are added here. ``limit`` is the number of bytes allowed. Raises StackOverflow.
    """
    strings = bytearray()
    offsets = []
    for text in (*argv, *envp, execfn):
        offsets.append(len(strings))
        strings += text + b"\0"
    strings += bytes(4)
    extra = platform + b"\0" + random
    base = top - len(strings)
    extra_at = (base - len(extra)) & -STACK_ALIGNMENT
    at = [base + offset for offset in offsets]
    entries = dict(auxv)
    entries[AT_PLATFORM] = extra_at
    entries[AT_RANDOM] = extra_at + len(platform) + 1
    entries[AT_EXECFN] = at[-1]
    words = [len(argv), *at[: len(argv)], 0, *at[len(argv) : -1], 0]
    for key, value in entries.items():
        words += (key, value)
    words += (AT_NULL, 0)
    sp = (extra_at - 4 * len(words)) & -STACK_ALIGNMENT
    if top - sp > limit:
        raise StackOverflow
    out = bytearray(top - sp)
    struct.pack_into(f"<{len(words)}I", out, 0, *words)
    out[extra_at - sp : extra_at - sp + len(extra)] = extra
    out[base - sp :] = strings
    return sp, bytes(out)
