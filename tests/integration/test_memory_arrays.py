"""``Process.record(memory=…)`` has exactly the events of ``hooks.on_memory``."""

import io
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from support.guests import GUESTS, guest
from support.idioms import idiom, names
from support.random_calls import compiler

import dbt
from dbt.hooks import InstructionEvent, MemoryEvent
from dbt.hooks.arrays import ACCESS_KINDS, EventArrays, RecordedEvents, RecordingFull
from dbt.hooks.arrays.dtypes import MEMORY
from dbt.interfaces import BackendOptions
from dbt.linux.options import LinuxOptions
from dbt.stops import Exited, InsnLimit, Requested, Stop, StopRequested, UsageError

pytestmark = pytest.mark.rotates("mode")
MODES = {
    "copied": ("numba_jit", BackendOptions(tier="0")),
    "compiled": ("numba_jit", BackendOptions(tier="1")),
    "blocks": ("numba_jit", BackendOptions(tier="2", unit="block")),
    "functions": ("numba_jit", BackendOptions(tier="auto", hot=2, background=False)),
    "explicit": ("numba_jit", BackendOptions(tier="0", memory_checks="explicit")),
    "hot explicit": (
        "numba_jit",
        BackendOptions(tier="2", hot=2, background=False, memory_checks="explicit"),
    ),
    "reference": ("reference", BackendOptions()),
}
NATIVE = [mode for mode in MODES if mode != "reference"]
Seen: TypeAlias = list[tuple[Any, ...]]
"""Instructions completed, thread, pc, address, size, kind, value."""
MOST_OF_A_BLOCK = 64 * 16
_COLUMNS = ("insns", "thread", "pc", "address", "size", "kind", "value")


def opened(path: str | Path, *args: str, mode: str = "copied") -> dbt.Process:
    backend, options = MODES[mode]
    return dbt.Process(
        str(path), args, env={}, options=options, backend=backend, stdout=dbt.CAPTURE,
        linux=LinuxOptions(seed=1, sched_seed=3, turn=700),
    )  # fmt: skip


def hooked(seen: Seen) -> Callable[[MemoryEvent], None]:
    def accessed(event: MemoryEvent) -> None:
        seen.append(
            (
                event.insns, event.thread, event.pc, event.address, event.size, event.kind,
                event.value,
            )
        )  # fmt: skip

    return accessed


def rows(events: RecordedEvents | EventArrays) -> Seen:
    columns = [events.memory[name].tolist() for name in _COLUMNS]
    return [(*row[:5], ACCESS_KINDS[row[5]], row[6]) for row in zip(*columns, strict=True)]


def anonymous(seen: Seen) -> Seen:
    """Without ids of threads and values, which may be such ids."""
    return [(row[0], *row[2:6]) for row in seen]


def record(path: str | Path, *args: str, mode: str, **wanted: Any) -> tuple[Seen, Stop]:
    with (
        opened(path, *args, mode=mode) as process,
        process.record(calls=False, syscalls=False, memory=True, **wanted) as events,
    ):
        stop = process.run(timeout=60)
    return rows(events), stop


@cache
def truth(path: str | Path, *args: str, mode: str = "reference", access: str = "rw") -> Seen:
    """What hooks in Python are called with, in a process of their own."""
    seen: Seen = []
    with opened(path, *args, mode=mode) as process:
        process.hooks.on_memory(None, hooked(seen), access)
        process.run(timeout=60)
    return seen


# -- the same events -------------------------------------------------------------------------------


@pytest.mark.shares(5)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", names())
def test_idioms(name: str, mode: str) -> None:
    """Beside the hooks, with the same ids of processes, and alone."""
    path = str(idiom(name).program)
    seen: Seen = []
    with (
        opened(path, mode=mode) as process,
        process.record(memory=True, blocks=True) as events,
    ):
        process.hooks.on_memory(None, hooked(seen), mechanism="code")
        process.run(timeout=60)
    assert rows(events) == seen
    assert not idiom(name).differences(list(events.records()))
    alone, _ = record(path, mode=mode)
    assert anonymous(alone) == anonymous(seen)


