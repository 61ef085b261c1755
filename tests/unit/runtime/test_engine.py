"""The engine on hand-written ARM code: budgets, invalidation, boundaries, both backends."""

import ctypes
from collections.abc import Iterator

import attrs
import pytest

from dbt import plugins
from dbt.interfaces import (
    CODE,
    EXEC,
    PAGE,
    READ,
    WRITE,
    BackendOptions,
    Context,
    FaultHit,
    HaltHit,
    SyscallHit,
)
from dbt.ir.block import BlockKey
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import Ended, LimitReached, Slice
from dbt.runtime.state import GuestState
from dbt.stops import Access, GuestFault
from dbt.translate import Translator
from frontends.arm import ArmFrontend

AT = 0x8000
START = BlockKey(AT)
MOV_R0, ADD_R0_1, SUBS_R1_1, BNE, SWI, UDF, STR_R2_R3, NOP = (
    0xE3A00000, 0xE2800001, 0xE2511001, 0x1A000000, 0xEF000000, 0xE7F000F0, 0xE5832000, 0xE320F000,
)  # fmt: skip


def branch(word: int, here: int, there: int) -> int:
    return word | ((there - here - 8) >> 2 & 0xFFFFFF)


LOOP = [MOV_R0, ADD_R0_1, SUBS_R1_1, branch(BNE, 12, 4), SWI]
"""r0 counts r1 rounds: 1 + 3 * r1 instructions, then a system call."""


@attrs.define
class Machine:
    engine: Engine
    state: GuestState
    memory: GuestMemory

    def code(self, words: list[int], at: int = AT) -> None:
        self.memory.poke(at, b"".join(word.to_bytes(4, "little") for word in words))

    def run(self, key: BlockKey) -> Ended:
        """Run until something happens: a slice may be over at any translation."""
        event = self.engine.run(key)
        while isinstance(event, Slice):
            event = self.engine.run(event.key)
        return event

    def dispatched(self, reason: str) -> int:
        found = self.engine.executor.dispatches()
        return next((count for key, count in found.items() if key.value == reason), 0)


COPIED = "numba_jit:0 copied"


@pytest.fixture(params=["reference", "numba_jit:0", COPIED, "numba_jit:2"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    name, _, tier = request.param.removesuffix(" copied").partition(":")
    memory, frontend = GuestMemory(), ArmFrontend()
    state = GuestState(frontend.layout)
    memory.map(AT, PAGE, READ | WRITE | EXEC)
    context = Context(
        state,
        memory,
        Counters(state),
        Stacks(),
        Functions(state.address),
        frontend.key_of,
        frontend.location_of,
        BackendOptions(tier=tier or "0"),
        frontend if request.param == COPIED else None,
    )
    executor = plugins.load("dbt.backends", name)().open(context)
    translator = Translator(frontend, memory)
    engine = Engine(
        executor,
        context,
        memory,
        translator.translate,
        ChainPolicy(),
        insn_sizes=frontend.insn_sizes,
        is_plain=translator.is_plain,
        all_plain=translator.all_plain,
    )
    yield Machine(engine, state, memory)
    executor.close()
    memory.close()


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 5, 7, 298, 299, 300])
def test_a_limit_is_exact_wherever_it_falls(machine: Machine, limit: int) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 100
    machine.engine.budget.limit = limit
    event = machine.run(START)
    assert isinstance(event, LimitReached)
    assert machine.engine.executed == limit
    # The next instruction, and the rounds done, follow from the number alone.
    place = 4 if limit == 0 else 4 + (limit - 1) % 3 * 4
    assert event.key.pc == (AT if limit == 0 else AT + place)
    assert machine.state["r0"] == (limit + 1) // 3
    assert machine.state["pc"] == event.key.pc


def test_going_on_after_a_limit(machine: Machine) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 50
    key = START
    while True:
        machine.engine.budget.limit = machine.engine.executed + 13
        event = machine.run(key)
        if not isinstance(event, LimitReached):
            break
        key = event.key
    assert event == SyscallHit(0, BlockKey(AT + 20))
    assert machine.engine.executed == 1 + 3 * 50 + 1
    assert machine.state["r0"] == 50


def test_slices_keep_the_count(machine: Machine) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 3000
    machine.engine.budget.slice = 1000
    slices, event = 0, machine.engine.run(START)
    while isinstance(event, Slice):
        slices += 1
        machine.engine.budget.slice = 1000
        event = machine.engine.run(event.key)
    assert slices >= 8
    assert machine.engine.executed == 1 + 3 * 3000 + 1


def test_a_block_goes_when_the_instruction_before_its_page_changes(machine: Machine) -> None:
    """It tells whether the block's first instruction is a call."""
    machine.memory.map(AT - PAGE, PAGE, READ | WRITE | EXEC)
    mov_lr_pc, mov_pc_r3 = 0xE1A0E00F, 0xE1A0F003
    machine.code([mov_lr_pc], at=AT - 4)
    machine.code([mov_pc_r3, NOP, UDF])
    machine.state["r3"] = AT + 8
    for _ in range(2):
        assert machine.run(START) == HaltHit("undefined", AT + 8)
        assert START in machine.engine.cache
        machine.memory.store(AT - 4, 4, NOP)
        assert START not in machine.engine.cache
        machine.memory.store(AT - 4, 4, mov_lr_pc)


