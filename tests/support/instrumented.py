"""Runs of guests with passes, and what they came to."""

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import pytest
from support.guests import guest

from dbt.interfaces import BackendOptions, Pass, Place
from dbt.ir import ops
from dbt.ir.block import Block, Goto, Inst, Jump, Return, Swi
from dbt.ir.builder import Builder
from dbt.process import Process

GUESTS = {
    "indirect": (), "setjmp": (), "unaligned": (), "selfmod": (), "swi_kinds": (),
    "faults": ("null",), "signals": (), "fib": ("9",),
}  # fmt: skip
TIERS = ("0", "2", "auto")
MOST = 200_000
"""Instructions that a guest executes at most."""


@attrs.frozen
class Counting:
    """Adds to the counter that ``name`` returns for a block or an instruction."""

    place: ClassVar[Place] = "head"

    def name(self, block: Block) -> str:
        """The counter of a block."""
        return f"{block.key.pc:#x}"

    def run(self, block: Block) -> None:
        """Count."""
        block.insts.insert(0, Inst(ops.COUNT, (), None, (self.name(block),)))


@attrs.frozen
class EachInsn:
    """Counts each instruction by its address."""

    place: ClassVar[Place] = "instruction"

    def run(self, block: Block) -> None:
        """Count behind each mark."""
        for at in reversed(range(len(block.insts))):
            inst = block.insts[at]
            if inst.op is ops.INSN:
                count = Inst(ops.COUNT, (), None, (f"at:{inst.imm[0]:#x}",))
                block.insts.insert(at + 1, count)


@attrs.frozen
class Reads:
    """Counts what is read of the guest's state, by slot."""

    place: ClassVar[Place] = "instruction"

    def run(self, block: Block) -> None:
        """Count in front of each read."""
        for at in reversed(range(len(block.insts))):
            inst = block.insts[at]
            if inst.op is ops.GET:
                block.insts.insert(at, Inst(ops.COUNT, (), None, (f"get:{inst.imm[0]}",)))


@attrs.frozen
class Ways:
    """Keeps where blocks leave, on side stacks by how they do."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        """Push in front of the exit."""
        emit = Builder(block.insts)
        emit.push(f"from-{type(block.exit).__name__}", emit.const(block.key.pc))


@attrs.frozen
class Outcome:
    """What a run came to."""

    stop: object
    output: str
    instructions: int
    counters: dict[str, int]
    stacks: dict[str, list[int]]
    backend: dict[str, Any] = attrs.field(eq=False)


def process(name: str, passes: Sequence[Pass | str], tier: str, backend: str) -> Process:
    options = BackendOptions(tier=tier, hot=20, background=False)
    args = GUESTS[name]
    return Process(str(guest(name)), args, env={}, options=options, backend=backend, passes=passes)


def outcome(
    name: str,
    passes: Sequence[Pass | str],
    capfd: pytest.CaptureFixture[str],
    tier: str,
    backend: str = "numba_jit",
) -> Outcome:
    with process(name, passes, tier, backend) as guest_:
        stop = guest_.run(max_insns=MOST)
        names = ["swi", "swi-site", "shadow"]
        names += [f"from-{class_.__name__}" for class_ in (Goto, Jump, Return, Swi)]
        stacks = {
            stack: [guest_.stacks.entry(stack, at) for at in range(guest_.stacks.depth(stack))]
            for stack in names
            if guest_.stacks.depth(stack) <= 1 << 16
        }
        counters = {key: count for key, count in guest_.counters.snapshot().items() if count}
        stats = guest_.stats()
        output = capfd.readouterr().out
        return Outcome(
            stop, output, stats["instructions"], counters, stacks, stats.get("backend", {})
        )
