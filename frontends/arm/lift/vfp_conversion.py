"""Conversions of VFP (ARM ARM A8.8.305 to A8.8.311)."""

from dbt.ir import floating, ops
from dbt.ir.block import Value
from dbt.ir.ops import Op
from dbt.ir.types import F32, F64, I16, I32, I64, Type
from frontends.arm.lift.vfp_arithmetic import VfpArithmetic
from frontends.arm.lift.vfp_registers import format_of

ROUNDING = 3 << floating.ROUNDING_SHIFT


class VfpConversion(VfpArithmetic):
    """One method per row."""

    def VCVT(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vcvt.f32.f64 Sd, Dm; vcvt.f64.f32 Dd, Sm: z is of the operand."""
        self.predicate(c)
        target = F32 if z else F64
        result = self.compute(ops.FCVT, self.read_vector(m, M, z), type_=target)
        self.write_vector(d, D, 0 if z else 1, result)

    def VCVT_half(self, c: int, D: int, o: int, d: int, x: int, M: int, m: int) -> None:
        """vcvtb, vcvtt.f32.f16 Sd, Sm: from a half of Sm; .f16.f32: into a half of Sd."""
        self.predicate(c)
        ir = self.ir
        if not o:
            whole = ir.bitcast(self.read_vector(m, M, 0), I32)
            half: Value = ir.trunc(ir.shr(whole, 16) if x else whole, I16)
            self.write_vector(d, D, 0, self.compute(ops.HALF_TO_F, half, type_=F32))
            return
        self.write_half(d, D, x, self.compute(ops.F_TO_HALF, self.read_vector(m, M, 0), type_=I16))

    def write_half(self, d: int, D: int, x: int, half: Value) -> None:
        """Write a half of a single register (predicated)."""
        ir = self.ir
        kept = ir.and_(ir.bitcast(self.read_vector(d, D, 0), I32), 0xFFFF if x else 0xFFFF0000)
        part: Value = ir.zext(half, I32)
        if x:
            part = ir.shl(part, 16)
        self.write_vector(d, D, 0, ir.bitcast(ir.or_(kept, part), F32))

    def VCVT_from(self, c: int, D: int, d: int, z: int, s: int, M: int, m: int) -> None:
        """vcvt.f64.s32 Dd, Sm; .f32, .u32."""
        self.predicate(c)
        integer = self.ir.bitcast(self.read_vector(m, M, 0), I32)
        result = self._in_mode(None, from_integer(s), integer, format_of(z), 0)
        self.write_vector(d, D, z, result)

    def VCVT_to(self, c: int, D: int, s: int, d: int, z: int, r: int, M: int, m: int) -> None:
        """vcvt.s32.f64 Sd, Dm; .f32, .u32; vcvtr, which rounds as the FPSCR says."""
        self.predicate(c)
        mode = floating.TO_ZERO if r else None
        result = self._in_mode(mode, to_integer(s), self.read_vector(m, M, z), I32, 32, 0)
        self.write_vector(d, D, 0, self.ir.bitcast(result, F32))

    def VCVT_fixed(
        self, c: int, D: int, o: int, u: int, d: int, z: int, x: int, i: int, j: int
    ) -> None:
        """vcvt.f64.s16 Dd, Dd, #bits; .f32, .u16, .s32, .u32; and back."""
        bits = 32 if x else 16
        fraction = bits - int(j << 1 | i)
        if fraction < 0:
            self.unpredictable()
        self.predicate(c)
        ir, register = self.ir, self.vector(d, D, z)
        value = ir.get(register, format_of(z))
        if o:
            fixed = self._in_mode(floating.TO_ZERO, to_integer(not u), value, I32, bits, fraction)
            ir.set(register, self._extended(fixed, bits, u, z))
            return
        integer = self._extended_part(value, bits, u, z)
        result = self._in_mode(
            floating.NEAREST, from_integer(not u), integer, format_of(z), fraction
        )
        ir.set(register, result)

    def _in_mode(self, mode: int | None, op: Op, operand: Value, type_: Type, *imm: int) -> Value:
        """The result of a conversion that rounds in a mode, whatever the FPSCR says; None: in that
        of the FPSCR."""
        ir = self.ir
        status: Value = ir.get("fpscr")
        used = status
        if mode is not None:
            used = ir.or_(ir.and_(status, ~ROUNDING), mode << floating.ROUNDING_SHIFT)
        result = ir.floating(op, (operand, used), type_, *imm)
        after: Value = ir.fstatus(result)
        if mode is not None:
            after = ir.or_(status, ir.and_(after, ~ROUNDING))
        ir.set("fpscr", after)
        return result

    def _extended_part(self, value: Value, bits: int, u: int, z: int) -> Value:
        """The fixed-point number in the low bits of a register, as 32 bits."""
        ir = self.ir
        low: Value = ir.bitcast(value, integer_of(z))
        if z:
            low = ir.trunc(low, I32)
        if bits == 32:
            return low
        half = ir.trunc(low, I16)
        return ir.zext(half, I32) if u else ir.sext(half, I32)

    def _extended(self, fixed: Value, bits: int, u: int, z: int) -> Value:
        """A fixed-point number that fills a register, with its sign or with zeros."""
        ir = self.ir
        if bits == 16:
            half = ir.trunc(fixed, I16)
            fixed = ir.zext(half, I32) if u else ir.sext(half, I32)
        if z:
            fixed = ir.zext(fixed, integer_of(z)) if u else ir.sext(fixed, integer_of(z))
        return ir.bitcast(fixed, format_of(z))


def integer_of(z: int) -> Type:
    return I64 if z else I32


def from_integer(s: int | bool) -> Op:
    return ops.SINT_TO_F if s else ops.UINT_TO_F


def to_integer(s: int | bool) -> Op:
    return ops.F_TO_SINT if s else ops.F_TO_UINT
