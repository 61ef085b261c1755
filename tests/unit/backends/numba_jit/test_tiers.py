"""An executor over its tiers: whatever they can run, the guest goes on."""

import threading
import time

import attrs
import pytest
from support.guests import BENCHMARKS, GUESTS
from support.rig import Rig, rigged

from backends.numba_jit import NumbaBackend
from backends.numba_jit.links import Links
from backends.numba_jit.units.compiler import UnitCompiler
from backends.numba_jit.units.hot_blocks import SOONER
from dbt.interfaces import (
    TIERS,
    BackendOptions,
    FuelOut,
    HookHit,
    NotTranslated,
    SyscallHit,
    TablesFull,
)
from dbt.ir.block import CONDITION_PASSED, Block, BlockKey
from dbt.ir.parser import parse_blocks
from dbt.process import Process
from dbt.stops import Exited, UsageError

LOOPS = """
block 0x8000 {
  insn 0x8000 4
  %0:i32 = get r0
  %1:i32 = add %0, 0x1
  set r0 %1
  goto 0x8000
}
block 0x8010 {
  insn 0x8010 4
  goto 0x8010
}
"""
CALL = """
block 0x7000 {
  insn 0x7000 4
  swi 0x0, 0x8000
}
"""
FIRST, SECOND, BEFORE = BlockKey(0x8000), BlockKey(0x8010), BlockKey(0x7000)


def spin(machine: Rig, key: BlockKey, insns: int) -> None:
    machine.executor.fuel = insns
    assert machine.executor.run(key) == FuelOut(key)


@attrs.frozen
class NewExits:
    """Gives each block an exit that is like the one it had: no code can be copied for it."""

    def run(self, block: Block) -> None:
        block.exit = attrs.evolve(block.exit)


def full(*_: object, **__: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("tier", TIERS)
def test_what_finds_no_room_for_code_is_copied(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnitCompiler, "make", full)
    options = BackendOptions(tier=tier, hot=2, background=False)
    with Process(str(BENCHMARKS / "fib.elf"), ["10"], env={}, options=options) as process:
        assert process.run() == Exited(0)
        assert process.stats()["backend"]["compiled_blocks"] == 0


@pytest.mark.parametrize("tier", TIERS)
def test_what_finds_no_room_and_cannot_be_copied_ends_the_run(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UnitCompiler, "make", full)
    options = BackendOptions(tier=tier, hot=2, background=False)
    with (
        Process(str(GUESTS / "hello.elf"), env={}, options=options, passes=[NewExits()]) as guest,
        pytest.raises(UsageError, match="the host has no memory for translated code"),
    ):
        guest.run()


@pytest.mark.parametrize("tier", TIERS)
def test_what_finds_no_room_behind_a_system_call_is_not_before_it(
    tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TablesFull is raised before anything is executed: the call is not made a second time."""

    def install_more(_hit: HookHit | SyscallHit) -> bool:
        monkeypatch.setattr(UnitCompiler, "make", full)
        machine.install(*parse_blocks(LOOPS))
        return True

    with rigged(NumbaBackend(), BackendOptions(tier=tier, background=False)) as machine:
        machine.install(*parse_blocks(CALL))
        machine.executor.on_hit = install_more
        machine.executor.fuel = 100
        assert machine.executor.run(BEFORE) == NotTranslated(FIRST)
        assert machine.executor.fuel == 99
        with pytest.raises(TablesFull):
            machine.executor.run(FIRST)


def test_what_cannot_be_copied_is_compiled_optimised_when_hot() -> None:
    options = BackendOptions(tier="auto", hot=20 * SOONER, background=False)
    with rigged(NumbaBackend(), options) as machine:
        machine.install(*parse_blocks(LOOPS))
        spin(machine, FIRST, 10)
        assert machine.executor.statistics()["compiled_blocks"] == 2
        spin(machine, FIRST, 1000)
        assert machine.executor.statistics()["compiled_blocks"] == 3
        assert machine.state["r0"] == 1010


@pytest.mark.parametrize("chain", ["all", "off"])
def test_the_jump_of_a_switch_is_compiled_with_its_test(chain: str) -> None:
    options = BackendOptions(tier="auto", hot=20, background=False)
    guest = str(BENCHMARKS / "bytecode.elf")
    with Process(guest, ["100"], env={}, options=options, chain=chain) as process:
        assert process.run() == Exited(0)
        compiled = {code.key for code in process.executor.code() if code.tier in ("unit", "region")}
        jump = BlockKey(process.resolve("run") + 0x14, CONDITION_PASSED)
        assert jump in process.executor.index
        assert jump in compiled or chain == "all"  # within a region


def test_every_tier_explains_what_it_makes_of_a_block() -> None:
    with rigged(NumbaBackend(), BackendOptions(tier="auto", hot=2, background=False)) as machine:
        machine.install(*parse_blocks(LOOPS))
        assert list(machine.executor.explain(FIRST)) == ["llvm", "out_asm"]
        assert machine.executor.statistics()["compiled_blocks"] == 0
        assert machine.executor.explain(BlockKey(0x9000)) == {}


def test_two_threads_that_need_the_compiler_first_get_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The background compiles hot blocks while the guest's thread compiles what has no copy."""
    both, make = threading.Barrier(2), UnitCompiler.__init__

    def slow(*args: object, **named: object) -> None:
        time.sleep(0.1)
        make(*args, **named)

    with rigged(NumbaBackend(), BackendOptions(tier="auto")) as machine:
        monkeypatch.setattr(UnitCompiler, "__init__", slow)
        units = machine.executor._units
        found = []

        def ask() -> None:
            both.wait()
            found.append(units.compiler)

        other = threading.Thread(target=ask)
        other.start()
        ask()
        other.join()
        assert found[0] is found[1]


def test_compile_time_contains_the_entry_of_new_units(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        began = time.thread_time_ns()
        while time.thread_time_ns() - began < 200_000_000:
            pass

    with rigged(NumbaBackend(), BackendOptions(tier="2")) as machine:
        machine.install(*parse_blocks(LOOPS)[:1])
        spin(machine, FIRST, 100)  # compiles what all units share
        before = machine.executor.statistics()["compile_us"]
        monkeypatch.setattr(Links, "lead_into", slow)
        machine.install(*parse_blocks(LOOPS)[1:])
        spin(machine, SECOND, 100)
        assert machine.executor.statistics()["compile_us"] - before >= 200_000
