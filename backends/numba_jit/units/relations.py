"""Conditions on the relation of two numbers, each as one comparison of LLVM.

A comparison of floating point gives one of four relations, and ARM's flags and conditions are tests
of it. Each test is a set of relations; so is each combination of tests by logic.
"""

from collections.abc import Callable

from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op
from dbt.ir.types import I1

EQUAL, LESS, GREATER, UNORDERED = range(4)
"""The results of ``fcmp``."""
_E, _L, _G, _U = (1 << relation for relation in (EQUAL, LESS, GREATER, UNORDERED))
_ALL = _E | _L | _G | _U
_PREDICATES = {
    0: "false", _E: "oeq", _L: "olt", _G: "ogt", _L | _E: "ole", _G | _E: "oge", _L | _G: "one",
    _L | _G | _E: "ord", _U: "uno", _U | _E: "ueq", _U | _L: "ult", _U | _G: "ugt",
    _U | _L | _E: "ule", _U | _G | _E: "uge", _U | _L | _G: "une", _ALL: "true",
}  # fmt: skip
"""LLVM's comparison that holds for exactly the relations of a set, whose bits are numbered by
them."""
_LOGIC: dict[Op, Callable[[int, int], int]] = {
    ops.AND: lambda a, b: a & b, ops.OR: lambda a, b: a | b, ops.XOR: lambda a, b: a ^ b,
    ops.NE: lambda a, b: a ^ b, ops.EQ: lambda a, b: a ^ b ^ _ALL,
}  # fmt: skip


class Relations:
    """The tests of relations in a block."""

    def __init__(self) -> None:
        self._operands: dict[Inst, str] = {}
        self._tests: dict[Value, tuple[Inst, int]] = {}
        """By condition the comparison it is a test of, and the set for which it holds."""

    def begin(self, comparison: Inst, operands: str) -> None:
        """Note what a comparison compares, as LLVM's text with the type."""
        self._operands[comparison] = operands

    def condition(self, inst: Inst) -> str:
        """LLVM's text of an instruction that is a test of one relation; else an empty one."""
        found = self._test(inst) if self._operands else None
        if found is None:
            return ""
        self._tests[inst] = found
        comparison, holds = found
        return f"fcmp {_PREDICATES[holds]} {self._operands[comparison]}"

    def _test(self, inst: Inst) -> tuple[Inst, int] | None:
        match inst.args:
            case (Inst() as comparison, Const(value=relation)) if comparison in self._operands:
                holds = 1 << relation if relation < 4 else 0
                if inst.op is ops.EQ or inst.op is ops.NE:
                    return comparison, holds if inst.op is ops.EQ else holds ^ _ALL
            case (left, right) if inst.op in _LOGIC:
                return self._both(inst.op, self._tests.get(left), self._tests.get(right))
            case (only,) if inst.op is ops.NOT and inst.type is I1 and only in self._tests:
                comparison, holds = self._tests[only]
                return comparison, holds ^ _ALL
        return None

    def _both(
        self, op: Op, left: tuple[Inst, int] | None, right: tuple[Inst, int] | None
    ) -> tuple[Inst, int] | None:
        if left is None or right is None or left[0] is not right[0]:
            return None
        return left[0], _LOGIC[op](left[1], right[1])
