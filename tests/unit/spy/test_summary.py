"""What the report makes of a record."""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

from dbt.spy import summary
from dbt.spy.events import Event, Who
from dbt.spy.report import print_report
from dbt.spy.summary import Activation

CONSOLE = {"fd": 1, "object": "5.2", "what": "console", "path": "stdout"}
FILE = {"fd": 3, "object": "5.9", "what": "file", "path": "/tmp/f"}
PIPE = {"fd": 4, "object": "5.8", "what": "pipe"}


def event(kind: str, pid: int = 5, name: str = "sh", time: int = 0, **fields: Any) -> Event:
    return Event(kind, time, Who(pid, 1, 0, name), fields)


def moved(kind: str, about: dict[str, Any], data: bytes, keep: int = 99, **more: Any) -> Event:
    digest = hashlib.sha256(data).hexdigest()
    kept = data[:keep]
    fields = {"size": len(data), "data": kept, "sha256": digest, **about, **more}
    return event(kind, **fields)


def text(*events: Event) -> str:
    out = io.StringIO()
    print_report(events, out)
    return out.getvalue()


# -- digests ---------------------------------------------------------------------------------------


def digest(*events: Event) -> str:
    (file,) = summary.files(events)
    (stream,) = file.written.values()
    return stream.digest


def test_the_digest_is_that_of_the_bytes_of_all_writers() -> None:
    first, second = moved("write", FILE, b"one "), moved("write", FILE, b"two", pid=6)
    assert digest(first, second) == hashlib.sha256(b"one two").hexdigest()


def test_of_cut_data_the_digest_is_known_from_a_single_writer() -> None:
    assert digest(moved("write", FILE, b"longer", 3)) == hashlib.sha256(b"longer").hexdigest()


def test_of_cut_data_of_two_writers_nothing_is_claimed() -> None:
    assert digest(moved("write", FILE, b"longer", 3), moved("write", FILE, b"x", pid=6)) == ""


def test_after_unseen_data_nothing_is_claimed() -> None:
    unseen = event("write", **FILE, size=4)
    assert digest(unseen, moved("write", FILE, b"longer", 3)) == ""


def test_peeks_and_failures_are_not_counted() -> None:
    (file,) = summary.files(
        [
            moved("read", FILE, b"abc"),
            moved("read", FILE, b"abc", peek=True),
            event("read", **FILE, size=0, error="EINTR"),
        ]
    )
    (stream,) = file.read.values()
    assert (stream.size, stream.by) == (3, {"sh 5": 3})


# -- who did what ----------------------------------------------------------------------------------


def test_the_process_tree() -> None:
    (root,) = summary.processes(
        [
            event("begin", argv=["sh", "-c", "x"], program="/bin/sh", started="now"),
            event("fork", child=6),
            event("exec", 6, "nope", path="/nope", argv=["nope"], error="ENOENT"),
            event("exec", 6, "cat", path="/bin/cat", argv=["cat", "f"], closed=[]),
            event("fork", child=7),
            event("wait", child=6, signal=15),
            event("exit", 7, status=3),
            event("exit", status=0),
            event("end", status=0),
        ]
    )
    assert (root.pid, root.programs, root.end) == (5, [["sh", "-c", "x"]], "exit 0")
    cat, forked = root.children
    assert (cat.name, cat.programs, cat.end) == ("cat", [["cat", "f"]], "signal 15")
    assert (forked.name, forked.programs, forked.end) == ("sh", [], "exit 3")


def test_both_ways_of_a_socket_pair() -> None:
    pair = {"fd": 3, "object": "5.8", "what": "socket"}
    one, other = summary.flows(
        [
            event("open", **pair, end="first"),
            event("open", **pair, end="second"),
            moved("write", pair, b"to", end="first"),
            moved("read", pair, b"to", end="second", pid=6),
            moved("write", pair, b"back", end="second", pid=6),
        ]
    )
    assert (one.name, one.written.by, one.read.by) == (
        "socket 5.8 from first", {"sh 5": 2}, {"sh 6": 2},
    )  # fmt: skip
    assert (other.written.by, other.read.by) == ({"sh 6": 4}, {})


def test_both_ends_of_a_pipe_are_one_flow() -> None:
    (flow,) = summary.flows(
        [
            event("open", **PIPE, end="read"),
            event("open", **PIPE, end="write"),
            moved("write", PIPE, b"abc", end="write"),
            moved("read", PIPE, b"ab", end="read", pid=6),
        ]
    )
    assert (flow.written.size, flow.read.size) == (3, 2)


