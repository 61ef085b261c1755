"""Conditions of hooks: ``when="r0 > 4096 and depth < 3"``, compiled to IR.

The language is a small part of Python's: integers, names, ``+ - * & | ^ << >>``, comparisons (also
chained), ``and``, ``or``, ``not``. All numbers are unsigned and wrap to 32 bits, as in the guest's
registers; shifts by 32 or more give 0; ``signed(r0) < 0`` compares signed. A number counts as true
when it is not 0.

Names: the guest's registers (ARM: ``r0`` to ``r15``, ``sp``, ``lr``), ``pc``, ``arg0`` and so on
(the argument registers) and ``depth`` (how many watched activations are alive).

At accesses to memory also ``address``, ``size`` and ``value`` (of which 32 bits count).

There is no way to read guest memory: such a read could fault, and the guest would get a fault that
is not its own.
"""

import ast
from collections.abc import Callable, Mapping
from typing import TypeAlias

import attrs

from dbt import choices
from dbt.hooks.points.expressions import Emitted, Plain, Reader
from dbt.hooks.points.names import DEPTH, Names
from dbt.ir.block import Value
from dbt.ir.builder import Builder
from dbt.ir.types import I32
from dbt.stops import UsageError

Conditions: TypeAlias = "tuple[Condition, ...] | None"
"""Conditions of which one must hold; None: there are none, and nothing is tested."""


@attrs.frozen
class Condition:
    """A checked condition: ``compile`` and ``holds`` mean the same."""

    text: str
    tree: ast.expr = attrs.field(eq=False, repr=False)
    names: Names = attrs.field(eq=False, repr=False)

    def compile(
        self,
        builder: Builder,
        *,
        pc: int,
        depth: str = DEPTH,
        event: Mapping[str, Value] | None = None,
    ) -> Value:
        """Append IR that computes the condition, an ``i1``, from the state at hand.

        ``pc`` is where the guest is; ``depth`` names the slot of that name; ``event`` has the
        values of ``names.event``, of any width: of the widest, the low 32 bits count.
        """

        def value(name: str) -> Value | None:
            if name in self.names.event:
                return _word(builder, (event or {})[name])
            if name in self.names.pcs:
                return builder.const(pc)
            slot = self.names.slots.get(name)
            return None if slot is None else builder.get(depth if slot == DEPTH else slot)

        domain = Emitted(builder, I32, signed=False)
        return Reader(domain, value, self.names.all, self._error).condition(self.tree)

    def holds(self, get: Callable[[str], int], *, pc: int, depth: str = DEPTH) -> bool:
        """Whether the condition holds in a state that ``get`` reads, slot by slot."""

        def value(name: str) -> int | None:
            if name in self.names.event:
                return 0  # it is only asked about registers here, and when it is checked
            if name in self.names.pcs:
                return pc
            slot = self.names.slots.get(name)
            return None if slot is None else get(depth if slot == DEPTH else slot)

        domain = Plain(I32, signed=False)
        return bool(Reader(domain, value, self.names.all, self._error).condition(self.tree))

    def mentions(self, name: str) -> bool:
        """Whether the condition uses ``name``."""
        return _mentions(self.tree, name)

    def without(self, name: str) -> "Condition | None":
        """Returns the part that must hold whatever ``name`` is: the terms of the outermost ``and``
        that do not use it; None when there are none."""
        tree = self.tree
        terms = tree.values if isinstance(tree, ast.BoolOp) and _is_and(tree) else [tree]
        kept = [term for term in terms if not _mentions(term, name)]
        if not kept:
            return None
        whole = kept[0] if len(kept) == 1 else ast.BoolOp(ast.And(), kept)
        return Condition(ast.unparse(whole), whole, self.names)

    def _error(self, node: ast.AST, problem: str) -> UsageError:
        return _error(self.text, getattr(node, "col_offset", 0), problem)


def _word(builder: Builder, value: Value) -> Value:
    """A value of any width as one of 32 bits."""
    type_ = value.type
    if type_ is None or type_ is I32:
        return value
    return builder.trunc(value, I32) if type_.bits > I32.bits else builder.zext(value, I32)


def _error(text: str, column: int, problem: str) -> UsageError:
    return UsageError(f"condition {text!r}, column {column + 1}: {problem}")


def _is_and(tree: ast.BoolOp) -> bool:
    return isinstance(tree.op, ast.And)


def _mentions(tree: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def parse_condition(text: str, names: Names) -> Condition:
    """Read and check a condition in these names. Raises UsageError, which names the place."""
    source = choices.instance("a condition", text, str).strip()
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise _error(source, (error.offset or len(source) + 1) - 1, error.msg) from None
    except (ValueError, RecursionError, MemoryError):
        raise _error(source[:40], 0, "this is no expression") from None
    condition = Condition(source, tree, names)
    try:
        condition.holds(lambda _: 0, pc=0)
    except RecursionError:
        raise _error(source[:40], 0, "too deeply nested") from None
    return condition
