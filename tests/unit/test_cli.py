"""The command line: what options become, what the dumps hold, which status a run ends with."""

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.guests import BENCHMARKS, guest, symbols
from support.runs import command

from dbt import __version__, cli
from dbt.commands import process_options
from dbt.log import ITEMS
from dbt.parser import COMMANDS, parser_of
from dbt.stops import UsageError

HELLO = guest("hello")
FIB = BENCHMARKS / "fib.elf"


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", []),
        ("0x8000", [(0x8000, 0x8001)]),
        ("0x8000..0x8fff", [(0x8000, 0x9000)]),
        ("0x8000+0x10,4096..8191", [(0x8000, 0x8010), (0x1000, 0x2000)]),
    ],
)
def test_ranges(text: str, ranges: list[tuple[int, int]]) -> None:
    assert process_options.ranges(text) == ranges


@pytest.mark.parametrize("text", ["main", "+", "0x10+main", "1..2..3"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"neither A\.\.B nor A"):
        process_options.ranges(text)


def test_options_after_the_program_are_its_own() -> None:
    arguments = parser_of().parse_args(["run", "-strace", "prog", "--tier", "-x", "--", "y"])
    assert arguments.strace
    assert arguments.tier == "auto"
    assert arguments.program == "prog"
    assert arguments.args == ["--tier", "-x", "--", "y"]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_two_options_are_kept_under_one_name(command: str) -> None:
    (commands,) = (
        action for action in parser_of()._actions if isinstance(action, argparse._SubParsersAction)
    )
    parser: argparse.ArgumentParser = commands.choices[command]
    kept = [action.dest for action in parser._actions if action.dest != argparse.SUPPRESS]
    twice = {name for name in kept if kept.count(name) > 1}
    assert twice <= {"env"}  # -E and -U, in the order in which they are given


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("DROPPED", "1")
    parse = parser_of().parse_args
    arguments = parse(["run", "-U", "DROPPED", "-E", "NEW=a=b", "-E", "KEPT=2", "prog"])
    assert process_options.environment(arguments) == {"KEPT": "2", "NEW": "a=b"}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("-E A=1 -U A", {"KEPT": "1", "HELD": "1"}),
        ("-U A -E A=1", {"KEPT": "1", "HELD": "1", "A": "1"}),
        ("-U KEPT,HELD", {}),
        ("-E KEPT=a,b=c", {"KEPT": "a,b=c", "HELD": "1"}),
        ("--env-clear", {}),
        ("-E A=1 --env-clear -E B=2 -U A", {"B": "2"}),
    ],
)
def test_the_last_change_of_a_variable_counts(
    options: str, left: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("HELD", "1")
    arguments = parser_of().parse_args(["run", *options.split(), "prog"])
    assert process_options.environment(arguments) == left


def test_dump_items_are_listed(tmp_path: Path) -> None:
    outcome = command("run", "-d", "help", cwd=tmp_path)
    assert (outcome.status, outcome.stderr) == (0, b"")
    told = dict(line.split(maxsplit=1) for line in outcome.stdout.decode().splitlines())
    assert told == ITEMS


def test_the_size_of_pages_is_taken_and_no_other(tmp_path: Path) -> None:
    """-p is a pass of ours, and the size of the host's pages for qemu-arm."""
    outcome = command("run", "-p", "4096", str(HELLO), cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (0, b"hello, world\n")
    outcome = command("run", "-p", "4096", "-p", "65536", str(HELLO), cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stderr.startswith(b"armdbt: -p 65536: pages of host and guest have 4096 bytes,")
    assert outcome.stderr.count(b"\n") == 1


@pytest.mark.parametrize("option", ["-cpu", "--cpu"])
def test_the_processor_is_chosen_as_in_qemu(option: str, tmp_path: Path) -> None:
    for name, status in (("cortex-a15", 0), ("cortex", 2)):
        assert command("run", option, name, str(HELLO), cwd=tmp_path).status == status


def dump(tmp_path: Path, *options: str, program: Path = HELLO) -> str:
    outcome = command("run", *options, "-D", "dump", str(program), cwd=tmp_path)
    assert outcome.stderr == b""
    return (tmp_path / "dump").read_text()


WORDS = {
    "in_asm": "push",
    "ir": "insn 0x",
    "ir_instr": 'count "block:0x',
    "ir_opt": "insn 0x",
    "copied": "begin:\n     0: ",
    "llvm": "define ",
    "out_asm": "\tmov",
    "exec": "main in hello.elf",
    "dispatch": "SyscallHit(",
    "strace": "write(",
    "chain": "blocks invalidated",
}


@pytest.mark.parametrize("item", ITEMS)
def test_each_dump_holds_its_stage(item: str, tmp_path: Path) -> None:
    tier = "0" if item == "copied" else "2"
    program = guest("selfmod") if item == "chain" else HELLO
    passes = () if item == "copied" else ("-p", "block-count")  # what passes rewrite is not copied
    options = ("--tier", tier, "-d", item, *passes)
    text = dump(tmp_path, *options, program=program)
    assert WORDS[item] in text
    assert item == "strace" or f"-- {item}{' ' if item == 'exec' else chr(10)}" in text
    assert not any(f"-- {other}\n" in text for other in ITEMS if other != item)


def test_stages_in_order_and_filtered(tmp_path: Path) -> None:
    main = symbols(HELLO)["main"]
    text = dump(tmp_path, "--tier", "0", "-d", "ir_opt,in_asm,ir", "-dfilter", f"{main:#x}+4")
    heads = [line[3:] for line in text.splitlines() if line.startswith("-- ")]
    assert heads == ["in_asm", "ir", "ir_opt"]
    assert f"block {main:#x}" in text


def test_stats_json(tmp_path: Path) -> None:
    outcome = command(
        "run", "--tier", "2", "-p", "block-count", "--stats-json", "s.json", str(FIB), "6",
        cwd=tmp_path,
    )  # fmt: skip
    stats = json.loads((tmp_path / "s.json").read_text())
    assert outcome.status == 0
    assert stats["stop"] == {"kind": "Exited", "status": 0}
    assert stats["syscalls"]["write"] >= 1
    assert stats["unknown_syscalls"] == {}
    assert stats["instructions"] > 100
    fib = symbols(FIB)["fib"]
    assert stats["counters"][f"block:{fib:#x}"] >= 1
    assert sum(stats["dispatches"].values()) >= stats["dispatches"]["not_translated"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


@pytest.mark.parametrize("path", ["/dev/fd/1", "link"])
def test_stats_json_on_standard_output(path: str, tmp_path: Path) -> None:
    """Behind what the guest wrote there, though it be a file."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    outcome = command("run", "--stats-json", path, str(FIB), "5", cwd=tmp_path)
    printed, _, figures = outcome.stdout.partition(b"\n")
    assert (outcome.status, outcome.stderr, printed) == (0, b"", b"fib 5")
    assert json.loads(figures)["stop"] == {"kind": "Exited", "status": 0}
    assert (tmp_path / "link").is_symlink()


def test_stats_json_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    outcome = command("run", "--stats-json", "directory", str(FIB), "5", cwd=tmp_path)
    assert outcome.status == 2
    assert outcome.stderr == b"armdbt: directory: Is a directory\n"
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_stats_on_standard_error(tmp_path: Path) -> None:
    outcome = command("run", "--stats", str(HELLO), cwd=tmp_path)
    lines = outcome.stderr.decode().splitlines()
    assert lines[0] == "-- statistics"
    figures = dict(line.split(maxsplit=1) for line in lines[1:])
    assert int(figures["instructions"]) > 10
    assert int(figures["syscalls.exit"]) == 1


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--max-insns", "10"), 125, "instruction limit reached at 0x"),
        (("-p", "swi-filter{allow=exit}"), 125, "): the system call write\n"),
        (("-p", "swi-filter{allow=write+exit+exit_group}"), 0, ""),
        (("--chain", "off", "--verify"), 0, ""),
    ],
)
def test_status(options: tuple[str, ...], status: int, words: str, tmp_path: Path) -> None:
    outcome = command("run", *options, str(HELLO), cwd=tmp_path)
    assert outcome.status == status
    assert (words in outcome.stderr.decode()) if words else outcome.stderr == b""


INTERWORK = guest("interwork")
"""A program whose function thumb_next is Thumb code, at 2 mod 4."""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("run", "--no-chain", "thumb_next", "--stats"),
            "dispatches.denied                       7\n",
        ),
        (("calls", "--only", "thumb_next"), "thumb_next"),
        (("spy", "--call", "thumb_next"), "thumb_next"),
    ],
)
def test_thumb_functions_are_places_for_hooks_and_policies(
    options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    outcome = command(*options, str(INTERWORK), cwd=tmp_path)
    assert outcome.status == 55
    assert words in (outcome.stdout + outcome.stderr).decode()


@pytest.mark.parametrize("mechanism", ["auto", "dispatch"])
def test_calls_counts_each_call_of_a_thumb_function_once(mechanism: str, tmp_path: Path) -> None:
    options = "--mechanism", mechanism, "--only", "thumb_next"
    outcome = command("calls", *options, str(INTERWORK), cwd=tmp_path)
    assert (outcome.stdout + outcome.stderr).count(b"thumb_next(") == 8


@pytest.mark.parametrize("beside", [None, 0, 1, 2])
def test_thumb_code_is_explained_as_thumb(beside: int | None, tmp_path: Path) -> None:
    at = symbols(INTERWORK)["thumb_next"] & ~1
    where = "thumb_next" if beside is None else hex(at + beside)
    outcome = command("explain", str(INTERWORK), where, cwd=tmp_path)
    assert (outcome.status, outcome.stderr) == (0, b"")
    listed = [f"{at:#010x}  adds r0, #1", f"{at + 2:#010x}  bx lr"][(beside or 0) // 2 :]
    assert "\n".join(listed) in outcome.stdout.decode()


def test_version(tmp_path: Path) -> None:
    outcome = command("--version", cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (0, f"armdbt {__version__}\n".encode())


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("", "no command (one of run, replay, calls, report, explain, passes, demo, bench, spy, cache, completion); "
         "see armdbt --help"),
        ("rnu x", "no command 'rnu'; did you mean 'run'? "
         "(one of run, replay, calls, report, explain, passes, demo, bench, spy, cache, completion)"),
        ("bench", "no kind (one of speed, growth, chaining, interception, callbacks, compare); "
         "see armdbt bench --help"),
        ("bench sped", "no kind 'sped'; did you mean 'speed'? "
         "(one of speed, growth, chaining, interception, callbacks, compare)"),
        ("bench callbacks --unit lop", "no value of --unit 'lop'; did you mean 'loop'? "
         "(one of auto, block, loop, function)"),
        ("run --reuse no x", "no value of --reuse 'no' (one of on, off)"),
        ("run --max-insn 5 x", "no option '--max-insn'; did you mean '--max-insns'?"),
        ("run --no-chian=5 x", "no option '--no-chian'; did you mean '--no-chain'?"),
        ("run -strance x", "argument -s: 'trance' is no whole number; did you mean '-strace'?"),
        ("run -s trance x", "argument -s: 'trance' is no whole number"),
        ("spy --cal f x", "no option '--cal'; did you mean '--call'?"),
        ("bench growth --shrt", "no option '--shrt'; did you mean '--short'? (one of -h, --help, "
         "--repeats, --short, --seed, --only, --json, --markdown, --cluster, --plot, --plot-format)"),
        ("cache --claer", "no option '--claer'; did you mean '--clear'? "
         "(one of -h, --help, --clear)"),
        ("--verson", "no option '--verson'; did you mean '--version'? "
         "(one of -h, --help, --version)"),
        ("passes foo", "unrecognized arguments: foo"),
        ("run", "the following arguments are required: PROG"),
        ("calls", "the following arguments are required: PROG"),
        ("run --max-insns -1 x", "argument --max-insns: -1 is negative"),
        ("run --sched-turn 0 x", "argument --sched-turn: 0 is too small: 1 is the least"),
        ("run --hot -1 x", "argument --hot: -1 is negative"),
        ("run -0 name -seed -1 x", "argument -seed: -1 is negative"),
        ("run --timeout -1 x", "--timeout is a number of seconds, 0 or more, not -1.0"),
    ],
)  # fmt: skip
def test_a_command_that_makes_no_sense(words: str, line: str, tmp_path: Path) -> None:
    outcome = command(*words.split(), cwd=tmp_path)
    assert (outcome.status, outcome.stderr.decode()) == (2, f"armdbt: {line}\n")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--tier 0 --unit function", "--unit function has no effect with --tier 0, which"),
        ("--tier 1 --unit loop", "--unit loop has no effect with --tier 1, which"),
        ("--tier 2 --hot 5", "--hot has no effect with --tier 2 --unit block, which"),
        ("--tier 0 --background on", "--background has no effect with --tier 0 --unit block,"),
        ("--tier 1 --reuse on", "--reuse has no effect with --tier 1 --unit block,"),
        ("-D dump", "-D is the file that -d and -strace write to"),
        ("--time-passes", "--time-passes: --stats and --stats-json of armdbt run show it"),
    ],
)
def test_an_option_without_effect_is_refused(options: str, line: str, tmp_path: Path) -> None:
    outcome = command("run", *options.split(), str(HELLO), cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, b"")
    assert outcome.stderr.decode().startswith(f"armdbt: {line}")
    assert outcome.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        "--tier 0 --unit block --background off --reuse off",
        "--tier 2 --unit loop --hot 5 --background on --reuse on",
        "--unit block --hot 5",
        "-D dump -strace",
    ],
)
def test_an_option_that_says_what_is_done_is_taken(options: str, tmp_path: Path) -> None:
    outcome = command("run", *options.split(), str(HELLO), cwd=tmp_path)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"hello, world\n", b"")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("run", "-L", "", str(HELLO)), "argument -L: needs ROOT, not an empty text"),
        (("run", "-D", "", str(HELLO)), "argument -D: needs FILE, not an empty text"),
        (("run", "-dfilter", "", str(HELLO)), "argument -dfilter: needs A..B,…, not an empty text"),
        (
            ("run", "--stats-json=", str(HELLO)),
            "argument --stats-json: needs FILE, not an empty text",
        ),
        (("spy", "-o", "", str(HELLO)), "argument -o: needs FILE, not an empty text"),
        (("spy", "--report", "", str(HELLO)), "argument --report: needs FILE, not an empty text"),
        (("spy", "--read", "", str(HELLO)), "argument --read: needs FILE, not an empty text"),
        (("calls", "--format", "tree:", str(HELLO)), "--format tree: needs a file: tree:FILE"),
        (("bench", "callbacks", "-L", ""), "argument -L: needs ROOT, not an empty text"),
        (
            ("bench", "interception", "--truth-args", "", "--json", ""),  # no arguments are some
            "argument --json: needs FILE, not an empty text",
        ),
        (("bench", "chaining", "--json", ""), "argument --json: needs FILE, not an empty text"),
    ],
)
def test_an_empty_value_is_not_no_option(words: tuple[str, ...], line: str, tmp_path: Path) -> None:
    outcome = command(*words, cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, b"")
    assert outcome.stderr.decode() == f"armdbt: {line}\n"


def test_arguments_of_the_guest_may_be_empty(tmp_path: Path) -> None:
    outcome = command("run", "-0", "", str(guest("start_stack")), "", cwd=tmp_path)
    assert b"\nargv[1] \n" in outcome.stdout


def test_an_empty_path(tmp_path: Path) -> None:
    outcome = command("run", "", cwd=tmp_path)
    assert (outcome.status, outcome.stderr) == (2, b"armdbt: the program's path is empty\n")


def test_explain_shows_every_stage(tmp_path: Path) -> None:
    outcome = command("explain", "--tier", "2", "-p", "block-count", str(FIB), "fib", cwd=tmp_path)
    text = outcome.stdout.decode()
    heads = [line[3:] for line in text.splitlines() if line.startswith("-- ")]
    assert heads == ["in_asm", "ir", "ir_instr", "ir_opt", "llvm", "out_asm"]


def test_passes_are_listed(tmp_path: Path) -> None:
    text = command("passes", cwd=tmp_path).stdout.decode()
    for name in ("shadow-stack{trap}", "swi-filter{allow}", "peephole", "numba_jit, reference"):
        assert name in text


def test_variables_reach_the_guest(tmp_path: Path) -> None:
    program = str(guest("start_stack"))
    options = ("-E", "A=1", "-E", "B=2", "-U", "A")
    outcome = command("run", "--env-clear", *options, program, "one", cwd=tmp_path)
    assert b"argc 2\n" in outcome.stdout
    assert b"argv[1] one\n" in outcome.stdout
    assert b"variables 1\n" in outcome.stdout


def test_a_terminal_without_unicode_shows_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert cli.main(["passes"]) == 0
    sys.stdout.flush()
    assert rb"(-p NAME{OPTION=VALUE,\u2026})" in written.getvalue()


def test_what_was_registered_for_the_exit_is_done() -> None:
    """A plugin may want to write its results. They come last."""
    script = "import atexit, sys; from dbt.cli import main; atexit.register(print, 'last'); main()"
    command = [sys.executable, "-c", script, "run", str(HELLO)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "last"


@pytest.mark.parametrize("name", ["run", "calls", "report", "spy"])
def test_help_lists_each_option_once(name: str, tmp_path: Path) -> None:
    text = command(name, "--help", cwd=tmp_path).stdout.decode()
    assert text.startswith(f"usage: armdbt {name} [OPTION]... ")
    listed, _, shown = text.partition("examples:")
    assert shown
    assert listed.count("--debug-dir") == 1
