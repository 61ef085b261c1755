"""The call tree for the terminal."""

import attrs
from hypothesis import assume, given
from support.outputs import last, text
from support.record_streams import Machine, streams

from dbt.hooks.records import Kind, Record


def test_a_short_run() -> None:
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
    machine.call(0x8400, 1)
    machine.syscall(248, returns=False)
    machine.run(0, 1)
    shown = text("tree", machine.records, machine.insns)
    assert "\n".join(line.rstrip() for line in shown.splitlines()) == TREE.strip("\n")


TREE = """
         insns
                main(0x0, 0x1, 0x2, 0x3) {
                  <write(0x1, 0x2, 0x3) = -4>
                  even(0x1, 0x1, 0x2, 0x3) {
             5      -> odd(0x2, 0x1, 0x2, 0x3) = 0x2a
             5    } even = 0x2a
             0    fib(0x1, 0x1, 0x2, 0x3) unwound
                [thread 1]
                helper(0x0, 0x1, 0x2, 0x3) {
                [thread 0]
                  <exit_group(0x1, 0x2, 0x3)>
            10  } main still running
                [thread 1]
             0  } helper still running
"""


@given(streams)
def test_any_stream_is_balanced(records: list[Record]) -> None:
    """Braces open and close."""
    assume(all(record.symbol.isidentifier() for record in records))
    shown = text("tree", records, last(records)).splitlines()
    opened = sum(line.endswith("{") for line in shown)
    closed = sum("} " in line for line in shown)
    assert opened == closed


def test_names_cannot_reach_the_terminal() -> None:
    evil = Record(Kind.CALL, 0x8000, "\x1b[2J\n", 0, 0, 0, 0)
    for name in ("tree", "profile", "callgrind", "collapsed", "dot"):
        shown = text(name, [evil], 10)
        assert "\x1b" not in shown
        assert r"\x1b[2J\n" in shown.replace("\\\\", "\\")  # dot doubles backslashes


def test_a_coroutine_is_told_where_it_goes_on() -> None:
    call = Record(Kind.CALL, 0x8000, "f", 0x100A0, 0x9000, 0, 1, thread=7)
    other = Record(Kind.CALL, 0x8100, "g", 0x100B4, 0x4000, 1, 2, thread=7, stack_id=2)
    back = attrs.evolve(call, kind=Kind.RETURN, insns=4)
    shown = text("tree", [call, other, back], 5)
    assert [line.strip() for line in shown.splitlines() if "[" in line] == [
        "[thread 7, coroutine 2]",
        "[thread 7]",
        "[thread 7, coroutine 2]",
    ]
