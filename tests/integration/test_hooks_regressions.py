"""What users of other systems ran into, one test each, named after their reports.

Every mechanism must do right: hooks that come and go while code runs, also from inside a hook, also
inside a loop that is chained.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbt.hooks import CallEvent, StopRequested
from dbt.hooks.mechanisms import NAMES
from dbt.hooks.records import Kind, Record
from dbt.instrument.block_count import BlockCount
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, Requested

TESTS = Path(__file__).parents[1]
FIB = TESTS.parent / "benchmarks" / "guests" / "fib.elf"
IDIOMS = TESTS / "guests" / "idioms"
FALLS_INTO = IDIOMS / "loop_falls_into.elf"
"""``outer`` loops a hundred times through the beginning of ``f``, which stands inside the loop."""

pytestmark = [pytest.mark.parametrize("mechanism", NAMES), pytest.mark.rotates("how")]


@pytest.fixture(params=[("0", "all"), ("2", "all"), ("2", "off")], ids="-".join)
def how(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Tier and chain mode."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def start(how: tuple[str, str]) -> Iterator[Any]:
    tier, chain = how
    processes = []

    def make(program: Path, *args: str, **options: Any) -> Process:
        made = Process(
            str(program),
            args,
            env={},
            chain=chain,
            options=BackendOptions(tier=tier, hot=5, background=False),
            **options,
        )
        processes.append(made)
        return made

    yield make
    for process in processes:
        process.close()


def test_unicorn_2200_a_hook_on_code_that_has_run(start: Any, mechanism: str) -> None:
    process = start(FIB, "10")
    process.run(max_insns=1_000)
    seen: list[int] = []
    remove = process.hooks.on_call("fib", lambda event: seen.append(event.pc), mechanism=mechanism)
    assert isinstance(process.run(max_insns=300), InsnLimit)
    count = len(seen)
    assert count > 3
    remove()
    process.run(max_insns=300)
    assert len(seen) == count


def test_unicorn_1475_a_hook_added_in_a_hook_on_the_block_that_runs(
    start: Any, mechanism: str
) -> None:
    """The new hook stands three instructions further on, in the same block."""
    process = start(FIB, "3")
    fib = process.resolve("fib")
    seen: list[int] = []

    def first(event: CallEvent) -> None:
        seen.append(event.pc)
        if len(seen) == 1:
            process.hooks.on_call(fib + 12, lambda e: seen.append(e.pc), mechanism=mechanism)

    process.hooks.on_call(fib, first, mechanism=mechanism)
    assert process.run() == Exited(0)
    # fib(3) makes five calls. A helper is called by the block, which runs on as it was made.
    first_time = [fib] if mechanism == "helper" else [fib, fib + 12]
    assert seen == first_time + [fib, fib + 12] * 4


def test_unicorn_2341_a_place_to_stop_is_heeded_in_chained_code(start: Any, mechanism: str) -> None:
    process = start(FALLS_INTO)
    process.run(max_insns=150)  # in the middle of the loop, which is chained by now
    f = process.resolve("f")

    def stop(event: CallEvent) -> None:
        raise StopRequested("here")

    remove = process.hooks.on_call(f, stop, mechanism=mechanism)
    for _ in range(3):
        stopped = process.run()
        assert isinstance(stopped, Requested)
        # A helper is called by the block, which runs on to its end.
        assert (stopped.pc == f) is (mechanism != "helper")
    remove()
    assert process.run() == Exited(100)


def test_unicorn_2253_a_hook_removed_while_the_guest_runs(start: Any, mechanism: str) -> None:
    """In the middle of a chained loop, from inside itself."""
    process = start(FALLS_INTO)
    seen: list[int] = []

    def hook(event: CallEvent) -> None:
        seen.append(event.pc)
        if len(seen) == 40:
            remove()

    remove = process.hooks.on_call("f", hook, mechanism=mechanism)
    assert process.run() == Exited(100)
    assert len(seen) == 40


def test_unicorn_1661_other_hooks_do_not_change_what_a_hook_may_do(
    start: Any, mechanism: str
) -> None:
    """There, whether a hook may set the pc depended on whether another kind of hook existed."""
    if mechanism == "helper":
        return  # it cannot skip a call: test_hooks_act.py
    results = []
    for passes in ((), (BlockCount(),)):
        process = start(FIB, "10", passes=passes)
        process.hooks.on_call("number", lambda event: event.skip(1), mechanism=mechanism)
        results.append((process.run(), process.state["r0"], process.stats()["instructions"]))
    assert results[0] == results[1]


def test_panda_1445_chaining_hides_no_call(start: Any, mechanism: str) -> None:
    """There, "would miss many calls if tb_chaining was enabled"."""
    process = start(FIB, "12")
    calls: list[int] = []
    returns: list[int] = []
    process.hooks.on_call("fib", lambda e: calls.append(e.argument(0)), mechanism=mechanism)
    process.hooks.on_return("fib", lambda e: returns.append(e.result), mechanism=mechanism)
    assert process.run() == Exited(0)
    assert len(calls) == len(returns) == 465  # 2 * F(13) - 1
    assert returns[-1] == 144


def test_panda_170_chaining_that_is_off_is_off(start: Any, mechanism: str) -> None:
    """There, the switch did nothing. Here every block that runs is counted in the dispatcher, but
    those that the host itself continues at."""
    process = start(FIB, "12", passes=(BlockCount(),))
    process.hooks.on_call("number", lambda event: None, mechanism=mechanism)
    process.chain.set_mode("off")
    assert process.run() == Exited(0)
    blocks = sum(process.counters.snapshot("block").values())
    dispatches = process.stats()["dispatches"]
    back = sum(dispatches.values())
    # All but the first block were entered after a return to the dispatcher or from the host.
    assert abs(back - blocks) <= dispatches["hook"] + dispatches["not_translated"] + 10
    assert dispatches["unlinked"] > 400


def test_dynamorio_314_what_follows_a_call_is_seen_every_time(start: Any, mechanism: str) -> None:
    """There, instrumentation after a call was "sometimes not executed" while traces were on."""
    process = start(FIB, "10")
    after = process.resolve("fib") + 0x18  # behind the first of the two recursive calls
    calls: list[int] = []
    passed: list[int] = []
    process.hooks.on_call("fib", lambda e: calls.append(e.argument(0)), mechanism=mechanism)
    process.hooks.on_call(after, lambda e: passed.append(e.pc), mechanism=mechanism)
    assert process.run() == Exited(0)
    assert len(passed) == sum(1 for n in calls if n > 1)


def test_qemu_eos_2_a_function_that_begins_in_the_middle_of_a_block(
    start: Any, mechanism: str
) -> None:
    process = start(FALLS_INTO)
    seen: list[Record] = []
    process.hooks.trace(["f"], seen.append, mechanism=mechanism, syscalls=False)
    assert process.run() == Exited(100)
    assert sum(r.kind in (Kind.CALL, Kind.TAIL_CALL) for r in seen) == 100
    assert sum(r.kind is Kind.RETURN for r in seen) == 100


@pytest.mark.parametrize("idiom", ["adr_lr_bx", "adr_lr_b"])
def test_icicle_6_a_return_address_that_no_call_instruction_left(
    start: Any, mechanism: str, idiom: str
) -> None:
    """There, ``adr lr, …; bx r0`` made the shadow stack invalid."""
    process = start(IDIOMS / f"{idiom}.elf")
    seen: list[Record] = []
    process.hooks.trace(["f"], seen.append, mechanism=mechanism, syscalls=False)
    assert process.run() == Exited(7)
    assert [(r.kind, r.symbol) for r in seen] == [(Kind.CALL, "f"), (Kind.RETURN, "f")]
