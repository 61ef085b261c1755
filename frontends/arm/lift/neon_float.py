"""Floating point of Advanced SIMD (ARM ARM A2.7.2, A7.4).

It rounds to nearest, flushes denormals and gives the default NaN, whatever the FPSCR says; the
exceptions go there (StandardFPSCRValue, A2.7.2).
"""

from collections.abc import Callable

from dbt.ir import floating, ops
from dbt.ir.block import Value
from dbt.ir.ops import Op
from dbt.ir.types import F32, I16, I32
from frontends.arm.lift.neon_lengths import NeonLengths
from frontends.arm.lift.neon_registers import vector_type

EXCEPTIONS = 0x9F
"""The cumulative exceptions in the FPSCR."""
_SIGN = floating.SINGLE.sign
_ONE_HALF, _TWO, _THREE = 0x3F000000, 0x40000000, 0x40400000


class Arithmetic:
    """Operations one after another, each with the status after the one before."""

    def __init__(self, lifter: "NeonFloat") -> None:
        self._lifter, self._ir = lifter, lifter.ir
        kept = self._ir.and_(self._ir.get("fpscr"), EXCEPTIONS | floating.ALTERNATIVE_HALF)
        self.status: Value = self._ir.or_(kept, floating.FLUSH | floating.DEFAULT_NAN)
        """The status after all operations so far."""

    def __call__(self, op: Op, *operands: Value, imm: tuple[int, ...] = ()) -> Value:
        """The result of an operation on vectors."""
        result = self._ir.vector(op, *operands, self.status, imm=imm)
        self.status = self._ir.fstatus(result)
        return result

    def rounded_to_zero(self, op: Op, operand: Value, fraction: int) -> Value:
        """The result of a conversion to integers."""
        mode = floating.TO_ZERO << floating.ROUNDING_SHIFT
        status = self._ir.or_(self.status, mode)
        result = self._ir.vector(op, operand, status, imm=(fraction,))
        self.status = self._ir.and_(self._ir.fstatus(result), ~mode)
        return result

    def scalar(self, op: Op, operand: Value, half: bool) -> Value:
        """The result of a conversion to or from 16 bits."""
        result = self._ir.floating(op, (operand, self.status), I16 if half else F32)
        self.status = self._ir.fstatus(result)
        return result

    def finish(self) -> None:
        """Note the exceptions in the FPSCR (predicated)."""
        raised = self._ir.and_(self.status, EXCEPTIONS)
        self._ir.set("fpscr", self._ir.or_(self._ir.get("fpscr"), raised))


