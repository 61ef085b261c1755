"""Bits of Advanced SIMD: logical operations, modified immediates, counts (ARM ARM A7.4.1, A7.4.5,
A7.4.6)."""

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.types import I8, I16, I32, I64, V64, Type
from frontends.arm.lift.neon_registers import LANES, NeonRegisters, vector_type


def _inverted(value: int, p: int) -> int:
    return ~value if p else value


class NeonBits(NeonRegisters):
    """One method per row."""

    def _invert(self, a: Value) -> Value:
        return self.ir.vector(ops.VNOT, a)

    # -- three registers

    def VAND(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vand Vd, Vn, Vm."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VAND, a, b))

    def VBIC(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vbic Vd, Vn, Vm: the second operand is inverted."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VAND, a, self._invert(b)))

    def VORR(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vorr Vd, Vn, Vm; vmov Vd, Vm."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VOR, a, b))

    def VORN(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vorn Vd, Vn, Vm: the second operand is inverted."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VOR, a, self._invert(b)))

    def VEOR(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """veor Vd, Vn, Vm."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VXOR, a, b))

    def VBSL(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vbsl Vd, Vn, Vm: Vd chooses bits."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VBITS, self.read_simd(d, D, Q), a, b))

    def VBIT(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vbit Vd, Vn, Vm: bits are written where Vm has 1."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VBITS, b, a, self.read_simd(d, D, Q)))

    def VBIF(self, D: int, n: int, d: int, N: int, Q: int, M: int, m: int) -> None:
        """vbif Vd, Vn, Vm: bits are written where Vm has 0."""
        a, b = self.read_simd(n, N, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, self.ir.vector(ops.VBITS, b, self.read_simd(d, D, Q), a))

    # -- modified immediates

    def _immediate(self, value: int, lane: Type, Q: int) -> Value:
        return self.ir.vconst(value, lane, vector_type(Q))

    def _move(self, d: int, D: int, Q: int, value: int, lane: Type) -> None:
        """Write a number to all lanes. Halves of quadwords are written one by one, as numbers that
        are a part of the host's code."""
        half = self.ir.vconst(value, lane, V64)
        if Q:
            self.quad(d, D)
            self.write_d(d, D, half, 1)
        self.write_d(d, D, half)

    def _merge(self, d: int, D: int, Q: int, p: int, value: Value) -> None:
        old = self.read_simd(d, D, Q)
        if p:
            result = self.ir.vector(ops.VAND, old, self._invert(value))
        else:
            result = self.ir.vector(ops.VOR, old, value)
        self.write_simd(d, D, Q, result)

    def VMOV_word(self, i: int, D: int, d: int, x: int, Q: int, p: int) -> None:
        """vmov.i32 Vd, #imm; vmvn."""
        self._move(d, D, Q, _inverted(int(i) << 8 * int(x), p), I32)

    def VMOV_half(self, i: int, D: int, d: int, x: int, Q: int, p: int) -> None:
        """vmov.i16 Vd, #imm; vmvn."""
        self._move(d, D, Q, _inverted(int(i) << 8 * int(x), p), I16)

    def VMOV_ones(self, i: int, D: int, d: int, x: int, Q: int, p: int) -> None:
        """vmov.i32 Vd, #imm with ones below; vmvn."""
        ones = 8 + 8 * int(x)
        self._move(d, D, Q, _inverted(int(i) << ones | (1 << ones) - 1, p), I32)

    def VMOV_byte(self, i: int, D: int, d: int, Q: int) -> None:
        """vmov.i8 Vd, #imm."""
        self._move(d, D, Q, int(i), I8)

    def VMOV_mask(self, i: int, D: int, d: int, Q: int) -> None:
        """vmov.i64 Vd, #imm: a byte of ones for each bit."""
        mask = sum(0xFF << 8 * bit for bit in range(8) if int(i) >> bit & 1)
        self._move(d, D, Q, mask, I64)

    def VMOV_single(self, i: int, D: int, d: int, Q: int) -> None:
        """vmov.f32 Vd, #imm: a sign, three bits of exponent, four of fraction."""
        i = int(i)
        top = i >> 7 << 12 | (0x7C0 if i >> 6 & 1 else 0x800) | i & 0x3F
        self._move(d, D, Q, top << 19, I32)

    def VORR_word(self, i: int, D: int, d: int, x: int, Q: int, p: int) -> None:
        """vorr.i32 Vd, #imm; vbic."""
        self._merge(d, D, Q, p, self._immediate(int(i) << 8 * int(x), I32, Q))

    def VORR_half(self, i: int, D: int, d: int, x: int, Q: int, p: int) -> None:
        """vorr.i16 Vd, #imm; vbic."""
        self._merge(d, D, Q, p, self._immediate(int(i) << 8 * int(x), I16, Q))

    # -- two registers

    def VMVN_reg(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vmvn Vd, Vm."""
        self.write_simd(d, D, Q, self._invert(self.read_simd(m, M, Q)))

    def VCNT(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vcnt.8 Vd, Vm."""
        ones = self.ir.lanes(ops.VPOPCOUNT, I8, self.read_simd(m, M, Q))
        self.write_simd(d, D, Q, ones)

    def VCLZ(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vclz Vd, Vm."""
        zeros = self.ir.lanes(ops.VCLZ, LANES[e], self.read_simd(m, M, Q))
        self.write_simd(d, D, Q, zeros)

    def VCLS(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vcls Vd, Vm: the bits behind the first that are like it."""
        ir, lane, a = self.ir, LANES[e], self.read_simd(m, M, Q)
        one = self._immediate(1, lane, Q)
        changes = ir.vector(ops.VXOR, a, ir.lanes(ops.VSAR, lane, a, one))
        zeros = ir.lanes(ops.VCLZ, lane, changes)
        self.write_simd(d, D, Q, ir.lanes(ops.VSUB, lane, zeros, one))
