"""Multiplies and divisions."""

from dbt.ir.block import Value
from dbt.ir.types import I32, I64
from frontends.arm.lift.operands import Operands


class MultiplyWords(Operands):
    """Products of words, and quotients."""

    def MUL(self, c: int, S: int, d: int, m: int, n: int) -> None:
        """MUL{S}<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self._product(S, d, self.ir.mul(self.read(n), self.read(m)))

    def MLA(self, c: int, S: int, d: int, a: int, m: int, n: int) -> None:
        """MLA{S}<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, a, m, n)
        self.predicate(c)
        product = self.ir.mul(self.read(n), self.read(m))
        self._product(S, d, self.ir.add(product, self.read(a)))

    def MLS(self, c: int, d: int, a: int, m: int, n: int) -> None:
        """MLS<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, a, m, n)
        self.predicate(c)
        product = self.ir.mul(self.read(n), self.read(m))
        self.write(d, self.ir.sub(self.read(a), product))

    def UMULL(self, c: int, S: int, H: int, L: int, m: int, n: int) -> None:
        """UMULL{S}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        self.write_long(H, L, self._unsigned(n, m), S)

    def UMLAL(self, c: int, S: int, H: int, L: int, m: int, n: int) -> None:
        """UMLAL{S}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        self.write_long(H, L, self.ir.add(self.read_long(H, L), self._unsigned(n, m)), S)

    def SMULL(self, c: int, S: int, H: int, L: int, m: int, n: int) -> None:
        """SMULL{S}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        self.write_long(H, L, self.signed_product(n, m), S)

    def SMLAL(self, c: int, S: int, H: int, L: int, m: int, n: int) -> None:
        """SMLAL{S}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        self.write_long(H, L, self.ir.add(self.read_long(H, L), self.signed_product(n, m)), S)

    def UMAAL(self, c: int, H: int, L: int, m: int, n: int) -> None:
        """UMAAL<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        ir = self.ir
        addends = ir.add(ir.zext(self.read(H), I64), ir.zext(self.read(L), I64))
        self.write_long(H, L, ir.add(self._unsigned(n, m), addends), 0)

    def SMMUL(self, c: int, d: int, m: int, R: int, n: int) -> None:
        """SMMUL{R}<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self._top(d, self.signed_product(n, m), R)

    def SMMLA(self, c: int, d: int, a: int, m: int, R: int, n: int) -> None:
        """SMMLA{R}<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        high = self.ir.shl(self.ir.zext(self.read(a), I64), 32)
        self._top(d, self.ir.add(high, self.signed_product(n, m)), R)

    def SMMLS(self, c: int, d: int, a: int, m: int, R: int, n: int) -> None:
        """SMMLS{R}<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, a, m, n)
        self.predicate(c)
        high = self.ir.shl(self.ir.zext(self.read(a), I64), 32)
        self._top(d, self.ir.sub(high, self.signed_product(n, m)), R)

    def SDIV(self, c: int, d: int, m: int, n: int) -> None:
        """SDIV<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self.ir.sdiv(self.read(n), self.read(m)))

    def UDIV(self, c: int, d: int, m: int, n: int) -> None:
        """UDIV<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self.ir.udiv(self.read(n), self.read(m)))

    # -- shared

    def _product(self, S: int, d: int, value: Value) -> None:
        """A 32-bit product; C and V stay as they are (from ARMv5)."""
        if S:
            self.set_nz(value)
        self.write(d, value)

    def _begin_long(self, c: int, H: int, L: int, m: int, n: int) -> None:
        if H == L:
            self.unpredictable()
        self.refuse_pc(H, L, m, n)
        self.predicate(c)

    def _unsigned(self, n: int, m: int) -> Value:
        ir = self.ir
        return ir.mul(ir.zext(self.read(n), I64), ir.zext(self.read(m), I64))

    def signed_product(self, n: int, m: int) -> Value:
        """The signed 64-bit product of two registers."""
        ir = self.ir
        return ir.mul(ir.sext(self.read(n), I64), ir.sext(self.read(m), I64))

    def read_long(self, H: int, L: int) -> Value:
        """The 64-bit value of a register pair."""
        ir = self.ir
        high = ir.shl(ir.zext(self.read(H), I64), 32)
        return ir.or_(high, ir.zext(self.read(L), I64))

    def write_long(self, H: int, L: int, value: Value, S: int) -> None:
        """Write a register pair; N and Z of all 64 bits when ``S``."""
        ir = self.ir
        if S:
            ir.set("nf", ir.slt(value, 0))
            ir.set("zf", ir.eq(value, 0))
        low, high = ir.trunc(value, I32), ir.trunc(ir.shr(value, 32), I32)
        self.write(L, low)
        self.write(H, high)

    def _top(self, d: int, value: Value, R: int) -> None:
        """The high word of a 64-bit value, rounded to nearest when ``R``."""
        if R:
            value = self.ir.add(value, 0x80000000)
        self.write(d, self.ir.trunc(self.ir.shr(value, 32), I32))


class Multiply(MultiplyWords):
    """Products of halfwords, one or two at a time; with those of words, the whole family."""

    def SMLAxy(self, c: int, d: int, a: int, m: int, M: int, N: int, n: int) -> None:
        """SMLA<x><y><c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, a, m, n)
        self.predicate(c)
        product = self.ir.mul(self.half(self.read(n), N), self.half(self.read(m), M))
        self._accumulate(d, product, a)

    def SMULxy(self, c: int, d: int, m: int, M: int, N: int, n: int) -> None:
        """SMUL<x><y><c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self.ir.mul(self.half(self.read(n), N), self.half(self.read(m), M)))

    def SMLAWy(self, c: int, d: int, a: int, m: int, M: int, n: int) -> None:
        """SMLAW<y><c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, a, m, n)
        self.predicate(c)
        self._accumulate(d, self._word_by_half(n, m, M), a)

    def SMULWy(self, c: int, d: int, m: int, M: int, n: int) -> None:
        """SMULW<y><c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self._word_by_half(n, m, M))

    def SMLALxy(self, c: int, H: int, L: int, m: int, M: int, N: int, n: int) -> None:
        """SMLAL<x><y><c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._begin_long(c, H, L, m, n)
        ir = self.ir
        product = ir.mul(self.half(self.read(n), N), self.half(self.read(m), M))
        self.write_long(H, L, ir.add(self.read_long(H, L), ir.sext(product, I64)), 0)

    def SMLAD(self, c: int, d: int, a: int, m: int, X: int, n: int) -> None:
        """SMLAD{X}<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self._dual(c, d, a, m, X, n, subtract=False)

    def SMLSD(self, c: int, d: int, a: int, m: int, X: int, n: int) -> None:
        """SMLSD{X}<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self._dual(c, d, a, m, X, n, subtract=True)

    def SMUAD(self, c: int, d: int, m: int, X: int, n: int) -> None:
        """SMUAD{X}<c> <Rd>, <Rn>, <Rm>"""
        self._dual(c, d, None, m, X, n, subtract=False)

    def SMUSD(self, c: int, d: int, m: int, X: int, n: int) -> None:
        """SMUSD{X}<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self.ir.sub(*self._products(n, m, X)))

    def SMLALD(self, c: int, H: int, L: int, m: int, X: int, n: int) -> None:
        """SMLALD{X}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._dual_long(c, H, L, m, X, n, subtract=False)

    def SMLSLD(self, c: int, H: int, L: int, m: int, X: int, n: int) -> None:
        """SMLSLD{X}<c> <RdLo>, <RdHi>, <Rn>, <Rm>"""
        self._dual_long(c, H, L, m, X, n, subtract=True)

    # -- shared

    def half(self, value: Value, top: int) -> Value:
        """One half of a word, signed."""
        return self.ir.sar(value if top else self.ir.shl(value, 16), 16)

    def _accumulate(self, d: int, product: Value, a: int) -> None:
        """Add Ra; Q when that overflows."""
        addend = self.read(a)
        self.saturate(self.ir.overflow(product, addend, 0))
        self.write(d, self.ir.add(product, addend))

    def _word_by_half(self, n: int, m: int, M: int) -> Value:
        """The top 32 of the 48 bits of a word times a halfword."""
        ir = self.ir
        half = self.half(self.read(m), M)
        product = ir.mul(ir.sext(self.read(n), I64), ir.sext(half, I64))
        return ir.trunc(ir.shr(product, 16), I32)

    def _products(self, n: int, m: int, X: int) -> tuple[Value, Value]:
        """The products of the low and of the high halves; ``X`` exchanges those of Rm."""
        a, b = self.read(n), self.read(m)
        low = self.ir.mul(self.half(a, 0), self.half(b, X))
        return low, self.ir.mul(self.half(a, 1), self.half(b, 1 - X))

    def _combined(self, n: int, m: int, X: int, subtract: bool) -> Value:
        """Sum or difference of the two products, exact in 64 bits."""
        ir = self.ir
        low, high = (ir.sext(product, I64) for product in self._products(n, m, X))
        return ir.sub(low, high) if subtract else ir.add(low, high)

    def _dual(
        self, c: int, d: int, a: int | None, m: int, X: int, n: int, *, subtract: bool
    ) -> None:
        """Both products and Ra in one sum; Q when it does not fit a word."""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        ir = self.ir
        total = self._combined(n, m, X, subtract)
        if a is not None:
            total = ir.add(total, ir.sext(self.read(a), I64))
        value = ir.trunc(total, I32)
        self.saturate(ir.ne(ir.sext(value, I64), total))
        self.write(d, value)

    def _dual_long(self, c: int, H: int, L: int, m: int, X: int, n: int, *, subtract: bool) -> None:
        self._begin_long(c, H, L, m, n)
        total = self._combined(n, m, X, subtract)
        self.write_long(H, L, self.ir.add(self.read_long(H, L), total), 0)
