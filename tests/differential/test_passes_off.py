"""Optimisation passes left out, one at a time and all: the guest sees no difference."""

import functools
from pathlib import Path

import pytest
from hypothesis import given, settings
from support import strategies
from support.guests import BENCHMARKS, DEMO, guest
from support.rig import DATA, LAYOUT, rigged
from support.runs import Measured, measure

from backends.numba_jit import NumbaBackend
from backends.reference import ReferenceBackend
from dbt.interfaces import Backend, BackendOptions
from dbt.ir.block import Block
from dbt.ir.parser import parse_block
from dbt.ir.printer import print_block
from dbt.ir.verifier import verify
from dbt.passes.pipeline import Pipeline

NAMES = tuple(Pipeline.default().names())
VARIANTS = [pytest.param((name,), id=f"no-{name}") for name in NAMES]
VARIANTS.append(pytest.param(NAMES, id="none"))

PROGRAMS: dict[str, tuple[Path | str, ...]] = {
    "bytecode": (BENCHMARKS / "bytecode.elf", "3"),
    "demo": (DEMO, "20"),
    "signals": (guest("signals"),),
    "unaligned": (guest("unaligned"),),
}
MORE: dict[str, tuple[Path | str, ...]] = {
    "hello": (guest("hello"),),
    "start_stack": (guest("start_stack"), "one", "two words"),
    "null": (guest("faults"), "null"),
    "undefined": (guest("faults"), "undefined"),
    "selfmod": (guest("selfmod"),),
    "setjmp": (guest("setjmp"),),
    "indirect": (guest("indirect"), "40"),
    "oabi": (guest("oabi"),),
    "spin": (guest("spin"), "x"),
    "fib": (BENCHMARKS / "fib.elf", "10"),
    "sha256": (BENCHMARKS / "sha256.elf", "2"),
    "quicksort": (BENCHMARKS / "quicksort.elf", "1"),
    "matrix": (BENCHMARKS / "matrix.elf", "1"),
    "crc32": (BENCHMARKS / "crc32.elf", "1"),
    "lists": (BENCHMARKS / "lists.elf", "1"),
    "lz": (BENCHMARKS / "lz.elf", "1"),
}
"""Each of them is run without one of the passes, and tomorrow without the next."""


def run(name: str, *options: str) -> Measured:
    program, *args = PROGRAMS.get(name) or MORE[name]
    return measure(options, Path(program), *map(str, args))


@functools.cache
def expected(name: str) -> Measured:
    """The run with all passes."""
    return run(name, "--tier", "0")


@pytest.mark.rotates("tier")
@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("without", VARIANTS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run_the_same(name: str, without: tuple[str, ...], tier: str) -> None:
    options = [word for pass_ in without for word in ("--no-pass", pass_)]
    actual = run(name, "--tier", tier, *options)
    assert actual.outcome.status == expected(name).outcome.status
    assert actual.outcome.stdout == expected(name).outcome.stdout
    assert actual.outcome.stderr == expected(name).outcome.stderr
    assert actual.instructions == expected(name).instructions > 0


@pytest.mark.rotates("tier", "without")
@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("without", VARIANTS)
@pytest.mark.parametrize("name", MORE)
def test_more_programs_run_the_same(name: str, without: tuple[str, ...], tier: str) -> None:
    test_programs_run_the_same(name, without, tier)


def outcome(backend: Backend, tier: str, block: Block, state: dict[str, int]) -> object:
    """The event and all that one execution of a block leaves."""
    with rigged(backend, BackendOptions(tier=tier)) as machine:
        machine.state.restore(state)
        machine.memory.poke(DATA, bytes(range(256)) * 32)
        machine.install(block)
        return machine.executor.run(block.key), machine.snapshot()


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("without", VARIANTS)
def test_random_blocks_mean_the_same(without: tuple[str, ...], tier: str) -> None:
    pipeline = Pipeline.default().without(without)

    @settings(max_examples=max(25, settings().max_examples // 4))
    @given(strategies.blocks(max_ops=40), strategies.states())
    def check(block: Block, state: dict[str, int]) -> None:
        text = print_block(block)
        raw = parse_block(text)
        pipeline.run(block)
        verify(block, LAYOUT)
        wanted = outcome(ReferenceBackend(), "0", raw, state)
        assert outcome(NumbaBackend(), tier, block, state) == wanted, text

    check()
