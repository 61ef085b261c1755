"""Ops of floating point on vectors as LLVM text: the host's instruction on all lanes, and a call of
a function (``vector_float_text``) where that may be wrong.

The instruction is right if the status asks for rounding to nearest, INEXACT is set already, no
operand is denormal, and every result is a normal number above the least one, or a zero that is
exact: then it can have raised nothing else. Denormals are looked at because Advanced SIMD flushes
them always, and raises DENORMAL for them.
"""

from collections.abc import Callable
from typing import TypeAlias

from backends.numba_jit.units.float_ops import unless
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.unit_text import UnitText
from backends.numba_jit.units.vector_float_text import name_of
from backends.numba_jit.units.vector_ops import as_lanes, vector_of
from dbt.ir import ops
from dbt.ir.block import Inst
from dbt.ir.floating import INEXACT, ROUNDING_SHIFT, SINGLE, TO_ZERO
from dbt.ir.ops import Op
from dbt.ir.types import F32, I32, Type

Emit: TypeAlias = Callable[[UnitText, Inst, str], str]

LEAST = 1 << SINGLE.fraction
"""The least normal number."""


class _Lanes:
    """An instruction in the making: its operands as lanes, and tests of them and of its result."""

    def __init__(self, u: UnitText, inst: Inst, given: Type = F32) -> None:
        assert inst.type is not None
        self.u, self.inst, self.whole = u, inst, inst.type
        self.count = inst.type.bits // 32
        self.floats, self.words = vector_of(self.whole, F32), vector_of(self.whole, I32)
        self.given = self.floats if given is F32 else self.words
        self.operands = [as_lanes(u, value, given) for value in inst.args[:-1]]

    def new(self, text: str) -> str:
        return self.u.new(text)

    def all(self, number: int) -> str:
        """A vector of equal numbers."""
        return f"<{', '.join([f'i32 {number}'] * self.count)}>"

    def bits(self, text: str) -> str:
        return self.new(f"bitcast {self.floats} {text} to {self.words}")

    def magnitude(self, text: str) -> str:
        return self.new(f"and {self.words} {self.bits(text)}, {self.all(SINGLE.sign - 1)}")

    def below(self, text: str) -> str:
        """A magnitude less 1: the largest number for a zero."""
        return self.new(f"add {self.words} {text}, {self.all(-1)}")

    def choose(self, name: str, first: str, *others: str) -> str:
        """The least or the greatest of unsigned lanes."""
        symbol = f"llvm.{name}.v{self.count}i32"
        self.u.intrinsic(symbol, f"{self.words} @{symbol}({self.words}, {self.words})")
        for other in others:
            first = self.new(
                f"call {self.words} @{symbol}({self.words} {first}, {self.words} {other})"
            )
        return first

    def test(self, relation: str, text: str, number: int) -> str:
        return self.new(f"icmp {relation} {self.words} {text}, {self.all(number)}")

    def either(self, *tests: str) -> str:
        first, *others = tests
        for other in others:
            first = self.new(f"or <{self.count} x i1> {first}, {other}")
        return first

    def any(self, test: str) -> str:
        """Whether a test holds for some lane."""
        bits = self.new(f"bitcast <{self.count} x i1> {test} to i{self.count}")
        return self.new(f"icmp ne i{self.count} {bits}, 0")

    def denormal(self, *below: str) -> str:
        """Which lanes have a denormal, by what ``below`` says of them."""
        return self.test("ult", self.choose("umin", *below), LEAST - 1)

    def finish(self, odd: str, fast: str, kind: str, operation: str, *more: str) -> str:
        """The result, of this type of lanes; where ``odd`` holds, what a function says."""
        given = [f"{self.given} {text}" for text in self.operands]
        arguments = [*given, *more, f"i32 {self.u.value(self.inst.args[-1])}"]
        function = name_of(operation, self.count)
        value = unless(self.u, self.inst, odd, fast, function, kind, *arguments)
        whole = LLVM_TYPES[self.whole.name]
        return value if kind == whole else self.new(f"bitcast {kind} {value} to {whole}")

    def asked(self, status: str, rounding: int = 0) -> str:
        """Whether the status is not such that INEXACT is set, and rounding is in this mode."""
        mask = 3 << ROUNDING_SHIFT | INEXACT
        wanted = rounding << ROUNDING_SHIFT | INEXACT
        return self.new(f"icmp ne i32 {self.new(f'and i32 {status}, {mask}')}, {wanted}")


def _sum(opcode: str) -> Emit:
    """Sums of normal numbers that are not normal are exact."""

    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        a, b = v.operands
        fast = v.new(f"f{opcode} {v.floats} {a}, {b}")
        magnitudes = [v.magnitude(text) for text in (a, b, fast)]
        denormal = v.denormal(*map(v.below, magnitudes))
        large = v.test("sgt", magnitudes[2], SINGLE.infinity - 1)
        odd = u.new(f"or i1 {v.any(v.either(denormal, large))}, {v.asked(status)}")
        return v.finish(odd, fast, v.floats, opcode)

    return emit


