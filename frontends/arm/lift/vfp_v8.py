"""What ARMv8 adds to VFP (ARM DDI 0487, F6.1): choice by a condition, numbers in place of quiet
NaNs, integers that are numbers, and conversions with a rounding mode of their own.

Most are in the unconditional space: in Thumb state an IT block gives them a condition.
"""

from dbt.ir import floating, ops
from dbt.ir.block import Const, Value
from dbt.ir.types import F32, F64, I8, I16, I32, I64
from frontends.arm.conditions import condition
from frontends.arm.lift.vfp_conversion import ROUNDING, VfpConversion, to_integer

MODES = (floating.AWAY, floating.NEAREST, floating.UP, floating.DOWN)
"""Rounding modes by the field RM."""
_CHOICES = (0, 6, 10, 12)
"""Conditions of VSEL by its field: eq, vs, ge, gt."""
_FORMATS = {F32: floating.SINGLE, F64: floating.DOUBLE}


class VfpV8(VfpConversion):
    """One method per row."""

    def VSEL(self, D: int, x: int, n: int, d: int, z: int, N: int, M: int, m: int) -> None:
        """vseleq Vd, Vn, Vm; vselvs, vselge, vselgt."""
        self.predicate(self.condition)
        holds = condition(self.ir, _CHOICES[x])
        a, b = self.read_vector(n, N, z), self.read_vector(m, M, z)
        self.write_vector(d, D, z, self.ir.select(holds, a, b))

    # -- the greater and the lesser number

    def VMAXNM(self, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vmaxnm Vd, Vn, Vm; vminnm: of a number and a quiet NaN, the number."""
        self.predicate(self.condition)
        a, b = self.read_vector(n, N, z), self.read_vector(m, M, z)
        quiet_a, quiet_b = self._is_quiet_nan(a), self._is_quiet_nan(b)
        left, right = self.ir.select(quiet_a, b, a), self.ir.select(quiet_b, a, b)
        both = self.ir.and_(quiet_a, quiet_b)
        left, right = self.ir.select(both, a, left), self.ir.select(both, b, right)
        self.write_vector(d, D, z, self.compute(ops.FMIN if o else ops.FMAX, left, right))

    def _is_quiet_nan(self, a: Value) -> Value:
        assert a.type is not None
        f = _FORMATS[a.type]
        integer = I64 if a.type is F64 else I32
        magnitude = self.ir.and_(self.ir.bitcast(a, integer), f.sign - 1)
        return self.ir.ule(Const(f.default_nan, integer), magnitude)

    # -- integers that are numbers

    def VRINT_mode(self, D: int, r: int, d: int, z: int, M: int, m: int) -> None:
        """vrinta Vd, Vm; vrintn, vrintp, vrintm."""
        self.predicate(self.condition)
        self._round(d, D, z, m, M, MODES[r])

    def VRINT_status(self, c: int, D: int, d: int, z: int, o: int, M: int, m: int) -> None:
        """vrintr Vd, Vm, which rounds as the FPSCR says; vrintz."""
        self.predicate(c)
        self._round(d, D, z, m, M, floating.TO_ZERO if o else floating.AS_STATUS)

    def VRINTX(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vrintx Vd, Vm: as vrintr, and INEXACT if that is another number."""
        self.predicate(c)
        ir, a, before = self.ir, self.read_vector(m, M, z), self.ir.get("fpscr")
        result, status = self.integral(a, before, floating.AS_STATUS)
        ir.set("fpscr", ir.or_(status, self.inexact(self.differ(a, result, before))))
        self.write_vector(d, D, z, result)

    def _round(self, d: int, D: int, z: int, m: int, M: int, mode: int) -> None:
        result, status = self.integral(self.read_vector(m, M, z), self.ir.get("fpscr"), mode)
        self.ir.set("fpscr", status)
        self.write_vector(d, D, z, result)

    def integral(self, a: Value, status: Value, mode: int) -> tuple[Value, Value]:
        """A number rounded to an integer, and the status after it."""
        assert a.type is not None
        result = self.ir.floating(ops.FRINT, (a, status), a.type, mode)
        return result, self.ir.fstatus(result)

    def differ(self, a: Value, b: Value, status: Value) -> Value:
        """Whether two are numbers, and not the same."""
        relation = self.ir.floating(ops.FCMP, (a, b, status), I8)
        return self.ir.ult(self.ir.sub(relation, 1), 2)

    def inexact(self, condition_: Value) -> Value:
        """INEXACT as a bit of a status, if a condition holds."""
        return self.ir.select(condition_, self.ir.const(floating.INEXACT), 0)

    # -- conversions to integers, and of 16 bits

    def VCVT_mode(self, D: int, r: int, d: int, z: int, s: int, M: int, m: int) -> None:
        """vcvta.s32.f64 Sd, Dm; vcvtn, vcvtp, vcvtm; .f32, .u32."""
        self.predicate(self.condition)
        a, before = self.read_vector(m, M, z), self.ir.get("fpscr")
        result, status = self.integer(a, before, MODES[r], s)
        self.ir.set("fpscr", status)
        self.write_vector(d, D, 0, self.ir.bitcast(result, F32))

    def integer(self, a: Value, before: Value, mode: int, s: int) -> tuple[Value, Value]:
        """A number as an integer of 32 bits, and the status after it. To nearest with halves away
        from 0 takes two steps, of which the first says whether it is exact, the second whether it
        fits."""
        ir, away = self.ir, mode == floating.AWAY
        whole, status = self.integral(a, before, mode) if away else (a, before)
        used = floating.TO_ZERO if away else mode
        kept = ~(ROUNDING | floating.INVALID)
        asked = ir.or_(ir.and_(status, kept), used << floating.ROUNDING_SHIFT)
        result = ir.floating(to_integer(s), (whole, asked), I32, 32, 0)
        after: Value = ir.and_(ir.fstatus(result), ~ROUNDING)
        if away:
            fits = ir.eq(ir.and_(after, floating.INVALID), 0)
            differs = self.differ(a, whole, before)
            after = ir.or_(after, self.inexact(ir.and_(fits, differs)))
        return result, ir.or_(after, status)

    def VCVT_half_double(self, c: int, D: int, o: int, d: int, x: int, M: int, m: int) -> None:
        """vcvtb.f64.f16 Dd, Sm; vcvtt: from a half of Sm; .f16.f64: into a half of Sd."""
        self.predicate(c)
        ir = self.ir
        if not o:
            whole = ir.bitcast(self.read_vector(m, M, 0), I32)
            half: Value = ir.trunc(ir.shr(whole, 16) if x else whole, I16)
            single = self.compute(ops.HALF_TO_F, half, type_=F32)
            self.write_vector(d, D, 1, self.compute(ops.FCVT, single, type_=F64))
            return
        half = self.compute(ops.F_TO_HALF, self.read_vector(m, M, 1), type_=I16)
        self.write_half(d, D, x, half)
