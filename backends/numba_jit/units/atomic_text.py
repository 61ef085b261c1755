"""Atomic accesses and fences as assembler text (x86-64).

While no other process has any of the guest's memory (``SHARED_AT``), nobody can tell one step from
several, and the host's atomic instructions, which take longer, are passed over.
"""

from backends.native.exception_table import entry
from backends.numba_jit import abi
from dbt.interfaces import SHARED_AT
from dbt.ir import ops
from dbt.ir.block import Inst

_SUFFIXES = {1: "b", 2: "w", 4: "l", 8: "q"}
"""Of instructions, by size in bytes."""
_MODIFIERS = {1: "b", 2: "w", 4: "k", 8: "q"}
"""Of the operands of assembler text, likewise."""
_SHARED = abi.PERMS_FROM_BASE + SHARED_AT
CLOBBERS = "~{memory},~{dirflag},~{fpsr},~{flags}"


def size_of(inst: Inst) -> int:
    """The bytes of an access."""
    assert inst.type is not None
    return inst.type.bytes


def wide_type(inst: Inst) -> str:
    """The LLVM type of the registers of an access."""
    return "i64" if size_of(inst) == 8 else "i32"


def access_code(inst: Inst, offset: int = 0, way_out: str = "") -> tuple[str, str]:
    """Assembler text of an access, and the constraints of its operands: the result; guest memory,
    what is added to that, and the new value; for ``compare_exchange`` what is expected.

    ``offset`` is a constant to be added. ``way_out``: the operand that is the label of the way out,
    if the host may refuse the access.
    """
    size = size_of(inst)
    suffix, modifier = _SUFFIXES[size], _MODIFIERS[size]
    place = f"{offset or ''}($1,$2)"
    if inst.op is ops.EXCHANGE:  # it always locks
        lines, accesses = [f"1: xchg{suffix} ${{0:{modifier}}}, {place}"], 1
        constraints = "=r,r,r,0"
    else:
        new, expected = f"${{3:{modifier}}}", f"${{0:{modifier}}}"
        lines = [
            f"cmpb $$0, {_SHARED}($1)",
            "jne 3f",
            f"1: cmp{suffix} {expected}, {place}",
            "jne 3f",
            f"2: mov{suffix} {new}, {place}",
            "jmp 4f",
            f"3: lock cmpxchg{suffix} {new}, {place}",
            "4:",
        ]
        accesses, constraints = 3, "={ax},r,r,r,0"
    if way_out:
        lines += [entry(way_out, label) for label in range(1, accesses + 1)]
    return "\\0A".join(lines), constraints


def fence_text() -> str:
    """LLVM text of a fence. Guest memory is at ``%m``."""
    lines = (f"cmpb $$0, {_SHARED}($0)", "je 1f", "lock", "orl $$0, (%rsp)", "1:")
    code = "\\0A".join(lines)
    return f' call void asm sideeffect "{code}", "r,{CLOBBERS}"(ptr %m)'
