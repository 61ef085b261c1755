"""What all lifting methods of VFP instructions share: registers, FPSCR, short vectors."""

from typing import Any

from dbt.ir.block import BlockKey, Value
from dbt.ir.symbolic import pick
from dbt.ir.types import F32, F64, I32, Type
from frontends.arm.keys import THUMB, VECTORS
from frontends.arm.lifter import Lifter
from frontends.arm.registers import DOUBLES, FPSCR_FLAGS, SINGLES


def format_of(z: int) -> Type:
    """The type of operands: double precision, or single."""
    return F64 if z else F32


class VfpRegisters(Lifter):
    """Names and accesses; no row."""

    def vector(self, register: int, bit: int, z: int, plus: int = 0) -> Any:
        """The slot of the register with these five bits, or one so many behind it (A7.3): a double
        has the single bit as its highest, a single as its lowest."""
        if z:
            return pick(DOUBLES, ((bit << 4 | register) + plus) & 31)
        return pick(SINGLES, ((register << 1 | bit) + plus) & 31)

    def number(self, register: int, bit: int, z: int) -> int:
        """The number of a register."""
        return bit << 4 | register if z else register << 1 | bit

    def read_vector(self, register: int, bit: int, z: int) -> Value:
        """A register's value."""
        return self.ir.get(self.vector(register, bit, z), format_of(z))

    def write_vector(self, register: int, bit: int, z: int, value: Value) -> None:
        """Write a register (predicated)."""
        self.ir.set(self.vector(register, bit, z), value)

    def refuse_core(self, *registers: int) -> None:
        """Refuse pc as a core register, and sp in Thumb state."""
        self.refuse_pc(*registers)
        if self.mode & THUMB and 13 in registers:
            self.unpredictable()

    def scalar_only(self) -> None:
        """Refuse an operation while the FPSCR asks for short vectors."""
        if self.mode & VECTORS:
            self.undefined()

    def next_with(self, vectors: int) -> BlockKey:
        """The block after the current instruction, when the FPSCR asks for short vectors or not."""
        return BlockKey(self.next_pc, self.next_key.mode & ~VECTORS | VECTORS * vectors)

    def whole_fpscr(self) -> Value:
        """The FPSCR with its flags."""
        value: Value = self.ir.get("fpscr")
        for name, bit in FPSCR_FLAGS.items():
            value = self.ir.or_(value, self.ir.shl(self.ir.zext(self.flag(name), I32), bit))
        return value
