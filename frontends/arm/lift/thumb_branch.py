"""Branches of T32 (ARM ARM A8.8.18, A8.8.25, A8.8.29, A8.8.236), and IT (A8.8.54)."""

from dbt.ir.block import BlockKey, Branch, Call, Const, Goto, Swi
from dbt.ir.types import I8, I16, I32, Type
from frontends.arm.conditions import AL, condition
from frontends.arm.idioms import Transfer
from frontends.arm.keys import FRONTEND_MODE, THUMB
from frontends.arm.lift.branch import Branches


class ThumbBranches(Branches):
    """Rows of ``encodings/t32_branch.py`` without a method of A32, and those that leave blocks in
    another way."""

    it_after = 0
    """ITSTATE of the instruction that is next."""

    # -- to a label

    def B_short(self, k: int, i: int) -> None:
        """b<k> label."""
        self._branch_if(k, 2 * i - (i >> 7 << 9))

    def B_cond(self, s: int, k: int, i: int, j: int, J: int) -> None:
        """b<k>.w label."""
        if k >= AL:
            self.undefined()
        self._branch_if(k, (J << 19 | j << 18 | i << 1) - (s << 20))

    def B_near(self, c: int, i: int) -> None:
        """b label."""
        self._branch_if(c, 2 * i - (i >> 10 << 12))

    def B_wide(self, c: int, s: int, i: int, j: int, J: int) -> None:
        """b.w label."""
        self._branch_if(c, _far(s, j, J, i << 1))

    def CBZ(self, z: int, i: int, n: int) -> None:
        """cbz Rn, label; cbnz Rn, label."""
        value = self.read(n)
        holds = self.ir.ne(value, 0) if z else self.ir.eq(value, 0)
        self.end(Branch(holds, self._target(2 * i), self.next_key))

    def _branch_if(self, c: int, offset: int) -> None:
        target = self._target(offset)
        if c == AL:
            self.end(Goto(target))
        else:
            self.end(Branch(condition(self.ir, c), target, self.next_key))

    def _target(self, offset: int) -> BlockKey:
        return BlockKey((self.pc + 4 + offset) & 0xFFFFFFFF, self.mode & FRONTEND_MODE)

    # -- calls

    def BL_wide(self, c: int, s: int, i: int, j: int, J: int) -> None:
        """bl label."""
        if self.split_on_condition(c):
            return
        self.write(14, Const(self.link, I32))
        self.end(Call(self._target(_far(s, j, J, i << 1)), self.link))

    def BLX_wide(self, c: int, s: int, i: int, j: int, J: int) -> None:
        """blx label: to ARM state, from the aligned address of the instruction."""
        if self.split_on_condition(c):
            return
        self.write(14, Const(self.link, I32))
        target = ((self.pc & 0xFFFFFFFC) + 4 + _far(s, j, J, i << 2)) & 0xFFFFFFFF
        self.end(Call(BlockKey(target, self.mode & FRONTEND_MODE & ~THUMB), self.link))

    # -- tables

    def TBB(self, c: int, n: int, m: int) -> None:
        """tbb [Rn, Rm]: forward by twice the byte that is there."""
        self._table_branch(c, n, m, I8)

    def TBH(self, c: int, n: int, m: int) -> None:
        """tbh [Rn, Rm, lsl #1]: forward by twice the halfword that is there."""
        self._table_branch(c, n, m, I16)

    def _table_branch(self, c: int, n: int, m: int, type_: Type) -> None:
        if self.split_on_condition(c):
            return
        ir = self.ir
        index = ir.shl(self.read(m), 1) if type_ is I16 else self.read(m)
        entry = ir.zext(self.load(ir.add(self.read(n), index), type_), I32)
        self.transfer(Transfer.JUMP, ir.add(ir.shl(entry, 1), ir.const(self.pc + 4 | 1)))

    # -- system calls and IT

    def SVC(self, c: int, i: int) -> None:
        """svc #i. Linux ignores the immediate in Thumb state: the number is in r7
        (arch/arm/kernel/entry-common.S)."""
        del i
        if not self.split_on_condition(c):
            self.end(Swi(0, self.next_key))

    def IT(self, f: int, M: int) -> None:
        """it{x{y{z}}} <firstcond>: up to four instructions have a condition."""
        if f == 15 or (f == AL and M & (M - 1)):
            self.unpredictable()
        self.it_after = f << 4 | M


def _far(s: int, j: int, J: int, low: int) -> int:
    """An offset of 25 bits: S:I1:I2 in front of the low ones, where I is NOT (J EOR S)."""
    return ((1 ^ j ^ s) << 23 | (1 ^ J ^ s) << 22 | low) - (s << 24)
