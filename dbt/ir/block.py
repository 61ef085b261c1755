"""Blocks: a key, a flat list of instructions over SSA values, and exactly one exit."""

from collections.abc import Container

from dbt.classes import attrs
from dbt.ir.types import Type
from dbt.typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dbt.ir.ops import Op

CONDITION_PASSED = 1
"""Mode bit: the condition of the first instruction has been tested and holds (it is not
counted)."""
HOOKED = 2
"""Mode bit: the hook at this pc has run."""
HOOK_CONDITION_PASSED = 4
"""Mode bit: the condition of the hook at this pc holds; the block enters the host."""
SP_STEP = 8
"""Mode bit: the host executes this block's first instruction by itself, to see what it does to the
stack pointer. The traps that look out for that are left out."""
CONTINUED = CONDITION_PASSED | HOOKED
"""A key with one of these continues an instruction that control has already arrived at."""
ARRIVED = CONTINUED | HOOK_CONDITION_PASSED
"""At a key with one of these, the arrival of control at its pc has been reported already."""
FRONTEND_MODE_SHIFT = 8
"""Mode bits from here on belong to the frontend (ARM: Thumb, the byte order of data)."""


def frontend_mode(mode: int) -> int:
    """The mode bits that belong to the frontend."""
    return mode >> FRONTEND_MODE_SHIFT << FRONTEND_MODE_SHIFT


@attrs.frozen(order=True)
class BlockKey:
    """The name of a block: its pc, and the mode bits that its translation depends on."""

    pc: int
    mode: int = 0

    def with_mode(self, bits: int) -> "BlockKey":
        """The same pc with further mode bits set."""
        return BlockKey(self.pc, self.mode | bits)

    def arrives_at(self, pcs: Container[int]) -> bool:
        """True when control arrives at one of these pcs with this key, and that has not been
        reported yet."""
        return self.pc in pcs and not self.mode & ARRIVED

    def __str__(self) -> str:
        return f"{self.pc:#x}@{self.mode:#x}" if self.mode else f"{self.pc:#x}"


@attrs.frozen(eq=False)
class Const:
    """A constant operand. It is in no list of instructions. ``value`` is unsigned and fits the
    type."""

    value: int
    type: Type


@attrs.define(eq=False)
class Inst:
    """One IR instruction; it is also the value it computes (``type`` is None when it has none).

    ``imm`` are the immediates the op's row names. ``when`` predicates the effect: when it is 0
    nothing happens, and a value computed is 0. Only ops with an effect may carry it.
    """

    op: "Op"
    args: tuple["Value", ...] = attrs.field(repr=False)  # a tree of them fills pages
    type: Type | None
    imm: tuple[int | str, ...] = ()
    when: "Value | None" = attrs.field(default=None, repr=False)


Value: TypeAlias = Const | Inst


# -- Exits --------------------------------------------------------------------------------------
# Indirect targets are *locations*: 32-bit values as the guest holds them, in which some bits may be
# state (``Layout.state_bits``; ARM: Thumb). Direct targets are block keys.


@attrs.frozen(eq=False)
class Goto:
    """Continue at a known block."""

    target: BlockKey


@attrs.frozen(eq=False)
class Branch:
    """Continue at ``taken`` when ``cond`` is 1, else at ``other``."""

    cond: Value
    taken: BlockKey
    other: BlockKey


@attrs.frozen(eq=False)
class Jump:
    """Jump to a computed location (neither call nor return, as far as the frontend can tell)."""

    target: Value


@attrs.frozen(eq=False)
class Call:
    """Call a function; ``link`` is the location it should return to (already set in the state).

    A direct call holds a BlockKey as target, an indirect one an i32 value.
    """

    target: "BlockKey | Value"
    link: int


@attrs.frozen(eq=False)
class Return:
    """Return from a function to a computed location."""

    target: Value


