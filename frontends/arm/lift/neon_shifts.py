"""Shifts of Advanced SIMD: by lanes of a register, and by immediates (ARM ARM A7.4.1, A7.4.4).

An immediate is one number with the size of lanes, which its highest bit gives.
"""

from functools import partial

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.types import I8, Type
from frontends.arm.lift.neon_lanes import NeonLanes, doubled
from frontends.arm.lift.neon_registers import LANES


def _sized(number: int) -> tuple[Type, int, int]:
    """The lanes that an immediate is for, and how far it shifts them to the left or the right."""
    size = int(number).bit_length() - 4
    lane = LANES[size]
    return lane, number - lane.bits, 2 * lane.bits - number


def _whole(g: int, i: int) -> int:
    """The immediate whose bit L is the lowest of a field."""
    return int((g & 1) << 6 | (g >> 1) << 3 | i)


class NeonShifts(NeonLanes):
    """One method per row."""

    def right(self, lane: Type, U: int, a: Value, amounts: Value) -> Value:
        """Lanes shifted right, with their sign or with zeros."""
        return self.lanes(ops.VSHR if U else ops.VSAR, lane, a, amounts)

    def rounded(self, lane: Type, U: int, a: Value, amounts: Value) -> Value:
        """The same, rounded: the last bit that is shifted out is added."""
        one = self.all(1, lane, a)
        before = self.right(lane, U, a, self.lanes(ops.VSUB, lane, amounts, one))
        last = self.bits(ops.VAND, before, one)
        return self.lanes(ops.VADD, lane, self.right(lane, U, a, amounts), last)

    def _fits(self, lane: Type, U: int, a: Value, amounts: Value) -> tuple[Value, Value]:
        """Lanes shifted left, and where nothing is lost by that."""
        shifted = self.lanes(ops.VSHL, lane, a, amounts)
        return shifted, self.lanes(ops.VEQ, lane, self.right(lane, U, shifted, amounts), a)

    def _limit(self, lane: Type, U: int, a: Value) -> Value:
        """The nearest number of each lane that has become too large."""
        if U:
            return self.all(-1, lane, a)
        signs = self.lanes(ops.VSAR, lane, a, self.all(lane.bits - 1, lane, a))
        return self.bits(ops.VXOR, signs, self.all(lane.mask >> 1, lane, a))

    # -- by a register: to the left, or to the right where the amount is negative

    def _by_register(
        self, lane: Type, U: int, shift: Value, a: Value, *, rounds: bool, saturates: bool
    ) -> Value:
        amounts = shift
        if lane is not I8:
            up = self.all(lane.bits - 8, lane, a)
            amounts = self.lanes(ops.VSAR, lane, self.lanes(ops.VSHL, lane, shift, up), up)
        to_right = self.negative(amounts, lane)
        back = self.negated(amounts, lane)
        right = (self.rounded if rounds else self.right)(lane, U, a, back)
        left, fits = self._fits(lane, U, a, amounts)
        if saturates:
            left = self.bits(ops.VBITS, fits, left, self._limit(lane, U, a))
            self.saturate_if(self.bits(ops.VNOT, self.bits(ops.VOR, fits, to_right)))
        return self.bits(ops.VBITS, to_right, right, left)

    def VSHL_reg(
        self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vshl.s8 Vd, Vm, Vn."""
        shift = partial(self._by_register, LANES[s], U, rounds=False, saturates=False)
        self.binary(D, n, d, N, Q, M, m, shift)

    def VRSHL(self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vrshl.s8 Vd, Vm, Vn."""
        shift = partial(self._by_register, LANES[s], U, rounds=True, saturates=False)
        self.binary(D, n, d, N, Q, M, m, shift)

    def VQSHL_reg(
        self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vqshl.s8 Vd, Vm, Vn."""
        shift = partial(self._by_register, LANES[s], U, rounds=False, saturates=True)
        self.binary(D, n, d, N, Q, M, m, shift)

    def VQRSHL(
        self, U: int, D: int, s: int, n: int, d: int, N: int, Q: int, M: int, m: int
    ) -> None:
        """vqrshl.s8 Vd, Vm, Vn."""
        shift = partial(self._by_register, LANES[s], U, rounds=True, saturates=True)
        self.binary(D, n, d, N, Q, M, m, shift)

    # -- by an immediate, to the right

    def _right_by(
        self, U: int, D: int, number: int, d: int, Q: int, M: int, m: int, *,
        rounds: bool, adds: bool,
    ) -> None:  # fmt: skip
        lane, _, amount = _sized(number)
        a = self.read_simd(m, M, Q)
        amounts = self.all(amount, lane, a)
        result = self._rounded_by(lane, U, a, amount) if rounds else self.right(lane, U, a, amounts)
        if adds:
            result = self.lanes(ops.VADD, lane, self.read_simd(d, D, Q), result)
        self.write_simd(d, D, Q, result)

    def _rounded_by(self, lane: Type, U: int, a: Value, amount: int) -> Value:
        """Lanes shifted right by 1 or more, and rounded."""
        before = self.right(lane, U, a, self.all(amount - 1, lane, a))
        last = self.bits(ops.VAND, before, self.all(1, lane, a))
        shifted = self.right(lane, U, a, self.all(amount, lane, a))
        return self.lanes(ops.VADD, lane, shifted, last)

    def VSHR(self, U: int, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vshr.s8 Vd, Vm, #imm."""
        self._right_by(U, D, _whole(g, i), d, Q, M, m, rounds=False, adds=False)

    def VSRA(self, U: int, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vsra.s8 Vd, Vm, #imm."""
        self._right_by(U, D, _whole(g, i), d, Q, M, m, rounds=False, adds=True)

    def VRSHR(self, U: int, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vrshr.s8 Vd, Vm, #imm."""
        self._right_by(U, D, _whole(g, i), d, Q, M, m, rounds=True, adds=False)

    def VRSRA(self, U: int, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vrsra.s8 Vd, Vm, #imm."""
        self._right_by(U, D, _whole(g, i), d, Q, M, m, rounds=True, adds=True)

    def _inserted(self, d: int, D: int, Q: int, lane: Type, mask: int, value: Value) -> None:
        """Write the bits of each lane that a mask has."""
        old = self.read_simd(d, D, Q)
        written = self.all(mask, lane, old)
        self.write_simd(d, D, Q, self.bits(ops.VBITS, written, value, old))

    def VSRI(self, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vsri.8 Vd, Vm, #imm."""
        lane, _, amount = _sized(_whole(g, i))
        a = self.read_simd(m, M, Q)
        shifted = self.right(lane, 1, a, self.all(amount, lane, a))
        self._inserted(d, D, Q, lane, lane.mask >> amount, shifted)

    # -- by an immediate, to the left

    def _left_by(self, lane: Type, a: Value, amount: int) -> Value:
        return self.lanes(ops.VSHL, lane, a, self.all(amount, lane, a))

    def VSHL_imm(self, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vshl.i8 Vd, Vm, #imm."""
        lane, amount, _ = _sized(_whole(g, i))
        self.unary(D, d, Q, M, m, lambda a: self._left_by(lane, a, amount))

    def VSLI(self, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vsli.8 Vd, Vm, #imm."""
        lane, amount, _ = _sized(_whole(g, i))
        shifted = self._left_by(lane, self.read_simd(m, M, Q), amount)
        self._inserted(d, D, Q, lane, lane.mask << amount & lane.mask, shifted)

    def VQSHL_imm(self, U: int, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vqshl.s8 Vd, Vm, #imm."""
        lane, amount, _ = _sized(_whole(g, i))
        a = self.read_simd(m, M, Q)
        shifted, fits = self._fits(lane, U, a, self.all(amount, lane, a))
        self._write_fitting(d, D, Q, fits, shifted, self._limit(lane, U, a))

    def VQSHLU_imm(self, D: int, g: int, i: int, d: int, Q: int, M: int, m: int) -> None:
        """vqshlu.s8 Vd, Vm, #imm: signed lanes become unsigned ones."""
        lane, amount, _ = _sized(_whole(g, i))
        a = self.read_simd(m, M, Q)
        shifted, fits = self._fits(lane, 1, a, self.all(amount, lane, a))
        positive = self.bits(ops.VNOT, self.negative(a, lane))
        self._write_fitting(d, D, Q, self.bits(ops.VAND, fits, positive), shifted, positive)

    def _write_fitting(
        self, d: int, D: int, Q: int, fits: Value, value: Value, limit: Value
    ) -> None:
        self.saturate_if(self.bits(ops.VNOT, fits))
        self.write_simd(d, D, Q, self.bits(ops.VBITS, fits, value, limit))

    def VSHLL_imm(self, U: int, D: int, g: int, i: int, d: int, M: int, m: int) -> None:
        """vshll.s8 Qd, Dm, #imm; vmovl, which shifts by 0."""
        lane, amount, _ = _sized(int(g << 3 | i))
        wide = self.ir.widen(self.read_d(m, M), lane, signed=not U)
        self.write_q(d, D, self._left_by(doubled(lane), wide, amount))

    def VSHLL_most(self, D: int, e: int, d: int, M: int, m: int) -> None:
        """vshll.i8 Qd, Dm, #8: by the width of a lane."""
        lane = LANES[e]
        wide = self.ir.widen(self.read_d(m, M), lane, signed=False)
        self.write_q(d, D, self._left_by(doubled(lane), wide, lane.bits))

    # -- by an immediate, to lanes of half the width

    def _narrow_by(self, U: int, g: int, i: int, r: int, M: int, m: int) -> tuple[Type, Value]:
        """The type of lanes before they are narrowed, and the shifted ones."""
        lane, _, amount = _sized(int(g << 3 | i))
        wide, a = doubled(lane), self.read_q(m, M)
        if r:
            return wide, self._rounded_by(wide, U, a, amount)
        return wide, self.right(wide, U, a, self.all(amount, wide, a))

    def VSHRN(self, D: int, g: int, i: int, d: int, r: int, M: int, m: int) -> None:
        """vshrn.i16 Dd, Qm, #imm; vrshrn."""
        wide, shifted = self._narrow_by(1, g, i, r, M, m)
        self.write_d(d, D, self.ir.narrow(shifted, wide))

    def VQSHRN(self, U: int, D: int, g: int, i: int, d: int, r: int, M: int, m: int) -> None:
        """vqshrn.s16 Dd, Qm, #imm; vqrshrn."""
        wide, shifted = self._narrow_by(U, g, i, r, M, m)
        self.write_d(d, D, self.narrowed(shifted, wide, U, to_unsigned=False))

    def VQSHRUN(self, D: int, g: int, i: int, d: int, r: int, M: int, m: int) -> None:
        """vqshrun.s16 Dd, Qm, #imm; vqrshrun."""
        wide, shifted = self._narrow_by(0, g, i, r, M, m)
        self.write_d(d, D, self.narrowed(shifted, wide, 0, to_unsigned=True))
