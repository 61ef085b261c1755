"""Counts are exact: instructions in every mode and on both backends, dispatches under a denial."""

import functools
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, branch_targets, guest, symbols
from support.runs import Measured, measure

MODES: Mapping[str, tuple[str, ...]] = {
    "reference": ("--backend", "reference"),
    "reference-unchained": ("--backend", "reference", "--chain", "off"),
    "copied": ("--tier", "0"),
    "copied-checked": ("--tier", "0", "--memory-checks", "explicit"),
    "copied-unchained": ("--tier", "0", "--chain", "off"),
    "quick": ("--tier", "1"),
    "compiled": ("--tier", "2"),
    "compiled-direct": ("--tier", "2", "--chain", "direct"),
    "compiled-unchained": ("--tier", "2", "--chain", "off"),
    "mixed": ("--tier", "auto", "--hot", "2", "--background", "off"),
    "regions": ("--unit", "function", "--hot", "2", "--background", "off"),
    "compiled-checked": ("--tier", "2", "--memory-checks", "explicit"),
    "regions-checked": ("--memory-checks", "explicit", "--hot", "2", "--background", "off"),
}
PROGRAMS = {
    "hello": (guest("hello"),),
    "signals": (guest("signals"),),
    "selfmod": (guest("selfmod"),),
    "setjmp": (guest("setjmp"),),
    "indirect": (guest("indirect"), "40"),
    "fib": (BENCHMARKS / "fib.elf", "10"),
    "bytecode": (BENCHMARKS / "bytecode.elf", "20"),
}


@functools.cache
def expected(name: str) -> Measured:
    """The reference backend's run."""
    program, *args = PROGRAMS[name]
    return measure(MODES["reference"], Path(program), *map(str, args))


@pytest.mark.rotates("name")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_mode_executes_the_same_number_of_instructions(name: str, mode: str) -> None:
    program, *args = PROGRAMS[name]
    run = measure(MODES[mode], Path(program), *map(str, args))
    assert run.outcome.stdout == expected(name).outcome.stdout
    assert run.instructions == expected(name).instructions > 0


@pytest.mark.parametrize(
    "mode", ["reference", "copied", "copied-checked", "compiled", "mixed", "regions"]
)
@pytest.mark.parametrize("argc", [2, 3, 10])
def test_a_program_of_known_length(mode: str, argc: int) -> None:
    run = measure(MODES[mode], guest("spin"), *["x"] * (argc - 1))
    assert run.outcome.status == 0
    assert run.instructions == 3 + 3 * argc + 3


@pytest.mark.parametrize(
    "mode", ["reference", "copied", "copied-checked", "compiled", "mixed", "regions"]
)
@pytest.mark.parametrize("limit", [1, 2, 3, 1000, 12345])
def test_an_instruction_limit_is_exact(mode: str, limit: int) -> None:
    run = measure((*MODES[mode], "--max-insns", str(limit)), guest("spin"))
    assert run.outcome.status == 125
    assert run.instructions == limit
    assert b"instruction limit" in run.outcome.stderr


def test_a_timeout_ends_a_chained_loop() -> None:
    run = measure(("--tier", "2", "--timeout", "1"), guest("spin"))
    assert run.outcome.status == 124
    assert run.instructions > 10_000_000


@pytest.mark.parametrize("tier", ["0", "2"])
def test_a_denied_function_enters_the_dispatcher_as_often_as_it_is_called(tier: str) -> None:
    """`helper` of the demo is called once a round; nothing but the denials may change."""
    rounds = 700
    helper = symbols(DEMO)["helper"]
    assert helper in branch_targets(DEMO)
    options = ("--tier", tier)
    free = measure(options, DEMO, str(rounds))
    denied = measure((*options, "--no-chain", "helper"), DEMO, str(rounds))
    assert denied.outcome == free.outcome
    assert denied.instructions == free.instructions
    before, after = free.stats["dispatches"], denied.stats["dispatches"]
    # On tier 0 the first call finds no translation, and counts as that; on tier 2 `helper` has been
    # translated along with its caller.
    first = 1 if tier == "0" else 0
    assert after.get("denied", 0) - before.get("denied", 0) == rounds - first
    for reason in ("syscall", "fault", "hook", "trap", "halt", "indirect_miss", "return_miss"):
        assert after.get(reason, 0) == before.get(reason, 0), reason


@pytest.mark.parametrize("tier", ["0", "2"])
def test_unchained_every_block_is_dispatched(tier: str) -> None:
    """With chaining off the dispatcher sees every edge on each tier."""
    off = measure(("--tier", tier, "--chain", "off"), DEMO, "200")
    reference = measure(("--backend", "reference", "--chain", "off"), DEMO, "200")
    assert off.instructions == reference.instructions
    # After a system call the reference backend finds no translation, once for each place; what was
    # translated ahead is not missed there.
    ahead = sum(reference.stats["syscalls"].values()) if tier == "2" else 0
    assert 0 <= _sum(reference) - _sum(off) <= ahead


def _sum(run: Measured) -> int:
    """Returns to the dispatcher for want of a chain."""
    kinds = ("not_translated", "unlinked", "indirect_miss", "return_miss", "denied")
    return sum(run.stats["dispatches"].get(kind, 0) for kind in kinds)
