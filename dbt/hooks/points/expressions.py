"""Small expressions over integers, written as Python, compiled to IR or computed.

``Reader`` walks Python's own syntax tree and computes in a ``Domain``: ``Emitted`` makes IR,
``Plain`` computes with Python ints. Both wrap to the width of their type, so they agree.
"""

import ast
import functools
from collections.abc import Callable, Collection, Mapping

from dbt import choices
from dbt.ir import evaluate
from dbt.ir.block import Value
from dbt.ir.builder import Builder
from dbt.ir.types import Type
from dbt.stops import UsageError
from dbt.typing import Generic, Protocol, TypeVar

V = TypeVar("V")

SYMBOLS: Mapping[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


class Domain(Protocol[V]):
    """What an expression computes with. Numbers have one width; truths are 0 or 1."""

    signed: bool
    """Whether comparisons and right shifts read numbers as signed by default."""

    def number(self, value: int) -> V:
        """A literal."""

    def binary(self, symbol: str, a: V, b: V) -> V:
        """An operator of ``SYMBOLS``."""

    def compare(self, symbol: str, a: V, b: V, *, signed: bool) -> V:
        """``==``, ``<`` or ``<=``, as a truth."""

    def both(self, a: V, b: V) -> V:
        """Whether two truths hold."""

    def either(self, a: V, b: V) -> V:
        """Whether one of two truths holds."""

    def negation(self, a: V) -> V:
        """Whether a truth does not hold."""


class Emitted:
    """Emits IR."""

    def __init__(self, builder: Builder, type_: Type, *, signed: bool) -> None:
        self.builder = builder
        self.type = type_
        self.signed = signed

    def number(self, value: int) -> Value:
        return self.builder.const(value, self.type)

    def binary(self, symbol: str, a: Value, b: Value) -> Value:
        if symbol == ">>":
            return (self.builder.sar if self.signed else self.builder.shr)(a, b)
        emit = self.builder
        methods: Mapping[str, Callable[[Value, Value], Value]] = {
            "+": emit.add, "-": emit.sub, "*": emit.mul, "&": emit.and_, "|": emit.or_,
            "^": emit.xor, "<<": emit.shl,
        }  # fmt: skip
        return methods[symbol](a, b)

    def compare(self, symbol: str, a: Value, b: Value, *, signed: bool) -> Value:
        emit = self.builder
        if symbol == "==":
            return emit.eq(a, b)
        if symbol == "<":
            return (emit.slt if signed else emit.ult)(a, b)
        return (emit.sle if signed else emit.ule)(a, b)

    def both(self, a: Value, b: Value) -> Value:
        return self.builder.and_(a, b)

    def either(self, a: Value, b: Value) -> Value:
        return self.builder.or_(a, b)

    def negation(self, a: Value) -> Value:
        return self.builder.not_(a)


class Plain:
    """Computes with unsigned Python ints of the type's width."""

    def __init__(self, type_: Type, *, signed: bool) -> None:
        self.type = type_
        self.signed = signed

    def number(self, value: int) -> int:
        return value & self.type.mask

    def binary(self, symbol: str, a: int, b: int) -> int:
        bits = self.type.bits
        if symbol in "+-*":
            result = {"+": a + b, "-": a - b, "*": a * b}[symbol]
        elif symbol in "&|^":
            result = {"&": a & b, "|": a | b, "^": a ^ b}[symbol]
        elif symbol == "<<":
            result = a << b if b < bits else 0
        else:
            result = self._read(a, self.signed) >> min(b, bits)
        return result & self.type.mask

    def compare(self, symbol: str, a: int, b: int, *, signed: bool) -> int:
        left, right = self._read(a, signed), self._read(b, signed)
        return int({"==": left == right, "<": left < right, "<=": left <= right}[symbol])

    def both(self, a: int, b: int) -> int:
        return a & b

    def either(self, a: int, b: int) -> int:
        return a | b

    def negation(self, a: int) -> int:
        return a ^ 1

    def _read(self, value: int, signed: bool) -> int:
        return evaluate.signed(value, self.type) if signed else value


class Reader(Generic[V]):
    """Reads expressions in a domain.

    ``name`` gives the value of a name, or None when there is none; ``names`` are those that have
    one. ``error`` makes the exception for a problem at a node.
    """

    def __init__(
        self,
        domain: Domain[V],
        name: Callable[[str], V | None],
        names: Collection[str],
        error: Callable[[ast.AST, str], UsageError],
    ) -> None:
        self.domain = domain
        self._name = name
        self._names = names
        self._error = error

    def condition(self, node: ast.expr) -> V:
        """A truth. Raises UsageError for what the language does not have."""
        domain = self.domain
        match node:
            case ast.BoolOp(op=op, values=values):
                join = domain.both if isinstance(op, ast.And) else domain.either
                return functools.reduce(join, [self.condition(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return domain.negation(self.condition(operand))
            case ast.Compare():
                return self._comparison(node)
        number = self.number(node)
        return domain.negation(domain.compare("==", number, domain.number(0), signed=False))

    def _comparison(self, node: ast.Compare) -> V:
        """A chain of comparisons; ``signed(x)`` on either side makes one signed."""
        sides = [self._side(side) for side in (node.left, *node.comparators)]
        truths = []
        for index, op in enumerate(node.ops):
            (a, left), (b, right) = sides[index : index + 2]
            signed = self.domain.signed or left or right
            truths.append(self._compared(node.comparators[index], op, a, b, signed))
        return functools.reduce(self.domain.both, truths)

    def _side(self, node: ast.expr) -> tuple[V, bool]:
        match node:
            case ast.Call(func=ast.Name(id="signed"), args=[operand], keywords=[]):
                return self.number(operand), True
        return self.number(node), False

    def _compared(self, node: ast.expr, op: ast.cmpop, a: V, b: V, signed: bool) -> V:
        domain = self.domain
        match op:
            case ast.Eq():
                return domain.compare("==", a, b, signed=signed)
            case ast.NotEq():
                return domain.negation(domain.compare("==", a, b, signed=signed))
            case ast.Lt():
                return domain.compare("<", a, b, signed=signed)
            case ast.LtE():
                return domain.compare("<=", a, b, signed=signed)
            case ast.Gt():
                return domain.compare("<", b, a, signed=signed)
            case ast.GtE():
                return domain.compare("<=", b, a, signed=signed)
        raise self._error(node, "comparisons are == != < <= > >=")

    def number(self, node: ast.expr) -> V:
        """A number. Raises UsageError for what the language does not have."""
        domain = self.domain
        match node:
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                if not -(1 << 31) <= value < 1 << 32:
                    raise self._error(node, f"{value} does not fit 32 bits")
                return domain.number(value)
            case ast.Name(id=name):
                found = self._name(name)
                if found is None:
                    raise self._error(node, str(choices.unknown("value", name, self._names)))
                return found
            case ast.BinOp(left=left, op=op, right=right):
                symbol = SYMBOLS.get(type(op))
                if symbol is None:
                    raise self._error(node, f"operators are {' '.join(SYMBOLS.values())}")
                return domain.binary(symbol, self.number(left), self.number(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return domain.binary("-", domain.number(0), self.number(operand))
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return domain.binary("^", self.number(operand), domain.number(-1))
        raise self._error(node, _advice(node))


def _advice(node: ast.expr) -> str:
    match node:
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "a comparison is no number"
        case ast.Call(func=ast.Name(id="signed")):
            return "signed(...) stands alone on one side of a comparison"
        case ast.Call(func=ast.Name(id=name)):
            return f"there is no function {name}; the only one is signed"
    return "integers, names, + - * & | ^ << >>, comparisons, and, or, not are allowed here"
