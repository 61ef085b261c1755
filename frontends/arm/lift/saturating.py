"""Saturating arithmetic; Q sticks when a result did not fit."""

from dbt.ir.block import Value
from frontends.arm.lift.operands import ASR, LSL
from frontends.arm.lift.parallel import Lanes


class Saturating(Lanes):
    """QADD and its kin, SSAT and USAT."""

    def QADD(self, c: int, n: int, d: int, m: int) -> None:
        """QADD<c> <Rd>, <Rm>, <Rn>"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        self.write(d, self._sum(self.read(m), self.read(n)))

    def QSUB(self, c: int, n: int, d: int, m: int) -> None:
        """QSUB<c> <Rd>, <Rm>, <Rn>"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        self.write(d, self._difference(self.read(m), self.read(n)))

    def QDADD(self, c: int, n: int, d: int, m: int) -> None:
        """QDADD<c> <Rd>, <Rm>, <Rn>"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        addend = self.read(n)
        self.write(d, self._sum(self.read(m), self._sum(addend, addend)))

    def QDSUB(self, c: int, n: int, d: int, m: int) -> None:
        """QDSUB<c> <Rd>, <Rm>, <Rn>"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        addend = self.read(n)
        self.write(d, self._difference(self.read(m), self._sum(addend, addend)))

    def SSAT(self, c: int, s: int, d: int, i: int, t: int, n: int) -> None:
        """SSAT<c> <Rd>, #<imm>, <Rn>{, <shift>}"""
        self.refuse_pc(d, n)
        self.predicate(c)
        self._bound(d, self.shifted(n, ASR if t else LSL, i)[0], -(1 << s), (1 << s) - 1)

    def USAT(self, c: int, s: int, d: int, i: int, t: int, n: int) -> None:
        """USAT<c> <Rd>, #<imm>, <Rn>{, <shift>}"""
        self.refuse_pc(d, n)
        self.predicate(c)
        self._bound(d, self.shifted(n, ASR if t else LSL, i)[0], 0, (1 << s) - 1)

    def SSAT16(self, c: int, s: int, d: int, n: int) -> None:
        """SSAT16<c> <Rd>, #<imm>, <Rn>"""
        self._bound_halves(c, d, n, -(1 << s), (1 << s) - 1)

    def USAT16(self, c: int, s: int, d: int, n: int) -> None:
        """USAT16<c> <Rd>, #<imm>, <Rn>"""
        self._bound_halves(c, d, n, 0, (1 << s) - 1)

    # -- shared

    def _sum(self, a: Value, b: Value) -> Value:
        ir = self.ir
        return self._limited(ir.add(a, b), ir.overflow(a, b, 0))

    def _difference(self, a: Value, b: Value) -> Value:
        ir = self.ir
        return self._limited(ir.sub(a, b), ir.overflow(a, ir.not_(b), 1))

    def _limited(self, wrapped: Value, overflow: Value) -> Value:
        """The bound on the side that a wrapped result left: its sign is the wrong one."""
        ir = self.ir
        self.saturate(overflow)
        bound = ir.xor(ir.sar(wrapped, 31), 0x80000000)
        return ir.select(overflow, bound, wrapped)

    def _bound(self, d: int, value: Value, low: int, high: int) -> None:
        result = self.clamped(value, low, high)
        self.saturate(self.ir.ne(result, value))
        self.write(d, result)

    def _bound_halves(self, c: int, d: int, n: int, low: int, high: int) -> None:
        self.refuse_pc(d, n)
        self.predicate(c)
        ir = self.ir
        word = self.read(n)
        halves = [self.lane(word, index, 16, True) for index in range(2)]
        results = [self.clamped(half, low, high) for half in halves]
        changed = [ir.ne(a, b) for a, b in zip(halves, results, strict=True)]
        self.saturate(ir.or_(*changed))
        self.write(d, self.packed(results, 16))