class NeonFloat(NeonLengths):
    """One method per row."""

    def magnitudes(self, a: Value) -> Value:
        """Numbers without their signs."""
        return self.bits(ops.VAND, a, self.all(_SIGN - 1, I32, a))

    def with_other_signs(self, a: Value) -> Value:
        """Numbers with the other signs."""
        return self.bits(ops.VXOR, a, self.all(_SIGN, I32, a))

    # -- one operation

    def _operate(
        self, op: Op, D: int, n: int, d: int, N: int, Q: int, M: int, m: int,
        *, swapped: bool = False, then: Callable[[Value], Value] | None = None,
    ) -> None:  # fmt: skip
        compute = Arithmetic(self)
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        result = compute(op, b, a) if swapped else compute(op, a, b)
        compute.finish()
        self.write_simd(d, D, Q, then(result) if then else result)

    def VADD_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vadd.f32 Vd, Vn, Vm."""
        self._operate(ops.VFADD, D, n, d, N, Q, M, m)

    def VSUB_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vsub.f32 Vd, Vn, Vm."""
        self._operate(ops.VFSUB, D, n, d, N, Q, M, m)

    def VMUL_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmul.f32 Vd, Vn, Vm."""
        self._operate(ops.VFMUL, D, n, d, N, Q, M, m)

    def VABD_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vabd.f32 Vd, Vn, Vm."""
        self._operate(ops.VFSUB, D, n, d, N, Q, M, m, then=self.magnitudes)

    def VMAX_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmax.f32 Vd, Vn, Vm."""
        self._operate(ops.VFMAX, D, n, d, N, Q, M, m)

    def VMIN_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmin.f32 Vd, Vn, Vm."""
        self._operate(ops.VFMIN, D, n, d, N, Q, M, m)

    def VCEQ_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vceq.f32 Vd, Vn, Vm."""
        self._operate(ops.VFEQ, D, n, d, N, Q, M, m)

    def VCGE_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vcge.f32 Vd, Vn, Vm."""
        self._operate(ops.VFLE, D, n, d, N, Q, M, m, swapped=True)

    def VCGT_float(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vcgt.f32 Vd, Vn, Vm."""
        self._operate(ops.VFLT, D, n, d, N, Q, M, m, swapped=True)

    def _compare_magnitudes(
        self, op: Op, D: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        compute = Arithmetic(self)
        a, b = (self.magnitudes(x) for x in (self.read_simd(n, N, Q), self.read_simd(m, M, Q)))
        result = compute(op, b, a)
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VACGE(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vacge.f32 Vd, Vn, Vm."""
        self._compare_magnitudes(ops.VFLE, D, n, d, N, Q, M, m)

    def VACGT(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vacgt.f32 Vd, Vn, Vm."""
        self._compare_magnitudes(ops.VFLT, D, n, d, N, Q, M, m)

    def _paired_float(self, op: Op, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        compute = Arithmetic(self)
        self.pairwise(D, n, d, N, M, m, I32, lambda a, b: compute(op, a, b))
        compute.finish()

    def VPADD_float(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpadd.f32 Dd, Dn, Dm."""
        self._paired_float(ops.VFADD, D, n, d, N, M, m)

    def VPMAX_float(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpmax.f32 Dd, Dn, Dm."""
        self._paired_float(ops.VFMAX, D, n, d, N, M, m)

    def VPMIN_float(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpmin.f32 Dd, Dn, Dm."""
        self._paired_float(ops.VFMIN, D, n, d, N, M, m)

    # -- products and sums

    def _multiply_add_lanes(self, o: int, d: int, D: int, Q: int, a: Value, b: Value) -> None:
        """Rounded twice."""
        compute = Arithmetic(self)
        product = compute(ops.VFMUL, a, b)
        op = ops.VFSUB if o else ops.VFADD
        result = compute(op, self.read_simd(d, D, Q), product)
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VMLA_float(self, D: int, o: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmla.f32 Vd, Vn, Vm; vmls."""
        self._multiply_add_lanes(o, d, D, Q, self.read_simd(n, N, Q), self.read_simd(m, M, Q))

    def VMLA_scalar_float(
        self, Q: int, D: int, n: int, d: int, o: int, N: int, M: int, m: int
    ) -> None:
        """vmla.f32 Vd, Vn, Dm[x]; vmls."""
        self._multiply_add_lanes(o, d, D, Q, self.read_simd(n, N, Q), self.scalar(I32, m, M, Q))

    def VMUL_scalar_float(self, Q: int, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vmul.f32 Vd, Vn, Dm[x]."""
        compute = Arithmetic(self)
        result = compute(ops.VFMUL, self.read_simd(n, N, Q), self.scalar(I32, m, M, Q))
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VFMA_float(self, D: int, o: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vfma.f32 Vd, Vn, Vm; vfms, which negates Vn: rounded once."""
        compute = Arithmetic(self)
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        if o:
            a = self.with_other_signs(a)
        result = compute(ops.VFMA, a, b, self.read_simd(d, D, Q))
        compute.finish()
        self.write_simd(d, D, Q, result)

    # -- steps of Newton's method

    def _without_infinity_times_zero(self, a: Value, b: Value) -> Value:
        """The first operand, 0 in place of an infinity whose product with the second has no value:
        the product is taken for 0. A denormal, which is a 0, too, is still there to be noted."""
        infinity, least = floating.SINGLE.infinity, 1 << floating.SINGLE.fraction
        infinite = self.lanes(ops.VEQ, I32, self.magnitudes(a), self.all(infinity, I32, a))
        zero = self.lanes(ops.VULT, I32, self.magnitudes(b), self.all(least, I32, b))
        meaningless = self.bits(ops.VAND, infinite, zero)
        return self.bits(ops.VAND, a, self.bits(ops.VNOT, meaningless))

    def _step(
        self, number: int, D: int, n: int, d: int, N: int, Q: int, M: int, m: int, *, halved: bool
    ) -> None:
        compute = Arithmetic(self)
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        left, right = (self._without_infinity_times_zero(*pair) for pair in ((a, b), (b, a)))
        product = compute(ops.VFMUL, left, right)
        result = compute(ops.VFSUB, self.all(number, I32, a), product)
        if halved:
            result = compute(ops.VFMUL, result, self.all(_ONE_HALF, I32, a))
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VRECPS(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vrecps.f32 Vd, Vn, Vm: 2 - Vn * Vm."""
        self._step(_TWO, D, n, d, N, Q, M, m, halved=False)

    def VRSQRTS(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vrsqrts.f32 Vd, Vn, Vm: (3 - Vn * Vm) / 2."""
        self._step(_THREE, D, n, d, N, Q, M, m, halved=True)

    # -- one operand

    def VABS_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vabs.f32 Vd, Vm."""
        self.unary(D, d, Q, M, m, self.magnitudes)

    def VNEG_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vneg.f32 Vd, Vm."""
        self.unary(D, d, Q, M, m, self.with_other_signs)

    def _compare_zero(
        self, op: Op, D: int, d: int, Q: int, M: int, m: int, *, swapped: bool = False
    ) -> None:
        compute, a = Arithmetic(self), self.read_simd(m, M, Q)
        zero = self.zero(a)
        result = compute(op, zero, a) if swapped else compute(op, a, zero)
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VCGT_zero_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vcgt.f32 Vd, Vm, #0."""
        self._compare_zero(ops.VFLT, D, d, Q, M, m, swapped=True)

    def VCGE_zero_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vcge.f32 Vd, Vm, #0."""
        self._compare_zero(ops.VFLE, D, d, Q, M, m, swapped=True)

    def VCEQ_zero_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vceq.f32 Vd, Vm, #0."""
        self._compare_zero(ops.VFEQ, D, d, Q, M, m)

    def VCLE_zero_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vcle.f32 Vd, Vm, #0."""
        self._compare_zero(ops.VFLE, D, d, Q, M, m)

    def VCLT_zero_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vclt.f32 Vd, Vm, #0."""
        self._compare_zero(ops.VFLT, D, d, Q, M, m)

    # -- conversions

    def _convert(
        self, o: int, U: int, fraction: int, d: int, D: int, Q: int, m: int, M: int
    ) -> None:
        compute, a = Arithmetic(self), self.read_simd(m, M, Q)
        if o:
            op = ops.VF_TO_UINT if U else ops.VF_TO_SINT
            result = compute.rounded_to_zero(op, a, fraction)
        else:
            op = ops.VUINT_TO_F if U else ops.VSINT_TO_F
            result = compute(op, a, imm=(fraction,))
        compute.finish()
        self.write_simd(d, D, Q, result)

    def VCVT_lanes(self, D: int, d: int, o: int, U: int, Q: int, M: int, m: int) -> None:
        """vcvt.s32.f32 Vd, Vm; .u32, and back."""
        self._convert(o, U, 0, d, D, Q, m, M)

    def VCVT_lanes_fixed(
        self, U: int, D: int, i: int, d: int, o: int, Q: int, M: int, m: int
    ) -> None:
        """vcvt.s32.f32 Vd, Vm, #fraction; .u32, and back."""
        self._convert(o, U, 32 - int(i), d, D, Q, m, M)

    def VCVT_lanes_half(self, D: int, d: int, o: int, M: int, m: int) -> None:
        """vcvt.f32.f16 Qd, Dm; vcvt.f16.f32 Dd, Qm."""
        compute, ir = Arithmetic(self), self.ir
        a = self.read_d(m, M) if o else self.read_q(m, M)
        result: Value = self.ir.vconst(0, I32, vector_type(o))
        for index in range(4):
            if o:
                half = ir.extract(a, I16, index)
                part: Value = ir.bitcast(compute.scalar(ops.HALF_TO_F, half, half=False), I32)
            else:
                number = ir.bitcast(ir.extract(a, I32, index), F32)
                part = compute.scalar(ops.F_TO_HALF, number, half=True)
            result = ir.insert(result, part, index)
        compute.finish()
        self.write_simd(d, D, o, result)
