"""A builder that appends instructions, with one short method per op.

``Builder(insts)`` appends to any list: frontends build whole blocks with it, passes parts of one.
Methods take values or plain ints; an int becomes a constant of the other operand's type.
"""

from collections.abc import Iterable

from dbt import choices
from dbt.ir import ops
from dbt.ir.block import Const, Inst, Value
from dbt.ir.ops import Op
from dbt.ir.types import I1, I32, V64, V128, Type
from dbt.stops import UsageError


class Builder:
    """Appends instructions to ``insts``. While ``when`` is set it predicates every effect."""

    def __init__(self, insts: list[Inst]) -> None:
        self.insts = insts
        self.when: Value | None = None

    def emit(
        self, op: Op, args: tuple[Value, ...], type_: Type | None, imm: tuple[int | str, ...] = ()
    ) -> Inst:
        """Append one instruction. An op with an effect gets the current ``when``."""
        inst = Inst(op, args, type_, imm, self.when if op.conditional else None)
        self.insts.append(inst)
        return inst

    def const(self, value: int, type_: Type = I32) -> Const:
        """A constant, cut to the width of its type. Raises UsageError if it is no whole number."""
        try:
            return Const(value & type_.mask, type_)
        except TypeError:
            raise UsageError(f"a constant is a whole number, not {choices.shown(value)}") from None

    def _operand(self, value: Value | int, like: Type) -> Value:
        return value if isinstance(value, Const | Inst) else Const(value & like.mask, like)

    def _binary(self, op: Op, a: Value, b: Value | int) -> Inst:
        assert a.type is not None
        return self.emit(op, (a, self._operand(b, a.type)), a.type)

    def _compare(self, op: Op, a: Value, b: Value | int) -> Inst:
        assert a.type is not None
        return self.emit(op, (a, self._operand(b, a.type)), I1)

    # -- arithmetic and logic
    def add(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.ADD, a, b)

    def sub(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.SUB, a, b)

    def mul(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.MUL, a, b)

    def udiv(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.UDIV, a, b)

    def sdiv(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.SDIV, a, b)

    def and_(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.AND, a, b)

    def or_(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.OR, a, b)

    def xor(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.XOR, a, b)

    def not_(self, a: Value) -> Inst:
        return self.emit(ops.NOT, (a,), a.type)

    def neg(self, a: Value) -> Inst:
        return self.emit(ops.NEG, (a,), a.type)

    # -- shifts
    def shl(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.SHL, a, b)

    def shr(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.SHR, a, b)

    def sar(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.SAR, a, b)

    def ror(self, a: Value, b: Value | int) -> Inst:
        return self._binary(ops.ROR, a, b)

    def clz(self, a: Value) -> Inst:
        return self.emit(ops.CLZ, (a,), a.type)

    def bswap(self, a: Value) -> Inst:
        return self.emit(ops.BSWAP, (a,), a.type)

    def rbit(self, a: Value) -> Inst:
        return self.emit(ops.RBIT, (a,), a.type)

    # -- comparison and choice
    def eq(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.EQ, a, b)

    def ne(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.NE, a, b)

    def ult(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.ULT, a, b)

    def ule(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.ULE, a, b)

    def slt(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.SLT, a, b)

    def sle(self, a: Value, b: Value | int) -> Inst:
        return self._compare(ops.SLE, a, b)

    def select(self, cond: Value, a: Value, b: Value | int) -> Inst:
        assert a.type is not None
        return self.emit(ops.SELECT, (cond, a, self._operand(b, a.type)), a.type)

    def carry(self, a: Value, b: Value | int, c: Value | int) -> Inst:
        assert a.type is not None
        args = (a, self._operand(b, a.type), self._operand(c, I1))
        return self.emit(ops.CARRY, args, I1)

    def overflow(self, a: Value, b: Value | int, c: Value | int) -> Inst:
        assert a.type is not None
        args = (a, self._operand(b, a.type), self._operand(c, I1))
        return self.emit(ops.OVERFLOW, args, I1)

    # -- width
    def zext(self, a: Value, type_: Type) -> Inst:
        return self.emit(ops.ZEXT, (a,), type_)

    def sext(self, a: Value, type_: Type) -> Inst:
        return self.emit(ops.SEXT, (a,), type_)

    def trunc(self, a: Value, type_: Type) -> Inst:
        return self.emit(ops.TRUNC, (a,), type_)

    def bitcast(self, a: Value, type_: Type) -> Inst:
        return self.emit(ops.BITCAST, (a,), type_)

    # -- floating point
    def fneg(self, a: Value) -> Inst:
        return self.emit(ops.FNEG, (a,), a.type)

    def fabs(self, a: Value) -> Inst:
        return self.emit(ops.FABS, (a,), a.type)

    def floating(self, op: Op, args: tuple[Value, ...], type_: Type, *imm: int) -> Inst:
        """An op with a status, which is the last of ``args``."""
        return self.emit(op, args, type_, imm)

    def fstatus(self, a: Value) -> Inst:
        return self.emit(ops.FSTATUS, (a,), I32)

    # -- vectors
    def vector(self, op: Op, *args: Value, imm: tuple[int | str, ...] = ()) -> Inst:
        """An op on vectors whose result has the type of the first operand."""
        return self.emit(op, args, args[0].type, imm)

    def lanes(self, op: Op, lane: Type, *args: Value) -> Inst:
        """The same, of an op whose one immediate is the type of the lanes."""
        return self.emit(op, args, args[0].type, (lane.name,))

    def vconst(self, number: int, lane: Type, whole: Type) -> Const:
        """A vector, all lanes of which are a number."""
        ones = whole.mask // lane.mask
        return Const((number & lane.mask) * ones, whole)

    def splat(self, value: Value, whole: Type) -> Inst:
        """A vector, all lanes of which are a scalar."""
        assert value.type is not None
        return self.emit(ops.VSPLAT, (value,), whole, (value.type.name,))

    def extract(self, vector: Value, lane: Type, index: int) -> Inst:
        """A lane."""
        return self.emit(ops.VEXTRACT, (vector,), lane, (lane.name, index))

    def insert(self, vector: Value, value: Value, index: int) -> Inst:
        """A vector with another lane."""
        assert value.type is not None
        return self.emit(ops.VINSERT, (vector, value), vector.type, (value.type.name, index))

    def widen(self, vector: Value, lane: Type, *, signed: bool) -> Inst:
        """A v64 as v128, with lanes of twice the width."""
        return self.emit(ops.VSEXT if signed else ops.VZEXT, (vector,), V128, (lane.name,))

    def narrow(self, vector: Value, lane: Type) -> Inst:
        """A v128 as v64: the low halves of its lanes."""
        return self.emit(ops.VTRUNC, (vector,), V64, (lane.name,))

    def half(self, vector: Value, index: int) -> Inst:
        """A half of a v128."""
        return self.emit(ops.VHALF, (vector,), V64, (index,))

    def concat(self, low: Value, high: Value) -> Inst:
        """A v128 of two halves."""
        return self.emit(ops.VCONCAT, (low, high), V128)

    def shuffle(self, a: Value, b: Value, lane: Type, indices: Iterable[int]) -> Inst:
        """The lanes with these numbers, of two vectors one behind the other."""
        text = " ".join(map(str, indices))
        return self.emit(ops.VSHUFFLE, (a, b), a.type, (lane.name, text))

    # -- state and memory
    def get(self, slot: str, type_: Type = I32) -> Inst:
        return self.emit(ops.GET, (), type_, (slot,))

    def set(self, slot: str, value: Value) -> None:
        self.emit(ops.SET, (value,), None, (slot,))

    def load(self, address: Value, type_: Type = I32) -> Inst:
        return self.emit(ops.LOAD, (address,), type_)

    def store(self, address: Value, value: Value) -> None:
        self.emit(ops.STORE, (address, value), None)

    def exchange(self, address: Value, value: Value) -> Inst:
        return self.emit(ops.EXCHANGE, (address, value), value.type)

    def compare_exchange(self, address: Value, expected: Value, value: Value) -> Inst:
        return self.emit(ops.COMPARE_EXCHANGE, (address, expected, value), value.type)

    def fence(self) -> None:
        self.emit(ops.FENCE, (), None)

    def check_align(self, address: Value, bytes_: int) -> None:
        self.emit(ops.CHECK_ALIGN, (address,), None, (bytes_,))

    # -- marks and instrumentation
    def insn(self, pc: int, size: int) -> None:
        self.insts.append(Inst(ops.INSN, (), None, (pc, size)))

    def count(self, counter: str) -> None:
        self.emit(ops.COUNT, (), None, (counter,))

    def push(self, stack: str, value: Value) -> None:
        self.emit(ops.PUSH, (value,), None, (stack,))

    def pop(self, stack: str) -> Inst:
        return self.emit(ops.POP, (), I32, (stack,))

    def invoke(self, function: str, *args: Value) -> None:
        self.emit(ops.INVOKE, args, None, (function,))

    def trap_if(self, cond: Value, reason: str) -> None:
        self.emit(ops.TRAP_IF, (cond,), None, (reason,))
