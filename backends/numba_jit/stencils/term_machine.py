"""The machine that runs the programs of ``terms``, as word functions."""

from backends.numba_jit.host_memory import load64, store64
from backends.numba_jit.stencils.terms import (
    ADD,
    AND,
    END,
    EQ,
    LT,
    MUL,
    ONES,
    OR,
    PUSH,
    PUSH_BEFORE,
    PUSH_HEAD,
    PUSH_PC,
    PUSH_WORD,
    SHL,
    SHR,
    SUB,
    XOR,
)
from backends.numba_jit.word_functions import word_function


@word_function
def run(at, stack, word, pc, before, head):  # type: ignore[no-untyped-def]  # noqa: C901
    """The value of the program at the address ``at``; ``stack`` is the address of its stack."""
    top = stack - 8
    while True:
        op = load64(at)
        at += 8
        if op == END:
            return load64(stack)
        if op <= PUSH_HEAD:
            top += 8
            if op == PUSH:
                store64(top, load64(at))
                at += 8
            elif op == PUSH_WORD:
                store64(top, word)
            elif op == PUSH_PC:
                store64(top, pc)
            elif op == PUSH_BEFORE:
                store64(top, before)
            else:
                store64(top, head)
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


@word_function
def ones(value):  # type: ignore[no-untyped-def]
    """How many bits are 1."""
    count = 0
    while value:
        value &= value - 1
        count += 1
    return count


@word_function
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
