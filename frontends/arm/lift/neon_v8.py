"""What ARMv8 adds to Advanced SIMD (ARM DDI 0487, F6.1; FIPS 180-4, FIPS 197)."""

from collections.abc import Callable

from dbt.ir import floating, ops
from dbt.ir.block import Value
from dbt.ir.types import F32, I32, V128
from frontends.arm.lift.neon_float import Arithmetic, NeonFloat
from frontends.arm.lift.neon_registers import vector_type
from frontends.arm.lift.vfp_v8 import MODES, VfpV8

_EXACT = 1
_LANE_MODES = (
    floating.NEAREST, floating.NEAREST, floating.AWAY, floating.TO_ZERO,
    None, floating.DOWN, None, floating.UP,
)  # fmt: skip
"""Rounding modes of VRINT on lanes. The second is exact: vrintx."""


class NeonV8(NeonFloat, VfpV8):
    """One method per row."""

    # -- products of polynomials

    def VMUL_long_poly64(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vmull.p64 Qd, Dn, Dm."""
        a, b = self.read_d(n, N), self.read_d(m, M)
        self.write_q(d, D, self.ir.emit(ops.VCLMUL, (a, b), V128))

    # -- AES

    def AESE(self, D: int, d: int, o: int, M: int, m: int) -> None:
        """aese.8 Qd, Qm; aesd: the key is added first."""
        mixed = self.bits(ops.VXOR, self.read_q(d, D), self.read_q(m, M))
        self.write_q(d, D, self.bits(ops.VAES_UNSUB if o else ops.VAES_SUB, mixed))

    def AESMC(self, D: int, d: int, o: int, M: int, m: int) -> None:
        """aesmc.8 Qd, Qm; aesimc."""
        op = ops.VAES_UNMIX if o else ops.VAES_MIX
        self.write_q(d, D, self.bits(op, self.read_q(m, M)))

    # -- SHA

    def SHA1_rounds(self, D: int, b: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """sha1c.32 Qd, Qn, Qm; sha1p, sha1m."""
        e = self.ir.extract(self.read_q(n, N), I32, 0)
        operands = self.read_q(d, D), e, self.read_q(m, M)
        self.write_q(d, D, self.ir.vector(ops.VSHA1, *operands, imm=(int(b),)))

    def SHA1H(self, D: int, d: int, M: int, m: int) -> None:
        """sha1h.32 Qd, Qm: the first word turned by 30, and zeros."""
        word = self.ir.ror(self.ir.extract(self.read_q(m, M), I32, 0), 2)
        self.write_q(d, D, self.ir.insert(self.ir.vconst(0, I32, V128), word, 0))

    def SHA1SU0(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """sha1su0.32 Qd, Qn, Qm."""
        old = self.read_q(d, D)
        between = self.ir.shuffle(old, self.read_q(n, N), I32, (2, 3, 4, 5))
        mixed = self.bits(ops.VXOR, self.bits(ops.VXOR, between, old), self.read_q(m, M))
        self.write_q(d, D, mixed)

    def SHA1SU1(self, D: int, d: int, M: int, m: int) -> None:
        """sha1su1.32 Qd, Qm: the last word needs the first new one."""
        ir, zero = self.ir, self.ir.vconst(0, I32, V128)
        above = ir.shuffle(self.read_q(m, M), zero, I32, (1, 2, 3, 4))
        turned = self._turned(self.bits(ops.VXOR, self.read_q(d, D), above), 1)
        first = ir.shuffle(turned, zero, I32, (4, 4, 4, 0))
        self.write_q(d, D, self.bits(ops.VXOR, turned, self._turned(first, 1)))

    def SHA256H(self, D: int, o: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """sha256h.32 Qd, Qn, Qm; sha256h2, whose first operand is e to h."""
        first, second = self.read_q(d, D), self.read_q(n, N)
        state = (second, first) if o else (first, second)
        result = self.ir.vector(ops.VSHA256, *state, self.read_q(m, M), imm=(int(o),))
        self.write_q(d, D, result)

    def SHA256SU0(self, D: int, d: int, M: int, m: int) -> None:
        """sha256su0.32 Qd, Qm."""
        old = self.read_q(d, D)
        next_ = self.ir.shuffle(old, self.read_q(m, M), I32, (1, 2, 3, 4))
        self.write_q(d, D, self.lanes(ops.VADD, I32, old, self._spread(next_, 25, 14, 3)))

    def SHA256SU1(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """sha256su1.32 Qd, Qn, Qm: the upper words need the lower new ones."""
        ir, old = self.ir, self.read_q(d, D)
        b, c = self.read_q(n, N), self.read_q(m, M)
        sums = self.lanes(ops.VADD, I32, old, ir.shuffle(b, c, I32, (1, 2, 3, 4)))
        low = self._added(sums, ir.shuffle(c, c, I32, (2, 3, 2, 3)))
        high = self._added(sums, ir.shuffle(low, low, I32, (0, 1, 0, 1)))
        self.write_q(d, D, ir.shuffle(low, high, I32, (0, 1, 6, 7)))

    def _added(self, sums: Value, words: Value) -> Value:
        return self.lanes(ops.VADD, I32, sums, self._spread(words, 15, 13, 10))

    def _turned(self, a: Value, count: int) -> Value:
        """Words rotated to the left."""
        left = self.lanes(ops.VSHL, I32, a, self.all(count, I32, a))
        right = self.lanes(ops.VSHR, I32, a, self.all(32 - count, I32, a))
        return self.bits(ops.VOR, left, right)

    def _spread(self, a: Value, first: int, second: int, shift: int) -> Value:
        """The bits of two rotations to the left and of a shift to the right that differ."""
        turned = self.bits(ops.VXOR, self._turned(a, first), self._turned(a, second))
        return self.bits(ops.VXOR, turned, self.lanes(ops.VSHR, I32, a, self.all(shift, I32, a)))

    # -- floating point

    def VMAXNM_lanes(self, D: int, o: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmaxnm.f32 Vd, Vn, Vm; vminnm: of a number and a quiet NaN, the number."""
        compute = Arithmetic(self)
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        quiet_a, quiet_b = self._quiet_nans(a), self._quiet_nans(b)
        both = self.bits(ops.VAND, quiet_a, quiet_b)
        left = self.bits(ops.VBITS, self.bits(ops.VXOR, quiet_a, both), b, a)
        right = self.bits(ops.VBITS, self.bits(ops.VXOR, quiet_b, both), a, b)
        result = compute(ops.VFMIN if o else ops.VFMAX, left, right)
        compute.finish()
        self.write_simd(d, D, Q, result)

    def _quiet_nans(self, a: Value) -> Value:
        below = self.all(floating.SINGLE.default_nan - 1, I32, a)
        return self.lanes(ops.VULT, I32, below, self.magnitudes(a))

    def _each(
        self, d: int, D: int, Q: int, m: int, M: int,
        compute: Callable[[Value, Value], tuple[Value, Value]],
    ) -> None:  # fmt: skip
        """Compute lane after lane, each with the status after the one before."""
        ir, arithmetic, a = self.ir, Arithmetic(self), self.read_simd(m, M, Q)
        result: Value = ir.vconst(0, I32, vector_type(Q))
        for index in range(4 if Q else 2):
            number = ir.bitcast(ir.extract(a, I32, index), F32)
            lane, arithmetic.status = compute(number, arithmetic.status)
            result = ir.insert(result, lane, index)
        arithmetic.finish()
        self.write_simd(d, D, Q, result)

    def VRINT_lanes(self, D: int, d: int, r: int, Q: int, M: int, m: int) -> None:
        """vrintn.f32 Vd, Vm; vrintx, vrinta, vrintz, vrintm, vrintp."""
        mode = _LANE_MODES[r]
        if mode is None:
            self.undefined()

        def compute(a: Value, status: Value) -> tuple[Value, Value]:
            result, after = self.integral(a, status, mode)
            if r == _EXACT:
                after = self.ir.or_(after, self.inexact(self.differ(a, result, status)))
            return self.ir.bitcast(result, I32), after

        self._each(d, D, Q, m, M, compute)

    def VCVT_lanes_mode(self, D: int, d: int, r: int, U: int, Q: int, M: int, m: int) -> None:
        """vcvta.s32.f32 Vd, Vm; vcvtn, vcvtp, vcvtm; .u32."""

        def compute(a: Value, status: Value) -> tuple[Value, Value]:
            return self.integer(a, status, MODES[r], not U)

        self._each(d, D, Q, m, M, compute)
