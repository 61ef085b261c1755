"""Parallel addition and subtraction: two halfwords or four bytes at once (ARM ARM A5.4.1, A5.4.2).

A family says what becomes of each lane's exact result; an operation says which lanes meet, and how.
"""

from collections.abc import Callable

from dbt.ir.block import Value
from frontends.arm.lift.operands import Operands

# What a family does to lanes: plain (sets GE), saturated, halved; signed or not.
PLAIN, SATURATED, HALVED = range(3)
SIGNED, UNSIGNED = True, False

# Per lane of the result: which lane of Rm meets that lane of Rn, and whether it is subtracted.
ADD16 = ((0, False), (1, False))
SUB16 = ((0, True), (1, True))
ASX = ((1, True), (0, False))
SAX = ((1, False), (0, True))
ADD8 = tuple((lane, False) for lane in range(4))
SUB8 = tuple((lane, True) for lane in range(4))

Operation = tuple[tuple[int, bool], ...]
Method = Callable[["Parallel", int, int, int, int], None]


class Lanes(Operands):
    """Taking words apart into lanes of 8 or 16 bits, and putting them together."""

    def lane(self, value: Value, index: int, bits: int, signed: bool) -> Value:
        """Lane ``index`` of a word, extended to a word."""
        ir = self.ir
        low = index * bits
        if signed:
            high = 32 - bits - low
            return ir.sar(ir.shl(value, high) if high else value, 32 - bits)
        shifted = ir.shr(value, low) if low else value
        return shifted if low + bits == 32 else ir.and_(shifted, (1 << bits) - 1)

    def packed(self, lanes: list[Value], bits: int) -> Value:
        """A word of lanes, each cut to ``bits``."""
        ir = self.ir
        word: Value = ir.and_(lanes[0], (1 << bits) - 1)
        for index, lane in enumerate(lanes[1:], 1):
            last = (index + 1) * bits == 32
            cut = lane if last else ir.and_(lane, (1 << bits) - 1)
            word = ir.or_(word, ir.shl(cut, index * bits))
        return word

    def clamped(self, value: Value, low: int, high: int) -> Value:
        """A signed word, at least ``low`` and at most ``high``."""
        ir = self.ir
        least, most = ir.const(low), ir.const(high)
        floor = ir.select(ir.slt(value, least), least, value)
        return ir.select(ir.slt(most, value), most, floor)


def _parallel(kind: int, signed: bool, operation: Operation) -> Method:
    """The method of one instruction: ``<op><c> <Rd>, <Rn>, <Rm>``."""
    bits = 32 // len(operation)

    def method(self: "Parallel", c: int, n: int, d: int, m: int) -> None:
        self.refuse_pc(n, d, m)
        self.predicate(c)
        ir = self.ir
        a, b = self.read(n), self.read(m)
        exact: list[Value] = []
        for index, (other, subtracted) in enumerate(operation):
            left = self.lane(a, index, bits, signed)
            right = self.lane(b, other, bits, signed)
            exact.append(ir.sub(left, right) if subtracted else ir.add(left, right))
        if kind == PLAIN:
            self.set_ge(exact, operation, bits, signed)
        elif kind == SATURATED:
            low = -(1 << (bits - 1)) if signed else 0
            exact = [self.clamped(value, low, low + (1 << bits) - 1) for value in exact]
        else:
            exact = [ir.sar(value, 1) for value in exact]
        self.write(d, self.packed(exact, bits))

    return method


class Parallel(Lanes):
    """The thirty-six parallel instructions."""

    def set_ge(self, exact: list[Value], operation: Operation, bits: int, signed: bool) -> None:
        """GE per byte: the lane did not go below zero, or, in an unsigned sum, carried out."""
        ir = self.ir
        for index, (value, (_, subtracted)) in enumerate(zip(exact, operation, strict=True)):
            if signed or subtracted:
                ge: Value = ir.sle(ir.const(0), value)
            else:
                ge = self.bit(value, bits)
            for byte in range(index * bits // 8, (index + 1) * bits // 8):
                ir.set(f"ge{byte}", ge)

    SADD16 = _parallel(PLAIN, SIGNED, ADD16)
    SASX = _parallel(PLAIN, SIGNED, ASX)
    SSAX = _parallel(PLAIN, SIGNED, SAX)
    SSUB16 = _parallel(PLAIN, SIGNED, SUB16)
    SADD8 = _parallel(PLAIN, SIGNED, ADD8)
    SSUB8 = _parallel(PLAIN, SIGNED, SUB8)

    QADD16 = _parallel(SATURATED, SIGNED, ADD16)
    QASX = _parallel(SATURATED, SIGNED, ASX)
    QSAX = _parallel(SATURATED, SIGNED, SAX)
    QSUB16 = _parallel(SATURATED, SIGNED, SUB16)
    QADD8 = _parallel(SATURATED, SIGNED, ADD8)
    QSUB8 = _parallel(SATURATED, SIGNED, SUB8)

    SHADD16 = _parallel(HALVED, SIGNED, ADD16)
    SHASX = _parallel(HALVED, SIGNED, ASX)
    SHSAX = _parallel(HALVED, SIGNED, SAX)
    SHSUB16 = _parallel(HALVED, SIGNED, SUB16)
    SHADD8 = _parallel(HALVED, SIGNED, ADD8)
    SHSUB8 = _parallel(HALVED, SIGNED, SUB8)

    UADD16 = _parallel(PLAIN, UNSIGNED, ADD16)
    UASX = _parallel(PLAIN, UNSIGNED, ASX)
    USAX = _parallel(PLAIN, UNSIGNED, SAX)
    USUB16 = _parallel(PLAIN, UNSIGNED, SUB16)
    UADD8 = _parallel(PLAIN, UNSIGNED, ADD8)
    USUB8 = _parallel(PLAIN, UNSIGNED, SUB8)

    UQADD16 = _parallel(SATURATED, UNSIGNED, ADD16)
    UQASX = _parallel(SATURATED, UNSIGNED, ASX)
    UQSAX = _parallel(SATURATED, UNSIGNED, SAX)
    UQSUB16 = _parallel(SATURATED, UNSIGNED, SUB16)
    UQADD8 = _parallel(SATURATED, UNSIGNED, ADD8)
    UQSUB8 = _parallel(SATURATED, UNSIGNED, SUB8)

    UHADD16 = _parallel(HALVED, UNSIGNED, ADD16)
    UHASX = _parallel(HALVED, UNSIGNED, ASX)
    UHSAX = _parallel(HALVED, UNSIGNED, SAX)
    UHSUB16 = _parallel(HALVED, UNSIGNED, SUB16)
    UHADD8 = _parallel(HALVED, UNSIGNED, ADD8)
    UHSUB8 = _parallel(HALVED, UNSIGNED, SUB8)
