"""Integers of Advanced SIMD: three registers of the same length (ARM ARM A7.4.1)."""

from functools import partial

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.ops import Op
from dbt.ir.types import I8, Type
from frontends.arm.lift.neon_lanes import NeonLanes, doubled
from frontends.arm.lift.neon_registers import LANES


class NeonInteger(NeonLanes):
    """One method per row."""

    # -- halving: what the sum of two lanes would need a bit more for

    def _shifted_once(self, lane: Type, U: int, a: Value) -> Value:
        return self.lanes(ops.VSHR if U else ops.VSAR, lane, a, self.all(1, lane, a))

    def _half_sum(self, lane: Type, U: int, a: Value, b: Value) -> Value:
        half = self._shifted_once(lane, U, self.bits(ops.VXOR, a, b))
        return self.lanes(ops.VADD, lane, self.bits(ops.VAND, a, b), half)

    def _half_sum_rounded(self, lane: Type, U: int, a: Value, b: Value) -> Value:
        half = self._shifted_once(lane, U, self.bits(ops.VXOR, a, b))
        return self.lanes(ops.VSUB, lane, self.bits(ops.VOR, a, b), half)

    def _half_difference(self, lane: Type, U: int, a: Value, b: Value) -> Value:
        halves = [self._shifted_once(lane, U, x) for x in (a, b)]
        borrow = self.bits(ops.VAND, self.bits(ops.VNOT, a), b)
        borrow = self.bits(ops.VAND, borrow, self.all(1, lane, a))
        return self.lanes(ops.VSUB, lane, self.lanes(ops.VSUB, lane, *halves), borrow)

    def VHADD(self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vhadd.s8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self._half_sum, LANES[e], U))

    def VRHADD(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vrhadd.s8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self._half_sum_rounded, LANES[e], U))

    def VHSUB(self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vhsub.s8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self._half_difference, LANES[e], U))

    # -- sums and differences

    def VADD_int(self, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vadd.i8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, ops.VADD, LANES[s]))

    def VSUB_int(self, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vsub.i8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, ops.VSUB, LANES[s]))

    def VQADD(self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vqadd.s8 Vd, Vn, Vm."""
        op = ops.VUADD_SAT if U else ops.VSADD_SAT
        self.binary(D, n, d, N, Q, M, m, partial(self.saturating, op, ops.VADD, LANES[s]))

    def VQSUB(self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vqsub.s8 Vd, Vn, Vm."""
        op = ops.VUSUB_SAT if U else ops.VSSUB_SAT
        self.binary(D, n, d, N, Q, M, m, partial(self.saturating, op, ops.VSUB, LANES[s]))

    def VABD_int(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vabd.s8 Vd, Vn, Vm."""
        lane = LANES[e]
        self.binary(D, n, d, N, Q, M, m, lambda a, b: self.difference(a, b, lane, U))

    def VABA(self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vaba.s8 Vd, Vn, Vm."""
        lane = LANES[e]
        self.accumulate(D, n, d, N, Q, M, m, lane, lambda a, b: self.difference(a, b, lane, U))

    # -- comparisons

    def _less(self, lane: Type, U: int, a: Value, b: Value) -> Value:
        return self.lanes(ops.VULT if U else ops.VSLT, lane, a, b)

    def VCGT_int(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vcgt.s8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, lambda a, b: self._less(LANES[e], U, b, a))

    def VCGE_int(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vcge.s8 Vd, Vn, Vm."""

        def compare(a: Value, b: Value) -> Value:
            return self.bits(ops.VNOT, self._less(LANES[e], U, a, b))

        self.binary(D, n, d, N, Q, M, m, compare)

    def VCEQ_int(self, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vceq.i8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, ops.VEQ, LANES[e]))

    def VTST(self, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vtst.8 Vd, Vn, Vm."""

        def test(a: Value, b: Value) -> Value:
            common = self.bits(ops.VAND, a, b)
            return self.bits(ops.VNOT, self.lanes(ops.VEQ, LANES[e], common, self.zero(a)))

        self.binary(D, n, d, N, Q, M, m, test)

    def VMAX_int(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vmax.s8 Vd, Vn, Vm."""
        op = ops.VUMAX if U else ops.VSMAX
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, op, LANES[e]))

    def VMIN_int(
        self, U: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vmin.s8 Vd, Vn, Vm."""
        op = ops.VUMIN if U else ops.VSMIN
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, op, LANES[e]))

    # -- products

    def VMUL_int(self, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmul.i8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.lanes, ops.VMUL, LANES[e]))

    def VMLA_int(
        self, o: int, D: int, e: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vmla.i8 Vd, Vn, Vm; vmls, which subtracts the product."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        product = self.lanes(ops.VMUL, LANES[e], a, b)
        old, op = self.read_simd(d, D, Q), ops.VSUB if o else ops.VADD
        self.write_simd(d, D, Q, self.lanes(op, LANES[e], old, product))

    def polynomial(self, lane: Type, a: Value, b: Value) -> Value:
        """Products of polynomials over {0, 1} of degree 7: sums are exclusive or."""
        result: Value = self.zero(a)
        for bit in range(8):
            place = self.all(lane.bits - 1 - bit, lane, a)
            there = self.lanes(ops.VSHL, lane, b, place)
            mask = self.lanes(ops.VSAR, lane, there, self.all(lane.bits - 1, lane, a))
            term = self.lanes(ops.VSHL, lane, a, self.all(bit, lane, a))
            result = self.bits(ops.VXOR, result, self.bits(ops.VAND, mask, term))
        return result

    def VMUL_poly(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vmul.p8 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.polynomial, I8))

    def _high_product(self, lane: Type, rounds: int, a: Value, b: Value) -> Value:
        """The high half of doubled products of doublewords. It fits but for the least number times
        itself."""
        wide, ir = doubled(lane), self.ir
        product: Value = self.lanes(
            ops.VMUL, wide, ir.widen(a, lane, signed=True), ir.widen(b, lane, signed=True)
        )
        if rounds:
            half = self.all(1 << lane.bits - 2, wide, product)
            product = self.lanes(ops.VADD, wide, product, half)
        high = self.lanes(ops.VSAR, wide, product, self.all(lane.bits - 1, wide, product))
        return self.narrowed(high, wide, 0, to_unsigned=False)

    def high_products(self, lane: Type, rounds: int, a: Value, b: Value) -> Value:
        """The same of vectors of either size."""
        return self.in_halves(partial(self._high_product, lane, rounds), a, b)

    def VQDMULH(self, D: int, h: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vqdmulh.s16 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.high_products, LANES[h], 0))

    def VQRDMULH(self, D: int, h: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vqrdmulh.s16 Vd, Vn, Vm."""
        self.binary(D, n, d, N, Q, M, m, partial(self.high_products, LANES[h], 1))

    # -- neighbours

    def _paired(self, op: Op, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        self.pairwise(D, n, d, N, M, m, LANES[e], partial(self.lanes, op, LANES[e]))

    def VPMAX_int(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpmax.s8 Dd, Dn, Dm."""
        self._paired(ops.VUMAX if U else ops.VSMAX, D, e, n, d, N, M, m)

    def VPMIN_int(self, U: int, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpmin.s8 Dd, Dn, Dm."""
        self._paired(ops.VUMIN if U else ops.VSMIN, D, e, n, d, N, M, m)

    def VPADD_int(self, D: int, e: int, n: int, d: int, N: int, M: int, m: int) -> None:
        """vpadd.i8 Dd, Dn, Dm."""
        self._paired(ops.VADD, D, e, n, d, N, M, m)
