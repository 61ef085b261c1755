"""Data processing with an immediate operand, and the 16-bit moves."""

from frontends.arm.lift.operands import Operands


class DataProcessingImmediate(Operands):
    """The ``_imm`` rows of ``encodings/data_processing.py``."""

    def AND_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """AND{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, self.ir.and_(self.read(n), operand), carry)

    def EOR_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """EOR{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, self.ir.xor(self.read(n), operand), carry)

    def SUB_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """SUB{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.sub(S, d, self.read(n), operand)

    def RSB_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """RSB{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.sub(S, d, operand, self.read(n))

    def ADD_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """ADD{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.add(S, d, self.read(n), operand)

    def ADC_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """ADC{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.add_with_carry(S, d, self.read(n), operand)

    def SBC_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """SBC{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.add_with_carry(S, d, self.read(n), self.inverted(operand))

    def RSC_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """RSC{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand = self.rotated(r, i)[0]
            self.add_with_carry(S, d, operand, self.ir.not_(self.read(n)))

    def TST_imm(self, c: int, n: int, r: int, i: int) -> None:
        """TST<c> <Rn>, #<const>"""
        self.predicate(c)
        operand, carry = self.rotated(r, i)
        self.set_flags(self.ir.and_(self.read(n), operand), carry)

    def TEQ_imm(self, c: int, n: int, r: int, i: int) -> None:
        """TEQ<c> <Rn>, #<const>"""
        self.predicate(c)
        operand, carry = self.rotated(r, i)
        self.set_flags(self.ir.xor(self.read(n), operand), carry)

    def CMP_imm(self, c: int, n: int, r: int, i: int) -> None:
        """CMP<c> <Rn>, #<const>"""
        self.predicate(c)
        operand = self.rotated(r, i)[0]
        self.sub_flags(self.read(n), operand)

    def CMN_imm(self, c: int, n: int, r: int, i: int) -> None:
        """CMN<c> <Rn>, #<const>"""
        self.predicate(c)
        operand = self.rotated(r, i)[0]
        self.add_flags(self.read(n), operand)

    def ORR_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """ORR{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, self.ir.or_(self.read(n), operand), carry)

    def MOV_imm(self, c: int, S: int, d: int, r: int, i: int) -> None:
        """MOV{S}<c> <Rd>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, operand, carry)

    def BIC_imm(self, c: int, S: int, n: int, d: int, r: int, i: int) -> None:
        """BIC{S}<c> <Rd>, <Rn>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, self.ir.and_(self.read(n), self.inverted(operand)), carry)

    def MVN_imm(self, c: int, S: int, d: int, r: int, i: int) -> None:
        """MVN{S}<c> <Rd>, #<const>"""
        if self.begin(c, S, d):
            operand, carry = self.rotated(r, i)
            self.logical(S, d, self.inverted(operand), carry)

    def MOVW(self, c: int, i: int, d: int) -> None:
        """MOVW<c> <Rd>, #<imm16>"""
        self.refuse_pc(d)
        self.predicate(c)
        self.write(d, self.ir.const(i))

    def MOVT(self, c: int, i: int, d: int) -> None:
        """MOVT<c> <Rd>, #<imm16>"""
        self.refuse_pc(d)
        self.predicate(c)
        low = self.ir.and_(self.read(d), 0xFFFF)
        self.write(d, self.ir.or_(low, i << 16))