def _product(operation: str) -> Emit:
    """A product, to which a third operand may be added. It may be 0 if a factor is."""

    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        if operation == "mul":
            fast = v.new(f"fmul {v.floats} {', '.join(v.operands)}")
        else:
            symbol = f"llvm.fma.v{v.count}f32"
            u.intrinsic(symbol, f"{v.floats} @{symbol}({', '.join([v.floats] * 3)})")
            given = ", ".join(f"{v.floats} {text}" for text in v.operands)
            fast = v.new(f"call {v.floats} @{symbol}({given})")
        below = [v.below(v.magnitude(text)) for text in v.operands]
        result = v.magnitude(fast)
        small = v.test("slt", result, LEAST + 1)
        no_zero = v.test("ne", v.choose("umax", *below[:2]), -1)
        lost = v.new(f"and <{v.count} x i1> {small}, {no_zero}")
        large = v.test("sgt", result, SINGLE.infinity - 1)
        bad = v.either(v.denormal(*below), lost, large)
        odd = u.new(f"or i1 {v.any(bad)}, {v.asked(status)}")
        return v.finish(odd, fast, v.floats, operation)

    return emit


def _unordered_or_denormal(v: _Lanes) -> str:
    a, b = v.operands
    unordered = v.new(f"fcmp uno {v.floats} {a}, {b}")
    denormal = v.denormal(*(v.below(v.magnitude(text)) for text in v.operands))
    return v.any(v.either(unordered, denormal))


def _relation(operation: str) -> Emit:
    def emit(u: UnitText, inst: Inst, _: str) -> str:
        v = _Lanes(u, inst)
        a, b = v.operands
        holds = v.new(f"fcmp o{operation} {v.floats} {a}, {b}")
        fast = v.new(f"sext <{v.count} x i1> {holds} to {v.words}")
        return v.finish(_unordered_or_denormal(v), fast, v.words, operation)

    return emit


def _extreme(operation: str, relation: str, merge: str) -> Emit:
    """Operands that are equal differ in the sign of a zero at most."""

    def emit(u: UnitText, inst: Inst, _: str) -> str:
        v = _Lanes(u, inst)
        a, b = v.operands
        first = v.new(f"fcmp {relation} {v.floats} {a}, {b}")
        equal = v.new(f"fcmp oeq {v.floats} {a}, {b}")
        merged = v.new(f"{merge} {v.words} {v.bits(a)}, {v.bits(b)}")
        chosen = v.new(f"select <{v.count} x i1> {first}, {v.floats} {a}, {v.floats} {b}")
        merged = v.new(f"bitcast {v.words} {merged} to {v.floats}")
        fast = v.new(f"select <{v.count} x i1> {equal}, {v.floats} {merged}, {v.floats} {chosen}")
        return v.finish(_unordered_or_denormal(v), fast, v.floats, operation)

    return emit


def _scale(inst: Inst, sign: int) -> float:
    return 2.0 ** (sign * int(inst.imm[0]))


def _from_integer(opcode: str, operation: str) -> Emit:
    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst, I32)
        fast = v.new(f"{opcode} {v.words} {v.operands[0]} to {v.floats}")
        scale = _scale(inst, -1)
        if inst.imm[0]:
            factors = ", ".join([f"float {scale!r}"] * v.count)
            fast = v.new(f"fmul {v.floats} {fast}, <{factors}>")
        return v.finish(v.asked(status), fast, v.floats, operation, f"double {scale!r}")

    return emit


def _to_integer(opcode: str, operation: str, limit: int) -> Emit:
    """Numbers of a magnitude below ``limit``; unsigned ones have no sign."""

    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        (a,) = v.operands
        scale, scaled = _scale(inst, 1), a
        if inst.imm[0]:
            factors = ", ".join([f"float {scale!r}"] * v.count)
            scaled = v.new(f"fmul {v.floats} {a}, <{factors}>")
        fast = v.new(f"{opcode} {v.floats} {scaled} to {v.words}")
        bits = v.bits(scaled) if opcode == "fptoui" else v.magnitude(scaled)
        outside = v.test("ugt", bits, limit - 1)
        bad = v.either(outside, v.denormal(v.below(v.magnitude(a))))
        odd = u.new(f"or i1 {v.any(bad)}, {v.asked(status, TO_ZERO)}")
        return v.finish(odd, fast, v.words, operation, f"double {scale!r}")

    return emit


VECTOR_FLOATS: dict[Op, Emit] = {
    ops.VFADD: _sum("add"), ops.VFSUB: _sum("sub"),
    ops.VFMUL: _product("mul"), ops.VFMA: _product("fma"),
    ops.VFMIN: _extreme("min", "olt", "or"), ops.VFMAX: _extreme("max", "ogt", "and"),
    ops.VFEQ: _relation("eq"), ops.VFLT: _relation("lt"), ops.VFLE: _relation("le"),
    ops.VSINT_TO_F: _from_integer("sitofp", "from_sint"),
    ops.VUINT_TO_F: _from_integer("uitofp", "from_uint"),
    ops.VF_TO_SINT: _to_integer("fptosi", "to_sint", (127 + 31) << 23),
    ops.VF_TO_UINT: _to_integer("fptoui", "to_uint", (127 + 32) << 23),
}  # fmt: skip
