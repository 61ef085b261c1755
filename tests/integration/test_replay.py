"""Runs that are recorded, and replayed from the log: the same output, the same events."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import thread_programs
from support.debian_root import ARMHF_ROOT, is_whole
from support.guests import GUESTS
from support.oracle import lacking

import dbt
from dbt.interfaces import CONTROL_BYTES
from dbt.linux.replay import records
from dbt.linux.replay.log_file import LogReader, LogWriter
from dbt.process import Process
from dbt.stops import Exited, Stop, Trapped, UsageError
from frontends.arm.frontend import ArmFrontend as Frontend

CALLED = str(GUESTS.parents[1] / "benchmarks" / "guests" / "fib.elf")
Setup = Callable[[Process, list[Any]], object]
Seen = tuple[Stop, bytes | None, bytes | None, int, list[Any]]


def _ran(process: Process, setup: Setup | None) -> Seen:
    events: list[Any] = []
    if setup is not None:
        setup(process, events)
    stop = process.run()
    return stop, process.stdout, process.stderr, process.engine.executed, events


def record(log: Path, program: str, *args: str, setup: Setup | None = None, **how: Any) -> Seen:
    how = {"env": {}, "stdin": b"", **how}
    with Process(
        program, args, stdout=dbt.CAPTURE, stderr=dbt.CAPTURE, record=str(log), **how
    ) as process:
        return _ran(process, setup)


def replayed(log: Path, setup: Setup | None = None, **how: Any) -> Seen:
    with dbt.replay(str(log), stdout=dbt.CAPTURE, stderr=dbt.CAPTURE, **how) as process:
        return _ran(process, setup)


def calls_of(function: str, mechanism: str = "auto") -> Setup:
    """Notes calls and returns of a function, and all system calls with their results."""

    def setup(process: Process, events: list[Any]) -> None:
        hooks = process.hooks
        hooks.on_call(function, lambda event: events.append(event.argument(0)), mechanism=mechanism)
        hooks.on_return(
            function, lambda event: events.append(("left", event.result)), mechanism=mechanism
        )
        hooks.on_syscall(None, lambda event: events.append((event.name, event.arguments)))
        hooks.on_syscall(
            None, lambda event: events.append((event.name, event.result)), leaving=True
        )

    return setup


@pytest.fixture(scope="module")
def threaded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Threads that race, with signals of a timer, and the time."""
    return thread_programs.build(tmp_path_factory.mktemp("replay"), "replayed")


# -- the same again --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["hello", "signals", "faults", "selfmod", "processes", "restarts", "vfork", "failing"]
)
def test_a_program_is_repeated(tmp_path: Path, name: str) -> None:
    recorded = record(tmp_path / "log", str(GUESTS / f"{name}.elf"))
    assert replayed(tmp_path / "log") == recorded


@pytest.mark.oracle
def test_threads_signals_and_the_time_are_repeated(tmp_path: Path, threaded: str) -> None:
    recorded = record(tmp_path / "log", threaded, setup=calls_of("work"))
    assert b"ticks" in (recorded[1] or b"")
    assert len(recorded[4]) > 2000
    for _ in range(2):
        assert replayed(tmp_path / "log", calls_of("work")) == recorded


SETTINGS: dict[str, dict[str, Any]] = {
    "copied": {"options": dbt.BackendOptions(tier="0", memory_checks="explicit"), "chain": "off"},
    "regions": {"options": dbt.BackendOptions(hot=20, background=False), "passes": "block-count"},
}


@pytest.mark.oracle
def test_under_any_setting_the_events_are_the_same(tmp_path: Path, threaded: str) -> None:
    recorded = record(tmp_path / "log", threaded)
    for name, how in SETTINGS.items():
        assert replayed(tmp_path / "log", **how) == recorded, name


@pytest.mark.oracle
def test_all_mechanisms_see_the_same_events(tmp_path: Path, threaded: str) -> None:
    record(tmp_path / "log", threaded)
    entry = replayed(tmp_path / "log", calls_of("work"))
    assert len(entry[4]) > 2000
    for mechanism in ("shadow", "sentinel", "dispatch"):
        assert replayed(tmp_path / "log", calls_of("work", mechanism)) == entry, mechanism


