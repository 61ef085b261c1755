"""Snapshots: what a restored guest has in common with what it was, and what is refused."""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import thread_programs
from support.guests import BENCHMARKS, guest

import dbt
from dbt.hooks.mechanisms import NAMES
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited, InsnLimit, UsageError

BACKENDS: dict[str, dict[str, object]] = {
    "reference": {"backend": "reference"},
    "copied": {"options": BackendOptions(tier="0")},
    "compiled": {"options": BackendOptions(tier="2")},
    "explicit": {"options": BackendOptions(memory_checks="explicit")},
}
PAGE = 4096


def start(program: str = "callable", backend: str = "copied", **more: object) -> dbt.Process:
    arguments = {**BACKENDS[backend], **more}
    return dbt.Process(str(guest(program)), env={}, **arguments)  # type: ignore[arg-type]


@pytest.fixture
def process() -> Iterator[dbt.Process]:
    with start() as process:
        yield process


def whole(process: dbt.Process) -> tuple[object, ...]:
    """All that a guest could see of itself."""
    areas = [(a.start, a.end, a.perms, a.shared, a.object) for a in process.kernel.space.areas]
    memory = [
        process.memory.peek(start, end - start) for start, end, _, _, _ in areas if end - start
    ]
    files = [(fd, process.kernel.files.get(fd).cloexec) for fd in process.kernel.files]
    signals = process.kernel.signals
    return (
        process.state.save(), areas, memory, files, process.kernel.space.brk,
        dict(signals.actions), signals.mask, list(signals.pending), process.engine.executed,
    )  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", ["fib", "thumb_fib"])
def test_a_run_from_a_snapshot_is_the_same_run(
    program: str, backend: str, capfd: pytest.CaptureFixture[str]
) -> None:
    process = dbt.Process(
        str(BENCHMARKS / f"{program}.elf"),
        ["8"],
        env={},
        **BACKENDS[backend],  # type: ignore[arg-type]
    )
    with process:
        begin = process.snapshot()
        before = whole(process)
        process.run(max_insns=500)
        middle = process.snapshot()
        assert middle.insns == 500
        amid = whole(process)
        for snapshot, like in [(middle, amid), (begin, before), (begin, before), (middle, amid)]:
            assert process.run() == Exited(0)
            executed = process.engine.executed
            process.restore(snapshot)
            assert whole(process) == like
        process.run()
        assert process.engine.executed == executed
    assert capfd.readouterr().out == "fib 21\n" * 5


def test_memory_that_anybody_has_written_is_put_back(process: dbt.Process) -> None:
    counter, stack = process.resolve("counter"), process.state["r13"] - 64
    process.memory.write(stack, b"before")
    snapshot = process.snapshot()
    for _ in range(3):
        process.call("sum", b"\1\2\3", 3)  # the guest
        process.memory.write(stack, b"after ")  # Python
        with open("/proc/self/exe", "rb") as file:  # the host's kernel
            file.readinto(process.memory.view(stack - PAGE, 8, writable=True))
        assert process.memory.load(counter, 4) == 6
        process.restore(snapshot)
        assert process.memory.load(counter, 4) == 0
        assert process.memory.read(stack, 6) == b"before"
        assert process.memory.read(stack - PAGE, 8) == bytes(8)


def test_code_that_may_only_be_read_is_put_back(process: dbt.Process) -> None:
    add = process.resolve("add")
    assert process.call("add", 2, 3) == 5
    snapshot = process.snapshot()
    process.memory.poke(add, (0xE0400001).to_bytes(4, "little"))  # sub r0, r0, r1
    assert process.call("add", 2, 3) == 0xFFFFFFFF
    process.restore(snapshot)
    assert process.call("add", 2, 3) == 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_code_that_the_guest_has_made_is_put_back(backend: str) -> None:
    with start(backend=backend) as process:
        empty = process.snapshot()
        process.call("make_code", 1)
        assert process.call("run_code") == 1
        one = process.snapshot()
        for _ in range(3):
            process.call("make_code", 2)
            assert process.call("run_code") == 2
            process.restore(one)
            assert process.call("run_code") == 1
        process.restore(empty)
        with pytest.raises(dbt.CallFailed):
            process.call("run_code")
        process.restore(one)
        assert process.call("run_code") == 1


