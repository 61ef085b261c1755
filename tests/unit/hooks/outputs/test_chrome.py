"""Chrome traces, checked against the documented fields by a reader written for the test.

Trace Event Format, sections "Event Descriptions", "Duration Events", "Instant Events", "Metadata".
"""

import json
from typing import Any

from hypothesis import given
from support.outputs import last, text
from support.record_streams import Machine, streams

from dbt.hooks.records import Kind, Record


def read(shown: str) -> list[dict[str, Any]]:
    """The events of a file, which must be balanced, nested and in order of time per thread."""
    data = json.loads(shown)
    assert set(data) == {"displayTimeUnit", "traceEvents", "otherData"}
    assert data["displayTimeUnit"] in ("ms", "ns")
    open_slices: dict[int, list[str]] = {}
    now: dict[int, int] = {}
    for event in data["traceEvents"]:
        assert {"name", "ph", "pid", "tid"} <= set(event)
        thread = event["tid"]
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            assert isinstance(event["args"]["name"], str)
            continue
        assert event["ts"] >= now.get(thread, 0)
        now[thread] = event["ts"]
        stack = open_slices.setdefault(thread, [])
        match event["ph"]:
            case "B":
                stack.append(event["name"])
            case "E":
                assert stack.pop() == event["name"]
            case "i":
                assert event["s"] in ("g", "p", "t")
            case other:
                raise AssertionError(other)
    assert not any(open_slices.values())
    return [event for event in data["traceEvents"] if event["ph"] != "M"]


@given(streams)
def test_any_stream_is_balanced_and_nested(records: list[Record]) -> None:
    read(text("chrome", records, last(records)))


def test_events_of_a_short_run() -> None:
    machine = Machine()
    machine.run(0, 3)
    machine.call(0x8000)
    machine.run(0, 4)
    machine.syscall(4)
    machine.call(0x8200)
    machine.call(0x8300, tail=True)
    machine.run(0, 5)
    machine.leave()
    machine.call(0x8100)
    machine.unwind(1)
    machine.syscall(248, returns=False)
    machine.run(0, 1)
    events = read(text("chrome", machine.records, machine.insns))
    told = [(e["ph"], e["name"], e["ts"], e["args"].get("end")) for e in events]
    assert told == [
        ("B", "main", 3, None),
        ("i", "write", 7, None),
        ("B", "even", 7, None),
        ("B", "odd", 7, None),
        ("E", "odd", 12, None),
        ("E", "even", 12, None),
        ("B", "fib", 12, None),
        ("E", "fib", 12, "unwound"),
        ("i", "exit_group", 12, None),
        ("E", "main", 13, "open"),
    ]
    assert events[0]["args"] == {"arguments": ["0x0", "0x1", "0x2", "0x3"], "caller": "0x8ffc"}
    assert events[1]["args"] == {"call": "write(0x1, 0x2, 0x3) = -4"}
    assert events[3]["cat"] == "tail_call"
    assert events[4]["args"] == {"result": "0x2a"}


def test_each_thread_is_named_once() -> None:
    machine = Machine()
    for thread in (7, 9, 7):
        machine.call(0x8100, thread)
    shown = json.loads(text("chrome", machine.records, 0))
    names = [e["args"]["name"] for e in shown["traceEvents"] if e["ph"] == "M"]
    assert names == ["prog.elf 20", "guest thread 7", "guest thread 9"]


def test_a_coroutine_has_a_track_of_its_own() -> None:
    call = Record(Kind.CALL, 0x8000, "f", 0x100A0, 0x9000, 0, 1, thread=7)
    other = Record(Kind.CALL, 0x8100, "g", 0x100B4, 0x4000, 1, 2, thread=7, stack_id=2)
    data = json.loads(text("chrome", [call, other], 5))
    names = [e["args"]["name"] for e in data["traceEvents"] if e["name"] == "thread_name"]
    assert names == ["guest thread 7", "guest thread 7, coroutine 2"]
    tracks = {e["name"]: e["tid"] for e in read(text("chrome", [call, other], 5))}
    assert tracks["f"] != tracks["g"]


def test_no_coroutine_has_the_track_of_a_thread() -> None:
    """Ids of a guest's threads have a number above bit 22 and the pid below."""
    calls = [
        Record(Kind.CALL, 0x8000, "f", 0x100A0, 0x9000, 0, 1, thread=7, stack_id=stack)
        for stack in (0, 1, 2)
    ]
    other = Record(Kind.CALL, 0x8100, "g", 0x100B4, 0x4000, 1, 2, thread=1 << 22 | 7)
    data = json.loads(text("chrome", [*calls, other], 5))
    tracks = [e["tid"] for e in data["traceEvents"] if e["name"] == "thread_name"]
    assert (tracks[0], tracks[3], len(set(tracks))) == (7, other.thread, 4)
