"""Streams folded into frames: always balanced, and no instruction lost."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.record_streams import FUNCTIONS, Machine, machines, streams

from dbt.hooks.outputs.calltree import CallTree, End, Frame
from dbt.hooks.records import Kind, Record


@attrs.define
class Heard:
    """Writes down what a listener is told, and insists on the order."""

    open: list[Frame] = attrs.field(factory=list)
    closed_frames: list[Frame] = attrs.field(factory=list)
    story: list[str] = attrs.field(factory=list)

    def opened(self, frame: Frame) -> None:
        mine = [other for other in self.open if other.call.strand == frame.call.strand]
        assert frame.parent is (mine[-1] if mine else None)
        self.open.append(frame)
        self.story.append(f"+{frame.call.symbol}")

    def closed(self, frame: Frame) -> None:
        mine = [other for other in self.open if other.call.strand == frame.call.strand]
        assert mine[-1] is frame
        self.open.remove(frame)
        self.closed_frames.append(frame)
        self.story.append(f"-{frame.call.symbol} {frame.end.value}")

    def syscall(self, call: Record, result: int | None) -> None:
        self.story.append(f"{call.symbol} {result}")


def fold(records: list[Record], end: int, start: int = 0) -> tuple[Heard, CallTree]:
    heard = Heard()
    tree = CallTree(heard, start)
    for record in records:
        tree.feed(record)
    tree.finish(end)
    assert not heard.open
    return heard, tree


@given(streams, st.integers(0, 2000))
def test_every_stream_comes_out_balanced_and_adds_up(records: list[Record], end: int) -> None:
    heard, tree = fold(records, end)
    whole = max([end, *(record.insns for record in records)])
    assert tree.outside + sum(frame.self_cost for frame in heard.closed_frames) == whole
    outermost = [frame for frame in heard.closed_frames if frame.parent is None]
    assert tree.outside + sum(frame.inclusive for frame in outermost) == whole


@given(machines(threads=1))
def test_each_function_gets_the_instructions_it_executed(machine: Machine) -> None:
    heard, tree = fold(machine.records, machine.insns)
    own: dict[str, int] = {"": tree.outside}
    for frame in heard.closed_frames:
        own[frame.call.symbol] = own.get(frame.call.symbol, 0) + frame.self_cost
    spent = {name: insns for name, insns in machine.own.items() if insns}
    assert {name: insns for name, insns in own.items() if insns} == spent


@given(machines())
def test_a_frame_ends_as_its_activation_did(machine: Machine) -> None:
    heard, _ = fold(machine.records, machine.insns)
    ends = {Kind.RETURN: End.RETURNED, Kind.UNWOUND: End.UNWOUND}
    told = [ends[record.kind] for record in machine.records if record.kind in ends]
    assert [frame.end for frame in heard.closed_frames if frame.end is not End.OPEN] == told
    still = sum(map(len, machine.live.values()))
    assert sum(frame.end is End.OPEN for frame in heard.closed_frames) == still


def worked(*steps: str) -> Machine:
    """A machine that did ``call fib``, ``leave``, ..., ten instructions before each step."""
    machine = Machine()
    by_name = {name: pc for pc, name in FUNCTIONS.items()}
    for step in steps:
        machine.run(0, 10)
        verb, _, name = step.partition(" ")
        match verb:
            case "call" | "tail":
                machine.call(by_name[name], tail=verb == "tail")
            case "leave":
                machine.leave()
            case "unwind":
                machine.unwind(int(name))
    machine.run(0, 10)
    return machine


def test_costs_of_a_call_in_a_call() -> None:
    machine = worked("call main", "call fib", "leave", "leave")
    heard, tree = fold(machine.records, machine.insns)
    fib, main = heard.closed_frames
    assert (fib.self_cost, fib.inclusive) == (10, 10)
    assert (main.self_cost, main.inclusive) == (20, 30)
    assert tree.outside == 20


def test_a_tail_call_is_inside_the_frame_that_made_it_and_both_return() -> None:
    machine = worked("call main", "call even", "tail odd", "leave", "leave")
    heard, _ = fold(machine.records, machine.insns)
    odd, even, main = heard.closed_frames
    assert odd.tail
    assert odd.parent is even
    assert (even.self_cost, even.inclusive, even.end) == (10, 20, End.RETURNED)
    assert odd.ended == even.ended
    assert main.inclusive == 40


def test_recursion_is_marked() -> None:
    machine = worked("call even", "call odd", "call even", "leave", "leave", "leave", "call even")
    heard, _ = fold(machine.records, machine.insns)
    assert [frame.recursive for frame in heard.closed_frames] == [True, False, False, False]


def test_a_stream_that_begins_inside_calls() -> None:
    machine = worked("call main", "call fib", "leave", "leave", "call main")
    heard, tree = fold(machine.records[2:], machine.insns)
    assert heard.story == ["+main", "-main open"]
    assert tree.outside == 50


def test_a_return_past_calls_whose_ends_are_missing_unwinds_them() -> None:
    machine = worked("call main", "call fib", "call helper", "unwind 2", "leave")
    records = [record for record in machine.records if record.kind is not Kind.UNWOUND]
    heard, _ = fold(records, machine.insns)
    assert heard.story[3:] == ["-helper unwound", "-fib unwound", "-main returned"]


def test_a_call_at_a_lesser_depth_unwinds_what_cannot_be_alive() -> None:
    machine = worked("call main", "call fib", "call helper", "unwind 2", "call odd")
    records = [record for record in machine.records if record.kind is not Kind.UNWOUND]
    heard, _ = fold(records, machine.insns)
    assert heard.story[3:6] == ["-helper unwound", "-fib unwound", "+odd"]


def test_the_instructions_before_the_trace_began_are_not_counted() -> None:
    machine = worked("call main", "leave")
    heard, tree = fold(machine.records, machine.insns, start=10)
    assert tree.outside + heard.closed_frames[0].self_cost == 20


@pytest.mark.parametrize("returns", [True, False])
def test_a_system_call_is_told_once(returns: bool) -> None:
    machine = Machine()
    machine.call(0x8000)
    machine.syscall(4, returns=returns)
    machine.leave()
    heard, _ = fold(machine.records, 0)
    assert heard.story == ["+main", f"write {-4 if returns else None}", "-main returned"]


def test_coroutines_nest_each_on_its_stack() -> None:
    """swap, called on one stack, returns while work's goes on, and work ends later."""
    swap = Record(Kind.CALL, 0x8000, "swap", 0x100A0, 0xBEFFFEF0, 0, 3)
    work = Record(Kind.CALL, 0x8100, "work", 0x100B4, 0x111FC, 1, 9, stack_id=1)
    back = attrs.evolve(swap, kind=Kind.RETURN, insns=17)
    done = attrs.evolve(work, kind=Kind.RETURN, insns=27)
    heard, tree = fold([swap, work, back, done], 30)
    assert heard.story == ["+swap", "+work", "-swap returned", "-work returned"]
    assert [frame.self_cost for frame in heard.closed_frames] == [8, 10]
    assert tree.outside == 12
    assert [frame.parent for frame in heard.closed_frames] == [None, None]


