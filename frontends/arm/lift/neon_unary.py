"""Integers of Advanced SIMD: one operand (ARM ARM A7.4.5)."""

from functools import partial

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.types import Type
from frontends.arm.lift.neon_lanes import NeonLanes, doubled
from frontends.arm.lift.neon_registers import LANES


class NeonUnary(NeonLanes):
    """One method per row."""

    # -- signs

    def VABS_int(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vabs.s8 Vd, Vm."""
        lane = LANES[e]
        self.unary(D, d, Q, M, m, lambda a: self.lanes(ops.VSMAX, lane, a, self.negated(a, lane)))

    def VNEG_int(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vneg.s8 Vd, Vm."""
        self.unary(D, d, Q, M, m, lambda a: self.negated(a, LANES[e]))

    def _negated_exactly(self, lane: Type, a: Value) -> Value:
        """Only the least number has no other sign."""
        return self.saturating(ops.VSSUB_SAT, ops.VSUB, lane, self.zero(a), a)

    def VQNEG(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vqneg.s8 Vd, Vm."""
        self.unary(D, d, Q, M, m, partial(self._negated_exactly, LANES[e]))

    def VQABS(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vqabs.s8 Vd, Vm."""
        lane = LANES[e]

        def compute(a: Value) -> Value:
            return self.lanes(ops.VSMAX, lane, a, self._negated_exactly(lane, a))

        self.unary(D, d, Q, M, m, compute)

    # -- comparisons with zero

    def VCGT_zero(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vcgt.s8 Vd, Vm, #0."""
        self.unary(D, d, Q, M, m, lambda a: self.lanes(ops.VSLT, LANES[e], self.zero(a), a))

    def VCGE_zero(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vcge.s8 Vd, Vm, #0."""
        self.unary(D, d, Q, M, m, lambda a: self.bits(ops.VNOT, self.negative(a, LANES[e])))

    def VCEQ_zero(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vceq.i8 Vd, Vm, #0."""
        self.unary(D, d, Q, M, m, lambda a: self.lanes(ops.VEQ, LANES[e], a, self.zero(a)))

    def VCLE_zero(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vcle.s8 Vd, Vm, #0."""

        def compare(a: Value) -> Value:
            return self.bits(ops.VNOT, self.lanes(ops.VSLT, LANES[e], self.zero(a), a))

        self.unary(D, d, Q, M, m, compare)

    def VCLT_zero(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vclt.s8 Vd, Vm, #0."""
        self.unary(D, d, Q, M, m, lambda a: self.negative(a, LANES[e]))

    # -- sums of neighbours: each pair is one lane of twice the width

    def _pair_sums(self, lane: Type, U: int, a: Value) -> Value:
        wide, half = doubled(lane), self.all(lane.bits, doubled(lane), a)
        right = ops.VSHR if U else ops.VSAR
        low = self.lanes(right, wide, self.lanes(ops.VSHL, wide, a, half), half)
        return self.lanes(ops.VADD, wide, low, self.lanes(right, wide, a, half))

    def VPADD_long(self, D: int, e: int, d: int, U: int, Q: int, M: int, m: int) -> None:
        """vpaddl.s8 Vd, Vm."""
        self.unary(D, d, Q, M, m, partial(self._pair_sums, LANES[e], U))

    def VPADAL(self, D: int, e: int, d: int, U: int, Q: int, M: int, m: int) -> None:
        """vpadal.s8 Vd, Vm."""
        sums = self._pair_sums(LANES[e], U, self.read_simd(m, M, Q))
        old = self.read_simd(d, D, Q)
        self.write_simd(d, D, Q, self.lanes(ops.VADD, doubled(LANES[e]), old, sums))

    # -- lanes of half the width

    def VMOVN(self, D: int, e: int, d: int, M: int, m: int) -> None:
        """vmovn.i16 Dd, Qm."""
        self.write_d(d, D, self.ir.narrow(self.read_q(m, M), doubled(LANES[e])))

    def VQMOVN(self, D: int, e: int, d: int, U: int, M: int, m: int) -> None:
        """vqmovn.s16 Dd, Qm."""
        wide = doubled(LANES[e])
        self.write_d(d, D, self.narrowed(self.read_q(m, M), wide, U, to_unsigned=False))

    def VQMOVUN(self, D: int, e: int, d: int, M: int, m: int) -> None:
        """vqmovun.s16 Dd, Qm."""
        wide = doubled(LANES[e])
        self.write_d(d, D, self.narrowed(self.read_q(m, M), wide, 0, to_unsigned=True))