def test_what_cannot_go_on_is_not_counted(machine: Machine) -> None:
    machine.code([ADD_R0_1, ADD_R0_1, UDF])
    assert machine.run(START) == HaltHit("undefined", AT + 8)
    assert machine.engine.executed == 2
    machine.code([ADD_R0_1, STR_R2_R3, ADD_R0_1])
    machine.state["r3"] = 0x4000
    event = machine.run(START)
    assert event == FaultHit(AT + 4, 0, 0x4000, Access.WRITE)
    assert machine.engine.executed == 3
    assert machine.state["r0"] == 3


def test_code_that_cannot_be_fetched(machine: Machine) -> None:
    with pytest.raises(GuestFault) as caught:
        machine.run(BlockKey(0x4000))
    assert (caught.value.address, caught.value.access) == (0x4000, Access.EXECUTE)
    assert machine.engine.translated_blocks == 0


def test_a_store_into_translated_code_takes_effect_at_the_next_instruction(
    machine: Machine,
) -> None:
    """The store's own block holds what it changes."""
    machine.code([STR_R2_R3, NOP, ADD_R0_1, SWI])
    machine.state["r2"] = MOV_R0 | 42
    machine.state["r3"] = AT + 8
    event = machine.run(START)
    assert isinstance(event, SyscallHit)
    assert machine.state["r0"] == 42
    assert machine.engine.executed == 4
    assert machine.engine.invalidations == 1
    assert machine.dispatched("invalidation") == 1


def test_a_host_write_invalidates_too(machine: Machine) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 5
    machine.run(START)
    assert machine.memory.perms[AT // PAGE] & CODE
    machine.code([MOV_R0 | 9, SWI])
    assert len(machine.engine.cache) == 0
    assert not machine.memory.perms[AT // PAGE] & CODE
    machine.run(START)
    assert machine.state["r0"] == 9


@pytest.mark.parametrize(
    ("old", "new"),
    [(SWI, ADD_R0_1), (SWI, UDF), (UDF, SWI), (UDF, ADD_R0_1), (STR_R2_R3, ADD_R0_1)],
)
def test_code_that_another_process_has_rewritten_is_the_old_or_the_new(
    machine: Machine, old: int, new: int
) -> None:
    """Neither the guest nor the engine is told of it: a file under a mapping was written."""

    def outcome() -> tuple[Ended, int, int]:
        machine.state["r0"], before = 0, machine.engine.executed
        event = machine.run(START)
        return event, machine.state["r0"], machine.engine.executed - before

    machine.code([ADD_R0_1, old, ADD_R0_1, UDF])
    as_it_was = outcome()
    ctypes.c_uint32.from_address(machine.memory.base + AT + 4).value = new
    found = outcome()
    machine.code([ADD_R0_1, new, ADD_R0_1, UDF])
    assert found in (as_it_was, outcome())


def test_boundaries_are_counted(machine: Machine) -> None:
    engine = machine.engine
    machine.code([ADD_R0_1] * 4 + [SWI])
    machine.run(START)
    assert set(engine.cache) == {START}
    engine.add_boundary(AT + 8)
    engine.add_boundary(AT + 8)
    assert START not in engine.cache
    machine.run(START)
    assert set(engine.cache) == {START, BlockKey(AT + 8)}
    engine.remove_boundary(AT + 8)
    engine.discard_pc(AT)
    machine.run(START)
    assert BlockKey(AT + 8) in engine.cache
    engine.remove_boundary(AT + 8)
    engine.flush()
    assert len(engine.cache) == 0
    machine.run(START)
    assert set(engine.cache) == {START}


def test_a_denied_pc_in_the_middle_of_a_loop_is_dispatched_each_time(machine: Machine) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 40
    machine.engine.policy.deny(AT + 8)
    machine.run(START)
    # The first time it is not translated yet.
    assert machine.dispatched("denied") == 39
    machine.engine.policy.allow(AT + 8)
    machine.state["r1"] = 40
    machine.run(START)
    assert machine.dispatched("denied") == 39


def test_steps_give_the_same(machine: Machine) -> None:
    machine.code(LOOP)
    machine.state["r1"] = 6
    machine.engine.executor.fuel = machine.engine.budget.granted = 1000
    key: object = START
    steps = 0
    while isinstance(key, BlockKey):
        key = machine.engine.step(key)
        steps += 1
    assert isinstance(key, SyscallHit)
    assert machine.engine.executed == 1 + 3 * 6 + 1 <= steps
    assert machine.state["r0"] == 6
    assert len(machine.engine.cache) == 0
