"""The format of the idioms' expectations."""

import pytest
from support.idioms import BadExpectation, Expected, Idiom, parse

from dbt.hooks.records import Kind, Record

ADDRESSES = {"f": 0x8000, "g": 0x8100, "after": 0x8004}
CALL = Record(Kind.CALL, 0x8000, "f", 0x8004, 0x9000, 1, 7, caller=0x8000, arguments=(5, 6, 0, 0))


def events(*lines: str) -> tuple[Expected, ...]:
    return parse("test", "\n".join(f"@ expect: {line}" for line in lines), ADDRESSES).events


def test_an_event_with_everything() -> None:
    (event,) = events("call f site=after depth=1 args=5,-1,f caller=f+4")
    assert event == Expected(Kind.CALL, "f", 0x8004, 1, 0x8004, (5, 0xFFFFFFFF, 0x8000))
    (event,) = events("return g result=0x10")
    assert event == Expected(Kind.RETURN, "g", result=16)
    (event,) = events("syscall close")  # system calls are no symbols
    assert event.function == "close"


def test_repetition() -> None:
    found = events("call g", "repeat 3", "call f", "return f", "end", "return g")
    assert [event.kind for event in found] == [
        Kind.CALL, *[Kind.CALL, Kind.RETURN] * 3, Kind.RETURN,
    ]  # fmt: skip


def test_status_and_other_comments() -> None:
    found = parse(
        "test", "@ text\n@ expect: call f\n@ status: 7\nf: nop @ expect: nothing", ADDRESSES
    )
    assert (found.status, len(found.events)) == (7, 1)


@pytest.mark.parametrize(
    "line",
    [
        "call",
        "call nobody",
        "called f",
        "call f site=nowhere",
        "call f depth",
        "call f deep=1",
        "end",
        "repeat 3",
        "repeat many",
    ],
)
def test_what_makes_no_sense_is_refused(line: str) -> None:
    with pytest.raises(BadExpectation, match=r"^test: "):
        events(line)


def test_nothing_expected_is_refused() -> None:
    with pytest.raises(BadExpectation):
        parse("test", "nop", ADDRESSES)
    with pytest.raises(BadExpectation):
        events("repeat 2", "repeat 2", "call f", "end")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("call f site=after depth=1 args=5,6 caller=f", ""),
        ("call f", ""),
        ("tail_call f", "is a call"),
        ("call g", "names f"),
        ("call f site=f", "site is 0x8004"),
        ("call f depth=2", "depth is 0x1"),
        ("call f caller=g", "caller is 0x8000"),
        ("call f args=5,7", "arguments are"),
        ("call f result=1", "result is None"),
    ],
)
def test_differences_are_told(line: str, said: str) -> None:
    (event,) = events(line)
    told = event.differs(CALL, ADDRESSES)
    assert told.startswith(said)
    assert bool(told) is bool(said)


def test_system_calls_count_only_where_they_are_listed() -> None:
    syscall = Record(Kind.SYSCALL, 6, "close", 0, 0, 0, 0)
    silent: Idiom = parse("test", "@ expect: call f", ADDRESSES)
    assert silent.differences([CALL, syscall]) == []
    loud = parse("test", "@ expect: call f\n@ expect: syscall close", ADDRESSES)
    assert loud.differences([CALL, syscall]) == []
    assert loud.differences([CALL]) == ["1 events instead of 2"]
    assert silent.differences([]) == ["0 events instead of 1"]