def test_objects_with_one_inode_are_one_pipe() -> None:
    """``cat <(echo)``: the reader opens /dev/fd/63; and two processes may open one FIFO."""
    again = {"fd": 5, "object": "6.1", "what": "pipe"}
    (flow,) = summary.flows(
        [
            event("open", **PIPE, end="write", inode=7),
            moved("write", PIPE, b"abc", end="write", inode=7),
            event("open", pid=6, **again, inode=7),
            moved("read", again, b"abc", pid=6, inode=7),
        ]
    )
    assert (flow.written.by, flow.read.by) == ({"sh 5": 3}, {"sh 6": 3})


def test_failures_are_counted_by_what_and_why() -> None:
    missing = {"path": "/lib/x.so", "error": "ENOENT"}
    found = summary.failures(
        [
            event("open", **missing),
            event("open", pid=6, **missing),
            event("open", path="/lib/x.so", error="EACCES"),
            event("open", what="socket", error="EAFNOSUPPORT"),
            event("exec", path="/bin/x", argv=["x"], error="ENOENT"),
            event("open", **FILE),
        ]
    )
    assert [(one.what, one.error, one.count, one.by) for one in found] == [
        ("/lib/x.so", "ENOENT", 2, {5, 6}),
        ("/lib/x.so", "EACCES", 1, {5}),
        ("socket", "EAFNOSUPPORT", 1, {5}),
        ("exec /bin/x", "ENOENT", 1, {5}),
    ]


def called(depth: int, symbol: str = "f", **more: Any) -> Event:
    fields: dict[str, Any] = {"pc": 0, "arguments": [depth], **more}
    return event("call", symbol=symbol, depth=depth, **fields)


def returned(depth: int, result: int, **more: Any) -> Event:
    fields: dict[str, Any] = {"pc": 0, **more}
    return event("return", symbol="f", depth=depth, result=result, **fields)


def tree(nodes: Sequence[Activation]) -> list[object]:
    return [(node.symbol, node.stack_id, node.result, tree(node.inner)) for node in nodes]


def test_calls_are_nested_and_know_their_results() -> None:
    ((outer,),) = summary.calls(
        [called(0), called(1), called(2), returned(2, 22), called(2), returned(2, 23),
         returned(1, 11), returned(0, 10)]
    ).values()  # fmt: skip
    assert outer.result == 10
    (middle,) = outer.inner
    assert middle.result == 11
    assert [inner.result for inner in middle.inner] == [22, 23]


def test_unwound_calls_have_no_result() -> None:
    given_up = [event("unwound", symbol="f", depth=depth, pc=0) for depth in (2, 1)]
    ((outer,),) = summary.calls(
        [called(0), called(1), called(2), *given_up, returned(0, 1)]
    ).values()
    assert outer.result == 1
    assert outer.inner[0].result is None
    assert outer.inner[0].inner[0].result is None


def test_a_record_may_leave_returns_out() -> None:
    """Of functions that a program's end or an exec cut short."""
    ((outer, after),) = summary.calls([called(0), called(1), called(2), called(0)]).values()
    assert outer.inner[0].inner[0].inner == []
    assert (after.depth, after.inner) == (0, [])
    ((outer,),) = summary.calls([called(0), called(1), returned(0, 1)]).values()
    assert outer.result == 1


def test_processes_have_calls_of_their_own() -> None:
    found = summary.calls(
        [called(0), called(0, pid=6), returned(0, 6, pid=6), returned(0, 5), returned(0, 7, pid=6)]
    )
    assert [node.result for node in found["sh 5"]] == [5]
    assert [(node.arguments, node.result) for node in found["sh 6"]] == [([0], 6), (None, 7)]


TURNS = [
    called(0, "swap"),
    called(1, "work", stack_id=1, pc=4),
    called(2, "swap", stack_id=1),
    returned(0, 10),
    called(2, "swap"),
    returned(2, 12, stack_id=1),
    returned(1, 11, stack_id=1, pc=4),
    called(1, "swap", stack_id=1),
    returned(2, 20),
]
"""Two stacks take turns: a call on the one returns while those on the other go on."""


def test_coroutines_have_stacks_of_their_own() -> None:
    (outermost,) = summary.calls(TURNS).values()
    assert tree(outermost) == [
        ("swap", 0, 10, []),
        ("work", 1, 11, [("swap", 1, 12, [])]),
        ("swap", 0, 20, []),
        ("swap", 1, None, []),
    ]


