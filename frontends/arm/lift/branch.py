"""Branches (ARM ARM A8.8.18, A8.8.25 to A8.8.28). Returns, calls: ``idioms.py``."""

from dbt.ir.block import BlockKey, Branch, Call, Const, Goto, Value
from dbt.ir.types import I32
from frontends.arm.conditions import AL, condition
from frontends.arm.idioms import Transfer
from frontends.arm.keys import FRONTEND_MODE, THUMB
from frontends.arm.lifter import Lifter


class Branches(Lifter):
    """One method per row of ``encodings/branch.py``."""

    def _destination(self, i: int) -> int:
        """The address that a 24-bit offset in words names."""
        words = i - (1 << 24) if i >> 23 else i
        return (self.pc + 8 + 4 * words) & 0xFFFFFFFF

    def _link(self) -> None:
        self.write(14, Const(self.link, I32))

    def B(self, c: int, i: int) -> None:
        """b label; a call when lr was set for it."""
        target = BlockKey(self._destination(i), self.mode & FRONTEND_MODE)
        if self.idioms.links():
            if not self.split_on_condition(c):
                self.end(Call(target, self.link))
        elif c == AL or self.condition_passed:
            self.end(Goto(target))
        else:
            self.end(Branch(condition(self.ir, c), target, self.next_key))

    def BL(self, c: int, i: int) -> None:
        """bl label."""
        if self.split_on_condition(c):
            return
        self._link()
        target = BlockKey(self._destination(i), self.mode & FRONTEND_MODE)
        self.end(Call(target, self.link))

    def BLX_imm(self, H: int, i: int) -> None:
        """blx label: to Thumb, always."""
        self._link()
        target = (self._destination(i) + 2 * H) & 0xFFFFFFFF
        self.end(Call(BlockKey(target, self.mode & FRONTEND_MODE | THUMB), self.link))

    def BLX_reg(self, c: int, m: int) -> None:
        """blx Rm."""
        if m == 15:
            self.unpredictable()
        if self.split_on_condition(c):
            return
        target: Value = self.read(m)
        self._link()
        self.transfer(Transfer.CALL, target)

    def BX(self, c: int, m: int) -> None:
        """bx Rm."""
        if self.split_on_condition(c):
            return
        self.transfer(self.idioms.register_jump(m), self.read(m))

    def BXJ(self, c: int, m: int) -> None:
        """bxj Rm: without Jazelle, the same as bx."""
        self.BX(c, m)
