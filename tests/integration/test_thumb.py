"""Programs of Thumb code: hooks on functions that ARM code calls and that call it; the kernel's part."""

from collections import Counter
from pathlib import Path

import pytest
from support.guests import GUESTS, guest, symbols
from support.runs import command

from dbt.hooks.mechanisms import NAMES
from dbt.hooks.records import Kind, Record
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit

INTERWORK = guest("interwork")
STATUS = 55
CALLS = {"arm_main": 1, "thumb_sum": 7, "arm_double": 7, "thumb_next": 7}
TAIL_CALLS = {"thumb_last": 1, "thumb_next": 1}
RETURNS = {**CALLS, **TAIL_CALLS, "thumb_next": 8}


def traced(mechanism: str, *where: int | str, tier: str = "0") -> list[Record]:
    records: list[Record] = []
    with Process(str(INTERWORK), env={}, options=BackendOptions(tier=tier)) as process:
        process.hooks.trace(where or None, records.append, mechanism=mechanism, syscalls=False)
        assert process.run() == Exited(STATUS)
    return records


def counted(records: list[Record]) -> Counter[tuple[Kind, str]]:
    return Counter((record.kind, record.symbol) for record in records)


@pytest.mark.rotates("tier")
@pytest.mark.parametrize("tier", ["0", "1", "2"])
@pytest.mark.parametrize("mechanism", NAMES)
def test_functions_of_both_states_are_hooked(mechanism: str, tier: str) -> None:
    records = traced(mechanism, tier=tier)
    wanted = Counter[tuple[Kind, str]]()
    rows = (Kind.CALL, CALLS), (Kind.TAIL_CALL, TAIL_CALLS), (Kind.RETURN, RETURNS)
    for kind, times in rows:
        wanted.update({(kind, name): number for name, number in times.items()})
    assert counted(records) == wanted
    assert all(record.caller for record in records if record.kind is Kind.CALL)


@pytest.mark.parametrize("mechanism", NAMES)
@pytest.mark.parametrize("bit", [0, 1])
def test_thumb_code_is_hooked_by_its_address(mechanism: str, bit: int) -> None:
    """With bit 0 of its location, or without, for its symbol says the state."""
    at = symbols(INTERWORK)["thumb_next"]
    assert at & 3 == 3
    records = traced(mechanism, at - 1 + bit)
    assert counted(records)[Kind.RETURN, "thumb_next"] == 8
    assert {record.function for record in records} == {at - 1}


def test_breakpoints_in_thumb_code_have_its_size_and_go() -> None:
    with Process(str(INTERWORK), env={}) as process:
        pc = process.resolve("thumb_next") - 1
        before = process.memory.peek(pc - 4, 12)
        remove = process.hooks.on_call("thumb_next", lambda event: None, mechanism="trap")
        patched = process.memory.peek(pc - 4, 12)
        assert patched == before[:4] + bytes.fromhex("00be") + before[6:]
        assert process.run() == Exited(STATUS)
        remove()
        assert process.memory.peek(pc - 4, 12) == before


@pytest.mark.parametrize("mechanism", sorted({*NAMES} - {"helper"}))
def test_a_thumb_call_is_skipped_and_redirected_to_arm_code(mechanism: str) -> None:
    with Process(str(INTERWORK), env={}) as process:
        hooks = process.hooks
        hooks.on_call("thumb_sum", lambda event: event.skip(42), mechanism=mechanism)
        hooks.on_call("thumb_last", lambda event: event.redirect("arm_double"), mechanism=mechanism)
        assert process.run() == Exited(2 * 48)


@pytest.mark.parametrize("tier", ["0", "1", "2"])
def test_accesses_to_several_words_may_be_unaligned(tier: str) -> None:
    """The kernel mends LDM, LDRD and STRD (arch/arm/mm/alignment.c)."""
    guest_ = str(guest("it_blocks"))
    with Process(guest_, ["further"], env={}, options=BackendOptions(tier=tier)) as process:
        assert process.run() == Exited(0)


