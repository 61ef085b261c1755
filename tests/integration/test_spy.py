"""``armdbt spy`` on whole programs: what the record tells is what they did."""

import hashlib
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest
from support.idioms import idiom
from support.oracle import need_root
from support.runs import command

from dbt.process import Process
from dbt.spy import Spy
from dbt.spy.events import Event
from dbt.spy.record import Recorder, load
from dbt.spy.summary import calls, files, flows, processes
from dbt.stops import UsageError

FILES, PROCESSES, FIB = guest("files"), guest("processes"), BENCHMARKS / "fib.elf"


def spy(
    cwd: Path,
    *argv: object,
    status: int = 0,
    stdout: bytes | None = None,
    stdin: Path | None = None,
) -> list[Event]:
    """Run ``armdbt spy -o``; the record."""
    done = command("spy", "-o", "record.jsonl", *map(str, argv), cwd=cwd, stdin=stdin)
    assert done.status == status, done.stderr.decode()
    assert stdout is None or done.stdout == stdout
    return load(str(cwd / "record.jsonl"))


def of(events: list[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def test_a_read_that_is_made_again_is_told_once(tmp_path: Path) -> None:
    events = spy(tmp_path, idiom("swi_restart").program, status=1)
    told = [(event.kind, event["size"], event["error"]) for event in of(events, "read", "write")]
    assert told == [("write", 1, None), ("read", 1, None)]


def test_a_record_that_cannot_begin_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_recorder: Recorder, _event: Event) -> None:
        raise UsageError("record.jsonl: No space left on device")

    monkeypatch.setattr(Recorder, "append", full)
    process = Process(str(FILES), ["made"], env={})
    with pytest.raises(UsageError, match="No space left"):
        Spy(process, str(tmp_path / "record.jsonl"))
    assert not list(tmp_path.iterdir())


# -- files -----------------------------------------------------------------------------------------


def test_a_file_from_open_to_unlink(tmp_path: Path) -> None:
    events = spy(tmp_path, FILES, "made", stdout=b"file 1: read 456789, unlink says 0\n")
    path = str(tmp_path / "made")
    told = [
        (event.kind, event["fd"], event["size"], event["data"])
        for event in events
        if event["path"] == path
    ]
    assert told == [
        ("open", 3, None, None),
        ("write", 3, 10, b"0123456789"),
        ("read", 3, 6, b"456789"),
        ("close", 3, None, None),
        ("file", None, None, None),
    ]
    write = next(event for event in of(events, "write") if event["path"] == path)
    assert write["sha256"] == hashlib.sha256(b"0123456789").hexdigest()
    assert write["inode"] > 0
    assert (write.who.name, write.who.pid) == ("files.elf", events[0].who.pid)
    assert of(events, "open")[0]["flags"] == ["O_RDWR", "O_CREAT", "O_TRUNC"]


def test_only_data_is_cut(tmp_path: Path) -> None:
    events = spy(tmp_path, "--data", 4, FILES, "made")
    (write,) = [event for event in of(events, "write") if event["fd"] == 3]
    assert (write["data"], write["size"]) == (b"0123", 10)
    assert write["sha256"] == hashlib.sha256(b"0123456789").hexdigest()


def test_an_open_that_failed(tmp_path: Path) -> None:
    events = spy(tmp_path, FILES, "missing/made", stdout=b"file 1: open says -2\n")
    (event,) = of(events, "open")
    assert (event["path"], event["error"]) == (str(tmp_path / "missing" / "made"), "ENOENT")


# -- processes -------------------------------------------------------------------------------------


def test_children_a_pipe_and_an_exec_in_one_record(tmp_path: Path) -> None:
    events = spy(tmp_path, PROCESSES, status=5)
    (parent,) = processes(events)
    writer, crashed = parent.children
    assert parent.programs == [[str(PROCESSES)], [str(PROCESSES), "again"]]
    assert (parent.end, writer.end, crashed.end) == ("exit 5", "exit 4", "signal 11")
    (flow,) = flows(events)
    assert flow.written.data == flow.read.data == [b"from the child\n"]
    assert dict(flow.written.by) == {f"processes.elf {writer.pid}": 15}
    assert dict(flow.read.by) == {f"processes.elf {parent.pid}": 15}
    failed, worked = of(events, "exec")
    assert (failed["path"], failed["error"]) == ("/nonexistent/program", "ENOENT")
    assert (worked["path"], worked["error"]) == (str(PROCESSES), None)
    (child_writes,) = [event for event in of(events, "write") if event.who.pid == writer.pid]
    assert child_writes.who.ppid == parent.pid


def test_a_byte_is_written_before_it_is_read(tmp_path: Path) -> None:
    events = spy(tmp_path, PROCESSES, status=5)
    ends = [event["end"] for event in of(events, "read", "write") if event["what"] == "pipe"]
    assert ends == ["write", "read"]


def test_the_same_in_every_tier(tmp_path: Path, tier: str) -> None:
    events = spy(tmp_path, "--tier", tier, PROCESSES, status=5)
    written = [event["data"] for event in of(events, "write") if event["what"] == "console"]
    assert b"".join(written) == command("run", str(PROCESSES), cwd=tmp_path).stdout


# -- calls -----------------------------------------------------------------------------------------


def test_calls_by_symbol_with_nested_returns(tmp_path: Path) -> None:
    events = spy(tmp_path, "--call", "fib", FIB, "5")
    results = {0: 0, 1: 1}
    stack: list[int] = []
    for event in of(events, "call", "return"):
        if event.kind == "call":
            assert event["depth"] == len(stack)
            stack.append(event["arguments"][0])
        else:
            results[stack.pop()] = event["result"]
            assert event["depth"] == len(stack)
    assert not stack
    assert results[5] == 5
    assert all(results[n] == results[n - 1] + results[n - 2] for n in range(2, 6))


def test_calls_of_the_next_program_are_seen_from_its_first_instruction(tmp_path: Path) -> None:
    """processes.elf executes itself, and prints before anything else."""
    events = spy(tmp_path, "--call", "print", PROCESSES, status=5)
    assert [event["depth"] for event in of(events, "call")] == [0, 0, 0, 0]
    assert [event["result"] for event in of(events, "return")] == [25, 25, 9, 25]


def test_calls_of_coroutines_are_matched_within_their_stacks(tmp_path: Path) -> None:
    wanted = [word for symbol in ("swap", "work", "g") for word in ("--call", symbol)]
    events = spy(tmp_path, *wanted, idiom("coroutine").program, status=5)
    (outermost,) = calls(events).values()
    assert [(node.symbol, node.stack_id, node.result) for node in outermost] == [
        ("swap", 0, 3),
        ("work", 1, 5),
        ("g", 0, 3),
        ("swap", 0, 5),
        ("swap", 1, None),
    ]
    assert [(node.symbol, node.stack_id, node.result) for node in outermost[1].inner] == [
        ("swap", 1, 3)
    ]
    assert not any(node.inner for node in outermost if node.symbol != "work")


def test_a_symbol_that_is_nowhere_is_said(tmp_path: Path) -> None:
    done = command("spy", "--call", "nothing", "--report", "r", str(FILES), cwd=tmp_path)
    assert done.status == 0
    assert done.stderr == b"armdbt: no symbol 'nothing' was there to be recorded\n"


# -- the command -----------------------------------------------------------------------------------


def test_the_report_goes_to_standard_error_and_the_guests_output_to_its_own(tmp_path: Path) -> None:
    done = command("spy", str(PROCESSES), cwd=tmp_path)
    assert done.status == 5
    assert done.stdout.startswith(b"read 15: from the child\n")
    assert b"\nPipes and sockets\n" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_record_is_read(tmp_path: Path) -> None:
    first = command("spy", "-o", "record", "--report", "report", str(PROCESSES), cwd=tmp_path)
    assert first.status == 5
    again = command("spy", "--read", "record", cwd=tmp_path)
    assert again.status == 0
    assert again.stdout == (tmp_path / "report").read_bytes()
    assert b"killed by SIGSEGV" in again.stdout


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "spy needs a program"),
        (["--read", "nowhere"], "nowhere: No such file"),
        (["--read", "x", "program"], "takes no program"),
        (["-o", "missing/record", str(FILES)], "missing/record: No such file"),
        (["--read", str(FILES)], "files.elf: is no record of armdbt spy"),
    ],
)
def test_errors_of_usage_are_one_line(tmp_path: Path, argv: list[str], message: str) -> None:
    done = command("spy", *argv, cwd=tmp_path)
    assert done.status == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


