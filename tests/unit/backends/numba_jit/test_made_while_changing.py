"""Boundaries, denials and watches that are set while the loop makes blocks by itself."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from random import Random

import attrs
import pytest

from backends.numba_jit import NumbaBackend, tables
from backends.numba_jit.executor import NumbaExecutor
from dbt.interfaces import (
    EXEC,
    PAGE,
    READ,
    BackendOptions,
    Context,
    Extent,
    Reason,
    SyscallHit,
    WatchHit,
)
from dbt.ir.block import BlockKey
from dbt.runtime.chaining import ChainPolicy
from dbt.runtime.counters import Counters, Stacks
from dbt.runtime.engine import Engine
from dbt.runtime.functions import Functions
from dbt.runtime.memory import GuestMemory
from dbt.runtime.resume import Ended, Slice
from dbt.runtime.state import GuestState
from dbt.translate import Translator
from frontends.arm import ArmFrontend

CODE, PAGES = 0x100000, 16
ADD, NEXT, SWI = 0xE2800001, 0xEAFFFFFF, 0xEF000000  # add r0, r0, #1; b .+4; swi 0
INSNS = 8
"""Instructions of a block: additions, then a jump to the next block."""
BLOCKS = PAGES * PAGE // (4 * INSNS) - 1


@attrs.define
class Machine:
    engine: Engine
    executor: NumbaExecutor
    state: GuestState

    def run(self) -> Ended:
        """Run from the first block to the system call in the last one."""
        self.state["r0"] = 0
        event = self.engine.run(BlockKey(CODE))
        while isinstance(event, Slice):
            event = self.engine.run(event.key)
        return event

    def finishes(self) -> None:
        """Run, with the right result."""
        assert isinstance(self.run(), SyscallHit)
        assert self.state["r0"] == BLOCKS * (INSNS - 1)

    @property
    def extents(self) -> list[Extent]:
        table = self.executor._table
        return [table.extent(block_id) for block_id in table.ids()]


@pytest.fixture
def machine() -> Iterator[Machine]:
    memory, frontend = GuestMemory(), ArmFrontend()
    state = GuestState(frontend.layout)
    memory.map(CODE, PAGES * PAGE, READ | EXEC)
    block = [ADD] * (INSNS - 1) + [NEXT]
    code = block * BLOCKS + [SWI] * INSNS
    memory.poke(CODE, b"".join(word.to_bytes(4, "little") for word in code))
    context = Context(
        state, memory, Counters(state), Stacks(), Functions(state.address),
        frontend.key_of, frontend.location_of, BackendOptions(tier="0"), frontend,
    )  # fmt: skip
    executor = NumbaBackend().open(context)
    assert isinstance(executor, NumbaExecutor)
    translator = Translator(frontend, memory)
    engine = Engine(
        executor, context, memory, translator.translate, ChainPolicy(),
        insn_sizes=frontend.insn_sizes,
        is_plain=translator.is_plain, all_plain=translator.all_plain,
    )  # fmt: skip
    yield Machine(engine, executor, state)
    executor.close()
    memory.close()


def middle(number: int) -> int:
    """The pc in the middle of a block, by the block's number."""
    return CODE + 4 * (INSNS * number + INSNS // 2)


def test_the_loop_makes_nearly_all(machine: Machine) -> None:
    machine.finishes()
    assert machine.executor.made.blocks > BLOCKS - 2 * PAGES
    assert {extent.size for extent in machine.extents} == {4 * INSNS, 4}


def test_the_block_that_a_run_begins_with_is_made_without_python_too(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.finishes()
    executor, key = machine.executor, BlockKey(middle(5))
    made, before = executor.made.blocks, executor.dispatches()[Reason.NOT_TRANSLATED]
    with monkeypatch.context() as patch:
        patch.setattr(executor, "translate", lambda *_: pytest.fail("Python makes it"))
        for _ in range(2):
            assert isinstance(machine.engine.run(key), SyscallHit)
    assert executor.index.at(key.pc) == [key]
    assert executor.made.blocks == made + 1
    assert executor.dispatches()[Reason.NOT_TRANSLATED] == before + 1


def test_a_block_is_made_where_another_has_replaced_our_handlers(machine: Machine) -> None:
    machine.finishes()
    memory, key = machine.executor.context.memory, BlockKey(middle(5))
    memory.protect(key.pc & -PAGE, PAGE, EXEC)  # the host must not read it
    child = os.fork()
    if not child:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        event = machine.engine.run(key)
        while isinstance(event, Slice):
            event = machine.engine.run(event.key)
        os._exit(not isinstance(event, SyscallHit))
    assert os.waitpid(child, 0)[1] == 0


def test_a_run_that_begins_at_a_boundary_asks_python(machine: Machine) -> None:
    machine.finishes()
    made = machine.executor.made.blocks
    machine.engine.add_boundary(middle(5))
    assert isinstance(machine.engine.run(BlockKey(middle(5))), SyscallHit)
    assert machine.executor.made.blocks == made
    assert machine.executor.index.at(middle(5)) == [BlockKey(middle(5))]


def test_a_boundary_ends_blocks_from_now_on(machine: Machine) -> None:
    pcs = [middle(number) for number in range(0, BLOCKS, 3)]
    for pc in pcs[::2]:
        machine.engine.add_boundary(pc)
    machine.finishes()
    for pc in pcs[1::2]:
        machine.engine.add_boundary(pc)
    machine.finishes()
    for pc in pcs:
        assert machine.executor.index.across(pc) == []
        assert machine.executor.index.at(pc) == [BlockKey(pc)]
    assert machine.executor.made.blocks > BLOCKS - 2 * PAGES
    for pc in pcs:
        machine.engine.remove_boundary(pc)
    machine.engine.flush()
    machine.finishes()
    assert {extent.size for extent in machine.extents} == {4 * INSNS, 4}


def test_a_block_that_is_being_made_is_cut_too(machine: Machine) -> None:
    """The loop may have read that there is no boundary, and enters its block after the boundary is
    set: who sets one waits for that, and finds the block."""
    control, table = machine.executor._control, machine.executor._table
    machine.finishes()
    machine.engine.flush()
    pc, extent = middle(5), Extent(BlockKey(middle(5) - 8), 16, 0, 4, ())
    control[tables.LOCK // 8] = 1  # as the loop does before it looks at boundaries
    other = threading.Thread(target=machine.engine.add_boundary, args=(pc,))
    other.start()
    while not machine.executor.tables.boundaries.view[pc]:
        time.sleep(0.001)
    other.join(0.1)
    block_id = table.take()
    table.add(block_id, extent, 4, ())
    machine.executor.tables.block_at.view[(pc - 8) >> 1] = block_id
    control[tables.LOCK // 8] = 0
    other.join()
    assert machine.executor.index.across(pc) == []


def whatever(machine: Machine, change: Callable[[int], None]) -> list[int]:
    """Run the guest some times, each time from no blocks on, while another thread changes something
    at pcs in the middle of blocks. Returns the pcs."""
    random, pcs, over = Random(1), list[int](), threading.Event()

    def changing() -> None:
        while not over.is_set():
            pc = middle(random.randrange(BLOCKS))
            change(pc)
            pcs.append(pc)
            time.sleep(0.0005)

    other = threading.Thread(target=changing)
    other.start()
    try:
        for _ in range(5):
            machine.engine.flush()
            machine.finishes()
    finally:
        over.set()
        other.join()
    assert machine.executor.made.blocks > BLOCKS
    return pcs


def test_boundaries_set_by_another_thread(machine: Machine) -> None:
    pcs = whatever(machine, machine.engine.add_boundary)
    for pc in pcs:
        assert machine.executor.index.across(pc) == []


def test_denials_by_another_thread(machine: Machine) -> None:
    pcs = set(whatever(machine, machine.engine.policy.deny))
    machine.finishes()
    denied, table = machine.executor.tables.denied.view, machine.executor._table
    for pc in pcs:
        assert machine.executor.index.across(pc) == []
        (block_id,) = table.begun_at(pc)
        assert denied[block_id] == tables.REFUSED
    refused = machine.engine.executor.dispatches()
    before = {reason.value: count for reason, count in refused.items()}["denied"]
    machine.finishes()
    after = {r.value: count for r, count in machine.executor.dispatches().items()}["denied"]
    assert after - before == len(pcs)


def test_watches_and_probes_stop_at_all_new_blocks(machine: Machine) -> None:
    """With a probe, Python makes all blocks; with a watch, those at its pcs."""
    for begin, end in (
        (machine.engine.watch, machine.engine.unwatch),
        (machine.engine.probe, machine.engine.unprobe),
    ):
        machine.engine.flush()
        pcs = [middle(number) for number in range(1, BLOCKS, 100)]
        for pc in pcs:
            begin(pc)
        for _ in range(2):
            key, seen = BlockKey(CODE), []
            while True:
                event = machine.engine.run(key)
                if isinstance(event, WatchHit):
                    seen.append(event.key.pc)
                if not isinstance(event, WatchHit | Slice):
                    break
                key = event.key
            assert seen == pcs
        for pc in pcs:
            end(pc)
        machine.finishes()
