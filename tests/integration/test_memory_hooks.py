"""Hooks on memory: each access is reported once, and alike by both mechanisms in all tiers."""

import os
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from support.guests import guest

import dbt
from dbt.hooks import MemoryEvent, SyscallEvent
from dbt.interfaces import BackendOptions
from dbt.runtime.own_process import OwnProcess
from dbt.stops import Exited, StopRequested, UsageError

pytestmark = pytest.mark.rotates("tier", "mechanism")
WATCHED = str(guest("watched"))
PAGES = 0x40000000
BORDER = PAGES + 4096
Seen: TypeAlias = list[tuple[Any, ...]]
"""Kind, pc, address, size, value, what was there before, and instructions completed."""


@pytest.fixture(params=["pages", "code"])
def mechanism(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options(tier: str, checks: str = "mmu") -> BackendOptions:
    return BackendOptions(tier=tier, hot=2, background=False, memory_checks=checks)


def fields(event: MemoryEvent) -> tuple[Any, ...]:
    return (
        event.kind, event.pc, event.address, event.size, event.value, event.before, event.insns,
    )  # fmt: skip


def start(tier: str, checks: str = "mmu") -> dbt.Process:
    return dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, options=options(tier, checks))


@cache
def truth(start_: int, stop: int, access: str) -> Seen:
    """What the reference backend, which checks each access by itself, reports of the guest."""
    seen: Seen = []
    with dbt.Process(WATCHED, env={}, stdout=dbt.CAPTURE, backend="reference") as process:
        process.hooks.on_memory(
            range(start_, stop), lambda event: seen.append(fields(event)), access, mechanism="code"
        )
        assert process.run() == Exited(0)
    return seen


@pytest.mark.parametrize("checks", ["mmu", "explicit"])
@pytest.mark.parametrize(
    ("where", "access"),
    [
        (range(BORDER, BORDER + 1), "w"),
        (range(BORDER - 2, BORDER), "r"),
        (range(BORDER - 4, BORDER + 4), "rw"),
    ],
)
def test_events_are_those_of_the_reference_backend(
    tier: str, mechanism: str, where: range, access: str, checks: str
) -> None:
    seen: Seen = []
    with start(tier, checks) as process:
        process.hooks.on_memory(
            where, lambda event: seen.append(fields(event)), access, mechanism=mechanism
        )
        assert process.run() == Exited(0)
        output = process.stdout
    assert seen == truth(where.start, where.stop, access)
    with start(tier, checks) as process:
        process.run()
        assert process.stdout == output


# -- what pages go through ---------------------------------------------------------------------


def test_the_hook_sees_memory_behind_and_registers_before(tier: str, mechanism: str) -> None:
    seen = []

    def stored(event: MemoryEvent) -> None:
        now = event.memory.load(event.address, event.size)
        seen.append((now == event.value, event.state.get("r0") == event.address, event.symbol))

    with dbt.Process(
        str(guest("quicksort")), ["1"], env={}, stdout=dbt.CAPTURE, options=options(tier)
    ) as process:
        process.hooks.on_memory("data+4", stored, "w", mechanism=mechanism, when="value > 0")
        assert process.run() == Exited(0)
    assert seen
    assert all(as_stored for as_stored, _, _ in seen)
    assert {symbol.partition("+")[0] for _, _, symbol in seen} <= {"main", "sort"}


def test_a_removed_hook_is_silent_and_the_page_is_plain_again(tier: str, mechanism: str) -> None:
    seen: list[int] = []
    with start(tier) as process:
        perms = bytes(process.memory.perms)

        def once(event: MemoryEvent) -> None:
            seen.append(event.address)
            remove()

        remove = process.hooks.on_memory(range(BORDER, BORDER + 4), once, mechanism=mechanism)
        assert process.run() == Exited(0)
        assert len(seen) == 1
        assert process.memory.permissions(BORDER, 4096) == bytes([3 | 16])
        assert not any(perm & 0xC0 for perm in (*perms, *process.memory.perms))


def test_a_hook_that_stops_the_run_is_called_once(tier: str, mechanism: str) -> None:
    seen: list[int] = []

    def stop(event: MemoryEvent) -> None:
        seen.append(event.value)
        raise StopRequested

    with dbt.Process(
        str(guest("quicksort")), ["1"], env={}, stdout=dbt.CAPTURE, options=options(tier)
    ) as process:
        process.hooks.on_memory("data+4", stop, "w", mechanism=mechanism)
        while not isinstance(process.run(), Exited):
            assert len(seen) < 100
        plain = process.stdout
        counted = process.engine.executed
    with dbt.Process(
        str(guest("quicksort")), ["1"], env={}, stdout=dbt.CAPTURE, options=options(tier)
    ) as process:
        expected: list[int] = []
        process.hooks.on_memory("data+4", lambda event: expected.append(event.value), "w")
        process.run()
        assert process.stdout == plain
        assert process.engine.executed == counted
    assert seen == expected


def test_watched_pages_survive_snapshots_and_limits(tier: str, mechanism: str) -> None:
    seen: Seen = []
    with start(tier) as process:
        process.hooks.on_memory(
            range(BORDER - 4, BORDER + 4), lambda event: seen.append(fields(event)), "rw",
            mechanism=mechanism,
        )  # fmt: skip
        begin = process.snapshot()
        for _ in range(2):
            seen.clear()
            while not isinstance(process.run(max_insns=37), Exited):
                pass
            assert seen == truth(BORDER - 4, BORDER + 4, "rw")
            process.restore(begin)


