"""Data processing with a register operand that is shifted by a register."""

from frontends.arm.lift.operands import Operands


class DataProcessingShifted(Operands):
    """The ``_rsr`` rows of ``encodings/data_processing.py``."""

    def AND_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """AND{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, self.ir.and_(self.read(n), operand), carry)

    def EOR_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """EOR{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, self.ir.xor(self.read(n), operand), carry)

    def SUB_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """SUB{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.sub(S, d, self.read(n), operand)

    def RSB_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """RSB{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.sub(S, d, operand, self.read(n))

    def ADD_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """ADD{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.add(S, d, self.read(n), operand)

    def ADC_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """ADC{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.add_with_carry(S, d, self.read(n), operand)

    def SBC_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """SBC{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.add_with_carry(S, d, self.read(n), self.inverted(operand))

    def RSC_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """RSC{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.add_with_carry(S, d, operand, self.ir.not_(self.read(n)))

    def TST_rsr(self, c: int, n: int, s: int, t: int, m: int) -> None:
        """TST<c> <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, True)
        self.set_flags(self.ir.and_(self.read(n), operand), carry)

    def TEQ_rsr(self, c: int, n: int, s: int, t: int, m: int) -> None:
        """TEQ<c> <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, True)
        self.set_flags(self.ir.xor(self.read(n), operand), carry)

    def CMP_rsr(self, c: int, n: int, s: int, t: int, m: int) -> None:
        """CMP<c> <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.sub_flags(self.read(n), operand)

    def CMN_rsr(self, c: int, n: int, s: int, t: int, m: int) -> None:
        """CMN<c> <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, s, m)
        self.predicate(c)
        operand = self.shifted_by_register(m, t, s)[0]
        self.add_flags(self.read(n), operand)

    def ORR_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """ORR{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, self.ir.or_(self.read(n), operand), carry)

    def MOV_rsr(self, c: int, S: int, d: int, s: int, t: int, m: int) -> None:
        """MOV{S}<c> <Rd>, <Rm>, <type> <Rs>"""
        self.refuse_pc(d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, operand, carry)

    def BIC_rsr(self, c: int, S: int, n: int, d: int, s: int, t: int, m: int) -> None:
        """BIC{S}<c> <Rd>, <Rn>, <Rm>, <type> <Rs>"""
        self.refuse_pc(n, d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, self.ir.and_(self.read(n), self.inverted(operand)), carry)

    def MVN_rsr(self, c: int, S: int, d: int, s: int, t: int, m: int) -> None:
        """MVN{S}<c> <Rd>, <Rm>, <type> <Rs>"""
        self.refuse_pc(d, s, m)
        self.predicate(c)
        operand, carry = self.shifted_by_register(m, t, s, S)
        self.logical(S, d, self.inverted(operand), carry)
