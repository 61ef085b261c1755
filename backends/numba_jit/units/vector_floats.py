"""Ops of floating point on vectors as LLVM text: the host's instruction on all lanes, and a call of
a function (``vector_float_text``) where that may be wrong.

The instruction is right if the status asks for rounding to nearest, INEXACT is set already, no
operand is denormal, and every result is a normal number above the least one, or a zero that is
exact: then it can have raised nothing else. Denormals are looked at because Advanced SIMD flushes
them always, and raises DENORMAL for them.
"""

from collections.abc import Callable
from typing import TypeAlias

from backends.numba_jit.units.detour import unless
from backends.numba_jit.units.float_status import room_of
from backends.numba_jit.units.frame import LLVM_TYPES
from backends.numba_jit.units.lane_tests import LaneTests
from backends.numba_jit.units.unit_text import UnitText
from backends.numba_jit.units.vector_float_text import name_of
from backends.numba_jit.units.vector_ops import as_lanes
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.floating import FLUSH, INEXACT, ROUNDING_SHIFT, TO_ZERO
from dbt.ir.ops import Op
from dbt.ir.types import F32, I32, Type

Emit: TypeAlias = Callable[[UnitText, Inst, str], str]


class _Lanes(LaneTests):
    """An instruction in the making: its operands as lanes."""

    def __init__(self, u: UnitText, inst: Inst, given: Type = F32) -> None:
        assert inst.type is not None
        super().__init__(u, inst.type.bits // 32)
        self.u, self.inst, self.whole = u, inst, inst.type
        self.given = self.floats if given is F32 else self.words
        self.operands = [as_lanes(u, value, given) for value in inst.args[:-1]]

    def finish(
        self,
        odd: str,
        fast: str,
        kind: str,
        operation: str,
        *more: str,
        surely: Callable[[], str] | None = None,
    ) -> str:
        """The result, of this type of lanes; where ``odd`` holds, and what ``surely`` appends, what
        a function says."""
        given = [f"{self.given} {text}" for text in self.operands]
        status = self.inst.args[-1]
        arguments = [*given, *more, f"i32 {self.u.value(status)}"]
        function = name_of(operation, self.count)
        value = unless(self.u, self.inst, odd, fast, function, kind, *arguments, surely=surely)
        whole = LLVM_TYPES[self.whole.name]
        result = value if kind == whole else self.new(f"bitcast {kind} {value} to {whole}")
        if _flushes(status):
            self.u.flushed |= {value, result}
        return result

    def denormals(self) -> list[str]:
        """The tests of the operands for denormal lanes; none for one that has none."""
        found = []
        for value, lanes in zip(self.inst.args, self.operands, strict=False):
            name = self.u.value(value)
            if name in self.u.flushed:
                continue
            key = f"{self.count} {name}"
            test = self.u.denormals.get(key)
            if test is None:
                test = self.u.denormals[key] = self.denormal(lanes)
            found.append(test)
        return found

    def odd_lanes(self, status: str, *tests: str) -> str:
        """Whether some test holds for a lane, or the status has no room."""
        test = self.either(*tests)
        bits = self.new(f"bitcast <{self.count} x i1> {test} to i{self.count}")
        wide = self.new(f"zext i{self.count} {bits} to i32")
        return self.new(f"icmp uge i32 {wide}, {self.room(status)}")

    def room(self, status: str) -> str:
        """The text of the room of a status: see ``room_of``."""
        room = self.u.rooms.get(status)
        if room is None:
            room = self.u.rooms[status] = room_of(self.u.lines, status, f"%n{self.u.number}")
            self.u.number += 1
        return room

    def asked(self, status: str, rounding: int) -> str:
        """Whether the status is not such that INEXACT is set, and rounding is in this mode."""
        mask = 3 << ROUNDING_SHIFT | INEXACT
        wanted = rounding << ROUNDING_SHIFT | INEXACT
        return self.new(f"icmp ne i32 {self.new(f'and i32 {status}, {mask}')}, {wanted}")


def _flushes(status: Value) -> bool:
    """Whether a status has denormals flushed, as far as can be seen."""
    while isinstance(status, Inst) and status.op is ops.FSTATUS:
        operation = status.args[0]
        assert isinstance(operation, Inst)
        status = operation.args[-1]
    match status:
        case Inst(op=ops.OR, args=(_, Const(value=bits))):
            return bool(bits & FLUSH)
    return False


def _sum(opcode: str) -> Emit:
    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        a, b = v.operands
        fast = v.new(f"f{opcode} {v.floats} {a}, {b}")
        odd = v.odd_lanes(status, v.bad_sum(fast), *v.denormals())
        return v.finish(odd, fast, v.floats, opcode)

    return emit


def _product(operation: str) -> Emit:
    """A product, to which a third operand may be added."""

    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        a, b, *_ = v.operands
        if operation == "mul":
            fast = v.new(f"fmul {v.floats} {a}, {b}")
        else:
            fast = v.call("fma", v.floats, *v.operands)
        denormals = v.denormals()
        bad = v.bad_product(fast)

        def surely() -> str:
            lost = v.without(bad, v.exact_zero(fast, a, b))
            return v.odd_lanes(status, lost, *denormals)

        odd = v.odd_lanes(status, bad, *denormals)
        return v.finish(odd, fast, v.floats, operation, surely=surely)

    return emit


def _relation(operation: str) -> Emit:
    def emit(u: UnitText, inst: Inst, _: str) -> str:
        v = _Lanes(u, inst)
        a, b = v.operands
        holds = v.new(f"fcmp o{operation} {v.floats} {a}, {b}")
        fast = v.new(f"sext <{v.count} x i1> {holds} to {v.words}")
        return v.finish(v.odd_relation(a, b), fast, v.words, operation)

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
        return v.finish(v.odd_relation(a, b), fast, v.floats, operation)

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
        odd = v.new(f"icmp eq i32 {v.room(status)}, 0")
        return v.finish(odd, fast, v.floats, operation, f"double {scale!r}")

    return emit


def _to_integer(opcode: str, operation: str) -> Emit:
    def emit(u: UnitText, inst: Inst, status: str) -> str:
        v = _Lanes(u, inst)
        (a,) = v.operands
        scale, scaled = _scale(inst, 1), a
        if inst.imm[0]:
            factors = ", ".join([f"float {scale!r}"] * v.count)
            scaled = v.new(f"fmul {v.floats} {a}, <{factors}>")
        fast = v.new(f"{opcode} {v.floats} {scaled} to {v.words}")
        outside = v.outside(operation, scaled)
        odd = v.any(v.either(outside, *v.denormals()))
        odd = v.new(f"or i1 {odd}, {v.asked(status, TO_ZERO)}")
        return v.finish(odd, fast, v.words, operation, f"double {scale!r}")

    return emit


VECTOR_FLOATS: dict[Op, Emit] = {
    ops.VFADD: _sum("add"), ops.VFSUB: _sum("sub"),
    ops.VFMUL: _product("mul"), ops.VFMA: _product("fma"),
    ops.VFMIN: _extreme("min", "olt", "or"), ops.VFMAX: _extreme("max", "ogt", "and"),
    ops.VFEQ: _relation("eq"), ops.VFLT: _relation("lt"), ops.VFLE: _relation("le"),
    ops.VSINT_TO_F: _from_integer("sitofp", "from_sint"),
    ops.VUINT_TO_F: _from_integer("uitofp", "from_uint"),
    ops.VF_TO_SINT: _to_integer("fptosi", "to_sint"),
    ops.VF_TO_UINT: _to_integer("fptoui", "to_uint"),
}  # fmt: skip
