"""What every lifting method has at hand: registers, flags, the condition, the ways to end a block.

A family of instructions is a mixin on ``Translator`` with one method per row of its encoding table;
the arguments are exactly the row's letters, in the row's order. A method either

- calls ``predicate(c)``, computes, and calls ``write`` and ``set_flags``, if it only has data
  effects, or
- begins with ``if self.split_on_condition(c): return``, if it may leave the block, and then calls
  ``end``; what follows is unconditional.

Loads and stores come before any ``write`` or flag: an instruction that faults did nothing.
"""

from typing import NoReturn

from dbt.ir.block import (
    FRONTEND_MODE_SHIFT,
    TAKEN,
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Jump,
    Return,
    Value,
)
from dbt.ir.builder import Builder
from dbt.ir.types import I1, I32
from frontends.arm.conditions import AL, condition
from frontends.arm.registers import REGISTERS

FRONTEND_MODE = -1 << FRONTEND_MODE_SHIFT
THUMB = 1 << FRONTEND_MODE_SHIFT
"""Mode bit of Thumb state; bit 0 of a location."""


class Refused(Exception):
    """The instruction is UNDEFINED, or UNPREDICTABLE in a way that we make UNDEFINED."""


class Translator:
    """Lifts one block, instruction by instruction. ``pc`` is that of the current one."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.ir = Builder(block.insts)
        self.pc = block.key.pc
        self.exit: Exit | None = None
        self.taken = bool(block.key.mode & TAKEN)
        """The current instruction's condition has been tested already."""
        self.mode = block.key.mode & ~TAKEN
        """Mode of the block at ``pc``; after the first instruction only the frontend's bits."""
        self.known_lr: int | None = None
        """The constant that lr holds, where this block set it (``mov lr, pc``)."""

    # -- registers and flags

    def read(self, n: int) -> Value:
        """Register ``n``; r15 reads as the address of the instruction plus 8, a constant."""
        if n == 15:
            return Const((self.pc + 8) & 0xFFFFFFFF, I32)
        return self.ir.get(REGISTERS[n])

    def write(self, n: int, value: Value) -> None:
        """Write r0 to r14 (predicated). Writes to r15 are exits: see ``jump``."""
        if n == 14:
            known = isinstance(value, Const) and self.ir.when is None
            self.known_lr = value.value if known and isinstance(value, Const) else None
        self.ir.set(REGISTERS[n], value)

    def flag(self, name: str) -> Value:
        """One flag of the APSR: nf zf cf vf q ge0 ge1 ge2 ge3."""
        return self.ir.get(name, I1)

    def set_nz(self, result: Value) -> None:
        """Set N and Z from a 32-bit result."""
        self.ir.set("nf", self.ir.slt(result, 0))
        self.ir.set("zf", self.ir.eq(result, 0))

    def set_flags(self, result: Value, carry: Value | None, overflow: Value | None = None) -> None:
        """Set N and Z from a result; C and V where given."""
        self.set_nz(result)
        if carry is not None:
            self.ir.set("cf", carry)
        if overflow is not None:
            self.ir.set("vf", overflow)

    # -- conditions

    def predicate(self, c: int) -> None:
        """Make the effects of the current instruction conditional on ``c`` (flags as of now)."""
        if c != AL and not self.taken:
            self.ir.when = condition(self.ir, c)

    def split_on_condition(self, c: int) -> bool:
        """End the block with a test of ``c``, for instructions that leave it. False: go on
        lifting, the condition is always true or has been tested; True: the block is complete."""
        if c == AL or self.taken:
            return False
        taken = BlockKey(self.pc, self.mode | TAKEN)
        self.end(Branch(condition(self.ir, c), taken, self.next_key))
        return True

    # -- ends of a block

    @property
    def next_pc(self) -> int:
        """The address after the current instruction."""
        return (self.pc + 4) & 0xFFFFFFFF

    @property
    def next_key(self) -> BlockKey:
        """The block after the current instruction."""
        return BlockKey(self.next_pc, self.mode & FRONTEND_MODE)

    def end(self, exit_: Exit) -> None:
        """End the block with an exit."""
        self.exit = exit_

    def jump(self, target: Value) -> None:
        """End with an indirect jump; a call when lr holds the address after it."""
        if self.known_lr == self.next_pc:
            self.end(Call(target, self.next_pc))
        else:
            self.end(Jump(target))

    def jump_register(self, n: int, target: Value) -> None:
        """End with a jump to the value of register ``n``: a return when that is lr."""
        if n == 14:
            self.end(Return(target))
        else:
            self.jump(target)

    def undefined(self) -> NoReturn:
        """Refuse the instruction: the block halts here with ``undefined``."""
        raise Refused

    def unpredictable(self) -> NoReturn:
        """Refuse a form whose result the manual leaves open; the same as ``undefined``."""
        raise Refused