@pytest.mark.parametrize("backend", ["copied", "explicit"])
def test_mappings_are_undone(backend: str) -> None:
    with start(backend=backend) as process:
        old = process.call("map", 3 * PAGE)
        guard = process.call("map", PAGE)
        process.call("protect", guard, PAGE, 0)
        process.memory.write(old, b"old")
        process.memory.write(old + PAGE, b"middle")
        snapshot = process.snapshot()
        before = whole(process)
        for _ in range(2):
            new = process.call("map", 5 * PAGE)
            process.memory.write(new, b"new")
            process.call("unmap", old + PAGE, PAGE)
            process.call("protect", old, PAGE, 0)
            process.call("protect", guard, PAGE, 3)
            process.memory.write(guard, b"written")
            process.call("grow", 3 * PAGE)
            assert not process.memory.mapped(old + PAGE)
            process.restore(snapshot)
            assert whole(process) == before
            assert process.memory.read(old + PAGE, 6) == b"middle"
            for gone in (guard, new):
                with pytest.raises(dbt.CallFailed):
                    process.call("sum", gone, 1)


def test_dropped_and_moved_pages_are_zeros_also_behind_a_snapshot(process: dbt.Process) -> None:
    above = process.call("map", 2 * PAGE)
    at = process.call("map", 2 * PAGE)
    assert at + 2 * PAGE == above
    process.memory.write(at, b"content")
    process.memory.write(above, b"above")
    snapshot = process.snapshot()
    assert process.call("drop", at, PAGE) == 0
    assert process.memory.read(at, 7) == bytes(7)
    process.restore(snapshot)
    assert process.memory.read(at, 7) == b"content"
    moved = process.call("enlarge", at, 2 * PAGE, 64 * PAGE)
    assert moved < 0xFFFFF000
    assert process.memory.read(moved, 7) == b"content"
    assert process.memory.read(moved + 2 * PAGE, 7) == bytes(7)
    process.restore(snapshot)
    assert process.memory.read(at, 7) == b"content"


def test_dropped_pages_have_nothing_of_an_earlier_snapshot(process: dbt.Process) -> None:
    at = process.call("map", 2 * PAGE)
    process.memory.write(at, b"content")
    first = process.snapshot()
    process.call("protect", at, 2 * PAGE, 1)
    second = process.snapshot()  # does not track the pages, which still have the first one's
    for snapshot in (None, second, first, second):
        if snapshot is not None:
            process.restore(snapshot)
        process.call("protect", at, 2 * PAGE, 3)
        assert process.call("drop", at, PAGE) == 0
        assert process.memory.read(at, 7) == bytes(7)


def test_a_descriptor_for_a_path_alone_is_as_it_was(tmp_path: Path) -> None:
    with start(linux=LinuxOptions(cwd=str(tmp_path))) as process:
        name = process.call("map", PAGE)
        process.memory.write(name, bytes(tmp_path) + b"\0")
        o_path = 0o10000000
        fd = process.kernel.perform("open", [name, o_path, 0, 0, 0, 0])
        snapshot = process.snapshot()
        for _ in range(2):
            process.call("close_file", fd)
            process.restore(snapshot)
            assert sorted(process.kernel.files) == [0, 1, 2, fd]


