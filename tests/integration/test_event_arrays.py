"""``Process.record`` has exactly the events of the Python tracker, as arrays."""

import contextlib
import functools
import io
import itertools
import os
import random
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import numpy as np
import pytest
from support.guests import GUESTS, branch_targets
from support.idioms import idiom, names

import dbt
from dbt.hooks import BlockEvent, recording
from dbt.hooks.arrays import KINDS, EventArrays, RecordingFull
from dbt.hooks.arrays.dtypes import CALLS, SYSCALLS
from dbt.hooks.outputs import NAMES, Program, write
from dbt.hooks.records import Kind, Record
from dbt.instrument.coverage import covered
from dbt.interfaces import BackendOptions
from dbt.process import Process
from dbt.stops import Exited, InsnLimit, Stop, UsageError

FIB = str(Path(__file__).parents[2] / "benchmarks" / "guests" / "fib.elf")
MODES = {
    "copied": ("numba_jit", BackendOptions(tier="0")),
    "compiled": ("numba_jit", BackendOptions(tier="1")),
    "blocks": ("numba_jit", BackendOptions(tier="2", unit="block")),
    "loops": ("numba_jit", BackendOptions(tier="2", unit="loop", hot=2, background=False)),
    "functions": ("numba_jit", BackendOptions(tier="auto", hot=2, background=False)),
    "explicit": ("numba_jit", BackendOptions(tier="0", memory_checks="explicit")),
    "reference": ("reference", BackendOptions()),
}