@pytest.mark.oracle
def test_signals_that_come_at_hooked_functions(tmp_path: Path) -> None:
    """They are delivered before the hooks run, which run once."""
    program = thread_programs.build(tmp_path, "hooked_signals")

    def setup(process: Process, events: list[Any]) -> None:
        process.hooks.on_call("work", lambda event: events.append(event.argument(0)))
        process.hooks.on_call("tick", lambda event: events.append("tick"))

    recorded = record(tmp_path / "log", program, setup=setup)
    assert recorded[4].count("tick") >= 12
    assert replayed(tmp_path / "log", setup) == recorded


def _debian(log: Path, program: str, *args: str, **how: Any) -> Seen:
    if not is_whole(ARMHF_ROOT):
        lacking("needs Debian's programs (make root)")
    options = dbt.LinuxOptions(root=str(ARMHF_ROOT))
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}
    return record(log, str(ARMHF_ROOT / program), *args, linux=options, env=env, **how)


SHELL = """
echo $RANDOM $$
for i in 1 2 3; do (echo sub $i $BASHPID; date +%N | cat) & done
wait
trap 'echo caught' USR1; kill -USR1 $$
read line; echo "$line"; x=$(ls / | sort -r | head -3); echo $x >&2
exit 3
"""
PYTHON = """
import os, random, threading, time
def count(name):
    for number in range(40):
        print(name, number, time.time_ns())
        time.sleep(0.0001)
threads = [threading.Thread(target=count, args=(name,)) for name in "abc"]
[one.start() for one in threads]
[one.join() for one in threads]
print(random.random(), os.urandom(8), os.getpid(), input())
"""


def test_a_shell_with_its_processes(tmp_path: Path) -> None:
    recorded = _debian(tmp_path / "log", "bin/bash", "-c", SHELL, stdin=b"given\n")
    assert recorded[0] == Exited(3)
    assert b"given" in (recorded[1] or b"")
    for _ in range(2):
        assert replayed(tmp_path / "log") == recorded


def test_an_interpreter_with_threads(tmp_path: Path) -> None:
    recorded = _debian(
        tmp_path / "log", "usr/bin/python3.11", "-I", "-S", "-c", PYTHON, stdin=b"given\n"
    )
    assert recorded[0] == Exited(0)
    assert replayed(tmp_path / "log") == recorded


def test_what_was_there_is_not_needed_again(tmp_path: Path) -> None:
    program, log = tmp_path / "program", tmp_path / "log"
    shutil.copy(CALLED, program)
    recorded = record(log, str(program), setup=calls_of("fib"))
    program.unlink()
    assert replayed(log, calls_of("fib")) == recorded
    assert recorded[4]


# -- logs ------------------------------------------------------------------------------------------


def _trouble(log: Path) -> str:
    with pytest.raises(UsageError) as refused:
        replayed(log)
    return str(refused.value)


