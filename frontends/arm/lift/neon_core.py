"""Moves between core registers and lanes (ARM ARM A8.8.314, A8.8.341, A8.8.342).

Lanes of 32 bits are in ``vfp_moves``: VFP has them, too."""

from dbt.ir.block import Value
from dbt.ir.types import I8, I16, I32, Type
from frontends.arm.lift.neon_registers import NeonRegisters, vector_type


class NeonCore(NeonRegisters):
    """One method per row."""

    def _put(self, c: int, t: int, n: int, N: int, index: int, lane: Type) -> None:
        self.refuse_core(t)
        self.predicate(c)
        part = self.ir.trunc(self.read(t), lane)
        self.write_d(n, N, self.ir.insert(self.read_d(n, N), part, int(index)))

    def VMOV_to_byte(self, c: int, x: int, n: int, t: int, N: int) -> None:
        """vmov.8 Dn[x], Rt."""
        self._put(c, t, n, N, x, I8)

    def VMOV_to_half(self, c: int, x: int, n: int, t: int, N: int) -> None:
        """vmov.16 Dn[x], Rt."""
        self._put(c, t, n, N, x, I16)

    def _take(self, c: int, U: int, t: int, n: int, N: int, index: int, lane: Type) -> None:
        self.refuse_core(t)
        self.predicate(c)
        part = self.ir.extract(self.read_d(n, N), lane, int(index))
        self.write(t, self.ir.zext(part, I32) if U else self.ir.sext(part, I32))

    def VMOV_from_byte(self, c: int, U: int, x: int, n: int, t: int, N: int) -> None:
        """vmov.s8 Rt, Dn[x]; vmov.u8."""
        self._take(c, U, t, n, N, x, I8)

    def VMOV_from_half(self, c: int, U: int, x: int, n: int, t: int, N: int) -> None:
        """vmov.s16 Rt, Dn[x]; vmov.u16."""
        self._take(c, U, t, n, N, x, I16)

    def VDUP_core(self, c: int, Q: int, n: int, t: int, N: int, x: int) -> None:
        """vdup.32 Vn, Rt; vdup.16."""
        self._duplicate(c, Q, n, t, N, I16 if x else I32)

    def VDUP_core8(self, c: int, Q: int, n: int, t: int, N: int) -> None:
        """vdup.8 Vn, Rt."""
        self._duplicate(c, Q, n, t, N, I8)

    def _duplicate(self, c: int, Q: int, n: int, t: int, N: int, lane: Type) -> None:
        self.refuse_core(t)
        self.predicate(c)
        value: Value = self.read(t)
        if lane is not I32:
            value = self.ir.trunc(value, lane)
        self.write_simd(n, N, Q, self.ir.splat(value, vector_type(Q)))