@contextmanager
def opened(path: str, *args: str, mode: str = "copied", chain: str = "all") -> Iterator[Process]:
    backend, options = MODES[mode]
    chosen = "all" if chain == "denied" else chain
    with Process(
        path, args, env={}, options=options, backend=backend, chain=chosen, stdout=dbt.CAPTURE
    ) as process:
        if chain == "denied":
            targets = branch_targets(Path(path))
            process.chain.deny(*random.Random(path).sample(targets, len(targets) // 2 + 1))
        yield process


def traced(
    path: str, *args: str, mechanism: str = "entry", mode: str = "copied"
) -> tuple[list[Record], Stop]:
    records: list[Record] = []
    with opened(path, *args, mode=mode) as process:
        process.hooks.trace(None, records.append, mechanism=mechanism)
        return records, process.run(timeout=60)


def comparable(records: list[Record]) -> list[Record]:
    """Without the ids of processes that were forked."""
    numbers: dict[int, int] = {}
    return [
        attrs.evolve(
            record,
            thread=numbers.setdefault(record.thread, len(numbers)),
            result=None if record.symbol in ("fork", "wait4", "getpid") else record.result,
            arguments=() if record.symbol == "write" else record.arguments,
        )
        for record in records
    ]


# -- the same events -------------------------------------------------------------------------------


@pytest.mark.shares(5)
@pytest.mark.rotates("chain", "mode")
@pytest.mark.parametrize("chain", ["all", "denied"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("mechanism", "cold", "blocks"),
    [("entry", 200, False), ("entry", 1, True), ("shadow", 1, False)],
    ids=["stubs", "blocks", "shadow"],
)
@pytest.mark.parametrize("name", names())
def test_idioms(
    name: str,
    mechanism: str,
    cold: int,
    mode: str,
    blocks: bool,
    chain: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with the mechanisms that follow the stack pointer."""
    monkeypatch.setattr(recording, "COLD", cold)
    path = str(idiom(name).program)
    with (
        opened(path, mode=mode, chain=chain) as process,
        process.record(blocks=blocks) as events,
    ):
        stop = process.run(timeout=60)
    records = list(events.records())
    assert not idiom(name).differences(records)
    expected, as_well = traced(path, mechanism=mechanism, mode=mode)
    assert comparable(records) == comparable(expected)
    assert stop == as_well


@pytest.mark.parametrize("name", ["signals", "faults", "setjmp", "thumb_signals", "it_calls"])
def test_programs_with_signals_and_faults(name: str) -> None:
    path = str(GUESTS / f"{name}.elf")
    with opened(path) as process, process.record() as events:
        process.run(timeout=60)
    assert comparable(list(events.records())) == comparable(traced(path)[0])


def test_events_of_all_kinds_are_numbered_in_the_order_of_the_run() -> None:
    with opened(FIB, "6") as process, process.record() as events:
        process.run()
    calls, syscalls = events.calls, events.syscalls
    assert calls.dtype == CALLS
    assert syscalls.dtype == SYSCALLS
    order = np.concatenate([calls["order"], syscalls["order"]])
    assert sorted(order.tolist()) == list(range(len(events)))
    insns = np.concatenate([calls["insns"], syscalls["insns"]])[np.argsort(order)]
    assert (np.diff(insns.astype("i8")) >= 0).all()
    assert set(calls["thread"].tolist()) == set(syscalls["thread"].tolist())


def test_fields_are_those_of_records() -> None:
    with opened(FIB, "5") as process, process.record(calls="fib") as events:
        process.run()
        fib, output = process.resolve("fib"), process.stdout
    calls = events.calls
    assert set(calls["function"].tolist()) == {fib}
    assert events.symbols == {fib: "fib"}
    returns = calls[calls["kind"] == KINDS.index("return")]
    assert returns["result"].tolist()[-1] == 5
    assert calls[0]["arguments"][0] == 5
    assert calls["depth"].max() == 4
    written = events.syscalls[events.syscalls["kind"] == KINDS.index("syscall_return")]
    assert written["result"].tolist() == [len(output or b"")]


def test_calls_and_system_calls_may_be_left_out() -> None:
    with opened(FIB, "5") as process, process.record(calls=False) as events:
        process.run()
        assert process.stats()["backend"]["compiled_blocks"] == 0
    with pytest.raises(UsageError, match=r"calls were not recorded: process.record\(calls=True\)"):
        events.calls  # noqa: B018
    assert {events.arrays().syscall_names[n] for n in events.syscalls["number"].tolist()} == {
        "write",
        "exit",
    }
    with opened(FIB, "5") as process, process.record(syscalls=False) as events:
        process.run()
    with pytest.raises(UsageError, match=r"system calls were not recorded: .*syscalls=True"):
        events.arrays().syscalls  # noqa: B018
    assert len(events.calls) > 10


# -- blocks ----------------------------------------------------------------------------------------


@functools.cache
def executed() -> list[int]:
    """The pc of each instruction of fib 6, from a run of single instructions."""
    pcs = []
    with opened(FIB, "6") as process:
        stop: Stop = InsnLimit(0)
        while isinstance(stop, InsnLimit):
            pcs.append(process.state.get("pc"))
            stop = process.run(max_insns=1)
    return pcs


@pytest.mark.rotates("insns")
@pytest.mark.parametrize("insns", [None, 7, 1])
@pytest.mark.parametrize("mode", MODES)
def test_blocks_are_those_that_ran(mode: str, insns: int | None) -> None:
    """Each is where the program is at that moment, and all instructions are in one."""
    with opened(FIB, "6", mode=mode) as process, process.record(blocks=True) as events:
        while isinstance(process.run(max_insns=insns), InsnLimit):
            pass
    blocks, pcs = events.blocks, executed()
    begun = list(zip(blocks["insns"].tolist(), blocks["pc"].tolist(), strict=True))
    assert [pc for at, pc in begun] == [pcs[at] for at, pc in begun]
    sizes = blocks["size"].tolist()
    for (at, pc), size, (end, _) in zip(begun, sizes, [*begun[1:], (len(pcs), 0)], strict=True):
        assert all(pc <= inside < pc + size for inside in pcs[at:end])
    order = np.concatenate([events.calls["order"], blocks["order"], events.syscalls["order"]])
    assert sorted(order.tolist()) == list(range(len(events)))
    entries = events.calls[events.calls["kind"] == KINDS.index("call")]
    assert set(entries["function"].tolist()) <= set(blocks["pc"].tolist())


def test_coverage_is_that_of_the_pass() -> None:
    with opened(FIB, "6") as process, process.record(blocks=True, calls=False) as events:
        process.run()
    out = io.BytesIO()
    events.write("drcov", out)
    head, _, table = out.getvalue().partition(b" bbs\n")
    assert int(head.rpartition(b" ")[2]) == len(table) // 8 > 20
    base = int(head.split(b"  0, ")[1].partition(b",")[0], 16)
    found = [(base + start, size) for start, size, _ in struct.iter_unpack("<IHH", table)]
    with Process(FIB, ["6"], env={}, passes=["coverage"], stdout=dbt.CAPTURE) as process:
        process.run()
        counted = list(covered(process.counters.snapshot()))
    assert addresses(found) == addresses(counted)


def addresses(blocks: list[tuple[int, int]]) -> set[int]:
    return {address for pc, size in blocks for address in range(pc, pc + size)}


# -- while it runs ---------------------------------------------------------------------------------


def test_a_run_may_be_looked_at_amid() -> None:
    expected = comparable(traced(FIB, "6")[0])
    with opened(FIB, "6") as process, process.record() as events:
        while isinstance(process.run(max_insns=31), InsnLimit):
            found = comparable(list(events.records()))
            assert found == expected[: len(found)]
            assert len(events) == len(found)
    assert comparable(list(events.records())) == expected


def test_it_can_be_read_when_the_process_is_closed() -> None:
    with opened(FIB, "6") as process:
        events = process.record()
        process.run()
    assert comparable(list(events.records())) == comparable(traced(FIB, "6")[0])
    events.stop()


def test_a_recording_that_was_stopped_is_not_entered_again() -> None:
    with opened(FIB, "6") as process:
        with process.record() as events:
            process.run(max_insns=100)
        with pytest.raises(UsageError, match="the recording was stopped"):
            events.__enter__()


def test_nothing_is_recorded_after_stop() -> None:
    with opened(FIB, "6") as process:
        with process.record() as events:
            process.run(max_insns=100)
        before = len(events)
        assert before
        with process.record() as others:
            process.run()
        assert len(events) == before == len(events.calls) + len(events.syscalls)
        assert len(others.calls)


@pytest.mark.parametrize("mode", ["compiled", "reference"])
def test_a_hook_may_stop_it_in_front_of_an_event(mode: str) -> None:
    """The block that begins has called the hook, and reports then that it has begun."""
    with opened(FIB, "6", mode=mode) as process:
        begun: list[int] = []

        def block(_: BlockEvent) -> None:
            begun.append(len(events))
            if len(begun) == 20:
                events.stop()

        events = process.record(calls=False, syscalls=False, blocks=True)
        process.hooks.on_block(None, block)
        assert process.run() == Exited(0)
    assert len(events) == begun[19] == 19 < len(begun)


def test_what_is_cleared_is_not_kept() -> None:
    with opened(FIB, "6") as process, process.record() as events:
        process.run(max_insns=150)
        first = list(events.records())
        events.clear()
        assert len(events) == 0
        process.run()
    assert comparable([*first, *events.records()]) == comparable(traced(FIB, "6")[0])
    assert events.calls["order"][0] == len(first)


# -- many events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cold", [1, 200])
@pytest.mark.parametrize("mode", ["copied", "reference"])
def test_a_full_recording_stops_the_run_and_loses_nothing(
    mode: str, cold: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "COLD", cold)
    records: list[Record] = []
    parts = 0
    with opened(FIB, "9", mode=mode) as process, process.record(most=50) as events:
        stop: Stop | None = None
        while stop is None:
            with contextlib.suppress(RecordingFull):
                stop = process.run()
            assert len(events) < 130
            assert stop or len(events) >= 50
            records += events.records()
            parts += 1
            events.clear()
    assert stop == Exited(0)
    assert parts > 2
    assert comparable(records) == comparable(traced(FIB, "9")[0])


def test_events_are_given_away_in_parts() -> None:
    parts: list[EventArrays] = []
    with opened(FIB, "9") as process, process.record(most=50, on_full=parts.append) as events:
        assert process.run() == Exited(0)
    assert len(events) == 0
    assert len(parts) > 3
    assert all(len(part) < 130 for part in parts)
    assert all(one.end == other.begin for one, other in itertools.pairwise(parts))
    records = [record for part in parts for record in part.records()]
    assert comparable(records) == comparable(traced(FIB, "9")[0])


def test_what_on_full_raises_is_raised_by_the_run() -> None:
    def fail(events: EventArrays) -> None:
        raise KeyError(len(events))

    with opened(FIB, "9") as process:
        process.record(most=50, on_full=fail)
        with pytest.raises(KeyError):
            process.run()


def test_system_calls_alone_fill_a_recording() -> None:
    with opened(FIB, "9") as process:
        process.record(calls=False, most=2)
        with pytest.raises(RecordingFull, match="has 2 events, and may keep 2"):
            process.run()


# -- what is made of it ----------------------------------------------------------------------------


@pytest.mark.parametrize("format", sorted(name for name, one in NAMES.items() if one.records))
def test_outputs_are_those_of_a_trace(format: str, tmp_path: Path) -> None:
    with opened(FIB, "7") as process:
        records: list[Record] = []
        process.hooks.trace(None, records.append)
        program = Program(command=(FIB, "7"), images=lambda: process.kernel.images)
        process.run()
        expected = io.StringIO()
        write(format, records, expected, program, end=process.engine.executed)
    with opened(FIB, "7") as process, process.record() as events:
        process.run()
    text = io.StringIO()
    events.write(format, text)
    assert without_ids(text.getvalue()) == without_ids(expected.getvalue())
    events.write(format, str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == text.getvalue()


def without_ids(text: str) -> list[str]:
    return [line.replace(str(os.getpid()), "ID") for line in text.splitlines()]


def test_a_dataframe_needs_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with opened(FIB, "5") as process, process.record() as events:
        process.run()
    with pytest.raises(UsageError, match="needs pandas: pip install"):
        events.dataframe()


def test_a_dataframe_has_names_for_numbers() -> None:
    pytest.importorskip("pandas")
    with opened(FIB, "5") as process, process.record() as events:
        process.run()
    frame = events.dataframe()
    assert len(frame) == len(events.calls)
    fib = frame[frame.symbol == "fib"]
    assert (fib.kind == "call").sum() == (fib.kind == "return").sum() == 15
    assert fib.arg0.iloc[0] == 5
    calls = events.dataframe("syscalls")
    assert list(calls.symbol) == [
        record.symbol
        for record in events.records()
        if record.kind in (Kind.SYSCALL, Kind.SYSCALL_RETURN)
    ]


def test_what_makes_no_sense_is_refused() -> None:
    with opened(FIB, "5") as process:
        for wrong in (
            {"calls": "no_such"},
            {"most": 0},
            {"on_full": 3},
            {"syscalls": 1},
            {"blocks": 1},
        ):
            with pytest.raises(UsageError):
                process.record(**wrong)  # type: ignore[arg-type]
        with process.record() as events:
            with pytest.raises(UsageError, match="a recording already"):
                process.record()
            process.run()
        with pytest.raises(UsageError, match="blocks=True"):
            events.write("drcov", io.StringIO())
        with pytest.raises(UsageError, match="array"):
            events.dataframe("nothing")


def test_the_profile_is_that_of_the_command_line() -> None:
    with Process(FIB, ["9"], env={}, stdout=dbt.CAPTURE) as process, process.record() as events:
        process.run()
    profile = events.profile()
    out = io.StringIO()
    events.write("profile", out)
    rows = [line.split() for line in out.getvalue().splitlines()[2:]]
    assert [row.function for row in profile] == [row[0] for row in rows]
    assert profile[0] == ("fib", 109, 1032, 1032)
    assert sum(row.self_cost for row in profile) == profile.total
    assert repr(profile).splitlines()[2].split() == ["fib", "109", "1,032", "76.1", "1,032", "76.1"]
    assert profile._repr_html_().count("<tr>") == len(profile) + 1


@pytest.mark.parametrize(
    ("array", "words"),
    [("blocks", r"blocks were .*\(blocks=True\)"), ("memory", r"to memory .*\(memory=True\)")],
)
def test_what_is_not_recorded_is_no_empty_array(array: str, words: str) -> None:
    with opened(FIB, "5") as process, process.record() as events:
        process.run()
    for owner in (events, events.arrays()):
        with pytest.raises(UsageError, match=words):
            getattr(owner, array)
    pytest.importorskip("pandas")
    with pytest.raises(UsageError, match=words):
        events.dataframe(array)


def test_what_is_recorded_may_be_an_empty_array() -> None:
    with opened(FIB, "5") as process, process.record(calls=(), blocks=True, memory=True) as events:
        assert len(events.calls) == len(events.blocks) == len(events.memory) == 0
