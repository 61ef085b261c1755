"""Advanced SIMD (NEON) of ARMv7-A and ARMv8, one file per group of the manual (ARM ARM A7.4, A7.7).

A row is written as A32 has it. T32 differs in the top byte alone, so its rows are made from those
of A32. The words are in spaces of their own in both states (``keys.is_simd``), and the tables are
made when a word of them comes: few programs need them. A condition has only an IT block. What moves
between core registers and lanes is in coprocessor space, and so in the tables of the other
instructions.

Fields
    n d m  low bits of Vn, Vd, Vm     N D M  their high bit     Q  quad registers, else double
    U unsigned     r rounds     o p x  the other of two or more operations: the row's method says
    s size of lanes, 8 << s bits     e  the same, not 3     h  the same, 1 or 2
    g  not 0     b  not 3     k  0 or 3     i immediate     j lane     l one less than a length

What is UNDEFINED because of an odd number of a quad register is refused by the method.
"""

from functools import cache

from dbt.decode.table import Table
from frontends.arm.encodings import (
    neon_immediate,
    neon_lengths,
    neon_memory,
    neon_same_length,
    neon_two_registers,
    neon_v8,
)
from frontends.arm.keys import T32_INDEX

TEXTS = (
    neon_same_length.A32,
    neon_lengths.A32,
    neon_immediate.A32,
    neon_two_registers.A32,
    neon_memory.A32,
)
_NEVER = {"e": (3,), "h": (0, 3), "g": (0,), "b": (3,), "k": (1, 2)}


def t32_row(line: str) -> str:
    """The row of T32 for one of A32: 1111001U is 111U1111, and 11110100 is 11111001."""
    name, high, low, rest = line.split(maxsplit=3)
    if (high, low) == ("1111", "0100"):
        return f"{name} 1111 1001 {rest}"
    return f"{name} 111{low[3]} 1111 {rest}"


@cache
def a32() -> Table:
    """The rows for words of ARM state."""
    return Table(*map(_since, TEXTS), _since(neon_v8.A32, "v8"), never=_NEVER)


@cache
def t32() -> Table:
    """The rows for words of Thumb state."""
    texts = [_since(_t32(text)) for text in TEXTS]
    added = _since(_t32(neon_v8.A32), "v8")
    return Table(*texts, added, never=_NEVER, index=T32_INDEX, halfwords=True)


def _t32(text: str) -> str:
    return "\n".join(map(t32_row, _lines(text)))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and line[0] != "#"]


def _since(text: str, since: str = "v7") -> str:
    return "\n".join(f"{line}  {since}" for line in _lines(text))
