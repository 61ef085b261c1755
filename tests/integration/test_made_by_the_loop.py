"""The loop makes the blocks that Python makes: everything that can be counted is the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.guests import guest, symbols

from backends.numba_jit.executor import NumbaExecutor
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import BackendOptions, Extent
from dbt.process import Process
from dbt.runtime import engine as engine_module
from dbt.stops import Stop

GUESTS = {
    "hello": (), "indirect": (), "setjmp": (), "unaligned": (), "selfmod": (), "endian": (),
    "swi_kinds": (), "start_stack": (), "faults": ("null",),
    "fib": ("12",), "lists": ("3",), "quicksort": ("40",), "lz": ("1",), "sha256": ("1",),
    "bytecode": ("2",),
}  # fmt: skip
BACKEND = ("blocks", "links", "links_made", "compiled_blocks")
MOST = 300_000
"""Instructions that a guest executes at most."""


@attrs.frozen
class Outcome:
    """What a run came to."""

    stop: Stop
    output: str
    blocks: set[Extent]
    figures: dict[str, Any]
    made: int
    """Blocks that the loop made."""


@pytest.fixture(autouse=True)
def only_fuel_ends_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Translation takes its time on a busy machine."""
    monkeypatch.setattr(engine_module, "SLICE_SECONDS", 1e9)


def outcome(
    path: Path,
    args: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
    *,
    natively: bool,
    tier: str = "0",
    act: Callable[[Process], None] = lambda _: None,
) -> Outcome:
    """Run a guest whose blocks are made by the loop as far as it can, or all by Python."""
    options = BackendOptions(tier=tier, hot=20, background=False)
    with Process(str(path), args, env={}, options=options, backend="numba_jit") as process:
        if not natively:
            process.engine._installed = _nothing
        act(process)
        stop = process.run(max_insns=MOST)
        executor = process.executor
        assert isinstance(executor, NumbaExecutor)
        stats = process.stats()
        stats["dispatches"].pop("budget", None)  # Python fills the fuel up whenever it is entered
        backend = {name: stats["backend"][name] for name in BACKEND}
        counted = ("instructions", "translated_blocks", "translated_instructions", "dispatches")
        figures = {name: stats[name] for name in (*counted, "invalidations", "syscalls")}
        return Outcome(
            stop,
            capfd.readouterr().out,
            extents(executor),
            figures | backend,
            executor.made.blocks,
        )


def _nothing(_: object) -> None:
    """What is called for each block that Python makes, so that the loop makes none."""


def extents(executor: NumbaExecutor) -> set[Extent]:
    """What all blocks were made from, and where they lead."""
    table, links = executor._table, executor._links
    return {
        attrs.evolve(table.extent(i), targets=tuple(map(links.target, table.slots(i))))
        for i in table.ids()
    }


def compare(
    path: Path, args: tuple[str, ...], capfd: pytest.CaptureFixture[str], **more: Any
) -> Outcome:
    """Run a guest in both ways. Returns the outcome, which is the same for both."""
    by_python = outcome(path, args, capfd, natively=False, **more)
    by_loop = outcome(path, args, capfd, natively=True, **more)
    assert by_python.made == 0
    assert attrs.evolve(by_loop, made=0) == by_python
    return by_loop


@pytest.mark.parametrize("name", GUESTS)
def test_the_same_blocks(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = compare(guest(name), GUESTS[name], capfd)
    assert found.made > len(found.blocks) / 4


def deny(process: Process, *pcs: int) -> None:
    """Forbid chaining to some pcs."""
    for pc in pcs:
        process.chain.deny(pc)


@pytest.mark.parametrize("name", ["fib", "lists", "selfmod", "indirect"])
@pytest.mark.parametrize("tier", ["0", "auto"])
def test_with_denied_targets(name: str, tier: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Some blocks of a run, and the middles of some, are denied in the next ones."""
    path, args = guest(name), GUESTS[name]
    blocks = compare(path, args, capfd, tier=tier).blocks
    pcs = sorted(extent.key.pc for extent in blocks)[::5]
    pcs += sorted(e.key.pc + e.size // 8 * 4 for e in blocks)[::7]
    found = compare(path, args, capfd, tier=tier, act=lambda process: deny(process, *pcs))
    assert found.made > 0
    assert found.figures["dispatches"]["denied"] > 0


@pytest.mark.parametrize("kinds", [(), ("direct",), ("direct", "return"), ("indirect",)])
def test_with_other_chain_rules(kinds: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    def act(process: Process) -> None:
        process.chain.set_kinds(kinds)

    assert compare(guest("lists"), GUESTS["lists"], capfd, act=act).made > 20


def test_blocks_are_hot_after_as_many_executions(capfd: pytest.CaptureFixture[str]) -> None:
    found = compare(guest("fib"), GUESTS["fib"], capfd, tier="auto")
    assert found.made > 10
    assert found.figures["compiled_blocks"] > 3


@pytest.mark.parametrize("mechanism", NAMES)
def test_with_hooks(mechanism: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = guest("fib")
    seen: list[int] = []

    def act(process: Process) -> None:
        process.hooks.on_call("fib", lambda call: seen.append(call.return_to), mechanism=mechanism)

    found = compare(path, GUESTS["fib"], capfd, act=act)
    assert len(seen) > 200
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert symbols(path)["fib"] in {extent.key.pc for extent in found.blocks}
    assert found.made