def test_damage_is_refused_in_a_sentence(tmp_path: Path) -> None:
    log = tmp_path / "log"
    record(log, str(GUESTS / "signals.elf"))
    whole = log.read_bytes()
    for at in (14, 26, 40, len(whole) // 2, len(whole) - 1):
        log.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert "is damaged at byte" in _trouble(log), at
    log.write_bytes(whole[:3] + b"X" + whole[4:])
    assert "is no log of a run" in _trouble(log)
    log.write_bytes(whole[:11] + b"\x63" + whole[12:])
    assert "has version 99 of the log" in _trouble(log)
    log.write_bytes(b"")
    assert "is no log of a run" in _trouble(log)
    assert "No such file" in _trouble(tmp_path / "none")


def test_a_killed_run_leaves_a_prefix(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "dbt", "run", "--record", str(log), str(GUESTS / "spin.elf")]
    with subprocess.Popen(command) as child:
        sizes = {0}
        while len(sizes) < 5:  # the head, the beginning, and what is written while nothing happens
            assert child.poll() is None
            sizes.add(log.stat().st_size if log.exists() else 0)
        child.send_signal(signal.SIGKILL)
    log.write_bytes(log.read_bytes() + b"\0" * 20)  # the beginning of what was written next
    stop, _, _, executed, _ = replayed(log)
    assert isinstance(stop, Trapped)
    assert "the recording ends here: the run was cut short" in stop.reason
    assert executed > 1000


def test_a_run_that_cannot_be_recorded_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    recorded = record(log, str(GUESTS / "shared_words.elf"))
    assert "not recorded from here on: the program shares memory" in capfd.readouterr().err
    stop = replayed(log)[0]
    assert isinstance(recorded[0], Exited)
    assert isinstance(stop, Trapped)
    assert "the recording ends here: the program shares memory" in stop.reason


def test_a_difference_is_found_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    record(log, CALLED)

    def change(process: Process, events: list[Any]) -> None:
        del events
        process.hooks.on_return("fib", lambda event: setattr(event, "result", 77))

    stop = replayed(log, change)[0]
    assert isinstance(stop, Trapped)
    assert "the run differs" in stop.reason


def test_hooks_do_not_change_what_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    record(log, str(GUESTS / "hello.elf"))

    def skip(process: Process, events: list[Any]) -> None:
        del events
        process.hooks.on_syscall("write", lambda event: setattr(event, "result", -5))

    def change(process: Process, events: list[Any]) -> None:
        del events
        hooks = process.hooks
        hooks.on_syscall("write", lambda event: setattr(event, "result", -5), leaving=True)

    for setup in (skip, change):
        stop = replayed(log, setup)[0]
        assert isinstance(stop, Trapped)
        assert "a hook changes the call write" in stop.reason


def test_hooks_that_change_the_same_are_repeated(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def change(process: Process, events: list[Any]) -> None:
        del events
        process.hooks.on_syscall("write", lambda event: setattr(event, "result", 3))

    recorded = record(log, str(GUESTS / "hello.elf"), setup=change)
    assert replayed(log, change) == replayed(log) == recorded


def test_a_recorded_process_is_not_rewound(tmp_path: Path) -> None:
    with (
        Process(CALLED, record=str(tmp_path / "log"), env={}) as process,
        pytest.raises(UsageError, match="has no snapshots"),
    ):
        process.snapshot()


# -- the command line ------------------------------------------------------------------------------


def _armdbt(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "dbt", *words], capture_output=True, check=False)


def test_the_command_line(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    ran = _armdbt("run", "-strace", "--record", log, str(GUESTS / "processes.elf"))
    again = _armdbt("replay", "-strace", log)
    assert (again.stdout, again.returncode) == (ran.stdout, ran.returncode)
    assert sorted(again.stderr.splitlines()) == sorted(ran.stderr.splitlines())
    assert ran.stderr.count(b"\n") > 5
    assert _armdbt("replay", os.devnull).stderr == b"armdbt: /dev/null is no log of a run\n"
    refused = _armdbt("run", "-g", "0", "--record", log, CALLED)
    assert (refused.returncode, refused.stderr.count(b"\n")) == (2, 1)


def test_a_plain_run_imports_nothing_of_it() -> None:
    code = (
        "import sys, dbt; dbt.Process(sys.argv[1], env={}).run();"
        "print([name for name in sys.modules if 'replay' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(GUESTS / "hello.elf")], capture_output=True, check=True
    )
    assert done.stdout.endswith(b"[]\n")


@pytest.mark.parametrize(
    "operation",
    [
        ("map", 1 << 33, 4096, 3),
        ("unmap", -4096, 4096),
        ("protect", 0, 1 << 40, 3),
        ("write", (1 << 32) - 1, b"xx"),
        ("registers", ((1 << 20, b"abcd"),)),
        ("move", 0, 4096, 1 << 40, 4096),
        ("no such", 1),
        ("map", "text"),
    ],
)
def test_a_made_up_log_does_not_reach_the_host(tmp_path: Path, operation: tuple[Any, ...]) -> None:
    path = str(tmp_path / "log")
    log = LogWriter(path)
    log.add(("arm", "program", (b"program",), ""))
    registers = bytes(Frontend().layout.size - CONTROL_BYTES - 4)  # without the link register
    log.add((records.BEGIN, 0, 0, zlib.crc32(registers), 0, (operation,)))
    log.close()
    assert "the log makes no sense here" in _trouble(tmp_path / "log")


@pytest.mark.parametrize("how", ["read", "poll", "pause", "nanosleep"])
def test_what_comes_before_a_sleep_is_in_the_log_of_a_killed_run(tmp_path: Path, how: str) -> None:
    log = tmp_path / "log"
    command = ["run", "--record", str(log), str(GUESTS / "waiting.elf"), how]
    with subprocess.Popen([sys.executable, "-m", "dbt", *command]) as child:
        patience = time.monotonic() + 30
        while not _has_called(log, "pipe") and time.monotonic() < patience:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
    assert _has_called(log, "pipe")
    stop, *_ = replayed(log)
    assert isinstance(stop, Trapped)


def _has_called(log: Path, name: str) -> bool:
    try:
        found = list(LogReader(str(log)).records(0))
    except UsageError:
        return False
    return any(("entering", name) == one[:2] for record in found[1:] for one in record[5])
