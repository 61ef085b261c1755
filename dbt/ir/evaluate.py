"""The living definition of the IR: what every op computes, and what running a block does.

Plain Python, written to be obviously right. Every backend is compared with it, const_fold calls
it, and the engine single-steps with it. Values are unsigned ints within their type; floats are
their bits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from dbt.classes import attrs
from dbt.ir import ciphers, ops, vectors
from dbt.ir.banks import Accesses, CounterBank, FunctionBank, StackBank, State
from dbt.ir.block import (
    Block,
    BlockKey,
    Branch,
    Call,
    Const,
    Exit,
    Inst,
    Jump,
    Return,
    Value,
    exit_targets,
)
from dbt.ir.ops import Op
from dbt.ir.types import Type
from dbt.stops import Access, GuestFault

# -- Pure ops --------------------------------------------------------------------------------------


def signed(value: int, type_: Type) -> int:
    """The two's complement reading of an unsigned value."""
    return value - (1 << type_.bits) if value >> (type_.bits - 1) else value


def _udiv(_: Type, a: int, b: int) -> int:
    return a // b if b else 0


def _sdiv(t: Type, a: int, b: int) -> int:
    a, b = signed(a, t), signed(b, t)
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _ror(t: Type, a: int, b: int) -> int:
    amount = b % t.bits
    return a >> amount | a << (t.bits - amount)


def _overflow(t: Type, a: int, b: int, c: int) -> int:
    total = signed(a, t) + signed(b, t) + c
    return int(not -(1 << (t.bits - 1)) <= total < 1 << (t.bits - 1))


# Each takes the type of the operands and their values; the result is cut to its width afterwards.
PURE: Mapping[Op, Callable[..., int]] = {
    ops.ADD: lambda _, a, b: a + b,
    ops.SUB: lambda _, a, b: a - b,
    ops.MUL: lambda _, a, b: a * b,
    ops.UDIV: _udiv,
    ops.SDIV: _sdiv,
    ops.AND: lambda _, a, b: a & b,
    ops.OR: lambda _, a, b: a | b,
    ops.XOR: lambda _, a, b: a ^ b,
    ops.NOT: lambda _, a: ~a,
    ops.NEG: lambda _, a: -a,
    ops.SHL: lambda t, a, b: a << b if b < t.bits else 0,
    ops.SHR: lambda t, a, b: a >> b if b < t.bits else 0,
    ops.SAR: lambda t, a, b: signed(a, t) >> min(b, t.bits),
    ops.ROR: _ror,
    ops.CLZ: lambda t, a: t.bits - a.bit_length(),
    ops.BSWAP: lambda t, a: int.from_bytes(a.to_bytes(t.bytes, "little"), "big"),
    ops.RBIT: lambda t, a: int(f"{a:0{t.bits}b}"[::-1], 2),
    ops.CRC32: lambda _, a: ciphers.remainder(a, ciphers.CRC32),
    ops.CRC32C: lambda _, a: ciphers.remainder(a, ciphers.CRC32C),
    ops.EQ: lambda _, a, b: a == b,
    ops.NE: lambda _, a, b: a != b,
    ops.ULT: lambda _, a, b: a < b,
    ops.ULE: lambda _, a, b: a <= b,
    ops.SLT: lambda t, a, b: signed(a, t) < signed(b, t),
    ops.SLE: lambda t, a, b: signed(a, t) <= signed(b, t),
    ops.SELECT: lambda _, c, a, b: a if c else b,
    ops.CARRY: lambda t, a, b, c: (a + b + c) >> t.bits,
    ops.OVERFLOW: _overflow,
    ops.ZEXT: lambda _, a: a,
    ops.SEXT: lambda t, a: signed(a, t),
    ops.TRUNC: lambda _, a: a,
    ops.BITCAST: lambda _, a: a,
    ops.FNEG: lambda t, a: a ^ 1 << (t.bits - 1),
    ops.FABS: lambda t, a: a & t.mask >> 1,
}


