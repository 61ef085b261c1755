"""Advanced SIMD instructions that move lanes: VEXT, VREV, VTRN, VUZP, VZIP, VSWP, VTBL, VDUP (ARM
ARM A7.4, A7.4.5)."""

from collections.abc import Sequence

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.types import I8, I64, V64, Type
from frontends.arm.lift.neon_bits import NeonBits
from frontends.arm.lift.neon_registers import LANES, vector_type


class NeonPermute(NeonBits):
    """One method per row."""

    # -- one result

    def VEXT_d(self, D: int, n: int, d: int, i: int, N: int, M: int, m: int) -> None:
        """vext.8 Dd, Dn, Dm, #i."""
        ir, shift = self.ir, 8 * int(i)
        low, high = (ir.bitcast(self.read_d(*name), I64) for name in ((n, N), (m, M)))
        both = ir.or_(ir.shr(low, shift), ir.shl(high, 64 - shift)) if shift else low
        self.write_d(d, D, ir.bitcast(both, V64))

    def VEXT_q(self, D: int, n: int, d: int, i: int, N: int, M: int, m: int) -> None:
        """vext.8 Qd, Qn, Qm, #i."""
        low, high = self.read_q(n, N), self.read_q(m, M)
        self.write_q(d, D, self.ir.shuffle(low, high, I8, range(int(i), int(i) + 16)))

    def _reverse(self, d: int, D: int, Q: int, m: int, M: int, lane: Type, group: int) -> None:
        """Reverse the lanes of each group of so many bits."""
        count = group // lane.bits
        a = self.read_simd(m, M, Q)
        lanes = range(vector_type(Q).bits // lane.bits)
        self.write_simd(d, D, Q, self.ir.shuffle(a, a, lane, (n ^ count - 1 for n in lanes)))

    def VREV64(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vrev64 Vd, Vm."""
        self._reverse(d, D, Q, m, M, LANES[e], 64)

    def VREV32(self, D: int, s: int, d: int, Q: int, M: int, m: int) -> None:
        """vrev32 Vd, Vm."""
        self._reverse(d, D, Q, m, M, LANES[s], 32)

    def VREV16(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vrev16.8 Vd, Vm."""
        self._reverse(d, D, Q, m, M, I8, 16)

    def VDUP_lane(self, D: int, j: int, g: int, d: int, Q: int, M: int, m: int) -> None:
        """vdup Vd, Dm[x]: the lowest 1 says the size, and what is above it the lane."""
        number, size = int(j) << 3 | int(g), 0
        while not number >> size & 1:
            size += 1
        value = self.ir.extract(self.read_d(m, M), LANES[size], number >> size + 1)
        self.write_simd(d, D, Q, self.ir.splat(value, vector_type(Q)))

    # -- two results

    def _exchange(
        self, d: int, D: int, Q: int, m: int, M: int, lane: Type, numbers: Sequence[int]
    ) -> None:
        """Write both registers. ``numbers``: the lanes of the first, then those of the second, as
        those of the first and then of the second are numbered."""
        a, b = self.read_simd(d, D, Q), self.read_simd(m, M, Q)
        count = len(numbers) // 2
        first = self.ir.shuffle(a, b, lane, numbers[:count])
        second = self.ir.shuffle(a, b, lane, numbers[count:])
        self.write_simd(d, D, Q, first)
        self.write_simd(m, M, Q, second)

    def VSWP(self, D: int, d: int, Q: int, M: int, m: int) -> None:
        """vswp Vd, Vm."""
        a, b = self.read_simd(d, D, Q), self.read_simd(m, M, Q)
        self.write_simd(d, D, Q, b)
        self.write_simd(m, M, Q, a)

    def VTRN(self, D: int, e: int, d: int, Q: int, M: int, m: int) -> None:
        """vtrn Vd, Vm: the even lanes of both, and the odd ones."""
        count = vector_type(Q).bits // (8 << int(e))
        even = [n // 2 * 2 + n % 2 * count for n in range(count)]
        self._exchange(d, D, Q, m, M, LANES[e], [*even, *(n + 1 for n in even)])

    def _unzip(self, d: int, D: int, Q: int, m: int, M: int, size: int) -> None:
        count = vector_type(Q).bits // (8 << int(size))
        numbers = [*range(0, 2 * count, 2), *range(1, 2 * count, 2)]
        self._exchange(d, D, Q, m, M, LANES[size], numbers)

    def VUZP_d(self, D: int, s: int, d: int, M: int, m: int) -> None:
        """vuzp Dd, Dm."""
        self._unzip(d, D, 0, m, M, s)

    def VUZP_q(self, D: int, e: int, d: int, M: int, m: int) -> None:
        """vuzp Qd, Qm."""
        self._unzip(d, D, 1, m, M, e)

    def _zip(self, d: int, D: int, Q: int, m: int, M: int, size: int) -> None:
        count = vector_type(Q).bits // (8 << int(size))
        numbers = [n // 2 + n % 2 * count for n in range(2 * count)]
        self._exchange(d, D, Q, m, M, LANES[size], numbers)

    def VZIP_d(self, D: int, s: int, d: int, M: int, m: int) -> None:
        """vzip Dd, Dm."""
        self._zip(d, D, 0, m, M, s)

    def VZIP_q(self, D: int, e: int, d: int, M: int, m: int) -> None:
        """vzip Qd, Qm."""
        self._zip(d, D, 1, m, M, e)

    # -- tables

    def VTBL(self, D: int, n: int, d: int, l: int, N: int, x: int, M: int, m: int) -> None:  # noqa: E741
        """vtbl.8 Dd, {registers}, Dm; vtbx, which keeps bytes whose number is in no register."""
        count = int(l) + 1
        if self.number(n, N, 1) + count > 32:
            self.unpredictable()
        zero = self.ir.const(0, V64)
        parts = [self.read_d(n, N, plus) for plus in range(count)]
        parts += [zero] * (count % 2)
        numbers = self.read_d(m, M)
        result = self._look_up(parts[0], parts[1], numbers)
        if count > 2:
            above = self.ir.lanes(ops.VSUB, I8, numbers, self._bytes(16))
            result = self.ir.vector(ops.VOR, result, self._look_up(parts[2], parts[3], above))
        if x:
            known = self.ir.lanes(ops.VULT, I8, numbers, self._bytes(8 * count))
            result = self.ir.vector(ops.VBITS, known, result, self.read_d(d, D))
        self.write_d(d, D, result)

    def _look_up(self, low: Value, high: Value, numbers: Value) -> Value:
        return self.ir.emit(ops.VTABLE, (self.ir.concat(low, high), numbers), V64)

    def _bytes(self, value: int) -> Value:
        return self._immediate(value, I8, 0)