@attrs.frozen(eq=False)
class Swi:
    """A system call, then continue at ``resume``. ``number`` is the instruction's immediate."""

    number: int
    resume: BlockKey


@attrs.frozen(eq=False)
class Hook:
    """Run the hooks at this block's pc in the host, then continue at ``resume``."""

    resume: BlockKey


HALT_BREAKPOINT = "breakpoint"
"""The reason of a ``Halt`` at a breakpoint instruction."""
HALT_JUMP = "jump"
"""The reason of a ``Halt`` after which the guest continues at the location in the slot JUMP_SLOT
(see ``Frontend.in_state``)."""


@attrs.frozen(eq=False)
class Halt:
    """The guest cannot continue, because of ``reason``: HALT_BREAKPOINT, HALT_JUMP, or one that
    only frontend and environment know, such as ``undefined``.

    The state's pc is ``pc``, the instruction that halts. That instruction is not counted.
    """

    reason: str
    pc: int


Exit: TypeAlias = Goto | Branch | Jump | Call | Return | Swi | Hook | Halt


def exit_values(exit_: Exit) -> tuple[Value, ...]:
    """The values an exit uses, in order."""
    match exit_:
        case Branch(cond=value):
            return (value,)
        case Jump(target=value) | Return(target=value):
            return (value,)
        case Call(target=target) if not isinstance(target, BlockKey):
            return (target,)
    return ()


def exit_targets(exit_: Exit) -> tuple[BlockKey, ...]:
    """Keys of the blocks known to follow an exit, the fall-through last. Each can be linked."""
    match exit_:
        case Goto(target=target):
            return (target,)
        case Branch(taken=taken, other=other):
            return (taken, other)
        case Call(target=BlockKey() as target):
            return (target,)
        case Swi(resume=resume) | Hook(resume=resume):
            return (resume,)
    return ()


def retry_mode(key: BlockKey, pc: int) -> int:
    """The mode in which the instruction at ``pc``, of the block at ``key``, is executed again after
    a fault. Its condition is tested again; the hooks at the block's first instruction do not run
    again."""
    return key.mode & ~(CONDITION_PASSED if pc == key.pc else CONDITION_PASSED | HOOKED)


@attrs.define(eq=False)
class Block:
    """A translation block. ``size`` is the number of guest bytes it was lifted from, ``before``
    that of the bytes in front of them which its meaning depends on."""

    key: BlockKey
    insts: list[Inst]
    exit: Exit
    size: int = 0
    before: int = 0

    @property
    def insn_count(self) -> int:
        """Guest instructions an execution of the whole block counts.

        The first instruction of a CONDITION_PASSED block was counted by the block that tested its
        condition; the instruction of a Halt does not complete.
        """
        from dbt.ir.ops import INSN

        marks = sum(1 for inst in self.insts if inst.op is INSN)
        uncounted = bool(self.key.mode & CONDITION_PASSED) or isinstance(self.exit, Halt)
        return marks - 1 if uncounted and marks else marks

    def completed(self, marks: int) -> int:
        """Guest instructions to count when the one with the ``marks``-th mark does not complete.

        -1 for the first instruction of a CONDITION_PASSED block: the block that tested its
        condition has counted it. An executor that took ``insn_count`` from the fuel gives the
        difference back.
        """
        before = max(0, marks - 1)
        return before - 1 if self.key.mode & CONDITION_PASSED and marks else before


__all__ = [
    "ARRIVED",
    "CONDITION_PASSED",
    "CONTINUED",
    "FRONTEND_MODE_SHIFT",
    "HOOKED",
    "HOOK_CONDITION_PASSED",
    "SP_STEP",
    "Block",
    "BlockKey",
    "Branch",
    "Call",
    "Const",
    "Exit",
    "Goto",
    "Halt",
    "Hook",
    "Inst",
    "Jump",
    "Return",
    "Swi",
    "Value",
    "exit_targets",
    "exit_values",
    "frontend_mode",
    "retry_mode",
]