def evaluate_floating(inst: Inst, args: Sequence[int]) -> tuple[int, int]:
    """The result of an op with a status, and the status after it."""
    if inst.op.vector:
        return vectors.evaluate_floating(inst, args)
    from dbt.ir.floating import evaluate  # few programs need it

    type_, operand = inst.type, inst.args[0].type
    assert type_ is not None
    assert operand is not None
    return evaluate(inst.op, type_, operand, args, [int(number) for number in inst.imm])


def evaluate_pure(op: Op, type_: Type, args: Sequence[int], arg_types: Sequence[Type]) -> int:
    """Compute a pure op. ``type_`` is the type of the result, ``arg_types`` those of ``args``."""
    operand_type = arg_types[1] if op is ops.SELECT else arg_types[0]
    return int(PURE[op](operand_type, *args)) & type_.mask


# -- Blocks ----------------------------------------------------------------------------------------


@attrs.frozen
class Left:
    """The block ran to its exit.

    ``target`` is the key of the next block, a location if the exit computes it, or None for Halt.
    ``index`` is that of the target among ``exit_targets``, for a direct exit. ``completed`` is the
    number of guest instructions to count.
    """

    exit: Exit
    target: BlockKey | int | None
    index: int
    completed: int


@attrs.frozen
class Fault:
    """An access or a ``check_align`` faulted within the guest instruction at ``pc``.

    ``completed`` is without that instruction (``Block.completed``).
    """

    pc: int
    address: int
    access: Access
    completed: int


@attrs.frozen
class TrapFired:
    """A ``trap_if`` fired within the guest instruction at ``pc``; ``completed`` as in Fault."""

    reason: str
    pc: int
    completed: int


Outcome: TypeAlias = Left | Fault | TrapFired


def evaluate_block(
    block: Block,
    state: State,
    memory: Accesses,
    counters: CounterBank,
    stacks: StackBank,
    functions: FunctionBank | None = None,
) -> Outcome:
    """Execute a verified block once. Returns how it was left. The slot ``pc`` is not changed.

    ``functions`` is needed by blocks with ``invoke``.
    """
    return _Evaluation(block, state, memory, counters, stacks, functions).run()


class _Trapped(Exception):
    """Raised by ``trap_if`` to leave the block."""


