"""Loads and stores in the forms that only T32 has."""

from dbt.ir.types import I8, I16, I32, I64
from frontends.arm.lift.memory import Memory


class ThumbMemory(Memory):
    """Rows of ``encodings/t32_memory.py`` without a method of A32."""

    # -- register lists

    def PUSH(self, c: int, h: int, L: int) -> None:
        """push {registers}: r0 to r7, and lr."""
        self.STM(c, 1, 0, 1, 13, L | h << 14)

    def POP(self, c: int, h: int, L: int) -> None:
        """pop {registers}: r0 to r7, and pc."""
        self.LDM(c, 0, 1, 1, 13, L | h << 15)

    def LDM_low(self, c: int, n: int, L: int) -> None:
        """ldm Rn{!}, {registers}: writes back if Rn is not in the list."""
        self.LDM(c, 0, 1, 1 - (L >> n & 1), n, L)

    def LDM_wide(self, c: int, P: int, U: int, W: int, n: int, L: int) -> None:
        """ldm.w Rn{!}, {registers}; ldmdb; pop.w: at least two, and not both lr and pc."""
        if L >> 14 == 3:
            self.unpredictable()
        self._refuse_list(L)
        self.LDM(c, P, U, W, n, L)

    def STM_wide(self, c: int, P: int, U: int, W: int, n: int, L: int) -> None:
        """stm.w Rn{!}, {registers}; stmdb; push.w: at least two."""
        if L >> 15 or (W and L >> n & 1):
            self.unpredictable()
        self._refuse_list(L)
        self.STM(c, P, U, W, n, L)

    def _refuse_list(self, L: int) -> None:
        if L >> 13 & 1 or L & (L - 1) == 0:
            self.unpredictable()

    # -- a register offset, shifted to the left

    def STRH_scaled(self, c: int, n: int, d: int, a: int, m: int) -> None:
        """strh.w Rt, [Rn, Rm, lsl #a]."""
        self._store(c, 1, 1, 0, n, d, self._scaled(m, 0, a), I16)

    def LDRH_scaled(self, c: int, n: int, d: int, a: int, m: int) -> None:
        """ldrh.w Rt, [Rn, Rm, lsl #a]."""
        self._load(c, 1, 1, 0, n, d, self._scaled(m, 0, a), I16)

    def LDRSB_scaled(self, c: int, n: int, d: int, a: int, m: int) -> None:
        """ldrsb.w Rt, [Rn, Rm, lsl #a]."""
        self._load(c, 1, 1, 0, n, d, self._scaled(m, 0, a), I8, signed=True)

    def LDRSH_scaled(self, c: int, n: int, d: int, a: int, m: int) -> None:
        """ldrsh.w Rt, [Rn, Rm, lsl #a]."""
        self._load(c, 1, 1, 0, n, d, self._scaled(m, 0, a), I16, signed=True)

    # -- two registers

    def LDRD_two(self, c: int, P: int, U: int, W: int, n: int, d: int, e: int, i: int) -> None:
        """ldrd Rt, Rt2, [Rn, #i]; also with ! or after the base."""
        if d == e:
            self.unpredictable()
        self.load_pair(c, P, U, W, n, d, e, self.ir.const(i))

    def STRD_two(self, c: int, P: int, U: int, W: int, n: int, d: int, e: int, i: int) -> None:
        """strd Rt, Rt2, [Rn, #i]; also with ! or after the base."""
        if (W or not P) and n in (d, e):
            self.unpredictable()
        self.store_pair(c, P, U, W, n, d, e, self.ir.const(i))

    def LDREX_at(self, c: int, n: int, d: int, i: int) -> None:
        """ldrex Rt, [Rn, #i]."""
        self.load_exclusive(c, n, d, I32, offset=i)

    def STREX_at(self, c: int, n: int, m: int, d: int, i: int) -> None:
        """strex Rd, Rt, [Rn, #i]."""
        self.store_exclusive(c, n, d, m, I32, offset=i)

    def LDREXD_two(self, c: int, n: int, d: int, e: int) -> None:
        """ldrexd Rt, Rt2, [Rn]."""
        if d == e:
            self.unpredictable()
        self.load_exclusive(c, n, d, I64, second=e)

    def STREXD_two(self, c: int, n: int, m: int, e: int, d: int) -> None:
        """strexd Rd, Rt, Rt2, [Rn]."""
        self.store_exclusive(c, n, d, m, I64, second=e)
