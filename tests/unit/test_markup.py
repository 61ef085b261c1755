"""What a notebook shows of results, and what they are as text."""

import json

import dbt
from dbt.hooks.records import Kind, Record
from dbt.markup import lines, pairs, table
from dbt.process.statistics import Statistics
from dbt.stops import Exited, InsnLimit, Killed, Requested, Trapped


def test_texts_are_escaped() -> None:
    evil = '<b>&"\x1b\n'
    shown = "&lt;b&gt;&amp;&quot;\\x1b\\n"
    for html in (table([evil], [[evil]], evil), pairs([(evil, evil)], evil)):
        assert html.count(shown) == 3
        assert "<b>" not in html
    assert lines(evil + "<i>") == "<pre>&lt;b&gt;&amp;&quot;\\x1b<br>&lt;i&gt;</pre>"
    assert lines("") == ""


def test_stops() -> None:
    assert repr(Exited(3)) == "Exited(status=3)"
    assert repr(InsnLimit(0x10094)) == "InsnLimit(pc=0x10094)"
    assert repr(Requested(16, "why")) == "Requested(pc=0x10, reason='why')"
    killed = Killed(11, 0x10, "guest <killed>\nr0 0", "a write")
    assert repr(killed) == "Killed(signal=11, pc=0x10, why='a write', quiet=False)"
    assert killed._repr_html_().endswith("<pre>guest &lt;killed&gt;<br>r0 0</pre>")
    assert Trapped("x<y", 16)._repr_html_() == (
        "<code>Trapped(reason=&#x27;x&lt;y&#x27;, pc=0x10)</code>"
    )


def test_statistics() -> None:
    figures = Statistics({"instructions": 12345, "dispatches": {"denied": 2}, "seconds": 0.25})
    assert repr(figures) == (
        "instructions       12,345\n"
        "dispatches.denied       2\n"
        "seconds              0.25"
    )  # fmt: skip
    assert json.loads(json.dumps(figures)) == figures
    assert ">dispatches.denied</th>" in figures._repr_html_()
    assert repr(Statistics()) == ""


def test_records() -> None:
    call = Record(
        Kind.CALL,
        0x8000,
        "f\x1b",
        0x9000,
        0xBE00,
        2,
        77,
        caller=0x8FFC,
        thread=5,
        arguments=(1, 16),
    )
    assert repr(call) == (
        r"Record(call f\x1b at 0x8000, arguments 0x1 0x10, site 0x9000, stack 0xbe00,"
        " caller 0x8ffc, depth 2, insns 77, thread 5)"
    )
    left = Record(Kind.SYSCALL_RETURN, 4, "write", 0x9000, 0xBE00, 0, 78, result=-9, stack_id=1)
    assert repr(left) == (
        "Record(syscall_return write, result -9, site 0x9000, stack 0xbe00, depth 0, insns 78,"
        " thread 0, stack_id 1)"
    )
    assert "<th>symbol</th>" in call._repr_html_()
    assert "<th>result</th>" in left._repr_html_()


def test_what_is_public_is_listed_and_nothing_else() -> None:
    assert dir(dbt) == sorted(dbt.__all__)
    assert all(hasattr(dbt, name) for name in dir(dbt))


def test_public_errors_are_those_that_are_raised() -> None:
    from dbt import stops
    from dbt.hooks.arrays import RecordingFull

    assert dbt.UsageError is stops.UsageError
    assert dbt.GuestFault is stops.GuestFault
    assert dbt.RecordingFull is RecordingFull
