"""Numbers that remember how they were computed, and what was decided with them.

Lifting an instruction from a ``Number`` in the place of an int makes IR with holes: each constant
that depends on the bits of the instruction is a ``Number`` again, whose term says how. What the
lifting asks on its way, such as ``if n == 15``, is noted in the ``Trace`` with the answer. The same
IR is then right for each word that gives the same answers, so that lifting needs to be done once
for all of them (concolic execution: Godefroid, Klarlund and Sen, "DART", PLDI 2005).

A term is an int, a leaf (``WORD``, ``PC``, ``BEFORE``, ``HEAD``) or a tuple of an operation and its
operands;
``evaluate`` is their meaning.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from dbt.classes import attrs

Term: TypeAlias = "int | str | tuple[Any, ...]"

WORD = "word"
"""The bytes of the instruction as a little-endian number."""
PC = "pc"
"""The address of the instruction."""
BEFORE = "before"
"""The bytes in front of the instruction as a little-endian number."""
HEAD = "head"
"""The address of the block's first instruction."""

_BINARY: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "shr": operator.rshift,
    "eq": operator.eq,
    "lt": operator.lt,
}
NOWHERE = 64
"""The place of a bit that there is not."""


def place(value: int, k: int) -> int:
    """The number of the ``k``-th lowest bit that is 1; NOWHERE if there is none."""
    for _ in range(k):
        value &= value - 1
    return (value & -value).bit_length() - 1 if value else NOWHERE


def evaluate(term: Term, leaves: Mapping[str, int]) -> int:
    """The value of a term whose names have these values."""
    match term:
        case int():
            return term
        case str():
            return leaves[term]
        case ("ones", a):
            return evaluate(a, leaves).bit_count()
        case ("place", a, k):
            return place(evaluate(a, leaves), k)
        case (operation, a, b):
            return int(_BINARY[operation](evaluate(a, leaves), evaluate(b, leaves)))
    raise ValueError(f"{term} is no term")


@attrs.frozen
class Trace:
    """What was asked of the numbers of one trace: terms in the order of asking, and whether they
    are 1 (of two values: ``eq`` and ``lt``)."""

    decisions: dict[Term, bool] = attrs.field(factory=dict)
    formatted: list[tuple[Term, str]] = attrs.field(factory=list)
    """What was formatted, as terms and format specifications: a text has their numbers, between
    marks (``parts``)."""

    def number(self, name: str, value: int, most: int) -> "Number":
        """The number with a name and, in this trace, this value; it is 0 to ``most`` in all."""
        return Number(self, name, value, most)


