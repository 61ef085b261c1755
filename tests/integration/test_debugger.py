"""gdb on programs: ``armdbt run -g``."""

import re
from pathlib import Path

import pytest
from support.debugger import build, debug
from support.oracle import need_armhf_root, need_root

pytestmark = pytest.mark.oracle

SCRIPT = """\
file {program}
set sysroot {root}
target remote TARGET
break twice
continue
backtrace
info args
print value + times
finish
delete
watch total
continue
continue
delete
stepi 1000
info registers pc
break 17
continue
info breakpoints
delete
continue
"""
KINDS = {
    "armel-static": ("armel", "-static"),
    "armel-dynamic": ("armel",),
    "armel-thumb": ("armel", "-static", "-mthumb", "-march=armv5t"),
    "armhf-static": ("armhf", "-static"),
    "armhf-dynamic": ("armhf",),
    "armhf-arm": ("armhf", "-marm"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("debugged")


def options(architecture: str) -> tuple[str, ...]:
    root = need_root() if architecture == "armel" else need_armhf_root()
    return ("-L", str(root))


@pytest.mark.shares(2)
@pytest.mark.parametrize("kind", KINDS)
def test_breakpoints_frames_and_arguments(kind: str, home: Path) -> None:
    architecture, *flags = KINDS[kind]
    program = build(home, "calls", architecture, *flags)
    root = options(architecture)
    done = debug(program, SCRIPT.format(program=program, root=root[1]), options=root)
    assert "Breakpoint 1, twice (value=1, times=5) at" in done.said
    frames = [line for line in done.said.splitlines() if line.startswith("#")]
    assert [frame.split(" (")[0].split()[-1] for frame in frames[:3]] == ["twice", "sum", "main"]
    assert "value = 1\ntimes = 5\n$1 = 6\n" in done.said
    assert "Value returned is $2 = 7\n" in done.said
    assert "exited with code 03" in done.said
    assert (done.status, done.stdout) == (3, "55\n30\n")


WATCHED = """\
file {program}
target remote TARGET
watch total
commands
printf "at %#x\\n", $pc
end
continue
continue
delete
rwatch total
continue
delete
awatch total
continue
continue
delete
disassemble twice
continue
"""


@pytest.mark.parametrize("kind", ["armel-static", "armel-thumb"])
def test_an_access_to_watched_memory_stops_behind_it(kind: str, home: Path) -> None:
    architecture, *flags = KINDS[kind]
    program = build(home, "calls", architecture, *flags)
    done = debug(program, WATCHED.format(program=program), options=("--stats",))
    assert "Old value = 0\nNew value = 2\n" in done.said
    assert "Old value = 2\nNew value = 6\n" in done.said
    assert "Hardware read watchpoint 2: total\n\nValue = 6\n" in done.said
    assert "Hardware access (read/write) watchpoint 3: total\n\nOld value = 6\nNew" in done.said
    assert "Hardware access (read/write) watchpoint 3: total\n\nValue = 12\n" in done.said
    stop = int(re.findall(r"at (0x\w+)", done.said)[0], 0)
    code = [
        (int(pc, 0), text)
        for pc, text in re.findall(r"(0x\w+) <\+\d+>:\t(.*)", done.said.replace("=>", "  "))
    ]
    before = [text for pc, text in code if pc < stop][-1]
    assert before.startswith("str\t")
    assert (done.status, done.stdout) == (3, "55\n30\n")


THREADS = """\
file {program}
target remote TARGET
break step if worker == 1
continue
info threads
thread apply all backtrace 3
python
for number, text in ((1, "waits"), (2, "stands")):
    gdb.execute("thread %d" % number, to_string=True)
    try:
        gdb.execute("set var $r12 = 5")
        print(text, gdb.parse_and_eval("$r12"))
    except gdb.error as error:
        print(text, error)
end
thread 3
set scheduler-locking on
stepi 40
thread
set scheduler-locking off
stepi
delete
break step if worker == 0
continue
delete
continue
backtrace 1
print $_siginfo.si_signo
stepi
info symbol $pc
continue
"""


@pytest.mark.parametrize("architecture", ["armel", "armhf"])
def test_threads_are_shown_and_stepped_one_by_one(architecture: str, home: Path) -> None:
    program = build(home, "threads", architecture, "-static")
    done = debug(program, THREADS.format(program=program))
    threads = re.findall(r"^[* ] (\d) +Thread \S+ \"([\w-]+)\"", done.said, re.MULTILINE)
    assert len(threads) == 3
    assert dict(threads)["1"].startswith("threads")
    assert "worker-1" in dict(threads).values()
    assert re.search(r'Thread \d "worker-1" hit Breakpoint 1, step \(worker=1, ', done.said)
    assert re.search(r'Thread \d "worker-0" hit Breakpoint 2, step \(worker=0, ', done.said)
    assert re.search(r"^#0 .* step \(worker=1, .*\n#1 .* work ", done.said, re.MULTILINE)
    assert 'waits Could not write register "r12"; remote failure reply' in done.said
    assert "stands 5\n" in done.said
    assert re.search(r"Current thread is 3 .*\n", done.said)
    assert "received signal SIGUSR1" in done.said
    assert "$1 = 10\n" in done.said
    assert "on_signal in section" in done.said  # its first instruction
    assert "exited normally" in done.said
    assert (done.status, done.stdout) == (0, "243 364 10\n")


def test_a_signal_can_be_kept_from_the_program(home: Path) -> None:
    program = build(home, "threads", "armel", "-static")
    script = f"file {program}\ntarget remote TARGET\ncontinue\nsignal 0\n"
    done = debug(program, script)
    assert "received signal SIGUSR1" in done.said
    assert (done.status, done.stdout) == (0, "243 364 0\n")


def test_a_signal_that_kills_is_told_first(home: Path) -> None:
    program = build(home, "faults", "armel", "-static")
    script = f"file {program}\ntarget remote TARGET\ncontinue\nbacktrace\nprint/x $r3\ncontinue\n"
    done = debug(program, script)
    assert "Program received signal SIGSEGV" in done.said
    assert "in store (where=0x10) at" in done.said
    assert "Program terminated with signal SIGSEGV" in done.said
    assert done.status == 128 + 11
    assert "guest killed by SIGSEGV" in done.stderr


INTERRUPTED = """\
file {program}
target remote TARGET
python
import os, threading
left = iter([1])
def interrupt(event):
    for _ in left:
        threading.Timer(0.5, lambda: os.kill(os.getpid(), 2)).start()
gdb.events.cont.connect(interrupt)
end
continue
set var over = 1
continue
"""


@pytest.mark.parametrize("way", ["spins", "sleeps"])
def test_control_c_interrupts(way: str, home: Path) -> None:
    program = build(home, "waits", "armel", "-static")
    done = debug(program, INTERRUPTED.format(program=program), args=[way])
    assert "Program received signal SIGINT" in done.said
    assert "exited with code 07" in done.said
    assert (done.status, done.stdout) == (7, "over\n")


ALONE = """\
target remote TARGET
monitor help
monitor chain deny twice
monitor chain
monitor frob
break twice
continue
monitor explain twice
info sharedlibrary
reverse-step
"""


def test_gdb_needs_nothing_but_the_connection(home: Path) -> None:
    program = build(home, "calls", "armhf")
    done = debug(program, ALONE, options=options("armhf"))
    assert "monitor explain PC|SYMBOL" in done.said
    assert re.search(r"chain all; denied: 0x\w+", done.said)
    assert "no monitor command 'frob'" in done.said
    assert "Breakpoint 1, twice (value=1, times=5) at" in done.said
    assert "-- ir\n" in done.said
    assert re.search(r"Yes \(\*\) +target:/lib/\S+/libc.so.6", done.said)
    assert "Target remote does not support this command" in done.said
    assert done.status == 128 + 9  # gdb kills what it has started


def test_an_expression_may_call_a_function(home: Path) -> None:
    program = build(home, "calls", "armhf", "-static")
    script = f"""\
file {program}
target remote TARGET
break sum
continue
print twice(20, 2)
print total
set var total = 0
print $d0 = 1.5
print $d0
print *(int *)0
continue
"""
    done = debug(program, script)
    assert "$1 = 42\n$2 = 40\n$3 = 1.5\n$4 = 1.5\n" in done.said
    assert "Cannot access memory at address 0x0" in done.said


def test_another_program_can_be_debugged_behind_execve(home: Path) -> None:
    program = build(home, "executes", "armel", "-static")
    calls = build(home, "calls", "armel", "-static")
    script = f"file {program}\ntarget remote TARGET\ncontinue\nbreak twice\ncontinue\ndetach\n"
    done = debug(program, "catch exec\n" + script, args=[str(calls)])
    assert "Breakpoint 2, twice (value=1, times=5) at" in done.said
    assert (done.status, done.stdout) == (3, "forked\n55\n30\n")


@pytest.mark.parametrize(("way", "read"), [("pass", "-1 14"), ("nopass", "1 10")])
def test_what_a_signal_interrupts_depends_on_its_delivery(way: str, read: str, home: Path) -> None:
    program = build(home, "interrupted", "armel", "-static")
    script = f"""\
handle SIGALRM stop print {way}
handle SIGUSR1 stop print pass
file {program}
target remote TARGET
continue
continue
continue
"""
    done = debug(program, script)
    assert "received signal SIGUSR1" in done.said
    assert "received signal SIGALRM" in done.said
    assert done.stdout == f"sigsuspend: -1 4 10\nblocked: 1\nread: {read}\n"
