"""Terms over an instruction's bits as programs that native code runs.

A program is a run of i64 words: an operation and, for some, an operand behind it. It works on a
stack and ends with ``END``.
"""

from typing import Any

import attrs
from numba import njit

from backends.numba_jit.host_memory import load64, store64
from dbt.ir.symbolic import BEFORE, PC, WORD, Term

OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}

(
    END, PUSH, PUSH_WORD, PUSH_PC, PUSH_BEFORE, ADD, SUB, MUL, AND, OR, XOR, SHL, SHR, EQ, LT,
    ONES, PLACE,
) = range(17)  # fmt: skip
_LEAVES = {WORD: PUSH_WORD, PC: PUSH_PC, BEFORE: PUSH_BEFORE}
_OPERATIONS = {
    "add": ADD, "sub": SUB, "mul": MUL, "and": AND, "or": OR, "xor": XOR, "shl": SHL, "shr": SHR,
    "eq": EQ, "lt": LT, "place": PLACE,
}  # fmt: skip
DEEPEST = 64
"""Words of the stack that programs work on."""


@attrs.frozen
class Field:
    """``(leaf >> shift) & mask``, where the leaf is the word or what is before it."""

    leaf: str
    shift: int
    mask: int


def as_field(term: Term, width: int) -> Field | None:
    """A term as a field of a leaf that has ``width`` bits, if it is one."""
    match term:
        case "word" | "before":
            return Field(term, 0, (1 << width) - 1)
        case ("shr", inner, int(shift)):
            field = as_field(inner, width)
            return field and Field(field.leaf, field.shift + shift, field.mask >> shift)
        case ("and", inner, int(mask)):
            field = as_field(inner, width)
            return field and Field(field.leaf, field.shift, field.mask & mask)
    return None


def program(term: Term) -> list[int]:
    """The words of a term's program, without the ``END``."""
    match term:
        case int():
            return [PUSH, term]
        case str():
            return [_LEAVES[term]]
        case ("ones", a):
            return [*program(a), ONES]
        case (operation, a, b):
            return [*program(a), *program(b), _OPERATIONS[operation]]
    raise ValueError(f"{term} is no term")


@njit(**OPTIONS)
def run(at, stack, word, pc, before):  # type: ignore[no-untyped-def]  # noqa: C901, PLR0915
    """The value of the program at the address ``at``; ``stack`` is the address of its stack."""
    top = stack - 8
    while True:
        op = load64(at)
        at += 8
        if op == END:
            return load64(stack)
        if op <= PUSH_BEFORE:
            top += 8
            if op == PUSH:
                store64(top, load64(at))
                at += 8
            elif op == PUSH_WORD:
                store64(top, word)
            elif op == PUSH_PC:
                store64(top, pc)
            else:
                store64(top, before)
            continue
        b = load64(top)
        if op == ONES:
            store64(top, ones(b))
            continue
        top -= 8
        a = load64(top)
        if op == ADD:
            a += b
        elif op == SUB:
            a -= b
        elif op == AND:
            a &= b
        elif op == SHR:
            a >>= b
        elif op == SHL:
            a <<= b
        elif op == OR:
            a |= b
        elif op == EQ:
            a = 1 if a == b else 0
        elif op == LT:
            a = 1 if a < b else 0
        elif op == XOR:
            a ^= b
        elif op == MUL:
            a *= b
        else:
            a = place(a, b)
        store64(top, a)


@njit(**OPTIONS)
def ones(value):  # type: ignore[no-untyped-def]
    """How many bits are 1."""
    count = 0
    while value:
        value &= value - 1
        count += 1
    return count


@njit(**OPTIONS)
def place(value, k):  # type: ignore[no-untyped-def]
    """The number of the ``k``-th lowest bit that is 1; 64 if there is none."""
    while k:
        value &= value - 1
        k -= 1
    if value == 0:
        return 64
    bit = 0
    while (value >> bit) & 1 == 0:
        bit += 1
    return bit
