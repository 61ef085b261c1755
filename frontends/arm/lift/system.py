"""Exceptions, the status register, barriers, and coprocessor 15 as a user program sees it.

ARM ARM A8.8.24 (BKPT), A8.8.109 to A8.8.112 (MRS, MSR), A8.8.228 (SVC).
"""

from dbt.ir.block import HALT_BREAKPOINT, BlockKey, Branch, Const, Goto, Halt, Swi, Value
from dbt.ir.types import I1, I32
from frontends.arm.keys import BIG
from frontends.arm.lifter import Lifter
from frontends.arm.registers import FLAGS

USER_MODE = 0x10
BIG_ENDIAN = 1 << 9
CPSR_BITS = dict(zip(FLAGS, (31, 30, 29, 28, 27, 16, 17, 18, 19), strict=True))
"""The bit of each flag in the CPSR."""


class System(Lifter):
    """One method per row of ``encodings/system.py``."""

    # -- exceptions

    def SVC(self, c: int, i: int) -> None:
        """svc #i (once swi)."""
        if not self.split_on_condition(c):
            self.end(Swi(i, self.next_key))

    def BKPT(self) -> None:
        """bkpt #i."""
        self.end(Halt(HALT_BREAKPOINT, self.pc))

    def UDF(self) -> None:
        """udf #i: undefined for ever."""
        self.undefined()

    # -- status register

    def MRS(self, c: int, d: int) -> None:
        """mrs Rd, cpsr: the flags, the byte order, and user mode."""
        if d == 15:
            self.unpredictable()
        self.predicate(c)
        value: Value = Const(USER_MODE | (BIG_ENDIAN if self.mode & BIG else 0), I32)
        for name, bit in CPSR_BITS.items():
            value = self.ir.or_(self.ir.shl(self.ir.zext(self.flag(name), I32), bit), value)
        self.write(d, value)

    def MSR_reg(self, c: int, k: int, m: int) -> None:
        """msr cpsr_{fsx}, Rm: a user program changes the flags and the byte order, all else is
        ignored."""
        if m == 15:
            self.unpredictable()
        self._set_cpsr(c, k, self.read(m))

    def MSR_imm(self, c: int, k: int, r: int, i: int) -> None:
        """msr cpsr_{fsx}, #const."""
        self._set_cpsr(c, k, self.ir.const(i >> 2 * r | i << (32 - 2 * r)))

    def _set_cpsr(self, c: int, k: int, value: Value) -> None:
        has_order = bool(k & 2)
        if not has_order:
            self.predicate(c)
        elif self.split_on_condition(c):
            return
        for name, bit in CPSR_BITS.items():
            if k >> bit // 8 & 1:
                if isinstance(value, Const):
                    flag: Value = Const(value.value >> bit & 1, I1)
                else:
                    flag = self.ir.trunc(self.ir.shr(value, bit), I1)
                self.ir.set(name, flag)
        if has_order:
            self._take_order(value)

    def _take_order(self, value: Value) -> None:
        """End the block where a new CPSR may have changed the byte order."""
        if isinstance(value, Const):
            self._set_endianness(int(bool(value.value & BIG_ENDIAN)))
            return
        big = self.ir.trunc(self.ir.shr(value, 9), I1)
        self.ir.set("ef", big)
        self.end(Branch(big, self._next_in_order(1), self._next_in_order(0)))

    # -- hints and barriers: threads take turns, but other processes may share memory

    def HINT(self, c: int) -> None:
        """nop, yield, wfe, wfi, sev, dbg #i."""

    def DMB(self) -> None:
        """dmb."""
        self.ir.fence()

    def DSB(self) -> None:
        """dsb."""
        self.ir.fence()

    def ISB(self) -> None:
        """isb: code that was changed is noticed by the store that changes it."""

    def SETEND_LE(self) -> None:
        """setend le."""
        if self.mode & BIG:
            self._set_endianness(0)

    def SETEND_BE(self) -> None:
        """setend be: data, not instructions, is big-endian from here on."""
        if not self.mode & BIG:
            self._set_endianness(1)

    def _set_endianness(self, big: int) -> None:
        self.ir.set("ef", Const(big, I1))
        self.end(Goto(self._next_in_order(big)))

    def _next_in_order(self, big: int) -> BlockKey:
        return BlockKey(self.next_pc, self.next_key.mode & ~BIG | BIG * big)

    def CPS(self) -> None:
        """cps, cpsie, cpsid: nothing happens in user mode."""

    # -- coprocessor 15

    def MRC_TLS(self, c: int, d: int) -> None:
        """mrc p15, 0, Rt, c13, c0, 3: TPIDRURO, the thread pointer."""
        self._read_thread_id(c, d, "tls")

    def MRC_TLSW(self, c: int, d: int) -> None:
        """mrc p15, 0, Rt, c13, c0, 2: TPIDRURW."""
        self._read_thread_id(c, d, "tlsw")

    def _read_thread_id(self, c: int, d: int, slot: str) -> None:
        if d == 15:
            self.unpredictable()
        self.predicate(c)
        self.write(d, self.ir.get(slot))

    def MCR_TLSW(self, c: int, d: int) -> None:
        """mcr p15, 0, Rt, c13, c0, 2: TPIDRURW."""
        if d == 15:
            self.unpredictable()
        self.predicate(c)
        self.ir.set("tlsw", self.read(d))

    def MRC_PMUSER(self, c: int, d: int) -> None:
        """mrc p15, 0, Rt, c9, c14, 0: PMUSERENR, which says that programs may not read the counters
        of events (B4.1.124). Programs may read it."""
        if d == 15:
            self.unpredictable()
        self.predicate(c)
        self.write(d, self.ir.const(0))

    def MCR_ISB(self, c: int) -> None:
        """mcr p15, 0, Rt, c7, c5, 4: isb before ARMv7."""

    def MCR_DSB(self, c: int) -> None:
        """mcr p15, 0, Rt, c7, c10, 4: dsb before ARMv7."""
        self.predicate(c)
        self.ir.fence()

    def MCR_DMB(self, c: int) -> None:
        """mcr p15, 0, Rt, c7, c10, 5: dmb before ARMv7."""
        self.predicate(c)
        self.ir.fence()