PROGRAMS = [
    "faults",
    "thumb_faults",
    "signals",
    "selfmod",
    "unaligned",
    "watched",
    "endian",
    "it_blocks",
    "setjmp",
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_faults_signals_code_that_changes(name: str, mode: str) -> None:
    found, _ = record(guest(name), mode=mode)
    assert anonymous(found) == anonymous(truth(guest(name)))
    assert len(found) > 40


@pytest.mark.shares(4)
@pytest.mark.parametrize("mode", NATIVE)
@pytest.mark.parametrize(
    "name", ["vectors", "floats", "shared_words", "armv8"], ids=["neon", "vfp", "exclusive", "v8"]
)
def test_vectors_and_atomic_accesses(name: str, mode: str) -> None:
    """All sizes, values of 8 bytes too, and vectors as two of these."""
    path = guest(name)
    seen: Seen = []
    with opened(path, mode=mode) as process, process.record(memory=True, calls=False) as events:
        process.hooks.on_memory(None, hooked(seen), mechanism="code")
        process.run(max_insns=150_000)
    found = rows(events)
    assert found == seen
    assert any(row[4] == 8 for row in found)


@pytest.mark.shares(3)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "where", "access"),
    [
        ("quicksort", "data+6", "w"),
        ("watched", range(0x40001000 - 2, 0x40001000), "r"),
        ("quicksort", range(0xBEFF0000, 0xBF000000), "rw"),
    ],
)
def test_a_range_or_a_variable(name: str, where: range | str, access: str, mode: str) -> None:
    seen: Seen = []
    with opened(guest(name), "1", mode=mode) as process:
        process.hooks.on_memory(where, hooked(seen), access, mechanism="code")
        process.run(max_insns=5000)
    with (
        opened(guest(name), "1", mode=mode) as process,
        process.record(calls=False, memory=where, access=access) as events,
    ):
        process.run(max_insns=5000)
    assert rows(events) == seen
    assert {row[5] for row in seen} == {"r": {"read"}, "w": {"write"}}.get(access, {*ACCESS_KINDS})


@pytest.mark.shares(5)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("insns", [1, 7, 37])
def test_limits_cut_runs(mode: str, insns: int) -> None:
    with (
        opened(guest("watched"), mode=mode) as process,
        process.record(calls=False, syscalls=False, memory=True) as events,
    ):
        while isinstance(process.run(max_insns=insns), InsnLimit):
            assert len(events) == len(events.memory)
    assert anonymous(rows(events)) == anonymous(truth(guest("watched")))


def test_watched_pages_and_recordings_have_the_same_events() -> None:
    """What translated code may not access is executed by the evaluator."""
    seen: Seen = []
    border = range(0x40001000 - 4, 0x40001000 + 4)
    with opened(guest("watched")) as process, process.record(memory=border) as events:
        process.hooks.on_memory(border, hooked(seen), mechanism="pages")
        assert process.run() == Exited(0)
    assert rows(events) == seen
    assert len(seen) > 10


@pytest.mark.oracle  # needs a cross compiler
def test_threads(tmp_path: Path) -> None:
    """It begins in a thread that is not the first one, which has the id of the process."""
    built = str(tmp_path / "threads")
    flags = ["-O1", "-static", "-pthread", "-marm", "-march=armv7-a"]
    source = GUESTS / "libc" / "thread_calls.c"
    subprocess.run([compiler(), *flags, "-o", built, source], check=True)
    seen: Seen = []

    def stop(event: MemoryEvent) -> None:
        if event.thread != os.getpid():
            raise StopRequested

    with opened(built) as process:
        remove = process.hooks.on_memory("sum+4", stop)
        assert isinstance(process.run(timeout=100), Requested)
        remove()
        process.hooks.on_memory("sum+4", hooked(seen), mechanism="code")
        with process.record(memory="sum+4", calls="leaf") as events:
            assert process.run(timeout=100) == Exited(0)
    assert rows(events) == seen
    assert len({row[1] for row in seen}) == 9  # eight threads and the first one


