"""What all lifting methods of Advanced SIMD share: its registers, as vectors (ARM ARM A7.3)."""

from typing import Any

from dbt.ir.block import Value
from dbt.ir.symbolic import pick
from dbt.ir.types import F64, I8, I16, I32, I64, V64, V128, Type
from frontends.arm.lift.vfp_registers import VfpRegisters
from frontends.arm.registers import QUADS

LANES = (I8, I16, I32, I64)
"""The types of lanes, by the field that says their size."""


def vector_type(Q: int) -> Type:
    """The type of operands: quadwords, or doublewords."""
    return V128 if Q else V64


class NeonRegisters(VfpRegisters):
    """Names and accesses; no row. Registers are given as the instruction has them: four bits and
    one, which is the highest. ``plus`` leads to the register so many behind it."""

    def quad(self, register: int, bit: int, plus: int = 0) -> Any:
        """The slot of a quadword. A number of a doubleword that is odd is UNDEFINED."""
        if register & 1:
            self.undefined()
        return pick(QUADS, (((bit << 4 | register) >> 1) + plus) & 15)

    def read_d(self, register: int, bit: int, plus: int = 0) -> Value:
        """A doubleword."""
        return self.ir.bitcast(self.ir.get(self.vector(register, bit, 1, plus), F64), V64)

    def write_d(self, register: int, bit: int, value: Value, plus: int = 0) -> None:
        """Write a doubleword (predicated)."""
        self.ir.set(self.vector(register, bit, 1, plus), self.ir.bitcast(value, F64))

    def read_q(self, register: int, bit: int, plus: int = 0) -> Value:
        """A quadword."""
        return self.ir.get(self.quad(register, bit, plus), V128)

    def write_q(self, register: int, bit: int, value: Value, plus: int = 0) -> None:
        """Write a quadword (predicated)."""
        self.ir.set(self.quad(register, bit, plus), value)

    def read_simd(self, register: int, bit: int, Q: int) -> Value:
        """A quadword or a doubleword."""
        return self.read_q(register, bit) if Q else self.read_d(register, bit)

    def write_simd(self, register: int, bit: int, Q: int, value: Value) -> None:
        """Write a quadword or a doubleword (predicated)."""
        if Q:
            self.write_q(register, bit, value)
        else:
            self.write_d(register, bit, value)
