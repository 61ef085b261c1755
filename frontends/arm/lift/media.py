"""Media: extension, packing, selection, bit fields, byte and bit order."""

from dbt.ir.block import Value
from dbt.ir.types import I8, I16, I32
from frontends.arm.lift.operands import ASR, LSL
from frontends.arm.lift.parallel import Parallel
from frontends.arm.lift.saturating import Saturating


class Extension(Parallel):
    """Bytes and halfwords extended to words, or two bytes to halfwords, and perhaps added."""

    def SXTB(self, c: int, d: int, r: int, m: int) -> None:
        """SXTB<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.sext(self.ir.trunc(self._turned(m, r), I8), I32))

    def SXTH(self, c: int, d: int, r: int, m: int) -> None:
        """SXTH<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.sext(self.ir.trunc(self._turned(m, r), I16), I32))

    def UXTB(self, c: int, d: int, r: int, m: int) -> None:
        """UXTB<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.and_(self._turned(m, r), 0xFF))

    def UXTH(self, c: int, d: int, r: int, m: int) -> None:
        """UXTH<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.and_(self._turned(m, r), 0xFFFF))

    def SXTAB(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """SXTAB<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        ir = self.ir
        self.write(d, ir.add(self.read(n), ir.sext(ir.trunc(self._turned(m, r), I8), I32)))

    def SXTAH(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """SXTAH<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        ir = self.ir
        self.write(d, ir.add(self.read(n), ir.sext(ir.trunc(self._turned(m, r), I16), I32)))

    def UXTAB(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """UXTAB<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.add(self.read(n), self.ir.and_(self._turned(m, r), 0xFF)))

    def UXTAH(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """UXTAH<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.add(self.read(n), self.ir.and_(self._turned(m, r), 0xFFFF)))

    def SXTB16(self, c: int, d: int, r: int, m: int) -> None:
        """SXTB16<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.packed(self._even_bytes(m, r, True), 16))

    def UXTB16(self, c: int, d: int, r: int, m: int) -> None:
        """UXTB16<c> <Rd>, <Rm>{, <rotation>}"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.and_(self._turned(m, r), 0x00FF00FF))

    def SXTAB16(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """SXTAB16<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self._added_to_halves(c, n, d, r, m, True)

    def UXTAB16(self, c: int, n: int, d: int, r: int, m: int) -> None:
        """UXTAB16<c> <Rd>, <Rn>, <Rm>{, <rotation>}"""
        self._added_to_halves(c, n, d, r, m, False)

    def _turned(self, m: int, r: int) -> Value:
        """Rm rotated right by ``r`` bytes."""
        return self.ir.ror(self.read(m), 8 * r) if r else self.read(m)

    def _even_bytes(self, m: int, r: int, signed: bool) -> list[Value]:
        word = self._turned(m, r)
        return [self.lane(word, index, 8, signed) for index in (0, 2)]

    def _added_to_halves(self, c: int, n: int, d: int, r: int, m: int, signed: bool) -> None:
        self.refuse_pc(d, m)
        self.predicate(c)
        word = self.read(n)
        halves = [self.lane(word, index, 16, False) for index in range(2)]
        addends = self._even_bytes(m, r, signed)
        sums: list[Value] = [self.ir.add(a, b) for a, b in zip(halves, addends, strict=True)]
        self.write(d, self.packed(sums, 16))


class BitFields(Saturating):
    """Bit fields, and the order of bits and bytes."""

    def SBFX(self, c: int, w: int, d: int, b: int, n: int) -> None:
        """SBFX<c> <Rd>, <Rn>, #<lsb>, #<width>"""
        self._begin_field(c, d, n, b, b + w)
        field = self.ir.shl(self.read(n), 31 - b - w)
        self.write(d, self.ir.sar(field, 31 - w))

    def UBFX(self, c: int, w: int, d: int, b: int, n: int) -> None:
        """UBFX<c> <Rd>, <Rn>, #<lsb>, #<width>"""
        self._begin_field(c, d, n, b, b + w)
        self.write(d, self.ir.and_(self.ir.shr(self.read(n), b), (2 << w) - 1))

    def BFC(self, c: int, e: int, d: int, b: int) -> None:
        """BFC<c> <Rd>, #<lsb>, #<width>"""
        self._begin_field(c, d, d, b, e)
        field = (2 << e) - (1 << b)
        self.write(d, self.ir.and_(self.read(d), ~field))

    def BFI(self, c: int, e: int, d: int, b: int, n: int) -> None:
        """BFI<c> <Rd>, <Rn>, #<lsb>, #<width>"""
        self._begin_field(c, d, n, b, e)
        ir = self.ir
        field = (2 << e) - (1 << b)
        moved = ir.and_(ir.shl(self.read(n), b), field)
        self.write(d, ir.or_(ir.and_(self.read(d), ~field), moved))

    def CLZ(self, c: int, d: int, m: int) -> None:
        """CLZ<c> <Rd>, <Rm>"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.clz(self.read(m)))

    def RBIT(self, c: int, d: int, m: int) -> None:
        """RBIT<c> <Rd>, <Rm>"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.rbit(self.read(m)))

    def REV(self, c: int, d: int, m: int) -> None:
        """REV<c> <Rd>, <Rm>"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.bswap(self.read(m)))

    def REV16(self, c: int, d: int, m: int) -> None:
        """REV16<c> <Rd>, <Rm>"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.ror(self.ir.bswap(self.read(m)), 16))

    def REVSH(self, c: int, d: int, m: int) -> None:
        """REVSH<c> <Rd>, <Rm>"""
        self.refuse_pc(d, m)
        self.predicate(c)
        self.write(d, self.ir.sar(self.ir.bswap(self.read(m)), 16))

    def _begin_field(self, c: int, d: int, n: int, low: int, high: int) -> None:
        self.refuse_pc(d, n)
        if not low <= high <= 31:
            self.unpredictable()
        self.predicate(c)


class Media(Extension, BitFields):
    """One method per row of ``encodings/media.py``, with those inherited."""

    def PKH(self, c: int, n: int, d: int, i: int, T: int, m: int) -> None:
        """PKHBT<c> <Rd>, <Rn>, <Rm>{, LSL #<imm>}; PKHTB<c> <Rd>, <Rn>, <Rm>{, ASR #<imm>}"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        ir = self.ir
        first, second = self.read(n), self.shifted(m, ASR if T else LSL, i)[0]
        low, high = (second, first) if T else (first, second)
        self.write(d, ir.or_(ir.and_(low, 0xFFFF), ir.and_(high, 0xFFFF0000)))

    def SEL(self, c: int, n: int, d: int, m: int) -> None:
        """SEL<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(n, d, m)
        self.predicate(c)
        ir = self.ir
        a, b = self.read(n), self.read(m)
        word: Value | None = None
        for index in range(4):
            chosen = ir.select(self.flag(f"ge{index}"), a, b)
            byte = ir.and_(chosen, 0xFF << 8 * index)
            word = byte if word is None else ir.or_(word, byte)
        assert word is not None
        self.write(d, word)

    def USAD8(self, c: int, d: int, m: int, n: int) -> None:
        """USAD8<c> <Rd>, <Rn>, <Rm>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self._differences(n, m))

    def USADA8(self, c: int, d: int, a: int, m: int, n: int) -> None:
        """USADA8<c> <Rd>, <Rn>, <Rm>, <Ra>"""
        self.refuse_pc(d, m, n)
        self.predicate(c)
        self.write(d, self.ir.add(self.read(a), self._differences(n, m)))

    def _differences(self, n: int, m: int) -> Value:
        """The sum of the absolute differences of the bytes of two registers."""
        ir = self.ir
        a, b = self.read(n), self.read(m)
        total: Value | None = None
        for index in range(4):
            x, y = self.lane(a, index, 8, False), self.lane(b, index, 8, False)
            difference = ir.select(ir.ult(x, y), ir.sub(y, x), ir.sub(x, y))
            total = difference if total is None else ir.add(total, difference)
        assert total is not None
        return total