def test_depths_of_several_lanes_do_not_tell_who_is_gone() -> None:
    """g was called when two were alive, and so was h: work has returned meanwhile."""
    (outermost,) = summary.calls(
        [called(0), called(1, "work", stack_id=1), called(2, "g", pc=4), returned(1, 1, stack_id=1),
         called(2, "h", pc=8), returned(2, 8, pc=8), returned(2, 4, pc=4), returned(0, 0)]
    ).values()  # fmt: skip
    assert tree(outermost) == [
        ("f", 0, 0, [("g", 0, 4, [("h", 0, 8, [])])]),
        ("work", 1, 1, []),
    ]


def test_a_return_is_that_of_the_same_function() -> None:
    (outermost,) = summary.calls([called(0, "g", pc=4), returned(0, 7, pc=8)]).values()
    assert outermost[0].result is None


def test_an_exec_ends_the_calls_on_all_stacks() -> None:
    before = [called(0), called(1, "work", stack_id=1)]
    failed = event("exec", path="/x", argv=["x"], error="ENOENT")
    worked = event("exec", path="/x", argv=["x"])
    (outermost,) = summary.calls([*before, worked, called(0, "new"), returned(0, 7)]).values()
    assert tree(outermost) == [("f", 0, None, []), ("work", 1, None, []), ("new", 0, 7, [])]
    (outermost,) = summary.calls([*before, failed, returned(0, 7)]).values()
    assert tree(outermost) == [("f", 0, 7, []), ("work", 1, None, [])]


# -- the text --------------------------------------------------------------------------------------


def test_nothing_of_the_guest_steers_the_terminal() -> None:
    nasty = "\x1b[2J\x9b1m[red]\u202e\r"
    shown = text(
        event("begin", argv=["sh", nasty], program=nasty, started="now"),
        event("open", **{**FILE, "path": f"/tmp/{nasty}"}),
        event("file", op="unlink", path=nasty),
        moved("write", PIPE, nasty.encode(), end="write"),
        moved("write", CONSOLE, nasty.encode(), pid=6, name=nasty),
        called(0, nasty),
    )
    assert not set(shown) & set("\x1b\x9b\u202e\r")
    assert "[red]" in shown
    assert "\\x1b" in shown


def test_the_console_is_a_transcript() -> None:
    shown = text(
        moved("write", CONSOLE, b"a line\nand "),
        moved("write", CONSOLE, b"another\n"),
        moved("read", {**CONSOLE, "path": "stdin"}, b"typed\n", pid=6),
        moved("write", CONSOLE, b"x" * 50, 10),
    )
    rows = [line.partition("std")[2].partition("  ")[2] or line for line in shown.splitlines()]
    assert [row.strip() for row in rows[-5:]] == [
        "a line", "and another", "typed", "x" * 10, "… 40 more bytes",
    ]  # fmt: skip


def test_text_on_both_sides_of_missing_bytes_is_not_joined() -> None:
    shown = text(
        moved("write", CONSOLE, b"a line\nstart and end", 12),
        moved("write", CONSOLE, b"next "),
        moved("write", CONSOLE, b"piece\n"),
        moved("write", CONSOLE, b"last and least", 4),
    )
    rows = [line.partition("stdout")[2] or line for line in shown.splitlines()]
    assert [row.strip() for row in rows[-6:]] == [
        "a line", "start", "… 8 more bytes", "next piece", "last", "… 10 more bytes",
    ]  # fmt: skip


def test_a_pipes_data_ends_where_bytes_are_missing() -> None:
    cut = moved("write", PIPE, b"start and end", 5, end="write")
    shown = text(cut, moved("write", PIPE, b"next", end="write"))
    assert "start … 12 more" in shown
    unseen = event("write", **PIPE, end="write", size=4)
    shown = text(moved("write", PIPE, b"start", end="write"), unseen, cut)
    assert "start … 17 more" in shown


def test_the_calls_of_a_coroutine_stand_by_themselves() -> None:
    assert text(*TURNS).splitlines()[-5:] == [
        "swap(0x0) = 0xa",
        "coroutine 1: work(0x1) = 0xb",
        "  swap(0x2) = 0xc",
        "swap(0x2) = 0x14",
        "coroutine 1: swap(0x1) (did not return)",
    ]


def test_a_long_list_of_calls_is_cut_and_says_so() -> None:
    shown = text(*(part for _ in range(300) for part in (called(0), returned(0, 1))))
    assert shown.count("f(0x0) = 0x1") == 200
    assert "more than 200" in shown


def test_a_long_transcript_is_cut_and_says_so() -> None:
    shown = text(moved("write", CONSOLE, b"".join(b"line %d\n" % n for n in range(300)), 9999))
    assert "line 199" in shown
    assert "line 200" not in shown
    assert "… 100 more: the record has all" in shown
