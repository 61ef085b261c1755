"""Data processing with a register operand that is shifted by an immediate."""

from frontends.arm.lift.operands import Operands


class DataProcessingRegister(Operands):
    """The ``_reg`` rows of ``encodings/data_processing.py``."""

    def AND_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """AND{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            self.logical(S, d, self.ir.and_(self.read(n), operand), carry)

    def EOR_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """EOR{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            self.logical(S, d, self.ir.xor(self.read(n), operand), carry)

    def SUB_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """SUB{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.sub(S, d, self.read(n), operand)

    def RSB_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """RSB{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.sub(S, d, operand, self.read(n))

    def ADD_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """ADD{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.add(S, d, self.read(n), operand)

    def ADC_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """ADC{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.add_with_carry(S, d, self.read(n), operand)

    def SBC_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """SBC{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.add_with_carry(S, d, self.read(n), self.inverted(operand))

    def RSC_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """RSC{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand = self.shifted(m, t, a)[0]
            self.add_with_carry(S, d, operand, self.ir.not_(self.read(n)))

    def TST_reg(self, c: int, n: int, a: int, t: int, m: int) -> None:
        """TST<c> <Rn>, <Rm>{, <shift>}"""
        self.predicate(c)
        operand, carry = self.shifted(m, t, a, True)
        self.set_flags(self.ir.and_(self.read(n), operand), carry)

    def TEQ_reg(self, c: int, n: int, a: int, t: int, m: int) -> None:
        """TEQ<c> <Rn>, <Rm>{, <shift>}"""
        self.predicate(c)
        operand, carry = self.shifted(m, t, a, True)
        self.set_flags(self.ir.xor(self.read(n), operand), carry)

    def CMP_reg(self, c: int, n: int, a: int, t: int, m: int) -> None:
        """CMP<c> <Rn>, <Rm>{, <shift>}"""
        self.predicate(c)
        operand = self.shifted(m, t, a)[0]
        self.sub_flags(self.read(n), operand)

    def CMN_reg(self, c: int, n: int, a: int, t: int, m: int) -> None:
        """CMN<c> <Rn>, <Rm>{, <shift>}"""
        self.predicate(c)
        operand = self.shifted(m, t, a)[0]
        self.add_flags(self.read(n), operand)

    def ORR_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """ORR{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            self.logical(S, d, self.ir.or_(self.read(n), operand), carry)

    def MOV_reg(self, c: int, S: int, d: int, a: int, t: int, m: int) -> None:
        """MOV{S}<c> <Rd>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            if d == 15 and not a and not t:
                self.transfer(self.idioms.register_jump(m), self.in_same_state(operand))
            else:
                self.logical(S, d, operand, carry)

    def BIC_reg(self, c: int, S: int, n: int, d: int, a: int, t: int, m: int) -> None:
        """BIC{S}<c> <Rd>, <Rn>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            self.logical(S, d, self.ir.and_(self.read(n), self.inverted(operand)), carry)

    def MVN_reg(self, c: int, S: int, d: int, a: int, t: int, m: int) -> None:
        """MVN{S}<c> <Rd>, <Rm>{, <shift>}"""
        if self.begin(c, S, d):
            operand, carry = self.shifted(m, t, a, S)
            self.logical(S, d, self.inverted(operand), carry)
