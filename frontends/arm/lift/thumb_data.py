"""Data processing that only T32 has, and its immediates (ARM ARM A6.3.2)."""

from dbt.ir.block import Const
from dbt.ir.types import I1, I32
from frontends.arm.lift.operands import Operands


class ThumbData(Operands):
    """Rows of ``encodings/t32_data_processing.py`` without a method of A32."""

    def rotated(self, r: int, i: int) -> tuple[Const, Const | None]:
        """A modified immediate, ThumbExpandImm_C: a byte repeated, or one with its highest bit set,
        rotated."""
        if r < 4:
            if r and i == 0:
                self.unpredictable()
            return self.ir.const(i * (0x1, 0x10001, 0x1000100, 0x1010101)[int(r)]), None
        byte, places = i & 0x7F | 0x80, 2 * r + (i >> 7)
        value = (byte << (32 - places)) & 0xFFFFFFFF
        return Const(value, I32), Const(value >> 31, I1)

    def ADD_number(self, c: int, S: int, n: int, d: int, i: int) -> None:
        """ADD{S}<c> <Rd>, <Rn>, #<imm>; ADDW; ADD <Rd>, SP, #<imm>"""
        self.predicate(c)
        self.add(S, d, self.read(n), self.ir.const(i))

    def SUB_number(self, c: int, S: int, n: int, d: int, i: int) -> None:
        """SUB{S}<c> <Rd>, <Rn>, #<imm>; SUBW; SUB SP, SP, #<imm>"""
        self.predicate(c)
        self.sub(S, d, self.read(n), self.ir.const(i))

    def CMP_number(self, c: int, n: int, i: int) -> None:
        """CMP<c> <Rn>, #<imm8>"""
        self.predicate(c)
        self.sub_flags(self.read(n), self.ir.const(i))

    def MOV_number(self, c: int, S: int, d: int, i: int) -> None:
        """MOV{S}<c> <Rd>, #<imm8>"""
        self.predicate(c)
        self.logical(S, d, self.ir.const(i), None)

    def MOVW_split(self, c: int, j: int, h: int, i: int, d: int) -> None:
        """MOVW<c> <Rd>, #<imm16>"""
        self.predicate(c)
        self.write(d, self.ir.const(h << 12 | j << 11 | i))

    def MOVT_split(self, c: int, j: int, h: int, i: int, d: int) -> None:
        """MOVT<c> <Rd>, #<imm16>"""
        self.predicate(c)
        low = self.ir.and_(self.read(d), 0xFFFF)
        self.write(d, self.ir.or_(low, (h << 12 | j << 11 | i) << 16))

    def ADR(self, c: int, U: int, d: int, i: int) -> None:
        """ADR<c> <Rd>, <label>"""
        self.predicate(c)
        base = self.base(15)
        assert isinstance(base, Const)
        self.write(d, self.ir.const(base.value + i if U else base.value - i))

    def ORN_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """ORN{S}<c> <Rd>, <Rn>, #<const>"""
        self.predicate(c)
        operand, carry = self.rotated(r, i)
        self.logical(S, d, self.ir.or_(self.read(n), self.inverted(operand)), carry)

    def ORN_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """ORN{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        self.predicate(c)
        operand, carry = self.shifted(m, t, a, S)
        self.logical(S, d, self.ir.or_(self.read(n), self.inverted(operand)), carry)
