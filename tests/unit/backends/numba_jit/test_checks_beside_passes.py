"""Who checks accesses to memory in copied code that passes are built into."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from support.guests import guest
from support.machine_code import BASE, EXIT, program

from backends.numba_jit.stencils import maker
from backends.numba_jit.stencils.restart import uses_stack
from dbt.instrument.block_count import BlockCount
from dbt.instrument.call_count import CallCount
from dbt.instrument.edge_count import EdgeCount
from dbt.instrument.shadow_stack import ShadowStack
from dbt.interfaces import PAGE, READ, WRITE, BackendOptions, Pass, Place
from dbt.ir.block import Block, Inst
from dbt.ir.builder import Builder
from dbt.ir.ops import COUNT, INSN
from dbt.process import Process

SET_R1 = 0xE59F1008  # ldr r1, [pc, #8]: the word behind exit
ACCESSES = {
    "ldr": 0xE5912000, "str": 0xE5812000, "ldm": 0xE891000C, "stm": 0xE881000C,
    "ldr pc": 0xE591F000, "ldm pc": 0xE8918004, "ldreq pc": 0x0591F000,
}  # fmt: skip
PLACES = {"null": 0, "behind it": BASE + PAGE - 4, "the end": 0xFFFFFFFC, "across": 0xFFFFFFFE}


@attrs.frozen
class CountsExits:
    """Counts at the end of each block. No library on disk has it."""

    place: ClassVar[Place] = "exit"

    def run(self, block: Block) -> None:
        Builder(block.insts).count("exit")


@attrs.frozen
class CountsInstructions:
    """Counts each instruction in front of what it does."""

    place: ClassVar[Place] = "instruction"

    def run(self, block: Block) -> None:
        marks = [at for at, inst in enumerate(block.insts) if inst.op is INSN]
        for at in marks[::-1]:
            block.insts.insert(at + 1, Inst(COUNT, (), None, ("before",)))


@attrs.frozen
class CountsBehind:
    """Counts each instruction behind what it does."""

    place: ClassVar[Place] = "instruction"

    def run(self, block: Block) -> None:
        marks = [at for at, inst in enumerate(block.insts) if inst.op is INSN]
        for at in [*marks[1:], len(block.insts)][::-1]:
            block.insts.insert(at, Inst(COUNT, (), None, ("behind",)))


class SeesBlocks:
    """Counts at the ends of blocks, and says no place."""

    def run(self, block: Block) -> None:
        Builder(block.insts).count("whole")


def end(path: Path, passes: Sequence[Pass], checks: str, tier: str = "0") -> list[Any]:
    """How a program ends: the stop, the instructions executed, registers, counters, stacks. Pages
    around address 0 are there."""
    options = BackendOptions(tier=tier, memory_checks=checks)
    with Process(str(path), env={}, passes=passes, options=options) as process:
        process.memory.map(0xFFFFF000, PAGE, READ | WRITE)
        stop = process.run()
        return [
            stop,
            process.engine.executed,
            process.state.snapshot(),
            process.counters.snapshot(),
            process.stacks.names,
        ]


ADDING: dict[str, Callable[[], Sequence[Pass]]] = {
    "nothing": lambda: [],
    "ends": lambda: [BlockCount(), CallCount(), EdgeCount(), ShadowStack(trap=False)],
    "instructions": lambda: [CountsInstructions(), CountsBehind()],
    "whole blocks": lambda: [SeesBlocks()],
}


@pytest.mark.parametrize("adding", ADDING)
def test_the_host_checks_whatever_passes_add(adding: str) -> None:
    options = BackendOptions(tier="0")
    with Process(str(guest("hello")), env={}, passes=ADDING[adding](), options=options) as process:
        process.run()
        copies = process.engine.executor._copies  # type: ignore[attr-defined]
        assert not copies.checked
        assert not copies.copier._checked
        assert process.stats()["backend"]["compiled_blocks"] == 0


@pytest.mark.parametrize("adding", ADDING)
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("place", PLACES)
def test_a_refused_access_counts_as_one_that_is_checked(
    tmp_path: Path, access: str, place: str, adding: str
) -> None:
    path = program(tmp_path, [SET_R1, ACCESSES[access], *EXIT, PLACES[place]])
    found = end(path, ADDING[adding](), "mmu")
    assert found == end(path, ADDING[adding](), "explicit")


@pytest.mark.rotates("name")
@pytest.mark.parametrize("adding", ADDING)
@pytest.mark.parametrize("name", ["signals", "selfmod", "unaligned", "setjmp"])
def test_programs_count_the_same_whoever_checks(name: str, adding: str) -> None:
    found = end(guest(name), ADDING[adding](), "mmu")
    assert found == end(guest(name), ADDING[adding](), "explicit")
    assert adding == "nothing" or sum(found[3].values()) > 10


@pytest.mark.parametrize("stack", [False, True])
def test_what_is_not_restartable_makes_its_own_tests(
    monkeypatch: pytest.MonkeyPatch, stack: bool
) -> None:
    """The evaluator, which such instructions are left to without passes, runs none. What uses the
    host's stack is compiled."""
    expected = end(guest("unaligned"), [CountsExits()], "explicit")
    monkeypatch.setattr(maker, "is_restartable", lambda code, patched: False)
    monkeypatch.setattr(maker, "uses_stack", lambda code: stack)
    assert end(guest("unaligned"), [CountsExits()], "mmu") == expected
    options = BackendOptions(tier="0")
    with Process(str(guest("hello")), env={}, passes=[CountsExits()], options=options) as process:
        process.run()
        assert (process.stats()["backend"]["compiled_blocks"] > 0) is stack


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"\x48\xff\x00", False),  # inc qword [rax]
        (b"\x53\x48\xff\x00", True),  # push rbx; inc qword [rax]
        (b"\x48\x89\x44\x24\xf8", True),  # mov [rsp - 8], rax
        (b"\x48\x83\xec\x08", True),  # sub rsp, 8
        (b"\xff", True),  # no instruction
    ],
)
def test_what_uses_the_stack(code: bytes, expected: bool) -> None:
    assert uses_stack(code) is expected
