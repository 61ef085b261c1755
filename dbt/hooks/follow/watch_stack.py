"""The pass that traps where the stack pointer leaves its stack or passes a frame (``stacks``)."""

from collections.abc import Iterator
from typing import ClassVar

import attrs

from dbt.hooks.follow.stacks import LOADED, RAISED
from dbt.hooks.slots import SP_LIMIT
from dbt.interfaces import Place
from dbt.ir import ops
from dbt.ir.block import SP_STEP, Block, Const, Inst, Value
from dbt.ir.builder import Builder


@attrs.define(eq=False)
class WatchStack:
    """Traps where the stack pointer may pass ``SP_LIMIT`` or leave its stack.

    insn 0x8000 4           =>    insn 0x8000 4
    %0:i32 = get r13              %0:i32 = get r13
    %1:i32 = add %0, 0x8          %1:i32 = add %0, 0x8
    set r13 %1                    %2:i32 = get hook.sp_limit
                                  %3:i1 = ult %2, %1
                                  trap_if stack-raised %3
                                  set r13 %1

    insn 0x8000 4           =>    insn 0x8000 4
    %0:i32 = get r2               %0:i32 = get r2
    set r13 %0                    %1:i32 = get hook.sp_limit
                                  %2:i1 = ule %1, %0
                                  %3:i32 = get r13
                                  %4:i1 = ult %0, %3
                                  %5:i1 = or %2, %4
                                  trap_if stack-loaded %5
                                  set r13 %0

    The trap comes before the first effect of the guest instruction, which can then be executed from
    its beginning. Blocks in mode ``SP_STEP`` are left as they are: the host executes them to see
    what the instruction does.
    """

    place: ClassVar[Place] = "instruction"

    slot: str

    def run(self, block: Block) -> None:
        """Instrument a block."""
        if block.key.mode & SP_STEP:
            return
        wanted = list(self._wanted(block.insts))
        for at, move in wanted:  # from the end, so that places stay what they are
            emit = Builder([])
            self._check(emit, move)
            block.insts[at:at] = emit.insts

    def _wanted(self, insts: list[Inst]) -> Iterator[tuple[int, Inst]]:
        """The places to put a check at, each with the move that it checks, the last one first. Of
        several rises in a row only the last is checked: it leads highest."""
        covered = False
        for at in range(len(insts) - 1, -1, -1):
            move = insts[at]
            if move.op is not ops.SET or move.imm[0] != self.slot:
                continue
            if not self._is_step(move.args[0]):
                covered = False
                yield _before_effects(insts, at), move
            elif self._rises(move.args[0]):
                if not covered:
                    yield _before_effects(insts, at), move
                covered = move.when is None or covered
            else:
                covered = False

    def _check(self, emit: Builder, move: Inst) -> None:
        new = move.args[0]
        limit = emit.get(SP_LIMIT)
        if self._is_step(new):
            reason, passes = RAISED, emit.ult(limit, new)
        else:
            reason = LOADED
            passes = emit.or_(emit.ule(limit, new), emit.ult(new, emit.get(self.slot)))
        emit.when = move.when
        emit.trap_if(passes, reason)

    def _is_step(self, value: Value) -> bool:
        """Whether the pointer's new value is computed from its old one."""
        if not isinstance(value, Inst):
            return False
        if value.op is ops.GET:
            return value.imm[0] == self.slot
        first = (ops.ADD, ops.SUB, ops.AND, ops.OR, ops.XOR)
        return value.op in first and self._is_step(value.args[0])

    @staticmethod
    def _rises(value: Value) -> bool:
        """Whether a step may lead up; False when it certainly leads down."""
        match value:
            case Inst(op=ops.AND):
                return False
            case Inst(op=ops.ADD, args=(_, Const(value=by))):
                return not by >> 31
            case Inst(op=ops.SUB, args=(_, Const(value=by))):
                return bool(by >> 31)
        return True


def _before_effects(insts: list[Inst], at: int) -> int:
    """Returns an index before ``at``: the guest instruction that moves the pointer at ``at`` has
    had no effect there, and all values that the move is computed from are known."""
    move = insts[at]
    needed = {id(value) for value in (*move.args, move.when) if isinstance(value, Inst)}
    place = at
    for before in range(at - 1, -1, -1):
        inst = insts[before]
        if inst.op is ops.INSN or id(inst) in needed:
            break
        if not inst.op.pure and inst.op not in (ops.GET, ops.LOAD):
            place = before
    return place
