"""Reads rewrite rules from text, matches instructions with them, and makes the replacements.

    sub x x         => 0               one name is one value
    add x 0         => x               0, 1 and ones (all bits set) are literals of any width
    add C x         => add x C         a capital is a constant
    add (add x C) D => add x (add C D)

The names p, q and r match i1 values alone. An op of constants alone is computed when a rule is
applied. A rule whose replacement would have another type than the root does not apply.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from dbt.classes import attrs
from dbt.ir.block import Const, Inst, Value
from dbt.ir.evaluate import evaluate_pure
from dbt.ir.ops import OPS, Op
from dbt.ir.types import I1, Type

LITERALS: dict[str, Callable[[Type], int]] = {
    "0": lambda _: 0,
    "1": lambda _: 1,
    "ones": lambda type_: type_.mask,
}
FLAG_NAMES = frozenset("pqr")


@attrs.frozen
class Leaf:
    """The name of a value or of a constant, or a literal."""

    name: str
    constant: bool
    """True when only constants match."""

    @classmethod
    def of(cls, name: str) -> "Leaf":
        """The leaf of a name."""
        return cls(name, name.isupper() or name in LITERALS)


@attrs.frozen
class Node:
    """An op whose operands are patterns."""

    op: Op
    args: "tuple[Pattern, ...]"
    constant: bool
    """True when it is made of constants alone."""

    @classmethod
    def of(cls, op: Op, args: "tuple[Pattern, ...]") -> "Node":
        """The node of an op."""
        return cls(op, args, all(arg.constant for arg in args))


Pattern: TypeAlias = Leaf | Node
Bound: TypeAlias = dict[str, Value]


@attrs.frozen
class Rule:
    """``left`` may be replaced by ``right``."""

    text: str
    left: Node
    right: Pattern

    def match(self, inst: Inst) -> Bound | None:
        """The value of each name when an instruction matches, else None."""
        bound: Bound = {}
        return bound if _match_args(self.left, inst, bound) else None

    def make(self, inst: Inst, bound: Bound, out: list[Inst]) -> Value | None:
        """Return the replacement, with its new instructions appended to ``out``; None when its type
        would differ."""
        assert inst.type is not None
        if isinstance(self.right, Leaf):
            value = _leaf(self.right, bound, inst.type)
            return value if value.type is inst.type else None
        right = self.right
        if right.op.result == "T" and _width(right, bound) not in (None, inst.type):
            return None
        return _make(right, bound, inst.type, out)


def parse_rules(text: str) -> list[Rule]:
    """Read one rule from each line that is not empty. Raises ValueError."""
    return [_rule(line) for line in text.splitlines() if line.strip()]


def _rule(line: str) -> Rule:
    left, arrow, right = line.partition("=>")
    if not arrow:
        raise ValueError(f"a rule has an arrow: {line}")
    pattern = _parse(left)
    if not isinstance(pattern, Node):
        raise ValueError(f"a rule begins with an op: {line}")
    return Rule(" ".join(line.split()), pattern, _parse(right))


def _parse(text: str) -> Pattern:
    tokens = iter(re.findall(r"[()]|\w+", text + " )"))
    return _group(tokens, text)


def _group(tokens: Iterator[str], text: str) -> Pattern:
    head, args = next(tokens), []
    for token in tokens:
        if token == ")":
            break
        args.append(_group(tokens, text) if token == "(" else Leaf.of(token))
    if head not in OPS:
        if args:
            raise ValueError(f"{head} is no op: {text}")
        return Leaf.of(head)
    if len(args) != len(OPS[head].args):
        raise ValueError(f"{head} takes {len(OPS[head].args)} operands: {text}")
    return Node.of(OPS[head], tuple(args))


# -- Matching -----------------------------------------------------------------------------------


def _match(pattern: Pattern, value: Value, bound: Bound) -> bool:
    if isinstance(pattern, Leaf):
        return _match_leaf(pattern, value, bound)
    if isinstance(value, Const):
        return pattern.constant and _evaluate(pattern, bound, value.type) == value.value
    return value.op is pattern.op and _match_args(pattern, value, bound)


def _match_args(node: Node, inst: Inst, bound: Bound) -> bool:
    for part, arg in zip(node.args, inst.args, strict=True):
        matches = _match_leaf if type(part) is Leaf else _match
        if not matches(part, arg, bound):  # type: ignore[arg-type]
            return False
    return True


def _match_leaf(leaf: Leaf, value: Value, bound: Bound) -> bool:
    name = leaf.name
    if name in LITERALS:
        return isinstance(value, Const) and value.value == LITERALS[name](value.type)
    if name in bound:
        return _same(bound[name], value)
    if leaf.constant and not isinstance(value, Const):
        return False
    if name in FLAG_NAMES and value.type is not I1:
        return False
    bound[name] = value
    return True


def _same(a: Value, b: Value) -> bool:
    if a is b:
        return True
    constants = isinstance(a, Const) and isinstance(b, Const)
    return constants and a.type is b.type and a.value == b.value  # type: ignore[union-attr]


def _evaluate(pattern: Pattern, bound: Bound, type_: Type) -> int | None:
    """Value of a pattern of constants whose width is ``type_``; None while a name is unbound."""
    if isinstance(pattern, Leaf):
        if pattern.name in LITERALS:
            return LITERALS[pattern.name](type_)
        value = bound.get(pattern.name)
        return value.value if isinstance(value, Const) and value.type is type_ else None
    args = [_evaluate(arg, bound, type_) for arg in pattern.args]
    values = [arg for arg in args if arg is not None]
    if len(values) < len(args):
        return None
    return evaluate_pure(pattern.op, type_, values, [type_] * len(values))


# -- Making -------------------------------------------------------------------------------------


def _leaf(leaf: Leaf, bound: Bound, type_: Type) -> Value:
    literal = LITERALS.get(leaf.name)
    return Const(literal(type_), type_) if literal else bound[leaf.name]


def _width(node: Node, bound: Bound) -> Type | None:
    """The operand type T of a node, from the names in it."""
    for letter, arg in zip(node.op.args, node.args, strict=True):
        if letter != "T":
            continue
        if isinstance(arg, Node):
            found = I1 if arg.op.result == "i1" else _width(arg, bound)
        else:
            found = bound[arg.name].type if arg.name in bound else None
        if found is not None:
            return found
    return None


def _make(node: Node, bound: Bound, type_: Type, out: list[Inst]) -> Value:
    """A node as instructions; ``type_`` is that of its result."""
    width = _width(node, bound) or type_
    args: list[Value] = []
    for letter, arg in zip(node.op.args, node.args, strict=True):
        wanted = I1 if letter == "i1" else width
        if isinstance(arg, Leaf):
            args.append(_leaf(arg, bound, wanted))
        else:
            args.append(_make(arg, bound, wanted, out))
    constants = [arg for arg in args if isinstance(arg, Const)]
    if len(constants) == len(args):
        values, types = [c.value for c in constants], [c.type for c in constants]
        return Const(evaluate_pure(node.op, type_, values, types), type_)
    made = Inst(node.op, tuple(args), type_)
    out.append(made)
    return made
