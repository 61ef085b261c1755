"""What units look at in a status of floating point, and how they call functions that take one."""

from dbt.ir.floating import (
    FLUSH,
    INEXACT,
    ROUNDING_SHIFT,
    SINGLE,
)

SPECIAL = 3 << ROUNDING_SHIFT | FLUSH
"""The bits of a status that ask for something that the fast way does not do."""
CONVENTION = "preserve_allcc"
"""Of calls of the functions: they change no registers but those of the result, so that LLVM need
not keep anything else in memory around a call that is hardly ever made. Upper halves of registers
of 256 bits are not kept (LLVM puts ``vzeroupper`` behind their restoration): no value of so many
bits may be needed behind a call."""
SPAN = (1 << 32) - (3 << SINGLE.fraction + 1)
"""How many magnitudes, in a format's 32 bits behind the sign, are results that prove that the fast
way was right: almost all, from 0 on or from twice the least normal number on."""


def span_of(lines: list[str], status: str, name: str) -> str:
    """Append lines that compute the *span* of a status: ``SPAN`` where the fast way may be right,
    else 0. Returns its name, which begins with ``name``."""
    lines.append(
        f" {name}a = and i32 {status}, {SPECIAL | INEXACT}\n"
        f" {name}b = icmp eq i32 {name}a, {INEXACT}\n"
        f" {name} = select i1 {name}b, i32 {SPAN}, i32 0"
    )
    return name


def room_of(lines: list[str], status: str, name: str) -> str:
    """Append lines that compute the *room* of a status: 1 where the fast way of vectors may be
    right, which rounds to nearest and raises INEXACT at most, else 0. Returns its name, which
    begins with ``name``."""
    lines.append(
        f" {name}a = and i32 {status}, {3 << ROUNDING_SHIFT | INEXACT}\n"
        f" {name}b = icmp eq i32 {name}a, {INEXACT}\n"
        f" {name} = zext i1 {name}b to i32"
    )
    return name
