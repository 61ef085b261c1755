"""The shifter, the adder and the results of all data processing forms (ARM ARM A8.4)."""

from dbt.ir.block import Const, Value
from dbt.ir.types import I1, I32
from frontends.arm.lifter import Lifter

LSL, LSR, ASR, ROR = range(4)


class Operands(Lifter):
    """The second operand of data processing, and the common ends of its methods."""

    # -- second operands: a value and the shifter's carry (None: C stays as it is)

    def rotated(self, r: int, i: int) -> tuple[Const, Const | None]:
        """An 8-bit immediate rotated right by twice ``r``."""
        value = (i >> 2 * r | i << (32 - 2 * r)) & 0xFFFFFFFF
        return Const(value, I32), Const(value >> 31, I1) if r else None

    def shifted(self, m: int, t: int, a: int, S: int = 0) -> tuple[Value, Value | None]:
        """Rm shifted by an immediate; the carry only when ``S``."""
        value = self.read(m)
        if a == 0:
            return self._shifted_by_zero(value, t, S)
        carry = None
        if S:
            bit = 32 - a if t == LSL else a - 1
            carry = self.bit(value, bit)
        return self._shift(value, t, self.ir.const(a)), carry

    def _shifted_by_zero(self, value: Value, t: int, S: int) -> tuple[Value, Value | None]:
        """The special encodings: lsl #0 is no shift, lsr and asr #0 shift by 32, ror #0 is rrx."""
        if t == LSL:
            return value, None
        if t == ROR:
            high = self.ir.shl(self.ir.zext(self.flag("cf"), I32), 31)
            carry = self.bit(value, 0) if S else None
            return self.ir.or_(high, self.ir.shr(value, 1)), carry
        carry = self.bit(value, 31) if S else None
        return self._shift(value, t, self.ir.const(32)), carry

    def shifted_by_register(self, m: int, t: int, s: int, S: int = 0) -> tuple[Value, Value | None]:
        """Rm shifted by the low byte of Rs; the carry only when ``S``."""
        ir = self.ir
        value = self.read(m)
        amount = ir.and_(self.read(s), 0xFF)
        result = self._shift(value, t, amount)
        if not S:
            return result, None
        if t == ROR:
            last = self.bit(result, 31)
        else:
            # The last bit shifted out is what one place less would leave at the edge.
            almost = self._shift(value, t, ir.sub(amount, 1))
            last = self.bit(almost, 31 if t == LSL else 0)
        return result, ir.select(ir.eq(amount, 0), self.flag("cf"), last)

    def _shift(self, value: Value, t: int, amount: Value) -> Value:
        ir = self.ir
        return (ir.shl, ir.shr, ir.sar, ir.ror)[t](value, amount)

    def bit(self, value: Value, n: int) -> Value:
        """Bit ``n`` of an i32 as an i1."""
        if n == 31:
            return self.ir.slt(value, 0)
        return self.ir.trunc(self.ir.shr(value, n) if n else value, I1)

    def inverted(self, value: Value) -> Value:
        """The complement; of a constant, a constant."""
        if isinstance(value, Const):
            return Const(value.value ^ 0xFFFFFFFF, I32)
        return self.ir.not_(value)

    # -- beginnings and ends

    def begin(self, c: int, S: int, d: int) -> bool:
        """Test the condition; False when that completes the block, as writing r15 leaves it."""
        if d != 15:
            self.predicate(c)
            return True
        if S:
            self.unpredictable()
        return not self.split_on_condition(c)

    def result(self, d: int, value: Value) -> None:
        """Write Rd, or jump there (ALUWritePC: interworks in ARM state from ARMv7)."""
        if d == 15:
            self.jump(value)
        else:
            self.write(d, value)

    def logical(self, S: int, d: int, value: Value, carry: Value | None) -> None:
        """A logical operation's result; its C is the shifter's."""
        if S:
            self.set_flags(value, carry)
        self.result(d, value)

    def add(self, S: int, d: int, a: Value, b: Value) -> None:
        """``a + b`` to Rd."""
        if S:
            self.result(d, self.add_flags(a, b))
        elif isinstance(a, Const) and isinstance(b, Const):
            self.result(d, self.ir.const(a.value + b.value))
        else:
            self.result(d, self.ir.add(a, b))

    def sub(self, S: int, d: int, a: Value, b: Value) -> None:
        """``a - b`` to Rd."""
        if S:
            self.result(d, self.sub_flags(a, b))
        elif isinstance(a, Const) and isinstance(b, Const):
            self.result(d, self.ir.const(a.value - b.value))
        else:
            self.result(d, self.ir.sub(a, b))

    def add_flags(self, a: Value, b: Value) -> Value:
        """Set all flags of ``a + b``; gives the sum."""
        ir = self.ir
        value = ir.add(a, b)
        self.set_flags(value, ir.carry(a, b, 0), ir.overflow(a, b, 0))
        return value

    def sub_flags(self, a: Value, b: Value) -> Value:
        """Set all flags of ``a - b``, C being no borrow; gives the difference."""
        ir = self.ir
        if isinstance(b, Const) and b.value == 0:  # cmp rN, #0, the commonest
            self.set_flags(a, Const(1, I1), Const(0, I1))
            return a
        value = ir.sub(a, b)
        self.set_flags(value, ir.ule(b, a), ir.overflow(a, self.inverted(b), 1))
        return value

    def add_with_carry(self, S: int, d: int, a: Value, b: Value) -> None:
        """``a + b + C`` to Rd; subtractions come with one operand inverted."""
        ir = self.ir
        c = self.flag("cf")
        value = ir.add(ir.add(a, b), ir.zext(c, I32))
        if S:
            self.set_flags(value, ir.carry(a, b, c), ir.overflow(a, b, c))
        self.result(d, value)
