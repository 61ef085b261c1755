"""Loads and stores of one register (ARM ARM A8.8.62 to A8.8.92, A8.8.203 to A8.8.220).

Unaligned words and halfwords are read and written as they are, as ARMv7 does. UNPREDICTABLE forms:
where write-back meets the loaded register the loaded value wins, and pc as an index or as a source
reads as ever (both as in QEMU); write-back to pc and loads of less than a word into pc are refused.
"""

from dbt.ir.block import Const, Value
from dbt.ir.types import I8, I16, I32, Type
from frontends.arm.lifter import Lifter


class LoadStore(Lifter):
    """One method per row; ``P U W n`` and an offset are the addressing mode of all of them."""

    # -- addressing

    def _address(self, P: int, U: int, W: int, n: int, offset: Value) -> tuple[Value, Value | None]:
        """The address to access, and the base's new value if there is write-back."""
        writes_back = bool(W or not P)
        if writes_back and n == 15:
            self.unpredictable()
        base = self.base(n)
        moved = self._moved(base, U, offset)
        return (moved if P else base), (moved if writes_back else None)

    def _moved(self, base: Value, up: int, offset: Value) -> Value:
        """``base`` plus or minus ``offset``; a constant where both are."""
        if isinstance(offset, Const):
            step = offset.value if up else -offset.value
            if isinstance(base, Const):
                return self.ir.const(base.value + step)
            return self.ir.add(base, step) if step else base
        return self.ir.add(base, offset) if up else self.ir.sub(base, offset)

    def _scaled(self, m: int, t: int, a: int) -> Value:
        """Register ``m`` shifted by an immediate; its carry out is not wanted (A8.4.3)."""
        value = self.read(m)
        match t:
            case 0:
                return self.ir.shl(value, a) if a else value
            case 1:
                return self.ir.shr(value, a) if a else self.ir.const(0)
            case 2:
                return self.ir.sar(value, a or 31)
        if a:
            return self.ir.ror(value, a)
        carry = self.ir.shl(self.ir.zext(self.flag("cf"), I32), 31)
        return self.ir.or_(carry, self.ir.shr(value, 1))

    # -- what all loads and all stores do

    def _load(
        self, c: int, P: int, U: int, W: int, n: int, d: int, offset: Value, type_: Type,
        signed: bool = False,
    ) -> None:  # fmt: skip
        if d == 15:
            self.unpredictable()
        self.predicate(c)
        address, moved = self._address(P, U, W, n, offset)
        value: Value = self.load(address, type_)
        if type_ is not I32:
            value = self.ir.sext(value, I32) if signed else self.ir.zext(value, I32)
        if moved is not None:
            self.write(n, moved)
        self.write(d, value)

    def _load_pc(self, P: int, U: int, W: int, n: int, offset: Value) -> None:
        address, moved = self._address(P, U, W, n, offset)
        target = self.load(address)
        if moved is not None:
            self.write(n, moved)
        self.transfer(self.idioms.load_jump(n, pops_it=bool(U and not P)), target)

    def _store(
        self, c: int, P: int, U: int, W: int, n: int, d: int, offset: Value, type_: Type
    ) -> None:
        self.predicate(c)
        address, moved = self._address(P, U, W, n, offset)
        value = self.read(d)
        self.store(address, value if type_ is I32 else self.ir.trunc(value, type_))
        if moved is not None:
            self.write(n, moved)

    # -- LDR, STR, LDRB, STRB, and their unprivileged forms

    def LDR_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldr Rt, [Rn, #i]; ldr Rt, [Rn, #i]!; ldr Rt, [Rn], #i; ldr Rt, label."""
        if d != 15:
            self._load(c, P, U, W, n, d, self.ir.const(i), I32)
        elif not self.split_on_condition(c):
            self._load_pc(P, U, W, n, self.ir.const(i))

    def LDR_reg(
        self, c: int, P: int, U: int, W: int, n: int, d: int, a: int, t: int, m: int
    ) -> None:
        """ldr Rt, [Rn, Rm, lsl #a]; also with ! or after the base."""
        if d != 15:
            self._load(c, P, U, W, n, d, self._scaled(m, t, a), I32)
        elif not self.split_on_condition(c):
            self._load_pc(P, U, W, n, self._scaled(m, t, a))

    def STR_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """str Rt, [Rn, #i]; Rt may be pc, which is stored as read."""
        self._store(c, P, U, W, n, d, self.ir.const(i), I32)

    def STR_reg(
        self, c: int, P: int, U: int, W: int, n: int, d: int, a: int, t: int, m: int
    ) -> None:
        """str Rt, [Rn, Rm, lsl #a]."""
        self._store(c, P, U, W, n, d, self._scaled(m, t, a), I32)

    def LDRB_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldrb Rt, [Rn, #i]."""
        self._load(c, P, U, W, n, d, self.ir.const(i), I8)

    def LDRB_reg(
        self, c: int, P: int, U: int, W: int, n: int, d: int, a: int, t: int, m: int
    ) -> None:
        """ldrb Rt, [Rn, Rm, lsl #a]."""
        self._load(c, P, U, W, n, d, self._scaled(m, t, a), I8)

    def STRB_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """strb Rt, [Rn, #i]."""
        self._store(c, P, U, W, n, d, self.ir.const(i), I8)

    def STRB_reg(
        self, c: int, P: int, U: int, W: int, n: int, d: int, a: int, t: int, m: int
    ) -> None:
        """strb Rt, [Rn, Rm, lsl #a]."""
        self._store(c, P, U, W, n, d, self._scaled(m, t, a), I8)

    # -- LDRH, STRH, LDRSB, LDRSH

    def LDRH_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldrh Rt, [Rn, #i]."""
        self._load(c, P, U, W, n, d, self.ir.const(i), I16)

    def LDRH_reg(self, c: int, P: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """ldrh Rt, [Rn, Rm]."""
        self._load(c, P, U, W, n, d, self.read(m), I16)

    def STRH_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """strh Rt, [Rn, #i]."""
        self._store(c, P, U, W, n, d, self.ir.const(i), I16)

    def STRH_reg(self, c: int, P: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """strh Rt, [Rn, Rm]."""
        self._store(c, P, U, W, n, d, self.read(m), I16)

    def LDRSB_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldrsb Rt, [Rn, #i]."""
        self._load(c, P, U, W, n, d, self.ir.const(i), I8, signed=True)

    def LDRSB_reg(self, c: int, P: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """ldrsb Rt, [Rn, Rm]."""
        self._load(c, P, U, W, n, d, self.read(m), I8, signed=True)

    def LDRSH_imm(self, c: int, P: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldrsh Rt, [Rn, #i]."""
        self._load(c, P, U, W, n, d, self.ir.const(i), I16, signed=True)

    def LDRSH_reg(self, c: int, P: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """ldrsh Rt, [Rn, Rm]."""
        self._load(c, P, U, W, n, d, self.read(m), I16, signed=True)