class _Evaluation:
    """One execution of one block: the values computed so far and the guest instruction it is in."""

    def __init__(
        self,
        block: Block,
        state: State,
        memory: Accesses,
        counters: CounterBank,
        stacks: StackBank,
        functions: FunctionBank | None,
    ) -> None:
        self.block = block
        self.state = state
        self.memory = memory
        self.counters = counters
        self.stacks = stacks
        self.functions = functions
        self.values: dict[Inst, int] = {}
        self.after: dict[Value, int] = {}
        """The status after each op of floating point."""
        self.pc = block.key.pc
        self.marks = 0

    def value(self, value: Value) -> int:
        return value.value if isinstance(value, Const) else self.values[value]

    def run(self) -> Outcome:
        try:
            for inst in self.block.insts:
                self.execute(inst)
        except GuestFault as fault:
            return Fault(self.pc, fault.address, fault.access, self.block.completed(self.marks))
        except _Trapped as trap:
            return TrapFired(str(trap), self.pc, self.block.completed(self.marks))
        return self._leave()

    def execute(self, inst: Inst) -> None:
        op = inst.op
        if inst.when is not None and not self.value(inst.when):
            result: int | None = 0
        elif op.has_status:
            result, self.after[inst] = evaluate_floating(inst, list(map(self.value, inst.args)))
        elif op is ops.FSTATUS:
            result = self.after[inst.args[0]]
        elif op.vector:
            result = vectors.evaluate(inst, list(map(self.value, inst.args)))
        elif op.pure:
            args = [self.value(arg) for arg in inst.args]
            assert inst.type is not None
            operand = inst.args[1 if op is ops.SELECT else 0].type
            result = int(PURE[op](operand, *args)) & inst.type.mask
        else:
            result = _EFFECTS[op](self, inst)
        if inst.type is not None:
            assert result is not None
            self.values[inst] = result

    def _leave(self) -> Left:
        exit_, completed = self.block.exit, self.block.insn_count
        match exit_:
            case Branch(cond=cond, taken=taken, other=other):
                holds = self.value(cond)
                return Left(exit_, taken if holds else other, 0 if holds else 1, completed)
            case Jump(target=target) | Return(target=target):
                return Left(exit_, self.value(target), 0, completed)
            case Call(target=target) if not isinstance(target, BlockKey):
                return Left(exit_, self.value(target), 0, completed)
        targets = exit_targets(exit_)
        return Left(exit_, targets[0] if targets else None, 0, completed)

    # -- one method per op with an effect; ``when`` holds

    def get(self, inst: Inst) -> int:
        return self.state.get(str(inst.imm[0]))

    def set(self, inst: Inst) -> None:
        self.state.set(str(inst.imm[0]), self.value(inst.args[0]))

    def load(self, inst: Inst) -> int:
        assert inst.type is not None
        return self.memory.load(self.value(inst.args[0]), inst.type.bytes) & inst.type.mask

    def store(self, inst: Inst) -> None:
        address, stored = inst.args
        assert stored.type is not None
        self.memory.store(self.value(address), stored.type.bytes, self.value(stored))

    def exchange(self, inst: Inst) -> int:
        address, stored = map(self.value, inst.args)
        return self.memory.exchange(address, self._aligned_size(inst), stored)

    def compare_exchange(self, inst: Inst) -> int:
        address, expected, stored = map(self.value, inst.args)
        size = self._aligned_size(inst)
        return self.memory.compare_exchange(address, size, expected, stored)

    def _aligned_size(self, inst: Inst) -> int:
        """The bytes of an access in one step. Raises GuestFault if it is not aligned to them."""
        assert inst.type is not None
        _check_align(self.value(inst.args[0]), inst.type.bytes)
        return inst.type.bytes

    def fence(self, inst: Inst) -> None:
        del inst
        self.memory.fence()

    def check_align(self, inst: Inst) -> None:
        _check_align(self.value(inst.args[0]), int(inst.imm[0]))

    def insn(self, inst: Inst) -> None:
        self.pc = int(inst.imm[0])
        self.marks += 1

    def count(self, inst: Inst) -> None:
        self.counters.add(str(inst.imm[0]))

    def push(self, inst: Inst) -> None:
        self.stacks.push(str(inst.imm[0]), self.value(inst.args[0]))

    def pop(self, inst: Inst) -> int:
        return self.stacks.pop(str(inst.imm[0]))

    def invoke(self, inst: Inst) -> None:
        assert self.functions is not None
        self.functions.call(str(inst.imm[0]), [self.value(arg) for arg in inst.args])

    def trap_if(self, inst: Inst) -> None:
        if self.value(inst.args[0]):
            raise _Trapped(str(inst.imm[0]))


def _check_align(address: int, size: int) -> None:
    if address % size:
        raise GuestFault(address, Access.UNALIGNED)


_EFFECTS: Mapping[Op, Callable[[_Evaluation, Inst], int | None]] = {
    ops.GET: _Evaluation.get,
    ops.SET: _Evaluation.set,
    ops.LOAD: _Evaluation.load,
    ops.STORE: _Evaluation.store,
    ops.EXCHANGE: _Evaluation.exchange,
    ops.COMPARE_EXCHANGE: _Evaluation.compare_exchange,
    ops.FENCE: _Evaluation.fence,
    ops.CHECK_ALIGN: _Evaluation.check_align,
    ops.INSN: _Evaluation.insn,
    ops.COUNT: _Evaluation.count,
    ops.PUSH: _Evaluation.push,
    ops.POP: _Evaluation.pop,
    ops.TRAP_IF: _Evaluation.trap_if,
    ops.INVOKE: _Evaluation.invoke,
}
_FLOATING = {op for op in ops.OPS.values() if op.has_status and not op.vector} | {ops.FSTATUS}
"""What ``dbt/ir/floating.py`` computes, as a test shows."""
ops.require_all(PURE.keys() | _EFFECTS.keys() | _FLOATING | vectors.HANDLED, __name__)
