"""Where flags that are owed stand: the control words, and text that writes the flags from them.

``lazy_flags`` says when flags are owed.
"""

from backends.numba_jit import abi
from dbt.interfaces import Layout

OWED = abi.FIRST_FREE + 8
LEFT = abi.FIRST_FREE + 16
RIGHT = abi.FIRST_FREE + 20
"""Control words: whether flags are owed (u8), and the operands of the subtraction (u32)."""

SETTLE = abi.FIRST_FREE + 24
"""Control word: address of ``settle``, which has a unit's signature and goes on at EXIT_CODE."""


def mark(lines: list[str], name: str, owed: int) -> None:
    """A line that marks flags as owed or settled."""
    lines.append(f" {name} = getelementptr i8, ptr %s, i64 {OWED}\n store i8 {owed}, ptr {name}")


def materialise_flags(layout: Layout) -> str:
    """Lines that write the flags that are owed; they begin and end a basic block."""
    lines = [
        f" %la = getelementptr i8, ptr %s, i64 {LEFT}\n %l = load i32, ptr %la",
        f" %ra = getelementptr i8, ptr %s, i64 {RIGHT}\n %r = load i32, ptr %ra",
        " %d = sub i32 %l, %r\n %dn = icmp slt i32 %d, 0\n %dz = icmp eq i32 %d, 0",
        " %dc = icmp uge i32 %l, %r",
        " %x = xor i32 %l, %r\n %y = xor i32 %l, %d\n %z = and i32 %x, %y",
        " %dv = icmp slt i32 %z, 0",
    ]
    lines += [
        f" %a{flag} = getelementptr i8, ptr %s, i64 {layout.by_name[name].offset}\n"
        f" %b{flag} = zext i1 %d{flag} to i8\n store i8 %b{flag}, ptr %a{flag}"
        for flag, name in zip("nzcv", layout.flags, strict=True)
    ]
    mark(lines, "%ow", 0)
    return "\n".join(lines)
