"""Passes that come while the program runs are heeded by code that is copied from then on."""

from itertools import count

import attrs
from support.guests import BENCHMARKS

from backends.numba_jit.stencils import abi as words
from dbt.interfaces import BackendOptions
from dbt.ir.block import Block
from dbt.ir.builder import Builder
from dbt.process import Process
from dbt.stops import Exited

FIB = str(BENCHMARKS / "fib.elf")


@attrs.frozen
class CountBlocksBefore:
    """Counts executions of blocks that end at a boundary."""

    boundary: int

    def concerns(self, pc: int, end: int) -> bool:
        del pc
        return end == self.boundary

    def run(self, block: Block) -> None:
        if block.key.pc + block.size == self.boundary:
            Builder(block.insts).count("before")


def executions(tier: str) -> int:
    """How often ``fib`` continues behind its first call, by a pass that a hook adds before."""
    with Process(FIB, ["7"], env={}, options=BackendOptions(tier=tier)) as process:
        boundary = process.resolve("fib") + 32
        machine, arrivals = process.hooks._machine, count(1)

        def begin() -> None:
            if next(arrivals) == 3:  # what is behind the stub is there
                process.engine.add_boundary(boundary)
                machine.instrument(CountBlocksBefore(boundary), everything=False)

        machine.stub(process.resolve("fib"), begin)
        assert process.run() == Exited(0)
        return process.counters["before"]


def test_a_pass_that_a_hook_adds() -> None:
    """The loop knows all instructions of the program already, and could make the block itself."""
    with Process(FIB, ["7"], env={}, options=BackendOptions(tier="0")) as process:
        assert process.run() == Exited(0)
    assert executions("0") == executions("2") > 10


def test_code_that_is_made_anew_heeds_the_same_passes() -> None:
    """As when the host does not protect memory any more (``--memory-checks mmu``)."""
    with Process(FIB, ["7"], env={}, options=BackendOptions(tier="0")) as process:
        process.hooks.on_call("fib", lambda event: None, mechanism="helper")
        process.run(max_insns=150)
        executor = process.engine.executor
        executor.clear()
        executor._copies.renew()  # type: ignore[attr-defined]
        process.run(max_insns=150)
        library = executor._copies.copier.library  # type: ignore[attr-defined]
        assert library.get(words.PASSES) & words.SELECTIVE