@pytest.mark.parametrize("tier", ["0", "2"])
def test_an_interrupted_call_is_made_again(tier: str, tmp_path: Path) -> None:
    """In Thumb code, the trap has two bytes."""
    outcome = command("run", "--tier", tier, str(guest("thumb_restarts")), cwd=tmp_path)
    assert outcome.status == 7
    assert outcome.stdout.startswith(b"restarted 1\ninterrupted -4\nfork 3\n")


def test_the_site_of_a_system_call_is_an_address() -> None:
    sites: list[int] = []
    with Process(str(guest("it_blocks")), env={}) as process:
        catch = process.resolve("catch") & ~1
        action = process.hooks.on_syscall("rt_sigaction", lambda event: sites.append(event.site))
        process.hooks.on_syscall("exit", lambda event: action())
        assert process.run() == Exited(0)
    assert sites == [catch + 14] * 3


@pytest.mark.parametrize(
    ("allowed", "refused"), [("getpid", "rt_sigaction"), ("getpid+rt_sigaction", "kill")]
)
def test_a_system_call_that_is_refused_is_named(allowed: str, refused: str, tmp_path: Path) -> None:
    """The second is conditional, amid an IT block."""
    program = GUESTS / "idioms" / "thumb_signal.elf"
    outcome = command("run", "-p", f"swi-filter{{allow={allowed}}}", str(program), cwd=tmp_path)
    assert outcome.status == 125
    assert outcome.stderr.decode().endswith(f": the system call {refused}\n")


AMID = {0x2E: 1, 0x30: 2, 0x32: 1, 0x36: 1}
"""Offsets in it_blocks of instructions of the first two IT blocks, of which the second faults once,
and how often control arrives there."""


@pytest.mark.rotates("tier")
@pytest.mark.parametrize("tier", ["0", "1", "2"])
@pytest.mark.parametrize("mechanism", sorted({*NAMES} - {"jump"}))
def test_hooks_amid_an_it_block_leave_it_as_it_is(mechanism: str, tier: str) -> None:
    """Control arrives at an instruction whether or not its condition holds."""
    arrived: Counter[int] = Counter()
    program = str(guest("it_blocks"))
    with Process(program, env={}, options=BackendOptions(tier=tier)) as process:
        start = process.resolve("_start")
        for offset in AMID:
            process.hooks.on_call(
                start + offset, lambda event: arrived.update([event.pc]), mechanism=mechanism
            )
        assert process.run() == Exited(0)
    assert arrived == {(start & ~1) + offset: times for offset, times in AMID.items()}


@pytest.mark.parametrize("tier", ["0", "2"])
@pytest.mark.parametrize("name", ["interwork", "it_blocks"])
def test_a_run_of_single_instructions_is_the_same(name: str, tier: str) -> None:
    program, options = str(guest(name)), BackendOptions(tier=tier)
    with Process(program, env={}, options=options) as whole:
        ended = whole.run()
        executed = whole.stats()["instructions"]
    with Process(program, env={}, options=options) as process:
        steps = 0
        while isinstance(stop := process.run(max_insns=1), InsnLimit):
            steps += 1
        assert stop == ended
        assert process.stats()["instructions"] == executed
        assert steps in (executed, executed - 1)


@pytest.mark.parametrize("backend", ["numba_jit", "reference"])
@pytest.mark.parametrize("budget", [None, 1])
def test_a_fetch_that_is_refused_amid_an_instruction_names_it(
    backend: str, budget: int | None
) -> None:
    """The handler returns to its first half, in Thumb state and in the same IT block."""
    with Process(str(guest("fetched")), env={}, backend=backend) as process:
        while isinstance(stop := process.run(max_insns=budget), InsnLimit):
            assert process.stats()["instructions"] < 100
        assert stop == Exited(23)
