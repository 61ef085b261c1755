"""Compiles callbacks to IR: the part of Python that needs no call at all.

``cells[2] += 1``, ``pass``, and ``if`` around them, whose conditions are those of
``points/expressions.py`` over the callback's parameters. Numbers are signed and have 64 bits, as
numba has them.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from dbt.hooks.points.expressions import Emitted, Reader
from dbt.ir.block import Value
from dbt.ir.builder import Builder
from dbt.ir.types import I64
from dbt.stops import UsageError


@attrs.frozen
class Inlined:
    """A callback's body, checked; ``emit`` appends what it does."""

    name: str
    array: str
    parameters: Sequence[str]
    body: Sequence[ast.stmt]
    size: int

    def emit(
        self, builder: Builder, values: Mapping[str, Value], counter: Callable[[int], str]
    ) -> None:
        """Append IR. ``values`` are the parameters', ``counter`` names the counter of a cell."""
        self._block(self.body, builder, values, counter)

    def _block(
        self,
        statements: Sequence[ast.stmt],
        builder: Builder,
        values: Mapping[str, Value],
        counter: Callable[[int], str],
    ) -> None:
        for statement in statements:
            match statement:
                case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
                    continue
                case ast.AugAssign(
                    target=ast.Subscript(value=ast.Name(id=self.array), slice=index),
                    op=ast.Add(),
                    value=ast.Constant(value=1),
                ):
                    builder.count(counter(self._cell(index)))
                case ast.If(test=test, body=body, orelse=other):
                    outer = builder.when
                    holds = self._condition(test, builder, values)
                    for truth, branch in ((holds, body), (builder.not_(holds), other)):
                        builder.when = truth if outer is None else builder.and_(outer, truth)
                        self._block(branch, builder, values, counter)
                    builder.when = outer
                case _:
                    raise self._error(statement, "inline allows CELLS[n] += 1, if and pass")

    def _cell(self, index: ast.expr) -> int:
        match index:
            case ast.Constant(value=int() as number) if 0 <= number < self.size:
                return number
        raise self._error(index, f"inline allows cells 0 to {self.size - 1}, by number")

    def _condition(self, test: ast.expr, builder: Builder, values: Mapping[str, Value]) -> Value:
        def value(name: str) -> Value | None:
            found = values.get(name)
            if found is None or found.type is I64:
                return found
            return builder.zext(found, I64)

        domain = Emitted(builder, I64, signed=True)
        return Reader(domain, value, ", ".join(self.parameters), self._error).condition(test)

    def _error(self, node: ast.AST, problem: str) -> UsageError:
        line = getattr(node, "lineno", 1)
        return UsageError(f"callback {self.name}, line {line}: {problem}")


def read_body(function: Callable[..., Any], size: int) -> Inlined:
    """The body of a callback with an array of ``size`` cells. Raises UsageError."""
    name = getattr(function, "__name__", "callback")
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        raise UsageError(f"callback {name}: its source is not to be had, inline needs it") from None
    if not isinstance(tree, ast.FunctionDef):
        raise UsageError(f"callback {name}: inline needs a function made by def")
    array, *parameters = [argument.arg for argument in tree.args.args]
    made = Inlined(name, array, parameters, tree.body, size)
    probe = Builder([])
    made.emit(probe, dict.fromkeys(parameters, probe.const(0, I64)), str)
    return made