def test_code_stays_as_it_is_where_pages_are_watched() -> None:
    texts = []
    for watched in (False, True):
        with start("2") as process:
            if watched:
                process.hooks.on_memory(range(0x70000000, 0x70000004), print)
            process.run()
            texts.append(process.explain("around"))
    assert texts[0] == texts[1]


def test_the_stack_is_the_mapping_of_the_pointer(tier: str) -> None:
    stack: list[int] = []
    with dbt.Process(
        str(guest("fib")), ["5"], env={}, stdout=dbt.CAPTURE, options=options(tier)
    ) as process:
        process.hooks.on_memory("stack", lambda event: stack.append(event.address), "w")
        process.run(max_insns=500)
        area = process.kernel.mapping(process.state.get("r13"))
        assert len(stack) > 20
        assert set(stack) <= set(area)


def test_the_heap_is_asked_for_at_each_access(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Seen = []
    with start(tier) as process:
        process.hooks.on_memory("heap", lambda event: seen.append(fields(event)), "w")
        monkeypatch.setattr(process.kernel.space, "brk_start", BORDER)
        monkeypatch.setattr(process.kernel.space, "brk", BORDER + 2)
        assert process.run() == Exited(0)
    starts = {BORDER, BORDER + 1}
    assert seen == [one for one in truth(BORDER, BORDER + 2, "w") if one[2] in starts]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((range(0), print), "memory range(0, 0) is no range of guest addresses"),
        ((0x8000, print), "memory is a range, as range(0x8000, 0x8004), or a text, not 32768"),
        (("around+x", print), "memory 'around+x': 'x' is no number of bytes"),
        (("nothing", print), "no symbol 'nothing'"),
        (("cell+0", print), "memory 'cell+0' is no range of guest addresses"),
        (("cell", print, "x"), "no kind of access 'x' (one of r, w, rw)"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with start("0") as process, pytest.raises(UsageError) as refused:
        process.hooks.on_memory(*arguments)
    assert str(refused.value).startswith(message)


def test_moving_memory_has_no_pages() -> None:
    with start("0") as process, pytest.raises(UsageError, match="memory 'heap' moves"):
        process.hooks.on_memory("heap", print, mechanism="pages")
    with start("0") as process, pytest.raises(UsageError, match="watches at most 16 MiB"):
        process.hooks.on_memory(None, print, mechanism="pages")
    with start("0") as process, pytest.raises(UsageError, match="only hooks on functions know"):
        process.hooks.on_memory("cell", print, when="depth > 1")


# -- other programs ----------------------------------------------------------------------------

MOST = 3000


@cache
def image_truth(name: str) -> tuple[Seen, bytes | None]:
    return image_run(name, "code", backend="reference")


def image_run(name: str, mechanism: str, **settings: Any) -> tuple[Seen, bytes | None]:
    """The accesses of a program to what was loaded from its file, to the first page of what it has
    mapped, and what it has printed."""
    seen: Seen = []
    with dbt.Process(str(guest(name)), env={}, stdout=dbt.CAPTURE, **settings) as process:

        def watch(start: int) -> None:
            process.hooks.on_memory(
                range(start, start + 4096), lambda event: seen.append(fields(event)),
                mechanism=mechanism,
            )  # fmt: skip

        def mapped(event: SyscallEvent) -> None:
            assert event.result is not None
            watch(event.result)

        watch(process.kernel.images[0].low)
        watch(process.kernel.images[0].low + 4096)
        process.hooks.on_syscall("mmap2", mapped, leaving=True)
        process.run(max_insns=MOST)
        return seen, process.stdout


@pytest.mark.parametrize("name", ["faults", "endian", "setjmp", "signals", "selfmod", "unaligned"])
def test_a_program_with_its_own_pages_watched(tier: str, mechanism: str, name: str) -> None:
    seen, printed = image_run(name, mechanism, options=options(tier))
    assert (seen, printed) == image_truth(name)
    assert len(seen) > 10


def test_a_called_function_and_a_debuggers_eye(tier: str, mechanism: str) -> None:
    seen: list[tuple[int | None, int]] = []
    with dbt.Process(str(guest("callable")), env={}, options=options(tier)) as process:
        snapshot = process.snapshot()
        where = process.resolve("counter")
        remove = process.hooks.on_memory(
            "counter+4", lambda event: seen.append((event.before, event.value)), "w",
            mechanism=mechanism,
        )  # fmt: skip
        buffer = process.state["r13"] - 4096
        for _ in range(2):
            process.memory.write(buffer, b"abc")
            process.call("sum", buffer, 3)
            assert process.memory.peek(where, 4) == process.memory.read(where, 4)
            process.memory.store(where, 4, process.memory.load(where, 4))  # nobody's business
            process.restore(snapshot)
        remove()
        process.call("sum", buffer, 3)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert seen[0][1] - (seen[0][0] or 0) == sum(b"abc")


def test_a_forked_child_has_the_hooks(tier: str, mechanism: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        log.open("ab", buffering=0) as file,
        dbt.Process(
            str(guest("processes")), env={}, stdout=dbt.CAPTURE, options=options(tier)
        ) as process,
    ):
        page = (process.state["r13"] - 64) & -4096

        def stored(event: MemoryEvent) -> None:
            file.write(f"{os.getpid()} {event.thread}\n".encode())

        process.hooks.on_memory(range(page, page + 4096), stored, "w", mechanism=mechanism)
        assert isinstance(process.run(), Exited)
    lines = set(log.read_text().splitlines())
    assert len({line.split()[0] for line in lines}) > 1
    assert f"{os.getpid()} {OwnProcess.id}" in lines
