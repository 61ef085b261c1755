"""The base of all lifting methods: registers, flags, memory, the condition, the ends of a block.

A family of instructions is a mixin on ``Lifter`` with one method per row of its encoding table;
the arguments are exactly the row's letters, in the row's order. A method either

- calls ``predicate(c)``, computes, and calls ``write`` and ``set_flags``, if it only has data
  effects, or
- begins with ``if self.split_on_condition(c): return``, if it may leave the block, and then calls
  ``end``; what follows is unconditional.

Loads and stores come before any ``write`` or flag: an instruction that faults did nothing.
"""

from typing import Any, NoReturn

from dbt.decode.table import Row, Table
from dbt.ir.block import (
    CONDITION_PASSED,
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Goto,
    Jump,
    Return,
    Value,
)
from dbt.ir.builder import Builder
from dbt.ir.layout import JUMP_SLOT
from dbt.ir.symbolic import pick
from dbt.ir.types import F32, F64, I1, I8, I16, I32, I64, Type
from frontends.arm.conditions import AL, condition
from frontends.arm.idioms import Idioms, Transfer
from frontends.arm.keys import BIG, FRONTEND_MODE, HELD, LEAVE, key_of
from frontends.arm.registers import REGISTERS


class Refused(Exception):
    """The instruction is UNDEFINED, or UNPREDICTABLE in a way that we make UNDEFINED."""


