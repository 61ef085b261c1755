"""A guest that is not ARM (``support/toy_frontend.py``) under both backends: the engine, chaining,
invalidation, budgets and every hook mechanism know of a guest only what its frontend says."""

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.toy_frontend import ToyFrontend, assemble

from dbt import plugins
from dbt.hooks.events import CallEvent, ReturnEvent
from dbt.hooks.machine import HookMachine
from dbt.hooks.mechanisms import MECHANISMS, SLOTS
from dbt.hooks.registry import Hooks
from dbt.interfaces import (
    EXEC,
    PAGE,
    READ,
    WRITE,
    BackendOptions,
    Context,
    HaltHit,
    HookHit,
    SyscallHit,
    TrapHit,
    WatchHit,
    extend,
)
from dbt.ir.block import BlockKey
from dbt.ir.verifier import verify
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine, LimitReached, Slice
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.state import GuestState
from dbt.stops import Access, GuestFault
from dbt.translate import Translator, block_at

AT, STACK, STACK_END = 0x8000, 0x20000, 0x21000
ROUNDS, LARGEST = 3, 10

SUMS = """
begin:
    put delta, 3
again:
    put alpha, 10
    call sum
    add epsilon, alpha
    add delta, -1
    unless-zero delta, again
    halt
sum:
    unless-zero alpha, more
    return
more:
    add frame, -8
    store back, frame, 0
    store alpha, frame, 1
    add alpha, -1
    call sum
    load beta, frame, 1
    add alpha, beta
    load back, frame, 0
    add frame, 8
    return
"""
"""epsilon = 3 * (1 + ... + 10), by recursion."""


@attrs.define
class Toy:
    """A toy computer that runs ``SUMS``, or other code put at ``AT``."""

    engine: Engine
    state: GuestState
    memory: GuestMemory
    machine: HookMachine
    hooks: Hooks
    labels: dict[str, int]

    def put(self, text: str, at: int = AT) -> None:
        code, self.labels = assemble(text, at)
        self.memory.poke(at, code)

    def run(self, key: BlockKey) -> object:
        """Run to the end, or to a limit, seeing to hooks as a process does."""
        while True:
            event: Any = self.engine.run(key)
            while True:
                if isinstance(event, Slice):
                    key = event.key
                elif (
                    isinstance(event, HookHit | WatchHit | TrapHit)
                    or (isinstance(event, HaltHit) and event.reason == "breakpoint")
                ) and self.machine.wants(event):
                    event = self.machine.hit(event)
                    if failure := self.machine.take_failure():
                        raise failure
                    if not isinstance(event, BlockKey):
                        continue
                    key = event
                else:
                    return event
                break


@pytest.fixture(params=["reference", "numba_jit:0", "numba_jit:1", "numba_jit:2"])
def toy(request: pytest.FixtureRequest) -> Iterator[Toy]:
    name, _, tier = request.param.partition(":")
    memory, frontend = GuestMemory(), ToyFrontend()
    state = GuestState(extend(frontend.layout, SLOTS))
    memory.map(AT, 2 * PAGE, READ | WRITE | EXEC)
    memory.map(STACK, STACK_END - STACK, READ | WRITE)
    state["frame"] = STACK_END
    stacks, functions = Stacks(), Functions(state.address)
    context = Context(
        state,
        memory,
        Counters(),
        stacks,
        functions,
        frontend.key_of,
        frontend.location_of,
        BackendOptions(tier=tier or "0"),
    )
    executor = plugins.load("dbt.backends", name)().open(context)
    translator = Translator(frontend, memory, verify=True, layout=state.layout)
    labels: dict[str, int] = {}

    def resolve(where: int | str) -> int:
        return labels[where] if isinstance(where, str) else where

    policy = ChainPolicy(
        resolve=lambda where: block_at(frontend, where, resolve(where)).pc  # as Process does
    )
    engine = Engine(
        executor, context, memory, translator.translate, policy, insn_sizes=frontend.insn_sizes
    )
    machine = HookMachine(
        engine, translator, state, stacks, functions, hex, resolve, lambda pointer: STACK_END
    )
    hooks = Hooks(machine, lambda: [], str, lambda *_: pytest.fail("no system call is made"))
    made = Toy(engine, state, memory, machine, hooks, labels)
    code, found = assemble(SUMS, AT)
    memory.poke(AT, code)
    labels.update(found)
    yield made
    hooks.close()
    machine.close()
    executor.close()
    memory.close()


def counted(toy: Toy) -> tuple[int, int]:
    return toy.engine.executed, toy.state["epsilon"]


PER_SUM = 1 + 1 + LARGEST * 11
"""Instructions of ``sum(10)``: eleven for each level but the last, which has two."""
WHOLE = 1 + ROUNDS * (5 + PER_SUM), 55 * ROUNDS


