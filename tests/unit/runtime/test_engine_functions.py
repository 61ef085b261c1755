"""Functions that the guest's code invokes: exceptions, replacing, changing translations from inside."""

from collections.abc import Callable, Iterator

import attrs
import pytest
from support.functions import Counting

from dbt import plugins
from dbt.interfaces import EXEC, PAGE, READ, WRITE, BackendOptions, Context, SyscallHit
from dbt.ir.block import Block, BlockKey, Inst
from dbt.ir.builder import Builder
from dbt.ir.ops import INSN
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import LimitReached, Slice
from dbt.runtime.state import GuestState
from dbt.translate import Translator
from frontends.arm import ArmFrontend

AT = 0x8000
START = BlockKey(AT)
LOOP = [0xE3A00000, 0xE2800001, 0xE2511001, 0x1AFFFFFC, 0xEF000000]
"""mov r0, #0; add r0, r0, #1; subs r1, r1, #1; bne to the add; swi 0"""
END = SyscallHit(0, BlockKey(AT + 20))


@attrs.frozen
class CallAt:
    """Invoke ``tick`` with r1 before the instruction at ``pc``."""

    pc: int

    def run(self, block: Block) -> None:
        insts: list[Inst] = []
        emit = Builder(insts)
        for inst in block.insts:
            insts.append(inst)
            if inst.op is INSN and inst.imm[0] == self.pc:
                emit.invoke("tick", emit.get("r1"))
        block.insts = insts


@attrs.define
class Machine:
    engine: Engine
    state: GuestState
    functions: Functions

    def tick(self, function: Callable[[int], object]) -> None:
        self.functions.define("tick", lambda env, r1: function(r1))

    def finish(self, event: object) -> object:
        while isinstance(event, Slice):
            event = self.engine.run(event.key)
        return event


@pytest.fixture(params=["reference", "numba_jit:0", "numba_jit:1", "numba_jit:2", "numba_jit:auto"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    name, _, tier = request.param.partition(":")
    memory, frontend = GuestMemory(), ArmFrontend()
    state = GuestState(frontend.layout)
    memory.map(AT, PAGE, READ | WRITE | EXEC)
    memory.poke(AT, b"".join(word.to_bytes(4, "little") for word in LOOP))
    functions = Functions(state.address)
    options = BackendOptions(tier=tier or "0", hot=3, background=False)
    context = Context(
        state,
        memory,
        Counters(state),
        Stacks(),
        functions,
        frontend.key_of,
        frontend.location_of,
        options,
    )
    executor = plugins.load("dbt.backends", name)().open(context)
    translate = Translator(frontend, memory, [CallAt(AT + 8)]).translate
    yield Machine(
        Engine(executor, context, memory, translate, ChainPolicy(), insn_sizes=frontend.insn_sizes),
        state,
        functions,
    )
    executor.close()
    memory.close()


def test_an_exception_is_raised_and_the_run_can_go_on(machine: Machine) -> None:
    seen = []

    def tick(r1: int) -> None:
        seen.append(r1)
        if r1 in (17, 1):
            raise KeyError(r1)

    machine.tick(tick)
    machine.state["r1"] = 20
    with pytest.raises(KeyError, match="17"):
        machine.finish(machine.engine.run(START))
    assert seen == [20, 19, 18, 17], "the block was left at its end"
    assert machine.state["r0"] == 4
    assert machine.engine.executed == 1 + 3 * 4
    with pytest.raises(KeyError, match="1"):
        machine.finish(machine.engine.run(BlockKey(0xBAD0)))
    assert machine.finish(machine.engine.run(BlockKey(0xBAD0))) == END
    assert (machine.state["r0"], machine.engine.executed) == (20, 1 + 3 * 20 + 1)
    assert seen == list(range(20, 0, -1))


@pytest.mark.parametrize("limit", [6, 7, 8, 9, 10])
def test_an_exception_near_the_limit_does_not_change_it(machine: Machine, limit: int) -> None:
    def tick(r1: int) -> None:
        if r1 == 99:
            raise KeyError(r1)

    machine.tick(tick)
    machine.state["r1"] = 100
    machine.engine.budget.limit = limit
    with pytest.raises(KeyError):
        machine.finish(machine.engine.run(START))
    assert machine.engine.executed <= limit
    event = machine.finish(machine.engine.run(START))
    assert isinstance(event, LimitReached)
    assert machine.engine.executed == limit
    assert machine.state["r0"] == (limit + 1) // 3


def test_a_limit_set_after_an_exception_is_exact(machine: Machine) -> None:
    def tick(r1: int) -> None:
        if r1 == 95:
            raise KeyError(r1)

    machine.tick(tick)
    machine.state["r1"] = 100
    with pytest.raises(KeyError):
        machine.finish(machine.engine.run(START))
    machine.engine.budget.limit = machine.engine.executed + 7
    assert isinstance(machine.finish(machine.engine.run(START)), LimitReached)
    assert machine.engine.executed == machine.engine.budget.limit == 1 + 3 * 6 + 7


def test_everything_may_be_dropped_from_inside(machine: Machine) -> None:
    def tick(r1: int) -> None:
        if r1 % 5 == 0:
            machine.engine.flush()
        if r1 % 7 == 0:
            machine.engine.add_boundary(AT + 8)

    machine.tick(tick)
    machine.state["r1"] = 40
    assert machine.finish(machine.engine.run(START)) == END
    assert (machine.state["r0"], machine.engine.executed) == (40, 1 + 3 * 40 + 1)
    assert machine.engine.translated_blocks > 8


def test_code_may_be_written_from_inside(machine: Machine) -> None:
    def tick(r1: int) -> None:
        if r1 == 5:
            machine.engine.memory.write(AT + 4, (0xE2800064).to_bytes(4, "little"))  # add 100

    machine.tick(tick)
    machine.state["r1"] = 10
    assert machine.finish(machine.engine.run(START)) == END
    assert machine.state["r0"] == 6 + 4 * 100


def test_registers_changed_from_inside_count_at_once(machine: Machine) -> None:
    def tick(r1: int) -> None:
        if r1 == 15:
            machine.state["r1"] = 2

    machine.tick(tick)
    machine.state["r1"] = 20
    assert machine.finish(machine.engine.run(START)) == END
    assert machine.state["r0"] == 6 + 1


def test_linked_code_is_replaced_at_the_next_call(machine: Machine) -> None:
    """Code that was made a part of units goes when its function is replaced."""
    first, second = Counting("first"), Counting("second")
    machine.functions.define_native("tick", first.address, 1, first.native, first)
    machine.state["r1"] = 20
    machine.engine.budget.limit = 1 + 3 * 8
    assert isinstance(machine.finish(machine.engine.run(START)), LimitReached)
    machine.functions.define_native("tick", second.address, 1, second.native, second)
    machine.engine.budget.limit = 1 << 62
    assert machine.finish(machine.engine.run(BlockKey(AT + 4))) == END
    assert (first.count, second.count) == (8, 12)
    assert first.sum == sum(range(13, 21))
