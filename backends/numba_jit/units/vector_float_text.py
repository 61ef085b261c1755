"""The functions of floating point on vectors, as LLVM text: what units call where INEXACT is not
set yet, or something else may be raised.

Of sums, products and conversions that raise INEXACT at most, what rounding has cut off is computed
of all lanes at once. Else they are the functions of ``float_text`` on one lane after another.
"""

from collections.abc import Iterator

from backends.numba_jit.units.float_status import CONVENTION
from backends.numba_jit.units.lane_tests import LaneTests
from dbt.ir.floating import INEXACT, ROUNDING_SHIFT, TO_ZERO

COUNTS = (2, 4)
"""Lanes of a vector."""

# The scalar function, and the number of its operands.
_ARITHMETIC = {"add": 2, "sub": 2, "mul": 2, "fma": 3, "min": 2, "max": 2}
# Whether NaNs are invalid, and the results of a comparison that are meant.
_RELATIONS = {"eq": ("0", (0,)), "lt": ("1", (1,)), "le": ("1", (0, 1))}


def name_of(operation: str, count: int) -> str:
    """The name of the function of an operation on so many lanes."""
    return f"fp.v{count}.{operation}"


class _Function:
    """A function in the making: the status so far, and the result's lanes so far."""

    def __init__(
        self,
        intrinsics: dict[str, str],
        operation: str,
        count: int,
        given: str,
        result: str,
        operands: int,
        more: str = "",
    ) -> None:
        self.kind, self.result = f"<{count} x {given}>", f"<{count} x {result}>"
        self.operands = [f"%{name}" for name in "abc"[:operands]]
        self.count, self._lane_result, self._intrinsics = count, result, intrinsics
        parameters = ", ".join(f"{self.kind} {name}" for name in self.operands)
        self.pair = f"{{{self.result}, i32}}"
        head = f"define dso_local {CONVENTION} {self.pair} @{name_of(operation, count)}"
        self.lines = [f"{head}({parameters}{more}, i32 %st) nounwind {{"]
        self.status, self.value = "%st", "poison"
        self._number = 0

    def new(self, text: str) -> str:
        name = f"%v{self._number}"
        self._number += 1
        self.lines.append(f" {name} = {text}")
        return name

    def intrinsic(self, name: str, declaration: str) -> str:
        self._intrinsics[name] = declaration
        return f"@{name}"

    # -- all lanes at once

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End a part of the text with a choice, and begin the part ``no``."""
        self.lines.append(f" br i1 {condition}, label %{yes}, label %{no}\n{no}:")

    def leave_unless_rounding(self, mode: int, odd: str, label: str) -> None:
        """Go on lane by lane if the status has another mode, or something may be raised."""
        found = self.new(f"and i32 %st, {3 << ROUNDING_SHIFT}")
        other = self.new(f"icmp ne i32 {found}, {mode << ROUNDING_SHIFT}")
        self.branch(self.new(f"or i1 {odd}, {other}"), "lanes", label)

    def give_rounded(self, value: str, inexact: str) -> None:
        """Return a result that raises INEXACT or nothing, and begin what goes lane by lane."""
        raised = self.new(f"select i1 {inexact}, i32 {INEXACT}, i32 0")
        self._give(value, self.new(f"or i32 %st, {raised}"))
        self.lines.append("lanes:")

    # -- lane by lane

    def lane(self, operand: str, index: int) -> str:
        return self.new(f"extractelement {self.kind} {operand}, i32 {index}")

    def call(self, function: str, kind: str, arguments: str) -> str:
        """The result of a scalar function, whose status is that of the lanes so far."""
        pair = f"{{{kind}, i32}}"
        both = self.new(f"call {CONVENTION} {pair} @{function}({arguments}, i32 {self.status})")
        self.status = self.new(f"extractvalue {pair} {both}, 1")
        return self.new(f"extractvalue {pair} {both}, 0")

    def put(self, value: str, index: int) -> None:
        self.value = self.new(
            f"insertelement {self.result} {self.value}, {self._lane_result} {value}, i32 {index}"
        )

    def _give(self, value: str, status: str) -> None:
        pair = self.new(f"insertvalue {self.pair} poison, {self.result} {value}, 0")
        pair = self.new(f"insertvalue {self.pair} {pair}, i32 {status}, 1")
        self.lines.append(f" ret {self.pair} {pair}")

    def text(self) -> str:
        """The whole, which returns the lanes."""
        self._give(self.value, self.status)
        return "\n".join([*self.lines, "}"])


class _Maker:
    """Makes the functions for so many lanes, and notes what they declare."""

    def __init__(self, count: int, intrinsics: dict[str, str]) -> None:
        self._count, self._intrinsics = count, intrinsics

    def _begin(
        self, operation: str, given: str, result: str, operands: int, more: str = ""
    ) -> tuple[_Function, LaneTests]:
        fn = _Function(self._intrinsics, operation, self._count, given, result, operands, more)
        return fn, LaneTests(fn, self._count)

    def arithmetic(self, name: str, operands: int) -> str:
        fn, tests = self._begin(name, "float", "float", operands)
        if name in ("add", "sub"):
            self._sum(fn, tests, name)
        elif name == "mul":
            self._product(fn, tests)
        for index in range(self._count):
            given = ", ".join(f"float {fn.lane(operand, index)}" for operand in fn.operands)
            fn.put(fn.call(f"fp.{name}.f32", "float", given), index)
        return fn.text()

    def _sum(self, fn: _Function, tests: LaneTests, name: str) -> None:
        a, b = fn.operands
        value = fn.new(f"f{name} {fn.kind} {a}, {b}")
        fn.leave_unless_rounding(0, tests.odd_sum(a, b, value), "quick")
        added = b if name == "add" else fn.new(f"fneg {fn.kind} {b}")
        rest = tests.rest_of_sum(a, added, value)
        fn.give_rounded(value, tests.some_rest(rest))

    def _product(self, fn: _Function, tests: LaneTests) -> None:
        a, b = fn.operands
        value = fn.new(f"fmul {fn.kind} {a}, {b}")
        fn.leave_unless_rounding(0, tests.odd_product(value, a, b), "usual")
        fn.branch(tests.unsure_product(a, b, value), "lanes", "quick")
        fn.give_rounded(value, tests.some_rest(tests.rest_of_product(a, b, value)))

    def relation(self, name: str, signals: str, relations: tuple[int, ...]) -> str:
        fn, _ = self._begin(name, "float", "i32", 2)
        for index in range(self._count):
            a, b = (fn.lane(operand, index) for operand in fn.operands)
            found = fn.call("fp.cmp.f32", "i8", f"float {a}, float {b}, i1 {signals}")
            holds = "false"
            for relation in relations:
                holds = fn.new(f"or i1 {holds}, {fn.new(f'icmp eq i8 {found}, {relation}')}")
            fn.put(fn.new(f"sext i1 {holds} to i32"), index)
        return fn.text()

    def from_integer(self, name: str, opcode: str) -> str:
        """As f64 every integer of 32 bits is exact, also divided by a power of 2.

        Lane by lane it is computed again: no register of 256 bits may be needed behind a call, for
        LLVM's code keeps their lower halves alone (``float_status.CONVENTION``).
        """
        fn, tests = self._begin(name, "i32", "float", 1, ", double %scale")
        doubles = f"<{self._count} x double>"
        whole = fn.new(f"{opcode} {fn.kind} %a to {doubles}")
        scale = fn.new(f"insertelement {doubles} poison, double %scale, i32 0")
        mask = f"<{self._count} x i32> zeroinitializer"
        scales = fn.new(f"shufflevector {doubles} {scale}, {doubles} poison, {mask}")
        scaled = fn.new(f"fmul {doubles} {whole}, {scales}")
        value = fn.new(f"fptrunc {doubles} {scaled} to {fn.result}")
        fn.leave_unless_rounding(0, "false", "quick")
        again = fn.new(f"fpext {fn.result} {value} to {doubles}")
        fn.give_rounded(value, tests.any(fn.new(f"fcmp une {doubles} {again}, {scaled}")))
        for index in range(self._count):
            part = fn.new(f"{opcode} i32 {fn.lane('%a', index)} to double")
            part = fn.new(f"fmul double {part}, %scale")
            fn.put(fn.call("fp.narrow", "float", f"double {part}"), index)
        return fn.text()

    def to_integer(self, name: str, least: int, most: int) -> str:
        fn, tests = self._begin(name, "float", "i32", 1, ", double %scale")
        factor = fn.new("fptrunc double %scale to float")
        factor = fn.new(f"insertelement {fn.kind} poison, float {factor}, i32 0")
        mask = f"<{self._count} x i32> zeroinitializer"
        factors = fn.new(f"shufflevector {fn.kind} {factor}, {fn.kind} poison, {mask}")
        scaled = fn.new(f"fmul {fn.kind} %a, {factors}")
        odd = tests.any(tests.either(tests.outside(name, scaled), tests.denormal("%a")))
        fn.leave_unless_rounding(TO_ZERO, odd, "quick")
        to, back = ("fptoui", "uitofp") if name == "to_uint" else ("fptosi", "sitofp")
        value = fn.new(f"{to} {fn.kind} {scaled} to {fn.result}")
        again = fn.new(f"{back} {fn.result} {value} to {fn.kind}")
        fn.give_rounded(value, tests.any(fn.new(f"fcmp une {fn.kind} {again}, {scaled}")))
        for index in range(self._count):
            given = f"float {fn.lane('%a', index)}, double %scale, i64 {least}, i64 {most}"
            fn.put(fn.call("fp.toint.f32", "i32", given), index)
        return fn.text()

    def functions(self) -> Iterator[str]:
        for name, operands in _ARITHMETIC.items():
            yield self.arithmetic(name, operands)
        for name, (signals, relations) in _RELATIONS.items():
            yield self.relation(name, signals, relations)
        yield self.from_integer("from_sint", "sitofp")
        yield self.from_integer("from_uint", "uitofp")
        yield self.to_integer("to_sint", -(1 << 31), (1 << 31) - 1)
        yield self.to_integer("to_uint", 0, (1 << 32) - 1)


def vector_functions() -> str:
    """The text of all of them, to be put behind that of ``float_text``."""
    intrinsics: dict[str, str] = {}
    texts = [text for count in COUNTS for text in _Maker(count, intrinsics).functions()]
    return "\n".join([*texts, *(f"declare {text}" for text in intrinsics.values())])