@pytest.mark.parametrize("chain", ["all", "direct", "off"])
def test_it_computes_and_counts(toy: Toy, chain: str) -> None:
    toy.engine.policy.set_mode(chain)
    assert toy.run(BlockKey(AT)) == HaltHit("halt", toy.labels["sum"] - 2)
    assert counted(toy) == WHOLE
    assert toy.state["frame"] == STACK_END


@pytest.mark.parametrize("step", [1, 7, 50])
def test_budgets_are_exact(toy: Toy, step: int) -> None:
    key = BlockKey(AT)
    while True:
        before = toy.engine.executed
        toy.engine.budget.limit = before + step
        event = toy.run(key)
        if not isinstance(event, LimitReached):
            break
        assert toy.engine.executed == before + step
        key = event.key
    assert counted(toy) == WHOLE


def test_a_target_is_denied_while_it_runs(toy: Toy) -> None:
    toy.engine.policy.deny("sum")
    toy.run(BlockKey(AT))
    assert counted(toy) == WHOLE
    counts = {reason.value: n for reason, n in toy.engine.executor.dispatches().items()}
    if counts["unlinked"]:  # a backend that chains
        assert counts["denied"] >= ROUNDS * LARGEST


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_hooks_see_calls_and_returns(toy: Toy, mechanism: str) -> None:
    calls: list[tuple[int, int]] = []
    returns: list[tuple[int, int | None]] = []

    def called(event: CallEvent) -> None:
        calls.append((event.depth, event.argument(0)))

    def returned(event: ReturnEvent) -> None:
        returns.append((event.depth, event.result))

    toy.hooks.on_call("sum", called, mechanism=mechanism)
    toy.hooks.on_return("sum", returned, mechanism=mechanism)
    toy.run(BlockKey(AT))
    assert counted(toy) == WHOLE
    assert calls == [(depth, LARGEST - depth) for depth in range(LARGEST + 1)] * ROUNDS
    sums = [(LARGEST - n, n * (n + 1) // 2) for n in range(LARGEST + 1)]
    assert returns == sums * ROUNDS


@pytest.mark.parametrize("mechanism", sorted(MECHANISMS.keys() - {"helper"}))
def test_hooks_change_what_a_function_does(toy: Toy, mechanism: str) -> None:
    """All mechanisms but ``helper``, which says that it cannot."""
    toy.hooks.on_call("sum", lambda call: call.skip(7), mechanism=mechanism)
    toy.run(BlockKey(AT))
    assert toy.state["epsilon"] == 7 * ROUNDS


COMPUTED = """
    word gamma, there
    call gamma
    word gamma, last
    jump gamma
there:
    put alpha, 5
    return
last:
    system 9
    halt
"""


def test_computed_targets_and_system_calls(toy: Toy) -> None:
    toy.put(COMPUTED)
    last = toy.labels["last"]
    for mode in ("all", "off"):
        toy.engine.policy.set_mode(mode)
        assert toy.run(BlockKey(AT)) == SyscallHit(9, BlockKey(last + 2))
        assert toy.run(BlockKey(last + 2)) == HaltHit("halt", last + 2)
    assert toy.state["alpha"] == 5


def test_who_called_is_known_whatever_the_size_of_a_call(toy: Toy) -> None:
    toy.put(COMPUTED)
    callers: list[int] = []
    toy.hooks.on_call(
        toy.labels["there"], lambda call: callers.append(call.caller), mechanism="entry"
    )
    toy.run(BlockKey(AT))
    assert callers == [AT + 6]


def test_an_instruction_that_crosses_a_page_goes_with_either(toy: Toy) -> None:
    end = AT + PAGE
    toy.put("word alpha, 0x11223344\nhalt", at=end - 2)
    for page, value in ((end, 0x11223355), (end - 2, 0xD100)):
        assert toy.run(BlockKey(end - 2)) == HaltHit("halt", end + 4)
        assert BlockKey(end - 2) in toy.engine.cache
        toy.memory.store(page, 2, value & 0xFFFF)  # beta instead of alpha, in the end
        assert BlockKey(end - 2) not in toy.engine.cache
    toy.run(BlockKey(end - 2))
    assert (toy.state["alpha"], toy.state["beta"]) == (0x11223355, 0x11223355)


def test_an_instruction_is_no_code_if_its_end_is_not(toy: Toy) -> None:
    end = AT + 2 * PAGE
    toy.memory.poke(end - 2, b"\x00\xd0")
    with pytest.raises(GuestFault) as caught:
        toy.run(BlockKey(end - 2))
    assert caught.value.address == end


@attrs.frozen
class Bytes:
    """Code without a memory around it."""

    code: bytes

    def fetch(self, address: int, size: int) -> bytes:
        if address - AT + size > len(self.code):
            raise GuestFault(AT + len(self.code), Access.EXECUTE)
        return self.code[address - AT : address - AT + size]


@given(st.binary(min_size=6, max_size=60))
def test_everything_that_is_lifted_is_right(code: bytes) -> None:
    frontend = ToyFrontend()
    block = frontend.lift(Bytes(code), BlockKey(AT))
    verify(block, frontend.layout)
    assert 2 <= block.size <= len(code)
