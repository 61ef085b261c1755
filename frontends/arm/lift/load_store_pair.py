"""LDRD and STRD: an even register and the next one (ARM ARM A8.8.72 to .74, A8.8.210, A8.8.211).

Two word accesses, at any alignment: Linux mends what ARMv7 would refuse. An odd first register, r14
as first register (the second would be pc), and a load that overlaps its write-back are refused.
"""

from dbt.ir.block import Value
from frontends.arm.lift.load_store import LoadStore


class LoadStorePair(LoadStore):
    """One method per row, in the two addressing forms that doublewords have."""

    def _load_even(self, c: int, P: int, U: int, W: int, n: int, d: int, offset: Value) -> None:
        if d & 1 or d == 14:
            self.unpredictable()
        self.load_pair(c, P, U, W, n, d, d + 1, offset)

    def _store_even(self, c: int, P: int, U: int, W: int, n: int, d: int, offset: Value) -> None:
        if d & 1 or d == 14:
            self.unpredictable()
        self.store_pair(c, P, U, W, n, d, d + 1, offset)

    def load_pair(
        self, c: int, P: int, U: int, W: int, n: int, d: int, second: int, offset: Value
    ) -> None:
        """Load registers ``d`` and ``second``."""
        self.predicate(c)
        address, moved = self._address(P, U, W, n, offset)
        if moved is not None and n in (d, second):
            self.unpredictable()
        low = self.load(address)
        high = self.load(self._moved(address, 1, self.ir.const(4)))
        if moved is not None:
            self.write(n, moved)
        self.write(d, low)
        self.write(second, high)

    def store_pair(
        self, c: int, P: int, U: int, W: int, n: int, d: int, second: int, offset: Value
    ) -> None:
        """Store registers ``d`` and ``second``."""
        self.predicate(c)
        address, moved = self._address(P, U, W, n, offset)
        self.store(address, self.read(d))
        self.store(self._moved(address, 1, self.ir.const(4)), self.read(second))
        if moved is not None:
            self.write(n, moved)

    def LDRD_imm(self, c: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """ldrd Rt, Rt2, [Rn, #i]; also with !."""
        self._load_even(c, 1, U, W, n, d, self.ir.const(i))

    def LDRD_post(self, c: int, U: int, n: int, d: int, i: int) -> None:
        """ldrd Rt, Rt2, [Rn], #i."""
        self._load_even(c, 0, U, 0, n, d, self.ir.const(i))

    def LDRD_reg(self, c: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """ldrd Rt, Rt2, [Rn, Rm]; also with !."""
        self._load_even(c, 1, U, W, n, d, self.read(m))

    def LDRD_rpost(self, c: int, U: int, n: int, d: int, m: int) -> None:
        """ldrd Rt, Rt2, [Rn], Rm."""
        self._load_even(c, 0, U, 0, n, d, self.read(m))

    def STRD_imm(self, c: int, U: int, W: int, n: int, d: int, i: int) -> None:
        """strd Rt, Rt2, [Rn, #i]; also with !."""
        self._store_even(c, 1, U, W, n, d, self.ir.const(i))

    def STRD_post(self, c: int, U: int, n: int, d: int, i: int) -> None:
        """strd Rt, Rt2, [Rn], #i."""
        self._store_even(c, 0, U, 0, n, d, self.ir.const(i))

    def STRD_reg(self, c: int, U: int, W: int, n: int, d: int, m: int) -> None:
        """strd Rt, Rt2, [Rn, Rm]; also with !."""
        self._store_even(c, 1, U, W, n, d, self.read(m))

    def STRD_rpost(self, c: int, U: int, n: int, d: int, m: int) -> None:
        """strd Rt, Rt2, [Rn], Rm."""
        self._store_even(c, 0, U, 0, n, d, self.read(m))
