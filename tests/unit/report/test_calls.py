"""The flame graph of a run is bounded, and loses no instruction."""

from hypothesis import given
from hypothesis import strategies as st
from support.record_streams import Machine

from dbt.hooks.outputs import Program
from dbt.report.calls import Calls


def deep(depth: int, most_paths: int) -> Calls:
    """Calls of ``fib`` within ``fib``; each takes 10 instructions before its call and 1 after."""
    machine = Machine()
    for _ in range(depth):
        machine.call(0x8100)
        machine.run(0, 10)
    for _ in range(depth):
        machine.run(0, 1)
        machine.leave()
    calls = Calls(Program(), most_paths)
    for record in machine.records:
        calls.feed(record)
    calls.finish(machine.insns)
    return calls


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
    calls = Calls(Program(), most)
    for record in machine.records:
        calls.feed(record)
    calls.finish(machine.insns)
    flame = calls.flame()
    assert sum(own for _, _, _, own, _ in flame.frames) == machine.insns == calls.total
    inner = [own for _, _, _, own, _ in flame.frames]
    for n in range(len(inner) - 1, -1, -1):
        parent, _, _, _, total = flame.frames[n]
        assert parent < n
        assert total == inner[n]
        if parent >= 0:
            inner[parent] += inner[n]
