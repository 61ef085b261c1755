"""LDM and STM in their four modes (ARM ARM A8.8.58 to A8.8.61, A8.8.199 to A8.8.202).

The lowest register is at the lowest address. Refused, as in QEMU: an empty list, pc as base, and a
load whose list holds the base it writes back. STM stores the base as it was before write-back.
Unaligned bases work: Linux mends what ARMv7 would refuse.
"""

from dbt.ir.block import Value
from dbt.ir.symbolic import set_bits
from frontends.arm.lifter import Lifter


class BlockTransfer(Lifter):
    """Both rows."""

    def LDM(self, c: int, P: int, U: int, W: int, n: int, L: int) -> None:
        """ldm{ia,ib,da,db} Rn{!}, {registers}; pop."""
        if W and L >> n & 1:
            self.unpredictable()
        if L >> 15:
            if self.split_on_condition(c):
                return
        else:
            self.predicate(c)
        registers, addresses, moved = self._places(P, U, W, n, L)
        values = [self.load(address) for address in addresses]
        if moved is not None:
            self.write(n, moved)
        for register, value in zip(registers, values, strict=True):
            if register == 15:
                self.transfer(self.idioms.block_jump(n), value)
            else:
                self.write(register, value)

    def STM(self, c: int, P: int, U: int, W: int, n: int, L: int) -> None:
        """stm{ia,ib,da,db} Rn{!}, {registers}; push."""
        self.predicate(c)
        registers, addresses, moved = self._places(P, U, W, n, L)
        for register, address in zip(registers, addresses, strict=True):
            self.store(address, self.read(register))
        if moved is not None:
            self.write(n, moved)

    def _places(
        self, P: int, U: int, W: int, n: int, L: int
    ) -> tuple[list[int], list[Value], Value | None]:
        """The registers of a list, their addresses, and what write-back leaves in the base."""
        registers = set_bits(L, 16)
        if n == 15 or not registers:
            self.unpredictable()
        base = self.read(n)
        size = 4 * len(registers)
        start = (4 if P else 0) if U else (-size if P else 4 - size)
        steps = range(start, start + size, 4)
        addresses = [self.ir.add(base, step) if step else base for step in steps]
        return registers, addresses, self.ir.add(base, size if U else -size) if W else None
