"""Loads that acquire, stores that release, and checksums (ARM DDI 0487, F5.1.33, F5.1.71 to .77,
F5.1.232 to .238).

Accesses are made in the order of the program, and one guest thread runs at a time. To a process
that shares memory x86 keeps their order, but for a load behind a store to another address: LDA must
not pass an STL before it, so LDA begins with a fence.
"""

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.types import I8, I16, I32, I64, Type
from frontends.arm.lift.exclusive import Exclusive


class Acquire(Exclusive):
    """One method per row of ``encodings/acquire.py``. pc is refused anywhere."""

    # -- loads and stores that are aligned

    def _load_acquire(self, c: int, n: int, d: int, type_: Type) -> None:
        self.refuse_pc(n, d)
        self.predicate(c)
        self.ir.fence()
        value: Value = self.load(self._aligned(n, type_), type_)
        self.write(d, value if type_ is I32 else self.ir.zext(value, I32))

    def _store_release(self, c: int, n: int, m: int, type_: Type) -> None:
        self.refuse_pc(n, m)
        self.predicate(c)
        address = self._aligned(n, type_)
        value = self.read(m)
        self.store(address, value if type_ is I32 else self.ir.trunc(value, type_))

    def LDA(self, c: int, n: int, d: int) -> None:
        """lda Rt, [Rn]."""
        self._load_acquire(c, n, d, I32)

    def LDAB(self, c: int, n: int, d: int) -> None:
        """ldab Rt, [Rn]."""
        self._load_acquire(c, n, d, I8)

    def LDAH(self, c: int, n: int, d: int) -> None:
        """ldah Rt, [Rn]."""
        self._load_acquire(c, n, d, I16)

    def STL(self, c: int, n: int, m: int) -> None:
        """stl Rt, [Rn]."""
        self._store_release(c, n, m, I32)

    def STLB(self, c: int, n: int, m: int) -> None:
        """stlb Rt, [Rn]."""
        self._store_release(c, n, m, I8)

    def STLH(self, c: int, n: int, m: int) -> None:
        """stlh Rt, [Rn]."""
        self._store_release(c, n, m, I16)

    # -- exclusive accesses

    def LDAEX(self, c: int, n: int, d: int) -> None:
        """ldaex Rt, [Rn]."""
        self.load_exclusive(c, n, d, I32)

    def LDAEXB(self, c: int, n: int, d: int) -> None:
        """ldaexb Rt, [Rn]."""
        self.load_exclusive(c, n, d, I8)

    def LDAEXH(self, c: int, n: int, d: int) -> None:
        """ldaexh Rt, [Rn]."""
        self.load_exclusive(c, n, d, I16)

    def LDAEXD(self, c: int, n: int, d: int) -> None:
        """ldaexd Rt, Rt2, [Rn]."""
        self.LDREXD(c, n, d)

    def STLEX(self, c: int, n: int, d: int, m: int) -> None:
        """stlex Rd, Rt, [Rn]."""
        self.store_exclusive(c, n, d, m, I32)

    def STLEXB(self, c: int, n: int, d: int, m: int) -> None:
        """stlexb Rd, Rt, [Rn]."""
        self.store_exclusive(c, n, d, m, I8)

    def STLEXH(self, c: int, n: int, d: int, m: int) -> None:
        """stlexh Rd, Rt, [Rn]."""
        self.store_exclusive(c, n, d, m, I16)

    def STLEXD(self, c: int, n: int, d: int, m: int) -> None:
        """stlexd Rd, Rt, Rt2, [Rn]."""
        self.STREXD(c, n, d, m)

    def LDAEXD_two(self, c: int, n: int, d: int, e: int) -> None:
        """ldaexd Rt, Rt2, [Rn] of T32: any two registers."""
        if d == e:
            self.unpredictable()
        self.load_exclusive(c, n, d, I64, second=e)

    def STLEXD_two(self, c: int, n: int, m: int, e: int, d: int) -> None:
        """stlexd Rd, Rt, Rt2, [Rn] of T32."""
        self.store_exclusive(c, n, d, m, I64, second=e)

    # -- checksums

    def _checksum(self, c: int, n: int, d: int, C: int, m: int, type_: Type) -> None:
        self.refuse_pc(n, d, m)
        self.predicate(c)
        ir, op = self.ir, ops.CRC32C if C else ops.CRC32
        data = self.read(m)
        if type_ is I32:
            self.write(d, ir.emit(op, (ir.xor(self.read(n), data),), I32))
            return
        mixed = ir.xor(self.read(n), ir.and_(data, type_.mask))
        rest = ir.emit(op, (ir.shl(mixed, 32 - type_.bits),), I32)
        self.write(d, ir.xor(rest, ir.shr(mixed, type_.bits)))

    def CRC32B(self, c: int, n: int, d: int, C: int, m: int) -> None:
        """crc32b Rd, Rn, Rm; crc32cb."""
        self._checksum(c, n, d, C, m, I8)

    def CRC32H(self, c: int, n: int, d: int, C: int, m: int) -> None:
        """crc32h Rd, Rn, Rm; crc32ch."""
        self._checksum(c, n, d, C, m, I16)

    def CRC32W(self, c: int, n: int, d: int, C: int, m: int) -> None:
        """crc32w Rd, Rn, Rm; crc32cw."""
        self._checksum(c, n, d, C, m, I32)
