"""Run one block with the reference evaluator, and say in the terms of ``interfaces`` how it left.

The reference backend is a loop around this; the engine single-steps with it.
"""

import attrs

from dbt.interfaces import (
    PC_SLOT,
    Context,
    Event,
    FaultHit,
    HaltHit,
    HookHit,
    LinkKind,
    SyscallHit,
    TrapHit,
)
from dbt.ir.banks import Accesses
from dbt.ir.block import (
    Block,
    BlockKey,
    Call,
    Const,
    Exit,
    Halt,
    Hook,
    Inst,
    Jump,
    Return,
    Swi,
    frontend_mode,
    retry_mode,
)
from dbt.ir.evaluate import Fault, Left, Outcome, TrapFired, evaluate_block


@attrs.frozen
class Edge:
    """The block leads to ``key``. ``index`` is that of the target of a direct exit."""

    kind: LinkKind
    key: BlockKey
    index: int = 0


def execute(
    block: Block, context: Context, memory: Accesses | None = None
) -> tuple[Edge | Event, int]:
    """Execute a block once. Returns how it was left, and the number of guest instructions to count.

    Sets the slot ``pc``. ``memory`` is used in place of the context's, whose stores also write to
    pages that translations depend on.
    """
    outcome = evaluate_block(
        block,
        context.state,
        memory or context.memory,
        context.counters,
        context.stacks,
        context.functions,
    )
    result = _event_of(block.key, outcome, context)
    context.state.set(PC_SLOT, _pc_of(result))
    return result, outcome.completed


def _event_of(key: BlockKey, outcome: Outcome, context: Context) -> Edge | Event:
    match outcome:
        case Fault(pc=pc, address=address, access=access):
            return FaultHit(pc, retry_mode(key, pc), address, access)
        case TrapFired(reason=reason, pc=pc):
            return TrapHit(reason, pc, frontend_mode(key.mode))
        case Left(exit=Swi(number=number, resume=resume)):
            return SyscallHit(number, resume)
        case Left(exit=Hook(resume=resume)):
            return HookHit(resume)
        case Left(exit=Halt(reason=reason, pc=pc)):
            return HaltHit(reason, pc, frontend_mode(key.mode))
        case Left(exit=exit_, target=target, index=index):
            assert target is not None
            if isinstance(target, BlockKey):
                return Edge(LinkKind.DIRECT, target, index)
            return Edge(link_kind(exit_), context.key_of(target))
    raise AssertionError(outcome)


def link_kind(exit_: Exit) -> LinkKind:
    """The kind of edge by which an exit leaves its block."""
    match exit_:
        case Return():
            return LinkKind.RETURN
        case Jump() | Call(target=Const() | Inst()):
            return LinkKind.INDIRECT
    return LinkKind.DIRECT


def _pc_of(result: Edge | Event) -> int:
    match result:
        case Edge(key=key):
            return key.pc
        case SyscallHit(resume=resume) | HookHit(resume=resume):
            return resume.pc
        case FaultHit(pc=pc) | HaltHit(pc=pc) | TrapHit(pc=pc):
            return pc
    raise AssertionError(result)
