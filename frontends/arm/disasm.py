"""Listing of ARM and Thumb code. The only module that imports capstone, which takes a while:
import it where a listing is wanted, not before."""

from functools import cache

import capstone


@cache
def _engine(thumb: bool) -> capstone.Cs:
    mode = capstone.CS_MODE_THUMB if thumb else capstone.CS_MODE_ARM
    return capstone.Cs(capstone.CS_ARCH_ARM, mode)


def disassemble(code: bytes, pc: int, thumb: bool = False) -> str:
    """The first instruction of ``code`` as text; ``.word`` (Thumb: ``.short``) when it is none."""
    for _, _, mnemonic, operands in _engine(thumb).disasm_lite(code, pc, 1):
        return f"{mnemonic} {operands}".rstrip()
    if thumb:
        return f".short {int.from_bytes(code[:2], 'little'):#06x}"
    return f".word {int.from_bytes(code[:4], 'little'):#010x}"