@attrs.frozen(eq=False, repr=False)
class Number:
    """A number of a trace: ``value`` here, ``term`` in general. It is never negative and at most
    ``most``, where that is known.

    Arithmetic gives further numbers. Comparisons, truth and use as an index give plain Python
    values, and are noted.
    """

    trace: Trace = attrs.field(repr=False)
    term: Term
    value: int
    most: int | None = None

    def _with(self, operation: str, a: Any, b: Any, most: int | None = None) -> "Number":
        """The number that an operation gives for two operands, of which one is this one."""
        value = evaluate((operation, _value(a), _value(b)), {})
        return Number(self.trace, (operation, _term(a), _term(b)), value, most)

    # -- arithmetic

    def __add__(self, other: Any) -> "Number":
        return self if _is(other, 0) else self._with("add", self, other)

    def __radd__(self, other: int) -> "Number":
        return self + other

    def __sub__(self, other: Any) -> "Number":
        return self if _is(other, 0) else self._with("sub", self, other)

    def __rsub__(self, other: int) -> "Number":
        return self._with("sub", other, self)

    def __neg__(self) -> "Number":
        return self._with("sub", 0, self)

    def __invert__(self) -> "Number":
        return self._with("sub", -1, self)

    def __mul__(self, other: Any) -> "Number":
        return self if _is(other, 1) else self._with("mul", self, other)

    def __rmul__(self, other: int) -> "Number":
        return self * other

    def __and__(self, other: Any) -> "Number":
        if self.most is not None and _covers(other, self.most):
            return self
        most = [bound for bound in (self.most, _most(other)) if bound is not None]
        return self._with("and", self, other, min(most, default=None))

    def __rand__(self, other: int) -> "Number":
        return self & other

    def __or__(self, other: Any) -> "Number":
        return self if _is(other, 0) else self._with("or", self, other)

    def __ror__(self, other: int) -> "Number":
        return self | other

    def __xor__(self, other: Any) -> "Number":
        return self if _is(other, 0) else self._with("xor", self, other)

    def __rxor__(self, other: int) -> "Number":
        return self ^ other

    def __lshift__(self, other: Any) -> "Number":
        return self if _is(other, 0) else self._with("shl", self, other)

    def __rlshift__(self, other: int) -> "Number":
        return self._with("shl", other, self)

    def __rshift__(self, other: Any) -> "Number":
        if _is(other, 0):
            return self
        known = self.most is not None and isinstance(other, int)
        return self._with("shr", self, other, self.most >> other if known else None)

    def __rrshift__(self, other: int) -> "Number":
        return self._with("shr", other, self)

    # -- decisions

    def _ask(self, operation: str, a: Any, b: Any) -> bool:
        term = (operation, _term(a), _term(b))
        answer = bool(evaluate((operation, _value(a), _value(b)), {}))
        return self.trace.decisions.setdefault(term, answer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Number):
            return NotImplemented
        most = self.most if isinstance(other, int) else None
        if most == 0 or (most is not None and not 0 <= other <= most):
            return other == most == 0
        return self._ask("eq", self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Any) -> bool:
        return self._ask("lt", self, other)

    def __gt__(self, other: Any) -> bool:
        return self._ask("lt", other, self)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __bool__(self) -> bool:
        return self != 0

    def __format__(self, spec: str) -> str:
        self.trace.formatted.append((self.term, spec))
        return f"{_BEGIN}{len(self.trace.formatted) - 1}{_END}"

    def __str__(self) -> str:
        return format(self)

    def __repr__(self) -> str:
        return format(self)

    def __index__(self) -> int:
        self.trace.decisions.setdefault(("eq", self.term, self.value), True)
        return self.value


_BEGIN, _END = "\ue000aZ" + 40 * "-", "\ue001"
"""The marks around a formatted number. Changing the case of a text changes the first, and with them
a number is longer than any text is padded to: that this is missing can be seen."""
_MARKED = re.compile(f"{_BEGIN}(\\d+){_END}")


def parts(trace: Trace, text: str) -> tuple[str | tuple[Term, str], ...]:
    """A text that numbers were formatted into: texts, and terms with format specifications. Raises
    ValueError when the text was changed afterwards, as by ``upper``."""
    split = _MARKED.split(text)
    if any(mark in part for part in split[::2] for mark in (_BEGIN[0], _END)):
        raise ValueError("a text was changed that numbers had been formatted into")
    return tuple(trace.formatted[int(part)] if at % 2 else part for at, part in enumerate(split))


@attrs.frozen(eq=False, repr=False)
class Choice:
    """One of some names, by a Number: a slot that depends on the bits of an instruction. Whether it
    is a certain one is a decision, and so is which one it is, when it is formatted."""

    names: tuple[str, ...]
    number: Number

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Choice):
            return self.names == other.names and self.number == other.number
        return other in self.names and self.number == self.names.index(str(other))

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.names[self.number]

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def pick(names: tuple[str, ...], number: int | Number) -> Any:
    """The name with a number; a Choice by a Number."""
    return Choice(names, number) if isinstance(number, Number) else names[number]


def set_bits(value: int | Number, width: int) -> list[Any]:
    """The numbers of the bits that are 1, from the lowest. Only the count of a Number is asked."""
    if isinstance(value, int):
        return [bit for bit in range(width) if value >> bit & 1]
    ones = Number(value.trace, ("ones", value.term), value.value.bit_count(), width)
    count = int(ones)
    return [
        Number(value.trace, ("place", value.term, k), place(value.value, k), width - count + k)
        for k in range(count)
    ]


def _value(operand: int | Number) -> int:
    return operand.value if isinstance(operand, Number) else operand


def _term(operand: int | Number) -> Term:
    return operand.term if isinstance(operand, Number) else operand


def _most(operand: int | Number) -> int | None:
    if isinstance(operand, Number):
        return operand.most
    return operand if operand >= 0 else None


def _is(operand: int | Number, value: int) -> bool:
    return isinstance(operand, int) and operand == value


def _covers(mask: int | Number, most: int) -> bool:
    """Whether a mask leaves every number up to ``most`` as it is."""
    below = (1 << most.bit_length()) - 1
    return isinstance(mask, int) and mask & below == below