def test_on_several_stacks_depths_say_nothing() -> None:
    """g was called when three were alive, h when two are: those of the other stack have gone."""
    f = Record(Kind.CALL, 0x8000, "f", 0x100A0, 0x9000, 0, 1)
    w = Record(Kind.CALL, 0x8100, "w", 0x100B4, 0x4000, 1, 2, stack_id=1)
    g = Record(Kind.CALL, 0x8200, "g", 0x100C0, 0x8F00, 2, 3)
    gone = attrs.evolve(w, kind=Kind.RETURN, insns=4)
    h = Record(Kind.CALL, 0x8300, "h", 0x100D0, 0x8E00, 2, 5)
    heard, _ = fold([f, w, g, gone, h], 6)
    assert heard.story[:5] == ["+f", "+w", "+g", "-w returned", "+h"]


def test_without_stack_ids_the_coroutine_that_returns_first_ends_those_called_after_it() -> None:
    """The limit of mechanisms that do not follow the stacks."""
    swap = Record(Kind.CALL, 0x8000, "swap", 0x100A0, 0xBEFFFEF0, 0, 3)
    work = Record(Kind.CALL, 0x8100, "work", 0x100B4, 0x111FC, 1, 9)
    back = attrs.evolve(swap, kind=Kind.RETURN, insns=17)
    done = attrs.evolve(work, kind=Kind.RETURN, insns=27)
    heard, _ = fold([swap, work, back, done], 30)
    assert heard.story == ["+swap", "+work", "-work unwound", "-swap returned"]
