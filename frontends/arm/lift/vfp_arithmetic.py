"""Arithmetic and comparison of VFP (ARM ARM A8.8.283, A8.8.302 and the pages of the others).

Operations leave their exceptions in the FPSCR, whose slot is the status that the IR's ops take.
"""

from dbt.ir import ops
from dbt.ir.block import Value
from dbt.ir.ops import Op
from dbt.ir.types import I8, Type
from frontends.arm.lift.vfp_registers import VfpRegisters, format_of


class VfpArithmetic(VfpRegisters):
    """One method per row, and what they share."""

    def compute(self, op: Op, *operands: Value, type_: Type | None = None) -> Value:
        """The result of an operation, by default of the operands' type; its exceptions are noted
        in the FPSCR (predicated)."""
        status = self.ir.get("fpscr")
        kind = type_ or operands[0].type
        assert kind is not None
        result = self.ir.floating(op, (*operands, status), kind)
        self.ir.set("fpscr", self.ir.fstatus(result))
        return result

    def _binary(self, op: Op, n: int, N: int, m: int, M: int, z: int) -> Value:
        return self.compute(op, self.read_vector(n, N, z), self.read_vector(m, M, z))

    def VADD(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vadd Vd, Vn, Vm; vsub."""
        self.scalar_only()
        self.predicate(c)
        op = ops.FSUB if o else ops.FADD
        self.write_vector(d, D, z, self._binary(op, n, N, m, M, z))

    def VMUL(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vmul Vd, Vn, Vm; vnmul."""
        self.scalar_only()
        self.predicate(c)
        product = self._binary(ops.FMUL, n, N, m, M, z)
        self.write_vector(d, D, z, self.ir.fneg(product) if o else product)

    def VDIV(self, c: int, D: int, n: int, d: int, z: int, N: int, M: int, m: int) -> None:
        """vdiv Vd, Vn, Vm."""
        self.scalar_only()
        self.predicate(c)
        self.write_vector(d, D, z, self._binary(ops.FDIV, n, N, m, M, z))

    def VSQRT(self, c: int, D: int, d: int, z: int, M: int, m: int) -> None:
        """vsqrt Vd, Vm."""
        self.scalar_only()
        self.predicate(c)
        self.write_vector(d, D, z, self.compute(ops.FSQRT, self.read_vector(m, M, z)))

    # -- multiplication and addition: rounded twice, or fused

    def VMLA(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vmla Vd, Vn, Vm; vmls, which subtracts the product."""
        self._multiply_add(c, n, N, m, M, d, D, z, negated=False, subtracts=bool(o))

    def VNMLA(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vnmla Vd, Vn, Vm: -Vd - Vn * Vm; vnmls: -Vd + Vn * Vm."""
        self._multiply_add(c, n, N, m, M, d, D, z, negated=True, subtracts=bool(o))

    def _multiply_add(
        self, c: int, n: int, N: int, m: int, M: int, d: int, D: int, z: int, *,
        negated: bool, subtracts: bool,
    ) -> None:  # fmt: skip
        self.scalar_only()
        self.predicate(c)
        product = self._binary(ops.FMUL, n, N, m, M, z)
        addend = self.read_vector(d, D, z)
        if subtracts:
            product = self.ir.fneg(product)
        if negated:
            addend = self.ir.fneg(addend)
        self.write_vector(d, D, z, self.compute(ops.FADD, addend, product))

    def VFMA(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vfma Vd, Vn, Vm; vfms, which negates Vn."""
        self._fuse(c, n, N, m, M, d, D, z, negated=False, subtracts=bool(o))

    def VFNMA(self, c: int, D: int, n: int, d: int, z: int, N: int, o: int, M: int, m: int) -> None:
        """vfnma Vd, Vn, Vm: -Vd + (-Vn) * Vm; vfnms: -Vd + Vn * Vm."""
        self._fuse(c, n, N, m, M, d, D, z, negated=True, subtracts=bool(o))

    def _fuse(
        self, c: int, n: int, N: int, m: int, M: int, d: int, D: int, z: int, *,
        negated: bool, subtracts: bool,
    ) -> None:  # fmt: skip
        self.scalar_only()
        self.predicate(c)
        left, right = self.read_vector(n, N, z), self.read_vector(m, M, z)
        addend = self.read_vector(d, D, z)
        if subtracts:
            left = self.ir.fneg(left)
        if negated:
            addend = self.ir.fneg(addend)
        self.write_vector(d, D, z, self.compute(ops.FMA, left, right, addend))

    # -- comparison

    def VCMP(self, c: int, D: int, d: int, z: int, o: int, M: int, m: int) -> None:
        """vcmp Vd, Vm; vcmpe."""
        self.predicate(c)
        self._compare(self.read_vector(d, D, z), self.read_vector(m, M, z), o)

    def VCMP_zero(self, c: int, D: int, d: int, z: int, o: int) -> None:
        """vcmp Vd, #0; vcmpe."""
        self.predicate(c)
        self._compare(self.read_vector(d, D, z), self.ir.const(0, format_of(z)), o)

    def _compare(self, left: Value, right: Value, o: int) -> None:
        relation = self.compute(ops.FCMPE if o else ops.FCMP, left, right, type_=I8)
        self.ir.set("fpn", self.ir.eq(relation, 1))
        self.ir.set("fpz", self.ir.eq(relation, 0))
        self.ir.set("fpc", self.ir.ne(relation, 1))
        self.ir.set("fpv", self.ir.eq(relation, 3))
