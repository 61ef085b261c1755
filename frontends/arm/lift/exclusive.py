"""Swaps and exclusive accesses (ARM ARM A8.8.32, A8.8.75 to .78, A8.8.212 to .215, A8.8.229).

The monitor is what QEMU's is: LDREX remembers an address and the value it read there, and STREX
succeeds if the address is the same and the value still there, which it compares and exchanges in
one step, as SWP exchanges: other processes may share the memory. Only a program that stores the
same value again in between can tell this from the real thing.
STREX loads first. Where it may only read, it fails without a fault if another value is there, and
faults if not. (On a processor it faults while the monitor is armed; if it is not, that is
IMPLEMENTATION DEFINED.)
Unaligned accesses fault, whatever the monitor says. Refused, as in QEMU: pc anywhere, an odd first
register of a pair, a status register that is also an operand.
"""

from dbt.ir.block import Const, Value
from dbt.ir.types import I1, I8, I16, I32, I64, Type
from frontends.arm.lifter import Lifter


class Exclusive(Lifter):
    """One method per row."""

    def _aligned(self, n: int, type_: Type, offset: int = 0) -> Value:
        """The address at an offset from register ``n``, after a check of its alignment."""
        address = self.ir.add(self.read(n), offset) if offset else self.read(n)
        if type_.bytes > 1:
            self.ir.check_align(address, type_.bytes)
        return address

    # -- swap

    def _swap(self, c: int, n: int, d: int, m: int, type_: Type) -> None:
        if 15 in (n, d, m):
            self.unpredictable()
        self.predicate(c)
        address = self._aligned(n, type_)
        new: Value = self.read(m)
        new = new if type_ is I32 else self.ir.trunc(new, type_)
        self.ir.load(address, type_)  # where it may not even read, the fault is that of a load
        old = self._ordered(self.ir.exchange(address, self._ordered(new)))
        self.write(d, old if type_ is I32 else self.ir.zext(old, I32))

    def SWP(self, c: int, n: int, d: int, m: int) -> None:
        """swp Rt, Rt2, [Rn]."""
        self._swap(c, n, d, m, I32)

    def SWPB(self, c: int, n: int, d: int, m: int) -> None:
        """swpb Rt, Rt2, [Rn]."""
        self._swap(c, n, d, m, I8)

    # -- exclusive loads

    def load_exclusive(
        self, c: int, n: int, d: int, type_: Type, *, second: int = 0, offset: int = 0
    ) -> None:
        """Load register ``d``, and ``second`` if it is a doubleword, from an offset to Rn."""
        if 15 in (n, d):
            self.unpredictable()
        self.predicate(c)
        address = self._aligned(n, type_, offset)
        low, high = self._halves(self.load(address, type_))
        self.ir.set("excl_on", Const(1, I1))
        self.ir.set("excl_addr", address)
        self.ir.set("excl_val_lo", low)
        self.ir.set("excl_val_hi", high)
        self.write(d, low)
        if type_ is I64:
            self.write(second, high)

    def _halves(self, value: Value) -> tuple[Value, Value]:
        """The low and high words of a value of any width."""
        if value.type is I64:
            high = self.ir.trunc(self.ir.shr(value, 32), I32)
            return self.ir.trunc(value, I32), high
        return (value if value.type is I32 else self.ir.zext(value, I32)), Const(0, I32)

    def LDREX(self, c: int, n: int, d: int) -> None:
        """ldrex Rt, [Rn]."""
        self.load_exclusive(c, n, d, I32)

    def LDREXB(self, c: int, n: int, d: int) -> None:
        """ldrexb Rt, [Rn]."""
        self.load_exclusive(c, n, d, I8)

    def LDREXH(self, c: int, n: int, d: int) -> None:
        """ldrexh Rt, [Rn]."""
        self.load_exclusive(c, n, d, I16)

    def LDREXD(self, c: int, n: int, d: int) -> None:
        """ldrexd Rt, Rt2, [Rn]."""
        if d & 1 or d == 14:
            self.unpredictable()
        self.load_exclusive(c, n, d, I64, second=d + 1)

    # -- exclusive stores

    def store_exclusive(
        self, c: int, n: int, d: int, m: int, type_: Type, *, second: int = 0, offset: int = 0
    ) -> None:
        """Store register ``m``, and ``second`` if it is a doubleword, at an offset to Rn; ``d``
        gets the status."""
        operands = (n, m, second) if type_ is I64 else (n, m)
        if d == 15 or 15 in operands or d in operands:
            self.unpredictable()
        self.predicate(c)
        address = self._aligned(n, type_, offset)
        new = self._stored(m, second, type_)
        executes = self.ir.when
        armed = self.ir.and_(self.flag("excl_on"), self.ir.eq(address, self.ir.get("excl_addr")))
        armed = armed if executes is None else self.ir.and_(armed, executes)
        self.ir.when = armed
        found = self.ir.load(address, type_)
        low, high = self._halves(self._ordered(found))
        same = self.ir.eq(low, self.ir.get("excl_val_lo"))
        if type_ is I64:
            same = self.ir.and_(same, self.ir.eq(high, self.ir.get("excl_val_hi")))
        self.ir.when = may = self.ir.and_(armed, same)
        there = self.ir.compare_exchange(address, found, self._ordered(new))
        self.ir.when = executes
        success = self.ir.and_(may, self.ir.eq(there, found))
        self.ir.set("excl_on", Const(0, I1))
        self.write(d, self.ir.zext(self.ir.not_(success), I32))

    def _stored(self, m: int, second: int, type_: Type) -> Value:
        """What is to be stored from register ``m``, and ``second`` if it is a doubleword."""
        if type_ is I64:
            high = self.ir.shl(self.ir.zext(self.read(second), I64), 32)
            return self.ir.or_(high, self.ir.zext(self.read(m), I64))
        value = self.read(m)
        return value if type_ is I32 else self.ir.trunc(value, type_)

    def STREX(self, c: int, n: int, d: int, m: int) -> None:
        """strex Rd, Rt, [Rn]; Rd becomes 0 when it stored, else 1."""
        self.store_exclusive(c, n, d, m, I32)

    def STREXB(self, c: int, n: int, d: int, m: int) -> None:
        """strexb Rd, Rt, [Rn]."""
        self.store_exclusive(c, n, d, m, I8)

    def STREXH(self, c: int, n: int, d: int, m: int) -> None:
        """strexh Rd, Rt, [Rn]."""
        self.store_exclusive(c, n, d, m, I16)

    def STREXD(self, c: int, n: int, d: int, m: int) -> None:
        """strexd Rd, Rt, Rt2, [Rn]."""
        if m & 1:
            self.unpredictable()
        self.store_exclusive(c, n, d, m, I64, second=m + 1)

    def CLREX(self) -> None:
        """clrex."""
        self.ir.set("excl_on", Const(0, I1))