class Lifter:
    """Lifts one block, instruction by instruction. ``pc`` is that of the current one.

    What differs in Thumb state is overridden by ``T32Lifter``.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.ir = Builder(block.insts)
        self.pc = block.key.pc
        self.exit: Exit | None = None
        self.condition_passed = bool(block.key.mode & CONDITION_PASSED)
        """True when the current instruction's condition has been tested and holds."""
        self.mode = block.key.mode & ~CONDITION_PASSED
        """Mode of the block at ``pc``; after the first instruction only the frontend's bits."""
        self.word = 0
        """The current instruction."""
        self.size = 4
        """Its bytes."""
        self.previous: int | None = None
        """The word before it in memory, which may be outside of the block (see ``idioms``)."""

    @property
    def idioms(self) -> Idioms:
        """What a jump by the current instruction means."""
        return Idioms(self.word, self.previous)

    # -- registers and flags

    def read(self, n: int) -> Value:
        """Register ``n``; r15 reads as the address of the instruction plus 8, a constant."""
        if n == 15:
            return Const((self.pc + 8) & 0xFFFFFFFF, I32)
        return self.ir.get(pick(REGISTERS, n))

    def base(self, n: int) -> Value:
        """Register ``n`` as the base of an address."""
        return self.read(n)

    def write(self, n: int, value: Value) -> None:
        """Write r0 to r14 (predicated). Writes to r15 are exits: see ``jump``."""
        self.ir.set(pick(REGISTERS, n), value)

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

    def saturate(self, happened: Value) -> None:
        """Set Q when ``happened`` is 1; else it stays as it is."""
        self.ir.set("q", self.ir.or_(self.flag("q"), happened))

    # -- memory, in the byte order that CPSR.E asks for

    def load(self, address: Value, type_: Type = I32) -> Value:
        """Load a value, in the byte order of the block's mode."""
        return self._ordered(self.ir.load(address, type_))

    def store(self, address: Value, value: Value) -> None:
        """Store a value, in the byte order of the block's mode."""
        self.ir.store(address, self._ordered(value))

    def _ordered(self, value: Value) -> Value:
        """The value with its bytes reversed when data is big-endian; of i64, those of each word."""
        if not self.mode & BIG or value.type is I8:
            return value
        ir = self.ir
        if value.type is F32 or value.type is F64:
            integer = I32 if value.type is F32 else I64
            return ir.bitcast(ir.bswap(ir.bitcast(value, integer)), value.type)
        if value.type is I64:
            low, high = ir.trunc(value, I32), ir.trunc(ir.shr(value, 32), I32)
            upper = ir.shl(ir.zext(self._ordered(high), I64), 32)
            return ir.or_(upper, ir.zext(self._ordered(low), I64))
        if value.type is I16:
            wide = ir.zext(value, I32)
            return ir.trunc(ir.or_(ir.shl(wide, 8), ir.shr(wide, 8)), I16)
        outer = ir.and_(ir.ror(value, 8), 0xFF00FF00)
        return ir.or_(outer, ir.and_(ir.ror(value, 24), 0x00FF00FF))

    # -- conditions

    @property
    def condition(self) -> int:
        """The condition of the current instruction, for one that is no row."""
        return min(self.word >> 28, AL)

    def predicate(self, c: int) -> None:
        """Make the effects of the current instruction conditional on ``c`` (flags as of now)."""
        if c != AL and not self.condition_passed:
            self.ir.when = condition(self.ir, c)

    def split_on_condition(self, c: int) -> bool:
        """End the block with a test of ``c``, for instructions that leave it. Returns True when the
        block is complete; False when the condition is always true or has been tested, and the
        instruction has to be lifted."""
        if c == AL or self.condition_passed:
            return False
        taken = BlockKey(self.pc, self.mode | CONDITION_PASSED)
        self.end(Branch(condition(self.ir, c), taken, self.next_key))
        return True

    # -- ends of a block

    @property
    def next_pc(self) -> int:
        """The address after the current instruction."""
        return (self.pc + self.size) & 0xFFFFFFFF

    @property
    def key(self) -> BlockKey:
        """The block that begins with the current instruction."""
        return BlockKey(self.pc, self.mode & FRONTEND_MODE)

    @property
    def link(self) -> int:
        """The location after the current instruction: what a call leaves in lr."""
        return self.next_pc

    @property
    def next_key(self) -> BlockKey:
        """The block after the current instruction."""
        return BlockKey(self.next_pc, self.mode & FRONTEND_MODE)

    # -- one instruction

    table: Table
    """The encodings that it lifts."""

    def lift_row(self, row: Row, fields: tuple[Any, ...]) -> None:
        """Lift an instruction of a row of the table."""
        raise NotImplementedError

    def simd_table(self) -> Table:
        """The encodings of Advanced SIMD, whose words are in spaces of their own
        (``keys.is_simd``)."""
        raise NotImplementedError

    def lift_simd(self, row: Row, fields: tuple[Any, ...]) -> None:
        """Lift an instruction of a row of that table."""
        raise NotImplementedError

    def take_changing(self, word: Any) -> None:
        """Take over the changing part of the mode from the number of the first instruction (see
        ``Frontend.changing``)."""

    def begin_instruction(self) -> None:
        """Prepare for the instruction at ``pc``."""

    def end_instruction(self) -> None:
        """Add to what the instruction's method has lifted."""

    def end(self, exit_: Exit) -> None:
        """End the block with an exit."""
        self.exit = exit_

    def jump(self, target: Value) -> None:
        """End the block after arithmetic on pc: with a call if the instruction before has set lr,
        else with a jump."""
        self.transfer(self.idioms.computed_jump(), self.in_same_state(target))

    def in_same_state(self, target: Value) -> Value:
        """The location for a result that is written to pc. In ARM state from ARMv7 on, that is as
        ``bx`` has it (ALUWritePC)."""
        return target

    def transfer(self, kind: Transfer, target: Value) -> None:
        """End the block with a jump, call or return to a location. A constant one becomes a direct
        target, except of a return."""
        known = key_of(target.value) if isinstance(target, Const) else None
        held = self.mode & HELD
        if held and (known is None or kind is Transfer.RETURN):
            self.leave(target)
            return
        if known is not None and held:
            known = BlockKey(known.pc, known.mode | held)
        match kind:
            case Transfer.CALL:
                self.end(Call(known or target, self.link))
            case Transfer.RETURN:
                self.end(Return(target))
            case Transfer.JUMP:
                self.end(Goto(known) if known else Jump(target))

    def leave(self, target: Value) -> None:
        """End the block with a jump that Python makes. Translated code looks blocks up by location,
        which does not have all of the mode. So the next block halts with ``jump``, and Python
        reads the location from the state."""
        self.ir.set(JUMP_SLOT, target)
        self.end(Goto(BlockKey(self.pc, self.mode & FRONTEND_MODE | LEAVE)))

    def refuse_pc(self, *registers: int) -> None:
        """Refuse the instruction when one of its registers is r15."""
        if 15 in registers:
            raise Refused

    def undefined(self) -> NoReturn:
        """Refuse the instruction: the block halts here with ``undefined``."""
        raise Refused

    def unpredictable(self) -> NoReturn:
        """Refuse a form whose result the manual leaves open; the same as ``undefined``."""
        raise Refused