def test_descriptors_are_as_they_were(process: dbt.Process, tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    path.write_bytes(b"0123456789")
    with start(linux=LinuxOptions(cwd=str(tmp_path))) as process:
        kept = process.call("open_file", str(path))
        closed = process.call("open_file", str(path))
        buffer = process.state["r13"] - 64
        process.call("read_file", kept, buffer, 3)
        process.call("read_file", closed, buffer, 5)
        snapshot = process.snapshot()
        for _ in range(3):
            process.call("read_file", kept, buffer, 4)
            process.call("close_file", closed)
            assert process.call("open_file", str(path)) == closed
            process.call("open_file", str(path))
            process.restore(snapshot)
            assert sorted(process.kernel.files) == [0, 1, 2, kept, closed]
        for fd, expected in (kept, b"34"), (closed, b"56"):
            process.call("read_file", fd, buffer, 2)
            assert process.memory.read(buffer, 2) == expected


def test_what_was_captured_is_there_again() -> None:
    with start(stdout=dbt.CAPTURE) as process:
        first = process.snapshot()
        process.call("write_file", 1, b"one ", 4)
        second = process.snapshot()
        for _ in range(2):
            process.restore(first)
            assert process.stdout == b""
            process.call("write_file", 1, b"1", 1)
            process.restore(second)
            assert process.stdout == b"one "
            process.call("write_file", 1, b"two", 3)
            assert process.stdout == b"one two"


def test_signals_are_as_they_were(process: dbt.Process) -> None:
    process.call("handle", 10)
    snapshot = process.snapshot()
    for _ in range(2):
        process.call("send", 10)
        assert process.call("how_often") == 10
        process.call("handle", 12)
        process.call("block", 10)
        process.call("send", 10)
        process.restore(snapshot)
        assert process.call("how_often") == 0
        assert sorted(process.kernel.signals.actions) == [10]
        assert process.kernel.signals.mask == 0
    process.call("send", 10)
    assert process.call("how_often") == 10


def test_interval_timers_have_the_time_that_was_left(process: dbt.Process) -> None:
    """A function that makes no system call is put back by the short way."""
    setitimer, getitimer, left = 104, 105, 10.0
    setting = struct.pack("<4i", 0, 0, int(left), 0)
    assert process.call("syscall6", setitimer, 0, setting, 0, 0, 0, 0) == 0
    snapshot = process.snapshot()
    ran = 0.0
    while ran < 1:
        begun = time.monotonic()
        process.call("fibonacci", 12)
        ran += time.monotonic() - begun
        process.restore(snapshot)
    now = bytearray(16)
    assert process.call("syscall6", getitimer, 0, now, 0, 0, 0, 0) == 0
    _, _, seconds, microseconds = struct.unpack("<4i", now)
    assert seconds + microseconds / 1e6 > left - 0.2


@pytest.mark.parametrize("mechanism", [name for name in NAMES if name != "trap"])
def test_hooks_know_the_calls_that_were_live(mechanism: str) -> None:
    with dbt.Process(str(BENCHMARKS / "fib.elf"), ["6"], env={}) as process:
        seen: list[tuple[str, int, int]] = []
        process.hooks.on_call(
            "fib",
            lambda call: seen.append(("call", call.depth, call.argument(0))),
            mechanism=mechanism,
        )
        process.hooks.on_return(
            "fib", lambda ret: seen.append(("return", ret.depth, ret.result)), mechanism=mechanism
        )
        while not seen or seen[-1][1] < 3:
            assert isinstance(process.run(max_insns=1), InsnLimit)
        snapshot, before = process.snapshot(), len(seen)
        process.run()
        first = seen[before:]
        for _ in range(2):
            process.restore(snapshot)
            seen.clear()
            process.run()
            assert seen == first
    assert first[-1][1] == 0


@pytest.mark.oracle
def test_threads_are_put_back_with_their_turns(tmp_path: Path) -> None:
    program = thread_programs.build(tmp_path, "counting")
    linux = LinuxOptions(turn=3000)
    with dbt.Process(program, env={}, stdout=dbt.CAPTURE, linux=linux) as process:
        begin = process.snapshot()
        while len(process.kernel.threads) < 5:
            process.run(max_insns=2000)
        process.run(max_insns=5000)
        amid, before = process.snapshot(), whole(process)
        process.run()
        printed, executed = process.stdout, process.engine.executed
        assert printed is not None
        assert len(set(printed)) == 5
        for snapshot in (amid, begin, amid):
            process.restore(snapshot)
            if snapshot is amid:
                assert whole(process) == before
                assert len(process.kernel.threads) == 5
            assert process.run() == Exited(0)
            assert (process.stdout, process.engine.executed) == (printed, executed)


def test_what_cannot_be_kept_is_refused(process: dbt.Process) -> None:
    snapshot = process.snapshot()
    with start() as other, pytest.raises(UsageError, match="of another process"):
        other.restore(snapshot)
    with pytest.raises(UsageError, match="what snapshot"):
        process.restore(None)  # type: ignore[arg-type]
    process.call("share", PAGE)
    with pytest.raises(UsageError, match=r"the shared mapping at 0x[0-9a-f]+ may be written"):
        process.snapshot()
    process.restore(snapshot)
    process.snapshot()
    remove = process.hooks.on_call("add", lambda call: None, mechanism="trap")
    with pytest.raises(UsageError, match="trap"):
        process.snapshot()
    with pytest.raises(UsageError, match="trap"):
        process.restore(snapshot)
    remove()
    recording = process.hooks.record("add")
    with pytest.raises(UsageError, match="recording"):
        process.restore(snapshot)
    recording.stop()
    process.restore(snapshot)
    process.close()
    with pytest.raises(UsageError, match="restore: the process is closed"):
        process.restore(snapshot)


def test_a_refusal_begins_with_what_was_asked_for(process: dbt.Process) -> None:
    snapshot = process.snapshot()

    def refusals() -> list[str]:
        found = []
        for attempt in (process.snapshot, lambda: process.restore(snapshot)):
            with pytest.raises(UsageError) as error:
                attempt()  # type: ignore[operator]
            found.append(str(error.value))
        return found

    with process.record():
        made, restored = refusals()
    assert made == "snapshot: stop the recording first: calls that it follows cannot be put back"
    assert restored == "restore: stop the recording first: calls that it follows cannot be put back"
    process.hooks.on_call("add", print, mechanism="trap")
    made, restored = refusals()
    assert made.startswith("snapshot: hooks of the mechanism trap")
    assert restored.startswith("restore: hooks of the mechanism trap")


def test_no_snapshot_is_made_or_restored_in_a_hook(process: dbt.Process) -> None:
    snapshot, refused = process.snapshot(), []

    def hook(event: object) -> None:
        for attempt in (process.snapshot, lambda: process.restore(snapshot)):
            with pytest.raises(UsageError) as error:
                attempt()  # type: ignore[operator]
            refused.append(str(error.value)[:25])

    process.hooks.on_call("add", hook)
    process.call("add", 1, 1)
    assert refused == ["snapshot: the program run", "restore: the program runs"]


def test_an_ended_program_runs_again_and_cannot_be_kept(process: dbt.Process) -> None:
    snapshot = process.snapshot()
    with pytest.raises(dbt.CallFailed):
        process.call("leave", 3)
    with pytest.raises(UsageError, match="snapshot: the program has exited"):
        process.snapshot()
    for status in (1, 2):
        process.restore(snapshot)
        with pytest.raises(dbt.CallFailed) as failed:
            process.call("leave", status)
        assert failed.value.stop == Exited(status)


@pytest.mark.parametrize("backend", BACKENDS)
def test_another_program_is_undone(backend: str) -> None:
    with start(backend=backend, stdout=dbt.CAPTURE) as process:
        process.call("map", PAGE)
        snapshot, before = process.snapshot(), whole(process)
        for _ in range(2):
            with pytest.raises(dbt.CallFailed) as failed:
                process.call("execute", str(guest("hello")))
            assert failed.value.stop == Exited(0)
            assert process.stdout == b"hello, world\n"
            process.restore(snapshot)
            assert whole(process) == before
            assert process.call("fibonacci", 6) == 8


def test_translations_stay(process: dbt.Process) -> None:
    snapshot = process.snapshot()
    process.call("fibonacci", 5)
    process.restore(snapshot)
    made = process.stats()["translated_blocks"]
    for _ in range(5):
        process.call("fibonacci", 5)
        process.restore(snapshot)
    assert process.stats()["translated_blocks"] == made
