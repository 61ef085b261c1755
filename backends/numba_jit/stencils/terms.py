"""Terms over an instruction's bits as programs that native code runs.

A program is a run of i64 words: an operation and, for some, an operand behind it. It works on a
stack and ends with ``END``.
"""

from dbt.classes import attrs
from dbt.ir.symbolic import BEFORE, HEAD, PC, WORD, Term

(
    END, PUSH, PUSH_WORD, PUSH_PC, PUSH_BEFORE, PUSH_HEAD, ADD, SUB, MUL, AND, OR, XOR, SHL, SHR,
    EQ, LT, ONES, PLACE,
) = range(18)  # fmt: skip
_LEAVES = {WORD: PUSH_WORD, PC: PUSH_PC, BEFORE: PUSH_BEFORE, HEAD: PUSH_HEAD}
_OPERATIONS = {
    "add": ADD, "sub": SUB, "mul": MUL, "and": AND, "or": OR, "xor": XOR, "shl": SHL, "shr": SHR,
    "eq": EQ, "lt": LT, "place": PLACE,
}  # fmt: skip


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