@pytest.mark.parametrize("mode", MODES)
def test_a_forked_child_has_a_copy(mode: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    seen: Seen = []
    with (
        log.open("ab", buffering=0) as file,
        opened(guest("processes"), mode=mode) as process,
        process.record(calls=False, memory=True) as events,
    ):

        def compare(_: dbt.Process | None = None) -> None:
            file.write(f"{os.getpid()} {len(seen)} {rows(events) == seen}\n".encode())

        process.hooks.on_memory(None, hooked(seen), mechanism="code")
        process.hooks.on_syscall("exit", lambda _: compare())
        process.run(timeout=60)
        compare()
    lines = [line.split() for line in log.read_text().splitlines()]
    assert len({line[0] for line in lines}) > 1
    assert all(line[2] == "True" and int(line[1]) > 20 for line in lines)


# -- while it runs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["copied", "reference"])
def test_a_full_recording_stops_the_run_and_loses_nothing(mode: str) -> None:
    found: Seen = []
    orders: list[int] = []
    with (
        opened(guest("watched"), mode=mode) as process,
        process.record(calls=False, syscalls=False, memory=True, most=50) as events,
    ):
        stop: Stop | None = None
        while stop is None:
            try:
                stop = process.run()
            except RecordingFull:
                assert 50 <= len(events) < 50 + MOST_OF_A_BLOCK
            found += rows(events)
            orders += events.memory["order"].tolist()
            events.clear()
            assert len(events) == len(events.memory) == 0
    assert stop == Exited(0)
    assert orders == list(range(len(found)))
    assert anonymous(found) == anonymous(truth(guest("watched")))


def test_events_are_given_away_in_parts() -> None:
    parts: list[EventArrays] = []
    with (
        opened(guest("watched")) as process,
        process.record(memory=True, most=50, on_full=parts.append) as events,
    ):
        assert process.run() == Exited(0)
    assert len(events) == 0
    assert len(parts) > 10
    assert all(50 <= len(part) < 50 + MOST_OF_A_BLOCK for part in parts[:-1])
    found = [row for part in parts for row in rows(part)]
    assert anonymous(found) == anonymous(truth(guest("watched")))


@pytest.mark.parametrize("mode", ["compiled", "reference"])
@pytest.mark.parametrize("nth", range(100, 116))
def test_nothing_is_recorded_after_stop(nth: int, mode: str) -> None:
    """It is stopped in the midst of a block, whose accesses were to be recorded, and another one
    begins, which has what comes behind the block."""
    seen: Seen = []
    count = 0
    others: list[RecordedEvents] = []
    stopped: list[int] = []
    with opened(guest("quicksort"), "0", mode=mode) as process:

        def instruction(_: InstructionEvent) -> None:
            nonlocal count
            count += 1
            if count == nth:
                events.stop()
                others.append(process.record(calls=False, syscalls=False, memory=True))
                stopped.append(len(seen))

        process.hooks.on_memory(None, hooked(seen), mechanism="code")
        process.hooks.on_instruction(None, instruction)
        events = process.record(calls=False, syscalls=False, memory=True)
        process.run(max_insns=1000)
    assert rows(events) == seen[: stopped[0]]
    assert len(events) > 10
    behind = rows(others[0])
    assert behind == seen[-len(behind) :]
    assert len(seen) - stopped[0] - len(behind) < 16


# -- what is made of it ----------------------------------------------------------------------------


def test_fields() -> None:
    with opened(guest("quicksort"), "1") as process, process.record(memory="data+64") as events:
        process.run(max_insns=5000)
        start = process.resolve("data")
    memory = events.memory
    assert memory.dtype == MEMORY
    assert len(memory)
    assert len(events) == len(memory) + len(events.calls) + len(events.syscalls)
    order = np.concatenate([memory["order"], events.calls["order"], events.syscalls["order"]])
    assert sorted(order.tolist()) == list(range(len(events)))
    assert ((memory["address"] >= start) & (memory["address"] < start + 64)).all()
    assert (np.diff(memory["insns"].astype("i8")) >= 0).all()


def test_a_dataframe_has_names_for_kinds() -> None:
    pytest.importorskip("pandas")
    with opened(guest("quicksort"), "1") as process, process.record(memory="data+64") as events:
        process.run(max_insns=5000)
    frame = events.dataframe("memory")
    assert list(frame.columns) == list(MEMORY.names or ())
    assert frame.kind.tolist() == [row[5] for row in rows(events)]


def test_outputs_say_what_they_need(tmp_path: Path) -> None:
    with (
        opened(guest("quicksort"), "1") as process,
        process.record(calls=False, syscalls=False, memory="data+64") as events,
    ):
        process.run(max_insns=5000)
    with pytest.raises(UsageError, match="callgrind: needs a recording with calls or system calls"):
        events.write("callgrind", io.StringIO())
    with pytest.raises(UsageError, match="profile: needs a recording with calls or system calls"):
        events.profile()
    with pytest.raises(UsageError, match="drcov: needs a recording with blocks=True"):
        events.write("drcov", str(tmp_path / "file"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"memory": range(0)}, "memory range(0, 0) is no range of guest addresses"),
        ({"memory": 1}, "memory is a range, as range(0x8000, 0x8004), or a text, not 1"),
        ({"memory": None}, "memory is a range, a text, True or False, not None"),
        ({"memory": "nothing"}, "no symbol 'nothing'"),
        ({"memory": "stack"}, "memory 'stack' moves: record a range, or all"),
        ({"memory": "heap"}, "memory 'heap' moves: record a range, or all"),
        ({"access": "w"}, "access 'w' has no effect without memory"),
        ({"memory": True, "access": "x"}, "no kind of access 'x' (one of r, w, rw)"),
    ],
)
def test_what_makes_no_sense_is_refused(wanted: dict[str, Any], message: str) -> None:
    with opened(guest("watched")) as process:
        with pytest.raises(UsageError) as refused:
            process.record(**wanted)
        assert str(refused.value).startswith(message)
        with process.record(memory=True) as events:  # the refused one has left nothing
            with pytest.raises(UsageError, match="stop the recording first"):
                process.snapshot()
            process.run()
    assert anonymous(rows(events)) == anonymous(truth(guest("watched")))


def test_code_is_as_it_was_where_memory_is_not_recorded() -> None:
    texts = []
    for recorded in (False, True):
        with opened(guest("watched"), mode="blocks") as process:
            if recorded:
                process.record(calls=False, memory=True).stop()
            process.run()
            texts.append(process.explain("around"))
    assert texts[0] == texts[1]
