"""Control words of deferred flags, and the text that computes the flags from them.

``lazy_flags`` says when flags are deferred.
"""

from collections.abc import Callable, Iterable, Sequence

from backends.numba_jit import abi
from dbt.interfaces import Layout

DEFERRED = abi.FIRST_FREE + 8
LEFT = abi.FIRST_FREE + 16
RIGHT = abi.FIRST_FREE + 20
"""Control words: which flags are deferred (u8, a bit for each by number), and the operands of the
subtraction that those are of (u32)."""

MATERIALISE = abi.FIRST_FREE + 24
"""Control word: address of ``materialise``, which computes the flags and then jumps to the code
pointer in EXIT_CODE. It has a unit's signature."""

NEGATIVE, ZERO, CARRY, OVERFLOW = range(4)
"""The numbers of flags, in the order of ``Layout.flags``."""
ALL = 15
"""The mask of all flags."""

ENTRY = abi.FIRST_FREE + 48
"""Control word: the number of the block at which a region is entered (u32)."""


def mask_of(flags: Sequence[str], names: Iterable[str]) -> int:
    """The mask of those names that are flags."""
    return sum(1 << flags.index(name) for name in names if name in flags)


def mark(lines: list[str], name: str, deferred: int) -> None:
    """Append a line that marks the flags of a mask as deferred, all others as computed."""
    lines.append(
        f" {name} = getelementptr i8, ptr %s, i64 {DEFERRED}\n store i8 {deferred}, ptr {name}"
    )


def mark_computed(lines: list[str], name: str, computed: int) -> None:
    """Append lines that mark the flags of a mask as computed."""
    if computed == ALL:
        mark(lines, name, 0)
        return
    lines.append(
        f" {name} = getelementptr i8, ptr %s, i64 {DEFERRED}\n {name}l = load i8, ptr {name}\n"
        f" {name}m = and i8 {name}l, {ALL ^ computed}\n store i8 {name}m, ptr {name}"
    )


def is_deferred(new: Callable[[str], str], which: int, deferred: str) -> str:
    """Whether the mask of deferred flags has one, by number."""
    return new(f"icmp ne i8 {new(f'and i8 {deferred}, {1 << which}')}, 0")


def flag_of(new: Callable[[str], str], which: int, left: str, right: str) -> str:
    """N, Z, C or V, by number, of ``left - right``. ``new`` appends an instruction and returns its
    name."""
    if which == ZERO:
        return new(f"icmp eq i32 {left}, {right}")
    if which == CARRY:
        return new(f"icmp uge i32 {left}, {right}")
    difference = new(f"sub i32 {left}, {right}")
    if which == NEGATIVE:
        return new(f"icmp slt i32 {difference}, 0")
    apart, changed = new(f"xor i32 {left}, {right}"), new(f"xor i32 {left}, {difference}")
    return new(f"icmp slt i32 {new(f'and i32 {apart}, {changed}')}, 0")


def materialise_flags(layout: Layout) -> str:
    """Lines that compute deferred flags and write them. They stay within one basic block."""
    lines = [
        f" %la = getelementptr i8, ptr %s, i64 {LEFT}\n %l = load i32, ptr %la",
        f" %ra = getelementptr i8, ptr %s, i64 {RIGHT}\n %r = load i32, ptr %ra",
        " %d = sub i32 %l, %r\n %dn = icmp slt i32 %d, 0\n %dz = icmp eq i32 %d, 0",
        " %dc = icmp uge i32 %l, %r",
        " %x = xor i32 %l, %r\n %y = xor i32 %l, %d\n %z = and i32 %x, %y",
        " %dv = icmp slt i32 %z, 0",
    ]
    lines.append(f" %qa = getelementptr i8, ptr %s, i64 {DEFERRED}\n %q = load i8, ptr %qa")
    lines += [
        f" %a{flag} = getelementptr i8, ptr %s, i64 {layout.by_name[name].offset}\n"
        f" %b{flag} = zext i1 %d{flag} to i8\n %was{flag} = load i8, ptr %a{flag}\n"
        f" %q{flag} = and i8 %q, {1 << which}\n %i{flag} = icmp ne i8 %q{flag}, 0\n"
        f" %f{flag} = select i1 %i{flag}, i8 %b{flag}, i8 %was{flag}\n"
        f" store i8 %f{flag}, ptr %a{flag}"
        for which, (flag, name) in enumerate(zip("nzcv", layout.flags, strict=True))
    ]
    mark(lines, "%mk", 0)
    return "\n".join(lines)
