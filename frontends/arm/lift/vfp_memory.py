"""Loads and stores of VFP registers (ARM ARM A8.8.332, A8.8.333, A8.8.412, A8.8.413).

Addresses that are no multiple of 4 fault, and Linux does not mend that. A doubleword is one access:
in big-endian order, all of its bytes are reversed.
"""

from dbt.ir.block import Value
from frontends.arm.keys import THUMB
from frontends.arm.lift.vfp_registers import VfpRegisters, format_of


class VfpMemory(VfpRegisters):
    """One method per row, and what they share."""

    def VLDR(self, c: int, U: int, D: int, n: int, d: int, z: int, i: int) -> None:
        """vldr Vd, [Rn, #i]."""
        self.predicate(c)
        value = self.load(self._vector_address(U, n, i), format_of(z))
        self.write_vector(d, D, z, value)

    def VSTR(self, c: int, U: int, D: int, n: int, d: int, z: int, i: int) -> None:
        """vstr Vd, [Rn, #i]."""
        if n == 15 and self.mode & THUMB:
            self.unpredictable()
        self.predicate(c)
        self.store(self._vector_address(U, n, i), self.read_vector(d, D, z))

    def _vector_address(self, U: int, n: int, i: int) -> Value:
        base, offset = self.base(n), self.ir.const(4 * i)
        address = self.ir.add(base, offset) if U else self.ir.sub(base, offset)
        self.ir.check_align(address, 4)
        return address

    def VLDM(self, c: int, D: int, W: int, n: int, d: int, z: int, i: int) -> None:
        """vldmia Rn{!}, {registers}; vpop."""
        self._load_vectors(c, D, W, n, d, z, i, down=False)

    def VLDMDB(self, c: int, D: int, n: int, d: int, z: int, i: int) -> None:
        """vldmdb Rn!, {registers}."""
        self._load_vectors(c, D, 1, n, d, z, i, down=True)

    def VSTM(self, c: int, D: int, W: int, n: int, d: int, z: int, i: int) -> None:
        """vstmia Rn{!}, {registers}."""
        self._store_vectors(c, D, W, n, d, z, i, down=False)

    def VSTMDB(self, c: int, D: int, n: int, d: int, z: int, i: int) -> None:
        """vstmdb Rn!, {registers}; vpush."""
        self._store_vectors(c, D, 1, n, d, z, i, down=True)

    def _load_vectors(
        self, c: int, D: int, W: int, n: int, d: int, z: int, i: int, *, down: bool
    ) -> None:
        addresses, moved = self._vector_places(c, D, W, n, d, z, i, down=down)
        values = [self.load(address, format_of(z)) for address in addresses]
        if W:
            self.write(n, moved)
        for index, value in enumerate(values):
            self.ir.set(self.vector(d, D, z, index), value)

    def _store_vectors(
        self, c: int, D: int, W: int, n: int, d: int, z: int, i: int, *, down: bool
    ) -> None:
        addresses, moved = self._vector_places(c, D, W, n, d, z, i, down=down)
        for index, address in enumerate(addresses):
            value = self.ir.get(self.vector(d, D, z, index), format_of(z))
            self.store(address, value)
        if W:
            self.write(n, moved)

    def _vector_places(
        self, c: int, D: int, W: int, n: int, d: int, z: int, i: int, *, down: bool
    ) -> tuple[list[Value], Value]:
        """The address of each register, and what write-back leaves. A list of doubles with an odd
        number of words is that of FLDMX and FSTMX: the last word is room only."""
        count = int(i) >> 1 if z else int(i)
        first = self.number(d, D, z)
        if not count or count > 16 * (1 + (not z)) or first + count > 32:
            self.unpredictable()
        if n == 15 and (W or self.mode & THUMB):
            self.unpredictable()
        self.predicate(c)
        base, step = self.read(n), 8 if z else 4
        moved = self.ir.sub(base, 4 * int(i)) if down else self.ir.add(base, 4 * int(i))
        start = moved if down else base
        self.ir.check_align(start, 4)
        addresses = [self.ir.add(start, step * k) if k else start for k in range(count)]
        return addresses, moved
