"""Estimates of reciprocals and of their square roots (ARM ARM A2.7.6, VRECPE and VRSQRTE).

The manual's functions work with 9 bits of the operand, from the highest 1 on, and give 9 bits, of
which the highest is 1. Both are the largest number of a bit less that some product does not exceed,
rounded: it is found bit by bit, in all lanes at once.
"""

from collections.abc import Callable

from dbt.ir import floating, ops
from dbt.ir.block import Value
from dbt.ir.types import I32
from frontends.arm.lift.neon_lanes import NeonLanes

_FRACTION = floating.SINGLE.fraction
_LEAST, _INFINITY = 1 << _FRACTION, floating.SINGLE.infinity
_TOO_LARGE = 253 << _FRACTION
"""2**126: the reciprocals of this and larger numbers are denormal."""


class NeonEstimate(NeonLanes):
    """One method per row."""

    # -- lanes of 32 bits

    def _word(self, op: ops.Op, a: Value, b: Value | int) -> Value:
        return self.lanes(op, I32, a, b if not isinstance(b, int) else self.all(b, I32, a))

    def _below(self, a: Value, number: int) -> Value:
        return self._word(ops.VULT, a, number)

    def _choose(self, mask: Value, a: Value, b: Value) -> Value:
        return self.bits(ops.VBITS, mask, a, b)

    def _largest(self, a: Value, product: Callable[[Value], Value], limit: int) -> Value:
        """The largest number from 512 to 1023 whose product is below a limit; 512's is."""
        found: Value = self.all(512, I32, a)
        for bit in range(8, -1, -1):
            candidate = self.bits(ops.VOR, found, self.all(1 << bit, I32, a))
            below = self._below(product(candidate), limit)
            found = self._choose(below, candidate, found)
        return found

    def _rounded_half(self, a: Value) -> Value:
        return self._word(ops.VSHR, self._word(ops.VADD, a, 1), 1)

    def _reciprocal(self, nine: Value) -> Value:
        """recip_estimate: 9 bits for 9 bits."""
        twice = self._word(ops.VADD, self._word(ops.VSHL, nine, 1), 1)
        found = self._largest(nine, lambda x: self._word(ops.VMUL, x, twice), (1 << 19) + 1)
        return self._rounded_half(found)

    def _root(self, nine: Value) -> Value:
        """recip_sqrt_estimate: 9 bits for 9 bits, of which the highest or the next one is 1."""
        low = self._word(ops.VADD, self._word(ops.VSHL, nine, 1), 1)
        high = self._word(
            ops.VSHL, self._word(ops.VADD, self.bits(ops.VAND, nine, self.all(~1, I32, nine)), 1), 1
        )
        number = self._choose(self._below(nine, 256), low, high)

        def product(x: Value) -> Value:
            return self._word(ops.VMUL, self._word(ops.VMUL, number, x), x)

        return self._rounded_half(self._largest(nine, product, 1 << 28))

    # -- unsigned numbers below 1 and above 1

    def VRECPE_int(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vrecpe.u32 Vd, Vm."""

        def compute(a: Value) -> Value:
            found = self._word(ops.VSHL, self._reciprocal(self._word(ops.VSHR, a, 23)), 23)
            return self._choose(self._below(a, 1 << 31), self.all(-1, I32, a), found)

        self.unary(D, d, Q, M, m, compute)

    def VRSQRTE_int(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vrsqrte.u32 Vd, Vm."""

        def compute(a: Value) -> Value:
            found = self._word(ops.VSHL, self._root(self._word(ops.VSHR, a, 23)), 23)
            return self._choose(self._below(a, 1 << 30), self.all(-1, I32, a), found)

        self.unary(D, d, Q, M, m, compute)

    # -- floating point

    def _raise_if(self, lanes: Value, exception: int) -> None:
        """Note an exception in the FPSCR if a bit of a vector is 1 (predicated)."""
        self.note_if(lanes, exception.bit_length() - 1)

    def _special(self, a: Value, magnitude: Value) -> tuple[Value, Value]:
        """Where a number is a NaN, and where it is taken for 0; raises what both do."""
        nan = self._word(ops.VULT, self.all(_INFINITY, I32, a), magnitude)
        quiet = self.bits(ops.VAND, a, self.all(floating.SINGLE.quiet, I32, a))
        signalling = self.bits(ops.VAND, nan, self._word(ops.VEQ, quiet, 0))
        self._raise_if(signalling, floating.INVALID)
        zero = self._below(magnitude, _LEAST)
        exact = self._word(ops.VEQ, magnitude, 0)
        denormal = self.bits(ops.VAND, zero, self.bits(ops.VNOT, exact))
        self._raise_if(denormal, floating.DENORMAL)
        self._raise_if(zero, floating.DIVISION_BY_ZERO)
        return nan, zero

    def _put_together(self, exponent: Value, nine: Value) -> Value:
        """A number of an exponent and 9 bits, of which the highest is implied."""
        low = self.bits(ops.VAND, nine, self.all(255, I32, nine))
        fraction = self._word(ops.VSHL, low, _FRACTION - 8)
        return self.bits(ops.VOR, self._word(ops.VSHL, exponent, _FRACTION), fraction)

    def _reciprocals(self, a: Value) -> Value:
        magnitude = self.bits(ops.VAND, a, self.all(floating.SINGLE.sign - 1, I32, a))
        sign = self.bits(ops.VAND, a, self.all(floating.SINGLE.sign, I32, a))
        nan, zero = self._special(a, magnitude)
        infinite = self._word(ops.VEQ, magnitude, _INFINITY)
        finite = self._below(magnitude, _INFINITY)
        large = self.bits(ops.VNOT, self._below(magnitude, _TOO_LARGE))
        self._raise_if(self.bits(ops.VAND, large, finite), floating.UNDERFLOW)
        eight = self._word(ops.VSHR, magnitude, _FRACTION - 8)
        nine = self.bits(
            ops.VOR, self.bits(ops.VAND, eight, self.all(255, I32, a)), self.all(256, I32, a)
        )
        exponent = self._word(ops.VSHR, magnitude, _FRACTION)
        exponent = self.lanes(ops.VSUB, I32, self.all(253, I32, a), exponent)
        result = self._put_together(exponent, self._reciprocal(nine))
        nothing = self.bits(ops.VOR, large, infinite)
        result = self._choose(nothing, self.zero(a), result)
        result = self._choose(zero, self.all(_INFINITY, I32, a), result)
        result = self.bits(ops.VOR, result, sign)
        return self._choose(nan, self.all(floating.SINGLE.default_nan, I32, a), result)

    def VRECPE_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vrecpe.f32 Vd, Vm."""
        self.unary(D, d, Q, M, m, self._reciprocals)

    def _roots(self, a: Value) -> Value:
        magnitude = self.bits(ops.VAND, a, self.all(floating.SINGLE.sign - 1, I32, a))
        sign = self.bits(ops.VAND, a, self.all(floating.SINGLE.sign, I32, a))
        nan, zero = self._special(a, magnitude)
        negative = self.bits(
            ops.VAND, self.negative(a, I32), self.bits(ops.VNOT, self.bits(ops.VOR, nan, zero))
        )
        self._raise_if(negative, floating.INVALID)
        exponent = self._word(ops.VSHR, magnitude, _FRACTION)
        # Below 1 and not below 1/4: an exponent that is odd asks for one bit less.
        eight = self._word(ops.VSHR, magnitude, _FRACTION - 8)
        nine = self.bits(
            ops.VOR, self.bits(ops.VAND, eight, self.all(255, I32, a)), self.all(256, I32, a)
        )
        odd = self._word(ops.VEQ, self.bits(ops.VAND, exponent, self.all(1, I32, a)), 1)
        nine = self._choose(odd, self._word(ops.VSHR, nine, 1), nine)
        exponent = self.lanes(ops.VSUB, I32, self.all(380, I32, a), exponent)
        result = self._put_together(self._word(ops.VSHR, exponent, 1), self._root(nine))
        result = self._choose(self._word(ops.VEQ, magnitude, _INFINITY), self.zero(a), result)
        infinity = self.bits(ops.VOR, sign, self.all(_INFINITY, I32, a))
        result = self._choose(zero, infinity, result)
        nothing = self.bits(ops.VOR, nan, negative)
        return self._choose(nothing, self.all(floating.SINGLE.default_nan, I32, a), result)

    def VRSQRTE_float(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vrsqrte.f32 Vd, Vm."""
        self.unary(D, d, Q, M, m, self._roots)
