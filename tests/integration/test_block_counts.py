"""Blocks are counted when they begin, wherever a run is stopped, in every tier and unit."""

import functools
import re

import pytest
from support.guests import guest

from dbt.instrument.block_count import BlockCount
from dbt.instrument.coverage import Coverage
from dbt.interfaces import COUNTERS_AT, BackendOptions
from dbt.process import Process
from dbt.stops import InsnLimit

PROGRAMS = {
    "fib": ("9",),
    "quicksort": ("1",),
    "conditional_call": (),
    "setjmp": (),
    "indirect": (),
}
CONFIGURATIONS = (
    ("0", "auto"),
    ("1", "block"),
    ("2", "block"),
    ("2", "loop"),
    ("2", "function"),
    ("auto", "auto"),
    ("auto", "loop"),
)
MOST = 20_000
"""Instructions that are looked at of a program."""


def counted(program: str, budget: int | None, *, backend: str, tier: str, unit: str) -> object:
    """The counters that are not 0 after so many instructions, run in steps of ``budget``."""
    options = BackendOptions(tier=tier, unit=unit, hot=20, background=False)
    path, args = str(guest(program)), PROGRAMS[program]
    with Process(
        path, args, env={}, backend=backend, options=options, passes=[BlockCount(), Coverage()]
    ) as process:
        left = MOST
        while left > 0:
            stop = process.run(max_insns=min(left, budget or left))
            if not isinstance(stop, InsnLimit):
                break
            left -= budget or left
        counts = {name: count for name, count in process.counters.snapshot().items() if count}
        return counts, process.engine.executed


@functools.cache
def expected(program: str) -> object:
    return counted(program, None, backend="reference", tier="0", unit="auto")


@pytest.mark.shares(2)
@pytest.mark.rotates("program")
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("budget", [None, 1009, 97, 7, 3])
@pytest.mark.parametrize(("tier", "unit"), CONFIGURATIONS)
def test_counts_are_exact(tier: str, unit: str, budget: int | None, program: str) -> None:
    found = counted(program, budget, backend="numba_jit", tier=tier, unit=unit)
    assert found == expected(program)


@pytest.mark.parametrize("budget", [97, 1])
def test_the_reference_backend_counts_the_same(budget: int) -> None:
    found = counted("fib", budget, backend="reference", tier="0", unit="auto")
    assert found == expected("fib")


@pytest.mark.parametrize(
    ("tier", "stage", "instruction"),
    [
        ("0", "copied", r"inc qword ptr \[rdi \+ 0x([0-9a-f]+)\]"),
        ("2", "out_asm", r"incq\t(\d+)\(%rdi\)"),
    ],
)
def test_a_counter_is_one_instruction_of_the_host(tier: str, stage: str, instruction: str) -> None:
    options = BackendOptions(tier=tier)
    with Process(
        str(guest("fib")), ["9"], env={}, options=options, passes=[BlockCount()]
    ) as process:
        process.run()
        found = re.findall(instruction, process.explain("fib")[stage])
        index = process.counters.index(f"block:{process.resolve('fib'):#x}")
        offset = COUNTERS_AT + 8 * index
        assert found == [f"{offset:x}" if stage == "copied" else str(offset)]
