"""What lifting methods of Advanced SIMD share that compute lane by lane."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from dbt.ir import ops
from dbt.ir.block import Const, Value
from dbt.ir.ops import Op
from dbt.ir.types import I1, I32, LANES, V128, Type
from frontends.arm.lift.neon_registers import NeonRegisters

Unary: TypeAlias = Callable[[Value], Value]
Binary: TypeAlias = Callable[[Value, Value], Value]

SATURATED = 27
"""The bit QC of the FPSCR."""


def doubled(lane: Type) -> Type:
    """The type of lanes of twice the width."""
    return LANES[f"i{2 * lane.bits}"]


class NeonLanes(NeonRegisters):
    """Operands and results; no row."""

    # -- shapes of instructions

    def binary(
        self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int, compute: Binary
    ) -> None:
        """Two registers and a result of one size."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, compute(a, b))

    def accumulate(
        self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int, lane: Type, compute: Binary
    ) -> None:
        """The same, added to what the result's register holds."""
        old = self.read_simd(d, D, Q)
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.lanes(ops.VADD, lane, old, compute(a, b)))

    def unary(self, D: int, d: int, Q: int, M: int, m: int, compute: Unary) -> None:
        """One register and a result of one size."""
        self.write_simd(d, D, Q, compute(self.read_simd(m, M, Q)))

    def pairwise(
        self, D: int, n: int, d: int, N: int, M: int, m: int, lane: Type, compute: Binary
    ) -> None:
        """Doublewords, each lane of the result computed of two that are neighbours."""
        a, b = self.read_d(n, N), self.read_d(m, M)
        even, odd = (
            self.ir.shuffle(a, b, lane, range(first, 128 // lane.bits, 2)) for first in (0, 1)
        )
        self.write_d(d, D, compute(even, odd))

    def in_halves(self, compute: Binary, a: Value, b: Value) -> Value:
        """The result of an operation on doublewords, for quadwords, too."""
        if a.type is not V128:
            return compute(a, b)
        ir = self.ir
        parts = [compute(ir.half(a, index), ir.half(b, index)) for index in (0, 1)]
        return ir.concat(*parts)

    # -- lanes

    def lanes(self, op: Op, lane: Type, *args: Value) -> Value:
        """An op on lanes."""
        return self.ir.lanes(op, lane, *args)

    def all(self, number: int, lane: Type, like: Value) -> Const:
        """A vector as another is, all lanes of which are a number."""
        assert like.type is not None
        return self.ir.vconst(number, lane, like.type)

    def zero(self, like: Value) -> Const:
        """A vector of zeros."""
        return self.all(0, I32, like)

    def bits(self, op: Op, *args: Value) -> Value:
        """An op on all bits: ``vand vor vxor vnot vbits``."""
        return self.ir.vector(op, *args)

    def negative(self, a: Value, lane: Type) -> Value:
        """All ones where a lane is negative."""
        return self.lanes(ops.VSLT, lane, a, self.zero(a))

    def negated(self, a: Value, lane: Type) -> Value:
        """Lanes with the other sign."""
        return self.lanes(ops.VSUB, lane, self.zero(a), a)

    def difference(self, a: Value, b: Value, lane: Type, U: int) -> Value:
        """Absolute differences."""
        greater, lesser = (ops.VUMAX, ops.VUMIN) if U else (ops.VSMAX, ops.VSMIN)
        return self.lanes(
            ops.VSUB, lane, self.lanes(greater, lane, a, b), self.lanes(lesser, lane, a, b)
        )

    # -- saturation

    def note_if(self, lanes: Value, bit: int) -> None:
        """Set a bit of the FPSCR if a bit of a vector is 1 (predicated)."""
        ir = self.ir
        some = ir.zext(ir.emit(ops.VANY, (lanes,), I1), I32)
        ir.set("fpscr", ir.or_(ir.get("fpscr"), ir.shl(some, bit)))

    def saturate_if(self, lanes: Value) -> None:
        """Set QC if a bit of a vector is 1 (predicated)."""
        self.note_if(lanes, SATURATED)

    def saturated(self, exact: Value, nearest: Value) -> Value:
        """The second vector; QC is set if it is not the first (predicated)."""
        self.saturate_if(self.bits(ops.VXOR, exact, nearest))
        return nearest

    def saturating(self, saturates: Op, wraps: Op, lane: Type, a: Value, b: Value) -> Value:
        """A sum or difference, or the nearest number of a lane."""
        return self.saturated(self.lanes(wraps, lane, a, b), self.lanes(saturates, lane, a, b))

    def clamped_lanes(self, a: Value, lane: Type, bounds: Sequence[int], U: int) -> Value:
        """Lanes, or the nearest of two bounds. Unsigned lanes are clamped to the second alone."""
        least, most = (self.all(bound, lane, a) for bound in bounds)
        if U:
            return self.saturated(a, self.lanes(ops.VUMIN, lane, a, most))
        nearest = self.lanes(ops.VSMAX, lane, self.lanes(ops.VSMIN, lane, a, most), least)
        return self.saturated(a, nearest)

    def narrowed(self, a: Value, lane: Type, U: int, *, to_unsigned: bool) -> Value:
        """Lanes of half the width, or the nearest numbers that these have."""
        half = lane.bits // 2
        if U or to_unsigned:
            bounds = 0, (1 << half) - 1
        else:
            bounds = -(1 << half - 1), (1 << half - 1) - 1
        return self.ir.narrow(self.clamped_lanes(a, lane, bounds, U), lane)
