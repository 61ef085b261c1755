"""Loads and stores of multiple structures (ARM ARM A7.7, A8.8.320 and the pages of the others).

A structure has one to four elements, which go to as many registers. An access of 8 or 16 bytes has
several: registers are made of accesses by moving lanes. Elements need no alignment but what the
instruction asks for.
"""

from collections.abc import Sequence

from dbt.ir.block import Value
from dbt.ir.types import F64, I8, V64, V128, Type
from frontends.arm.keys import BIG
from frontends.arm.lift.neon_registers import LANES, NeonRegisters

ALIGNMENTS = (1, 8, 16, 32)


class NeonMemory(NeonRegisters):
    """One method per row, and what loads and stores share."""

    # -- addresses and registers

    def address(self, n: int, alignment: int) -> Value:
        """The base, which has to be a multiple of a number of bytes."""
        if n == 15:
            self.unpredictable()
        base = self.read(n)
        if alignment > 1:
            self.ir.check_align(base, alignment)
        return base

    def write_back(self, n: int, m: int, base: Value, size: int) -> None:
        """Add the register m to the base, or how many bytes were accessed, or nothing."""
        if m == 15:
            return
        self.write(n, self.ir.add(base, size if m == 13 else self.read(m)))

    def refuse_past_last(self, d: int, D: int, span: int) -> None:
        """Refuse an instruction that accesses so many registers from the first on, and not all
        exist."""
        if self.number(d, D, 1) + span > 32:
            self.unpredictable()

    # -- parts of memory: as many quadwords as there are, then perhaps a doubleword

    def _in_order(self, part: Value, lane: Type) -> Value:
        """The part with the bytes of each element reversed, when data is big-endian."""
        if not self.mode & BIG or lane is I8:
            return part
        assert part.type is not None
        last = lane.bytes - 1
        return self.ir.shuffle(part, part, I8, (n ^ last for n in range(part.type.bytes)))

    def _load_parts(self, base: Value, size: int, lane: Type) -> list[Value]:
        ir, parts = self.ir, []
        for at in range(0, size, 16):
            address = ir.add(base, at) if at else base
            parts.append(ir.load(address, V128 if size - at >= 16 else V64))
        return [self._in_order(part, lane) for part in parts]

    def _store_parts(self, base: Value, parts: Sequence[Value], lane: Type) -> None:
        for index, part in enumerate(parts):
            address = self.ir.add(base, 16 * index) if index else base
            self.ir.store(address, self._in_order(part, lane))

    # -- one element a structure: registers follow each other

    def _multiple1(
        self, D: int, L: int, n: int, d: int, s: int, m: int, count: int, alignment: int
    ) -> None:
        self.refuse_past_last(d, D, count)
        base, lane, pairs = self.address(n, alignment), LANES[s], count % 2 == 0 and d & 1 == 0
        if L:
            self._load_in_turn(base, lane, d, D, count, in_pairs=pairs, n=n, m=m)
            return
        if pairs:
            parts = [self.read_q(d, D, plus) for plus in range(count // 2)]
        else:
            doubles = [self.read_d(d, D, plus) for plus in range(count)]
            parts = [self.ir.concat(*doubles[k : k + 2]) for k in range(0, count - 1, 2)]
            parts += doubles[count - count % 2 :]
        self._store_parts(base, parts, lane)
        self.write_back(n, m, base, 8 * count)

    def _load_in_turn(
        self, base: Value, lane: Type, d: int, D: int, count: int, *, in_pairs: bool, n: int, m: int
    ) -> None:
        if in_pairs:
            quads = self._load_parts(base, 8 * count, lane)
            for plus, part in enumerate(quads):
                self.write_q(d, D, part, plus)
        else:
            addresses = [self.ir.add(base, 8 * k) if k else base for k in range(count)]
            doubles = [self.ir.load(address, F64) for address in addresses]
            for plus, part in enumerate(doubles):
                vector = self._in_order(self.ir.bitcast(part, V64), lane)
                self.write_d(d, D, vector, plus)
        self.write_back(n, m, base, 8 * count)

    def VLD1_multiple1(self, D: int, L: int, n: int, d: int, s: int, a: int, m: int) -> None:
        """vld1 {Dd}, [Rn]; vst1."""
        self._multiple1(D, L, n, d, s, m, 1, ALIGNMENTS[a])

    def VLD1_multiple2(self, D: int, L: int, n: int, d: int, s: int, b: int, m: int) -> None:
        """vld1 {two registers}, [Rn]; vst1."""
        self._multiple1(D, L, n, d, s, m, 2, ALIGNMENTS[b])

    def VLD1_multiple3(self, D: int, L: int, n: int, d: int, s: int, a: int, m: int) -> None:
        """vld1 {three registers}, [Rn]; vst1."""
        self._multiple1(D, L, n, d, s, m, 3, ALIGNMENTS[a])

    def VLD1_multiple4(self, D: int, L: int, n: int, d: int, s: int, a: int, m: int) -> None:
        """vld1 {four registers}, [Rn]; vst1."""
        self._multiple1(D, L, n, d, s, m, 4, ALIGNMENTS[a])

    # -- several elements a structure

    def _structures(
        self, D: int, L: int, n: int, d: int, e: int, m: int, alignment: int, *,
        elements: int, step: int,
    ) -> None:  # fmt: skip
        self.refuse_past_last(d, D, (elements - 1) * step + 1)
        base, lane = self.address(n, alignment), LANES[e]
        if L:
            parts = self._load_parts(base, 8 * elements, lane)
            for index, register in enumerate(self._separated(parts, elements, lane)):
                self.write_d(d, D, register, index * step)
        else:
            registers = [self.read_d(d, D, index * step) for index in range(elements)]
            self._store_parts(base, self._joined(registers, lane), lane)
        self.write_back(n, m, base, 8 * elements)

    def _separated(self, parts: Sequence[Value], elements: int, lane: Type) -> list[Value]:
        """The registers that structures in memory are loaded to."""
        lanes = 64 // lane.bits
        wide = [
            part if part.type is V128 else self.ir.concat(part, self.ir.const(0, V64))
            for part in parts
        ]
        registers: list[Value] = []
        for first in range(0, elements, 2):
            numbers = [k * elements + first + r for r in (0, 1) for k in range(lanes)]
            if first + 1 == elements:
                numbers[lanes:] = numbers[:lanes]  # there is no second
            both = self.ir.shuffle(wide[0], wide[-1], lane, numbers)
            registers += [self.ir.half(both, 0), self.ir.half(both, 1)]
        return registers[:elements]

    def _joined(self, registers: Sequence[Value], lane: Type) -> list[Value]:
        """The parts of memory that registers are stored to as structures."""
        lanes, elements = 64 // lane.bits, len(registers)
        padded = [*registers, *registers[-1:]]
        wide = [self.ir.concat(*padded[k : k + 2]) for k in range(0, elements, 2)]
        numbers = [k % elements * lanes + k // elements for k in range(elements * lanes)]
        parts: list[Value] = []
        for at in range(0, len(numbers), 2 * lanes):
            some = numbers[at : at + 2 * lanes]
            part = self.ir.shuffle(wide[0], wide[-1], lane, (*some, *some)[: 2 * lanes])
            parts.append(part if len(some) == 2 * lanes else self.ir.half(part, 0))
        return parts

    def VLD2_multiple(self, D: int, L: int, n: int, d: int, x: int, e: int, b: int, m: int) -> None:
        """vld2 {two registers}, [Rn]; vst2."""
        self._structures(D, L, n, d, e, m, ALIGNMENTS[b], elements=2, step=1 + int(x))

    def VLD2_pairs(self, D: int, L: int, n: int, d: int, e: int, a: int, m: int) -> None:
        """vld2 {four registers}, [Rn]; vst2: two registers for each element."""
        self.refuse_past_last(d, D, 4)
        base, lane = self.address(n, ALIGNMENTS[a]), LANES[e]
        count = 128 // lane.bits
        if L:
            one, two = self._load_parts(base, 32, lane)
            pairs = [self.ir.shuffle(one, two, lane, range(k, 2 * count, 2)) for k in (0, 1)]
            for index, pair in enumerate(pairs):
                self.write_d(d, D, self.ir.half(pair, 0), 2 * index)
                self.write_d(d, D, self.ir.half(pair, 1), 2 * index + 1)
        else:
            doubles = [self.read_d(d, D, plus) for plus in range(4)]
            one, two = self.ir.concat(*doubles[:2]), self.ir.concat(*doubles[2:])
            numbers = [k // 2 + k % 2 * count for k in range(2 * count)]
            halves = numbers[:count], numbers[count:]
            parts = [self.ir.shuffle(one, two, lane, half) for half in halves]
            self._store_parts(base, parts, lane)
        self.write_back(n, m, base, 32)

    def VLD3_multiple(self, D: int, L: int, n: int, d: int, x: int, e: int, a: int, m: int) -> None:
        """vld3 {three registers}, [Rn]; vst3."""
        self._structures(D, L, n, d, e, m, ALIGNMENTS[a], elements=3, step=1 + int(x))

    def VLD4_multiple(self, D: int, L: int, n: int, d: int, x: int, e: int, a: int, m: int) -> None:
        """vld4 {four registers}, [Rn]; vst4."""
        self._structures(D, L, n, d, e, m, ALIGNMENTS[a], elements=4, step=1 + int(x))
