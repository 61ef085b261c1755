"""The flame graph of a run is bounded, and loses no instruction."""

from array import array
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.record_streams import Machine

from dbt.hooks.follow import decisions as d
from dbt.hooks.follow.summing import Summing
from dbt.hooks.outputs import Program
from dbt.hooks.records import Kind
from dbt.report.calls import Calls

UNCOMPILED: Any = SimpleNamespace(decision=lambda *_: 0)
KINDS = {Kind.CALL: d.CALL, Kind.RETURN: d.RETURN, Kind.UNWOUND: d.UNWOUND}


def calls_of(machine: Machine, most_paths: int) -> Calls:
    """What the recording of a machine would be added up to."""
    words, ways, before = [d.MARK, 0, 0, 1, 0, 0], [], 0
    for record in machine.records:
        kind = KINDS[record.kind]
        words.append(kind | record.insns - before << d.KIND_BITS)
        before = record.insns
        if kind == d.CALL:
            words += [len(ways), record.stack, 0, 0, 0, 0]
            ways.append((record.function, record.site, record.caller))
        words += [0] * (kind == d.RETURN)
    calls = Calls(Program())
    summing = Summing(UNCOMPILED, 0, most_paths=most_paths, seen=calls.seen)
    names = {record.function: record.symbol for record in machine.records}
    summing.read([array("I", words).tobytes()], ways, names)
    summing.finish(machine.insns)
    calls.take(summing)
    return calls


def deep(depth: int, most_paths: int) -> Calls:
    """Calls of ``fib`` within ``fib``; each takes 10 instructions before its call and 1 after."""
    machine = Machine()
    for _ in range(depth):
        machine.call(0x8100)
        machine.run(0, 10)
    for _ in range(depth):
        machine.run(0, 1)
        machine.leave()
    return calls_of(machine, most_paths)


def test_paths_beyond_the_limit_count_for_their_callers() -> None:
    flame = deep(5000, 100).flame()
    assert len(flame.frames) == 100
    assert flame.merged == 4900
    assert sum(own for _, _, _, own, _ in flame.frames) == 5000 * 11
    assert [parent for parent, *_ in flame.frames] == [*range(-1, 99)]


def test_the_most_expensive_frames_are_kept() -> None:
    flame = deep(100, 100).flame(30)
    assert len(flame.frames) == 30
    assert flame.left_out == 70
    assert flame.least == 70 * 11
    assert [total for *_, total in flame.frames] == [11 * n for n in range(100, 70, -1)]


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 20))
def test_every_instruction_is_in_one_frame(steps: list[int], most: int) -> None:
    machine = Machine()
    for step in steps:
        machine.run(0, step)
        if step % 2:
            machine.call(0x8000 + 0x100 * (step // 2))
        else:
            machine.leave()
    machine.run(0, 3)
    calls = calls_of(machine, most)
    flame = calls.flame()
    assert sum(own for _, _, _, own, _ in flame.frames) == machine.insns == calls.total
    inner = [own for _, _, _, own, _ in flame.frames]
    for n in range(len(inner) - 1, -1, -1):
        parent, _, _, _, total = flame.frames[n]
        assert parent < n
        assert total == inner[n]
        if parent >= 0:
            inner[parent] += inner[n]
