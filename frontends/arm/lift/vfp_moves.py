"""Moves of VFP registers, and the FPSCR (ARM ARM A8.8.280, A8.8.339 to A8.8.345, A8.8.355,
A8.8.410).

To change the sign is a move, too: it is no arithmetic, and raises nothing for a NaN.
"""

from dbt.ir.block import Branch, Const, Value
from dbt.ir.types import F32, F64, I1, I32, I64
from frontends.arm.keys import VECTOR_BITS
from frontends.arm.lift.vfp_registers import (
    VfpRegisters,
    format_of,
)
from frontends.arm.registers import FLAGS, FPSCR_FLAGS, STATUS_BITS


class VfpMoves(VfpRegisters):
    """One method per row."""

    def VMOV_core(self, c: int, L: int, n: int, t: int, N: int) -> None:
        """vmov Rt, Sn; vmov Sn, Rt."""
        self.refuse_core(t)
        self.predicate(c)
        if L:
            self.write(t, self.ir.bitcast(self.read_vector(n, N, 0), I32))
        else:
            self.write_vector(n, N, 0, self.ir.bitcast(self.read(t), F32))

    def VMOV_lane(self, c: int, x: int, L: int, n: int, t: int, N: int) -> None:
        """vmov Rt, Dn[x]; vmov Dn[x], Rt."""
        self.refuse_core(t)
        self.predicate(c)
        whole = self.ir.bitcast(self.read_vector(n, N, 1), I64)
        if L:
            self.write(t, self.ir.trunc(self.ir.shr(whole, 32) if x else whole, I32))
            return
        part: Value = self.ir.zext(self.read(t), I64)
        if x:
            part = self.ir.shl(part, 32)
        kept = self.ir.and_(whole, 0xFFFFFFFF if x else 0xFFFFFFFF00000000)
        self.write_vector(n, N, 1, self.ir.bitcast(self.ir.or_(kept, part), F64))

    def VMOV_pair(self, c: int, L: int, e: int, t: int, z: int, M: int, m: int) -> None:
        """vmov Rt, Rt2, Dm; vmov Dm, Rt, Rt2; the same with Sm and the next one."""
        self.refuse_core(t, e)
        if (L and t == e) or (not z and m == 15 and M):
            self.unpredictable()
        self.predicate(c)
        if L:
            for register, value in zip((t, e), self._words_of(m, M, z), strict=True):
                self.write(register, value)
        elif z:
            high = self.ir.shl(self.ir.zext(self.read(e), I64), 32)
            both = self.ir.or_(high, self.ir.zext(self.read(t), I64))
            self.write_vector(m, M, 1, self.ir.bitcast(both, F64))
        else:
            values = [self.ir.bitcast(self.read(register), F32) for register in (t, e)]
            for index, value in enumerate(values):
                self.ir.set(self.vector(m, M, 0, index), value)

    def _words_of(self, m: int, M: int, z: int) -> list[Value]:
        """The two words that a pair of core registers gets."""
        ir = self.ir
        if z:
            whole = ir.bitcast(self.read_vector(m, M, 1), I64)
            return [ir.trunc(whole, I32), ir.trunc(ir.shr(whole, 32), I32)]
        singles = [ir.get(self.vector(m, M, 0, index), F32) for index in range(2)]
        return [ir.bitcast(single, I32) for single in singles]

    # -- registers and immediates

    def VMOV_imm(self, c: int, D: int, h: int, d: int, z: int, i: int) -> None:
        """vmov Vd, #imm: a sign, three bits of exponent, four of fraction (A7.5.1)."""
        self.scalar_only()
        self.predicate(c)
        ir, sign, small = self.ir, h >> 3, bool(h >> 2 & 1)
        low = (h & 3) << 4 | i
        if z:
            top = ir.const(sign << 15 | (0x3FC0 if small else 0x4000) | low)
            bits: Value = ir.shl(ir.zext(top, I64), 48)
        else:
            bits = ir.const((sign << 12 | (0x7C0 if small else 0x800) | low) << 19)
        self.write_vector(d, D, z, ir.bitcast(bits, format_of(z)))

    def VMOV_reg(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vmov Vd, Vm."""
        self.scalar_only()
        self.predicate(c)
        self.write_vector(d, D, z, self.read_vector(m, M, z))

    def VABS(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vabs Vd, Vm."""
        self.scalar_only()
        self.predicate(c)
        self.write_vector(d, D, z, self.ir.fabs(self.read_vector(m, M, z)))

    def VNEG(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vneg Vd, Vm."""
        self.scalar_only()
        self.predicate(c)
        self.write_vector(d, D, z, self.ir.fneg(self.read_vector(m, M, z)))

    # -- status and control

    def VMRS(self, c: int, t: int) -> None:
        """vmrs Rt, fpscr; vmrs APSR_nzcv, fpscr. The other system registers are UNDEFINED in user
        mode (B1.11.3)."""
        if t == 15:
            self.predicate(c)
            values = [self.flag(name) for name in FPSCR_FLAGS]
            for name, value in zip(FLAGS, values, strict=False):
                self.ir.set(name, value)
            return
        self.refuse_core(t)
        self.predicate(c)
        self.write(t, self.whole_fpscr())

    def VMSR(self, c: int, t: int) -> None:
        """vmsr fpscr, Rt. It ends the block, for it may ask for short vectors."""
        self.refuse_core(t)
        if self.split_on_condition(c):
            return
        value, ir = self.read(t), self.ir
        for name, bit in FPSCR_FLAGS.items():
            ir.set(name, ir.trunc(ir.shr(value, bit), I1))
        ir.set("fpscr", ir.and_(value, STATUS_BITS))
        vectors = ir.ne(ir.and_(value, VECTOR_BITS), Const(0, I32))
        self.end(Branch(vectors, self.next_with(1), self.next_with(0)))
