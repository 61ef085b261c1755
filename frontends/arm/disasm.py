"""Listing of ARM and Thumb code. The only module that imports capstone, which takes a while:
import it where a listing is wanted, not before."""

from collections.abc import Iterator
from functools import cache

import capstone

from frontends.arm.keys import advanced, is_of_microcontrollers, is_wide


@cache
def _engines(thumb: bool, small: bool = False) -> tuple[capstone.Cs, ...]:
    """One with what ARMv8 adds, and one with what it takes away (SWP); one of ``small`` processors,
    microcontrollers."""
    mode = capstone.CS_MODE_THUMB if thumb else capstone.CS_MODE_ARM
    modes = [mode | capstone.CS_MODE_MCLASS] if small else [mode | capstone.CS_MODE_V8, mode]
    return tuple(capstone.Cs(capstone.CS_ARCH_ARM, mode) for mode in modes)


def _is_misread(code: bytes, mnemonic: str) -> bool:
    """Whether a text of Advanced SIMD or VFP is for a word of T32 that is none: capstone 5 takes
    some words for those of A32."""
    if not mnemonic.startswith(("v", "aes", "sha1", "sha256")) or code[1] & 0xEC == 0xEC:
        return False
    return code[1] != 0xF9 or not mnemonic.startswith(("vld", "vst"))


def disassemble(code: bytes, pc: int, thumb: bool = False, it: int = 0) -> str:
    """The first instruction of ``code`` as text; ``.word`` (Thumb: ``.short``) when it is none.
    ``it`` is ITSTATE."""
    front = (0xBF00 | it).to_bytes(2, "little") if it else b""  # the IT that makes this state
    word = int.from_bytes(code[:2], "little") << 16 | int.from_bytes(code[2:4], "little")
    for engine in _engines(thumb, thumb and is_of_microcontrollers(word)):
        for at, _, mnemonic, operands in engine.disasm_lite(front + code, pc - len(front), 2):
            if at == pc and not (thumb and _is_misread(code, mnemonic)):
                return f"{mnemonic} {operands}".rstrip()
    if thumb:
        return f".short {int.from_bytes(code[:2], 'little'):#06x}"
    return f".word {int.from_bytes(code[:4], 'little'):#010x}"


def listing(code: bytes, pc: int, thumb: bool = False, it: int = 0) -> Iterator[tuple[int, str]]:
    """The address and the text of each instruction of ``code``."""
    at = 0
    while at < len(code):
        yield pc + at, disassemble(code[at : at + 4], pc + at, thumb, it)
        half = int.from_bytes(code[at : at + 2], "little")
        begins_it = thumb and half >> 8 == 0xBF and half & 15
        it = half & 0xFF if begins_it else advanced(it)
        at += 2 if thumb and not is_wide(half) else 4