# -- Debian's busybox ------------------------------------------------------------------------------


@pytest.mark.oracle
def test_a_shell_pipeline(tmp_path: Path) -> None:
    busybox = need_root() / "bin" / "busybox"
    script = "echo hello | tr a-z A-Z > out; cat out | wc -c"
    events = spy(tmp_path, busybox, "sh", "-c", script, stdout=b"6\n")
    assert (tmp_path / "out").read_bytes() == b"HELLO\n"
    first, second = flows(events)
    assert b"".join(first.written.data) == b"".join(first.read.data) == b"hello\n"
    assert b"".join(second.written.data) == b"".join(second.read.data) == b"HELLO\n"
    (shell,) = processes(events)
    pids = {child.name: child.pid for child in shell.children}
    assert set(pids) == {"busybox", "tr", "cat", "wc"}
    assert dict(first.read.by) == {f"tr {pids['tr']}": 6}
    assert dict(second.written.by) == {f"cat {pids['cat']}": 6}
    assert dict(second.read.by) == {f"wc {pids['wc']}": 6}
    (out,) = [file for file in files(events) if file.path == str(tmp_path / "out")]
    (written,), (read,) = out.written.values(), out.read.values()
    assert b"".join(written.data) == b"".join(read.data) == b"HELLO\n"
    assert written.digest == hashlib.sha256(b"HELLO\n").hexdigest()
    assert out.by == {pids["tr"], pids["cat"]}


