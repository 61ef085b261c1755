"""Advanced SIMD with operands and results of different lengths, and with scalars (ARM ARM A7.4.2,
A7.4.3)."""

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.ops import Op
from dbt.ir.types import I8, I16, Type
from frontends.arm.lift.neon_integer import NeonInteger
from frontends.arm.lift.neon_lanes import doubled
from frontends.arm.lift.neon_registers import LANES, vector_type


class NeonLengths(NeonInteger):
    """One method per row."""

    # -- long: doublewords give a quadword

    def _widened(self, lane: Type, U: int, *operands: Value) -> list[Value]:
        return [self.ir.widen(a, lane, signed=not U) for a in operands]

    def _doubles(self, n: int, N: int, m: int, M: int) -> tuple[Value, Value]:
        return self.read_d(n, N), self.read_d(m, M)

    def _long(self, op: Op, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        a, b = self._widened(LANES[e], U, *self._doubles(n, N, m, M))
        self.write_q(d, D, self.lanes(op, doubled(LANES[e]), a, b))

    def VADD_long(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vaddl.s8 Qd, Dn, Dm."""
        self._long(ops.VADD, U, D, e, n, d, N, M, m)

    def VSUB_long(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vsubl.s8 Qd, Dn, Dm."""
        self._long(ops.VSUB, U, D, e, n, d, N, M, m)

    def VMUL_long(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vmull.s8 Qd, Dn, Dm."""
        self._long(ops.VMUL, U, D, e, n, d, N, M, m)

    def VMUL_long_poly(self, D: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vmull.p8 Qd, Dn, Dm."""
        a, b = self._widened(I8, 1, *self._doubles(n, N, m, M))
        self.write_q(d, D, self.polynomial(I16, a, b))

    def _accumulate_wide(self, op: Op, d: int, D: int, lane: Type, term: Value) -> None:
        self.write_q(d, D, self.lanes(op, lane, self.read_q(d, D), term))

    def _multiply_long(
        self, U: int, o: int, d: int, D: int, lane: Type, a: Value, b: Value
    ) -> None:
        """Add products to lanes, or subtract them."""
        product = self.lanes(ops.VMUL, doubled(lane), *self._widened(lane, U, a, b))
        self._accumulate_wide(ops.VSUB if o else ops.VADD, d, D, doubled(lane), product)

    def VMLA_long(
        self, U: int, D: int, e: int, n: int, d: int, o: int, N: int, M: int, m: int
    ) -> None:
        """vmlal.s8 Qd, Dn, Dm; vmlsl."""
        self._multiply_long(U, o, d, D, LANES[e], *self._doubles(n, N, m, M))

    def _difference_long(self, U: int, e: int, n: int, N: int, m: int, M: int) -> Value:
        lane = LANES[e]
        difference = self.difference(*self._doubles(n, N, m, M), lane, U)
        return self.ir.widen(difference, lane, signed=False)

    def VABD_long(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vabdl.s8 Qd, Dn, Dm."""
        self.write_q(d, D, self._difference_long(U, e, n, N, m, M))

    def VABA_long(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vabal.s8 Qd, Dn, Dm."""
        difference = self._difference_long(U, e, n, N, m, M)
        self._accumulate_wide(ops.VADD, d, D, doubled(LANES[e]), difference)

    # -- doubled products that saturate

    def _doubled_product(self, lane: Type, a: Value, b: Value) -> Value:
        wide = doubled(lane)
        product = self.lanes(ops.VMUL, wide, *self._widened(lane, 0, a, b))
        return self.saturating(ops.VSADD_SAT, ops.VADD, wide, product, product)

    def _accumulate_doubled(self, o: int, d: int, D: int, lane: Type, a: Value, b: Value) -> None:
        product, wide = self._doubled_product(lane, a, b), doubled(lane)
        saturates, wraps = (ops.VSSUB_SAT, ops.VSUB) if o else (ops.VSADD_SAT, ops.VADD)
        old = self.read_q(d, D)
        self.write_q(d, D, self.saturating(saturates, wraps, wide, old, product))

    def VQDMUL_long(self, D: int, h: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vqdmull.s16 Qd, Dn, Dm."""
        self.write_q(d, D, self._doubled_product(LANES[h], *self._doubles(n, N, m, M)))

    def VQDMLA_long(self, D: int, h: int, n: int, d: int, o: int, N: int, M: int, m: int) -> None:
        """vqdmlal.s16 Qd, Dn, Dm; vqdmlsl."""
        self._accumulate_doubled(o, d, D, LANES[h], *self._doubles(n, N, m, M))

    # -- wide: one operand is a quadword

    def _wide(self, op: Op, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        (b,) = self._widened(LANES[e], U, self.read_d(m, M))
        self.write_q(d, D, self.lanes(op, doubled(LANES[e]), self.read_q(n, N), b))

    def VADD_wide(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vaddw.s8 Qd, Qn, Dm."""
        self._wide(ops.VADD, U, D, e, n, d, N, M, m)

    def VSUB_wide(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vsubw.s8 Qd, Qn, Dm."""
        self._wide(ops.VSUB, U, D, e, n, d, N, M, m)

    # -- narrow: the high halves of sums

    def _narrow(
        self, op: Op, r: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int
    ) -> None:
        half, wide = LANES[e].bits, doubled(LANES[e])
        total = self.lanes(op, wide, self.read_q(n, N), self.read_q(m, M))
        if r:
            total = self.lanes(ops.VADD, wide, total, self.all(1 << half - 1, wide, total))
        high = self.lanes(ops.VSHR, wide, total, self.all(half, wide, total))
        self.write_d(d, D, self.ir.narrow(high, wide))

    def VADD_narrow(self, r: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vaddhn.i16 Dd, Qn, Qm; vraddhn."""
        self._narrow(ops.VADD, r, D, e, n, d, N, M, m)

    def VSUB_narrow(self, r: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vsubhn.i16 Dd, Qn, Qm; vrsubhn."""
        self._narrow(ops.VSUB, r, D, e, n, d, N, M, m)

    # -- a scalar in place of one operand

    def scalar(self, lane: Type, m: int, M: int, Q: int) -> Value:
        """A vector whose lanes are one lane of a register: of 16 bits of D0 to D7, of 32 of D0 to
        D15."""
        if lane is I16:
            register, index = m & 7, int(M << 1 | m >> 3)
        else:
            register, index = m, int(M)
        return self.ir.splat(self.ir.extract(self.read_d(register, 0), lane, index), vector_type(Q))

    def VMUL_scalar(self, Q: int, D: int, h: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vmul.i16 Vd, Vn, Dm[x]."""
        a = self.read_simd(n, N, Q)
        product = self.lanes(ops.VMUL, LANES[h], a, self.scalar(LANES[h], m, M, Q))
        self.write_simd(d, D, Q, product)

    def VMLA_scalar(
        self, Q: int, D: int, h: int, n: int, d: int, o: int, N: int, M: int, m: int
    ) -> None:
        """vmla.i16 Vd, Vn, Dm[x]; vmls."""
        lane, a = LANES[h], self.read_simd(n, N, Q)
        product = self.lanes(ops.VMUL, lane, a, self.scalar(lane, m, M, Q))
        op, old = ops.VSUB if o else ops.VADD, self.read_simd(d, D, Q)
        self.write_simd(d, D, Q, self.lanes(op, lane, old, product))

    def VMUL_scalar_long(
        self, U: int, D: int, h: int, n: int, d: int, N: int, M: int, m: int
    ) -> None:
        """vmull.s16 Qd, Dn, Dm[x]."""
        lane = LANES[h]
        a, b = self._widened(lane, U, self.read_d(n, N), self.scalar(lane, m, M, 0))
        self.write_q(d, D, self.lanes(ops.VMUL, doubled(lane), a, b))

    def VMLA_scalar_long(
        self, U: int, D: int, h: int, n: int, d: int, o: int, N: int, M: int, m: int
    ) -> None:
        """vmlal.s16 Qd, Dn, Dm[x]; vmlsl."""
        lane = LANES[h]
        self._multiply_long(U, o, d, D, lane, self.read_d(n, N), self.scalar(lane, m, M, 0))

    def VQDMUL_scalar_long(self, D: int, h: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vqdmull.s16 Qd, Dn, Dm[x]."""
        lane = LANES[h]
        product = self._doubled_product(lane, self.read_d(n, N), self.scalar(lane, m, M, 0))
        self.write_q(d, D, product)

    def VQDMLA_scalar_long(
        self, D: int, h: int, n: int, d: int, o: int, N: int, M: int, m: int
    ) -> None:
        """vqdmlal.s16 Qd, Dn, Dm[x]; vqdmlsl."""
        lane = LANES[h]
        self._accumulate_doubled(o, d, D, lane, self.read_d(n, N), self.scalar(lane, m, M, 0))

    def _high_by_scalar(
        self, rounds: int, Q: int, D: int, h: int, n: int, d: int, N: int, M: int, m: int
    ) -> None:
        a = self.read_simd(n, N, Q)
        product = self.high_products(LANES[h], rounds, a, self.scalar(LANES[h], m, M, Q))
        self.write_simd(d, D, Q, product)

    def VQDMULH_scalar(
        self, Q: int, D: int, h: int, n: int, d: int, N: int, M: int, m: int
    ) -> None:
        """vqdmulh.s16 Vd, Vn, Dm[x]."""
        self._high_by_scalar(0, Q, D, h, n, d, N, M, m)

    def VQRDMULH_scalar(
        self, Q: int, D: int, h: int, n: int, d: int, N: int, M: int, m: int
    ) -> None:
        """vqrdmulh.s16 Vd, Vn, Dm[x]."""
        self._high_by_scalar(1, Q, D, h, n, d, N, M, m)
