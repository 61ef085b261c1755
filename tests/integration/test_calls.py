"""``armdbt calls`` on programs: the formats tell one story, and the guest notices nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, DEMO, GUESTS, guest
from support.oracle import QEMU, need_qemu, need_root
from support.runs import command, measure

from dbt.hooks.mechanisms import NAMES as MECHANISMS
from dbt.hooks.outputs import NAMES
from dbt.hooks.outputs.calltree import CallTree, End, Frame
from dbt.hooks.outputs.jsonl import read
from dbt.hooks.records import Kind, Record
from dbt.parser import parser_of

FIB = BENCHMARKS / "fib.elf"
FILES = [name for name, row in NAMES.items() if not row.terminal]
ALL = [word for name in NAMES for word in ("--format", f"{name}:{name}")]
FIB_CALLS = 2 * 144 - 1  # fib(11): one call per leaf and per sum
IDIOMS = sorted((GUESTS / "idioms").glob("*.elf"))


def calls(*options: str, program: Path, args: tuple[str, ...] = (), cwd: Path) -> int:
    """Run with all formats written to files named like them; the exit status."""
    outcome = command("calls", *ALL, *options, str(program), *args, cwd=cwd)
    assert b"Traceback" not in outcome.stderr
    assert sorted(path.name for path in cwd.iterdir() if path.name in NAMES) == sorted(NAMES)
    return outcome.status


def flat(profile: str) -> dict[str, tuple[int, int, int]]:
    """Calls, own and inclusive cost by function, of the flat profile."""
    rows = re.findall(
        r"^ (\S+) +([\d,]+)? +([\d,]+) +[\d.]+ +([\d,]+) +[\d.]+ ", profile, re.MULTILINE
    )
    return {name: tuple(int(cell.replace(",", "") or 0) for cell in cells) for name, *cells in rows}


def test_the_formats_agree_about_fib(tmp_path: Path) -> None:
    assert calls(program=FIB, args=("11",), cwd=tmp_path) == 0
    insns = measure((), FIB, "11").instructions
    profile = flat((tmp_path / "profile").read_text())
    assert profile["fib"][0] == FIB_CALLS
    assert sum(own for _, own, _ in profile.values()) == insns
    assert profile["main"][2] == profile["main"][1] + sum(
        profile[name][2] for name in ("number", "fib", "print")
    )
    stacks = [line.rpartition(" ") for line in (tmp_path / "collapsed").read_text().splitlines()]
    by_function: Counter[str] = Counter()
    for path, _, cost in stacks:
        by_function[path.rpartition(";")[2]] += int(cost)
    assert by_function == {name: own for name, (_, own, _) in profile.items() if own}
    trace = json.loads((tmp_path / "chrome").read_text())["traceEvents"]
    begun = Counter(event["name"] for event in trace if event["ph"] == "B")
    assert begun == {name: count for name, (count, *_) in profile.items() if count}
    grind = (tmp_path / "callgrind").read_text()
    assert f"totals: {insns}\n" in grind
    assert f"ob=(1) {FIB}" in grind
    tree = (tmp_path / "tree").read_text()
    assert len(re.findall(r"\bfib\(", tree)) == FIB_CALLS


def test_results_and_arguments_of_the_records(tmp_path: Path) -> None:
    calls("--only", "fib", program=FIB, args=("11",), cwd=tmp_path)
    stack: list[Record] = []
    fib = {0: 0, 1: 1}
    for record in read((tmp_path / "jsonl").read_text().splitlines()):
        if record.kind is Kind.CALL:
            assert record.depth == len(stack)
            stack.append(record)
        elif record.kind is Kind.RETURN:
            argument = stack.pop().arguments[0]
            expected = fib.setdefault(argument, fib.get(argument - 1, 0) + fib.get(argument - 2, 0))
            assert record.result == expected
    assert not stack
    assert fib[11] == 89


def test_standard_output_is_the_guests_and_the_tree_goes_to_standard_error(tmp_path: Path) -> None:
    outcome = command("calls", str(FIB), "5", cwd=tmp_path)
    assert outcome.stdout == b"fib 5\n"
    assert b"  main(0x2, " in outcome.stderr
    assert b'<write(1,"fib 5\\12",6) = 6>' in outcome.stderr


@pytest.mark.parametrize("mode", ["ab", "wb"])
def test_a_format_on_standard_output_keeps_what_is_in_its_file(mode: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    words = ("calls", "--only", "fib", "--format", "jsonl:/dev/stdout", str(FIB), "5")
    with log.open(mode) as out:
        subprocess.run([sys.executable, "-m", "dbt", *words], stdout=out, check=True)
    lines = log.read_text().splitlines()
    assert ("before" in lines) == (mode == "ab")
    assert "fib 5" in lines
    records = list(read(line for line in lines if line.startswith("{")))
    assert Kind.CALL in {record.kind for record in records}
    assert list(tmp_path.iterdir()) == [log]


def test_only_some_functions_and_no_system_calls(tmp_path: Path) -> None:
    options = ("--only", "helper", "--only", "square", "--no-syscalls")
    assert calls(*options, program=DEMO, args=("50",), cwd=tmp_path) == 0
    kinds = {(r.kind, r.symbol) for r in read((tmp_path / "jsonl").read_text().splitlines())}
    assert kinds == {
        (kind, name) for kind in (Kind.CALL, Kind.RETURN) for name in ("helper", "square")
    }


def test_depth(tmp_path: Path) -> None:
    calls("--max-depth", "3", program=FIB, args=("8",), cwd=tmp_path)
    records = list(read((tmp_path / "jsonl").read_text().splitlines()))
    assert {r.depth for r in records if r.kind in (Kind.CALL, Kind.RETURN)} == {0, 1, 2}
    insns = measure((), FIB, "8").instructions
    profile = flat((tmp_path / "profile").read_text())
    assert profile["fib"][0] == 1
    assert sum(own for _, own, _ in profile.values()) == insns


def test_a_run_that_is_stopped_inside_calls(tmp_path: Path) -> None:
    assert calls("--max-insns", "2000", program=FIB, args=("20",), cwd=tmp_path) == 125
    assert sum(own for _, own, _ in flat((tmp_path / "profile").read_text()).values()) == 2000
    trace = json.loads((tmp_path / "chrome").read_text())["traceEvents"]
    phases = Counter(event["ph"] for event in trace)
    assert phases["B"] == phases["E"]
    assert sum(event.get("args", {}).get("end") == "open" for event in trace) > 3


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_tells_the_same(mechanism: str, tmp_path: Path) -> None:
    """Of functions that are called: a program's entry point is not."""
    shown = []
    only = [word for name in ("main", "say", "helper", "fib", "mix") for word in ("--only", name)]
    for options in ((), ("--mechanism", mechanism)):
        command("calls", *options, *only, "--format", "profile:p", str(DEMO), "9", cwd=tmp_path)
        shown.append((tmp_path / "p").read_text())
    assert "fib" in shown[0]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "program",
    [FIB, *(GUESTS / f"{name}.elf" for name in ("setjmp", "files"))]
    + [path for path in IDIOMS if path.stem in ("coroutine", "execve", "site_is_entry", "tail_b")],
    ids=lambda path: path.stem,
)
@pytest.mark.parametrize("options", [(), ("--no-syscalls",)], ids=["all", "no-syscalls"])
def test_what_is_recorded_is_what_a_trace_has(
    program: Path, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Every format has the same bytes, but for the ids of processes."""
    shown = []
    for way in ((), ("--mechanism", "entry")):
        cwd = tmp_path / "-".join(("recorded", *way))
        cwd.mkdir()
        status = calls(*options, *way, program=program, args=("9",), cwd=cwd)
        thread = rb'("thread": ?|"tid": ?|thread )\d+'
        files = {name: re.sub(thread, b"ID", (cwd / name).read_bytes()) for name in NAMES}
        shown.append((status, files))
    assert shown[0] == shown[1]


def test_the_status_is_the_guests(tmp_path: Path) -> None:
    plain = command("run", str(guest("setjmp")), cwd=tmp_path)
    assert calls(program=guest("setjmp"), cwd=tmp_path) == plain.status


class Balance:
    """Counts how frames end; that they nest is what the unit tests of the model show."""

    def __init__(self) -> None:
        self.open: list[Frame] = []
        self.ends: Counter[End] = Counter()

    def opened(self, frame: Frame) -> None:
        self.open.append(frame)

    def closed(self, frame: Frame) -> None:
        self.open.remove(frame)
        self.ends[frame.end] += 1

    def syscall(self, call: Record, result: int | None) -> None:
        pass


@pytest.mark.shares(4)
@pytest.mark.parametrize("program", IDIOMS, ids=lambda path: path.stem)
def test_every_idiom_comes_out_balanced(program: Path, tmp_path: Path) -> None:
    """Every end in the stream ends a frame: the model drops and invents nothing."""
    calls(program=program, cwd=tmp_path)
    records = list(read((tmp_path / "jsonl").read_text().splitlines()))
    heard = Balance()
    tree = CallTree(heard)
    for record in records:
        tree.feed(record)
    tree.finish(records[-1].insns)
    told = Counter(record.kind for record in records)
    assert heard.ends[End.RETURNED] == told[Kind.RETURN]
    # Nothing tells the end of what was alive when execve put another program in its place.
    replaced = program.stem == "execve"
    assert heard.ends[End.UNWOUND] == told[Kind.UNWOUND] + replaced
    assert sum(heard.ends.values()) == told[Kind.CALL] + told[Kind.TAIL_CALL]
    trace = json.loads((tmp_path / "chrome").read_text())["traceEvents"]
    phases = Counter(event["ph"] for event in trace)
    assert phases["B"] == phases["E"] == sum(heard.ends.values())


@pytest.mark.parametrize("program", [FIB, DEMO, guest("setjmp")], ids=lambda path: path.stem)
def test_covered_blocks_are_what_qemu_executes(program: Path, tmp_path: Path) -> None:
    need_qemu()
    command("calls", "--format", "drcov:cov", str(program), "10", cwd=tmp_path)
    text, _, table = (tmp_path / "cov").read_bytes().partition(b" bbs\n")
    base = int(re.search(r"^ +0, (0x[0-9a-f]+), ", text.decode(), re.MULTILINE)[1], 16)  # type: ignore[index]
    ours = {
        base + int.from_bytes(table[at : at + 4], "little") + step
        for at in range(0, len(table), 8)
        for step in range(0, int.from_bytes(table[at + 4 : at + 6], "little"), 4)
    }
    log = tmp_path / "log"
    subprocess.run(
        [QEMU, "-d", "in_asm", "-D", str(log), str(program), "10"], check=False, capture_output=True
    )
    theirs = {
        int(pc, 16) for pc in re.findall(r"^(0x[0-9a-f]{8}): ", log.read_text(), re.MULTILINE)
    }
    assert len(ours) > 20
    assert ours == theirs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "svg"), "no format 'svg' (one of tree, "),
        (("--format", "callgrind"), "--format callgrind needs a file"),
        (("--format", "dot:a", "--format", "jsonl:./a"), "two formats for ./a"),
        (("--format", "dot:no/such/a"), "no/such/a: No such file"),
        (("--only", "nothing"), "no symbol 'nothing'"),
        (("--mechanism", "magic"), "magic"),
        (("--format", "jsonl:/dev/full"), "/dev/full: No space left"),
        (("--format", "drcov:a", "--only", "fib"), "--only has no effect with --format drcov"),
        (("--format", "drcov:a", "--mechanism", "trap"), "--mechanism has no effect"),
        (("--format", "drcov:a", "--max-depth", "0"), "--max-depth has no effect"),
        (("--format", "drcov:a", "--no-syscalls"), "--no-syscalls has no effect"),
    ],
)
def test_bad_usage_is_one_line(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    outcome = command("calls", *options, str(FIB), "5", cwd=tmp_path)
    assert outcome.status == 2
    (line,) = outcome.stderr.decode().splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_two_formats_for_two_streams_that_are_one(tmp_path: Path) -> None:
    words = (
        "calls",
        "--only",
        "fib",
        "--format",
        "jsonl:/dev/stdout",
        "--format",
        "dot:/dev/stderr",
    )
    done = subprocess.run(
        [sys.executable, "-m", "dbt", *words, str(FIB), "3"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"digraph" in done.stdout
    assert b'"call"' in done.stdout


def test_nobody_reads_standard_error_any_more(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "dbt", "calls", str(FIB), "5"]
    try:
        done = subprocess.run(words, stderr=writing, capture_output=False, check=False,
                              stdout=subprocess.DEVNULL, cwd=tmp_path)  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 141


def test_a_process_that_was_forked_leaves_the_files_alone(tmp_path: Path) -> None:
    calls(program=guest("processes"), cwd=tmp_path)
    records = list(read((tmp_path / "jsonl").read_text().splitlines()))
    ends = [r for r in records if r.kind is Kind.SYSCALL and r.symbol in ("exit", "exit_group")]
    assert len(ends) == 1
    assert len([r for r in records if r.symbol == "fork" and r.result]) == 2


def test_the_help_names_all_formats() -> None:
    shown = parser_of().parse_args(["calls", "prog"])
    assert shown.format == []
    from dbt.commands.calls import FORMATS

    assert [name.partition(" ")[0] for name in FORMATS.split(", ")] == list(NAMES)


def test_functions_of_libraries_are_watched_when_they_come(tmp_path: Path) -> None:
    root = need_root()
    options = ("-L", str(root), "--only", "setlocale", "--only", "strlen", "--only", "nothing")
    assert calls(*options, program=root / "bin/echo", args=("hi",), cwd=tmp_path) == 0
    profile = flat((tmp_path / "profile").read_text())
    assert profile["setlocale"][0] == 1
    assert profile["strlen"][0] > 10
    objects = re.findall(r"^c?ob=\(\d+\) (.*)$", (tmp_path / "callgrind").read_text(), re.MULTILINE)
    assert str((root / "lib/arm-linux-gnueabi/libc.so.6").resolve()) in objects
    outcome = command("calls", *options, str(root / "bin/echo"), cwd=tmp_path)
    assert (
        outcome.stderr.decode()
        .splitlines()[-1]
        .startswith("armdbt: no symbol 'nothing' in the program and its libraries; did you mean ")
    )


def test_the_functions_of_a_program_that_execve_brings(tmp_path: Path) -> None:
    root = need_root()
    options = ("-L", str(root), "--format", "jsonl:jsonl")
    command("calls", *options, str(root / "usr/bin/env"), "echo", "hi", cwd=tmp_path)
    records = list(read((tmp_path / "jsonl").read_text().splitlines()))
    names = [record.symbol for record in records]
    after = names[names.index("execve") + 1 :]
    assert "setlocale" in after
    assert not [name for name in after if "+0x" in name or name.startswith("0x")]


def test_what_ran_before_an_execve_is_not_the_new_programs(tmp_path: Path) -> None:
    """Both are loaded at the same address."""
    root = need_root()
    echo = str((root / "bin/echo").resolve())
    for name, words in (
        ("there", ("bin/echo", "hi")),
        ("brought", ("usr/bin/env", "/bin/echo", "hi")),
    ):
        (tmp_path / name).mkdir()
        formats = ("--format", "drcov:drcov", "--format", "callgrind:callgrind")
        program, *args = words
        given = ("-L", str(root), "-E", "PATH=/bin", *formats, str(root / program), *args)
        assert command("calls", *given, cwd=tmp_path / name).stdout == b"hi\n"

    def blocks(name: str) -> set[bytes]:
        """Of the program alone, without its libraries."""
        text, _, table = (tmp_path / name / "drcov").read_bytes().partition(b" bbs\n")
        row = re.search(rf"^ +(\d+), .*{re.escape(echo)}$", text.decode(), re.MULTILINE)
        assert row is not None
        number = int(row[1]).to_bytes(2, "little")
        rows = [table[at : at + 8] for at in range(0, len(table), 8)]
        return {entry[:6] for entry in rows if entry[6:] == number}

    # The names that it is called by differ, and so do a few branches.
    assert blocks("brought") <= blocks("there")
    assert len(blocks("brought")) > 0.9 * len(blocks("there")) > 50
    objects = (tmp_path / "brought" / "callgrind").read_text()
    assert str(root / "usr/bin/env") in objects


def test_an_interrupted_run_is_written_whole(tmp_path: Path) -> None:
    words = ("calls", "--only", "fib", "--format", "chrome:chrome", "--format", "profile:profile")
    running = subprocess.Popen([sys.executable, "-m", "dbt", *words, str(FIB), "40"], cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.iterdir()):
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    trace = json.loads((tmp_path / "chrome").read_text())["traceEvents"]
    phases = Counter(event["ph"] for event in trace)
    assert phases["B"] == phases["E"] > 0
    assert flat((tmp_path / "profile").read_text())["fib"][0] == phases["B"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chrome", "profile"]