@pytest.mark.oracle
def test_what_is_typed_at_the_console(tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_bytes(b"typed\n")
    busybox = need_root() / "bin" / "busybox"
    events = spy(tmp_path, busybox, "head", "-n1", stdin=typed, stdout=b"typed\n")
    told = [
        (event.kind, event["path"], event["data"])
        for event in events
        if event["what"] == "console" and event["size"]
    ]
    assert told == [("read", "stdin", b"typed\n"), ("write", "stdout", b"typed\n")]


@pytest.mark.oracle
def test_a_pipe_opened_by_name_is_one_flow(tmp_path: Path) -> None:
    root = need_root()
    script = "read line < <(printf told); echo $line"
    events = spy(tmp_path, "-L", root, root / "bin/bash", "-c", script, stdout=b"told\n")
    # A socket by which bash asks for its user's name comes to nothing.
    (flow,) = (flow for flow in flows(events) if flow.written.data)
    assert b"".join(flow.written.data) == b"".join(flow.read.data) == b"told"
    assert set(flow.written.by) != set(flow.read.by)


@pytest.mark.oracle
def test_dynamic_programs_show_what_they_map_and_call(tmp_path: Path) -> None:
    root = need_root()
    (tmp_path / "text").write_bytes(b"b\na\n")
    options = ("-L", root, "--call", "setlocale", "-E", "LC_ALL=C")
    events = spy(tmp_path, *options, root / "usr/bin/sort", "text", stdout=b"a\nb\n")
    mapped = [event["path"] for event in of(events, "map") if "x" in event["prot"]]
    assert any(path.endswith("libc.so.6") for path in mapped)
    (read,) = [event for event in of(events, "read") if event["data"] == b"b\na\n"]
    assert read["path"] == str(tmp_path / "text")
    first, *_ = of(events, "call")
    assert (first["symbol"], first["arguments"][0]) == ("setlocale", 6)  # LC_ALL
    assert len(of(events, "call")) == len(of(events, "return"))


@pytest.mark.oracle
def test_calls_are_recorded_in_the_next_program(tmp_path: Path) -> None:
    root = need_root()
    (tmp_path / "text").write_bytes(b"b\na\n")
    script = "exec /usr/bin/sort text"
    options = ("-L", root, "--call", "setlocale", "-E", "LC_ALL=C")
    events = spy(tmp_path, *options, root / "bin/bash", "-c", script, stdout=b"a\nb\n")
    (worked,) = of(events, "exec")
    calls = of(events, "call")
    names = [event.who.name for event in calls]
    assert set(names) == {"bash", "sort"}
    assert names == sorted(names)
    assert all(event.time > worked.time for event in calls if event.who.name == "sort")
    assert calls[names.index("sort")]["depth"] == 0
