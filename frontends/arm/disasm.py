"""Listing of ARM and Thumb code. The only module that imports capstone."""

from functools import cache

import capstone


@cache
def _engine(thumb: bool) -> capstone.Cs:
    mode = capstone.CS_MODE_THUMB if thumb else capstone.CS_MODE_ARM
    return capstone.Cs(capstone.CS_ARCH_ARM, mode)


def disassemble(code: bytes, pc: int, thumb: bool = False) -> str:
    """The first instruction of ``code`` as text; ``udf`` and the word when it is none."""
    for _, _, mnemonic, operands in _engine(thumb).disasm_lite(code, pc, 1):
        return f"{mnemonic} {operands}".rstrip()
    size = 2 if thumb else 4
    return f"udf {int.from_bytes(code[:size], 'little'):#x}"
