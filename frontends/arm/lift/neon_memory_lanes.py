"""Loads and stores of one structure: to one lane of each register, or to all (ARM ARM A7.7)."""

from dbt.ir.block import Value
from dbt.ir.types import I8, I16, I32, V64, Type
from frontends.arm.lift.neon_memory import NeonMemory

ELEMENTS = (I8, I16, I32)


class NeonMemoryLanes(NeonMemory):
    """One method per row."""

    # -- one lane

    def _lane(
        self, D: int, L: int, n: int, d: int, j: int, m: int, lane: Type, *,
        elements: int, step: int = 1, alignment: int = 1,
    ) -> None:  # fmt: skip
        self.refuse_past_last(d, D, (elements - 1) * step + 1)
        base, j = self.address(n, alignment), int(j)
        addresses = self._addresses(base, lane, elements)
        steps = range(0, elements * step, step)
        if L:
            values = [self.load(address, lane) for address in addresses]
            for plus, value in zip(steps, values, strict=True):
                self.write_d(d, D, self.ir.insert(self.read_d(d, D, plus), value, j), plus)
        else:
            for plus, address in zip(steps, addresses, strict=True):
                self.store(address, self.ir.extract(self.read_d(d, D, plus), lane, j))
        self.write_back(n, m, base, elements * lane.bytes)

    def _addresses(self, base: Value, lane: Type, elements: int) -> list[Value]:
        return [self.ir.add(base, k * lane.bytes) if k else base for k in range(elements)]

    def VLD1_lane8(self, D: int, L: int, n: int, d: int, j: int, m: int) -> None:
        """vld1.8 {Dd[j]}, [Rn]; vst1."""
        self._lane(D, L, n, d, j, m, I8, elements=1)

    def VLD1_lane16(self, D: int, L: int, n: int, d: int, j: int, a: int, m: int) -> None:
        """vld1.16 {Dd[j]}, [Rn]; vst1."""
        self._lane(D, L, n, d, j, m, I16, elements=1, alignment=2 if a else 1)

    def VLD1_lane32(self, D: int, L: int, n: int, d: int, j: int, k: int, m: int) -> None:
        """vld1.32 {Dd[j]}, [Rn]; vst1."""
        self._lane(D, L, n, d, j, m, I32, elements=1, alignment=4 if k else 1)

    def VLD2_lane8(self, D: int, L: int, n: int, d: int, j: int, a: int, m: int) -> None:
        """vld2.8 {Dd[j], D(d+1)[j]}, [Rn]; vst2."""
        self._lane(D, L, n, d, j, m, I8, elements=2, alignment=2 if a else 1)

    def VLD2_lane16(self, D: int, L: int, n: int, d: int, j: int, x: int, a: int, m: int) -> None:
        """vld2.16 {Dd[j], D(d+1)[j]}, [Rn]; vst2."""
        step, alignment = 1 + int(x), 4 if a else 1
        self._lane(D, L, n, d, j, m, I16, elements=2, step=step, alignment=alignment)

    def VLD2_lane32(self, D: int, L: int, n: int, d: int, j: int, x: int, a: int, m: int) -> None:
        """vld2.32 {Dd[j], D(d+1)[j]}, [Rn]; vst2."""
        step, alignment = 1 + int(x), 8 if a else 1
        self._lane(D, L, n, d, j, m, I32, elements=2, step=step, alignment=alignment)

    def VLD3_lane8(self, D: int, L: int, n: int, d: int, j: int, m: int) -> None:
        """vld3.8 {three lanes}, [Rn]; vst3."""
        self._lane(D, L, n, d, j, m, I8, elements=3)

    def VLD3_lane16(self, D: int, L: int, n: int, d: int, j: int, x: int, m: int) -> None:
        """vld3.16 {three lanes}, [Rn]; vst3."""
        self._lane(D, L, n, d, j, m, I16, elements=3, step=1 + int(x))

    def VLD3_lane32(self, D: int, L: int, n: int, d: int, j: int, x: int, m: int) -> None:
        """vld3.32 {three lanes}, [Rn]; vst3."""
        self._lane(D, L, n, d, j, m, I32, elements=3, step=1 + int(x))

    def VLD4_lane8(self, D: int, L: int, n: int, d: int, j: int, a: int, m: int) -> None:
        """vld4.8 {four lanes}, [Rn]; vst4."""
        self._lane(D, L, n, d, j, m, I8, elements=4, alignment=4 if a else 1)

    def VLD4_lane16(self, D: int, L: int, n: int, d: int, j: int, x: int, a: int, m: int) -> None:
        """vld4.16 {four lanes}, [Rn]; vst4."""
        step, alignment = 1 + int(x), 8 if a else 1
        self._lane(D, L, n, d, j, m, I16, elements=4, step=step, alignment=alignment)

    def VLD4_lane32(self, D: int, L: int, n: int, d: int, j: int, x: int, b: int, m: int) -> None:
        """vld4.32 {four lanes}, [Rn]; vst4."""
        step, alignment = 1 + int(x), (1, 8, 16)[b]
        self._lane(D, L, n, d, j, m, I32, elements=4, step=step, alignment=alignment)

    # -- all lanes

    def _all(
        self, D: int, n: int, d: int, T: int, m: int, lane: Type, *,
        elements: int, alignment: int = 1,
    ) -> None:  # fmt: skip
        step = 1 + int(T)
        span = step if elements == 1 else (elements - 1) * step + 1
        self.refuse_past_last(d, D, span)
        base = self.address(n, alignment)
        values = [self.load(address, lane) for address in self._addresses(base, lane, elements)]
        vectors = [self.ir.splat(value, V64) for value in values]
        if elements == 1:
            for plus in range(step):
                self.write_d(d, D, vectors[0], plus)
        else:
            for index, vector in enumerate(vectors):
                self.write_d(d, D, vector, index * step)
        self.write_back(n, m, base, elements * lane.bytes)

    def VLD1_all8(self, D: int, n: int, d: int, T: int, m: int) -> None:
        """vld1.8 {Dd[]}, [Rn]; also the next register."""
        self._all(D, n, d, T, m, I8, elements=1)

    def VLD1_all(self, D: int, n: int, d: int, h: int, T: int, a: int, m: int) -> None:
        """vld1 {Dd[]}, [Rn]; also the next register."""
        lane = ELEMENTS[h]
        self._all(D, n, d, T, m, lane, elements=1, alignment=lane.bytes if a else 1)

    def VLD2_all(self, D: int, n: int, d: int, e: int, T: int, a: int, m: int) -> None:
        """vld2 {Dd[], D(d+1)[]}, [Rn]."""
        lane = ELEMENTS[e]
        self._all(D, n, d, T, m, lane, elements=2, alignment=2 * lane.bytes if a else 1)

    def VLD3_all(self, D: int, n: int, d: int, e: int, T: int, m: int) -> None:
        """vld3 {three registers}, [Rn]."""
        self._all(D, n, d, T, m, ELEMENTS[e], elements=3)

    def VLD4_all(self, D: int, n: int, d: int, e: int, T: int, a: int, m: int) -> None:
        """vld4 {four registers}, [Rn]."""
        lane = ELEMENTS[e]
        alignment = (8 if lane is I32 else 4 * lane.bytes) if a else 1
        self._all(D, n, d, T, m, lane, elements=4, alignment=alignment)

    def VLD4_all128(self, D: int, n: int, d: int, T: int, m: int) -> None:
        """vld4.32 {four registers}, [Rn:128]."""
        self._all(D, n, d, T, m, I32, elements=4, alignment=16)
